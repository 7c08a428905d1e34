"""Which account answers: the one that was chosen, and what is known of it goes with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest
from tests.kiro_logins import NOW, Kiro, kiro

from kiro2chat_core.errors import LoginError, LoginExpired, LoginForbidden, LoginMissing
from kiro2chat_core.kiro import credentials
from kiro2chat_core.kiro.account import Login
from kiro2chat_core.kiro.control import Control, Models
from kiro2chat_core.kiro.hosts import BUILDER_ID_PROFILE
from kiro2chat_core.kiro.own import own_path, write_own
from kiro2chat_core.kiro.tokens import Tokens
from kiro2chat_core.settings import Settings
from kiro2chat_functions.emulator import Login as Issued

PROFILES = tuple(f"arn:aws:codewhisperer:us-east-1:123456789012:profile/{name * 4}" for name in ("ONE", "TWO"))


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Kiro]:
    with kiro(tmp_path) as made:
        yield made


def keep(
    world: Kiro, name: str, expires_in: float = 3600, *, start_url: str = "", profile: str | None = None
) -> Issued:
    """A login as `kiro2chat login --name` keeps one: it names no profile."""
    issued = world.emulator.login("odic", expires_in, **({"profile_arn": profile} if profile else {"builder_id": True}))
    write_own(
        world.settings,
        name,
        {
            "startUrl": start_url or "https://view.awsapps.com/start",
            "region": "us-east-1",
            "accessToken": issued.access_token,
            "refreshToken": issued.refresh_token,
            "expiresAt": credentials.rfc3339(NOW + expires_in, 3),
            "clientId": issued.client_id,
            "clientSecret": issued.client_secret,
        },
    )
    return issued


@asynccontextmanager
async def control(world: Kiro, settings: Settings | None = None) -> AsyncIterator[tuple[Tokens, Control]]:
    async with httpx.AsyncClient(trust_env=False) as http:
        tokens = Tokens(settings or world.settings, http, clock=world.clock)
        try:
            yield tokens, Control(settings or world.settings, http, tokens)
        finally:
            await tokens.aclose()


def paths(world: Kiro) -> list[str]:
    return [seen.path for seen in world.emulator.seen]


def source(login: Login) -> str:
    return login.source.rpartition(" (")[0]


# --- which one ---------------------------------------------------------------------------------------------------------


async def test_a_login_chosen_by_name_is_renewed_and_no_other_takes_its_place(world: Kiro) -> None:
    world.login(3600)
    keep(world, "work", -60)
    async with world.tokens(LOGIN_NAME="work") as tokens:
        assert source(await tokens.current()) == "kiro2chat login work"
    assert paths(world) == ["/token"]


@pytest.mark.parametrize("chosen", [{}, {"KIRO_DB_PATH": "/nowhere"}, {"KIRO_LOGIN": "kiro2chat"}])
async def test_a_name_that_no_login_has_is_told_with_what_makes_it(world: Kiro, chosen: dict[str, str]) -> None:
    world.login(3600)
    keep(world, "work")
    async with world.tokens(LOGIN_NAME="wrok", **chosen) as tokens:
        with pytest.raises(LoginMissing, match=r"by the name 'wrok'\. Run `kiro2chat login --name wrok`") as raised:
            await tokens.current()
    assert str(world.home) not in raised.value.message, "holders of keys are told no places, and no other names"


async def test_an_order_that_was_chosen_goes_before_a_name(world: Kiro) -> None:
    world.login(3600)
    keep(world, "work")
    async with world.tokens(LOGIN_NAME="work", KIRO_LOGIN="odic,kiro2chat") as tokens:
        assert source(await tokens.current()) == "kiro-cli"


async def test_our_own_login_is_renewed_in_the_morning_and_not_ousted(world: Kiro) -> None:
    world.login(3600)
    keep(world, "default", -60)
    async with world.tokens() as tokens:
        assert source(await tokens.current()) == "kiro2chat login default"


@pytest.mark.parametrize("order", ["odic,kiro2chat", "kiro2chat,odic"])
async def test_the_order_is_the_same_in_the_morning(world: Kiro, order: str) -> None:
    world.login(-60)
    keep(world, "default", -60)
    async with world.tokens(KIRO_LOGIN=order) as tokens:
        assert source(await tokens.current()) == {"o": "kiro-cli", "k": "kiro2chat login default"}[order[0]]


async def test_our_own_login_that_cannot_be_renewed_makes_room(world: Kiro) -> None:
    world.login(3600)
    world.emulator.accounts.revoke(keep(world, "default", -60))
    async with world.tokens() as tokens:
        assert source(await tokens.current()) == "kiro-cli"


async def test_who_logs_out_is_not_served_by_the_token_in_memory(world: Kiro) -> None:
    keep(world, "default")
    async with world.tokens() as tokens:
        await tokens.current()
        own_path(world.settings, "default").unlink()
        world.clock.now += 6
        with pytest.raises(LoginMissing):
            await tokens.current()


@pytest.mark.parametrize("expires_in", [3600, -60])
async def test_who_logs_out_goes_on_with_the_next_login(world: Kiro, expires_in: int) -> None:
    keep(world, "default")
    async with world.tokens() as tokens:
        await tokens.current()
        world.login(expires_in)
        own_path(world.settings, "default").unlink()
        world.clock.now += 6
        assert source(await tokens.current()) == "kiro-cli"


@pytest.mark.parametrize(
    ("name", "start_url", "command"),
    [
        ("default", "", "kiro2chat login"),
        ("work", "", "kiro2chat login --name work"),
        (
            "corp",
            "https://d-1.awsapps.com/start",
            "kiro2chat login --name corp --start-url https://d-1.awsapps.com/start",
        ),
    ],
)
async def test_what_makes_this_very_login_is_told(world: Kiro, name: str, start_url: str, command: str) -> None:
    world.emulator.accounts.revoke(keep(world, name, -60, start_url=start_url))
    async with world.tokens(LOGIN_NAME=name) as tokens:
        with pytest.raises(LoginExpired, match=f"Run `{command}") as raised:
            await tokens.current()
    assert "kiro-cli" not in raised.value.message


# --- what is known of it -----------------------------------------------------------------------------------------------


async def test_another_account_under_the_same_name_gets_its_own_profile_and_models(world: Kiro) -> None:
    keep(world, "default", profile=PROFILES[0])
    async with control(world) as (tokens, control_plane):
        models = Models(control_plane, 3600)
        await models.current()
        assert await control_plane.profile_arn(await tokens.current()) == PROFILES[0]
        keep(world, "default", profile=PROFILES[1])
        world.clock.now += 6
        assert await control_plane.profile_arn(await tokens.current()) == PROFILES[1]
        await models.current()
        await models.aclose()
    assert paths(world).count("/ListAvailableModels") == 2


async def test_a_renewal_of_the_same_login_asks_for_nothing_again(world: Kiro) -> None:
    keep(world, "default", profile=PROFILES[0])
    async with control(world) as (tokens, control_plane):
        await control_plane.plan()
        await tokens.renew(await tokens.current())
        world.clock.now += 6
        await control_plane.plan()
    assert paths(world).count("/ListAvailableProfiles") == 1


async def test_a_token_refused_while_profiles_are_listed_does_not_mean_that_there_are_none(world: Kiro) -> None:
    keep(world, "default", profile=PROFILES[0])
    world.emulator.inject("forbidden_once", on="control")
    async with control(world) as (tokens, control_plane):
        await control_plane.plan()
        assert await control_plane.profile_arn(await tokens.current()) == PROFILES[0]
    assert paths(world).count("/token") == 1


async def test_a_renewal_by_another_process_is_no_other_account(world: Kiro) -> None:
    keep(world, "default", profile=PROFILES[0])
    async with control(world) as (tokens, control_plane), world.tokens() as others:
        await control_plane.plan()
        await others.renew(await others.current())
        world.clock.now += 6
        await tokens.current()
        await control_plane.plan()
    assert paths(world).count("/ListAvailableProfiles") == 1


@pytest.mark.parametrize("words", ["User is not authorized to access this resource.", "<html>Blocked</html>"])
async def test_profiles_that_cannot_be_listed_stop_no_answer(world: Kiro, words: str) -> None:
    """A proxy of the company, or a right that is missing: the chat itself will say whether the account is refused."""
    keep(world, "default")
    async with control(world) as (tokens, control_plane):
        world.emulator.inject("forbidden_once", times=2, on="control", message=words)
        for _ in range(3):
            await control_plane.plan()
        assert await control_plane.profile_arn(await tokens.current()) == BUILDER_ID_PROFILE
    assert paths(world).count("/ListAvailableProfiles") == 2


async def test_builder_id_has_none_and_is_asked_once(world: Kiro) -> None:
    keep(world, "default")
    async with control(world) as (tokens, control_plane):
        for _ in range(2):
            assert await control_plane.profile_arn(await tokens.current()) == BUILDER_ID_PROFILE
    assert paths(world) == ["/ListAvailableProfiles"]


async def test_a_profile_that_is_not_allowed_any_more_is_looked_up_anew(world: Kiro) -> None:
    keep(world, "default", profile=PROFILES[0])
    async with control(world) as (_tokens, control_plane):
        await control_plane.plan()
        world.emulator.inject("forbidden_once", on="control", message="User is not authorized to make this call.")
        await control_plane.plan()
    assert paths(world).count("/ListAvailableProfiles") == 2


# --- refusals that a new token does not mend ---------------------------------------------------------------------------


async def test_a_locked_account_is_asked_once_and_told_as_one(world: Kiro) -> None:
    keep(world, "default", profile=PROFILES[0])
    world.emulator.inject("suspended", times=9, on="control")
    async with control(world) as (_tokens, control_plane):
        with pytest.raises(LoginForbidden, match="suspended this account"):
            await control_plane.plan()
    assert paths(world) == ["/ListAvailableProfiles"]


async def test_a_new_token_that_is_refused_as_well_is_not_renewed_at_every_request(world: Kiro) -> None:
    keep(world, "default", profile=PROFILES[0])
    async with control(world) as (_tokens, control_plane):
        await control_plane.plan()
        world.emulator.inject("forbidden_once", times=100, on="control")
        for _ in range(3):
            with pytest.raises(LoginError, match="Run `kiro2chat login`"):
                await control_plane.plan()
        assert paths(world).count("/token") == 1
        world.clock.now += 61
        with pytest.raises(LoginError):
            await control_plane.plan()
        assert paths(world).count("/token") == 2
