"""Which store STORE_URL names. The back-end is imported here, when it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

from ..errors import SettingsError
from ..settings import Settings
from .base import Store

__all__ = ["NAME", "store_at", "store_of"]

NAME = "store.sqlite3"
"""The file below DATA_DIR, where STORE_URL is not set."""

Clock = Callable[[], float]


def store_of(settings: Settings, *, clock: Clock = time.time) -> Store:
    """The store of these settings, not yet opened.

    Raises:
        SettingsError: STORE_URL names none.
    """
    if settings.store_url is None:
        return _sqlite(settings.data_dir / NAME, clock)
    return store_at(settings.store_url, clock=clock)


def store_at(url: str, *, clock: Clock = time.time) -> Store:
    """The store at `sqlite:///ABSOLUTE/PATH`, not yet opened. What is no letter, digit or one of `-._~/` may be %-escaped.

    Raises:
        SettingsError: no such kind of store, or no path; the message repeats nothing that may be a password.
    """
    parts = urlsplit(url)
    if parts.scheme != "sqlite":
        raise SettingsError(f"STORE_URL cannot be used: {_EXPECTED}.", field="STORE_URL")
    path = Path(unquote(parts.path))
    if parts.netloc or parts.query or parts.fragment or not path.name or "\0" in str(path):
        raise SettingsError(f"STORE_URL cannot be used: {_EXPECTED}, three slashes and a path.", field="STORE_URL")
    return _sqlite(path, clock)


_EXPECTED = "expected an address such as sqlite:///home/me/kiro2chat.sqlite3"


def _sqlite(path: Path, clock: Clock) -> Store:
    from .sqlite import SqliteStore

    return SqliteStore(path, clock=clock)
