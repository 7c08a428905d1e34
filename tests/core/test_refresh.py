"""One refresh of one login, against the emulator's token services over HTTP, and against services that misbehave."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from tests.kiro_logins import NOW, Kiro, kiro, settings_for, value

from kiro2chat_core.errors import BackendError, LoginExpired, Throttled, Unavailable
from kiro2chat_core.kiro.account import Login, OidcClient
from kiro2chat_core.kiro.refresh import Refreshed, Refused, refresh
from kiro2chat_core.secret import Secret
from kiro2chat_functions.emulator import Options
from kiro2chat_functions.emulator.database import Shape

SOCIAL = Login("social", "here", refresh_token=Secret("r-old"), held=Secret("r-old"))
ODIC = replace(SOCIAL, kind="odic", client=OidcClient("id", Secret("s3cret")))


async def trade(login: Login, world: Kiro) -> Refreshed:
    async with httpx.AsyncClient(trust_env=False) as http:
        return await refresh(login, world.settings, http, world.clock, pause=0.01)


@pytest.mark.parametrize("kind", ["odic", "social", "external-idp"])
@pytest.mark.parametrize("rotation", [True, False])
async def test_each_kind(tmp_path: Path, kind: Any, rotation: bool) -> None:
    with kiro(tmp_path, Options(rotation=rotation)) as world:
        issued = world.login(-60, kind, Shape(token_endpoint=f"{world.url}/external/token"))
        refreshed = await trade(world.found(), world)
        seen = world.refreshes()[-1]
    assert value(refreshed.access_token) not in (issued.access_token, None)
    assert (value(refreshed.refresh_token) == issued.refresh_token) is not rotation
    assert refreshed.expires_at == NOW + 3600
    assert refreshed.profile_arn == (issued.profile_arn if kind == "social" else None)
    assert seen.headers["user-agent"].startswith("kiro2chat/")
    assert "authorization" not in seen.headers
    match kind:
        case "odic":
            assert seen.body == {
                "clientId": issued.client_id,
                "clientSecret": issued.client_secret,
                "grantType": "refresh_token",
                "refreshToken": issued.refresh_token,
            }
        case "social":
            assert seen.body == {"refreshToken": issued.refresh_token}
        case _:
            assert seen.headers["content-type"] == "application/x-www-form-urlencoded"
            assert seen.body.startswith(
                f"grant_type=refresh_token&client_id=external-client&refresh_token={issued.refresh_token}"
            )
            assert "scope=codewhisperer%3Aconversations+offline_access" in seen.body


async def test_a_failure_that_passes(tmp_path: Path) -> None:
    with kiro(tmp_path) as world:
        issued = world.login(-60)
        world.emulator.inject("refresh_500")
        assert value((await trade(world.found(), world)).access_token) != issued.access_token
        assert len(world.refreshes()) == 2


@pytest.mark.parametrize(
    ("fault", "error"), [("refresh_500", Unavailable), ("slow_down", Throttled), ("html_502", Unavailable)]
)
async def test_a_failure_that_stays(tmp_path: Path, fault: str, error: type[BackendError]) -> None:
    with kiro(tmp_path) as world:
        world.login(-60)
        world.emulator.inject(fault, times=3, on="token")
        with pytest.raises(error):
            await trade(world.found(), world)
        assert len(world.refreshes()) == 3
        assert not list(world.emulator.unused())


@pytest.mark.parametrize("kind", ["odic", "social"])
async def test_a_refused_token(tmp_path: Path, kind: Any) -> None:
    with kiro(tmp_path) as world:
        issued = world.login(-60, kind)
        world.emulator.accounts.revoke(issued)
        with pytest.raises(
            Refused, match=r"refresh token of kiro-cli .* is not accepted any more\. Run `kiro-cli login`"
        ) as raised:
            await trade(world.found(), world)
        assert len(world.refreshes()) == 1
        assert issued.refresh_token not in str(raised.value)


async def test_a_refused_client(tmp_path: Path) -> None:
    with kiro(tmp_path) as world:
        world.login(-60)
        login = replace(world.found(), client=OidcClient("other", Secret("other")))
        with pytest.raises(Refused, match=r"client registration .* Run `kiro-cli login`"):
            await trade(login, world)
        assert len(world.refreshes()) == 1


@pytest.mark.parametrize(
    ("login", "told"),
    [
        (replace(ODIC, client=None), "no client registration"),
        (replace(ODIC, client=OidcClient("id", Secret(""))), "no client registration"),
        (replace(ODIC, client=OidcClient("id", Secret("s"), NOW)), "so has its client registration"),
        (replace(ODIC, refresh_token=None), "no refresh token"),
        (replace(SOCIAL, kind="external-idp", token_endpoint="https://x.example"), "names no client"),
        (replace(SOCIAL, kind="api-key", source="KIRO_API_KEY"), "KIRO_API_KEY, and an API key cannot be renewed"),
        *(
            (replace(ODIC, kind="external-idp", token_endpoint=url), "no safe address")
            for url in ("http://x.example/token", "ftp://x", "", "x", "https://", "http://[x", "file:///etc", "//x.example",
                        "http://127.0.0.1.evil.example/", "http://localhost@evil.example/")
        ),
    ],
)  # fmt: skip
async def test_nothing_is_sent_where_nothing_can_come_of_it(tmp_path: Path, login: Login, told: str) -> None:
    with kiro(tmp_path) as world:
        with pytest.raises(LoginExpired, match=told) as raised:
            await trade(login, world)
        assert not isinstance(raised.value, Refused)
        assert "kiro-cli login" in raised.value.message
        assert not world.emulator.seen


async def test_the_network_is_down(tmp_path: Path) -> None:
    async with httpx.AsyncClient(trust_env=False) as http:
        settings = settings_for(tmp_path, KIRO_SOCIAL_URL="http://127.0.0.1:1")
        began = time.monotonic()
        with pytest.raises(Unavailable, match="could not be reached while renewing the login") as raised:
            await refresh(SOCIAL, settings, http, lambda: NOW, pause=0.01)
    assert time.monotonic() - began < 5
    assert "r-old" not in str(raised.value)


async def test_the_hosts_that_secrets_go_to(tmp_path: Path) -> None:
    """By the region, unless a setting says otherwise."""
    asked: list[str] = []

    async def answer(request: Request) -> Response:
        asked.append(str(request.url))
        return JSONResponse({"accessToken": "a"})

    async with httpx.AsyncClient(transport=played(answer)) as http:
        for login in (replace(ODIC, sso_region="eu-west-1"), replace(SOCIAL, sso_region="us-east-1")):
            await refresh(login, settings_for(tmp_path), http, lambda: NOW)
        given = settings_for(tmp_path, KIRO_OIDC_URL="https://x.example/token", KIRO_SOCIAL_URL="https://y.example/")
        for login in (ODIC, SOCIAL):
            await refresh(login, given, http, lambda: NOW)
    assert asked == [
        "https://oidc.eu-west-1.amazonaws.com/token",
        "https://prod.us-east-1.auth.desktop.kiro.dev/refreshToken",
        "https://x.example/token",
        "https://y.example/refreshToken",
    ]


# --- services that misbehave -------------------------------------------------------------------------------------------


def played(answer: Callable[[Request], Awaitable[Response]]) -> httpx.ASGITransport:
    """Every host at once."""
    return httpx.ASGITransport(Starlette(routes=[Route("/{path:path}", answer, methods=["POST"])]))


async def answered(tmp_path: Path, response: Response, times: int = 1) -> Refreshed:
    """What comes of a social token service that always gives this answer."""
    asked = 0

    async def answer(request: Request) -> Response:
        nonlocal asked
        asked += 1
        assert await request.json() == {"refreshToken": "r-old"}
        return response

    async with httpx.AsyncClient(transport=played(answer)) as http:
        try:
            return await refresh(SOCIAL, settings_for(tmp_path), http, lambda: NOW, pause=0.01)
        finally:
            assert asked == times


@pytest.mark.parametrize(
    ("members", "lifetime"),
    [
        ({}, 3600),
        ({"expiresIn": None}, 3600),
        ({"expiresIn": 60}, 60),
        ({"expiresIn": 60.5}, 60.5),
        ({"expiresIn": "3599"}, 3599),
        ({"expires_in": 7}, 7),
        *(({"expiresIn": bad}, 3600) for bad in (0, -1, True, "soon", "", 1e12, [1], "9" * 30)),
    ],
)
async def test_lifetimes(tmp_path: Path, members: dict[str, Any], lifetime: float) -> None:
    refreshed = await answered(tmp_path, JSONResponse({"accessToken": "a", **members}))
    assert refreshed.expires_at == NOW + lifetime
    assert value(refreshed.refresh_token) == "r-old"


@pytest.mark.parametrize(
    "answer",
    [{}, [], "x", None, {"accessToken": None}, {"accessToken": ""}, {"accessToken": "a\r\nb"}, {"error": "x"}],
)
async def test_an_answer_without_a_token(tmp_path: Path, answer: Any) -> None:
    with pytest.raises(Unavailable):
        await answered(tmp_path, JSONResponse(answer), times=3)


async def test_a_new_refresh_token_that_is_none_is_not_taken(tmp_path: Path) -> None:
    refreshed = await answered(tmp_path, JSONResponse({"accessToken": "a", "refreshToken": None}))
    assert value(refreshed.refresh_token) == "r-old"


@pytest.mark.parametrize("status", [200, 302, 400, 401, 403, 404, 502])
async def test_a_page_of_a_proxy_says_nothing_about_the_login(tmp_path: Path, status: int) -> None:
    """A hotel's Wi-Fi must not end a login for good."""
    with pytest.raises(Unavailable, match=f"HTTP {status}"):
        await answered(tmp_path, Response("<html>Please log in</html>", status, media_type="text/html"), times=3)


@pytest.mark.parametrize(
    ("status", "body", "error", "times"),
    [
        (400, {"error": "invalid_grant"}, Refused, 1),
        (400, {"error": "invalid_request"}, Refused, 1),
        (400, {"message": "no"}, Refused, 1),
        (401, {"message": "Bad token r-old"}, Refused, 1),
        (403, {"message": "Forbidden"}, Refused, 1),
        (401, {"error": "invalid_client"}, Refused, 1),
        (400, {"error": ["odd"]}, Refused, 1),
        (400, {"error": "r-old\n\x1b[31m"}, Refused, 1),
        (400, {"error": "aoaTokenThatIsNoCode0123"}, Refused, 1),
        (404, {"message": "Not found"}, Unavailable, 3),
        (400, {"error": "server_error"}, Unavailable, 3),
        (429, {"message": "slow"}, Throttled, 3),
        (400, {"error": "slow_down"}, Throttled, 3),
        (400, {"__type": "com.amazon#ThrottlingException"}, Throttled, 3),
        (503, {}, Unavailable, 3),
    ],
)
async def test_errors_of_the_service(tmp_path: Path, status: int, body: Any, error: Any, times: int) -> None:
    with pytest.raises(error) as raised:
        await answered(tmp_path, JSONResponse(body, status), times)
    assert type(raised.value) is error
    assert "r-old" not in str(raised.value)
    assert "aoa" not in str(raised.value)
    assert "\x1b" not in str(raised.value)
