"""mcp.json over HTTP, for a page: shown without its secrets, checked, tried out, saved. `AdminGuard` says who may.

What may be secret in it is shown as `***`; what comes back as `***` keeps the value that the file has (`mcp_secrets.py`).
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core.agent.mcp_config import Problem, check_text, config_paths, schema, write_text
from kiro2chat_core.dialects.fields import Fields, body_fields
from kiro2chat_core.errors import BadRequest, Conflict, SettingsError
from kiro2chat_core.settings import Settings

from .agent import door, servers_of
from .http import JsonResponse, read_json, unless_left
from .mcp_secrets import MASK, masked, restored

__all__ = ["read_files", "save_file", "try_out"]

_LIMIT = 2 << 20


async def read_files(request: Request) -> Response:
    """GET /api/mcp: both files with what is wrong in them, and the JSON Schema that they follow."""
    files = {}
    for which, path in _paths(request).items():
        text = _text(path)
        shown, problems = (None, []) if text is None else (_masked(text), check_text(text))
        told = [_told(problem) for problem in problems]
        files[which] = {"path": str(path), "text": shown, "version": _version(text), "problems": told}
    return JsonResponse({"files": files, "schema": schema()})


async def save_file(request: Request) -> Response:
    """PUT /api/mcp `{"file": "user" or "workspace", "text", "dry_run"?, "version"?}`: checked, then written; POST
    /v1/agent/reload uses it. `version` is that of the file that was shown: who looked at an older one does not write over it.

    Raises:
        BadRequest: the text has mistakes; nothing has changed. `param` names the member.
        Conflict: the file is another by now.
    """
    fields = body_fields(await read_json(request, _LIMIT))
    fields.only("file", "text", "dry_run", "version")
    path = _paths(request)[fields.choice("file", ("user", "workspace"))]
    if "version" in fields and fields.text("version") != _version(_text(path)):
        raise Conflict(f"{path} was changed meanwhile: look at it again.")
    text = _unmasked(fields, path)
    problems = check_text(fields.text("text"))  # as it was typed, so that lines are those of the editor
    if not fields.flag("dry_run"):
        if wrong := next((problem for problem in problems if problem.weight != "note"), None):
            raise BadRequest(str(wrong), field=wrong.member or "text")
        try:
            write_text(path, text)
        except SettingsError as bad:
            raise BadRequest(bad.message, field=bad.field or "text") from None
    return JsonResponse({"path": str(path), "problems": [_told(problem) for problem in problems]})


async def try_out(request: Request) -> Response:
    """POST /api/mcp/try `{"file", "text"}`: start its servers beside those that run, list their tools, end them again."""
    fields = body_fields(await read_json(request, _LIMIT))
    fields.only("file", "text")
    text = _unmasked(fields, _paths(request)[fields.choice("file", ("user", "workspace"), "user")])
    agents = await door(request).open()
    try:
        states = await unless_left(request, agents.servers.try_out(text))
    except SettingsError as bad:
        raise BadRequest(bad.message, field=bad.field or "text") from None
    return JsonResponse({"servers": servers_of(states)})


def _paths(request: Request) -> dict[str, Path]:
    settings: Settings = request.app.state.settings
    user, workspace = config_paths(settings, settings.workspace)
    return {"user": user, "workspace": workspace}


def _text(path: Path) -> str | None:
    """None where there is no file.

    Raises:
        BadRequest: it cannot be read.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as refused:
        raise BadRequest(f"{path} cannot be read: {refused}.", field="file") from None


def _version(text: str | None) -> str:
    """Another for every other content, "" where there is no file."""
    return "" if text is None else hashlib.sha256(text.encode()).hexdigest()[:16]


def _masked(text: str) -> str | None:
    """None for what is no JSON object: what is secret in it cannot be told."""
    document = _object(text)
    if document is None:
        return None
    for entry in _entries(document).values():
        masked(entry)
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _unmasked(fields: Fields, path: Path) -> str:
    """The text with the values that the file has where it says `***`. What is no JSON is left as it is, to be complained of."""
    text = fields.text("text", required=True)
    document, old = _object(text), _object(_text(path) or "")
    if document is None or MASK not in text:
        return text
    known = _entries(old or {})
    for server, entry in _entries(document).items():
        restored(entry, known.get(server, {}), f"mcpServers.{server}")
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _entries(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    servers = document.get("mcpServers")
    return (
        {name: entry for name, entry in servers.items() if isinstance(entry, dict)} if isinstance(servers, dict) else {}
    )


def _object(text: str) -> dict[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _told(problem: Problem) -> dict[str, Any]:
    return {"message": problem.message, "server": problem.server, "line": problem.line, "column": problem.column,
            "member": problem.member, "note": problem.weight == "note"}  # fmt: skip
