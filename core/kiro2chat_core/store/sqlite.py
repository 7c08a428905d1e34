"""The store in a SQLite file: the verbs as statements, one each."""

from __future__ import annotations

import builtins
import logging
import math
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, cast

from .. import jsonio
from ..errors import Conflict, ItemTooLarge, Kiro2ChatError
from . import sqlite_statements as sql
from .base import (
    LARGEST,
    Amount,
    Expected,
    Item,
    Key,
    Lease,
    Page,
    Store,
    Value,
    check_amounts,
    check_expiry,
    check_lease,
    check_page,
    encoded,
    span,
)
from .sqlite_connections import Connections

__all__ = ["PATIENCE", "SqliteStore"]

logger = logging.getLogger(__name__)

PATIENCE = 5.0
"""Seconds that a verb waits while another program holds the file."""

_PAUSE = 60.0
"""Seconds between two sweeps in passing."""

_STEP = 1000
"""Items that one step of a sweep removes: others wait for milliseconds only."""

_KEPT = 86400.0
"""Seconds for which a lease that is over is remembered: the next fence is to be greater even if clocks are set back."""


class SqliteStore(Store):
    """A store in this file. It is opened by `open` or the first verb, and belongs to the loop that runs then."""

    def __init__(self, path: Path, *, clock: Callable[[], float] = time.time, patience: float = PATIENCE) -> None:
        self._connections = Connections(path, patience, {"added": _added})
        self._clock = clock
        self._swept_at = -math.inf

    async def open(self) -> None:
        await self._connections.open()

    async def aclose(self) -> None:
        await self._connections.aclose()

    async def get(self, key: Key) -> Item | None:
        rows = await self._read(sql.GET, pk=key.partition, sk=key.sort)
        return next((self._item(key.partition, row) for row in rows), None)

    async def put(self, key: Key, value: Value, *, expected: Expected = "any", expires_at: float | None = None) -> int:
        check_expiry(expires_at)
        rows = await self._write(
            sql.PUT[expected] if isinstance(expected, str) else sql.PUT_VERSION,
            key,
            value=encoded(key, value),
            version=_first_version(),
            expected=expected,
            expires_at=expires_at,
        )
        for (version,) in rows:
            return cast(int, version)
        raise _conflict(key)

    async def delete(self, key: Key, *, expected: int | None = None) -> bool:
        now = self._clock()
        rows = await self._write(sql.DELETE, key, expected=expected)
        if expected is not None and not rows:
            raise _conflict(key)
        return any(expires_at is None or expires_at > now for (expires_at,) in rows)

    async def list(
        self,
        partition: str,
        prefix: str = "",
        *,
        after: str | None = None,
        limit: int = 100,
        newest_first: bool = False,
    ) -> Page:
        check_page(partition, limit)
        low, high = span(prefix, after, newest_first)
        rows = await self._read(
            sql.PAGE[newest_first], pk=partition, low=low, high=sql.END if high is None else high, limit=limit + 1
        )
        items = tuple(self._item(partition, row) for row in rows[:limit])
        return Page(items, items[-1].key.sort if len(rows) > limit else None)

    async def incr(
        self, key: Key, amounts: Mapping[str, Amount], *, expires_at: float | None = None
    ) -> dict[str, Amount]:
        check_amounts(amounts)
        check_expiry(expires_at)
        value = encoded(key, amounts)
        try:
            ((held,),) = await self._write(sql.INCR, key, value=value, version=_first_version(), expires_at=expires_at)
        except sqlite3.IntegrityError:  # `_added` gave up
            raise await self._uncountable(key, amounts) from None
        totals = jsonio.loads(held)
        return {name: totals[name] for name in amounts}

    async def lease(self, key: Key, holder: str, seconds: float) -> Lease | None:
        check_lease(holder, seconds)
        now = self._clock()
        rows = await self._write(sql.LEASE, key, holder=holder, until=now + seconds, fence=int(now * 1000))
        return next((Lease(key, holder, fence, now + seconds) for (fence,) in rows), None)

    async def renew(self, lease: Lease, seconds: float) -> Lease | None:
        check_lease(lease.holder, seconds)
        until = self._clock() + seconds
        rows = await self._write(sql.RENEW, lease.key, holder=lease.holder, fence=lease.fence, until=until)
        return Lease(lease.key, lease.holder, lease.fence, until) if rows else None

    async def release(self, lease: Lease) -> bool:
        rows = await self._write(sql.RELEASE, lease.key, holder=lease.holder, fence=lease.fence)
        return bool(rows)

    async def sweep(self) -> int:
        removed = 0
        while step := await self._sweep_some():
            removed += step
        return removed

    # --- statements --------------------------------------------------------------------------------------------------

    async def _read(self, statement: str, **values: object) -> builtins.list[Any]:
        return await self._connections.read(statement, {"now": self._clock(), **values})

    async def _write(self, statement: str, key: Key, **values: object) -> builtins.list[Any]:
        now = self._clock()
        rows = await self._connections.write(statement, {"now": now, "pk": key.partition, "sk": key.sort, **values})
        if not 0 <= now - self._swept_at < _PAUSE:
            try:
                await self._sweep_some()
            except Kiro2ChatError as error:
                logger.info("Removing expired items failed: %s", error.message)
        return rows

    async def _sweep_some(self) -> int:
        now = self._swept_at = self._clock()
        await self._connections.write(sql.SWEEP_LEASES, {"now": now, "kept": _KEPT})
        return len(await self._connections.write(sql.SWEEP, {"now": now, "limit": _STEP}))

    def _item(self, partition: str, row: tuple[bytes, bytes, int, float | None]) -> Item:
        sort, value, version, expires_at = row
        try:
            return Item(Key(partition, sort.decode()), _object(value), version, expires_at)
        except ValueError:
            raise self._connections.damaged() from None

    async def _uncountable(self, key: Key, names: Iterable[str]) -> Exception:
        item = await self.get(key)
        if item is not None and not all(_is_number(item.value.get(name, 0)) for name in names):
            return ValueError(f"{key}: what is to be counted there is not a number")
        return ItemTooLarge(f"{key} would have more than {LARGEST} bytes; an item of the store has at most that.")


def _added(held: bytes, amounts: str) -> str | None:
    """SQL function: a value with these amounts added; NULL, which the table refuses, where that cannot be."""
    try:
        value = _object(held)
    except ValueError:
        return None
    for name, amount in jsonio.loads(amounts).items():
        if not _is_number(value.setdefault(name, 0)):
            return None
        value[name] += amount
    data = jsonio.dumps(value)
    return data.decode() if len(data) <= LARGEST else None


def _object(data: bytes) -> dict[str, Any]:
    value = jsonio.loads(data)
    if not isinstance(value, dict):
        raise ValueError("not an object")
    return value


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _first_version() -> int:
    """By chance, so that an item deleted and made anew is not taken for the old one."""
    return secrets.randbits(48)


def _conflict(key: Key) -> Conflict:
    return Conflict(f"{key} is not what was expected: another writer was first.")
