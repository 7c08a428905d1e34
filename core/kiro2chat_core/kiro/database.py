"""kiro-cli's SQLite database: read without disturbing it, and one row replaced under conditions (protocol notes 1.1)."""

from __future__ import annotations

import shutil
import sqlite3
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from ..errors import LoginUnreadable

__all__ = ["Rows", "read_rows", "replace_row"]

_BUSY = 2.0
"""Seconds to wait for another program's lock. kiro-cli holds one for milliseconds."""

_CURE = "Point KIRO_DB_PATH to kiro-cli's database, or run `kiro-cli login`."


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
    if not path.exists():
        raise FileNotFoundError(path)
    if not path.is_file():
        raise LoginUnreadable(f"{path} is not a file. {_CURE}")
    with _translated(path):
        try:
            return _rows(_uri(path, "ro"))
        except sqlite3.OperationalError as error:
            # A WAL database in a folder that cannot be written: SQLite wants to make its -shm file there.
            if "unable to open" not in str(error) and "readonly" not in str(error):
                raise
            return _rows_of_copy(path)


def replace_row(path: Path, key: str, change: Callable[[str], str | None]) -> bool:
    """Replace one value of `auth_kv` in one transaction; `change` gets the text there and returns the new one, or None
    to leave it. Whether it was replaced.

    Raises:
        LoginUnreadable: the file cannot be written now.
    """
    with _translated(path), closing(_connect(_uri(path, "rw"))) as connection:
        connection.execute("BEGIN IMMEDIATE")
        row = connection.execute("SELECT value FROM auth_kv WHERE key = ?", (key,)).fetchone()
        new = change(_text(row[0])) if row is not None else None
        if new is None:
            connection.execute("ROLLBACK")
            return False
        connection.execute("UPDATE auth_kv SET value = ? WHERE key = ?", (new, key))
        connection.execute("COMMIT")
        return True


def _rows(uri: str) -> Rows:
    with closing(_connect(uri)) as connection:
        auth = connection.execute("SELECT key, value FROM auth_kv").fetchall()
        try:
            state = connection.execute(
                "SELECT key, value FROM state WHERE key LIKE 'api.codewhisperer.%' OR key LIKE 'auth.idc.%'"
            ).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" not in str(error):
                raise
            state = []
    return Rows({str(key): _text(value) for key, value in auth}, {str(key): _text(value) for key, value in state})


def _rows_of_copy(path: Path) -> Rows:
    with tempfile.TemporaryDirectory(prefix="kiro2chat-") as folder:
        copy = Path(folder) / "data.sqlite3"
        shutil.copyfile(path, copy)
        wal = path.with_name(path.name + "-wal")
        if wal.exists():
            shutil.copyfile(wal, copy.with_name(copy.name + "-wal"))
        return _rows(_uri(copy, "rw"))


def _connect(uri: str) -> sqlite3.Connection:
    return sqlite3.connect(uri, uri=True, timeout=_BUSY, isolation_level=None)


def _uri(path: Path, mode: str) -> str:
    return f"file:{quote(str(path.absolute()))}?mode={mode}"


def _text(value: object) -> str:
    """`state.value` is a BLOB since migration 006, TEXT before."""
    return value.decode(errors="replace") if isinstance(value, bytes) else str(value)


@contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.DatabaseError as error:
        told = str(error)
        if "locked" in told or "busy" in told:
            raise LoginUnreadable(f"{path} is locked by another program. Close it, or wait and try again.") from None
        if "no such table" in told or "not a database" in told:
            raise LoginUnreadable(f"{path} is not a kiro-cli database. {_CURE}") from None
        if "malformed" in told or "corrupt" in told:
            raise LoginUnreadable(f"{path} is damaged. Move it away and run `kiro-cli login`.") from None
        raise LoginUnreadable(f"{path} cannot be used: {told}. Check who may read and write it.") from None
    except OSError as error:
        raise LoginUnreadable(f"{path} cannot be read: {error.strerror or type(error).__name__}.") from None
