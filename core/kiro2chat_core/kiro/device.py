"""Logging in without kiro-cli: OAuth's device code, with Builder ID or IAM Identity Center (protocol notes 2.4).

A client is registered by an honest name, the user confirms a short code in a browser, and the service is asked until he has.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from .. import jsonio
from ..errors import (
    BackendError,
    BackendTimeout,
    LoginExpired,
    LoginForbidden,
    Misunderstood,
    SettingsError,
    Throttled,
    Unavailable,
)
from ..settings import Settings
from . import credentials
from .account import BUILDER_ID
from .hosts import user_agent
from .transport import translated

__all__ = ["Code", "device_login"]

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPES = ("codewhisperer:completions", "codewhisperer:analysis", "codewhisperer:conversations")
_TIMEOUT = 15.0
_SLOWER = 5.0
_REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")


@dataclass(frozen=True, slots=True)
class Code:
    """What the user must do: open the address and confirm the code. `lifetime` and `interval` are seconds."""

    address: str
    user_code: str
    lifetime: float
    interval: float


async def device_login(
    settings: Settings,
    http: httpx.AsyncClient,
    show: Callable[[Code], None],
    *,
    start_url: str = BUILDER_ID,
    region: str = "us-east-1",
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
) -> dict[str, Any]:
    """The members of a login's file, once the user has confirmed; cancel it to give up.

    Raises:
        SettingsError: the start address or the region cannot be one.
        LoginForbidden: the user or the organisation said no.
        LoginExpired: nobody confirmed in time.
        BackendError: the service cannot be reached, fails, or does not understand.
    """
    if not start_url.startswith("https://"):
        raise SettingsError("A login needs an https start address.", field="start_url")
    if not _REGION.fullmatch(region):
        raise SettingsError("A login needs a region such as us-east-1.", field="region")
    service = _Service(settings, http, region)
    client = await service.ask(
        "/client/register",
        {
            "clientName": "kiro2chat",
            "clientType": "public",
            "scopes": list(_SCOPES),
            "grantTypes": [_GRANT, "refresh_token"],
        },
    )
    known = {name: credentials.words(client, name) for name in ("clientId", "clientSecret")}
    device = await service.ask("/device_authorization", {**known, "startUrl": start_url})
    code = _code(device)
    show(code)
    asked = {**known, "deviceCode": credentials.words(device, "deviceCode"), "grantType": _GRANT}
    token = await _confirmed(service, asked, code, now, sleep)
    return {
        "authMethod": "IdC",
        "provider": "BuilderId" if start_url == BUILDER_ID else "Enterprise",
        "startUrl": start_url,
        "region": region,
        "accessToken": credentials.token(token, "accessToken"),
        "refreshToken": credentials.token(token, "refreshToken"),
        "expiresAt": credentials.rfc3339(now() + _seconds(token.get("expiresIn"), 3600.0), 3),
        **known,
        "clientSecretExpiresAt": client.get("clientSecretExpiresAt"),
    }


def _code(device: Mapping[str, Any]) -> Code:
    address = credentials.words(device, "verificationUriComplete") or credentials.words(device, "verificationUri")
    code = Code(
        address,
        credentials.words(device, "userCode"),
        _seconds(device.get("expiresIn"), 600.0),
        _seconds(device.get("interval"), 5.0),
    )
    if not address or not code.user_code or not credentials.words(device, "deviceCode"):
        raise Unavailable("The login service answered without a code.")
    return code


async def _confirmed(
    service: _Service,
    asked: Mapping[str, Any],
    code: Code,
    now: Callable[[], float],
    sleep: Callable[[float], Awaitable[object]],
) -> dict[str, Any]:
    """Ask until the user has confirmed, never faster than the service wants. What fails in passing ends nothing: the code is
    good for minutes, and somebody may be confirming it right now (RFC 8628, 3.5)."""
    end, interval = now() + code.lifetime, code.interval
    failure: BackendError | None = None
    while now() < end:
        await sleep(interval)
        try:
            token = await service.ask("/token", asked)
        except _Pending:
            failure = None
            continue
        except (Throttled, Unavailable, BackendTimeout) as passing:
            interval += _SLOWER
            failure = passing
            continue
        if not credentials.token(token, "accessToken") or not credentials.token(token, "refreshToken"):
            raise Unavailable("The login service answered without a token.")
        return token
    if failure is not None and not isinstance(failure, Throttled):
        raise failure
    raise LoginExpired("Nobody confirmed the code in time. Run `kiro2chat login` again.")


class _Pending(Exception):
    """The user has not confirmed yet."""


class _Service:
    """AWS SSO OIDC: JSON with camelCase members, no signature."""

    def __init__(self, settings: Settings, http: httpx.AsyncClient, region: str) -> None:
        self._base = settings.kiro_oidc_url or f"https://oidc.{region}.amazonaws.com"
        self._http = http
        self._headers = {"accept": "application/json", "user-agent": user_agent(settings)}

    async def ask(self, path: str, body: Mapping[str, Any]) -> dict[str, Any]:
        with translated("logging in"):
            async with asyncio.timeout(_TIMEOUT):
                response = await self._http.post(self._base + path, json=dict(body), headers=self._headers)
        try:
            answer = jsonio.loads(response.content)
        except ValueError:
            answer = None
        if response.status_code == 200 and isinstance(answer, dict):
            return answer
        raise _failure(response.status_code, credentials.words(answer, "error") if isinstance(answer, dict) else "")


def _failure(status: int, error: str) -> Exception:
    """The service's words for what went wrong (protocol notes 2.1), in our own tree."""
    make = _FAILURES.get(error)
    if make is not None:
        return make()
    if status == 429:
        return Throttled("The login service asks to slow down.")
    if status >= 500 or status < 400:
        return Unavailable(f"The login service fails (HTTP {status}).")
    why = error[:60] or f"HTTP {status}"
    return Misunderstood(f"The login service refused the request ({why}). Check the start address and the region.")


_FAILURES: Mapping[str, Callable[[], Exception]] = {
    "authorization_pending": _Pending,
    "slow_down": lambda: Throttled("The login service asks to slow down."),
    "access_denied": lambda: LoginForbidden("The login was denied. Run `kiro2chat login` to try again."),
    "expired_token": lambda: LoginExpired("Nobody confirmed the code in time. Run `kiro2chat login` again."),
}


def _seconds(value: object, default: float) -> float:
    known = isinstance(value, (int, float)) and not isinstance(value, bool) and 0 < value < 1e9
    return float(value) if known else default  # type: ignore[arg-type]
