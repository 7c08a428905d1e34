"""kiro-cli's SQLite database: read without disturbing it, and one row replaced under conditions (protocol notes 1.1)."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from ..errors import LoginUnreadable

__all__ = ["Rows", "read_rows", "replace_row"]

_BUSY = 2.0
"""Seconds to wait for another program's lock before reading. kiro-cli holds one for milliseconds."""

_BUSY_WRITING = 5.0
"""The same before writing: a token that is not put back leaves kiro-cli with one that no longer works."""

_COPIES = 3
_BESIDE = ("-wal", "-journal")
"""What SQLite keeps beside a database and needs to make sense of it. `-shm` is made anew from the log."""

_CURE = "Point KIRO_DB_PATH to kiro-cli's database, or run `kiro-cli login`."
_LOCKED = "is locked by another program. Close it, or wait and try again."
_FOREIGN = f"is not a kiro-cli database. {_CURE}"
_TOLD: Mapping[int, str] = {
    sqlite3.SQLITE_BUSY: _LOCKED,
    sqlite3.SQLITE_LOCKED: _LOCKED,
    sqlite3.SQLITE_ERROR: _FOREIGN,  # no such table, no such column
    sqlite3.SQLITE_NOTADB: _FOREIGN,
    sqlite3.SQLITE_CORRUPT: "is damaged. Move it away and run `kiro-cli login`.",
    sqlite3.SQLITE_FULL: "cannot be written: the disk is full.",
    sqlite3.SQLITE_READONLY: "is read-only. Check who may write it and its folder.",
    sqlite3.SQLITE_CANTOPEN: "cannot be opened. Check who may read and write it and its folder.",
}
"""What is said of a file, by SQLite's primary result codes."""


@dataclass(frozen=True, slots=True)
class Rows:
    """Texts by key; their JSON is not yet looked at."""

    auth: Mapping[str, str]
    state: Mapping[str, str]


def read_rows(path: Path) -> Rows:
    """The credentials and the state of a kiro-cli or Amazon Q database, pages still in its WAL included.

    Raises:
        FileNotFoundError: there is no such file.
        LoginUnreadable: it is there and cannot be read; names the file and the cure.
    """
    with _translated(path):
        exists, is_file = path.exists(), path.is_file()
    if not exists:
        raise FileNotFoundError(path)
    if not is_file:
        raise LoginUnreadable(f"{path} is not a file. {_CURE}")
    with _translated(path):
        try:
            return _rows(_uri(path, "ro"))
        except sqlite3.OperationalError as error:
            # Read-only is not enough where SQLite must write: to make the -shm file of a WAL database in a folder that
            # cannot be written, or to roll back the journal of a program that was killed.
            if _code(error) not in (sqlite3.SQLITE_CANTOPEN, sqlite3.SQLITE_READONLY):
                raise
            return _rows_of_copy(path)


def replace_row(path: Path, key: str, change: Callable[[str], str | None]) -> bool:
    """Replace one value of `auth_kv` in one transaction; `change` gets the text there and returns the new one, or None
    to leave it. Whether it was replaced.

    Raises:
        LoginUnreadable: the file cannot be written now.
    """
    with _translated(path), closing(_connect(_uri(path, "rw"), _BUSY_WRITING)) as connection:
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute("SELECT value FROM auth_kv WHERE key = ?", (key,)).fetchone()
        new = change(_text(row[0])) if row is not None else None
        if new is None:
            connection.execute("ROLLBACK")
            return False
        value = new.encode() if isinstance(row[0], bytes) else new
        connection.execute("UPDATE auth_kv SET value = ? WHERE key = ?", (value, key))
        connection.execute("COMMIT")
        return True


def _rows(uri: str) -> Rows:
    with closing(_connect(uri, _BUSY)) as connection:
        connection.text_factory = bytes  # one value that is not UTF-8 must not hide the others
        connection.execute("BEGIN")  # both tables as of one moment
        auth = connection.execute("SELECT key, value FROM auth_kv").fetchall()
        try:
            state = connection.execute(
                "SELECT key, value FROM state WHERE key LIKE 'api.codewhisperer.%' OR key LIKE 'auth.idc.%'"
            ).fetchall()
        except sqlite3.OperationalError as error:
            if _code(error) != sqlite3.SQLITE_ERROR:  # it lacks the table; the tokens are what counts
                raise
            state = []
    return Rows(_texts(auth), _texts(state))


def _rows_of_copy(path: Path) -> Rows:
    """A copy can be taken in the middle of another program's write; one that changed meanwhile is taken again."""
    with tempfile.TemporaryDirectory(prefix="kiro2chat-") as folder:
        copy = Path(folder) / "data.sqlite3"
        for _ in range(_COPIES):
            before = _stamps(path)
            shutil.copyfile(path, copy)
            for suffix in _BESIDE:
                beside = copy.with_name(copy.name + suffix)
                beside.unlink(missing_ok=True)
                with suppress(FileNotFoundError):
                    shutil.copyfile(path.with_name(path.name + suffix), beside)
            if _stamps(path) == before:
                break
        return _rows(_uri(copy, "rw"))


def _stamps(path: Path) -> list[tuple[int, int, int]]:
    stamps = []
    for suffix in ("", *_BESIDE):
        with suppress(FileNotFoundError):
            status = path.with_name(path.name + suffix).stat()
            stamps.append((status.st_ino, status.st_size, status.st_mtime_ns))
    return stamps


def _connect(uri: str, patience: float) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=patience, isolation_level=None)


def _uri(path: Path, mode: str) -> str:
    return f"{path.absolute().as_uri()}?mode={mode}"


def _texts(rows: list[tuple[object, object]]) -> dict[str, str]:
    return {_text(key): _text(value) for key, value in rows if value is not None}


def _text(value: object) -> str:
    """`state.value` is a BLOB since migration 006, TEXT before."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


def _code(error: sqlite3.Error) -> int:
    """The primary result code: the low byte of the extended one."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        told = _TOLD.get(_code(error), f"cannot be used: {error}. Check who may read and write it.")
        raise LoginUnreadable(f"{path} {told}") from None
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise LoginUnreadable(f"{path} cannot be read: {why}. Check who may read it and its folder.") from None
