"""Who may call: pure ASGI layers around the routes (BaseHTTPMiddleware would hide the client's leaving).

A gateway on loopback spends a person's Kiro plan, so no web page may drive it: neither by a form or script from a foreign
origin, nor by a name that was made to point to 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection
from datetime import UTC, datetime
from functools import partial
from typing import Literal, TypeAlias
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from kiro2chat_core.errors import Forbidden, Kiro2ChatError, StoreError, Unauthorized
from kiro2chat_core.keys import ADMIN, PREFIX, ApiKey, Keys
from kiro2chat_core.limits import Standing
from kiro2chat_core.settings import LOOPBACK

__all__ = ["LIMIT_HEADERS", "Foreign", "KeyGuard", "OriginGuard", "given_keys", "limit_headers"]

LIMIT_HEADERS = tuple(
    f"x-ratelimit-{name}-{what}"
    for what in ("requests", "tokens", "credits")
    for name in ("limit", "remaining", "reset")
)
"""What pages of foreign origins may read, besides."""

Render = Callable[[Kiro2ChatError, Scope], Response]

Foreign: TypeAlias = Literal["host", "origin"]
"""Which of the two was foreign."""


class OriginGuard:
    """Refuses requests whose Host or Origin is foreign. `hosts` are the names besides loopback's; `*` allows any.

    `refused` hears of each: whoever drives requests here from a page should be seen in numbers, but not fill a disk.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        hosts: Collection[str],
        origins: Collection[str],
        loopback: bool,
        render: Render,
        refused: Callable[[Foreign], None] = lambda what: None,
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._loopback = loopback
        self._render = render
        self._refused = refused

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (found := self._foreign(Headers(scope=scope))) is not None:
            what, why = found
            self._refused(what)
            await self._render(Forbidden(why), scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _foreign(self, headers: Headers) -> tuple[Foreign, str] | None:
        host = headers.get("host", "")
        if not self._known_host(host):
            return "host", f"The host {host[:100]!r} is not allowed. Behind a reverse proxy, name it in ALLOWED_HOSTS."
        origin = headers.get("origin")
        if self._loopback and origin is not None and not self._known_origin(origin, host):
            told = f"Pages of {origin[:100]!r} may not call this server. CORS_ORIGINS names those that may."
            return "origin", told
        return None

    def _known_host(self, host: str) -> bool:
        if "*" in self._hosts or (not self._loopback and not self._hosts):
            return True
        name, _ = _split(host)
        return name in LOOPBACK or name in self._hosts or host.lower() in self._hosts

    def _known_origin(self, origin: str, host: str) -> bool:
        if "*" in self._origins or origin.lower() in self._origins:
            return True
        try:
            parts = urlsplit(origin)
        except ValueError:
            return False
        if parts.scheme not in ("http", "https"):
            return False
        page, page_port = _split(parts.netloc)
        name, port = _split(host)
        same_name = page == name or (page in LOOPBACK and name in LOOPBACK)
        return same_name and (page_port or _PORTS[parts.scheme]) == (port or _PORTS[parts.scheme])


_PORTS = {"http": "80", "https": "443"}


class KeyGuard:
    """Demands an API key on every path below one of `prefixes`, as a bearer token or in `x-api-key`, and puts whose it is
    into `scope["state"]["api_key"]`; `whose_key` there looks again, for those that had to wait. Paths that are not below
    `handed_out` take the admin key, or one for metrics.

    Where no key is demanded (loopback, without API_KEY and without keys in the store) any word will do instead of one, but
    for what looks like a key of ours: that is somebody's, or it is wrong.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys,
        prefixes: tuple[str, ...],
        render: Render,
        is_anthropic: Callable[[Scope], bool] = lambda scope: False,
        handed_out: str = "/v1",
    ) -> None:
        self._app = app
        self._keys = keys
        self._prefixes = prefixes
        self._render = render
        self._is_anthropic = is_anthropic
        self._handed_out = handed_out

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or not scope["path"].startswith(self._prefixes):
            await self._app(scope, receive, send)
            return
        try:
            found = await self._whose(Headers(scope=scope), scope["path"])
        except Kiro2ChatError as error:
            await self._render(error, scope)(scope, receive, send)
            return
        if found is None:
            await self._app(scope, receive, send)
            return
        key, given = found
        state = scope.setdefault("state", {})
        state |= {"api_key": key, "whose_key": partial(self._keys.find, given)}
        if (report := scope.get("report")) is not None:
            report.key, report.key_name = key.id, key.name

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start" and (standing := state.get("standing")) is not None:
                MutableHeaders(scope=message).update(limit_headers(standing, anthropic=self._is_anthropic(scope)))
            await send(message)

        await self._app(scope, receive, sending)

    async def _whose(self, headers: Headers, path: str) -> tuple[ApiKey, str] | None:
        """The key, and as it was sent; None where none is needed.

        Raises:
            Unauthorized: it is missing, wrong or has expired.
            Forbidden: the path is not for this key.
            StoreError: nobody knows.
        """
        sent = given_keys(headers)
        refused: Kiro2ChatError | None = None
        for given in sent:
            try:
                if (key := await self._keys.find(given)) is not None:
                    self._check_path(key, path)
                    return key, given
            except (Unauthorized, Forbidden, StoreError) as error:
                refused = refused or error  # the other one may be right
        if refused is not None:
            raise refused
        if any(given.startswith(PREFIX) for given in sent) or await self._keys.demanded():
            told = "wrong" if sent else "missing"
            raise Unauthorized(f"The API key is {told}: send it as `Authorization: Bearer KEY` or `x-api-key: KEY`.")
        return None

    def _check_path(self, key: ApiKey, path: str) -> None:
        """Raises Forbidden: it is not for this key."""
        if key == ADMIN or key.metrics != path.startswith(self._handed_out):
            return
        if key.metrics:
            raise Forbidden("This key is for /metrics only; `kiro2chat keys new NAME` makes one for models.")
        raise Forbidden("This takes the admin key (API_KEY), or one of `kiro2chat keys new NAME --metrics`.")


def limit_headers(standing: Standing, *, anthropic: bool) -> dict[str, str]:
    """How a key stands, in OpenAI's names with seconds, for Anthropic's clients in theirs with times too."""
    told: dict[str, str] = {}
    for gauge in standing.gauges:
        ends_at = gauge.window.ends_at
        seconds = max(1, math.ceil(ends_at - standing.now))
        values: dict[str, object] = {"limit": gauge.limit, "remaining": gauge.left, "reset": seconds}
        told |= {f"x-ratelimit-{name}-{gauge.what}": f"{value}" for name, value in values.items()}
        if anthropic:
            values["reset"] = f"{datetime.fromtimestamp(ends_at, UTC):%Y-%m-%dT%H:%M:%SZ}"
            told |= {f"anthropic-ratelimit-{gauge.what}-{name}": f"{value}" for name, value in values.items()}
    return told


def given_keys(headers: Headers) -> tuple[str, ...]:
    """The keys that a client sent: Claude Code sends one in each header where both of its variables are set."""
    scheme, _, token = headers.get("authorization", "").partition(" ")
    given = (token if scheme.lower() == "bearer" else "", headers.get("x-api-key", ""))
    return tuple(key for each in given if (key := each.strip()))


def _split(host: str) -> tuple[str, str]:
    """Name and port of a Host header, `[::1]:8000` included; the port is "" where there is none."""
    host = host.strip().lower()
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name.rstrip("."), port
