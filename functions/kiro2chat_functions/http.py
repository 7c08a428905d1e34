"""What every route needs of HTTP: bodies within limits, errors in the client's form, disconnects."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope

from kiro2chat_core import jsonio
from kiro2chat_core.errors import (
    BadRequest,
    ClientError,
    Kiro2ChatError,
    StoreError,
    StoreOutOfReach,
    TooLarge,
)
from kiro2chat_core.ids import new_id
from kiro2chat_core.report import Report

from .ending import Ending

__all__ = [
    "ClientLeft",
    "ErrorForm",
    "JsonResponse",
    "as_error",
    "error_response",
    "ignored_header",
    "left",
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
    """Put an error on the record of its request; headers with the id under which it is found there. Where tools have acted
    nobody is to send the request again by himself."""
    report: Report | None = scope.get("report")
    if report is None:
        return {}
    if report.acted:
        error.retryable, error.retry_after = False, None
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


def ignored_header(names: Iterable[str]) -> dict[str, str]:
    """What says which fields of a request had no effect. Their names come from the client: only what may stand in a header is
    kept."""
    told = ",".join("".join(c for c in name if c.isascii() and (c.isalnum() or c in "._-")) for name in names)[:1000]
    return {"x-kiro2chat-ignored": told} if told else {}


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
    watch = asyncio.create_task(left(request.receive))
    ending = asyncio.create_task(request.app.state.ending.wait())
    try:
        await asyncio.wait({task, watch, ending}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            return task.result()
        raise ClientLeft if watch.done() else Ending.error()
    finally:
        for each in (task, watch, ending):
            each.cancel()
        await asyncio.wait({task, watch, ending})


async def left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
