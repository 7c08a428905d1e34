"""What any store must do. A back-end's tests inherit from `StoreContract` and give a `place`: a STORE_URL of a store that is
empty, and that other processes reach too."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from tests.core.store import model
from tests.core.store.programs import COUNTED, HELD, entry, finish, is_whole, number, start

from kiro2chat_core.errors import Conflict, ItemTooLarge, StoreError
from kiro2chat_core.store import base
from kiro2chat_core.store.base import Key, Page, Store
from kiro2chat_core.store.opening import store_at

__all__ = ["KEY", "Clock", "StoreContract", "everything", "store_on"]

NOW = 1_795_420_800.25
KEY = Key("partition", "sort")


class Clock:
    def __init__(self, now: float = NOW) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def store_on(place: str, clock: Clock | None = None) -> AsyncIterator[Store]:
    store = store_at(place, clock=clock or Clock())
    try:
        yield store
    finally:
        await store.aclose()


async def everything(store: Store, partition: str = "partition", prefix: str = "", *, limit: int = 7) -> list[str]:
    """`sort` of all items, page by page."""
    page = await store.list(partition, prefix, limit=limit)
    found = [item.key.sort for item in page.items]
    while page.cursor is not None:
        page = await store.list(partition, prefix, limit=limit, after=page.cursor)
        found += [item.key.sort for item in page.items]
    return found


class StoreContract:
    @pytest.fixture
    def clock(self) -> Clock:
        return Clock()

    @pytest.fixture
    async def store(self, place: str, clock: Clock) -> AsyncIterator[Store]:
        async with store_on(place, clock) as store:
            yield store

    # --- items -------------------------------------------------------------------------------------------------------

    async def test_a_value_comes_back_as_it_was_put(self, store: Store) -> None:
        value = {
            "texts": ["", "é", "\0", "\U0001f600", '"\\'], "numbers": [0, -1, 2**53, 0.1, -1.5e-300, 1.7e308],
            "rest": {"": None, "deep": [[[{"true": True}]]], "none": {}}, "top": 0.1, "whole": 7, "yes": False,
        }  # fmt: skip
        await store.put(KEY, value)
        item = await store.get(KEY)
        assert item is not None
        assert (item.key, item.value, item.expires_at) == (KEY, value, None)

    async def test_what_is_not_there_is_none(self, store: Store) -> None:
        assert await store.get(KEY) is None
        assert await store.list("partition") == Page((), None)
        assert not await store.delete(KEY)

    async def test_parts_of_keys_do_not_run_into_each_other(self, store: Store) -> None:
        await store.put(Key("a", "bc"), {"is": 1})
        assert await store.get(Key("ab", "c")) is None
        assert await everything(store, "ab") == []
        assert await everything(store, "a") == ["bc"]

    @pytest.mark.parametrize("parts", [("", "a"), ("a", ""), ("a" * 1025, "a"), ("a", "é" * 513), ("a", "\ud83d")])
    def test_keys_no_store_takes(self, parts: tuple[str, str]) -> None:
        with pytest.raises(ValueError, match=r"key|surrogates"):
            Key(*parts)

    def test_texts_of_others_are_joined_without_meeting(self) -> None:
        lists = (["a", "b"], ["a#b"], ["a%23b"], ["a", "", "b"], ["", "a", "b"], ["a", "b", ""], [""], ["#"], ["", ""])
        assert len({base.joined(*parts) for parts in lists}) == len(lists)
        assert base.joined("session", "me", "1") == "session#me#1"

    async def test_the_longest_key_and_the_largest_value(self, store: Store) -> None:
        key = Key("é" * 512, "\U0001f600" * 256)
        value = {"text": "x" * (base.LARGEST - len('{"text":""}'))}
        await store.put(key, value)
        item = await store.get(key)
        assert item is not None
        assert item.value == value
        with pytest.raises(ItemTooLarge, match="400001"):
            await store.put(key, {"text": value["text"] + "x"})
        with pytest.raises(ItemTooLarge, match=str(base.LARGEST)):
            await store.incr(key, {"n": 1})
        assert await store.get(key) == item

    @pytest.mark.parametrize(
        "value",
        [{"a": float("nan")}, {"a": float("inf")}, {"a": (1,)}, {1: 1}, {"a": "\ud83d"}, {"a": 2**64}, {"a": object()}],
    )
    async def test_what_is_not_json_is_refused(self, store: Store, value: dict[str, object]) -> None:
        with pytest.raises(ValueError, match="not JSON"):
            await store.put(KEY, value)
        assert await store.get(KEY) is None

    # --- versions ----------------------------------------------------------------------------------------------------

    async def test_a_write_that_expects_a_version_finds_it_or_conflicts(self, store: Store) -> None:
        first = await store.put(KEY, {"n": 1}, expected="absent")
        second = await store.put(KEY, {"n": 2}, expected=first)
        for stale in (first, second + 1):
            with pytest.raises(Conflict):
                await store.put(KEY, {"n": 3}, expected=stale)
            with pytest.raises(Conflict):
                await store.delete(KEY, expected=stale)
        with pytest.raises(Conflict):
            await store.put(KEY, {"n": 3}, expected="absent")
        item = await store.get(KEY)
        assert item is not None
        assert (item.value, item.version) == ({"n": 2}, second)
        assert await store.delete(KEY, expected=second)
        for _ in range(2):
            with pytest.raises(Conflict):
                await store.delete(KEY, expected=second)
            with pytest.raises(Conflict):
                await store.put(KEY, {"n": 3}, expected=second)

    async def test_no_version_comes_twice(self, store: Store) -> None:
        versions = []
        for _ in range(4):
            versions += [await store.put(KEY, {"n": 1}), await store.put(KEY, {"n": 1})]
            await store.incr(KEY, {"n": 1})
            item = await store.get(KEY)
            assert item is not None
            versions.append(item.version)
            await store.delete(KEY)
        assert len(set(versions)) == len(versions)

    async def test_of_many_who_make_or_replace_an_item_one_does(self, store: Store) -> None:
        async def attempt(expected: base.Expected) -> int | None:
            try:
                return await store.put(KEY, {}, expected=expected)
            except Conflict:
                return None

        made = await asyncio.gather(*(attempt("absent") for _ in range(8)))
        (version,) = [version for version in made if version is not None]
        replaced = await asyncio.gather(*(attempt(version) for _ in range(8)))
        assert sum(version is not None for version in replaced) == 1

    # --- expiry ------------------------------------------------------------------------------------------------------

    async def test_what_has_expired_is_not_there_for_any_verb(self, store: Store, clock: Clock) -> None:
        keys = [Key("partition", f"{number}") for number in range(5)]
        versions = [await store.put(key, {"n": 5}, expires_at=NOW + 10) for key in keys]
        clock.now = NOW + 9.875
        assert len(await everything(store)) == 5
        clock.now = NOW + 10
        assert await store.get(keys[0]) is None
        assert (await store.list("partition")).items == ()
        assert (await store.list("partition", newest_first=True)).items == ()
        assert not await store.delete(keys[0])
        with pytest.raises(Conflict):
            await store.put(keys[1], {}, expected=versions[1])
        with pytest.raises(Conflict):
            await store.delete(keys[1], expected=versions[1])
        assert await store.put(keys[2], {}, expected="absent") != versions[2]
        assert await store.incr(keys[3], {"n": 1}) == {"n": 1}
        item = await store.get(keys[3])
        assert item is not None
        assert (item.value, item.expires_at) == ({"n": 1}, None)
        assert await everything(store) == ["2", "3"]

    async def test_a_put_replaces_the_expiry_and_counting_keeps_it_unless_told(self, store: Store) -> None:
        async def expiry() -> float | None:
            item = await store.get(KEY)
            assert item is not None
            return item.expires_at

        await store.incr(KEY, {"n": 1}, expires_at=NOW + 10.5)
        assert await expiry() == NOW + 10.5
        await store.incr(KEY, {"n": 1})
        assert await expiry() == NOW + 10.5
        await store.incr(KEY, {"n": 1}, expires_at=NOW + 5)
        assert await expiry() == NOW + 5
        await store.put(KEY, {})
        assert await expiry() is None
        for never in (float("nan"), float("inf")):
            with pytest.raises(ValueError, match="expires"):
                await store.put(KEY, {}, expires_at=never)

    async def test_a_sweep_removes_what_has_expired_and_nothing_else(self, store: Store, clock: Clock) -> None:
        for n in range(30):
            await store.put(Key("partition", f"{n:02}"), {}, expires_at=NOW + n if n % 3 else None)
        clock.now = NOW + 15
        assert await store.sweep() in (0, 10)  # or others have removed them already
        assert await everything(store) == [f"{n:02}" for n in range(30) if n > 15 or n % 3 == 0]
        assert await store.sweep() == 0

    # --- lists -------------------------------------------------------------------------------------------------------

    async def test_pages_go_both_ways_from_anywhere(self, store: Store) -> None:
        for sort in ("a", "b1", "b2", "b3", "c"):
            await store.put(Key("partition", sort), {"is": sort})

        async def page(prefix: str = "", **asked: object) -> tuple[list[str], str | None]:
            found = await store.list("partition", prefix, **asked)  # type: ignore[arg-type]
            assert all(item.value == {"is": item.key.sort} for item in found.items)
            return [item.key.sort for item in found.items], found.cursor

        assert await page() == (["a", "b1", "b2", "b3", "c"], None)
        assert await page(limit=2) == (["a", "b1"], "b1")
        assert await page(limit=2, after="b1") == (["b2", "b3"], "b3")
        assert await page(newest_first=True, limit=2) == (["c", "b3"], "b3")
        assert await page(newest_first=True, after="b3") == (["b2", "b1", "a"], None)
        assert await page("b") == (["b1", "b2", "b3"], None)
        assert await page("b", newest_first=True, limit=2) == (["b3", "b2"], "b2")
        assert await page("b", newest_first=True, after="b2") == (["b1"], None)
        for nothing in (await page("b", after="b3"), await page("b", after="x"), await page("x")):
            assert nothing == ([], None)
        assert await page("b", after="a") == (["b1", "b2", "b3"], None)
        assert await page("c", after="a") == (["c"], None)
        assert await page("a", newest_first=True, after="b2") == (["a"], None)
        assert await page("b", newest_first=True, after="x") == (["b3", "b2", "b1"], None)
        assert await page(after="b1x") == (["b2", "b3", "c"], None)

    @pytest.mark.parametrize("limit", [0, -1, 1001])
    async def test_pages_no_store_gives(self, store: Store, limit: int) -> None:
        with pytest.raises(ValueError, match="page"):
            await store.list("partition", limit=limit)
        with pytest.raises(ValueError, match="partition"):
            await store.list("")

    @pytest.mark.parametrize("newest_first", [False, True])
    async def test_pages_have_no_gaps_and_no_repeats_while_others_write(self, store: Store, newest_first: bool) -> None:
        there = [f"{number:03}" for number in range(0, 200, 2)]
        for sort in there:
            await store.put(Key("partition", sort), {})
        done = False

        async def disturb() -> None:
            while not done:
                for n in range(1, 200, 14):
                    await store.put(Key("partition", f"{n:03}"), {})
                    await store.incr(Key("partition", f"{n + 1:03}"), {"n": 1})
                for n in range(1, 200, 14):
                    await store.delete(Key("partition", f"{n:03}"))

        disturbing = asyncio.create_task(disturb())
        for _ in range(5):
            found: list[str] = []
            page = await store.list("partition", limit=3, newest_first=newest_first)
            found += [item.key.sort for item in page.items]
            while page.cursor is not None:
                page = await store.list("partition", limit=3, newest_first=newest_first, after=page.cursor)
                found += [item.key.sort for item in page.items]
            assert found == sorted(set(found), reverse=newest_first)
            assert set(there) <= set(found)
        done = True
        await disturbing

    # --- counters ----------------------------------------------------------------------------------------------------

    async def test_counters_start_at_nothing_and_add_up(self, store: Store) -> None:
        assert await store.incr(KEY, {"n": 1, "credits": 0.25}) == {"n": 1, "credits": 0.25}
        assert await store.incr(KEY, {"n": -3, "other": 2**53}) == {"n": -2, "other": 2**53}
        await store.incr(KEY, {"ünïcode.#:": 7, "credits": 1})
        item = await store.get(KEY)
        assert item is not None
        assert item.value == {"n": -2, "credits": 1.25, "other": 2**53, "ünïcode.#:": 7}

    async def test_counting_keeps_the_rest_of_a_value(self, store: Store) -> None:
        await store.put(KEY, {"name": "x", "n": 5, "list": [1]})
        assert await store.incr(KEY, {"n": 1, "m": 1}) == {"n": 6, "m": 1}
        item = await store.get(KEY)
        assert item is not None
        assert item.value == {"name": "x", "n": 6, "m": 1, "list": [1]}
        for word in ("name", "list"):
            with pytest.raises(ValueError, match="not a number"):
                await store.incr(KEY, {"n": 1, word: 1})
        assert await store.get(KEY) == item

    @pytest.mark.parametrize(
        "amounts",
        [{}, {"": 1}, {"n": True}, {"n": float("nan")}, {"n": 2**53 + 1}, {f"{n}": 1 for n in range(101)}],
        ids=["none", "no name", "no number", "nan", "too great", "too many"],
    )
    async def test_amounts_no_store_adds(self, store: Store, amounts: dict[str, base.Amount]) -> None:
        with pytest.raises(ValueError, match=r"count|added"):
            await store.incr(KEY, amounts)

    async def test_totals_of_many_tasks_are_exact_and_seen_once(self, store: Store) -> None:
        async def some() -> list[base.Amount]:
            return [(await store.incr(KEY, {"n": 1, "halves": 0.5}))["n"] for _ in range(25)]

        seen = [total for totals in await asyncio.gather(*(some() for _ in range(8))) for total in totals]
        assert sorted(seen) == list(range(1, 201))
        assert await store.incr(KEY, {"n": 0, "halves": 0}) == {"n": 200, "halves": 100}

    def test_totals_of_processes_are_exact(self, place: str) -> None:
        processes = [start("count", place, 50) for _ in range(3)]
        for process in processes:
            finish(process)

        async def totals() -> dict[str, base.Amount]:
            async with store_on(place) as store:
                return await store.incr(COUNTED, {"ones": 0, "halves": 0})

        assert asyncio.run(totals()) == {"ones": 600, "halves": 300}

    # --- leases ------------------------------------------------------------------------------------------------------

    async def test_a_lease_is_one_holders_until_its_time_is_over(self, store: Store, clock: Clock) -> None:
        first = await store.lease(KEY, "first", 30)
        assert first is not None
        assert (first.key, first.holder, first.until) == (KEY, "first", NOW + 30)
        clock.now = NOW + 29.875
        assert await store.lease(KEY, "second", 30) is None
        assert await store.lease(Key("partition", "other"), "second", 30) is not None
        clock.now = NOW + 30
        second = await store.lease(KEY, "second", 30)
        assert second is not None
        assert second.fence > first.fence
        assert await store.renew(first, 30) is None
        assert not await store.release(first)
        assert await store.lease(KEY, "first", 30) is None

    async def test_a_lease_is_renewed_and_given_back(self, store: Store, clock: Clock) -> None:
        first = await store.lease(KEY, "first", 30)
        assert first is not None
        clock.now = NOW + 20
        renewed = await store.renew(first, 30)
        assert renewed == base.Lease(KEY, "first", first.fence, NOW + 50)
        clock.now = NOW + 49
        assert await store.lease(KEY, "second", 30) is None
        clock.now = NOW + 60
        assert await store.renew(renewed, 30)  # nobody has taken it
        assert await store.release(renewed)
        assert not await store.release(renewed)
        assert await store.renew(renewed, 30) is None
        second = await store.lease(KEY, "second", 30)
        assert second is not None
        assert second.fence > first.fence

    async def test_a_holder_who_takes_it_again_ends_his_earlier_lease(self, store: Store) -> None:
        first = await store.lease(KEY, "same", 30)
        again = await store.lease(KEY, "same", 60)
        assert first is not None
        assert again is not None
        assert again.fence > first.fence
        assert not await store.release(first)
        assert await store.lease(KEY, "other", 60) is None

    async def test_fences_grow_over_sweeps_and_clocks_set_back(self, store: Store, clock: Clock) -> None:
        fences = []
        for now in (NOW, NOW, NOW - 3600, NOW + 3600, NOW + 1e6, NOW + 1e6):
            clock.now = now
            lease = await store.lease(KEY, "me", 1)
            assert lease is not None
            fences.append(lease.fence)
            await store.release(lease)
            await store.sweep()
        assert fences == sorted(set(fences))

    async def test_leases_and_items_do_not_meet(self, store: Store) -> None:
        assert await store.lease(KEY, "me", 30)
        assert await store.get(KEY) is None
        assert await everything(store) == []
        await store.put(KEY, {}, expected="absent")
        await store.delete(KEY)
        assert await store.lease(KEY, "other", 30) is None

    @pytest.mark.parametrize(("holder", "seconds"), [("", 1), ("me", 0), ("me", float("inf")), ("me", float("nan"))])
    async def test_leases_no_store_gives(self, store: Store, holder: str, seconds: float) -> None:
        with pytest.raises(ValueError, match="lease"):
            await store.lease(KEY, holder, seconds)

    def test_of_two_processes_one_holds_a_lease(self, place: str, tmp_path: Path) -> None:
        log = tmp_path / "log"
        log.touch()
        processes = [start("hold", place, log, 40) for _ in range(2)]
        for process in processes:
            finish(process)
        lines = [line.split() for line in log.read_text().splitlines()]
        assert len(lines) == 2 * 2 * 40
        for entered, left in zip(lines[::2], lines[1::2], strict=True):
            assert (entered[0], left[0]) == ("in", "out")
            assert entered[1:] == left[1:]
        fences = [int(fence) for _, _, fence in lines[::2]]
        assert fences == sorted(set(fences))

    async def test_a_dead_holders_lease_is_taken_over_after_its_time(
        self, place: str, store: Store, clock: Clock
    ) -> None:
        with start("take", place, 3600) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "taken\n"
            process.kill()
        clock.now = time.time() + 3500
        assert await store.lease(HELD, "me", 30) is None
        clock.now += 200
        assert await store.lease(HELD, "me", 30) is not None

    # --- lasting -----------------------------------------------------------------------------------------------------

    async def test_what_was_written_is_there_for_the_next_process(self, place: str) -> None:
        async with store_on(place) as store:
            version = await store.put(KEY, {"n": 1}, expires_at=NOW + 1)
        async with store_on(place) as store:
            assert await store.get(KEY) == base.Item(KEY, {"n": 1}, version, NOW + 1)

    async def test_two_stores_see_each_others_writes(self, place: str) -> None:
        async with store_on(place) as one, store_on(place) as other:
            for number in range(50):
                await one.put(KEY, {"n": number})
                item = await other.get(KEY)
                assert item is not None
                assert item.value == {"n": number}
                assert await other.incr(KEY, {"n": 1}) == {"n": number + 1}

    async def test_a_closed_store_says_so(self, place: str) -> None:
        store = store_at(place)
        await store.put(KEY, {})
        await asyncio.gather(store.aclose(), store.aclose())
        await store.aclose()
        with pytest.raises(StoreError, match="closed"):
            await store.get(KEY)

    async def test_closing_waits_for_what_is_under_way(self, place: str) -> None:
        store = store_at(place)
        writes = [asyncio.create_task(store.put(Key("partition", f"{n:03}"), {})) for n in range(50)]
        await writes[0]
        await store.aclose()
        outcomes = await asyncio.gather(*writes, return_exceptions=True)
        assert all(isinstance(outcome, int | StoreError) for outcome in outcomes)
        async with store_on(place) as store:
            assert len(await everything(store)) == sum(isinstance(outcome, int) for outcome in outcomes)

    def test_a_process_killed_while_it_writes_loses_nothing_it_was_told_is_there(self, place: str) -> None:
        for acknowledged in (1, 40, 100):
            asyncio.run(self._killed(place, acknowledged))

    async def _killed(self, place: str, acknowledged: int) -> None:
        async with store_on(place) as store:
            for sort in await everything(store, "written", limit=100):
                await store.delete(Key("written", sort))
            await store.delete(COUNTED)
        told: list[int] = []
        with start("write", place) as process:
            assert process.stdout is not None
            while len(told) < acknowledged:
                told.append(int(process.stdout.readline()))
            process.kill()
            told += [int(line) for line in process.stdout if line.endswith("\n")]
        async with store_on(place) as store:
            items = []
            for sort in await everything(store, "written", limit=100):
                item = await store.get(Key("written", sort))
                assert item is not None
                items.append(item)
            assert all(is_whole(item) for item in items)
            there = {number(item.key) for item in items}
            assert set(told) <= there
            assert len(there) <= len(told) + 2  # one to a task
            counted = (await store.incr(COUNTED, {"written": 0}))["written"]
            assert len(told) <= counted <= len(there)
            await store.put(Key("written", "x"), entry(0))

    # --- against a plain model ---------------------------------------------------------------------------------------

    def test_it_is_a_dictionary_with_order_versions_and_time(self, place: str) -> None:
        model.run(place, store_at)
