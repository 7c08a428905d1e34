"""The login over HTTP: masked, renewed, made by device code; the plan and the doctor's steps; and who may."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.functions.test_wire import mismatches
from tests.gateways import Pair, gateway

from kiro2chat_core.errors import LimitReached
from kiro2chat_core.kiro.account import BUILDER_ID
from kiro2chat_core.kiro.own import own_names, own_path, write_own
from kiro2chat_core.settings import Settings
from kiro2chat_functions import wire
from kiro2chat_functions.app import create_app
from kiro2chat_functions.demo import demo_settings
from kiro2chat_functions.device_logins import Attempt, DeviceLogins
from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.serving import served

ADMIN = {"authorization": "Bearer sesame"}


@pytest.fixture
def pair(tmp_path: Path) -> Iterator[Pair]:
    """A server whose logins are ours only, and that has none."""
    options = Options(device_polls=1)
    with gateway(
        options, DATA_DIR=str(tmp_path), HOME=str(tmp_path), API_KEY="sesame", KIRO_LOGIN="kiro2chat"
    ) as served:
        yield served


def call(pair: Pair, method: str, path: str, body: Any = None, headers: dict[str, str] = ADMIN) -> httpx.Response:
    return httpx.request(method, f"{pair.url}{path}", json=body, headers=headers, timeout=30, trust_env=False)


def kept(pair: Pair, folder: Path, expires_in: int = 3600) -> str:
    """Keep a login of the emulator's as `kiro2chat login` does; its access token."""
    login = pair.emulator.login("odic", expires_in)
    members = {"accessToken": login.access_token, "refreshToken": login.refresh_token, "expiresAt": login.expires_at,
               "region": login.sso_region, "clientId": login.client_id, "clientSecret": login.client_secret}  # fmt: skip
    write_own(Settings(data_dir=folder), "default", members)
    return login.access_token


def ended(pair: Pair, id: str) -> dict[str, Any]:
    """The attempt, once it no longer waits."""
    for _ in range(200):
        told: dict[str, Any] = call(pair, "GET", f"/api/login/device/{id}").json()
        if told["state"] != "waiting":
            return told
        time.sleep(0.05)
    raise AssertionError("it still waits")


ROUTES = [
    ("POST", "/api/login/refresh"),
    ("POST", "/api/login/device"),
    ("GET", "/api/login/device/x"),
    ("DELETE", "/api/login/device/x"),
    ("POST", "/api/doctor"),
]


@pytest.mark.parametrize(("method", "path"), ROUTES)
def test_only_the_administrator_may(pair: Pair, method: str, path: str) -> None:
    assert call(pair, method, path, {}, {}).status_code == 401
    assert call(pair, method, path, {}, {"authorization": "Bearer guessed"}).status_code == 401
    assert list(pair.emulator.seen) == []


def test_without_a_login_the_next_command_is_told(pair: Pair) -> None:
    told = call(pair, "GET", "/api/login").json()
    assert (told["login"], told["next"]) == (None, "kiro2chat login")
    assert "No Kiro login was found" in told["error"]
    refused = call(pair, "POST", "/api/login/refresh")
    assert (refused.status_code, refused.json()["error"]["code"]) == (401, "login_required")


def test_a_login_is_renewed_now_and_shown_masked(pair: Pair, tmp_path: Path) -> None:
    old = kept(pair, tmp_path)
    before = call(pair, "GET", "/api/login")
    after = call(pair, "POST", "/api/login/refresh")
    assert after.status_code == 200, after.text
    assert list(mismatches(after.json(), wire.LoginShown)) == []
    assert before.json()["login"]["token"] != after.json()["login"]["token"]
    new = own_path(Settings(data_dir=tmp_path), "default").read_text(encoding="utf-8")
    assert old not in new
    for secret in (old, *new.split('"')[3::4]):
        assert len(secret) < 40 or secret not in before.text + after.text


def test_an_expired_login_is_renewed_once(pair: Pair, tmp_path: Path) -> None:
    kept(pair, tmp_path, expires_in=-60)
    assert call(pair, "POST", "/api/login/refresh").json()["login"]["expires_at"] > time.time()
    assert [each.path for each in pair.emulator.seen] == ["/token"]


@pytest.mark.parametrize(("expires_in", "usable"), [(3600, True), (-60, False)])
def test_a_login_whose_renewal_was_refused_is_not_shown_as_one_that_renews_itself(
    pair: Pair, tmp_path: Path, expires_in: int, usable: bool
) -> None:
    kept(pair, tmp_path, expires_in)
    pair.emulator.inject("refresh_refused", times=1)
    assert call(pair, "POST", "/api/login/refresh").status_code == 401
    told = call(pair, "GET", "/api/login").json()
    assert list(mismatches(told, wire.LoginShown)) == []
    assert (told["login"]["renewable"], told["next"]) == (False, "kiro2chat login")
    assert (told["login"]["expires_at"] > time.time()) is usable
    assert "kiro2chat login" in told["error"]


def test_a_code_a_confirmation_and_a_login(pair: Pair, tmp_path: Path) -> None:
    started = call(pair, "POST", "/api/login/device", {})
    assert started.status_code == 201, started.text
    told = started.json()
    assert told["state"] == "waiting"
    assert told["user_code"] in told["address"]
    assert 0 < told["expires_at"] - time.time() <= 600
    done = ended(pair, told["id"])
    assert (done["state"], done["name"]) == ("done", "default")
    assert str(own_path(Settings(data_dir=tmp_path), "default")) in done["message"]
    shown = call(pair, "GET", "/api/login").json()
    assert shown["login"]["source"].startswith("kiro2chat login default")
    assert shown["next"] == ""
    assert call(pair, "GET", "/api/usage").json()["account"] == "de…@example.com"
    examined = call(pair, "POST", "/api/doctor")
    assert examined.json()["ok"], examined.text
    assert list(mismatches(examined.json(), wire.Examined)) == []
    names = [step["name"] for step in examined.json()["steps"]]
    streamed = stepwise(pair)
    assert [data["name"] for event, data in streamed[:-1]] == names
    assert {event for event, _ in streamed[:-1]} == {"step"}
    assert streamed[-1] == ("done", {"ok": True})


def stepwise(pair: Pair) -> list[tuple[str, Any]]:
    headers = ADMIN | {"accept": "text/event-stream"}
    told = httpx.post(f"{pair.url}/api/doctor", headers=headers, timeout=60, trust_env=False)
    assert told.headers["content-type"].startswith("text/event-stream")
    lines = [event.split("\n") for event in told.text.strip().split("\n\n")]
    return [(event.removeprefix("event: "), json.loads(data.removeprefix("data: "))) for event, data in lines]


def test_the_doctor_tells_each_step_when_it_has_been_taken(pair: Pair) -> None:
    (event, step), end = stepwise(pair)[-2:]
    assert (event, step["name"], step["ok"], end) == ("step", "login", False, ("done", {"ok": False}))


def test_a_login_that_is_not_the_one_in_use_says_what_goes_before_it(tmp_path: Path) -> None:
    with gateway(DATA_DIR=str(tmp_path), API_KEY="sesame", KIRO_LOGIN="api-key,kiro2chat") as pair:
        done = ended(pair, call(pair, "POST", "/api/login/device", {}).json()["id"])
        assert done["state"] == "done"
        assert "It is not used yet: KIRO_API_KEY goes before it." in done["message"]


def test_an_organisation_has_a_start_address_and_a_region_and_a_name(pair: Pair) -> None:
    body = {"start_url": "https://d-1.awsapps.com/start", "region": "eu-west-1", "name": "work"}
    done = ended(pair, call(pair, "POST", "/api/login/device", body).json()["id"])
    assert done["state"] == "done"
    assert "config set login_name work" in done["message"]
    authorized = next(each for each in pair.emulator.seen if each.path == "/device_authorization")
    assert authorized.body["startUrl"] == body["start_url"]


@pytest.mark.parametrize(("fault", "state"), [("denied", "denied"), ("code_expired", "expired")])
def test_how_it_ends_otherwise(pair: Pair, tmp_path: Path, fault: str, state: str) -> None:
    id = call(pair, "POST", "/api/login/device", {}).json()["id"]
    pair.emulator.inject(fault)
    told = ended(pair, id)
    assert told["state"] == state
    assert told["message"]
    assert own_names(Settings(data_dir=tmp_path)) == []


WRONG = {
    "no object": ([], ""),
    "a name that leads elsewhere": ({"name": "../x"}, "name"),
    "no https": ({"start_url": "http://x/start"}, "start_url"),
    "no region": ({"region": "evil.example/"}, "region"),
    "a misspelt member": ({"nmae": "work"}, "nmae"),
    "a name of no kind": ({"name": 5}, "name"),
}


@pytest.mark.parametrize(("body", "field"), WRONG.values(), ids=WRONG)
def test_what_is_wrong_with_a_device_login_is_said(pair: Pair, body: Any, field: str) -> None:
    refused = call(pair, "POST", "/api/login/device", body)
    assert refused.status_code == 400
    assert (refused.json()["error"]["param"] or "") == field
    assert list(pair.emulator.seen) == []


def test_a_service_that_gives_no_code_is_told(pair: Pair) -> None:
    pair.emulator.inject("refresh_500")
    refused = call(pair, "POST", "/api/login/device", {})
    assert (refused.status_code, refused.json()["error"]["code"]) == (503, "backend_unavailable")


def test_cancelling_and_how_many_may_wait(tmp_path: Path) -> None:
    with gateway(
        Options(device_polls=1000), DATA_DIR=str(tmp_path), HOME=str(tmp_path), API_KEY="sesame", KIRO_LOGIN="kiro2chat"
    ) as pair:
        ids = [call(pair, "POST", "/api/login/device", {}).json()["id"] for _ in range(4)]
        assert call(pair, "POST", "/api/login/device", {}).status_code == 429
        assert call(pair, "DELETE", f"/api/login/device/{ids[0]}").status_code == 204
        assert call(pair, "GET", f"/api/login/device/{ids[0]}").status_code == 404
        assert call(pair, "DELETE", f"/api/login/device/{ids[0]}").status_code == 404
        assert call(pair, "POST", "/api/login/device", {}).status_code == 201
        # the others still wait: the server gives them up when it stops
    assert own_names(Settings(data_dir=tmp_path)) == []


def test_doctor_names_the_step_that_fails(pair: Pair) -> None:
    told = call(pair, "POST", "/api/doctor").json()
    assert told["ok"] is False
    assert [(step["name"], step["ok"]) for step in told["steps"]] == [("settings", True), ("login", False)]
    assert "kiro2chat login" in told["steps"][-1]["told"]


# --- without HTTP: what would take long there -----------------------------------------------------------------------


@pytest.fixture
def device(tmp_path: Path) -> Iterator[tuple[Emulator, Callable[..., DeviceLogins]]]:
    emulator = Emulator(Options(device_polls=1))
    with served(emulator.app) as url:
        settings = Settings.load({"HOME": str(tmp_path), "KIRO_OIDC_URL": url})
        yield emulator, lambda **more: DeviceLogins(settings, **more)


async def over(attempt: Attempt) -> None:
    for _ in range(2000):
        if attempt.state != "waiting":
            return
        await asyncio.sleep(0.005)
    raise AssertionError("it still waits")


async def test_a_service_that_wants_it_slower_is_asked_slower(
    device: tuple[Emulator, Callable[..., DeviceLogins]],
) -> None:
    emulator, made = device
    slept: list[float] = []
    asked = asyncio.Event()

    async def sleep(seconds: float) -> None:
        slept.append(seconds)
        await asked.wait()

    logins = made(sleep=sleep)
    attempt = await logins.start("default", start_url=BUILDER_ID, region="us-east-1")
    emulator.inject("slow_down")
    asked.set()
    await over(attempt)
    assert (attempt.state, slept) == ("done", [1.0, 6.0, 6.0])
    await logins.aclose()


async def test_what_has_ended_makes_room_and_the_demo_says_what_to_do(
    device: tuple[Emulator, Callable[..., DeviceLogins]],
) -> None:
    _, made = device
    logins = made(demo=True, sleep=lambda _seconds: asyncio.sleep(0))
    attempts = []
    for _ in range(18):
        attempts.append(await logins.start("default", start_url=BUILDER_ID, region="us-east-1"))
        await over(attempts[-1])
    assert "without --demo" in attempts[-1].message
    with pytest.raises(Exception, match="no such login"):
        logins.find(attempts[0].id)
    assert logins.find(attempts[-1].id) is attempts[-1]


async def test_whoever_leaves_before_there_is_a_code_leaves_nothing_behind(
    device: tuple[Emulator, Callable[..., DeviceLogins]],
) -> None:
    _, made = device
    logins = made()
    starting = asyncio.create_task(logins.start("default", start_url=BUILDER_ID, region="us-east-1"))
    await asyncio.sleep(0)
    starting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await starting
    await logins.aclose()
    waiting = [asyncio.create_task(logins.start("x", start_url=BUILDER_ID, region="us-east-1")) for _ in range(5)]
    done = await asyncio.gather(*waiting, return_exceptions=True)
    assert sum(isinstance(each, LimitReached) for each in done) == 1
    await logins.aclose()


def test_a_login_made_in_the_demo_is_the_users_own(tmp_path: Path) -> None:
    """It comes from the service of their settings, not from the demo's emulator."""
    real = Emulator(Options())
    with served(real.app) as url:
        own = Settings.load({"HOME": str(tmp_path), "KIRO_OIDC_URL": url, "API_KEY": "sesame"})
        with demo_settings(own) as emulated, served(create_app(emulated, own=own)) as address:
            demo = Pair(address, real, url)
            shown = call(demo, "GET", "/api/settings").json()["settings"]
            assert shown["kiro_oidc_url"]["source"] == "given"
            assert [name for name, each in shown.items() if each["next"]] == []
            done = ended(demo, call(demo, "POST", "/api/login/device", {}).json()["id"])
            assert "without --demo" in done["message"]
    assert own_names(own) == ["default"]
    assert [each.path for each in real.seen][:2] == ["/client/register", "/device_authorization"]
