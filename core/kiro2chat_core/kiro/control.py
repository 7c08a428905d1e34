"""The control plane: which models and profiles a login has (protocol notes 5).

Hosts differ in the spelling of REST paths, and some know only awsJson1.0: a 404 leads to the next form of the same question.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from .. import jsonio
from ..errors import (
    Kiro2ChatError,
    LoginError,
    LoginExpired,
    LoginForbidden,
    LoginSuspended,
    Misunderstood,
    QuotaExhausted,
    Unavailable,
)
from ..settings import Settings
from . import allowance, catalog, failures
from .account import with_cure
from .allowance import Plan
from .catalog import Model
from .hosts import BUILDER_ID_PROFILE, SOCIAL_PROFILE, Hosts
from .login import Login
from .tokens import Tokens
from .transport import translated

__all__ = ["Control", "Models"]

logger = logging.getLogger(__name__)

_TIMEOUT = 15.0
_PAGES = 20
_PAUSE, _LONG_PAUSE = 30.0, 600.0

_TARGET = "AmazonCodeWhispererService"


@dataclass(frozen=True, slots=True)
class _Operation:
    """`rest` are the method and the paths of the REST form, which carries no target header."""

    name: str
    method: str
    paths: tuple[str, ...]

    def forms(self, params: dict[str, str]) -> Iterator[tuple[str, str, dict[str, str], Any]]:
        """Method, path, extra headers and body of each form, the likeliest first."""
        for path in self.paths:
            yield self.method, path, {}, {} if self.method == "POST" else None
        headers = {"content-type": "application/x-amz-json-1.0", "x-amz-target": f"{_TARGET}.{self.name}"}
        yield "POST", "/", headers, params


_MODELS = _Operation("ListAvailableModels", "GET", ("/ListAvailableModels", "/List-Available-Models"))
_USAGE = _Operation("GetUsageLimits", "GET", ("/getUsageLimits", "/Get-Usage-Limits"))
_PROFILES = _Operation("ListAvailableProfiles", "POST", ("/ListAvailableProfiles", "/List-Available-Profiles"))


@dataclass(frozen=True, slots=True)
class _Listed:
    """The profile that was listed for the login of this number, and until when that holds, by the monotonic clock."""

    number: int
    arn: str | None
    until: float


class Control:
    def __init__(self, settings: Settings, http: httpx.AsyncClient, tokens: Tokens) -> None:
        self._settings = settings
        self._http = http
        self._tokens = tokens
        self._hosts = Hosts(settings)
        self._profile: _Listed | None = None
        self._profiles_refused_to = 0
        """The number of the login whose token was refused when its profiles were listed."""
        self._placeholder = {"auto": self._hosts.wants_profile, "always": True, "never": False}[
            settings.kiro_send_profile
        ]

    @property
    def number(self) -> int:
        """Of the account in use: what is known of another does not hold for it."""
        return self._tokens.number

    async def models(self) -> tuple[list[Model], int]:
        """Every model of the login, page by page, and whose they are, by `Login.number`.

        Raises:
            Kiro2ChatError: the list cannot be had.
        """
        found: list[Model] = []
        params = {"origin": self._settings.kiro_origin}
        whose = 0

        async def page(login: Login) -> dict[str, Any]:
            nonlocal whose
            whose = login.number
            return await self._with_profile(_MODELS, params, login)

        for _ in range(_PAGES):
            answer = await self._renewing(page)
            found += catalog.parse(answer)
            token = answer.get("nextToken")
            if not isinstance(token, str) or not token:
                break
            params["nextToken"] = token
        if not found:
            raise Unavailable("Kiro's list of models is empty.")
        return found, whose

    async def plan(self) -> Plan:
        """What the login's plan allows and what is left of it.

        Raises:
            Kiro2ChatError: it cannot be had.
        """
        params = {"origin": self._settings.kiro_origin, "resourceType": "CREDIT", "isEmailRequired": "false"}
        return allowance.parse(await self._renewing(lambda login: self._with_profile(_USAGE, params, login)))

    async def profile_arn(self, login: Login) -> str | None:
        """The profile to send with this login's requests: its own, the one the backend lists for it, or, where the host
        wants one, the placeholder that stands for none (protocol notes 1.4)."""
        arn = login.profile_arn or await self._listed_profile(login)
        if arn is None and self._placeholder:
            arn = SOCIAL_PROFILE if login.kind == "social" else BUILDER_ID_PROFILE
        return arn

    def learn(self, error: Kiro2ChatError, login: Login) -> bool:
        """Whether this refusal was about the placeholder. Hosts differ, so what one refuses is changed from then on."""
        wanted = {failures.PROFILE_REQUIRED: True, failures.PROFILE_NOT_ALLOWED: False}.get(error.code)
        if wanted is None or login.profile_arn:
            return False
        if self._profile is not None and self._profile.arn is not None:
            if not wanted:
                self._profile = None  # the next request asks for the list anew
            return False
        if wanted == self._placeholder:
            return False
        self._placeholder = wanted
        logger.info("This host %s a profile ARN", "wants" if wanted else "does not want")
        return True

    async def _listed_profile(self, login: Login) -> str | None:
        """The first profile of a login that names none; None where it has none (Builder ID), or where they cannot be listed.
        Asked once per login.

        Raises:
            LoginError: the token is refused, and a new one may get an answer; or the account is locked.
        """
        if login.kind not in ("odic", "external-idp"):
            return None
        known = self._profile
        if known is None or known.number != login.number or time.monotonic() > known.until:
            try:
                answer, until = await self._ask(_PROFILES, {}, login), math.inf
            except LoginExpired:
                if self._profiles_refused_to != login.number:
                    self._profiles_refused_to = login.number
                    raise
                answer, until = {}, time.monotonic() + _LONG_PAUSE  # a new token too: chats may go all the same
            except (LoginSuspended, QuotaExhausted):
                raise
            except Kiro2ChatError as error:
                logger.info("The list of profiles cannot be had (%s)", error.code)
                if not isinstance(error, LoginForbidden):
                    return None
                answer, until = {}, math.inf if error.code == failures.NO_PROFILES else time.monotonic() + _LONG_PAUSE
            self._profile = known = _Listed(login.number, _first_arn(answer), until)
        return known.arn

    async def _with_profile(self, operation: _Operation, params: dict[str, str], login: Login) -> dict[str, Any]:
        for _ in range(2):
            arn = await self.profile_arn(login)
            try:
                return await self._ask(operation, params | ({"profileArn": arn} if arn else {}), login)
            except Kiro2ChatError as error:
                if not self.learn(error, login):
                    raise
        raise Unavailable("Kiro's control plane wants a profile and refuses it.")

    async def _renewing(self, call: Callable[[Login], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
        """One call, with the token renewed once if it is refused."""
        login = await self._tokens.current()
        try:
            return await call(login)
        except LoginError as error:
            if not failures.may_be_stale(error) or not self._tokens.may_help(login):
                raise with_cure(error, login) from None
        login = await self._tokens.renew(login)
        try:
            return await call(login)
        except LoginError as error:
            if failures.may_be_stale(error):
                self._tokens.in_vain(login)
            raise with_cure(error, login) from None

    async def _ask(self, operation: _Operation, params: dict[str, str], login: Login) -> dict[str, Any]:
        base = self._hosts.control_url(login)
        common = self._hosts.bearer(login) | {"accept": "application/json"}
        response = httpx.Response(404)
        for method, path, headers, body in operation.forms(params):
            with translated("asking the control plane"):
                async with asyncio.timeout(_TIMEOUT):
                    response = await self._http.request(
                        method, base + path, params=params, headers=common | headers, json=body
                    )
            if response.status_code != 404:
                break
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
        self._fetched_for = 0
        """Whose the list is, by `Login.number`."""
        self.live = False
        """Whether the list came from the backend."""

    async def current(self, patience: float = _TIMEOUT) -> Sequence[Model]:
        """The list; `patience` is how many seconds a caller waits for a fresh one before taking what there is."""
        if self._fetching is None and self._fetched_for != self._control.number:  # another account's list
            self.live, self._next = False, 0.0
        if self._clock() >= self._next and self._fetching is None:
            self._fetching = asyncio.create_task(self._fetch())
        if self._fetching is not None and not (self.live and patience < _TIMEOUT):
            await asyncio.wait({self._fetching}, timeout=patience)
        return self._models

    async def _fetch(self) -> None:
        try:
            self._models, self._fetched_for = await self._control.models()
            self.live = True
            self._next = self._clock() + self._ttl
        except Kiro2ChatError as error:
            logger.warning("The list of models cannot be had: %s", error.message)
            pause = _LONG_PAUSE if isinstance(error, LoginSuspended) else _PAUSE  # an account that is locked stays so
            self._next = self._clock() + min(self._ttl, pause)
            self._fetched_for = self._control.number
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
