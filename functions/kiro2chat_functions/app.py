"""One object graph, all routes."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import TypeAlias

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Scope

from kiro2chat_core import __version__
from kiro2chat_core.errors import Kiro2ChatError, StoreError
from kiro2chat_core.gateways import Gateways
from kiro2chat_core.journal import Journal
from kiro2chat_core.keys import Keys
from kiro2chat_core.limits import Ledger
from kiro2chat_core.report import Report
from kiro2chat_core.sessions import Sessions
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.base import Store
from kiro2chat_core.store.opening import is_made, store_of

from . import admin, agent, agent_sessions, anthropic, key_admin, login_admin, mcp_admin, openai, responses, site, stats
from .admin_guard import AdminGuard
from .device_logins import DeviceLogins
from .ending import Ending
from .guards import LIMIT_HEADERS, KeyGuard, OriginGuard
from .http import ErrorForm, JsonResponse, as_error, error_response, noted, rendered
from .metrics import Meters
from .recording import Recording
from .tracing import Tracing, spans_of

__all__ = ["create_app", "end"]

logger = logging.getLogger(__name__)

_GUARDED = ("/v1", "/metrics")

_GRACE = 4.0
"""Seconds that answers have to become whole once the server is told to end; a second later `serving` cuts them off."""

Handler: TypeAlias = Callable[[Request], Awaitable[Response]]


def create_app(settings: Settings, *, own: Settings | None = None, clock: Callable[[], float] = time.time) -> Starlette:
    """The whole server as an ASGI app. `own` are the user's settings where it is the demo: `settings` point to the emulator
    then, and logins that are made in the page are the user's.
    """
    gateways = Gateways(settings)
    store = store_of(settings, clock=clock)
    keys = Keys(store, settings.api_key, clock, is_there=partial(is_made, settings))
    ledger = Ledger(store, clock)
    journal = Journal(store, settings)
    meters = Meters(lambda: journal.dropped)
    sessions = Sessions(store, clock)
    door = agent.AgentDoor(settings, store, clock)
    spans = spans_of()
    device_logins = DeviceLogins(own or settings, demo=own is not None)

    def ended(report: Report) -> None:
        meters.ended(report)
        journal.note(report)

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        await _look_at(store, keys)
        yield
        await device_logins.aclose()
        await door.aclose()
        await gateways.aclose()
        await ledger.aclose()
        await journal.aclose()
        await store.aclose()
        if spans is not None:
            await spans.aclose()

    app = Starlette(
        routes=[
            *site.routes(),
            Route("/health", _health, methods=["GET", "HEAD"]),
            _route("/v1/models", _either(openai.list_models, anthropic.list_models), "GET"),
            _route("/v1/models/{id:path}", _either(openai.retrieve_model, anthropic.retrieve_model), "GET"),
            _route("/v1/messages", anthropic.messages, "POST"),
            _route("/v1/messages/count_tokens", anthropic.count_tokens, "POST"),
            _route("/v1/chat/completions", openai.chat_completions, "POST"),
            _route("/v1/responses", responses.create_response, "POST"),
            _route("/v1/responses", responses.no_socket, "GET"),
            _route("/v1/responses/input_tokens", responses.count_input_tokens, "POST"),
            _route("/v1/responses/compact", responses.compact, "POST"),
            _route("/v1/responses/{id}", responses.not_stored, "GET"),
            _route("/v1/responses/{id}", responses.not_stored, "DELETE"),
            _route("/v1/responses/{id}/cancel", responses.not_stored, "POST"),
            _route("/v1/responses/{id}/input_items", responses.not_stored, "GET"),
            _route("/v1/agent/chat", agent.chat, "POST"),
            _route("/v1/agent/approve", agent.approve, "POST"),
            _route("/v1/agent/cancel", agent.cancel, "POST"),
            _route("/v1/agent/tools", agent.list_tools, "GET"),
            _route("/v1/agent/reload", agent.reload, "POST"),
            _route("/v1/agent/sessions", agent_sessions.list_sessions, "GET"),
            _route("/v1/agent/sessions/{id}", agent_sessions.read_session, "GET"),
            _route("/v1/agent/sessions/{id}", agent_sessions.delete_session, "DELETE"),
            _route("/v1/agent/sessions/{id}/export", agent_sessions.export_session, "GET"),
            _route("/api/stats", stats.stats, "GET"),
            _route("/api/requests", stats.requests, "GET"),
            _route("/api/requests/live", stats.live_requests, "GET"),
            _route("/api/requests/{id}", stats.one_request, "GET"),
            _route("/metrics", stats.metrics, "GET"),
            _route("/api/session", admin.open_session, "POST"),
            _route("/api/session", admin.close_session, "DELETE"),
            _route("/api/settings", admin.read_settings, "GET"),
            _route("/api/settings", admin.save_settings, "PUT"),
            _route("/api/login", login_admin.show_login, "GET"),
            _route("/api/login/refresh", login_admin.renew_login, "POST"),
            _route("/api/login/device", login_admin.start_device, "POST"),
            _route("/api/login/device/{id}", login_admin.show_device, "GET"),
            _route("/api/login/device/{id}", login_admin.cancel_device, "DELETE"),
            _route("/api/usage", login_admin.show_usage, "GET"),
            _route("/api/doctor", login_admin.examine, "POST"),
            _route("/api/mcp", mcp_admin.read_files, "GET"),
            _route("/api/mcp", mcp_admin.save_file, "PUT"),
            _route("/api/mcp/try", mcp_admin.try_out, "POST"),
            _route("/api/keys", key_admin.list_keys, "GET"),
            _route("/api/keys", key_admin.make_key, "POST"),
            _route("/api/keys/{id}", key_admin.revoke_key, "DELETE"),
        ],
        middleware=_middleware(
            settings,
            [
                *([] if spans is None else [Middleware(Tracing, spans=spans)]),
                Middleware(Recording, began=meters.began, ended=ended, bodies=settings.keeps_bodies),
            ],
            keys,
            sessions,
            meters,
        ),
        exception_handlers={HTTPException: _on_http_error},
        lifespan=lifespan,
    )
    app.router.redirect_slashes = False  # a POST that is sent elsewhere would arrive without its body
    app.state.settings = settings
    app.state.gateways = gateways
    app.state.store = store
    app.state.keys = keys
    app.state.ledger = ledger
    app.state.clock = clock
    app.state.journal = journal
    app.state.meters = meters
    app.state.agent = door
    app.state.sessions = sessions
    app.state.device_logins = device_logins
    app.state.demo = own is not None
    app.state.ending = Ending()
    return app


def end(app: Starlette) -> None:
    """The server was told to end: what would go on for ever ends at once, and answers while they can still say so."""
    app.state.journal.end_listeners()
    asyncio.get_running_loop().call_later(_GRACE, app.state.ending.tell)


async def _look_at(store: Store, keys: Keys) -> None:
    """Whether keys are demanded is known from here on: who needs none loses no answer with the store."""
    try:
        await store.open()
        await keys.demanded()
    except StoreError as lost:  # `serve` has just opened it and would have stopped
        logger.warning("The store is out of reach: %s", lost.message)


def _middleware(
    settings: Settings, recording: list[Middleware], keys: Keys, sessions: Sessions, meters: Meters
) -> list[Middleware]:
    layers = [
        Middleware(
            OriginGuard,
            hosts=settings.allowed_hosts,
            origins=settings.cors_origins,
            loopback=settings.is_loopback,
            render=_render,
            refused=meters.refused,
        )
    ]
    if settings.cors_origins:
        layers.append(
            Middleware(
                CORSMiddleware,
                allow_origins=settings.cors_origins,
                allow_methods=["GET", "POST", "PUT", "DELETE", "OPTIONS"],
                allow_headers=["*"],
                expose_headers=["request-id", "x-request-id", "x-kiro2chat-ignored", "retry-after", *LIMIT_HEADERS],
            )
        )
    layers += recording  # refused keys included
    layers.append(
        Middleware(KeyGuard, keys=keys, prefixes=_GUARDED, render=_render, is_anthropic=anthropic.is_anthropic)
    )
    layers.append(Middleware(AdminGuard, keys=keys, sessions=sessions, render=_render))
    return layers


def _route(path: str, handler: Handler, method: str) -> Route:
    """A handler whose errors are answered in the dialect of the request."""

    async def endpoint(request: Request) -> Response:
        return await rendered(handler, _error_form(request.scope))(request)

    return Route(path, endpoint, methods=[method])


def _either(openai_handler: Handler, anthropic_handler: Handler) -> Handler:
    """A path that both vendors have: the client's headers say whose answer it understands."""

    async def handler(request: Request) -> Response:
        chosen = anthropic_handler if anthropic.is_anthropic(request.scope) else openai_handler
        return await chosen(request)

    return handler


def _error_form(scope: Scope) -> ErrorForm:
    ours = not scope["path"].startswith("/v1")  # /api speaks one language, whatever the client sends
    return openai.error_answer if ours or not anthropic.is_anthropic(scope) else anthropic.error_answer


async def _health(request: Request) -> Response:
    return JsonResponse({"status": "ok", "version": __version__, "demo": request.app.state.demo})


def _render(error: Kiro2ChatError, scope: Scope) -> Response:
    told = as_error(error)
    return error_response(told, _error_form(scope), noted(told, scope))


async def _on_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    told = {
        404: f"There is nothing at {request.url.path[:200]}.",
        405: f"{request.url.path[:200]} does not take {request.method}.",
    }.get(error.status_code, error.detail)
    code = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http_error")
    response = _render(Kiro2ChatError(told, status=error.status_code, code=code), request.scope)
    response.headers.update(error.headers or {})
    return response
