"""kiro-cli's database in every state a file can be in: read without a trace, or a sentence that names it and the cure."""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.kiro_logins import auth, child, make_database, start

from kiro2chat_core.errors import LoginUnreadable
from kiro2chat_core.kiro.database import read_rows, replace_row
from kiro2chat_functions.emulator.database import locked

KEY = "kirocli:odic:token"
TOKEN = {"access_token": "a", "refresh_token": "r"}


def made(path: Path, *, wal: bool = False) -> Path:
    return make_database(path, {KEY: TOKEN}, {"api.codewhisperer.profile": {"arn": "arn:x"}, "other": 1}, wal=wal)


@pytest.mark.parametrize(
    "name", ["data.sqlite3", "with space", "a?mode=rw", "a#b", "100%41", "kirö-日本語", "-dash", "file:x"]
)
def test_any_name(tmp_path: Path, name: str) -> None:
    path = made(tmp_path / name / name)
    assert json.loads(read_rows(path).auth[KEY]) == TOKEN
    assert replace_row(path, KEY, lambda text: text.replace("a", "b"))
    assert "b" in read_rows(path).auth[KEY]
    assert [each.name for each in (tmp_path / name).iterdir()] == [name]


def test_a_name_that_is_not_utf8(tmp_path: Path) -> None:
    folder = Path(os.fsdecode(os.fsencode(tmp_path) + b"/\xff"))
    try:
        folder.mkdir()
    except OSError:
        pytest.skip("this file system takes only UTF-8 names")
    assert KEY in read_rows(made(folder / "db")).auth


def test_a_relative_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made(tmp_path / "db")
    monkeypatch.chdir(tmp_path)
    assert KEY in read_rows(Path("db")).auth


def test_only_the_states_that_matter_are_read(tmp_path: Path) -> None:
    assert list(read_rows(made(tmp_path / "db")).state) == ["api.codewhisperer.profile"]


def test_blobs_text_null_and_what_is_not_utf8(tmp_path: Path) -> None:
    values = {"text": "a", "blob": b"b", "null": None, "bad": b"\xff\xfe"}
    path = make_database(tmp_path / "db", values, {"auth.idc.region": b'"eu-west-1"'})
    with closing(sqlite3.connect(path)) as database:
        database.execute("INSERT INTO auth_kv VALUES ('bad text', CAST(x'ff' AS TEXT))")
        database.commit()
    rows = read_rows(path)
    assert (rows.auth["text"], rows.auth["blob"]) == ("a", "b")
    assert "null" not in rows.auth
    assert "\ufffd" in rows.auth["bad text"]
    assert rows.state["auth.idc.region"] == '"eu-west-1"'


def test_a_database_without_states(tmp_path: Path) -> None:
    assert read_rows(make_database(tmp_path / "db", {KEY: TOKEN})).state == {}


def test_no_such_file(tmp_path: Path) -> None:
    for path in (tmp_path / "none", tmp_path / "no" / "folder", tmp_path / "none" / ".." / "x"):
        with pytest.raises(FileNotFoundError):
            read_rows(path)


def empty(path: Path) -> None:
    path.touch()


def text(path: Path) -> None:
    path.write_text("this is not a database, only a text that is long enough to have had a header" * 20)


def foreign(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE songs (name TEXT)")


def other_columns(path: Path) -> None:
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE auth_kv (a, b)")


def header_only(path: Path) -> None:
    made(path)
    path.write_bytes(path.read_bytes()[:50])


def damaged(path: Path) -> None:
    made(path)
    content = bytearray(path.read_bytes())
    content[4096:] = b"\x5a" * (len(content) - 4096)
    path.write_bytes(content)


def truncated(path: Path) -> None:
    made(path)
    with path.open("r+b") as file:
        file.truncate(4096 + 100)


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (Path.mkdir, "is not a file"),
        (os.mkfifo, "is not a file"),
        (empty, "is not a kiro-cli database"),
        (text, "is not a kiro-cli database"),
        (foreign, "is not a kiro-cli database"),
        (other_columns, "is not a kiro-cli database"),
        (header_only, "is (not a kiro-cli database|damaged)"),
        (damaged, "is damaged"),
        (truncated, "is damaged"),
    ],
)
def test_what_cannot_be_read(tmp_path: Path, make: Callable[[Path], None], told: str) -> None:
    path = tmp_path / "data.sqlite3"
    make(path)
    with pytest.raises(LoginUnreadable, match=told) as raised:
        read_rows(path)
    assert str(path) in raised.value.message
    assert "kiro-cli login" in raised.value.message
    assert [each.name for each in tmp_path.iterdir()] == ["data.sqlite3"]


def test_a_path_that_is_too_long_or_runs_through_a_file(tmp_path: Path) -> None:
    with pytest.raises(LoginUnreadable, match="too long"):
        read_rows(tmp_path / ("x" * 300))
    (tmp_path / "file").touch()
    with pytest.raises(FileNotFoundError):
        read_rows(tmp_path / "file" / "db")


@pytest.mark.parametrize("where", ["file", "folder"])
def test_no_right_to_read(where: str) -> None:
    with public_folder() as folder:
        path = made(folder / "in" / "data.sqlite3")
        (path if where == "file" else path.parent).chmod(0)
        try:
            told = child(_READ, path, unprivileged=True)
        finally:
            path.parent.chmod(0o755)
    assert "Permission denied" in told
    assert "Check who may read it" in told
    assert str(path) in told


_READ = """
import sys; from pathlib import Path; from kiro2chat_core.errors import LoginUnreadable; from kiro2chat_core.kiro import database
# rights are dropped here
try:
    print(sorted(database.read_rows(Path(sys.argv[1])).auth.items()))
except LoginUnreadable as error:
    print(error.message)
"""


@contextmanager
def public_folder() -> Iterator[Path]:
    """One that a user without rights can reach, as pytest's own cannot be."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)


# --- locks -------------------------------------------------------------------------------------------------------------


def test_locked_for_too_long(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    with locked(path), pytest.raises(LoginUnreadable, match=r"is locked by another program\. Close it") as raised:
        read_rows(path)
    assert str(path) in raised.value.message
    assert read_rows(path).auth


def test_locked_for_a_moment(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    begun = threading.Event()

    def hold() -> None:
        with locked(path):
            begun.set()
            time.sleep(0.4)

    thread = threading.Thread(target=hold)
    thread.start()
    begun.wait()
    try:
        assert read_rows(path).auth
        assert replace_row(path, KEY, str.upper)
    finally:
        thread.join()


# --- the log and the journal -------------------------------------------------------------------------------------------

_WRITER = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1])
database.execute("PRAGMA journal_mode = " + sys.argv[2])
database.execute("PRAGMA wal_autocheckpoint = 0")
database.execute("PRAGMA cache_size = 2")
database.execute("UPDATE auth_kv SET value = ?", ('{"access_token": "newest"}',))
if sys.argv[2] == "wal":
    database.commit()
else:  # spill uncommitted pages into the file
    database.executemany("INSERT INTO auth_kv VALUES (?, ?)", [(str(n), "x" * 3000) for n in range(200)])
print("written", flush=True)
sys.stdin.read()
"""


@contextmanager
def writer(path: Path, mode: str) -> Iterator[Callable[[], None]]:
    """A real program in the middle of its work; gives what kills it."""
    program = start(_WRITER, path, mode)
    assert program.stdout is not None
    assert program.stdout.readline() == "written\n"

    def kill() -> None:
        program.kill()
        program.wait()

    try:
        yield kill
    finally:
        kill()
        program.communicate()


def test_rows_in_the_log_of_an_open_program(tmp_path: Path) -> None:
    path = made(tmp_path / "db", wal=True)
    with writer(path, "wal"):
        assert b"newest" not in path.read_bytes()
        assert "newest" in read_rows(path).auth[KEY]


def test_rows_in_the_log_of_a_killed_program(tmp_path: Path) -> None:
    path = made(tmp_path / "db", wal=True)
    with writer(path, "wal") as kill:
        kill()
        before = path.read_bytes()
        assert b"newest" not in before
        assert "newest" in read_rows(path).auth[KEY]
        assert path.read_bytes() == before
        assert (tmp_path / "db-wal").exists(), "it was not ours to empty"


@pytest.mark.parametrize("also_without_shm", [False, True])
def test_rows_in_a_log_that_nobody_may_write(also_without_shm: bool) -> None:
    with public_folder() as folder:
        path = made(folder / "in" / "db", wal=True)
        with writer(path, "wal") as kill:
            kill()
            if also_without_shm:
                (folder / "in" / "db-shm").unlink()
            for each in path.parent.iterdir():
                each.chmod(0o444)
            path.parent.chmod(0o555)
            told = child(_READ, path, unprivileged=True)
            path.parent.chmod(0o755)
    assert "newest" in told


def test_the_journal_of_a_killed_program_is_rolled_back_in_a_copy(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    with writer(path, "delete") as kill:
        kill()
        before = path.read_bytes()
        assert b"newest" in before, "the uncommitted pages are in the file"
        assert json.loads(read_rows(path).auth[KEY]) == TOKEN
        assert path.read_bytes() == before
        assert (tmp_path / "db-journal").exists()


def test_a_journal_cannot_be_read_around(tmp_path: Path) -> None:
    """While its writer lives it holds a lock; that is told, not guessed around."""
    path = made(tmp_path / "db")
    with writer(path, "delete"), pytest.raises(LoginUnreadable, match="locked"):
        read_rows(path)


# --- no trace ----------------------------------------------------------------------------------------------------------


def test_reading_leaves_no_trace(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    os.utime(path, ns=(1, 1_000_000_001))
    before, digest = path.stat(), hashlib.sha256(path.read_bytes()).digest()
    read_rows(path)
    after = path.stat()
    assert (after.st_mtime_ns, after.st_size, after.st_ino, after.st_mode) == (
        before.st_mtime_ns, before.st_size, before.st_ino, before.st_mode,
    )  # fmt: skip
    assert hashlib.sha256(path.read_bytes()).digest() == digest
    assert [each.name for each in tmp_path.iterdir()] == ["db"]


def test_reading_a_log_leaves_the_file_alone(tmp_path: Path) -> None:
    path = made(tmp_path / "db", wal=True)
    before = path.read_bytes(), path.stat().st_mtime_ns
    read_rows(path)
    assert (path.read_bytes(), path.stat().st_mtime_ns) == before


# --- writing -----------------------------------------------------------------------------------------------------------


def test_replacing(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    path.chmod(0o640)
    assert replace_row(path, KEY, lambda text: json.dumps(json.loads(text) | {"new": 1}))
    assert auth(path, KEY) == TOKEN | {"new": 1}
    assert path.stat().st_mode & 0o777 == 0o640
    assert [each.name for each in tmp_path.iterdir()] == ["db"]


def test_a_value_keeps_its_type(tmp_path: Path) -> None:
    path = make_database(tmp_path / "db", {"blob": b"b", "text": "t"})
    for key in ("blob", "text"):
        replace_row(path, key, str.upper)
    with closing(sqlite3.connect(path)) as database:
        rows = database.execute("SELECT key, value, typeof(value) FROM auth_kv ORDER BY key").fetchall()
    assert rows == [("blob", b"B", "blob"), ("text", "T", "text")]


def test_leaving_alone(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    before = path.read_bytes()
    assert not replace_row(path, KEY, lambda _: None)
    assert not replace_row(path, "no such key", str.upper)
    assert path.read_bytes() == before


def test_an_error_in_between_leaves_the_old_value(tmp_path: Path) -> None:
    path = made(tmp_path / "db")
    with pytest.raises(ZeroDivisionError):
        replace_row(path, KEY, lambda _: str(1 // 0))
    assert auth(path, KEY) == TOKEN


def test_what_cannot_be_written(tmp_path: Path) -> None:
    text(tmp_path / "text")
    for name, told in (("none", "cannot be opened"), ("text", "is not a kiro-cli database")):
        with pytest.raises(LoginUnreadable, match=told):
            replace_row(tmp_path / name, KEY, str.upper)
    assert not (tmp_path / "none").exists()


_REPLACER = """
import sys; from pathlib import Path; from kiro2chat_core.kiro.database import replace_row
size = 60_000
n = 0
print("begun", flush=True)
while True:
    n += 1
    replace_row(Path(sys.argv[1]), "kirocli:odic:token", lambda _: '{"n": "' + f"<{n}>" * (size // 8) + '"}')
"""


@pytest.mark.parametrize("wal", [False, True])
def test_killed_in_the_middle_of_writing(tmp_path: Path, wal: bool) -> None:
    path = made(tmp_path / "db", wal=wal)
    for pause in (0.0, 0.003, 0.011, 0.023):
        program = start(_REPLACER, path)
        assert program.stdout is not None
        program.stdout.readline()
        time.sleep(pause)
        program.kill()
        program.communicate()
        value = json.loads(read_rows(path).auth[KEY])
        assert value == TOKEN or re.fullmatch(r"(<\d+>)\1*", value["n"]), "old or new, never half"
