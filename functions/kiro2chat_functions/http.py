"""What every route needs of HTTP: bodies within limits, answers that stream, errors in the client's form, disconnects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from typing import Any, Generic, Protocol, TypeVar

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from kiro2chat_core import jsonio
from kiro2chat_core.errors import (
    BadRequest,
    ClientError,
    Kiro2ChatError,
    Stopping,
    StoreError,
    StoreOutOfReach,
    TooLarge,
)
from kiro2chat_core.ids import new_id
from kiro2chat_core.report import Report

__all__ = [
    "ClientLeft",
    "Encoder",
    "ErrorForm",
    "JsonResponse",
    "StreamedAnswer",
    "as_error",
    "error_response",
    "new_id",
    "noted",
    "read_json",
    "rendered",
    "unless_left",
]

logger = logging.getLogger(__name__)
T = TypeVar("T")
ErrorForm = Callable[[Kiro2ChatError, str], tuple[int, dict[str, Any]]]
"""An error and the id of the request → the status and the body that a dialect answers with."""

B = TypeVar("B")
B_contra = TypeVar("B_contra", contravariant=True)


class Encoder(Protocol[B_contra]):
    """A dialect's way to write batches of events and errors into a stream; `ping` breaks a silence."""

    def feed(self, events: B_contra, /) -> bytes: ...
    def error(self, error: Kiro2ChatError) -> bytes: ...
    def ping(self) -> bytes: ...


_STOPPING = "The server stops before the answer is whole: ask again."


class ClientLeft(Exception):
    """The client closed the connection; there is nobody to answer."""


class JsonResponse(Response):
    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        return jsonio.dumps(content)


def rendered(
    handler: Callable[[Request], Awaitable[Response]], form: ErrorForm
) -> Callable[[Request], Awaitable[Response]]:
    """A handler whose errors are answered in the form of its dialect; whatever is no error of ours is a logged 500."""

    async def endpoint(request: Request) -> Response:
        try:
            return await handler(request)
        except (ClientLeft, ClientDisconnect):
            return Response(status_code=499)  # nobody reads it
        except Exception as failure:
            error = as_error(failure)
            return error_response(error, form, noted(error, request.scope))

    return endpoint


def noted(error: Kiro2ChatError, scope: Scope) -> dict[str, str]:
    """Put an error on the record of its request; headers with the id under which it is found there."""
    report: Report | None = scope.get("report")
    if report is None:
        return {}
    report.error, report.id = error, report.id or new_id("req_")
    return {"request-id": report.id, "x-request-id": report.id}


async def read_json(request: Request, limit: int | None = None) -> Any:
    """The decoded body; also for the record, where that keeps what was asked. Its limit in bytes is BODY_LIMIT, or less.

    Raises:
        TooLarge: over the limit; said before the body is read where its length was announced.
        BadRequest: it is not JSON.
        ClientError: it is packed (415), or stays away (408).
    """
    if (coding := request.headers.get("content-encoding", "identity")).lower() != "identity":
        told = f"The body is packed ({coding[:40]}): send it as it is, without content-encoding."
        raise ClientError(told, status=415, code="unsupported_encoding")
    most: int = limit or request.app.state.settings.body_limit
    too_large = TooLarge(f"The request body is larger than {most} bytes{'' if limit else ' (BODY_LIMIT)'}.")
    announced = request.headers.get("content-length", "0")
    if announced.isascii() and announced.isdigit() and int(announced) > most:
        raise too_large
    body = bytearray()
    chunks, patience = aiter(request.stream()), request.app.state.settings.body_timeout
    while (chunk := await _next(chunks, patience)) is not None:
        body += chunk
        if len(body) > most:
            raise too_large
    if not body:
        raise BadRequest("The request body is empty: expected a JSON object.")
    try:
        value = jsonio.loads(bytes(body))
    except ValueError as bad:
        raise BadRequest(f"The request body is not valid JSON: {bad}.") from None
    report: Report | None = request.scope.get("report")
    if report is not None and report.said is not None:
        report.said.asked = value
    return value


async def _next(chunks: AsyncIterator[bytes], patience: float) -> bytes | None:
    try:
        async with asyncio.timeout(patience):
            return await anext(chunks, None)
    except TimeoutError:
        told = f"Nothing came of the request body for {patience:g} seconds (BODY_TIMEOUT): is its content-length right?"
        raise ClientError(told, status=408, code="body_timeout") from None


def as_error(error: Exception) -> Kiro2ChatError:
    """The error as a client is told it. Where the store is and what is wrong with it goes to the log; anything that is no
    error of ours is a bug, logged with its traceback and told without."""
    if isinstance(error, StoreError) and not isinstance(error, StoreOutOfReach):
        logger.warning("The store is out of reach: %s", error.message)
        told = StoreOutOfReach("The store is out of reach at the moment; the server's log says why.", code=error.code)
        told.retryable = error.retryable
        return told
    if isinstance(error, Kiro2ChatError):
        return error
    logger.error("A bug in kiro2chat", exc_info=error)
    return Kiro2ChatError("kiro2chat has a bug: its log says more. Please report it.")


def error_response(error: Kiro2ChatError, form: ErrorForm, headers: Mapping[str, str] | None = None) -> Response:
    """An error with its status and what tells clients whether and when to try again."""
    extra = dict(headers or {})
    request_id = extra.setdefault("request-id", new_id("req_"))
    extra.setdefault("x-request-id", request_id)
    status, body = form(error, request_id)
    if error.retry_after is not None:
        extra["retry-after"] = str(max(1, round(error.retry_after)))
    if not error.retryable and status in (429, 500, 502, 503, 504, 529):
        extra["x-should-retry"] = "false"  # the OpenAI and Anthropic SDKs repeat 429 and 5xx otherwise
    if status == 401:
        extra["www-authenticate"] = "Bearer"
    return JsonResponse(body, status_code=status, headers=extra)


async def unless_left(request: Request, work: Awaitable[T]) -> T:
    """Await `work`, but cancel it as soon as the client closes the connection, or the server ends.

    Raises:
        ClientLeft: it did.
        Stopping: the server ends.
    """
    task = asyncio.ensure_future(work)
    watch = asyncio.create_task(_left(request.receive))
    ending = asyncio.create_task(request.app.state.ending.wait())
    try:
        await asyncio.wait({task, watch, ending}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientLeft if watch.done() else Stopping(_STOPPING)
    finally:
        for each in (task, watch, ending):
            each.cancel()
        await asyncio.wait({task, watch, ending})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


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
                await _left(receive)
                group.cancel_scope.cancel()

            answering = anyio.CancelScope()
            group.start_soon(watch)
            group.start_soon(self._break_silence, send)
            group.start_soon(self._end_with, scope["app"].state.ending, answering)
            with answering:
                await self._answer(scope, receive, send)
            if self._stopping:
                await self._fail(Stopping(_STOPPING), scope, receive, send)
            if not self._ended:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
            group.cancel_scope.cancel()

    async def _end_with(self, ending: asyncio.Event, answering: anyio.CancelScope) -> None:
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
