"""Windows, and what is counted in them."""

from __future__ import annotations

import asyncio
import math
import sqlite3
from collections.abc import AsyncIterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.keyed import MIDDAY, Clock

from kiro2chat_core.errors import AllowanceSpent, LimitReached, StoreError
from kiro2chat_core.keys import ADMIN, ApiKey, Limits
from kiro2chat_core.limits import Ledger, Span, Standing, window
from kiro2chat_core.store.base import Key, Store
from kiro2chat_core.store.sqlite import SqliteStore

pytestmark = pytest.mark.anyio
TIMES = st.floats(0, 32503680000 - 1)
"""Until the year 3000."""
SPANS: st.SearchStrategy[Span] = st.sampled_from(["minute", "day", "month"])
LONGEST = {"minute": 60, "day": 86400, "month": 31 * 86400}


@given(SPANS, TIMES)
def test_a_time_lies_in_its_window(span: Span, now: float) -> None:
    this = window(span, now)
    assert 0 < this.ends_at - now <= LONGEST[span]
    assert window(span, math.nextafter(this.ends_at, 0)) == this
    assert window(span, this.ends_at).label > this.label


@given(SPANS, TIMES, TIMES)
def test_two_times_are_in_one_window_if_their_labels_are_the_same(span: Span, one: float, other: float) -> None:
    first, second = sorted((one, other))
    assert (window(span, first) == window(span, second)) == (second < window(span, first).ends_at)


@given(SPANS, TIMES)
def test_windows_are_those_of_the_calendar(span: Span, now: float) -> None:
    label = f"{datetime.fromtimestamp(math.floor(now), UTC):%Y-%m-%dT%H:%M}"
    this = window(span, now)
    assert label.startswith(this.label)
    end = datetime.fromtimestamp(this.ends_at, UTC)
    starts = {"minute": (), "day": (end.hour, end.minute), "month": (end.day - 1, end.hour, end.minute)}
    assert not any((end.second, end.microsecond, *starts[span]))


@pytest.mark.parametrize(
    ("span", "now", "label", "end"),
    [
        ("month", "2028-02-29T23:59:59", "2028-02", "2028-03-01T00:00:00"),
        ("month", "2026-12-31T00:00:00", "2026-12", "2027-01-01T00:00:00"),
        ("day", "2026-12-31T23:59:59", "2026-12-31", "2027-01-01T00:00:00"),
        ("minute", "2026-02-28T23:59:59", "2026-02-28T23:59", "2026-03-01T00:00:00"),
    ],
)
def test_ends(span: Span, now: str, label: str, end: str) -> None:
    this = window(span, datetime.fromisoformat(f"{now}+00:00").timestamp() + 0.999999)
    assert (this.label, f"{datetime.fromtimestamp(this.ends_at, UTC):%Y-%m-%dT%H:%M:%S}") == (label, end)


# --- the ledger ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def store(tmp_path: Path, clock: Clock) -> AsyncIterator[Store]:
    store = SqliteStore(tmp_path / "store.sqlite3", clock=clock)
    yield store
    await store.aclose()


@pytest.fixture
def ledger(store: Store, clock: Clock) -> Ledger:
    return Ledger(store, clock)


def key(requests: int | None = None, tokens: int | None = None, credits: float | None = None, id: str = "id") -> ApiKey:
    return ApiKey(id, "name", limits=Limits(requests, tokens, credits))


async def admits(ledger: Ledger, key: ApiKey) -> bool:
    try:
        (await ledger.admit(key)).check()
    except LimitReached:
        return False
    return True


async def test_requests_at_once_are_admitted_up_to_the_limit(ledger: Ledger) -> None:
    admitted = await asyncio.gather(*(admits(ledger, key(7)) for _ in range(30)))
    assert admitted.count(True) == 7


async def test_a_new_minute_begins_anew(ledger: Ledger, clock: Clock) -> None:
    assert [await admits(ledger, key(1)) for _ in range(2)] == [True, False]
    clock.now += 59.999
    assert not await admits(ledger, key(1))
    clock.now = MIDDAY + 60
    assert await admits(ledger, key(1))


async def test_keys_do_not_use_each_others_limits(ledger: Ledger) -> None:
    assert [await admits(ledger, key(1, id=id)) for id in ("a", "b", "a#", "a%23")] == [True] * 4


async def test_what_was_spent_counts_for_the_very_next_request(ledger: Ledger) -> None:
    for spent, admitted in ((99, True), (1, False)):
        ledger.add(key(tokens=100), spent, 0.5)
        assert await admits(ledger, key(tokens=100)) == admitted
    assert await ledger.used(key()) == (100, 1.0)


async def test_credits_are_of_the_month(ledger: Ledger, clock: Clock) -> None:
    ledger.add(key(credits=1), 5, 1.0)
    assert not await admits(ledger, key(credits=1))
    clock.now += 86400
    assert not await admits(ledger, key(credits=1))
    assert await ledger.used(key()) == (0, 1.0)
    clock.now += 8 * 86400
    assert await admits(ledger, key(credits=1))


async def test_a_request_refused_for_its_tokens_does_not_use_up_the_minute(ledger: Ledger) -> None:
    ledger.add(key(), 100, 0)
    standing = await ledger.admit(key(5, tokens=100))
    assert [(gauge.what, gauge.used) for gauge in standing.gauges] == [("requests", 0), ("tokens", 100)]


@pytest.mark.parametrize(
    ("limits", "kind", "seconds", "told"),
    [
        ((1, None, None), LimitReached, 60, "1 requests per minute is reached; it begins anew in 60 seconds"),
        ((None, 1000, None), AllowanceSpent, 43200, "1,000 tokens per day is reached; it begins anew in 12 hours"),
        (
            (None, None, 2.5),
            AllowanceSpent,
            7 * 86400 + 43200,
            "2.5 credits per month is reached; it begins anew in 8 days",
        ),
        ((1, 1000, None), AllowanceSpent, 43200, "1,000 tokens per day"),
    ],
)
async def test_what_is_said(
    ledger: Ledger,
    limits: tuple[int | None, int | None, float | None],
    kind: type[LimitReached],
    seconds: int,
    told: str,
) -> None:
    limited = key(*limits)
    await ledger.admit(limited)
    ledger.add(limited, 1000, 2.5)
    with pytest.raises(LimitReached) as caught:
        (await ledger.admit(limited)).check()
    assert type(caught.value) is kind
    assert (caught.value.status, caught.value.code, caught.value.retry_after) == (429, "rate_limit_exceeded", seconds)
    assert caught.value.retryable == (kind is LimitReached)
    assert told in caught.value.message


async def test_without_limits_nothing_is_asked_of_the_store(tmp_path: Path) -> None:
    path = tmp_path / "store.sqlite3"
    ledger = Ledger(SqliteStore(path))
    for free in (key(), ADMIN):
        assert (await ledger.admit(free)).gauges == ()
    ledger.add(ADMIN, 5, 5)
    await ledger.aclose()
    assert not path.exists()
    Standing(0).check()


@pytest.mark.parametrize("credits", [math.nan, math.inf, -1.0])
async def test_credits_that_make_no_sense_are_none(ledger: Ledger, credits: float) -> None:
    ledger.add(key(), -5, credits)
    await ledger.aclose()
    assert await ledger.used(key()) == (0, 0)


async def test_counts_expire_after_their_window(store: Store, ledger: Ledger, clock: Clock) -> None:
    await ledger.admit(key(1))
    ledger.add(key(1), 1, 1)
    await ledger.aclose()
    assert [item.key.sort for item in (await store.list("use#id")).items] == [
        "day#2026-11-23", "minute#2026-11-23T12:00", "month#2026-11",
    ]  # fmt: skip
    clock.now += 600
    assert [item.key.sort for item in (await store.list("use#id")).items] == ["day#2026-11-23", "month#2026-11"]


async def test_a_store_that_fails_admits_nobody_and_stops_nobody(store: Store, ledger: Ledger) -> None:
    await store.aclose()
    with pytest.raises(StoreError, match="cannot be checked at the moment"):
        await ledger.admit(key(1))
    ledger.add(key(1), 5, 5)
    await ledger.aclose()


async def test_a_client_that_left_is_counted(store: Store, ledger: Ledger) -> None:
    """`add` is called where the task of the answer is being cancelled."""

    async def answering() -> None:
        try:
            await asyncio.sleep(60)
        finally:
            ledger.add(key(), 7, 0.0)

    task = asyncio.create_task(answering())
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait({task})
    await ledger.aclose()
    item = await store.get(Key("use#id", "day#2026-11-23"))
    assert item is not None
    assert item.value == {"requests": 1, "tokens": 7, "credits": 0.0}


async def test_what_the_store_does_not_take_counts_and_is_written_with_what_it_takes_next(tmp_path: Path) -> None:
    clock, path = Clock(), tmp_path / "store.sqlite3"
    store = SqliteStore(path, clock=clock, patience=0.1)
    ledger, limited, other = Ledger(store, clock), key(tokens=100, credits=9), key(id="other")
    await store.open()
    with closing(sqlite3.connect(path, isolation_level=None)) as held:
        held.execute("BEGIN IMMEDIATE")
        for admitted in (True, False):
            ledger.add(limited, 50, 1.5)
            assert await admits(ledger, limited) == admitted
        assert await ledger.used(limited) == (100, 3.0)
        held.execute("ROLLBACK")
    assert await Ledger(store, clock).used(limited) == (0, 0)
    ledger.add(other, 7, 0.0)
    await ledger.aclose()
    assert await Ledger(store, clock).used(limited) == (100, 3.0)
    assert await Ledger(store, clock).used(other) == (7, 0.0)
    item = await store.get(Key("use#id", "day#2026-11-23"))
    assert item is not None
    assert item.value["requests"] == 2
    await store.aclose()


async def test_a_request_whose_turn_has_come_is_looked_at_again(ledger: Ledger) -> None:
    limited = key(5, tokens=100)
    standing = await ledger.admit(limited)
    (await ledger.look(limited, standing)).check()
    ledger.add(limited, 100, 0)
    later = await ledger.look(limited, standing)
    assert [(gauge.what, gauge.used) for gauge in later.gauges] == [("requests", 1), ("tokens", 100)]
    with pytest.raises(AllowanceSpent):
        later.check()
