"""One refresh of one login, over HTTP: OIDC, social, or an external identity provider (protocol notes 2.1 to 2.3)."""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import httpx

from .. import jsonio
from ..errors import BackendError, LoginExpired, Throttled, Unavailable
from ..secret import Secret
from ..settings import LOOPBACK, Settings
from . import credentials
from .account import Kind, Login
from .hosts import user_agent
from .transport import translated

__all__ = ["Refreshed", "Refused", "refresh"]

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
_TIMEOUT = 15.0
_LIFETIME = 3600.0
"""Seconds, where the answer does not say (protocol notes 2.2)."""


class Refused(LoginExpired):
    """The service takes the refresh token or its client no more; sending it again is of no use. Another program may have
    replaced it meanwhile."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`refresh_token` is the old one where the service did not rotate it; `expires_at` is epoch seconds."""

    access_token: Secret
    refresh_token: Secret
    expires_at: float
    profile_arn: str | None


async def refresh(
    login: Login, settings: Settings, http: httpx.AsyncClient, now: Callable[[], float], *, pause: float = 0.4
) -> Refreshed:
    """Trade the refresh token for new tokens; passing failures are tried again a few times, after `pause` seconds and more.

    Raises:
        Refused: the service does not take the refresh token.
        LoginExpired: there is no way to refresh this login; says what to type.
        BackendError: the service cannot be reached or fails.
    """
    request = _request(login, settings, now())
    headers = {"accept": "application/json", "user-agent": user_agent(settings)}
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return _refreshed(login, await _once(login, http, request, headers), now())
        except BackendError as error:
            if attempt == _ATTEMPTS:
                raise
            logger.info("Refreshing the login failed (%s); trying again", error.code)
            await asyncio.sleep(random.uniform(0.5, 1.5) * pause * attempt)
    raise AssertionError("unreachable")


@dataclass(frozen=True, slots=True)
class _Request:
    url: str
    body: dict[str, str]
    form: bool = False


def _request(login: Login, settings: Settings, now: float) -> _Request:
    if login.kind == "api-key":
        raise LoginExpired(f"Kiro refuses {login.source}, and an API key cannot be renewed. {login.cure}")
    if login.refresh_token is None:
        raise LoginExpired(
            f"The access token of {login.source} has expired and there is no refresh token. {login.cure}"
        )
    return _REQUESTS[login.kind](login, settings, now, login.refresh_token.reveal())


def _oidc(login: Login, settings: Settings, now: float, token: str) -> _Request:
    client = login.client
    if client is None or not client.secret:
        raise LoginExpired(f"{login.source} has expired and has no client registration to renew it with. {login.cure}")
    if client.expired(now):
        raise LoginExpired(f"{login.source} has expired, and so has its client registration. {login.cure}")
    base = settings.kiro_oidc_url or f"https://oidc.{login.sso_region}.amazonaws.com"
    body = {
        "clientId": client.id,
        "clientSecret": client.secret.reveal(),
        "grantType": "refresh_token",
        "refreshToken": token,
    }
    return _Request(_with_path(base, "/token"), body)


def _social(login: Login, settings: Settings, _now: float, token: str) -> _Request:
    base = settings.kiro_social_url or f"https://prod.{login.sso_region}.auth.desktop.kiro.dev"
    return _Request(_with_path(base, "/refreshToken"), {"refreshToken": token})


def _external(login: Login, _settings: Settings, _now: float, token: str) -> _Request:
    if login.client is None:
        raise LoginExpired(f"{login.source} has expired and names no client to renew it with. {login.cure}")
    if not _safe(login.token_endpoint):
        raise LoginExpired(f"{login.source} has expired and names no safe address to renew it at. {login.cure}")
    body = {"grant_type": "refresh_token", "client_id": login.client.id, "refresh_token": token}
    return _Request(login.token_endpoint, body | ({"scope": login.scopes} if login.scopes else {}), form=True)


_REQUESTS: Mapping[Kind, Callable[[Login, Settings, float, str], _Request]] = {
    "odic": _oidc,
    "social": _social,
    "external-idp": _external,
}


def _safe(url: str) -> bool:
    """Whether a refresh token may be sent there: encrypted, or not leaving this machine."""
    try:
        parts = urlsplit(url)
        return bool(parts.hostname) and (
            parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)
        )
    except ValueError:
        return False


def _with_path(base: str, path: str) -> str:
    return base if base.endswith(path) else base + path


async def _once(login: Login, http: httpx.AsyncClient, request: _Request, headers: dict[str, str]) -> dict[str, Any]:
    """The answer's members."""
    with translated("renewing the login"):
        async with asyncio.timeout(_TIMEOUT):
            if request.form:
                response = await http.post(request.url, data=request.body, headers=headers)
            else:
                response = await http.post(request.url, json=request.body, headers=headers)
    try:
        answer = jsonio.loads(response.content)
    except ValueError:
        answer = None
    if not isinstance(answer, dict) or response.status_code != 200:
        raise _failure(login, response.status_code, answer)
    if not credentials.token(answer, "access_token"):
        raise Unavailable("The token service answered without a token.")
    return answer


def _refreshed(login: Login, answer: Mapping[str, Any], now: float) -> Refreshed:
    rotated = credentials.token(answer, "refresh_token")
    assert login.refresh_token is not None
    return Refreshed(
        access_token=Secret(credentials.token(answer, "access_token")),
        refresh_token=Secret(rotated) if rotated else login.refresh_token,
        expires_at=now + _lifetime(credentials.field(answer, "expires_in")),
        profile_arn=credentials.words(answer, "profile_arn") or None,
    )


def _lifetime(given: object) -> float:
    """Seconds; some identity providers write the number as text."""
    if isinstance(given, str) and re.fullmatch(r"\d{1,9}", given, re.ASCII):
        given = int(given)
    known = isinstance(given, (int, float)) and not isinstance(given, bool) and 0 < given < 1e9
    return float(given) if known else _LIFETIME  # type: ignore[arg-type]


def _failure(login: Login, status: int, answer: object) -> Exception:
    """The service's error in our tree (protocol notes 2.1 and 2.2); its description is not repeated, it may hold anything.

    What is no JSON object is not from the service, but from a proxy or a hotel's Wi-Fi: it says nothing about the login.
    """
    code = ""
    if isinstance(answer, dict):
        said = answer.get("error") or answer.get("__type")
        word = said.rpartition("#")[2] if isinstance(said, str) else ""
        code = word if re.fullmatch(r"[A-Za-z_]{1,40}", word) else ""
    if status == 429 or re.search("slow_down|throttl|too_?many", code, re.IGNORECASE):
        return Throttled("The token service asks to slow down.")
    if not isinstance(answer, dict) or status not in (400, 401, 403) or code in _PASSING:
        return Unavailable(f"The token service fails (HTTP {status}).")
    if code in ("invalid_client", "unauthorized_client"):
        return Refused(f"The client registration of {login.source} is not accepted any more. {login.cure}")
    told = f" ({code})" if code not in ("", "invalid_grant") else ""
    return Refused(f"The refresh token of {login.source} is not accepted any more{told}. {login.cure}")


_PASSING = ("server_error", "temporarily_unavailable")
