"""Logging in by device code, against the emulator's token service over a real socket."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from kiro2chat_core.errors import LoginExpired, LoginForbidden, Misunderstood, SettingsError, Unavailable
from kiro2chat_core.kiro.account import BUILDER_ID
from kiro2chat_core.kiro.device import Code, device_login
from kiro2chat_core.kiro.login import find_login
from kiro2chat_core.kiro.own import own_names, own_path, write_own
from kiro2chat_core.settings import Settings
from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.serving import served

NOW = 1_795_000_000.0


@pytest.fixture
def emulator() -> Emulator:
    return Emulator(Options(device_polls=2))


@pytest.fixture
def settings(emulator: Emulator, tmp_path: Path) -> Iterator[Settings]:
    with served(emulator.app) as url:
        yield Settings.load({"HOME": str(tmp_path), "KIRO_OIDC_URL": url})


class Watch:
    """A clock that only sleeping moves on."""

    def __init__(self) -> None:
        self.now = NOW
        self.slept: list[float] = []

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.now += seconds


@asynccontextmanager
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as http:
        yield http


async def logged_in(
    settings: Settings, watch: Watch, show: Callable[[Code], None] = lambda _code: None, **more: str
) -> dict[str, Any]:
    async with client() as http:
        return await device_login(settings, http, show, now=lambda: watch.now, sleep=watch.sleep, **more)


async def test_a_code_is_shown_and_the_service_asked_until_it_is_confirmed(
    emulator: Emulator, settings: Settings
) -> None:
    watch, shown = Watch(), list[Code]()
    members = await logged_in(settings, watch, shown.append)
    (code,) = shown
    assert code.user_code in code.address
    assert (code.interval, watch.slept) == (1.0, [1.0, 1.0, 1.0])
    assert (members["provider"], members["region"], members["startUrl"]) == ("BuilderId", "us-east-1", BUILDER_ID)
    registered = emulator.seen[0].body
    assert (registered["clientName"], registered["clientType"]) == ("kiro2chat", "public")
    assert emulator.seen[0].headers["user-agent"].startswith("kiro2chat/")


async def test_what_was_logged_in_is_found_and_can_be_renewed(emulator: Emulator, settings: Settings) -> None:
    members = await logged_in(settings, Watch(), start_url="https://d-1.awsapps.com/start", region="eu-west-1")
    path = write_own(settings, "work", members)
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert own_names(settings) == ["work"]
    login = find_login(Settings.load({"HOME": str(settings.home), "LOGIN_NAME": "work"}), now=NOW)
    assert (login.kind, login.sso_region, login.renewable(NOW)) == ("odic", "eu-west-1", True)
    assert login.access_token is not None
    assert login.access_token.reveal() == members["accessToken"]
    assert members["accessToken"] not in repr(login)


async def test_a_service_that_wants_it_slower_is_asked_slower(emulator: Emulator, settings: Settings) -> None:
    watch = Watch()
    await logged_in(settings, watch, lambda _code: emulator.inject("slow_down"))
    assert watch.slept == [1.0, 6.0, 6.0, 6.0]


ENDINGS = {
    "denied": ("denied", LoginForbidden, "denied"),
    "nobody confirmed": ("code_expired", LoginExpired, "in time"),
}


@pytest.mark.parametrize(("fault", "kind", "told"), ENDINGS.values(), ids=ENDINGS)
async def test_endings(emulator: Emulator, settings: Settings, fault: str, kind: type[Exception], told: str) -> None:
    with pytest.raises(kind, match=told):
        await logged_in(settings, Watch(), lambda _code: emulator.inject(fault))
    assert own_names(settings) == []


async def test_a_service_that_fails_in_passing_is_asked_again(emulator: Emulator, settings: Settings) -> None:
    watch = Watch()
    await logged_in(settings, watch, lambda _code: emulator.inject("refresh_500", times=2))
    assert watch.slept == [1.0, 6.0, 11.0, 11.0, 11.0]


async def test_a_service_that_fails_to_the_end_is_told(emulator: Emulator, settings: Settings) -> None:
    with pytest.raises(Unavailable, match="HTTP 500"):
        await logged_in(settings, Watch(), lambda _code: emulator.inject("refresh_500", times=10_000))
    assert own_names(settings) == []


async def test_a_code_that_nobody_confirms_is_given_up_after_its_life(tmp_path: Path) -> None:
    patient = Emulator(Options(device_polls=10_000))
    with served(patient.app) as url:
        settings, watch = Settings.load({"HOME": str(tmp_path), "KIRO_OIDC_URL": url}), Watch()
        asked = 0

        async def sleep(seconds: float) -> None:
            nonlocal asked
            asked += 1
            await watch.sleep(seconds * 100)

        async with client() as http:
            with pytest.raises(LoginExpired, match="in time"):
                await device_login(settings, http, lambda _code: None, now=lambda: watch.now, sleep=sleep)
    assert asked == 6


async def test_giving_up_is_cancelling(settings: Settings) -> None:
    shown = asyncio.Event()

    async def forever(_seconds: float) -> None:
        await asyncio.Event().wait()

    async with client() as http:
        waiting = asyncio.create_task(
            device_login(settings, http, lambda _code: shown.set(), now=lambda: NOW, sleep=forever)
        )
        await asyncio.wait_for(shown.wait(), 10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting


@pytest.mark.parametrize(
    ("start_url", "region"), [("http://x/start", "us-east-1"), ("https://x/start", "evil.example/"), ("", "us-east-1")]
)
async def test_what_cannot_be_an_address_is_not_asked(
    emulator: Emulator, settings: Settings, start_url: str, region: str
) -> None:
    with pytest.raises(SettingsError):
        await logged_in(settings, Watch(), start_url=start_url, region=region)
    assert list(emulator.seen) == []


async def test_a_service_that_speaks_otherwise_is_told(tmp_path: Path) -> None:
    async def app(scope: Any, _receive: Any, send: Any) -> None:
        if scope["type"] == "lifespan":
            return
        body = b'{"error":"invalid_request"}' if scope["path"] == "/client/register" else b"<html>"
        await send({"type": "http.response.start", "status": 400, "headers": []})
        await send({"type": "http.response.body", "body": body})

    with served(app) as url:
        with pytest.raises(Misunderstood, match="invalid_request"):
            await logged_in(Settings.load({"HOME": str(tmp_path), "KIRO_OIDC_URL": url}), Watch())
        with pytest.raises(Misunderstood, match="HTTP 400"):
            await logged_in(Settings.load({"HOME": str(tmp_path), "KIRO_OIDC_URL": f"{url}/elsewhere"}), Watch())


@pytest.mark.parametrize("name", ["", "../x", "a/b", "a b", ".hidden", "x" * 65, "a\0b"])
def test_names_lead_nowhere_else(settings: Settings, name: str) -> None:
    with pytest.raises(SettingsError):
        own_path(settings, name)


def test_broken_files_and_other_names_are_told(settings: Settings) -> None:
    write_own(settings, "work", {"accessToken": "a", "refreshToken": "r"})
    with pytest.raises(Exception, match="there are work"):
        find_login(settings, now=NOW)
    own_path(settings, "default").write_bytes(b"\xff{")
    with pytest.raises(Exception, match="is no login"):
        find_login(settings, now=NOW)
