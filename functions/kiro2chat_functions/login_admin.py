"""The login over HTTP, for a page: which one is used, renewing it, the plan, logging in, and every step to an answer.

Who may call is `AdminGuard`'s business. A login is shown masked; its tokens go nowhere.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Any

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from kiro2chat_core import jsonio
from kiro2chat_core.dialects.fields import body_fields
from kiro2chat_core.errors import BadRequest, LoginError, SettingsError
from kiro2chat_core.gateways import Gateways
from kiro2chat_core.kiro.account import BUILDER_ID, Login
from kiro2chat_core.kiro.allowance import Plan
from kiro2chat_core.kiro.login import find_login, look
from kiro2chat_core.kiro.own import check_exists, own_command, own_names
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import Settings

from .device_logins import Attempt, DeviceLogins
from .doctor import Step, steps
from .http import JsonResponse, read_json, unless_left
from .logins import masked, masked_arn

__all__ = [
    "cancel_device",
    "examine",
    "renew_login",
    "show_device",
    "show_login",
    "show_usage",
    "start_device",
]

_LIMIT = 1 << 16


async def show_login(request: Request) -> Response:
    """GET /api/login: the login in use, masked, and where one was looked for. `next` is the command to type, "" for none."""
    return JsonResponse(await _shown(request))


async def renew_login(request: Request) -> Response:
    """POST /api/login/refresh: a new token now, even if the old one still serves; answers as `show_login` does.

    Raises:
        LoginError: it cannot be renewed; says what to type.
        BackendError: the token service fails.
    """
    settings, tokens = _settings(request), _gateways(request).main.tokens
    found = await asyncio.to_thread(find_login, settings, now=time.time())
    login = await tokens.current()
    if found.usable(time.time()):  # else the line above has renewed it
        await tokens.renew(login)
    return JsonResponse(await _shown(request))


async def show_usage(request: Request) -> Response:
    """GET /api/usage: the plan, asked anew; with `?login=NAME` that of a login which keys may use.

    Raises:
        BadRequest: there is no such login.
    """
    name = request.query_params.get("login", "")
    try:
        check_exists(_settings(request), name)
    except SettingsError as unknown:
        raise BadRequest(unknown.message, field="login") from None
    return JsonResponse(_plan(await _gateways(request).of(name).plan()))


async def start_device(request: Request) -> Response:
    """POST /api/login/device `{"start_url"?, "region"?, "name"?}`: a code to confirm in a browser, anywhere.

    Raises:
        BadRequest: no such name, start address or region can be, or a member is none of these.
        LimitReached: enough codes wait already.
        BackendError: the login service fails.
    """
    fields = body_fields(await read_json(request, _LIMIT))
    fields.only("name", "start_url", "region")
    logins = _device_logins(request)
    try:
        attempt = await logins.start(
            fields.text("name") or logins.settings.login_name,
            start_url=fields.text("start_url") or BUILDER_ID,
            region=fields.text("region") or "us-east-1",
        )
    except SettingsError as bad:
        field = "name" if bad.field == "LOGIN_NAME" else bad.field
        raise BadRequest(bad.message, field=field) from None
    return JsonResponse(_attempt(attempt), status_code=201)


async def show_device(request: Request) -> Response:
    """GET /api/login/device/{id}: how it stands. What has ended is remembered for a while."""
    return JsonResponse(_attempt(_device_logins(request).find(request.path_params["id"])))


async def cancel_device(request: Request) -> Response:
    """DELETE /api/login/device/{id}: nobody will confirm it."""
    await _device_logins(request).cancel(request.path_params["id"])
    return Response(status_code=204)


async def examine(request: Request) -> Response:
    """POST /api/doctor: every step from the settings to a whole answer, with the login and connections of this server. Who
    accepts `text/event-stream` gets each as an event `step` when it has been taken, and then `done`."""
    taken = steps(_gateways(request).main)
    if "text/event-stream" in request.headers.get("accept", ""):
        return StreamingResponse(
            _as_taken(taken), media_type="text/event-stream", headers={"cache-control": "no-cache"}
        )
    done = await unless_left(request, _all(taken))
    return JsonResponse({"ok": all(step["ok"] for step in done), "steps": done})


async def _as_taken(taken: AsyncGenerator[Step, None]) -> AsyncIterator[bytes]:
    ok = True
    async with aclosing(taken):
        async for step in taken:
            ok = ok and step.ok
            yield b"event: step\ndata: " + jsonio.dumps(_told(step)) + b"\n\n"
    yield b"event: done\ndata: " + jsonio.dumps({"ok": ok}) + b"\n\n"


async def _all(taken: AsyncGenerator[Step, None]) -> list[dict[str, Any]]:
    async with aclosing(taken):
        return [_told(step) async for step in taken]


def _told(step: Step) -> dict[str, Any]:
    return {"name": step.name, "ok": step.ok, "milliseconds": round(step.seconds * 1000, 1), "told": step.told}


async def _shown(request: Request) -> dict[str, Any]:
    return await asyncio.to_thread(_looked, _settings(request), _gateways(request).main.tokens.refused)


def _looked(settings: Settings, refused: Mapping[Secret, str]) -> dict[str, Any]:
    now = time.time()
    places = [
        {"place": each.place, "found": each.login is not None, "why": each.why} for each in look(settings, now=now)
    ]
    told: dict[str, Any] = {"places": places, "names": own_names(settings), "name": settings.login_name}
    try:
        login = find_login(settings, now=now, refused=refused)
    except LoginError as error:
        command = own_command(settings.login_name if settings.only_own else "default")
        return told | {"login": None, "error": error.message, "next": command}
    why = refused.get(login.refresh_token, "") if login.refresh_token else ""
    renewable = login.renewable(now) and not why
    works = login.usable(now) or renewable
    return told | {
        "login": _login(login, renewable),
        "error": why,
        "next": "" if works and not why else login.command,
    }


def _login(login: Login, renewable: bool) -> dict[str, Any]:
    return {
        "source": login.source,
        "kind": login.kind,
        "expires_at": login.expires_at,
        "renewable": renewable,
        "region": login.sso_region,
        "has_profile": login.profile_arn is not None,
        "profile": masked_arn(login.profile_arn) if login.profile_arn else None,
        "token": masked(login),
    }


def _attempt(attempt: Attempt) -> dict[str, Any]:
    return {
        "id": attempt.id,
        "name": attempt.name,
        "address": attempt.code.address,
        "user_code": attempt.code.user_code,
        "expires_at": attempt.expires_at,
        "state": attempt.state,
        "message": attempt.message,
    }


def _plan(plan: Plan) -> dict[str, Any]:
    allowances = [
        {
            "name": each.name,
            "used": each.used,
            "limit": each.limit,
            "left": each.left,
            "resets_at": each.resets_at,
            "overage_used": each.overage_used,
            "free_trial_left": each.free_trial_left,
        }
        for each in plan.allowances
    ]
    return {"plan": plan.title, "account": plan.account, "overage": plan.overage, "allowances": allowances}


def _settings(request: Request) -> Settings:
    settings: Settings = request.app.state.settings
    return settings


def _gateways(request: Request) -> Gateways:
    gateways: Gateways = request.app.state.gateways
    return gateways


def _device_logins(request: Request) -> DeviceLogins:
    logins: DeviceLogins = request.app.state.device_logins
    return logins
