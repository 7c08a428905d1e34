"""What was asked of this gateway: totals over a range, single requests, and new ones as they come."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Collection
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kiro2chat_core import jsonio
from kiro2chat_core.errors import BadRequest, ClientError
from kiro2chat_core.journal import Journal
from kiro2chat_core.records import CURSOR, RESULTS, Records, Wanted
from kiro2chat_core.stats import BY, RANGES, read
from kiro2chat_core.store.base import Store

from .http import JsonResponse

__all__ = ["live_requests", "metrics", "one_request", "requests", "stats"]

_FLUSH = 1.0
"""Seconds that a reader waits for what is still to be written: who asks right after a request finds it."""

_MOST: Final = 1000


async def stats(request: Request) -> Response:
    """GET /api/stats?range=5m|1h|24h|30d&by=model|dialect|key|status"""
    given = _Query(request, ("range", "by"))
    range_, by = given.choice("range", RANGES, "24h"), given.choice("by", BY, "model")
    await _journal(request).flush(_FLUSH)
    store: Store = request.app.state.store
    return JsonResponse(await read(store, range_, next(each for each in BY if each == by), time.time()))


async def requests(request: Request) -> Response:
    """GET /api/requests?limit=100&before=CURSOR, and model, status, key and dialect to look for."""
    given = _Query(request, ("limit", "before", "model", "status", "key", "dialect"))
    limit, before = given.number("limit", 1, _MOST, 100), given.text("before")
    if before is not None and not CURSOR.fullmatch(before):
        raise BadRequest("`before` is not a cursor: take `next` of the page before.", field="before")
    status = given.text("status")
    if status is not None and status not in RESULTS and not re.fullmatch(r"0|[1-5][0-9][0-9]", status):
        raise BadRequest(f"`status` must be a number or one of {', '.join(RESULTS)}.", field="status")
    wanted = Wanted(given.text("model"), status, given.text("key"), given.text("dialect"))
    await _journal(request).flush(_FLUSH)
    found, cursor = await _records(request).find(wanted, now=time.time(), limit=limit, before=before)
    return JsonResponse({"requests": found, "next": cursor})


async def one_request(request: Request) -> Response:
    """GET /api/requests/{id}: the record, and what was said where that is kept. For whoever administers only.

    Raises:
        ClientError: there is no such record.
    """
    _Query(request, ())
    id, records = request.path_params["id"], _records(request)
    await _journal(request).flush(_FLUSH)
    record = await records.get(id, now=time.time())
    if record is None:
        kept = f"records are kept for {records.days} days" if records.days else "no records are kept"
        told = f"There is no request {id[:100]!r} on record: {kept} (JOURNAL_DAYS)."
        raise ClientError(told, status=404, code="not_found")
    said = await records.said(record)
    return JsonResponse({"request": record, "said": said}, headers={"cache-control": "no-store"})


async def live_requests(request: Request) -> Response:
    """GET /api/requests/live: this process's requests, each as an event when it has ended."""
    _Query(request, ())
    keepalive: float = request.app.state.settings.keepalive
    headers = {"cache-control": "no-cache", "x-accel-buffering": "no"}
    return StreamingResponse(_feed(_journal(request), keepalive), media_type="text/event-stream", headers=headers)


async def _feed(journal: Journal, keepalive: float) -> AsyncIterator[bytes]:
    with journal.listening() as listener:
        yield b": requests as they end\n\n"
        told = 0
        while True:
            try:
                records = await asyncio.wait_for(listener.records(), keepalive)
            except TimeoutError:
                yield b": still here\n\n"
                continue
            lines = [b"event: request\ndata: " + jsonio.dumps(record) + b"\n\n" for record in records]
            if listener.missed > told:
                lines.insert(0, b'event: missed\ndata: {"missed": %d}\n\n' % (listener.missed - told))
                told = listener.missed
            yield b"".join(lines)
            if listener.ended:
                return


async def metrics(request: Request) -> Response:
    """GET /metrics, in Prometheus' text form: what this process did since it started."""
    body, kind = await asyncio.to_thread(request.app.state.meters.text)
    return Response(body, media_type=kind)


def _records(request: Request) -> Records:
    return Records(request.app.state.store, request.app.state.settings.journal_days)


def _journal(request: Request) -> Journal:
    journal: Journal = request.app.state.journal
    return journal


class _Query:
    """Parameters of a request. What is unknown or said twice is refused: a filter that does nothing would mislead."""

    def __init__(self, request: Request, known: Collection[str]) -> None:
        self._values: dict[str, str] = {}
        for name, value in request.query_params.multi_items():
            if name not in known:
                expected = ", ".join(known) or "none"
                raise BadRequest(f"There is no parameter {name[:100]!r} here; there are: {expected}.", field=name[:100])
            if name in self._values:
                raise BadRequest(f"`{name}` was given twice.", field=name)
            self._values[name] = value

    def text(self, name: str) -> str | None:
        return self._values.get(name) or None

    def choice(self, name: str, choices: Collection[str], default: str) -> str:
        value = self._values.get(name, default)
        if value not in choices:
            raise BadRequest(f"`{name}` must be one of {', '.join(choices)}.", field=name)
        return value

    def number(self, name: str, least: int, most: int, default: int) -> int:
        value = self._values.get(name, str(default))
        if not (value.isascii() and value.isdigit() and len(value) < 10 and least <= int(value) <= most):
            raise BadRequest(f"`{name}` must be a whole number from {least} to {most}.", field=name)
        return int(value)
