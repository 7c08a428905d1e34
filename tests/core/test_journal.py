"""The journal against a real store, in one process: what it writes, what it drops, and that it never stands in the way."""

from __future__ import annotations

import asyncio
import logging
import time
from pathlib import Path
from typing import Any

import pytest

from kiro2chat_core import journal as journal_module
from kiro2chat_core import records as records_module
from kiro2chat_core.errors import BackendTimeout, LoginExpired, StoreError, Unauthorized
from kiro2chat_core.journal import Journal
from kiro2chat_core.records import Record, Records, Wanted, result_of
from kiro2chat_core.report import Answered, Report
from kiro2chat_core.settings import Settings
from kiro2chat_core.stats import RANGES, Labelling, read
from kiro2chat_core.store.base import Key
from kiro2chat_core.store.sqlite import SqliteStore
from kiro2chat_core.turns import Usage

NOW = 1_795_423_188.5  # 2026-11-23T08:39:48Z
pytestmark = pytest.mark.anyio


def report(number: int = 0, **members: Any) -> Report:
    made: dict[str, Any] = {
        "id": f"msg_{number}",
        "dialect": "messages",
        "path": "/v1/messages",
        "asked": "sonnet",
        "model": "claude-sonnet-4.5",
        "status": 200,
        "outcome": "end",
        "began_at": NOW,
        "first": 0.5,
        "total": 1.5,
        "usage": Usage(100, 10, 3, 20, 5, exact=True),
        "answered": Answered("backend", 0.25, attempts=1),
    }
    return Report(**made | members)


class Clocked:
    """A journal in a file at a time of the test's."""

    def __init__(self, folder: Path, **settings: Any) -> None:
        self.now = NOW
        self.path = folder / "store.sqlite3"
        self.store = SqliteStore(self.path, clock=lambda: self.now, patience=0.2)
        self.journal = Journal(self.store, Settings(**settings), lambda: self.now)
        self.records = Records(self.store, 30)

    async def found(self, limit: int = 1000, before: str | None = None, **wanted: str) -> list[Record]:
        await self.journal.flush(5)
        found, _cursor = await self.records.find(Wanted(**wanted), now=self.now, limit=limit, before=before)
        return found

    async def total(self, range_: str) -> dict[str, Any]:
        await self.journal.flush(5)
        total: dict[str, Any] = (await read(self.store, range_, "model", self.now))["total"]
        return total

    async def aclose(self) -> None:
        await self.journal.aclose()
        await self.store.aclose()


def empty(folder: Path) -> None:
    for file in folder.iterdir():
        file.unlink()


async def test_totals_of_every_range_are_the_sum_of_the_records(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    for number in range(250):
        this.journal.note(report(number, total=number + 1.0, first=(number + 1) / 100))
    this.journal.note(report(250, status=400, outcome="", first=None, usage=None, answered=Answered()))
    for range_ in RANGES:
        total = await this.total(range_)
        assert (total["count"], total["errors"], total["credits"]) == (251, 1, 62.5)
        assert total["tokens"] == {"in": 25_000, "out": 2500, "cache_read": 5000, "cache_write": 1250}
        assert [*total["seconds"].values()] == pytest.approx([125, 238, 248], rel=0.011)
        assert [*total["first_token"].values()] == pytest.approx([1.25, 2.38, 2.48], rel=0.011)
    assert len(await this.found()) == 251
    await this.aclose()


async def test_groups_and_series_add_up_to_the_total(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    for back, (model, key, status) in enumerate(
        [("a#b%", "k1", 200), ("b", "k1", 500), ("a#b%", "", 200), ("", "", 401)]
    ):
        this.journal.note(report(back, began_at=NOW - 60 * back, model=model, key=key, status=status))
    await this.journal.flush(5)
    for by, names in {
        "model": ["a#b%", "", "b"], "key": ["", "k1"], "dialect": ["messages"], "status": ["2xx", "4xx", "5xx"]
    }.items():  # fmt: skip
        told = await read(this.store, "5m", by, NOW)  # type: ignore[arg-type]
        assert [group["name"] for group in told["groups"]] == names
        assert sum(group["count"] for group in told["groups"]) == told["total"]["count"] == 4
        points = [sum(group["count"] for group in point["groups"].values()) for point in told["series"]]
        assert points == [point["total"]["count"] for point in told["series"]] == [0, 1, 1, 1, 1]
        assert [point["at"] for point in told["series"]] == list(range(told["from"], told["to"], 60))
    await this.aclose()


async def test_ranges_go_over_midnight_months_and_years(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    new_year = 1_798_761_600.0  # 2027-01-01T00:00:00Z
    for number, before in enumerate([0, 59, 61, 3599, 7200, 86_400 * 20]):
        this.journal.note(report(number, began_at=new_year + 30 - before))
    this.now = new_year + 30
    assert [(await this.total(range_))["count"] for range_ in RANGES] == [3, 3, 5, 6]
    assert [record["id"] for record in await this.found()] == [f"msg_{number}" for number in range(6)]
    await this.aclose()


async def test_the_window_before_is_told_beside_the_range(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    for number, minutes in enumerate([0, 4, 5, 7, 9, 10]):
        status = 500 if minutes == 7 else 200
        this.journal.note(report(number, began_at=NOW - 60 * minutes, status=status))
    await this.journal.flush(5)
    told = await read(this.store, "5m", "model", NOW)
    assert (told["total"]["count"], told["total"]["errors"]) == (2, 0)
    assert (told["before"]["count"], told["before"]["errors"]) == (3, 1)
    assert len(told["series"]) == 5
    await this.aclose()


async def test_what_is_kept_goes_in_its_time(tmp_path: Path) -> None:
    this = Clocked(tmp_path, journal_days=3)
    this.journal.note(report())
    await this.journal.flush(5)
    for days, records, counts in [(0, 1, [1, 1, 1, 1]), (4, 0, [0, 0, 0, 1]), (29, 0, [0, 0, 0, 1])]:
        this.now = NOW + days * 86_400
        assert len(await this.found()) == records
        assert [(await this.total(range_))["count"] for range_ in RANGES] == counts
    this.now = NOW + 61 * 86_400
    await this.store.sweep()
    day = await this.store.list("stats#day#2026")
    assert len(day.items) == 1
    assert not (await this.store.list("stats#hour#2026-11")).items
    this.now = NOW + 3 * 366 * 86_400
    assert not (await this.store.list("stats#day#2026")).items
    await this.aclose()


async def test_pages_meet_and_filters_filter(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    for number in range(25):
        key = "k1" if number % 5 == 0 else ""
        this.journal.note(report(number, began_at=NOW - number * 40_000, key=key, status=200 + number % 2 * 300))
    await this.journal.flush(5)
    seen: list[str] = []
    cursor: str | None = None
    while True:
        page, cursor = await this.records.find(Wanted(), now=NOW, limit=7, before=cursor)
        seen += [record["id"] for record in page]
        if cursor is None:
            break
    assert seen == [f"msg_{number}" for number in range(25)]
    assert len(await this.found(key="k1")) == 5
    assert len(await this.found(status="500")) == len(await this.found(status="5xx")) == 12
    assert len(await this.found(model="sonnet")) == len(await this.found(model="claude-sonnet-4.5")) == 25
    assert await this.found(dialect="chat") == []
    await this.aclose()


async def test_a_search_stops_and_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(records_module, "_SCANNED", 10)
    this = Clocked(tmp_path)
    for number in range(35):
        this.journal.note(report(number, began_at=NOW - number, model="rare" if number == 33 else "common"))
    await this.journal.flush(5)
    found: list[str] = []
    cursor: str | None = None
    for _ in range(4):
        page, cursor = await this.records.find(Wanted(model="rare"), now=NOW, limit=5, before=cursor)
        found += [record["id"] for record in page]
    assert (found, cursor) == (["msg_33"], None)
    await this.aclose()


async def test_many_aggregates_are_read_page_by_page(tmp_path: Path) -> None:
    this = Clocked(tmp_path, journal_days=0)
    for number in range(600):
        this.journal.note(report(number, began_at=NOW - number % 20 * 60, model=f"m{number % 30}"))
    assert (await this.total("1h"))["count"] == 600
    told = await read(this.store, "1h", "model", NOW)
    assert {group["count"] for group in told["groups"]} == {20}
    await this.aclose()


async def test_no_days_keep_totals_only_and_refused_keys_are_no_records(tmp_path: Path) -> None:
    this = Clocked(tmp_path, journal_days=0)
    this.journal.note(report())
    assert (await this.found(), (await this.total("1h"))["count"]) == ([], 1)
    await this.aclose()
    (tmp_path / "other").mkdir()
    other = Clocked(tmp_path / "other")
    other.journal.note(report(1, status=401, outcome="", error=Unauthorized("The API key is wrong.")))
    other.journal.note(report(2, status=401, outcome="", error=LoginExpired("Log in anew.")))
    (record,) = await other.found()
    assert (record["id"], record["error"]) == ("msg_2", "login_expired")
    assert (await other.total("1h"))["errors"] == 2
    await other.aclose()


async def test_a_lost_store_drops_and_counts_and_says_so_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    this = Clocked(tmp_path / "a" / "file")
    (tmp_path / "a").write_text("no folder")
    with caplog.at_level(logging.WARNING):
        for number in range(20):
            this.journal.note(report(number))
            if number % 10 == 0:
                await this.journal.flush(5)
        await this.journal.flush(5)
    assert this.journal.dropped == 20
    assert len(caplog.records) == 1
    assert str(this.path) in caplog.text
    await this.aclose()


async def test_a_store_that_was_deleted_is_made_anew(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    this.journal.note(report(1))
    assert len(await this.found()) == 1
    empty(tmp_path)
    this.journal.note(report(2))
    await this.journal.flush(5)
    assert [record["id"] for record in await this.found()] == ["msg_2"]
    assert this.journal.dropped == 0
    await this.aclose()


async def test_noting_never_waits_and_a_full_queue_drops(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_QUEUE", 50)
    this = Clocked(tmp_path)
    for number in range(80):
        this.journal.note(report(number))  # the loop does not run meanwhile
    assert this.journal.dropped == 30
    assert len(await this.found()) == (await this.total("1h"))["count"] == 50
    await this.aclose()


async def test_closing_writes_what_waits_and_later_notes_are_dropped(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    for number in range(700):
        this.journal.note(report(number))
    await this.journal.aclose()
    await this.journal.aclose()
    this.journal.note(report(701))
    assert (this.journal.dropped, len(await this.found())) == (1, 700)
    await this.store.aclose()


async def test_closing_does_not_wait_for_a_store_that_is_held(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal_module, "_CLOSING", 0.2)
    this = Clocked(tmp_path)

    async def never(*_given: object, **_more: object) -> int:
        await asyncio.sleep(60)
        raise StoreError("never")

    monkeypatch.setattr(this.store, "put", never)
    for number in range(3):
        this.journal.note(report(number))
    began = time.monotonic()
    await this.aclose()
    assert time.monotonic() - began < 5
    assert this.journal.dropped == 3


async def test_one_bad_report_harms_no_other(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    this.journal.note(report(1))
    this.journal.note(report(2, answered=Answered(credits=float("nan"))))
    this.journal.note(report(3, total=float("nan"), model="m" * 5000, asked="\N{SNOWMAN}" * 5000))
    this.journal.note(report(4, usage=object()))
    this.journal.note(report(5))
    found = await this.found()
    assert {record["id"] for record in found} >= {"msg_1", "msg_5"}
    assert this.journal.dropped >= 2
    await this.aclose()


async def test_a_listener_hears_of_all_and_a_slow_one_knows_what_it_missed(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    with this.journal.listening() as listener:
        for number in range(205):
            this.journal.note(report(number))
        heard = await listener.records()
        assert (len(heard), listener.missed, heard[-1]["id"]) == (200, 5, "msg_204")
    this.journal.note(report(206))
    await this.aclose()


async def test_names_beyond_the_first_hundred_are_other(tmp_path: Path) -> None:
    labelling = Labelling(3)
    names = [labelling.of(report(model=f"m{number}")).model for number in (1, 2, 3, 4, 1, 5)]
    assert names == ["m1", "m2", "m3", "other", "m1", "other"]


@pytest.mark.parametrize(
    ("status", "outcome", "error", "expected"),
    [
        (200, "end", None, "2xx"),
        (200, "", None, "2xx"),
        (200, "broken off", BackendTimeout("silence"), "broken"),
        (200, "broken off", None, "left"),
        (0, "broken off", None, "left"),
        (499, "", None, "left"),
        (404, "", None, "4xx"),
        (529, "broken off", BackendTimeout("silence"), "5xx"),
    ],
)
async def test_what_became_of_a_request(status: int, outcome: str, error: Any, expected: str) -> None:
    assert result_of(report(status=status, outcome=outcome, error=error)) == expected


async def test_names_in_repairs_are_left_out(tmp_path: Path) -> None:
    this = Clocked(tmp_path)
    repairs = ("the tool 'my secret tool' is sent as 't_1'", 'the tool "it\'s" of the history was declared')
    this.journal.note(report(repairs=repairs, ignored=tuple(f"field{n}" for n in range(100))))
    (record,) = await this.found()
    assert record["repairs"] == ["the tool … is sent as …", "the tool … of the history was declared"]
    assert len(record["ignored"]) == 20
    item = await this.store.get(Key("requests#2026-11-23", "1795423188500#msg_0"))
    assert item is not None
    assert item.value == record
    await this.aclose()
