"""How many answers a login may have under way at a time. Others wait their turn: a burst looks like abuse to the backend."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..errors import Throttled

__all__ = ["Slots"]


class Slots:
    """First come, first served, in this process; `patience` is in seconds."""

    def __init__(self, count: int, patience: float) -> None:
        self._free = asyncio.Semaphore(count)
        self._count = count
        self._patience = patience

    @asynccontextmanager
    async def one(self) -> AsyncIterator[None]:
        """Hold a slot.

        Raises:
            Throttled: none became free for too long.
        """
        try:
            async with asyncio.timeout(self._patience):
                await self._free.acquire()
        except TimeoutError:
            raise Throttled(
                f"The login has {self._count} answers under way (LOGIN_CONCURRENCY), "
                f"and none ended within {self._patience:g} seconds."
            ) from None
        try:
            yield
        finally:
            self._free.release()
