"""The token services: refreshes with rotation, registrations, device logins, and what they refuse (protocol notes 2)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.functions.emulated import Json, body, call, chat

from kiro2chat_functions.emulator import Emulator, Login, Options
from kiro2chat_functions.emulator.tokens import DEVICE_GRANT

FORM = {"content-type": "application/x-www-form-urlencoded"}


def refresh_of(login: Login, **changes: Any) -> Json:
    return {
        "clientId": login.client_id,
        "clientSecret": login.client_secret,
        "grantType": "refresh_token",
        "refreshToken": login.refresh_token,
    } | changes


async def test_refresh_rotates() -> None:
    emulator = Emulator()
    login = emulator.login(expires_in=-1)
    response = await call(emulator, "POST", "/token", refresh_of(login))
    answer = response.json()
    assert (response.status_code, answer["tokenType"], answer["expiresIn"]) == (200, "Bearer", 3600)
    assert answer["refreshToken"] not in ("", login.refresh_token)
    authorized = {"authorization": f"Bearer {answer['accessToken']}"}
    assert (await chat(emulator, body(arn=login.profile_arn), headers=authorized)).status_code == 200

    used = await call(emulator, "POST", "/token", refresh_of(login))
    assert (used.status_code, used.headers["x-amzn-errortype"]) == (400, "InvalidGrantException")
    assert used.json() == {"error": "invalid_grant", "error_description": "Invalid refresh token provided"}
    again = await call(emulator, "POST", "/token", refresh_of(login, refreshToken=answer["refreshToken"]))
    assert again.status_code == 200


async def test_the_old_access_token_serves_until_it_expires() -> None:
    emulator = Emulator()
    login = emulator.login()
    await call(emulator, "POST", "/token", refresh_of(login))
    assert (await chat(emulator, body(), login)).status_code == 200


async def test_without_rotation_the_answer_names_no_refresh_token() -> None:
    emulator = Emulator(Options(rotation=False))
    login = emulator.login()
    for _ in range(2):
        response = await call(emulator, "POST", "/token", refresh_of(login))
        assert response.status_code == 200
        assert "refreshToken" not in response.json()


LOGIN = Emulator().login()  # tokens are the same in every emulator
SNAKE = {"client_id": "x", "client_secret": "y", "grant_type": "refresh_token", "refresh_token": "z"}
REFUSED: dict[str, tuple[Any, Json, int, str]] = {
    "unknown token": (refresh_of(LOGIN, refreshToken="aorX"), {}, 400, "invalid_grant"),
    "unknown client": (refresh_of(LOGIN, clientId="x"), {}, 401, "invalid_client"),
    "wrong secret": (refresh_of(LOGIN, clientSecret="x"), {}, 401, "invalid_client"),
    "form-encoded": (b"clientId=a&clientSecret=b&grantType=refresh_token&refreshToken=c", FORM, 400, "invalid_request"),
    "JSON called a form": (refresh_of(LOGIN), FORM, 400, "invalid_request"),
    "snake_case": (SNAKE, {}, 400, "invalid_request"),
    "no refresh token": (refresh_of(LOGIN, refreshToken=None), {}, 400, "invalid_request"),
    "not JSON": (b"{", {}, 400, "invalid_request"),
    "a list": ([], {}, 400, "invalid_request"),
    "another grant": (refresh_of(LOGIN, grantType="password"), {}, 400, "unsupported_grant_type"),
    "unknown device code": (refresh_of(LOGIN, grantType=DEVICE_GRANT, deviceCode="x"), {}, 400, "invalid_grant"),
}


@pytest.mark.parametrize("case", REFUSED.values(), ids=REFUSED)
async def test_refused_refreshes(case: tuple[Any, Json, int, str]) -> None:
    sent, headers, status, error = case
    emulator = Emulator()
    login = emulator.login()
    assert login.access_token == LOGIN.access_token
    response = await call(emulator, "POST", "/token", sent, headers)
    assert (response.status_code, response.json()["error"]) == (status, error)
    assert response.json()["error_description"]
    assert response.headers["x-amzn-errortype"].endswith("Exception")


async def test_one_client_cannot_use_the_token_of_another() -> None:
    emulator = Emulator()
    login, other = emulator.login(), emulator.login()
    stolen = refresh_of(other, refreshToken=login.refresh_token)
    assert (await call(emulator, "POST", "/token", stolen)).json()["error"] == "invalid_grant"


async def test_expired_client() -> None:
    now = 1_000_000.0
    emulator = Emulator(clock=lambda: now)
    login = emulator.login()
    now += 91 * 86400
    response = await call(emulator, "POST", "/token", refresh_of(login))
    assert (response.status_code, response.json()["error"]) == (401, "invalid_client")


async def test_social_refresh() -> None:
    emulator = Emulator()
    login = emulator.login("social")
    sent = {"refreshToken": login.refresh_token}
    for path, status in (("/refreshToken", 200), ("/social/refreshToken", 401)):
        response = await call(emulator, "POST", path, sent)
        assert response.status_code == status, "the second use of a rotated token is refused"
        assert ("message" in response.json()) == (status == 401)
    renewed = emulator.accounts.bearer((await _social_token(emulator)), "")
    assert renewed is not None
    assert renewed.profile_arn.endswith("EHGA3GRVQMUK")


async def _social_token(emulator: Emulator) -> str:
    login = emulator.login("social")
    answer = (await call(emulator, "POST", "/refreshToken", {"refreshToken": login.refresh_token})).json()
    assert set(answer) == {"accessToken", "refreshToken", "expiresIn", "profileArn"}
    token: str = answer["accessToken"]
    return token


@pytest.mark.parametrize(
    ("sent", "status"), [({"refreshToken": "x"}, 401), ({"refresh_token": "x"}, 400), (b"refreshToken=x", 400)]
)
async def test_social_refusals(sent: Any, status: int) -> None:
    response = await call(Emulator(), "POST", "/refreshToken", sent)
    assert (response.status_code, list(response.json())) == (status, ["message"])


async def test_an_odic_token_is_nothing_to_the_social_service() -> None:
    emulator = Emulator()
    sent = {"refreshToken": emulator.login().refresh_token}
    assert (await call(emulator, "POST", "/refreshToken", sent)).status_code == 401


async def test_external_refresh_is_a_form_in_snake_case() -> None:
    emulator = Emulator()
    login = emulator.login("external-idp")
    form = f"grant_type=refresh_token&client_id={login.client_id}&refresh_token={login.refresh_token}&scope=x".encode()
    answer = (await call(emulator, "POST", "/external/token", form, FORM)).json()
    assert set(answer) == {"access_token", "refresh_token", "expires_in", "token_type"}
    assert (await call(emulator, "POST", "/external/token", form, FORM)).json()["error"] == "invalid_grant"
    assert (await call(emulator, "POST", "/external/token", b"grant_type=x", FORM)).status_code == 400


@pytest.mark.parametrize("kind", ["odic", "social", "api-key", "external-idp"])
async def test_every_kind_of_login_may_chat(kind: Any) -> None:
    emulator = Emulator(Options(profile_needed=False))
    login = emulator.login(kind)
    assert (await chat(emulator, body(), login)).status_code == 200
    wrong_type = {"tokentype": "KIRO_MACHINE_TOKEN"}
    assert (await chat(emulator, body(), login, wrong_type)).status_code == 403


async def test_revoked() -> None:
    emulator = Emulator()
    login = emulator.login()
    emulator.accounts.revoke(login)
    assert (await chat(emulator, body(), login)).status_code == 403
    assert (await call(emulator, "POST", "/token", refresh_of(login))).status_code == 400


async def test_device_login() -> None:
    emulator = Emulator(Options(device_polls=2))
    registered = await call(
        emulator,
        "POST",
        "/oidc/client/register",
        {"clientName": "kiro2chat", "clientType": "public", "scopes": ["codewhisperer:conversations"]},
    )
    client = {name: registered.json()[name] for name in ("clientId", "clientSecret")}
    lifetime = registered.json()["clientSecretExpiresAt"] - registered.json()["clientIdIssuedAt"]
    assert lifetime == 90 * 86400

    start_url = "https://view.awsapps.com/start"
    device = await call(emulator, "POST", "/oidc/device_authorization", {**client, "startUrl": start_url})
    assert set(device.json()) == {
        "deviceCode", "userCode", "verificationUri", "verificationUriComplete", "expiresIn", "interval",
    }  # fmt: skip
    assert len(device.json()["userCode"]) == 9

    poll = {**client, "deviceCode": device.json()["deviceCode"], "grantType": DEVICE_GRANT}
    emulator.inject("slow_down")
    answers = [await call(emulator, "POST", "/oidc/token", poll) for _ in range(5)]
    assert [answer.json().get("error") for answer in answers] == [
        "slow_down", "authorization_pending", "authorization_pending", None, "invalid_grant",
    ]  # fmt: skip
    tokens = answers[3].json()
    refresh = {**client, "grantType": "refresh_token", "refreshToken": tokens["refreshToken"]}
    assert (await call(emulator, "POST", "/oidc/token", refresh)).status_code == 200


async def test_device_code_expires() -> None:
    now = 1_000_000.0
    emulator = Emulator(clock=lambda: now)
    registration = emulator.accounts.register()
    client = {"clientId": registration.client_id, "clientSecret": registration.client_secret}
    device = await call(emulator, "POST", "/device_authorization", {**client, "startUrl": "https://x.example"})
    now += 601
    poll = {**client, "deviceCode": device.json()["deviceCode"], "grantType": DEVICE_GRANT}
    assert (await call(emulator, "POST", "/token", poll)).json()["error"] == "expired_token"


@pytest.mark.parametrize(
    ("path", "sent", "error"),
    [
        ("/client/register", {"clientName": "x"}, "invalid_request"),
        ("/client/register", {"clientName": "x", "clientType": "secret"}, "invalid_request"),
        ("/device_authorization", {"clientId": "x"}, "invalid_request"),
        ("/device_authorization", {"clientId": "x", "clientSecret": "y", "startUrl": "z"}, "invalid_client"),
    ],
)
async def test_refused_registrations(path: str, sent: Json, error: str) -> None:
    assert (await call(Emulator(), "POST", path, sent)).json()["error"] == error


async def test_faults_of_the_token_services() -> None:
    emulator = Emulator()
    login, social = emulator.login(), emulator.login("social")
    emulator.inject("refresh_500")
    emulator.inject("refresh_refused")
    emulator.inject("refresh_500", on="social")
    emulator.inject("refresh_refused", on="social")
    emulator.inject("html_502", on="social")
    statuses = [(await call(emulator, "POST", "/token", refresh_of(login))).status_code for _ in range(3)]
    assert statuses == [500, 400, 200]
    sent = {"refreshToken": social.refresh_token}
    statuses = [(await call(emulator, "POST", "/refreshToken", sent)).status_code for _ in range(4)]
    assert statuses == [500, 401, 502, 200]
    assert list(emulator.unused()) == []
