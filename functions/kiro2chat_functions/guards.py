"""Who may call: pure ASGI layers around the routes (BaseHTTPMiddleware would hide the client's leaving).

A gateway on loopback spends a person's Kiro plan, so no web page may drive it: neither by a form or script from a foreign
origin, nor by a name that was made to point to 127.0.0.1 (DNS rebinding).
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from urllib.parse import urlsplit

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kiro2chat_core.errors import Forbidden, Kiro2ChatError, Unauthorized
from kiro2chat_core.secret import Secret
from kiro2chat_core.settings import LOOPBACK

__all__ = ["KeyGuard", "OriginGuard"]

Render = Callable[[Kiro2ChatError, Scope], Response]


class OriginGuard:
    """Refuses requests whose Host or Origin is foreign. `hosts` are the names besides loopback's; `*` allows any."""

    def __init__(
        self, app: ASGIApp, *, hosts: Collection[str], origins: Collection[str], loopback: bool, render: Render
    ) -> None:
        self._app = app
        self._hosts = frozenset(host.lower() for host in hosts)
        self._origins = frozenset(origin.rstrip("/").lower() for origin in origins)
        self._loopback = loopback
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (why := self._foreign(Headers(scope=scope))):
            await self._render(Forbidden(why), scope)(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _foreign(self, headers: Headers) -> str:
        host = headers.get("host", "")
        if not self._known_host(host):
            return f"The host {host[:100]!r} is not allowed. Behind a reverse proxy, name it in ALLOWED_HOSTS."
        origin = headers.get("origin")
        if self._loopback and origin is not None and not self._known_origin(origin, host):
            return f"Pages of {origin[:100]!r} may not call this server. CORS_ORIGINS names those that may."
        return ""

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
    """Demands the API key on every path below one of `prefixes`, as a bearer token or in `x-api-key`."""

    def __init__(self, app: ASGIApp, *, key: Secret | None, prefixes: tuple[str, ...], render: Render) -> None:
        self._app = app
        self._key = key
        self._prefixes = prefixes
        self._render = render

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and self._key is not None and scope["path"].startswith(self._prefixes):
            given = _given_key(Headers(scope=scope))
            if not given or not self._key.matches(given):
                told = "wrong" if given else "missing"
                error = Unauthorized(
                    f"The API key is {told}: send it as `Authorization: Bearer KEY` or `x-api-key: KEY`."
                )
                await self._render(error, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)


def _given_key(headers: Headers) -> str:
    scheme, _, token = headers.get("authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return token.strip()
    return headers.get("x-api-key", "").strip()


def _split(host: str) -> tuple[str, str]:
    """Name and port of a Host header, `[::1]:8000` included; the port is "" where there is none."""
    host = host.strip().lower()
    if host.startswith("["):
        name, _, rest = host[1:].partition("]")
        return name, rest.removeprefix(":")
    name, _, port = host.partition(":")
    return name.rstrip("."), port
