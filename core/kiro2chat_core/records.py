"""A request on record: what is kept of its Report as an item of the store, and how records are found again.

No word of what was said is in a record: names of models, fields and dropped tools are cut, names within repairs are left out,
and of an error there is its code only. What was said lies beside it where it is kept at all, so that lists stay small.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, TypeAlias, get_args

from .ids import made_at, new_id
from .report import Report
from .store.base import Item, Key, Store, joined

__all__ = [
    "CURSOR",
    "RESULTS",
    "Record",
    "Records",
    "Result",
    "Wanted",
    "key_of",
    "record_of",
    "result_of",
    "said_key_of",
]

Record: TypeAlias = dict[str, Any]
"""A JSON object; README.md describes its members."""

Result: TypeAlias = Literal["1xx", "2xx", "3xx", "4xx", "5xx", "broken", "left"]
"""What became of a request: the class of its status; an answer that an error broke off; a client that did not wait."""

RESULTS: tuple[Result, ...] = get_args(Result)

CURSOR = re.compile(r"\d{13}~[\w-]{1,200}", re.ASCII)
"""What a cursor looks like: it may stand in an address as it is."""

_NAME, _NAMES = 100, 20
"""Characters of a name, and names in a list, that are kept."""

_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")

_SCANNED = 10_000
"""Records that one search looks at before it stops, with a cursor to go on from."""

_PAGE = 500

_SKEW = 2.0
"""Seconds that a clock may have been set back between a request's coming in and its id."""


def result_of(report: Report) -> Result:
    if report.status in (0, 499) or (report.status < 400 and report.error is None and report.outcome == _UNFINISHED):
        return "left"
    if report.status < 400 and report.error is not None:
        return "broken"
    return _CLASSES.get(report.status // 100, "5xx")


_UNFINISHED = "broken off"
_CLASSES: Mapping[int, Result] = {1: "1xx", 2: "2xx", 3: "3xx", 4: "4xx", 5: "5xx"}


def record_of(report: Report) -> Record:
    usage, answered = report.usage, report.answered
    return {
        "id": report.id[:_NAME] or new_id("req_"),
        "at": round(report.began_at, 3),
        "path": report.path,
        "dialect": report.dialect,
        "model": report.model[:_NAME],
        "asked": report.asked[:_NAME],
        "key": report.key,
        "key_name": report.key_name[:_NAME],
        "status": report.status,
        "result": result_of(report),
        "error": None if report.error is None else report.error.code,
        "outcome": report.outcome,
        "stream": report.stream,
        "tokens": None
        if usage is None
        else {
            "in": usage.input_tokens,
            "out": usage.output_tokens,
            "reasoning": usage.reasoning_tokens,
            "cache_read": usage.cache_read_tokens,
            "cache_write": usage.cache_write_tokens,
            "exact": usage.exact,
        },
        "credits": answered.credits,
        "first_token": None if report.first is None else round(report.first, 4),
        "seconds": round(report.total, 4),
        "received": report.received,
        "sent": report.sent,
        "attempts": answered.attempts,
        "repairs": _cut(_QUOTED.sub("…", repair) for repair in report.repairs),
        "ignored": _cut(report.ignored),
        "dropped": _cut(answered.dropped),
        "backend_id": answered.request_id[:_NAME],
    }


def _cut(names: Any) -> list[str]:
    return [name[:_NAME] for name in dict.fromkeys(names)][:_NAMES]


def key_of(record: Record) -> Key:
    """Its place: a partition for each day in UTC, in it by millisecond."""
    return _place("requests", record)


def said_key_of(record: Record) -> Key:
    """Where lies what was said in it."""
    return _place("said", record)


def _place(kind: str, record: Record) -> Key:
    milliseconds = round(record["at"] * 1000)
    return Key(f"{kind}#{_day(milliseconds):%Y-%m-%d}", joined(f"{milliseconds:013d}", record["id"]))


def _day(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What records are looked for; None is any. `status` is a number or a Result, `model` either of its names, `key` the id or
    name of one."""

    model: str | None = None
    status: str | None = None
    key: str | None = None
    dialect: str | None = None

    def fits(self, record: Record) -> bool:
        return (
            (self.model is None or self.model in (record["model"], record["asked"]))
            and (self.status is None or self.status in (str(record["status"]), record["result"]))
            and (self.key is None or self.key in (record["key"], record.get("key_name")))
            and (self.dialect is None or self.dialect == record["dialect"])
        )


@dataclass(frozen=True, slots=True)
class Records:
    """Records of a store, of the last `days`."""

    store: Store
    days: int

    async def find(
        self, wanted: Wanted, *, now: float, limit: int, before: str | None = None
    ) -> tuple[list[Record], str | None]:
        """Up to `limit` records, newest first, older than the cursor `before`; and the cursor for the rest.

        There may be a cursor and fewer records than the limit: a search stops after some thousand records.

        Raises:
            StoreError: they cannot be read.
        """
        found: list[Record] = []
        scanned = 0
        async for item in self._items(now, before):
            scanned += 1
            if wanted.fits(item.value):
                found.append(item.value)
            if len(found) == limit or scanned == _SCANNED:
                return found, item.key.sort.replace("#", "~", 1)
        return found, None

    async def get(self, id: str, *, now: float) -> Record | None:
        """The record of that id. An id of ours was made soon after its request came in, and it is looked for from then on
        backwards; any other among the newest.

        Raises:
            StoreError: it cannot be read.
        """
        born = made_at(id)
        known = born is not None and now - (self.days + 2) * 86_400 < born < now + 86_400
        before = f"{round((born + _SKEW) * 1000):013d}~" if born is not None and known else None
        scanned = 0
        async for item in self._items(now, before):
            scanned += 1
            if item.value["id"] == id:
                return item.value
            if scanned == _SCANNED:
                break
        return None

    async def said(self, record: Record) -> dict[str, Any] | None:
        """What was asked and answered in it; None where that was not kept.

        Raises:
            StoreError: it cannot be read.
        """
        item = await self.store.get(said_key_of(record))
        return None if item is None else item.value

    async def _items(self, now: float, before: str | None) -> AsyncIterator[Item]:
        latest = _day(round(now * 1000)) + timedelta(days=1)  # another machine's clock may be ahead
        earliest = latest - timedelta(days=self.days + 2)
        day = latest if before is None else min(latest, _day(int(before[:13])))
        after = None if before is None else before.replace("~", "#", 1)
        while day >= earliest:
            cursor, more = after, True
            while more:
                page = await self.store.list(f"requests#{day:%Y-%m-%d}", after=cursor, limit=_PAGE, newest_first=True)
                for item in page.items:
                    yield item
                cursor = page.cursor
                more = cursor is not None
            day, after = day - timedelta(days=1), None
