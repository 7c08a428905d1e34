"""The SQLite file of a store: made private, opened, brought up to date; and what is said when it fails."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import time
from collections.abc import Mapping
from pathlib import Path

from ..errors import StoreError, StoreUnusable
from .sqlite_schema import APPLICATION, MIGRATIONS

__all__ = ["check", "connect", "damaged", "identity", "lost", "waited"]

_OLDEST = (3, 35, 0)
"""The first SQLite with RETURNING."""

_PAUSE = 0.02
"""Seconds between attempts at what SQLite does not wait for by itself."""

_LOG = 16 << 20
"""Bytes to which the write-ahead log shrinks once it has been emptied."""

_ACCESS = "Check who may read and write it and its folder, or name another place in STORE_URL."
_AWAY = "Move it away, or name another place in STORE_URL."
_LOCKED = "is locked by another program. Close it, or wait and try again."
_TOLD: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_NOTADB: f"is not a database. {_AWAY}",
    sqlite3.SQLITE_CORRUPT: f"is damaged. {_AWAY}",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full. Make room and try again.",
    sqlite3.SQLITE_READONLY: f"is read-only. {_ACCESS}",
    sqlite3.SQLITE_CANTOPEN: f"cannot be opened. {_ACCESS}",
    sqlite3.SQLITE_PERM: f"cannot be opened. {_ACCESS}",
    sqlite3.SQLITE_IOERR: "cannot be read or written: the disk fails or is full, or its file system cannot lock files"
    " (a network folder?). Make room, or name a place on a local disk in STORE_URL.",
    sqlite3.SQLITE_PROTOCOL: "cannot be locked: is it in a network folder? Name a place on a local disk in STORE_URL.",
}
"""What is said of a file, by SQLite's primary result codes."""


def connect(path: Path, patience: float, *, reading: bool = False) -> sqlite3.Connection:
    """Open the file, made and brought up to date where need be. Blocks; every statement is a transaction of its own.

    Another program's lock is waited for up to `patience` seconds, here and later.

    Raises:
        StoreUnusable: names the file, the cause and the cure.
    """
    if sqlite3.sqlite_version_info < _OLDEST:
        raise StoreUnusable(f"SQLite {sqlite3.sqlite_version} is too old for the store; {_dotted(_OLDEST)} is needed.")
    try:
        _prepare(path)
    except OSError as error:
        raise _refused(path, error) from None
    until = time.monotonic() + patience
    while True:
        try:
            return _connected(path, patience, reading)
        except sqlite3.Error as error:
            # Switching to the write-ahead log, and rolling back after a crash, do not wait for other processes.
            if _code(error) != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise StoreUnusable(f"{path} {_told(error)}") from None
        time.sleep(_PAUSE)


def check(path: Path, patience: float) -> None:
    """Whether a file that is there could be opened and brought up to date, changing nothing of it. Blocks.

    Raises:
        StoreUnusable: as `connect`.
    """
    try:
        _prepare(path)
        with contextlib.closing(_opened(path, patience)) as connection:
            _check_owner(connection, path)
    except OSError as error:
        raise _refused(path, error) from None
    except sqlite3.Error as error:
        raise StoreUnusable(f"{path} {_told(error)}") from None


def identity(path: Path) -> tuple[int, int] | None:
    """Which file is there now. A deleted or replaced one could still be written, to no end."""
    try:
        status = os.stat(path)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def lost(path: Path, error: sqlite3.Error) -> StoreError:
    """What became of a file that was open."""
    return StoreError(f"{path} {_told(error)}")


def damaged(path: Path) -> StoreError:
    """What was read is not what was written."""
    return StoreError(f"{path} {_TOLD[sqlite3.SQLITE_CORRUPT]}")


def waited(path: Path) -> StoreError:
    """Writes before this one waited too long for another program."""
    return StoreError(f"{path} {_LOCKED}")


def _prepare(path: Path) -> None:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with contextlib.suppress(FileExistsError):
        # SQLite makes files that everyone may read; those it keeps beside this one get its mode.
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL, 0o600))
        return
    if not path.is_file():
        raise StoreUnusable(f"{path} is not a file. {_AWAY}")
    # Never opened to look: closing it would drop the locks of a connection that this process may have.
    if not os.access(path, os.R_OK | os.W_OK):
        raise StoreUnusable(f"{path} may not be read or written. {_ACCESS}")
    # In this order: a file that is just being made has its first page before it has a log.
    if _size(log := _beside(path, "-wal")) and not _size(path):
        raise StoreUnusable(
            f"{path} is empty, and its log {log} is not: opened, the log would be lost too. Put the file back from a copy,"
            " or move both away."
        )


def _refused(path: Path, error: OSError) -> StoreUnusable:
    return StoreUnusable(f"{path} cannot be opened: {error.strerror or type(error).__name__}. {_ACCESS}")


def _opened(path: Path, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=patience, isolation_level=None)


def _connected(path: Path, patience: float, reading: bool) -> sqlite3.Connection:
    connection = _opened(path, patience)
    try:
        if not reading:
            _check_owner(connection, path)
            _make_private(path)
            mode = _one(connection, "PRAGMA journal_mode = wal")
            if mode != "wal":
                raise StoreUnusable(
                    f"{path} is on a file system without shared memory. Name a local place in STORE_URL."
                )
            _migrate(connection, path)
        connection.execute(
            "PRAGMA synchronous = normal"
        )  # a crash of ours loses nothing; one of the machine the last moment
        connection.execute(f"PRAGMA journal_size_limit = {_LOG}")
        if reading:
            connection.execute("PRAGMA query_only = on")
            connection.text_factory = bytes  # a damaged text is to be told as such
            connection.execute("SELECT 1 FROM items LIMIT 1").fetchall()
    except BaseException:
        connection.close()
        raise
    return connection


def _check_owner(connection: sqlite3.Connection, path: Path) -> None:
    """Another program's database is not to be filled with our tables, not even with a write-ahead log."""
    tables = _one(connection, "SELECT count(*) FROM sqlite_schema")
    owner = _one(
        connection, "PRAGMA application_id"
    )  # second: another process may just be making tables and owner in one
    if owner != APPLICATION and (owner or tables):
        raise StoreUnusable(f"{path} is another program's database. Name another place in STORE_URL.")


def _make_private(path: Path) -> None:
    """A file that is ours by now, and what SQLite keeps beside it."""
    for each in (path, _beside(path, "-wal"), _beside(path, "-shm")):
        with contextlib.suppress(OSError):  # not there, another user's, or on a file system without modes
            if each.stat().st_mode & 0o077:
                each.chmod(0o600)


def _beside(path: Path, ending: str) -> Path:
    return path.with_name(path.name + ending)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _migrate(connection: sqlite3.Connection, path: Path) -> None:
    """All steps in one transaction; of several processes one does them, and the others find them done."""
    if _version(connection, path) == len(MIGRATIONS):
        return
    connection.execute("BEGIN IMMEDIATE")
    try:
        done = _version(connection, path)
        for number, statements in enumerate(MIGRATIONS[done:], done + 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations (version, done_at) VALUES (?, ?)", (number, time.time()))
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        connection.execute("COMMIT")
    except BaseException:
        with contextlib.suppress(sqlite3.Error):
            connection.execute("ROLLBACK")
        raise


def _version(connection: sqlite3.Connection, path: Path) -> int:
    if not _one(connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'"):
        return 0
    version = int(_one(connection, "SELECT coalesce(max(version), 0) FROM migrations"))
    if version > len(MIGRATIONS):
        raise StoreUnusable(
            f"{path} was written by a newer kiro2chat (its schema is {version}, this one knows {len(MIGRATIONS)})."
            " Upgrade kiro2chat, or name another place in STORE_URL."
        )
    return version


def _one(connection: sqlite3.Connection, statement: str) -> int | str:
    (value,) = connection.execute(statement).fetchone()
    assert isinstance(value, (int, str))
    return value


def _told(error: sqlite3.Error) -> str:
    return _TOLD.get(_code(error), f"cannot be used: {error}. {_ACCESS}")


def _code(error: sqlite3.Error) -> int:
    """The primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


def _dotted(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
