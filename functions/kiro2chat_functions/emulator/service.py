"""What every route of the emulator begins with: read, record, decode, and the first checks of protocol notes 9."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core import jsonio

from .accounts import Login
from .backend import Backend, Seen
from .faults import Target
from .refusals import CONTENT_TYPES, REFUSALS, Form, Refusal, render

__all__ = ["Arrival", "arrive"]

_MOST = 64 << 20
"""Bytes read of a body, whatever the options say: the emulator keeps bodies in memory."""


@dataclass(slots=True)
class Arrival:
    """A request that has been read. `body` is None where it is not JSON; `raw` is always there."""

    backend: Backend
    request: Request
    seen: Seen
    raw: bytes
    body: Any
    is_json: bool
    form: Form

    @property
    def media_type(self) -> str:
        return self.seen.headers.get("content-type", "").partition(";")[0].strip().lower()

    @property
    def bearer(self) -> Login | None:
        scheme, _, token = self.seen.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            return None
        return self.backend.accounts.bearer(token.strip(), self.seen.headers.get("tokentype", ""))

    def refuse(self, refusal: Refusal) -> Response:
        if refusal.status == 429:
            refusal = replace(refusal, status=self.backend.options.throttling_status)
        return self.done(render(refusal, self.form, request_id()))

    def injected(self, target: Target) -> Response | None:
        """The answer of a waiting fault that answers in place of the service."""
        injection = self.backend.pending(target)
        if injection is None or injection.answer is None:
            return None
        fault = injection.answer
        self.backend.use(injection)
        self.seen.fault = fault.name
        if fault.refusal:
            return self.refuse(replace(REFUSALS[fault.refusal], **injection.arguments))
        if fault.instead:
            return self.done(fault.instead(injection.arguments))
        return None

    def authorized(self) -> Login | Refusal:
        """Content type against form, then the bearer token."""
        if self.request.method == "POST" and self.media_type != CONTENT_TYPES[self.form]:
            return REFUSALS["wrong_content_type"]
        return self.bearer or REFUSALS["bad_bearer"]

    def done(self, response: Response) -> Response:
        self.seen.status = response.status_code
        return response


async def arrive(backend: Backend, request: Request) -> Arrival:
    """Read a request whole and remember it.

    Raises:
        ClientDisconnect: the client went before its request was whole.
    """
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size <= _MOST:
            chunks.append(chunk)
    raw = b"".join(chunks)
    headers, query = dict(request.headers), dict(request.query_params)
    seen = backend.record(request.method, request.scope["path"], query, headers, size)
    try:
        body, is_json = jsonio.loads(raw), True
    except ValueError:
        body, is_json = None, False
    seen.body = body if is_json else raw.decode(errors="replace")
    form: Form = "json" if "x-amz-target" in headers else "rest"
    return Arrival(backend, request, seen, raw, body, is_json, form)


def request_id() -> str:
    return str(uuid.uuid4())
