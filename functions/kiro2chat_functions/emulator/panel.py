"""The emulator's own switches over HTTP, for tests and people in other processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from typing import Any, TypeAlias

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from kiro2chat_core import jsonio

from .backend import Backend
from .faults import FAULTS
from .replies import Reply

__all__ = ["routes"]

Switch: TypeAlias = Callable[[Any], Any]

_HELP = """The Kiro emulator.

POST /_emulator/login    {"kind": "odic" | "social" | "api-key" | "external-idp", "expires_in": 3600}
POST /_emulator/inject   {"fault": NAME or [NAME, ...], "times": 1, "arguments": {},
                          "on": "chat" | "control" | "token" | "social"}
POST /_emulator/script   [{"text": "..." or [chunk, ...], "reasoning": "...", "calls": [{"name": "...", "input": {}}],
                           "stop_reason": "END_TURN", "usage": {}}, ...]
GET  /_emulator/seen     the newest requests
POST /_emulator/forget   forget faults, scripts and requests
POST /_emulator/reset    forget everything, logins too

Faults (arguments with their defaults; the number is that of the notes):

"""


def routes(backend: Backend) -> list[Route]:
    def login(body: Any) -> Any:
        return backend.login(**body).as_json()

    def inject(body: Any) -> Any:
        names = [body["fault"]] if isinstance(body["fault"], str) else body["fault"]
        backend.inject(*names, times=body.get("times", 1), on=body.get("on"), **body.get("arguments", {}))
        return {"injected": names}

    def script(body: Any) -> Any:
        replies = [Reply.from_json(reply) for reply in body]
        backend.script(*replies)
        return {"scripted": len(replies)}

    def forget(_: Any) -> Any:
        backend.forget()
        return {}

    def reset(_: Any) -> Any:
        backend.reset()
        return {}

    def guide(_: Request) -> Response:
        lines = (f"{fault.number:>2}  {fault.name:<20}{fault.help}" for fault in FAULTS)
        return PlainTextResponse(_HELP + "\n".join(lines) + "\n")

    def seen(_: Request) -> Response:
        return _json([asdict(one) for one in backend.seen])

    return [
        Route("/_emulator", guide),
        Route("/_emulator/seen", seen),
        Route("/_emulator/login", _switch(login), methods=["POST"]),
        Route("/_emulator/inject", _switch(inject), methods=["POST"]),
        Route("/_emulator/script", _switch(script), methods=["POST"]),
        Route("/_emulator/forget", _switch(forget), methods=["POST"]),
        Route("/_emulator/reset", _switch(reset), methods=["POST"]),
    ]


def _switch(act: Switch) -> Callable[[Request], Any]:
    async def handle(request: Request) -> Response:
        try:
            return _json(act(jsonio.loads(await request.body() or b"{}")))
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as bad:
            return _json({"error": f"{type(bad).__name__}: {bad}"}, 400)

    return handle


def _json(value: Any, status: int = 200) -> Response:
    return Response(jsonio.dumps(value), status, media_type="application/json")
