"""Every request below /v1 on record, but for what the page asks to show itself: a pure ASGI layer that begins a Report and hands
it on when the response has ended."""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Callable
from contextlib import aclosing

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiro2chat_core.fold import Fold
from kiro2chat_core.report import Report, Said
from kiro2chat_core.turns import Batch

__all__ = ["Recording", "overheard"]

_DIALECTS = (
    ("/v1/messages", "messages"),
    ("/v1/responses", "responses"),
    ("/v1/chat", "chat"),
    ("/v1/agent/chat", "agent"),
    ("/v1/agent/approve", "agent"),
)

_SILENT = ("/v1/agent/sessions", "/v1/agent/tools")
"""What the page reads over and over to show the agent: on record it would drown what was asked."""

_MODELS = "/v1/models"
"""The page lists them whenever it is opened. That it is the page a browser says itself, and no script can."""


class Recording:
    """`began` gets the report before more is known than path and dialect, `ended` after the last byte, also when the client
    left. Both must be quick and must not fail.

    Routes find the report in `scope["report"]` and fill in what only they know. With `bodies` it keeps what is said too.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        began: Callable[[Report], None],
        ended: Callable[[Report], None],
        bodies: bool = False,
        prefix: str = "/v1/",
    ) -> None:
        self._app = app
        self._began = began
        self._ended = ended
        self._bodies = bodies
        self._prefix = prefix

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope.get("path", "")
        if scope["type"] != "http" or not path.startswith(self._prefix) or _is_a_look(scope, path):
            await self._app(scope, receive, send)
            return
        dialect = next((dialect for start, dialect in _DIALECTS if path.startswith(start)), "")
        report = scope["report"] = Report(path=path[:200], dialect=dialect, began_at=time.time())
        report.said = Said() if self._bodies else None

        async def receiving() -> Message:
            message = await receive()
            report.received += len(message.get("body", b""))
            return message

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                report.status = message["status"]
            report.sent += len(message.get("body", b""))
            await send(message)

        self._began(report)
        try:
            await self._app(scope, receiving, sending)
        finally:
            report.total = report.elapsed()
            self._ended(report)


def _is_a_look(scope: Scope, path: str) -> bool:
    """Whether the page only asks what there is; other clients that list models are on record."""
    own = path == _MODELS and scope["method"] == "GET" and Headers(scope=scope).get("sec-fetch-site") == "same-origin"
    return own or path.startswith(_SILENT)


async def overheard(batches: AsyncGenerator[Batch, None], report: Report) -> AsyncGenerator[Batch, None]:
    """The batches; for a report that keeps what is said, the answer too, as far as it came."""
    fold = Fold()
    try:
        async with aclosing(batches):
            async for batch in batches:
                if report.said is not None:
                    fold.feed(batch)
                yield batch
    finally:
        if report.said is not None:
            report.said.answer = fold.answer()
