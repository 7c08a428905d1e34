"""What the page reads of the journal, as types; `wire.py` has the others."""

from __future__ import annotations

from typing import TypedDict

__all__ = ["STATS_TYPES"]

TokenTotals = TypedDict("TokenTotals", {"in": int, "out": int, "cache_read": int, "cache_write": int})


class Percentiles(TypedDict):
    p50: float | None
    p95: float | None
    p99: float | None


class StatsTotal(TypedDict):
    count: int
    errors: int
    tokens: TokenTotals
    estimated: int
    credits: float
    seconds: Percentiles
    first_token: Percentiles


class StatsGroup(StatsTotal):
    name: str


class StatsPoint(TypedDict):
    at: int
    total: StatsTotal
    groups: dict[str, StatsTotal]


Stats = TypedDict(
    "Stats",
    {
        "range": str,
        "by": str,
        "step": int,
        "from": int,
        "to": int,
        "total": StatsTotal,
        "before": StatsTotal,
        "groups": list[StatsGroup],
        "series": list[StatsPoint],
    },
)
"""GET /api/stats"""


RecordTokens = TypedDict(
    "RecordTokens",
    {"in": int, "out": int, "reasoning": int, "cache_read": int, "cache_write": int, "exact": bool},
)


class RequestRecord(TypedDict):
    """A request that has ended; an event of GET /api/requests/live."""

    id: str
    at: float
    path: str
    dialect: str
    model: str
    asked: str
    key: str
    key_name: str
    status: int
    result: str
    error: str | None
    outcome: str
    stream: bool
    tokens: RecordTokens | None
    credits: float | None
    first_token: float | None
    seconds: float
    received: int
    sent: int
    attempts: int
    repairs: list[str]
    ignored: list[str]
    dropped: list[str]
    backend_id: str


class RequestsFound(TypedDict):
    """GET /api/requests"""

    requests: list[RequestRecord]
    next: str | None


STATS_TYPES: tuple[type, ...] = (
    TokenTotals, Percentiles, StatsTotal, StatsGroup, StatsPoint, Stats, RecordTokens, RequestRecord, RequestsFound,
)  # fmt: skip
