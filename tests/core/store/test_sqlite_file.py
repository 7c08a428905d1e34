"""The file of a SQLite store: private, of any age, and said plainly what is wrong with it; lost later, it comes back."""

# ruff: noqa: ASYNC240 - nothing else runs on the loops of these tests

from __future__ import annotations

import asyncio
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.core.store.contract import KEY, Clock, everything, store_on
from tests.core.store.files import PATIENCE, made, place, raw, refusal
from tests.core.store.programs import entry, is_whole, run

from kiro2chat_core.errors import StoreError, StoreUnusable
from kiro2chat_core.store.base import Key, Store
from kiro2chat_core.store.sqlite import SqliteStore
from kiro2chat_core.store.sqlite_schema import APPLICATION, MIGRATIONS


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite3"


async def all_whole(store: Store) -> int:
    """How many items there are, each of them whole."""
    items = []
    for sort in await everything(store, "written", limit=100):
        item = await store.get(Key("written", sort))
        assert item is not None
        items.append(item)
    assert all(is_whole(item) for item in items)
    return len(items)


def program(code: str, timeout: float = 60) -> str:
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=timeout, check=False)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


# --- a file and its folder ------------------------------------------------------------------------------------------


async def test_a_new_file_and_what_lies_beside_it_are_private(path: Path) -> None:
    before = os.umask(0)
    try:
        async with store_on(place(path)) as store:
            await store.put(KEY, {})
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (path.parent, *path.parent.iterdir())}
    finally:
        os.umask(before)
    assert modes == {"data": 0o700, path.name: 0o600, f"{path.name}-wal": 0o600, f"{path.name}-shm": 0o600}
    assert [file.name for file in path.parent.iterdir()] == [path.name]  # closed and tidy


async def test_a_file_that_others_may_read_is_made_private(path: Path) -> None:
    await made(path)
    path.chmod(0o644)
    await made(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


async def test_nothing_is_touched_before_the_first_verb(path: Path) -> None:
    async with store_on(place(path)):
        pass
    assert not path.parent.exists()


async def test_any_name_will_do(tmp_path: Path) -> None:
    path = tmp_path / "a b?c#d%41é" / "store %.sqlite3"
    store = SqliteStore(path)
    await store.put(KEY, {})
    await store.aclose()
    assert path.is_file()


def test_importing_the_package_imports_no_database() -> None:
    told = program(
        "import sys; before = set(sys.modules)  # whoever measures this run may have a database of his own\n"
        "import kiro2chat_core.store.base, kiro2chat_core.store.opening\n"
        "print(sorted({'aiosqlite', 'sqlite3', 'boto3', 'asyncio'} & (set(sys.modules) - before)))"
    )
    assert told == "[]\n"


def test_a_process_that_forgets_to_close_it_ends_all_the_same(path: Path) -> None:
    assert run("forget", place(path)) == "written\n"
    asyncio.run(made(path))


# --- age ------------------------------------------------------------------------------------------------------------


def of_schema(path: Path, version: int, rows: int = 3) -> None:
    """A file as the kiro2chat of that schema has left it."""
    path.parent.mkdir()
    with raw(path) as connection:
        connection.execute(f"PRAGMA application_id = {APPLICATION}")
        for number, statements in enumerate(MIGRATIONS[:version], 1):
            for statement in statements:
                connection.execute(statement)
            connection.execute("INSERT INTO migrations VALUES (?, 0)", (number,))
        for n in range(rows):
            connection.execute("INSERT INTO items VALUES ('old', ?, '{\"n\":1}', 5, NULL)", (str(n),))


@pytest.mark.parametrize("version", range(1, len(MIGRATIONS)))
async def test_an_older_file_is_brought_up_to_date(path: Path, version: int) -> None:
    of_schema(path, version)
    async with store_on(place(path)) as store:
        assert await everything(store, "old") == ["0", "1", "2"]
        assert await store.incr(Key("old", "0"), {"n": 1}) == {"n": 2}
        assert await store.lease(KEY, "me", 1)
    with raw(path) as connection:
        assert connection.execute("SELECT max(version) FROM migrations").fetchone() == (len(MIGRATIONS),)


async def test_a_step_that_fails_leaves_the_older_file_as_it_was(path: Path) -> None:
    of_schema(path, 1)
    with raw(path) as connection:
        connection.execute("CREATE TABLE leases (not_ours TEXT)")
    assert "leases already exists" in await refusal(path)
    with raw(path) as connection:
        assert connection.execute("SELECT max(version) FROM migrations").fetchone() == (1,)
        connection.execute("DROP TABLE leases")
    async with store_on(place(path)) as store:
        assert await everything(store, "old") == ["0", "1", "2"]


async def test_many_who_make_or_update_a_file_at_once_do_it_once(path: Path) -> None:
    for version in (0, 1):
        if version:
            shutil.rmtree(path.parent)
            of_schema(path, version)
        stores = [SqliteStore(path) for _ in range(8)]
        totals = await asyncio.gather(*(store.incr(KEY, {"n": 1}) for store in stores))
        assert sorted(total["n"] for total in totals) == list(range(1, 9))
        await asyncio.gather(*(store.aclose() for store in stores))
        with raw(path) as connection:
            versions = connection.execute("SELECT version FROM migrations ORDER BY version").fetchall()
        assert versions == [(number,) for number in range(1, len(MIGRATIONS) + 1)]


async def test_a_file_from_the_future_is_refused_and_left_alone(path: Path) -> None:
    await made(path)
    with raw(path) as connection:
        connection.execute("INSERT INTO migrations VALUES (99, 0)")
        connection.execute("DROP TABLE leases")
    before = path.read_bytes()
    message = await refusal(path)
    assert "newer kiro2chat" in message
    assert "99" in message
    assert "Upgrade" in message
    assert path.read_bytes() == before


# --- held by another program ----------------------------------------------------------------------------------------


async def test_a_locked_file_is_refused_after_some_patience_and_opened_when_it_is_free(path: Path) -> None:
    await made(path)
    with raw(path) as other:
        other.execute("PRAGMA locking_mode = exclusive")
        other.execute("BEGIN EXCLUSIVE")
        assert "is locked by another program" in await refusal(path, patience=0.2)
    async with store_on(place(path)) as store:
        assert await all_whole(store) == 1


async def test_opening_waits_for_who_reads_a_file_that_is_brought_up_to_date(path: Path) -> None:
    of_schema(path, 1)
    store = SqliteStore(path)
    with raw(path) as other:
        other.execute("BEGIN")
        other.execute("SELECT * FROM items").fetchall()
        opening = asyncio.create_task(store.open())
        await asyncio.sleep(0.3)
        assert not opening.done()
        other.execute("ROLLBACK")
        await opening
    assert await everything(store, "old") == ["0", "1", "2"]
    await store.aclose()


async def test_reads_go_on_while_writes_wait_and_all_writes_give_up_together(path: Path) -> None:
    store = SqliteStore(path, patience=PATIENCE)
    await store.put(KEY, {"n": 1})
    with raw(path) as other:
        other.execute("BEGIN IMMEDIATE")
        began = time.monotonic()
        writes = [asyncio.create_task(store.incr(KEY, {"n": 1})) for _ in range(30)]
        await asyncio.sleep(0)
        assert await store.get(KEY) is not None
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert time.monotonic() - began < 15 * PATIENCE  # in turns it would be 30
        assert all(isinstance(outcome, StoreError) and "is locked" in outcome.message for outcome in outcomes)
        assert not any(isinstance(outcome, StoreUnusable) for outcome in outcomes)
        other.execute("ROLLBACK")
    assert await store.incr(KEY, {"n": 1}) == {"n": 2}
    await store.aclose()


async def test_a_write_waits_for_another_programs_lock(path: Path) -> None:
    async with store_on(place(path)) as store:
        await store.put(KEY, {"n": 1})
        with raw(path) as other:
            other.execute("BEGIN IMMEDIATE")
            write = asyncio.create_task(store.incr(KEY, {"n": 1}))
            await asyncio.sleep(0.2)
            assert not write.done()
            other.execute("ROLLBACK")
            assert await write == {"n": 2}


async def test_a_cancelled_write_leaves_nothing_open(path: Path) -> None:
    async with store_on(place(path)) as store:
        await store.put(KEY, {"n": 1})
        with raw(path) as other:
            other.execute("BEGIN IMMEDIATE")
            writes = [asyncio.create_task(store.incr(KEY, {"n": 1})) for _ in range(5)]
            await asyncio.sleep(0.1)
            for write in writes:
                write.cancel()
            outcomes = await asyncio.gather(*writes, return_exceptions=True)
            assert all(isinstance(outcome, asyncio.CancelledError) for outcome in outcomes)
            other.execute("ROLLBACK")
            total = (await store.incr(KEY, {"n": 1}))["n"]
            assert total in (2, 3)  # the one on its way to the file may have come through
            other.execute("BEGIN IMMEDIATE")
            other.execute("ROLLBACK")


async def test_who_leaves_while_it_opens_disturbs_nobody(path: Path) -> None:
    store = SqliteStore(path)
    first, second = asyncio.create_task(store.get(KEY)), asyncio.create_task(store.get(KEY))
    await asyncio.sleep(0)
    first.cancel()
    with pytest.raises(asyncio.CancelledError):
        await first
    assert await second is None
    await store.put(KEY, {})
    assert await store.get(KEY) is not None
    await store.aclose()


async def test_closing_while_it_opens(path: Path) -> None:
    store = SqliteStore(path)
    first = asyncio.create_task(store.put(KEY, {}))
    await asyncio.sleep(0)
    await store.aclose()
    await asyncio.gather(first, return_exceptions=True)
    assert [file.name for file in path.parent.iterdir()] == [path.name]


# --- lost later -----------------------------------------------------------------------------------------------------


def test_a_file_that_may_not_grow_loses_nothing_it_was_told_is_there(path: Path) -> None:
    told, message = run("fill", place(path), 2_000_000).split(" ", 1)
    assert int(told) > 10
    assert "cannot be" in message
    assert "full" in message

    async def check() -> None:
        async with store_on(place(path)) as store:
            assert await all_whole(store) == int(told)
            await store.put(Key("written", "x"), entry(0))

    asyncio.run(check())


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=2m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None or subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("only root may mount a small disk")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)


async def test_a_full_disk_is_told_and_writes_go_on_once_there_is_room(small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 500_000)
    path = small_disk / "store.sqlite3"
    async with store_on(place(path)) as store:
        written = -1

        async def write() -> None:
            nonlocal written
            while True:
                written += 1
                await store.put(Key("written", f"{written:09}"), entry(written), expected="absent")

        with pytest.raises(StoreError, match="full") as refused:
            await write()
        assert str(path) in refused.value.message
        assert written > 10
        assert await all_whole(store) == written
        with pytest.raises(StoreError, match="full"):
            await store.put(Key("written", f"{written:09}"), entry(written), expected="absent")
        ballast.unlink()
        await store.put(Key("written", f"{written:09}"), entry(written), expected="absent")
    async with store_on(place(path)) as store:
        assert await all_whole(store) == written + 1


async def test_a_disk_that_is_full_from_the_start_is_refused(small_disk: Path) -> None:
    with pytest.raises(OSError, match="space"):
        (small_disk / "ballast").write_bytes(b"x" * 3_000_000)
    assert "full" in await refusal(small_disk / "store.sqlite3")


@pytest.mark.parametrize("how", ["deleted", "replaced", "its folder deleted"])
async def test_a_file_that_goes_away_is_told_once_and_opened_anew(path: Path, how: str) -> None:
    other = path.parent.with_name("other") / path.name
    await made(other, 3)
    async with store_on(place(path)) as store:
        await store.put(Key("written", "000000000"), entry(0))
        if how == "its folder deleted":
            shutil.rmtree(path.parent)
        for file in [*path.parent.iterdir()] if path.parent.exists() else []:
            file.unlink()  # what lies beside a file belongs to it
        if how == "replaced":
            os.replace(other, path)
        outcomes = await asyncio.gather(*(store.get(KEY) for _ in range(5)), return_exceptions=True)
        told = [outcome for outcome in outcomes if outcome is not None]
        assert len(told) in range(1, 6)
        assert all(isinstance(error, StoreError) and "deleted or replaced" in error.message for error in told)
        assert await all_whole(store) == (3 if how == "replaced" else 0)
        await store.put(Key("written", "000000009"), entry(9))
    async with store_on(place(path)) as store:
        assert await all_whole(store) == (4 if how == "replaced" else 1)


# --- keeping it small -----------------------------------------------------------------------------------------------


async def test_what_has_expired_is_removed_in_passing(path: Path) -> None:
    clock = Clock()
    async with store_on(place(path), clock) as store:
        await store.put(KEY, {})
        for n in range(50):
            await store.put(Key("gone", str(n)), {}, expires_at=clock.now + 10)
        await store.lease(KEY, "me", 10)
        clock.now += 100_000
        await store.put(KEY, {})
    with raw(path) as connection:
        assert connection.execute("SELECT count(*) FROM items").fetchone() == (1,)
        assert connection.execute("SELECT count(*) FROM leases").fetchone() == (0,)


async def test_lists_and_looks_go_by_an_index(path: Path) -> None:
    from kiro2chat_core.store import sqlite_statements as sql

    await made(path)
    values = dict.fromkeys(("pk", "sk", "now", "low", "high", "limit", "expected", "value", "expires_at"))
    with raw(path) as connection:
        for statement in (sql.GET, *sql.PAGE.values(), sql.PUT_VERSION, sql.DELETE, sql.SWEEP):
            plan = " ".join(row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {statement}", values))
            assert "USING INDEX" in plan or "USING COVERING INDEX" in plan
            assert "SCAN items" not in plan
            assert "TEMP B-TREE" not in plan
