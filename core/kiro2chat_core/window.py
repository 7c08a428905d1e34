"""How much of a model's window a request takes: counted in a thread, alongside the request itself."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from .counting import estimate_ask, size
from .errors import ContextTooLong, Kiro2ChatError, Misunderstood
from .kiro.catalog import Model
from .turns import Ask

__all__ = ["Window"]

_SURELY = 1.15
"""How far above the window an estimate must be for the request to be refused without asking the backend."""

_BYTES_A_TOKEN = 4

_USUAL = 200_000
"""Tokens of a window that the catalog does not tell."""


class Window:
    """Counts the tokens of an Ask once, in the background; close it when the answer has ended."""

    def __init__(self, ask: Ask, model: Model) -> None:
        self._maximum = model.context
        self._bytes = size(ask)
        self._counting = asyncio.create_task(asyncio.to_thread(estimate_ask, ask))

    async def tokens(self) -> int:
        """The estimate."""
        return await asyncio.shield(self._counting)

    def roughly(self) -> int:
        """The same without waiting, for whoever is about to leave."""
        done = self._counting.done() and not self._counting.cancelled() and self._counting.exception() is None
        return self._counting.result() if done else self._bytes // _BYTES_A_TOKEN

    async def check(self) -> None:
        """Refuse what no backend would take: sending megabytes to learn that would only cost time.

        Raises:
            ContextTooLong: the request is far too long.
        """
        most = self._maximum * _SURELY
        if self._maximum and self._bytes > most and await self.tokens() > most:
            raise self._too_long("The conversation is too long for this model", await self.tokens())

    async def judged(self, error: Kiro2ChatError) -> Kiro2ChatError:
        """The backend's error; one that says the conversation is too long with the numbers that clients look for.

        Backends say "Improperly formed request." of conversations that are too long, too (hank9999/kiro.rs#79).
        """
        if isinstance(error, ContextTooLong) or (
            isinstance(error, Misunderstood) and self._maximum and await self.tokens() > self._maximum
        ):
            return self._too_long(error.message, await self.tokens(), error.request_id)
        return error

    async def aclose(self) -> None:
        self._counting.cancel()
        with suppress(asyncio.CancelledError):
            await self._counting

    def _too_long(self, message: str, tokens: int, request_id: str | None = None) -> ContextTooLong:
        error = ContextTooLong(message, field="messages", request_id=request_id)
        maximum = self._maximum or _USUAL
        if tokens * 2 > maximum:
            error.maximum = maximum
            error.tokens = max(tokens, maximum + 1)  # the backend has counted more than we did
        return error
