"""The routes. Everything answers at the root; `/runtime`, `/management`, `/q`, `/oidc` and `/social` each play one host.

So one address can stand for all of `KIRO_API_URL`, `KIRO_CONTROL_URL`, `KIRO_OIDC_URL` and `KIRO_SOCIAL_URL`, or each can
get the part that knows no other paths, as the real hosts do not (protocol notes 5: no models on the runtime host).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route

from . import control, panel, tokens
from .backend import Backend
from .chat import TARGET, generate
from .refusals import REFUSALS
from .service import Arrival, arrive

__all__ = ["build"]

Endpoint: TypeAlias = Callable[[Arrival], Response]

_REST_CONTROL = {
    ("GET", "/ListAvailableModels"): "ListAvailableModels",
    ("GET", "/List-Available-Models"): "ListAvailableModels",
    ("POST", "/List-Available-Profiles"): "ListAvailableProfiles",
    ("POST", "/ListAvailableProfiles"): "ListAvailableProfiles",
    ("GET", "/getUsageLimits"): "GetUsageLimits",
    ("GET", "/Get-Usage-Limits"): "GetUsageLimits",
}


def build(backend: Backend) -> Starlette:
    route = partial(_route, backend)
    chat: list[BaseRoute] = [route("/generateAssistantResponse", generate)]
    side = [route(path, partial(_rest_control, name=name), method) for (method, path), name in _REST_CONTROL.items()]
    target = [route("/", _by_target)]
    oidc = [
        route("/token", tokens.token),
        route("/client/register", tokens.register_client),
        route("/device_authorization", tokens.authorize_device),
    ]
    social: list[BaseRoute] = [route("/refreshToken", tokens.social_refresh)]
    external = [route("/external/token", tokens.external_token)]
    hosts: dict[str, list[BaseRoute]] = {
        "/runtime": chat,
        "/management": [*side, *target],
        "/q": [*chat, *side, *target],
        "/oidc": [*oidc],
        "/social": social,
    }
    return Starlette(
        routes=[
            *panel.routes(backend),
            *chat, *side, *target, *oidc, *social, *external,
            *(Mount(path, routes=routes) for path, routes in hosts.items()),
        ],
        exception_handlers={404: _not_found},
    )  # fmt: skip


def _by_target(arrival: Arrival) -> Response:
    """The JSON-1.0 form: one path for all operations."""
    target = arrival.seen.headers.get("x-amz-target", "")
    if target == TARGET:
        return generate(arrival)
    name = target.removeprefix(control.PREFIX)
    if target.startswith(control.PREFIX) and name in control.OPERATIONS:
        return control.operate(arrival, name)
    return arrival.refuse(REFUSALS["unknown_operation"])


def _rest_control(arrival: Arrival, *, name: str) -> Response:
    """The REST form must not carry a target (protocol notes 5)."""
    if arrival.form == "json":
        return arrival.refuse(REFUSALS["unknown_operation"])
    return control.operate(arrival, name)


def _route(backend: Backend, path: str, endpoint: Endpoint, method: str = "POST") -> Route:
    async def handle(request: Request) -> Response:
        try:
            return endpoint(await arrive(backend, request))
        except ClientDisconnect:
            return Response()  # nobody is there to read it

    handler: Callable[[Request], Awaitable[Response]] = handle
    return Route(path, handler, methods=[method])


async def _not_found(_: Request, __: Exception) -> Response:
    return Response(b"{}", 404, media_type="application/json")
