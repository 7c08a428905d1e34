"""Which store STORE_URL names. The back-end is imported here, when it is asked for."""

from __future__ import annotations

import contextlib
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from ..errors import SettingsError, StoreUnusable
from ..kinds import store_path
from ..settings import Settings
from .base import Store

__all__ = ["NAME", "check_place", "is_made", "store_at", "store_of"]

NAME = "store.sqlite3"
"""The file below DATA_DIR, where STORE_URL is not set."""

_PATIENCE = 1.0
"""Seconds that a look at a store waits for another program."""

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


def check_place(settings: Settings) -> None:
    """Whether DATA_DIR and the store could be made and written, without leaving anything behind. Blocks.

    Raises:
        SettingsError: they could not; the field is the setting that names the place.
    """
    _check_folder(settings.data_dir, "data_dir")
    path = settings.data_dir / NAME if settings.store_url is None else _path(settings.store_url)
    field = "data_dir" if settings.store_url is None else "store_url"
    if not os.path.exists(path):
        _check_folder(path.parent, field)
        return
    from .sqlite_file import check

    try:
        check(path, _PATIENCE)
    except StoreUnusable as bad:
        raise SettingsError(bad.message, field=field) from None


def _check_folder(folder: Path, field: str) -> None:
    missing = [each for each in (folder, *folder.parents) if not os.path.exists(each)]
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as refused:
        told = f"{field} cannot be used: nothing can be kept in {folder} ({refused.strerror or refused})."
        raise SettingsError(told, field=field) from None
    finally:
        for each in missing:
            with contextlib.suppress(OSError):
                each.rmdir()


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
