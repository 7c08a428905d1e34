"""Sessions with the agent over HTTP: list, read, delete, export. Strands is not needed for that."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core.agent.messages import open_calls
from kiro2chat_core.agent.sessions import Owner, Session
from kiro2chat_core.agent.wire import shown
from kiro2chat_core.errors import BadRequest

from .agent import door, owner_of
from .http import JsonResponse

__all__ = ["delete_session", "export_session", "list_sessions", "read_session"]

_PATIENCE = 60.0
"""Seconds for which a deletion waits for a run to stop."""


async def list_sessions(request: Request) -> Response:
    """GET /v1/agent/sessions: those of this key (and `?user=`), used last first."""
    return JsonResponse({"sessions": await door(request).sessions.list(_owner_of_query(request))})


async def read_session(request: Request) -> Response:
    """GET /v1/agent/sessions/{id}."""
    session = await _session(request)
    return JsonResponse(_head(session) | {"messages": [shown(turn) for turn in session.turns]})


async def delete_session(request: Request) -> Response:
    """DELETE /v1/agent/sessions/{id}. What runs in it is stopped."""
    session = await _session(request)
    agents = await door(request).open()
    await agents.cancel(session.owner, session.id)
    async with agents.sessions.running(session.owner, session.id, _PATIENCE):
        await agents.sessions.delete(session.owner, session.id)
    return Response(status_code=204)


async def export_session(request: Request) -> Response:
    """GET /v1/agent/sessions/{id}/export, as JSON or with `?format=markdown`."""
    session = await _session(request)
    form = request.query_params.get("format", "json")
    if form not in ("json", "markdown"):
        raise BadRequest("format must be json or markdown.", field="format")
    name = f'attachment; filename="session-{session.id}.{"json" if form == "json" else "md"}"'
    turns = [shown(turn) for turn in session.turns]
    if form == "json":
        return JsonResponse(_head(session) | {"messages": turns}, headers={"content-disposition": name})
    text = f"# {session.head.get('title') or 'Session'}\n\n" + "\n".join(_markdown(turn) for turn in turns)
    return Response(text, media_type="text/markdown; charset=utf-8", headers={"content-disposition": name})


async def _session(request: Request) -> Session:
    return await door(request).sessions.read(_owner_of_query(request), request.path_params["id"])


def _owner_of_query(request: Request) -> Owner:
    return owner_of(request, request.query_params.get("user", ""))


def _head(session: Session) -> dict[str, Any]:
    kept = ("title", "model", "created_at", "updated_at")
    asked = list(session.paused.asked) if session.paused is not None else []
    calls = [dict(call) for call in session.paused.calls] if session.paused is not None else []
    told = {"id": session.id, **{name: session.head.get(name) for name in kept}}
    last = session.turns[-1].role if session.turns else ""
    left_open = session.paused is None and bool(open_calls(session.turns))
    broken_off = last == "user" or left_open or bool(session.head.get("unfinished"))
    return told | {"broken_off": broken_off, "waiting_for": asked, "approvals": calls}


def _markdown(turn: dict[str, Any]) -> str:
    lines = [f"## {'You' if turn['role'] == 'user' else 'Agent'}\n"] if _speaks(turn) else []
    for part in turn["parts"]:
        match part["type"]:
            case "text":
                lines.append(f"{part['text']}\n")
            case "tool_call":
                lines.append(f"> called `{part['name']}`\n")
            case "tool_result":
                lines.append(f"```\n{part['text'].replace('```', '``​`')}\n```\n")
            case "image":
                lines.append("*(an image)*\n")
    return "\n".join(lines)


def _speaks(turn: dict[str, Any]) -> bool:
    return any(part["type"] != "tool_result" for part in turn["parts"])
