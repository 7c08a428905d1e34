"""How much a key has used of its limits, counted in the store for all processes together.

In the store: partition `use#ID`, sort `minute#2026-11-23T07:54`, `day#2026-11-23` or `month#2026-11` (UTC), each a set of
counters that expires after its window. A request is counted when it comes; tokens and credits when it has been answered, so
answers under way may go beyond a limit, but none begins beyond it: `look` is for the moment when a request's turn has come.
Where Kiro did not say what was used it is our estimate (`Report`): a client that leaves early does not get round a limit. What
the store does not take is owed: it counts here, and is written with what it takes next.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Literal, TypeAlias

from .errors import AllowanceSpent, LimitReached, StoreError
from .keys import ADMIN, ApiKey, reaching
from .store.base import Amount, Key, Store, joined

__all__ = ["Gauge", "Ledger", "Span", "Standing", "Window", "window"]

logger = logging.getLogger(__name__)

Span: TypeAlias = Literal["minute", "day", "month"]

_LABELS: dict[Span, str] = {"minute": "%Y-%m-%dT%H:%M", "day": "%Y-%m-%d", "month": "%Y-%m"}

_KEPT = 300.0
"""Seconds that counts outlive their window: clocks of several machines differ."""


@dataclass(frozen=True, slots=True)
class Window:
    """A UTC minute, day or month. `ends_at` is the first second after it, since 1970."""

    span: Span
    label: str
    ends_at: float


def window(span: Span, now: float) -> Window:
    """The one that `now` lies in."""
    at = datetime.fromtimestamp(math.floor(now), UTC)  # it would round up
    if span == "minute":
        end = at.replace(second=0) + timedelta(minutes=1)
    elif span == "day":
        end = at.replace(hour=0, minute=0, second=0) + timedelta(days=1)
    else:
        end = (at.replace(day=1, hour=0, minute=0, second=0) + timedelta(days=32)).replace(day=1)
    return Window(span, f"{at:{_LABELS[span]}}", end.timestamp())


@dataclass(frozen=True, slots=True)
class Gauge:
    """One limit as it stood when a request came. `used` has that request in it, where requests are counted."""

    what: Literal["requests", "tokens", "credits"]
    limit: Amount
    used: Amount
    window: Window

    @property
    def left(self) -> Amount:
        return max(0, self.limit - self.used)

    @property
    def is_over(self) -> bool:
        return self.used > self.limit if self.what == "requests" else self.used >= self.limit


@dataclass(frozen=True, slots=True)
class Standing:
    """All limits of a key, at `now`."""

    now: float
    gauges: tuple[Gauge, ...] = ()

    def check(self) -> None:
        """Raises LimitReached, with the time after which all limits are kept again."""
        over = [gauge for gauge in self.gauges if gauge.is_over]
        if not over:
            return
        last = max(over, key=lambda gauge: gauge.window.ends_at)
        kind = LimitReached if last.window.span == "minute" else AllowanceSpent
        seconds = max(1, math.ceil(last.window.ends_at - self.now))
        raise kind(
            f"This API key's limit of {last.limit:,} {last.what} per {last.window.span} is reached;"
            f" it begins anew in {_in_words(seconds)}.",
            retry_after=seconds,
        )


class Ledger:
    """Counts in a store. Safe to use from many tasks of one loop."""

    def __init__(self, store: Store, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._clock = clock
        self._owed: dict[str, dict[Window, dict[str, Amount]]] = {}
        """By the ids of keys: what is not in the store yet."""
        self._paying: dict[str, set[asyncio.Task[None]]] = {}

    async def admit(self, key: ApiKey) -> Standing:
        """Count a request. Whether it may go on, `Standing.check` says. A key without limits costs nothing.

        Raises:
            StoreError: without a word of where the store is.
        """
        now, limits = self._clock(), key.limits
        with reaching():
            spent = await self._budgets(key, now)
            if limits.requests_per_minute is None:
                return Standing(now, spent)
            this = window("minute", now)
            if any(gauge.is_over for gauge in spent):
                requests = await self._spent(key, "requests", limits.requests_per_minute, this)
            else:
                counted = await self._incr(key.id, this, {"requests": 1})
                requests = Gauge("requests", limits.requests_per_minute, counted["requests"], this)
        return Standing(now, (requests, *spent))

    async def look(self, key: ApiKey, standing: Standing) -> Standing:
        """How a request that was admitted stands by now: others may have used up the key's tokens and credits meanwhile.

        Raises:
            StoreError: without a word of where the store is.
        """
        now = self._clock()
        requests = (gauge for gauge in standing.gauges if gauge.what == "requests")  # it has been counted
        with reaching():
            return replace(standing, now=now, gauges=(*requests, *await self._budgets(key, now)))

    def add(self, key: ApiKey, tokens: int, credits: float) -> None:
        """Count what an answer used, beside the answer: a slow store does not delay its end, nor does a client that left
        prevent it."""
        if key is ADMIN:
            return
        credits = max(0.0, credits) if math.isfinite(credits) else 0.0
        now, amounts = self._clock(), {"requests": 1, "tokens": max(0, tokens), "credits": credits}
        for span in ("day", "month"):
            self._owe(key.id, window(span, now), amounts)
        self._pay(key.id)

    async def used(self, key: ApiKey) -> tuple[int, float]:
        """(tokens of this day, credits of this month)."""
        now = self._clock()
        tokens = await self._spent(key, "tokens", 0, window("day", now))
        credits = await self._spent(key, "credits", 0, window("month", now))
        return int(tokens.used), float(credits.used)

    async def aclose(self) -> None:
        """Wait for what is still to be counted; what is owed is tried once more."""
        for id in tuple(self._owed):
            self._pay(id)
        while paying := {task for tasks in self._paying.values() for task in tasks}:
            await asyncio.wait(paying)

    async def _budgets(self, key: ApiKey, now: float) -> tuple[Gauge, ...]:
        """Tokens and credits, as far as they are limited."""
        limits, spent = key.limits, list[Gauge]()
        if limits.tokens_per_day is None and limits.credits_per_month is None:
            return ()
        if paying := self._paying.get(key.id):
            await asyncio.wait(set(paying))  # what this process knows counts
        if limits.tokens_per_day is not None:
            spent.append(await self._spent(key, "tokens", limits.tokens_per_day, window("day", now)))
        if limits.credits_per_month is not None:
            spent.append(await self._spent(key, "credits", limits.credits_per_month, window("month", now)))
        return tuple(spent)

    async def _spent(
        self, key: ApiKey, what: Literal["requests", "tokens", "credits"], limit: Amount, this: Window
    ) -> Gauge:
        item = await self._store.get(_place(key.id, this))
        owed = self._owed.get(key.id, {}).get(this, {})
        return Gauge(what, limit, (item.value.get(what, 0) if item else 0) + owed.get(what, 0), this)

    async def _incr(self, id: str, this: Window, amounts: Mapping[str, Amount]) -> dict[str, Amount]:
        return await self._store.incr(_place(id, this), amounts, expires_at=this.ends_at + _KEPT)

    # --- what is owed ------------------------------------------------------------------------------------------------

    def _owe(self, id: str, this: Window, amounts: Mapping[str, Amount]) -> None:
        owed = self._owed.setdefault(id, {}).setdefault(this, {})
        owed |= {name: owed.get(name, 0) + amount for name, amount in amounts.items()}

    def _pay(self, id: str) -> None:
        """Write what is owed for a key, in a task of its own."""
        task = asyncio.create_task(self._paid(id))
        self._paying.setdefault(id, set()).add(task)
        task.add_done_callback(lambda done: self._ended(id, done))

    async def _paid(self, id: str) -> None:
        """It is not counted twice: what is being written is owed by nobody, and whoever is admitted waits for it."""
        owed = self._owed.pop(id, {})
        while owed:
            this, amounts = next(iter(owed.items()))
            try:
                await self._incr(id, this, amounts)
            except StoreError as lost:
                logger.warning("What the key %s used is not in the store yet: %s", id, lost.message)
                for each, unwritten in owed.items():
                    self._owe(id, each, unwritten)
                return
            del owed[this]
        for other in self._owed.keys() - self._paying.keys():
            self._pay(other)  # the store takes it again

    def _ended(self, id: str, task: asyncio.Task[None]) -> None:
        tasks = self._paying[id]
        tasks.discard(task)
        if not tasks:
            del self._paying[id]


def _place(id: str, this: Window) -> Key:
    return Key(joined("use", id), joined(this.span, this.label))


def _in_words(seconds: int) -> str:
    for unit, length in (("days", 86400), ("hours", 3600), ("minutes", 60)):
        if seconds >= 2 * length:
            return f"{math.ceil(seconds / length)} {unit}"
    return f"{seconds} seconds" if seconds != 1 else "a second"
