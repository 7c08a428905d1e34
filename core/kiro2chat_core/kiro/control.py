"""The control plane: which models and profiles a login has (protocol notes 5). REST form, which carries no target header."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from .. import jsonio
from ..errors import Kiro2ChatError, LoginError, Misunderstood, Unavailable
from ..settings import Settings
from . import catalog, failures
from .catalog import Model
from .hosts import Hosts
from .login import Login
from .tokens import Tokens
from .transport import translated

__all__ = ["Control", "Models"]

logger = logging.getLogger(__name__)

_TIMEOUT = 15.0
_PAGES = 20

# Hosts differ in the spelling of paths; a 404 leads to the next one.
_MODELS = ("/ListAvailableModels", "/List-Available-Models")
_PROFILES = ("/ListAvailableProfiles", "/List-Available-Profiles")


class Control:
    def __init__(self, settings: Settings, http: httpx.AsyncClient, tokens: Tokens) -> None:
        self._settings = settings
        self._http = http
        self._tokens = tokens
        self._hosts = Hosts(settings)
        self._profiles: dict[str, str | None] = {}

    async def models(self) -> list[Model]:
        """Every model of the login, page by page.

        Raises:
            Kiro2ChatError: the list cannot be had.
        """
        found: list[Model] = []
        params = {"origin": self._settings.kiro_origin}
        for _ in range(_PAGES):
            answer = await self._call("GET", _MODELS, params)
            found += catalog.parse(answer)
            token = answer.get("nextToken")
            if not isinstance(token, str) or not token:
                break
            params["nextToken"] = token
        if not found:
            raise Unavailable("Kiro's list of models is empty.")
        return found

    async def profile_arn(self, login: Login) -> str | None:
        """The profile of a login that names none; None where it has none (Builder ID). Asked once per login."""
        if login.kind not in ("odic", "external-idp"):
            return None
        if login.source not in self._profiles:
            try:
                answer = await self._call("POST", _PROFILES, {}, login)
            except LoginError:
                answer = {}  # "AWS Builder ID is not supported for this operation."
            except Kiro2ChatError as error:
                logger.info("The list of profiles cannot be had (%s)", error.code)
                return None
            self._profiles[login.source] = _first_arn(answer)
        return self._profiles[login.source]

    async def _call(
        self, method: str, paths: Sequence[str], params: dict[str, str], login: Login | None = None
    ) -> dict[str, Any]:
        """One call, with the token renewed once if it is refused. A given login is used as it is."""
        current = login or await self._tokens.current()
        try:
            return await self._ask(method, paths, params, current)
        except LoginError:
            if login is not None:
                raise
            return await self._ask(method, paths, params, await self._tokens.renew(current))

    async def _ask(self, method: str, paths: Sequence[str], params: dict[str, str], login: Login) -> dict[str, Any]:
        base = self._hosts.control_url(login)
        if method == "GET" and login.profile_arn:
            params = params | {"profileArn": login.profile_arn}
        headers = self._hosts.bearer(login) | {"accept": "application/json"}
        body: dict[str, Any] | None = {} if method == "POST" else None
        response = httpx.Response(404)
        for path in paths:
            if response.status_code != 404:
                break
            with translated("asking the control plane"):
                async with asyncio.timeout(_TIMEOUT):
                    response = await self._http.request(method, base + path, params=params, headers=headers, json=body)
        if response.status_code != 200:
            raise failures.from_response(response.status_code, response.headers, response.content[:65536])
        try:
            answer = jsonio.loads(response.content)
        except ValueError:
            raise Misunderstood("Kiro's control plane answered in something that is not JSON.") from None
        return answer if isinstance(answer, dict) else {}


class Models:
    """The list of models, kept for a while. A list that cannot be had is the old one, or the table of the catalog."""

    def __init__(self, control: Control, ttl: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._control = control
        self._ttl = ttl
        self._clock = clock
        self._models: Sequence[Model] = catalog.FALLBACK
        self._next = 0.0
        self._fetching: asyncio.Task[None] | None = None
        self.live = False
        """Whether the list came from the backend."""

    async def current(self, patience: float = _TIMEOUT) -> Sequence[Model]:
        """The list; `patience` is how many seconds a caller waits for a fresh one before taking what there is."""
        if self._clock() >= self._next and self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
        if self._fetching is not None and not (self.live and patience < _TIMEOUT):
            await asyncio.wait({self._fetching}, timeout=patience)
        return self._models

    async def _fetch(self) -> None:
        try:
            self._models = await self._control.models()
            self.live = True
            self._next = self._clock() + self._ttl
        except Kiro2ChatError as error:
            logger.warning("The list of models cannot be had: %s", error.message)
            self._next = self._clock() + min(self._ttl, 30.0)
        finally:
            self._fetching = None

    async def aclose(self) -> None:
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})


def _first_arn(answer: dict[str, Any]) -> str | None:
    profiles = answer.get("profiles")
    for profile in profiles if isinstance(profiles, list) else []:
        if isinstance(profile, dict) and isinstance(profile.get("arn"), str) and profile["arn"]:
            arn: str = profile["arn"]
            return arn
    return None
