"""The routes that the page administers a server with: its settings, and the session of the browser itself.

Who may call them is the guard's business (`guards.AdminGuard`). Secrets can be written here, and never read back.
"""

from __future__ import annotations

import asyncio
import os
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from kiro2chat_core import config_file
from kiro2chat_core.dialects.fields import Fields, body_fields
from kiro2chat_core.errors import BadRequest, SettingsError, Unauthorized
from kiro2chat_core.secret import Secret
from kiro2chat_core.sessions import Sessions
from kiro2chat_core.settings import Settings, schema, variables

from .admin_guard import cookie_name
from .configuring import name_of, planned, saved, shown
from .http import JsonResponse, read_json

__all__ = ["close_session", "open_session", "read_settings", "save_settings"]

_LIMIT = 1 << 20


async def open_session(request: Request) -> Response:
    """POST /api/session `{"link"}`: trade the token of a link for a session. The answer's `token` goes with changes."""
    sessions: Sessions = request.app.state.sessions
    fields = body_fields(await read_json(request, _LIMIT))
    fields.only("link")
    opened = await sessions.open(Secret(fields.text("link", required=True)))
    if opened is None:
        raise Unauthorized("This link was used or is too old: start kiro2chat again for a new one.")
    response = JsonResponse({"token": opened.token.reveal()})
    response.set_cookie(
        cookie_name(request.headers),
        opened.cookie.reveal(),
        max_age=opened.seconds,
        path="/api",
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return response


async def close_session(request: Request) -> Response:
    """DELETE /api/session."""
    sessions: Sessions = request.app.state.sessions
    name = cookie_name(request.headers)
    await sessions.close(Secret(request.cookies.get(name, "")))
    response = Response(status_code=204)
    response.delete_cookie(name, path="/api")
    return response


async def read_settings(request: Request) -> Response:
    """GET /api/settings: schema, values and sources. Settings are read at the start, so changes wait for the next one:
    `next` is what a setting will be then, where the file has another value by now. `problem` is what is wrong with the file.
    """
    return JsonResponse(await asyncio.to_thread(_shown, _settings(request)))


def _shown(settings: Settings) -> dict[str, Any]:
    told = _described(settings)
    path = settings.config_path
    answer: dict[str, Any] = {"schema": schema(), "settings": told, "file": str(path), "version": None, "problem": None}
    try:
        answer["version"] = config_file.version(path)
        waiting = _described(planned({}, _environment(settings)).settings)
    except SettingsError as broken:
        return answer | {"problem": broken.message}
    for name, now in told.items():
        then = waiting[name]
        known = now["source"] in ("file", "default") or (now["source"] == "given" and then["source"] == "file")
        if known and (then["value"], then["source"]) != (now["value"], now["source"]):
            now["next"] = {"value": then["value"], "source": then["source"]}
    return answer


async def save_settings(request: Request) -> Response:
    """PUT /api/settings `{"changes": {name: value or null}, "dry_run"?, "version"?}`: all of them or none; says what would
    differ. `version` is that of the settings that were shown: who looked at an older file does not write over a newer one.

    Raises:
        BadRequest: a value cannot be used, or the environment holds the setting; nothing has changed.
        Conflict: the file is another by now, or somebody else is writing it.
    """
    settings = _settings(request)
    fields = body_fields(await read_json(request, _LIMIT))
    fields.only("changes", "dry_run", "version")
    changes = fields.required_object("changes")
    try:
        names = {given: name_of(given) for given in changes.value}
    except SettingsError as unknown:
        raise BadRequest(unknown.message, field=f"changes.{unknown.field}") from None
    texts: dict[str, str | None] = {}
    for given, name in names.items():
        if name in texts:
            changes.fail(given, f"is {name} again: send each setting once")
        texts[name] = _text(changes, given)
    owned = {name for name, _env in variables() if settings.source(name) == "env"}
    for name in texts:
        if name in owned:
            changes.fail(name, f"is set by the environment ({dict(variables())[name]}) and cannot be changed here")
    dry_run, version, environment = fields.flag("dry_run"), fields.text("version") or None, _environment(settings)
    try:
        if dry_run:
            change = await asyncio.to_thread(planned, texts, environment, version)
        else:
            change = await asyncio.to_thread(saved, texts, environment, version)
    except SettingsError as bad:
        field = f"changes.{bad.field}" if bad.field in texts else "changes"
        raise BadRequest(bad.message, field=field) from None
    old, new = _described(change.before), _described(change.settings)
    diff = {name: {"from": old[name]["value"], "to": new[name]["value"]} for name in texts}
    return JsonResponse({"diff": diff, "restart": bool(diff) and not dry_run})


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _described(settings: Settings) -> dict[str, dict[str, Any]]:
    properties = schema()["properties"]
    return {
        name: {
            "value": shown(getattr(settings, name)),
            "source": settings.source(name),
            "variable": env,
            "secret": bool(properties[name].get("writeOnly")),
            "editable": settings.source(name) != "env",
            "next": None,
        }
        for name, env in variables()
    }


def _text(changes: Fields, name: str) -> str | None:
    """A value as the environment would write it; null takes it out."""
    value = changes.value[name]
    if value is None:
        return None
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list) and all(isinstance(each, str) and "," not in each for each in value):
        return ",".join(value)
    if not isinstance(value, (str, int, float)):
        changes.fail(name, "must be a string, a number, true, false, an array of strings without commas, or null")
    return str(value)


def _environment(settings: Settings) -> dict[str, str]:
    """This process's, with the place of config.toml as the settings have it."""
    return dict(os.environ) | {"KIRO2CHAT_CONFIG": str(settings.config_path), "HOME": str(settings.home)}
