"""Numbers of requests by minute, hour and day: how they are counted in the store, and read again over a range.

An aggregate is an item of counters to each combination of model, dialect, key and result in a minute, hour or day; what
several processes counted adds up. Of all requests their number, tokens and credits are counted; durations of answers only: a
list of models, or a refusal within a millisecond, would pull every percentile towards nothing.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal, TypeAlias, get_args

from .records import result_of
from .report import Report
from .sketch import Sketch, bucket
from .store.base import Amount, Key, Store, joined, parted

__all__ = ["BY", "RANGES", "By", "Labelling", "Labels", "Total", "amounts_of", "answered", "keys_of", "read"]

By: TypeAlias = Literal["model", "dialect", "key", "status"]
BY: tuple[By, ...] = get_args(By)

_OTHER = "other"
_SECONDS, _FIRST = "s.", "f."
"""Names of buckets begin so: of whole answers, and of first tokens."""

_FAILED = ("4xx", "5xx", "broken")


@dataclass(frozen=True, slots=True)
class Labels:
    """What a request is counted under. `status` is its Result."""

    model: str
    dialect: str
    key: str
    status: str


class Labelling:
    """Labels of reports; the names that callers choose are bounded: past the first `most`, they are "other"."""

    def __init__(self, most: int = 100) -> None:
        self._most = most
        self._known: dict[str, set[str]] = {"model": set(), "key": set()}

    def of(self, report: Report) -> Labels:
        return Labels(
            self._bounded("model", report.model[:100]),
            report.dialect,
            self._bounded("key", report.key),
            result_of(report),
        )

    def _bounded(self, kind: str, name: str) -> str:
        known = self._known[kind]
        if name in known or not name:
            return name
        if len(known) >= self._most:
            return _OTHER
        known.add(name)
        return name


@dataclass(frozen=True, slots=True)
class _Span:
    """A size of aggregates: `partition` and `sort` are formats of its beginning in UTC; `kept` is seconds."""

    name: str
    seconds: int
    partition: str
    sort: str
    kept: int

    def begin(self, at: float) -> int:
        return int(at // self.seconds) * self.seconds

    def key(self, at: float, labels: Labels) -> Key:
        begin, sort = self.places(self.begin(at))
        return Key(begin, joined(sort, labels.model, labels.dialect, labels.key, labels.status))

    def places(self, begin: int) -> tuple[str, str]:
        """The partition, and how `sort` begins in it."""
        moment = datetime.fromtimestamp(begin, UTC)
        return f"stats#{self.name}#{moment.strftime(self.partition)}", moment.strftime(self.sort)


_DAY = 86_400
_MINUTE = _Span("minute", 60, "%Y-%m-%d", "%H:%M", 2 * _DAY)
_HOUR = _Span("hour", 3600, "%Y-%m", "%dT%H", 60 * _DAY)
_DAYS = _Span("day", _DAY, "%Y", "%m-%d", 2 * 366 * _DAY)

RANGES: Mapping[str, tuple[_Span, int]] = {
    "5m": (_MINUTE, 5),
    "1h": (_MINUTE, 60),
    "24h": (_HOUR, 24),
    "30d": (_DAYS, 30),
}
"""Of which aggregates a range is made, and of how many, the current one included."""


def keys_of(at: float, labels: Labels) -> Iterator[tuple[Key, float]]:
    """Where a request of that time is counted, and until when each of these is kept."""
    for span in (_MINUTE, _HOUR, _DAYS):
        yield span.key(at, labels), span.begin(at) + span.seconds + span.kept


def answered(report: Report) -> bool:
    """Whether its duration is one of an answer: one had begun, and the client stayed. Refusals come at once, and would pull
    every percentile towards nothing."""
    return report.first is not None and result_of(report) in ("2xx", "broken")


def amounts_of(report: Report) -> dict[str, Amount]:
    """What one request adds."""
    amounts: dict[str, Amount] = {"count": 1}
    if (usage := report.usage) is not None:
        amounts |= {
            "in": usage.input_tokens,
            "out": usage.output_tokens,
            "cache_read": usage.cache_read_tokens,
            "cache_write": usage.cache_write_tokens,
            "estimated": int(not usage.exact),
        }
    if report.answered.credits is not None:
        amounts["credits"] = report.answered.credits
    if answered(report):
        amounts[f"{_SECONDS}{bucket(report.total)}"] = 1
    if report.first is not None:
        amounts[f"{_FIRST}{bucket(report.first)}"] = 1
    return amounts


@dataclass(slots=True)
class Total:
    """What aggregates add up to."""

    counts: dict[str, float] = field(default_factory=dict)
    seconds: Sketch = field(default_factory=Sketch)
    first: Sketch = field(default_factory=Sketch)

    def add(self, counters: Mapping[str, Any], status: str) -> None:
        for name in _COUNTED:
            if name in counters:
                self.counts[name] = self.counts.get(name, 0) + counters[name]
        if status in _FAILED:
            self.counts["errors"] = self.counts.get("errors", 0) + counters.get("count", 0)
        self.seconds.count(counters, _SECONDS)
        self.first.count(counters, _FIRST)

    def shown(self) -> dict[str, Any]:
        counts = self.counts
        return {
            "count": counts.get("count", 0),
            "errors": counts.get("errors", 0),
            "tokens": {name: counts.get(name, 0) for name in ("in", "out", "cache_read", "cache_write")},
            "estimated": counts.get("estimated", 0),
            "credits": round(counts.get("credits", 0), 6),
            "seconds": _percentiles(self.seconds),
            "first_token": _percentiles(self.first),
        }


_COUNTED = ("count", "in", "out", "cache_read", "cache_write", "estimated", "credits")


def _percentiles(sketch: Sketch) -> dict[str, float | None]:
    found = sketch.percentiles(0.5, 0.95, 0.99)
    return {name: None if value is None else float(f"{value:.6g}") for name, value in zip(_SHARES, found, strict=True)}


_SHARES = ("p50", "p95", "p99")


async def read(store: Store, range_: str, by: By, now: float) -> dict[str, Any]:
    """A range as the page shows it: `total`, `groups` by name with the busiest first, and `series`, a point to each step.
    `before` is the total of as many steps right before these, to compare with.

    Raises:
        StoreError: it cannot be read.
    """
    span, steps = RANGES[range_]
    both = [span.begin(now) - span.seconds * back for back in reversed(range(2 * steps))]
    begins = both[steps:]
    before, total, groups = Total(), Total(), dict[str, Total]()
    totals = {begin: Total() for begin in begins}
    points: dict[int, dict[str, Total]] = {begin: {} for begin in begins}
    async for begin, labels, counters in _aggregates(store, span, both):
        if begin not in points:
            before.add(counters, labels.status)
            continue
        name = getattr(labels, by)
        total.add(counters, labels.status)
        totals[begin].add(counters, labels.status)
        groups.setdefault(name, Total()).add(counters, labels.status)
        points[begin].setdefault(name, Total()).add(counters, labels.status)
    named = sorted(groups.items(), key=lambda group: (-group[1].counts.get("count", 0), group[0]))
    return {
        "range": range_,
        "by": by,
        "step": span.seconds,
        "from": begins[0],
        "to": begins[-1] + span.seconds,
        "total": total.shown(),
        "before": before.shown(),
        "groups": [{"name": name, **group.shown()} for name, group in named],
        "series": [
            {
                "at": begin,
                "total": totals[begin].shown(),
                "groups": {name: each.shown() for name, each in point.items()},
            }
            for begin, point in points.items()
        ],
    }


async def _aggregates(
    store: Store, span: _Span, begins: list[int]
) -> AsyncIterator[tuple[int, Labels, dict[str, Any]]]:
    """(beginning, labels, counters) of every aggregate within these steps."""
    places: dict[str, dict[str, int]] = {}
    for begin in begins:
        partition, sort = span.places(begin)
        places.setdefault(partition, {})[sort] = begin
    for partition, sorts in places.items():
        cursor: str | None = min(sorts)  # names of aggregates are longer, so all of the first step come behind it
        while cursor is not None:
            page = await store.list(partition, after=cursor, limit=500)
            for item in page.items:
                sort, *names = parted(item.key.sort)
                if sort in sorts and len(names) == 4:
                    yield sorts[sort], Labels(*names), item.value
            cursor = page.cursor
