"""The journal: every request on record and in the totals, written behind the answers and never in their way.

`note` takes a report into a bounded queue. One task writes what has gathered: a record to each request, and then the totals,
one `incr` to each aggregate for the whole batch. Where the store is lost or slower than the requests, records are dropped and
counted. What a process had not yet written when it was killed is lost: what gathered in a tenth of a second, as a rule.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeAlias

from .errors import Conflict, StoreError, Unauthorized
from .records import Record, key_of, record_of, said_key_of
from .report import Report
from .said import said_of
from .settings import Settings
from .stats import Labelling, Labels, amounts_of, keys_of
from .store.base import MOST_COUNTERS, Amount, Key, Store, Value

__all__ = ["Journal", "Listener"]

logger = logging.getLogger(__name__)

_Step: TypeAlias = tuple[Callable[[], Awaitable[object]], set[int]]
"""A write, and the numbers of the batch's entries that are lost without it."""

_QUEUE, _BATCH = 5000, 500
"""Requests that wait to be written, and that are written together."""

_PAUSE = 0.1
"""Seconds in which a batch gathers."""

_COMPLAINT = 60.0
"""Seconds between two lines in the log about records that are dropped."""

_SWEEP = 3600.0
"""Seconds between two removals of what has expired."""

_CLOSING = 5.0
"""Seconds that `aclose` waits for what is still to be written."""


@dataclass(frozen=True, slots=True)
class _Entry:
    at: float
    labels: Labels
    amounts: Mapping[str, Amount]
    record: Record | None
    """None where there is to be no record, only totals."""
    said: Value | None = None
    """What was asked and answered, where that is kept."""


class Listener:
    """New records as they come. One who does not keep up loses the oldest: `missed` says how many."""

    def __init__(self, most: int = 200) -> None:
        self._records: deque[Record] = deque(maxlen=most)
        self._news = asyncio.Event()
        self.missed = 0
        self.ended = False
        """Nothing more will come: the server is about to stop."""

    def tell(self, record: Record) -> None:
        self.missed += len(self._records) == self._records.maxlen
        self._records.append(record)
        self._news.set()

    def end(self) -> None:
        self.ended = True
        self._news.set()

    async def records(self) -> list[Record]:
        """What is new, as soon as there is something; nothing more, if it has ended."""
        await self._news.wait()
        self._news.clear()
        records = list(self._records)
        self._records.clear()
        return records


class Journal:
    """Needs no opening: the writer starts with the first request. Close it before the store, with `aclose()`."""

    def __init__(self, store: Store, settings: Settings, clock: Callable[[], float] = time.time) -> None:
        self._store = store
        self._kept = settings.journal_days * 86_400.0
        self._clock = clock
        self._labelling = Labelling()
        self._waiting: deque[_Entry] = deque()
        self._news = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._writer: asyncio.Task[None] | None = None
        self._closed = self._ending = False
        self._listeners: set[Listener] = set()
        self._complained_at = -math.inf
        self._swept_at = clock()
        self.dropped = 0
        """Requests whose record or totals were not written, or not all of them."""

    def note(self, report: Report) -> None:
        """Take a request on record; at once, and without fail."""
        try:
            record = record_of(report)
            for listener in self._listeners:
                listener.tell(record)
            # Whoever has no key could fill the disk with refusals.
            kept = self._kept > 0 and not isinstance(report.error, Unauthorized)
            labels, amounts = self._labelling.of(report), amounts_of(report)
            said = said_of(report) if kept else None
            entry = _Entry(record["at"], labels, amounts, record if kept else None, said)
            if self._closed or len(self._waiting) >= _QUEUE:
                self._drop(1, "kiro2chat stops" if self._closed else "they come faster than they can be written")
                return
            self._waiting.append(entry)
            self._idle.clear()
            self._news.set()
            if self._writer is None or self._writer.done():
                self._writer = asyncio.get_running_loop().create_task(self._write())
        except Exception as bug:
            self._drop(1, f"a bug in kiro2chat ({type(bug).__name__}: {bug})")

    @contextmanager
    def listening(self) -> Iterator[Listener]:
        """What this process notes from now on."""
        listener = Listener()
        if self._ending:
            listener.end()
        self._listeners.add(listener)
        try:
            yield listener
        finally:
            self._listeners.discard(listener)

    def end_listeners(self) -> None:
        """Whoever listens would not leave by himself, and a server that stops waits for open responses."""
        self._ending = True
        for listener in self._listeners:
            listener.end()

    async def flush(self, patience: float) -> None:
        """Wait until all is written that was noted, but no longer than `patience` seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(patience):
                await self._idle.wait()

    async def aclose(self) -> None:
        """Write what is left, within some seconds. Idempotent."""
        self.end_listeners()
        self._closed = True
        self._news.set()
        await self.flush(_CLOSING)
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.wait({self._writer})
        if self._waiting:
            self._drop(len(self._waiting), "the store was too slow at the end")
            self._waiting.clear()

    async def _write(self) -> None:
        while True:
            await self._news.wait()
            if not self._closed:
                await asyncio.sleep(_PAUSE)
            self._news.clear()
            while self._waiting:
                batch = [self._waiting.popleft() for _ in range(min(_BATCH, len(self._waiting)))]
                try:
                    await self._write_batch(batch)
                except Exception as bug:
                    logger.error("A bug in kiro2chat: requests could not be put on record", exc_info=bug)
                    self._drop(len(batch), "a bug in kiro2chat")
            self._idle.set()
            await self._sweep()

    async def _write_batch(self, batch: Sequence[_Entry]) -> None:
        """A lost store ends the batch: one that another program holds makes each verb wait for seconds."""
        steps = [*self._puts(batch), *self._counts(batch)]
        lost: set[int] = set()
        why, done = "kiro2chat was stopped", 0
        try:
            for step, entries in steps:
                try:
                    await step()
                except StoreError as error:
                    why = error.message
                    return
                except Exception as bug:
                    logger.error("A bug in kiro2chat: a request could not be put on record", exc_info=bug)
                    why = "a bug in kiro2chat"
                    lost |= entries
                done += 1
        finally:
            if lost := lost.union(*(entries for _step, entries in steps[done:])):
                self._drop(len(lost), why)

    def _puts(self, batch: Sequence[_Entry]) -> Iterator[_Step]:
        for number, entry in enumerate(batch):
            if entry.record is not None:
                yield partial(self._put, key_of(entry.record), entry.record, entry.record["at"]), {number}
                if entry.said is not None:
                    yield partial(self._put, said_key_of(entry.record), entry.said, entry.record["at"]), {number}

    def _counts(self, batch: Sequence[_Entry]) -> Iterator[_Step]:
        """One for each aggregate, or some where there are more counters than a store adds to at once."""
        sums: dict[tuple[Key, float], dict[str, Amount]] = defaultdict(lambda: defaultdict(int))
        entries: dict[Key, set[int]] = defaultdict(set)
        for number, entry in enumerate(batch):
            for key, expires_at in keys_of(entry.at, entry.labels):
                entries[key].add(number)
                for name, amount in entry.amounts.items():
                    sums[key, expires_at][name] += amount
        for (key, expires_at), amounts in sums.items():
            named = list(amounts.items())
            for first in range(0, len(named), MOST_COUNTERS):
                some = dict(named[first : first + MOST_COUNTERS])
                yield partial(self._store.incr, key, some, expires_at=expires_at), entries[key]

    async def _put(self, key: Key, value: Value, at: float) -> None:
        """Tried twice, for a store that was replaced is opened anew; what was counted twice would be wrong for ever."""
        for again in (True, False):
            try:
                await self._store.put(key, value, expected="absent", expires_at=at + self._kept)
            except Conflict:  # the first attempt was done after all
                return
            except StoreError:
                if not again:
                    raise
            else:
                return

    async def _sweep(self) -> None:
        if not 0 <= self._clock() - self._swept_at < _SWEEP:
            self._swept_at = self._clock()
            try:
                await self._store.sweep()
            except StoreError as error:
                logger.info("Removing expired records failed: %s", error.message)

    def _drop(self, count: int, why: str) -> None:
        self.dropped += count
        now = time.monotonic()
        if now - self._complained_at >= _COMPLAINT:
            self._complained_at = now
            logger.warning("Requests are answered but not put on record, %d so far: %s", self.dropped, why)
