"""An answer that streams: batches of events as server-sent events, with an error of its own wherever it ends early."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import aclosing
from typing import Generic, Protocol, TypeVar

import anyio
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kiro2chat_core.errors import Kiro2ChatError

from .ending import Ending
from .http import ErrorForm, as_error, error_response, left, noted

__all__ = ["Encoder", "StreamedAnswer"]

logger = logging.getLogger(__name__)
B = TypeVar("B")
B_contra = TypeVar("B_contra", contravariant=True)


class Encoder(Protocol[B_contra]):
    """A dialect's way to write batches of events and errors into a stream; `ping` breaks a silence."""

    def feed(self, events: B_contra, /) -> bytes: ...
    def error(self, error: Kiro2ChatError) -> bytes: ...
    def ping(self) -> bytes: ...


class StreamedAnswer(Response, Generic[B]):
    """Batches of events as server-sent events.

    The status waits for the first batch, so that an error before it is a plain error response; but not for longer than
    `keepalive` seconds: then the stream begins with a ping, and an error comes as the dialect's own event. A ping also
    breaks every later silence of that length. When the client leaves, the batches are closed, and with them the upstream.
    When the server ends (`app.state.ending`), so does the answer, with an error that says why.
    """

    def __init__(
        self,
        batches: AsyncGenerator[B, None],
        encoder: Encoder[B],
        error_form: ErrorForm,
        *,
        keepalive: float,
        headers: Mapping[str, str],
    ) -> None:
        super().__init__(headers=headers)
        self._batches = batches
        self._encoder = encoder
        self._error_form = error_form
        self._keepalive = keepalive
        self._extra = dict(headers)
        self._started = False
        self._ended = False
        self._stopping = False
        self._last_write = 0.0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with anyio.create_task_group() as group:

            async def watch() -> None:
                await left(receive)
                group.cancel_scope.cancel()

            answering = anyio.CancelScope()
            group.start_soon(watch)
            group.start_soon(self._break_silence, send)
            group.start_soon(self._end_with, scope["app"].state.ending, answering)
            with answering:
                await self._answer(scope, receive, send)
            if self._stopping:
                await self._fail(Ending.error(), scope, receive, send)
            if not self._ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()

    async def _end_with(self, ending: Ending, answering: anyio.CancelScope) -> None:
        await ending.wait()
        self._stopping = True
        answering.cancel()

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        async with aclosing(self._batches) as batches:
            try:
                async for batch in batches:
                    if data := self._encoder.feed(batch):
                        await self._write(send, data)
            except Exception as failure:
                await self._fail(as_error(failure), scope, receive, send)
        if not self._started:
            await self._start(send)

    async def _fail(self, error: Kiro2ChatError, scope: Scope, receive: Receive, send: Send) -> None:
        noted(error, scope)
        if self._started:
            logger.info("The answer broke off: %s", error.message)
            await self._write(send, self._encoder.error(error))
        else:
            self._started = self._ended = True  # no ping from here on
            await error_response(error, self._error_form, self._extra)(scope, receive, send)

    async def _break_silence(self, send: Send) -> None:
        clock = asyncio.get_running_loop().time
        self._last_write = clock()
        while True:
            silence = clock() - self._last_write
            if silence >= self._keepalive:
                await self._write(send, self._encoder.ping())
                silence = 0.0
            await asyncio.sleep(self._keepalive - silence)

    async def _write(self, send: Send, data: bytes) -> None:
        self._last_write = asyncio.get_running_loop().time()
        if not self._started:
            await self._start(send)
        await send({"type": "http.response.body", "body": data, "more_body": True})

    async def _start(self, send: Send) -> None:
        self._started = True
        headers = {
            "content-type": "text/event-stream; charset=utf-8",
            "cache-control": "no-cache",
            "x-accel-buffering": "no",  # nginx would collect the stream otherwise
        }
        raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in (headers | self._extra).items()]
        await send({"type": "http.response.start", "status": 200, "headers": raw})
