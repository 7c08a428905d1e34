"""How many answers a login may have under way at a time. Others wait their turn: a burst looks like abuse to the backend."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ..errors import Throttled
from ..settings import Settings

__all__ = ["Slots", "slots_of"]


class Slots:
    """First come, first served, in this process; `count` for each login, whichever keys use it. `patience` is in seconds."""

    def __init__(self, count: int, patience: float) -> None:
        self._free: defaultdict[str, asyncio.Semaphore] = defaultdict(lambda: asyncio.Semaphore(count))
        self._count = count
        self._patience = patience

    @asynccontextmanager
    async def one(self, login: str) -> AsyncIterator[None]:
        """Hold a slot of a login, by its `identity`.

        Raises:
            Throttled: none became free for too long.
        """
        free = self._free[login]
        try:
            async with asyncio.timeout(self._patience):
                await free.acquire()
        except TimeoutError:
            raise Throttled(
                f"The login has {self._count} answers under way (LOGIN_CONCURRENCY), "
                f"and none ended within {self._patience:g} seconds."
            ) from None
        try:
            yield
        finally:
            free.release()


def slots_of(settings: Settings) -> Slots:
    return Slots(settings.login_concurrency, settings.kiro_first_token_timeout)
