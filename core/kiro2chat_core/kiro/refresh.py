"""One refresh of one login, over HTTP: OIDC, social, or an external identity provider (protocol notes 2.1 to 2.3)."""

from __future__ import annotations

import asyncio
import logging
import random
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
from .hosts import user_agent
from .login import Kind, Login
from .transport import translated

__all__ = ["Refreshed", "Refused", "refresh"]

logger = logging.getLogger(__name__)

_ATTEMPTS = 3
_TIMEOUT = 30.0
_LIFETIME = 3600
"""Seconds, where the answer does not say (protocol notes 2.2)."""

_AGAIN = "Run `kiro-cli login`."


class Refused(LoginExpired):
    """The refresh token is used, revoked or unknown. Another process may have replaced it meanwhile."""


@dataclass(frozen=True, slots=True)
class Refreshed:
    """`refresh_token` is the old one where the service did not rotate it; `expires_at` is epoch seconds."""

    access_token: Secret
    refresh_token: Secret
    expires_at: float
    profile_arn: str | None


async def refresh(login: Login, settings: Settings, http: httpx.AsyncClient, now: Callable[[], float]) -> Refreshed:
    """Trade the refresh token for new tokens; passing failures are tried again a few times.

    Raises:
        Refused: the service does not take the refresh token.
        LoginExpired: there is no way to refresh this login; says what to type.
        BackendError: the service cannot be reached or fails.
    """
    url, body, form = _request(login, settings, now())
    for attempt in range(1, _ATTEMPTS + 1):
        try:
            return await _once(login, settings, http, url, body, form=form, now=now)
        except BackendError as error:
            if attempt == _ATTEMPTS:
                raise
            logger.info("Refreshing the login failed (%s); trying again", error.code)
            await asyncio.sleep(random.uniform(0.1, 0.4) * 2**attempt)
    raise AssertionError("unreachable")


def _request(login: Login, settings: Settings, now: float) -> tuple[str, dict[str, str], bool]:
    """Address, body, and whether the body is a form instead of JSON."""
    if login.refresh_token is None:
        raise LoginExpired(f"The access token of {login.source} has expired and there is no refresh token. {_AGAIN}")
    return _REQUESTS[login.kind](login, settings, now, login.refresh_token.reveal())


def _oidc(login: Login, settings: Settings, now: float, token: str) -> tuple[str, dict[str, str], bool]:
    client = login.client
    if client is None or not client.secret:
        raise LoginExpired(f"{login.source} has expired and has no client registration to renew it with. {_AGAIN}")
    if client.expires_at is not None and client.expires_at <= now:
        raise LoginExpired(f"{login.source} has expired, and so has its client registration. {_AGAIN}")
    base = settings.kiro_oidc_url or f"https://oidc.{login.sso_region}.amazonaws.com"
    body = {
        "clientId": client.id,
        "clientSecret": client.secret.reveal(),
        "grantType": "refresh_token",
        "refreshToken": token,
    }
    return _with_path(base, "/token"), body, False


def _social(login: Login, settings: Settings, _now: float, token: str) -> tuple[str, dict[str, str], bool]:
    base = settings.kiro_social_url or f"https://prod.{login.sso_region}.auth.desktop.kiro.dev"
    return _with_path(base, "/refreshToken"), {"refreshToken": token}, False


def _external(login: Login, _settings: Settings, _now: float, token: str) -> tuple[str, dict[str, str], bool]:
    parts = urlsplit(login.token_endpoint)
    if login.client is None or not (parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in LOOPBACK)):
        raise LoginExpired(f"{login.source} names no safe address to renew it at. {_AGAIN}")
    body = {"grant_type": "refresh_token", "client_id": login.client.id, "refresh_token": token}
    return login.token_endpoint, body | ({"scope": login.scopes} if login.scopes else {}), True


def _api_key(login: Login, _settings: Settings, _now: float, _token: str) -> tuple[str, dict[str, str], bool]:
    raise LoginExpired(f"{login.source} is an API key, which cannot be renewed.")


_REQUESTS: Mapping[Kind, Callable[[Login, Settings, float, str], tuple[str, dict[str, str], bool]]] = {
    "odic": _oidc,
    "social": _social,
    "external-idp": _external,
    "api-key": _api_key,
}


def _with_path(base: str, path: str) -> str:
    return base if base.endswith(path) else base + path


async def _once(
    login: Login,
    settings: Settings,
    http: httpx.AsyncClient,
    url: str,
    body: dict[str, str],
    *,
    form: bool,
    now: Callable[[], float],
) -> Refreshed:
    headers = {"accept": "application/json", "user-agent": user_agent(settings)}
    with translated("renewing the login"):
        async with asyncio.timeout(_TIMEOUT):
            if form:
                response = await http.post(url, data=body, headers=headers)
            else:
                response = await http.post(url, json=body, headers=headers)
    try:
        answer = jsonio.loads(response.content)
    except ValueError:
        answer = None
    answer = answer if isinstance(answer, dict) else {}
    if response.status_code != 200:
        raise _failure(login, response.status_code, answer)
    return _refreshed(login, answer, now())


def _refreshed(login: Login, answer: Mapping[str, Any], now: float) -> Refreshed:
    access, rotated = credentials.words(answer, "access_token"), credentials.words(answer, "refresh_token")
    if not access:
        raise Unavailable("The token service answered without a token.")
    assert login.refresh_token is not None
    lifetime = credentials.field(answer, "expires_in")
    known = isinstance(lifetime, (int, float)) and not isinstance(lifetime, bool) and 0 < lifetime < 1e9
    return Refreshed(
        access_token=Secret(access),
        refresh_token=Secret(rotated) if rotated else login.refresh_token,
        expires_at=now + (lifetime if known else _LIFETIME),
        profile_arn=credentials.words(answer, "profile_arn") or None,
    )


def _failure(login: Login, status: int, answer: Mapping[str, Any]) -> Exception:
    """The service's error in our tree (protocol notes 2.1); its description is not repeated, it may hold anything."""
    code = answer.get("error")
    code = code if isinstance(code, str) and len(code) < 60 else ""
    if status == 429 or code == "slow_down":
        return Throttled("The token service asks to slow down.")
    if status >= 500:
        return Unavailable(f"The token service fails (HTTP {status}).")
    if code == "invalid_client":
        return LoginExpired(f"The client registration of {login.source} is not accepted any more. {_AGAIN}")
    if code in ("", "invalid_grant") and status in (400, 401, 403):
        return Refused(f"The refresh token of {login.source} is not accepted any more. {_AGAIN}")
    return LoginExpired(f"The token service refused to renew {login.source} ({code or f'HTTP {status}'}). {_AGAIN}")
