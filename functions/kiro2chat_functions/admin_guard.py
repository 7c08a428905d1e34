"""Who may administer: the holder of the admin key, or a browser that was opened by the link that `serve` printed."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from kiro2chat_core.errors import Forbidden, Kiro2ChatError, StoreError, Unauthorized
from kiro2chat_core.keys import ADMIN, Keys
from kiro2chat_core.secret import Secret
from kiro2chat_core.sessions import Sessions

from .guards import given_keys

__all__ = ["CHANGES", "AdminGuard", "cookie_name"]

CHANGES = "x-kiro2chat-token"
"""Header that goes with whatever changes something: a foreign page can make a browser send its cookie, but not this."""

_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})

Render = Callable[[Kiro2ChatError, Scope], Response]


class AdminGuard:
    """Guards every path below `prefix` but `entrance`, where the session begins.

    The paths in `shown` may be read by anyone who may call the server at all: numbers, no settings and nothing that was said.
    """

    def __init__(
        self,
        app: ASGIApp,
        *,
        keys: Keys,
        sessions: Sessions,
        render: Render,
        prefix: str = "/api/",
        entrance: str = "/api/session",
        shown: tuple[str, ...] = ("/api/stats", "/api/requests", "/api/requests/live"),
    ) -> None:
        self._app = app
        self._keys = keys
        self._sessions = sessions
        self._render = render
        self._prefix = prefix
        self._entrance = entrance
        self._shown = shown

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        entering = scope["type"] == "http" and scope["path"] == self._entrance and scope["method"] == "POST"
        if scope["type"] == "http" and scope["path"].startswith(self._prefix) and not entering:
            try:
                await self._check(scope, Headers(scope=scope))
            except Kiro2ChatError as error:
                await self._render(error, scope)(scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _check(self, scope: Scope, headers: Headers) -> None:
        """Raises Unauthorized, Forbidden, or StoreError where nobody knows."""
        refused: Kiro2ChatError | None = None  # the page of an administrator may chat by a key that was handed out
        sent = given_keys(headers)
        for given in () if not sent or await self._is_open(scope) else sent:
            try:
                await self._check_key(given)
                return
            except (Unauthorized, Forbidden, StoreError) as error:
                refused = refused or error  # the other one may be right
        cookie = _cookie(headers)
        if cookie is not None and await self._sessions.is_open(cookie):
            if scope["method"] not in _SAFE:
                await self._check_token(cookie, headers.get(CHANGES, ""))
            return
        if refused is not None:
            raise refused
        if await self._is_open(scope):
            return
        raise Unauthorized(
            "Open the link that `kiro2chat serve` printed, or send API_KEY as `Authorization: Bearer KEY`."
        )

    async def _is_open(self, scope: Scope) -> bool:
        """Whether no key is needed here: then any word will do instead of one."""
        return scope["path"] in self._shown and scope["method"] in _SAFE and not await self._keys.demanded()

    async def _check_key(self, given: str) -> None:
        key = await self._keys.find(given)
        if key is None:
            raise Unauthorized("The API key is wrong: these paths take the one that the server has in API_KEY.")
        if key != ADMIN:
            raise Forbidden("This is for the admin key only: the one that the server has in API_KEY.")

    async def _check_token(self, cookie: Secret, token: str) -> None:
        if not token or not await self._sessions.may_change(cookie, Secret(token)):
            raise Forbidden(f"Changes need the session's token in the header {CHANGES}.")


def cookie_name(headers: Headers) -> str:
    """The session's cookie at the address that was called. Cookies know no ports, and there may be a server on each."""
    port = headers.get("host", "").rpartition(":")[2]
    return f"kiro2chat_session_{port}" if port.isdecimal() else "kiro2chat_session"


def _cookie(headers: Headers) -> Secret | None:
    try:
        found = SimpleCookie(headers.get("cookie", "")).get(cookie_name(headers))
    except CookieError:
        return None
    return Secret(found.value) if found is not None and found.value else None
