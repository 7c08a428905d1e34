"""What cannot be a store is refused with its path and the cause, and left alone."""

# ruff: noqa: ASYNC240 - nothing else runs on the loops of these tests

from __future__ import annotations

import asyncio
import stat
from pathlib import Path

import pytest
from tests.core.store.contract import KEY, store_on
from tests.core.store.files import made, place, public_folder, raw, refusal
from tests.core.store.programs import is_whole, run

from kiro2chat_core.errors import StoreError, StoreUnusable
from kiro2chat_core.store.base import Item, Key


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "store.sqlite3"


# --- not a store ----------------------------------------------------------------------------------------------------


async def test_another_programs_database_is_refused_and_left_alone(path: Path) -> None:
    path.parent.mkdir()
    with raw(path) as connection:
        connection.execute("CREATE TABLE auth_kv (key TEXT, value TEXT)")
    path.chmod(0o664)
    before = path.read_bytes()
    assert "another program's database" in await refusal(path)
    assert path.read_bytes() == before
    assert stat.S_IMODE(path.stat().st_mode) == 0o664
    assert [file.name for file in path.parent.iterdir()] == [path.name]


async def test_a_folder_is_refused(path: Path) -> None:
    path.mkdir(parents=True)
    assert "is not a file" in await refusal(path)


async def test_a_folder_that_cannot_be_made_is_refused_until_it_can(path: Path) -> None:
    path.parent.write_text("a file where a folder should be")
    assert "STORE_URL" in await refusal(path)
    async with store_on(place(path)) as store:
        with pytest.raises(StoreUnusable):
            await store.open()
        path.parent.unlink()
        await store.put(KEY, {})
        assert await store.get(KEY) is not None


@pytest.mark.parametrize(
    "content", [b"not a database, but a letter to a friend\n" * 100, b"SQLite format 3\0" + b"\xff" * 4000]
)
async def test_what_is_no_database_is_refused_and_left_alone(path: Path, content: bytes) -> None:
    path.parent.mkdir()
    path.write_bytes(content)
    path.chmod(0o664)
    assert "STORE_URL" in await refusal(path)
    assert (path.read_bytes(), stat.S_IMODE(path.stat().st_mode)) == (content, 0o664)


async def test_an_empty_file_with_a_log_beside_it_is_refused_and_both_are_left_alone(path: Path) -> None:
    log = path.with_name(f"{path.name}-wal")
    async with store_on(place(path)) as store:
        await store.put(KEY, {"n": 1})
        whole, logged = path.read_bytes(), log.read_bytes()
    assert logged
    path.write_bytes(b"")
    log.write_bytes(logged)
    told = await refusal(path)
    assert f"{log} is not" in told
    assert "move both away" in told
    assert (path.read_bytes(), log.read_bytes()) == (b"", logged)
    path.write_bytes(whole)  # from a copy
    async with store_on(place(path)) as store:
        assert await store.get(KEY) is not None


async def test_a_file_cut_short_is_refused_and_left_alone(path: Path) -> None:
    await made(path, 50)
    cut = path.read_bytes()[:9000]
    path.write_bytes(cut)
    assert "is damaged" in await refusal(path)
    assert path.read_bytes() == cut


async def test_damage_in_the_middle_is_told_and_the_rest_can_be_read(path: Path) -> None:
    await made(path, 100)
    size = path.stat().st_size
    with path.open("r+b") as file:
        file.seek(size // 2 // 4096 * 4096)
        file.write(b"\xa5" * 16 * 4096)
    async with store_on(place(path)) as store:
        keys = [Key("written", f"{n:09}") for n in range(100)]
        outcomes = await asyncio.gather(*map(store.get, keys), return_exceptions=True)
    lost = [outcome for outcome in outcomes if not isinstance(outcome, Item)]
    assert 0 < len(lost) < 100
    assert all(type(error) is StoreError and "is damaged" in error.message for error in lost)
    assert all(is_whole(item) for item in outcomes if isinstance(item, Item))


@pytest.mark.parametrize("value", ["'{\"n\":1'", "'[1]'", "CAST(x'7bff7d' AS TEXT)", "x'00'", "1"])
async def test_a_value_that_makes_no_sense_is_damage(path: Path, value: str) -> None:
    async with store_on(place(path)) as store:
        await store.put(KEY, {"n": 1})
        with raw(path) as connection:
            connection.execute(f"UPDATE items SET value = {value}")  # noqa: S608
        for verb in (store.get(KEY), store.incr(KEY, {"n": 1}), store.list(KEY.partition)):
            with pytest.raises(StoreError, match="is damaged"):
                await verb
        await store.put(KEY, {"n": 2})
        assert await store.incr(KEY, {"n": 1}) == {"n": 3}


# --- rights ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("what", "mode"), [("file", 0o444), ("file", 0), ("folder", 0o555), ("folder", 0)])
def test_what_may_not_be_written_is_refused(what: str, mode: int) -> None:
    with public_folder() as folder:
        path = folder / "in" / "store.sqlite3"
        asyncio.run(made(path))
        path.parent.chmod(0o777)
        path.chmod(0o666)
        (path if what == "file" else path.parent).chmod(mode)
        try:
            told = run("unprivileged", place(path))
        finally:
            path.parent.chmod(0o755)
    assert told.startswith(f"StoreUnusable {path}")
    assert "Check who may read and write it and its folder" in told


def test_a_folder_where_nothing_may_be_made() -> None:
    with public_folder() as folder:
        told = run("unprivileged", place(folder / "in" / "store.sqlite3"))
    assert told.startswith("StoreUnusable")
    assert "Permission denied" in told
