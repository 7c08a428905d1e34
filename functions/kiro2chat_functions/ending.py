"""The end of the server, for answers that are under way: they are told of it a moment before they would be cut off."""

from __future__ import annotations

import asyncio

from kiro2chat_core.errors import Stopping

__all__ = ["Ending"]


class Ending:
    """Told once; whoever waits hears of it. Unlike an `asyncio.Event` it belongs to no loop: on Lambda and in tests an app may
    outlive the loop of its first request."""

    def __init__(self) -> None:
        self._told = False
        self._waiting: set[asyncio.Future[None]] = set()

    def tell(self) -> None:
        self._told = True
        for future in self._waiting:
            if not future.done():
                future.set_result(None)

    async def wait(self) -> None:
        if self._told:
            return
        future = asyncio.get_running_loop().create_future()
        self._waiting.add(future)
        try:
            await future
        finally:
            self._waiting.discard(future)

    @staticmethod
    def error() -> Stopping:
        return Stopping("The server stops before the answer is whole: ask again.")
