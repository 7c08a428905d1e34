"""Which store STORE_URL names. The back-end is imported here, when it is asked for."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from ..errors import SettingsError
from ..kinds import store_path
from ..settings import Settings
from .base import Store

__all__ = ["NAME", "is_made", "store_at", "store_of"]

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


def is_made(settings: Settings) -> bool:
    """Whether the store of these settings has been made. One that has not holds nothing, and need not be opened to see it."""
    try:
        return (settings.data_dir / NAME if settings.store_url is None else _path(settings.store_url)).exists()
    except OSError:
        return True  # opening it will say what is wrong


def store_at(url: str, *, clock: Clock = time.time) -> Store:
    """The store at `sqlite:///ABSOLUTE/PATH`, not yet opened.

    Raises:
        SettingsError: no such kind of store, or no path; the message repeats nothing that may be a password.
    """
    return _sqlite(_path(url), clock)


def _path(url: str) -> Path:
    try:
        return store_path(url)
    except ValueError as bad:
        raise SettingsError(f"STORE_URL cannot be used: {bad}.", field="STORE_URL") from None


def _sqlite(path: Path, clock: Clock) -> Store:
    from .sqlite import SqliteStore

    return SqliteStore(path, clock=clock)
