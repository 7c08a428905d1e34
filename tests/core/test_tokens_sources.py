"""Tokens where the source changes under a running process: other programs, logouts, ruin."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from tests.core.token_rows import access, row, ruined
from tests.kiro_logins import NOW, Kiro, auth, ide, kiro, write_auth

from kiro2chat_core.errors import LoginMissing, LoginUnreadable
from kiro2chat_functions.emulator.database import locked


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Kiro]:
    with kiro(tmp_path) as made:
        yield made


# --- the source changes ------------------------------------------------------------------------------------------------


async def test_another_program_has_refreshed(world: Kiro) -> None:
    issued = world.login(120)
    async with world.tokens() as tokens:
        world.clock.now -= 3600
        await tokens.current()
        world.clock.now += 3600
        fresh = world.emulator.accounts.renew("odic", issued.refresh_token, issued.client_id)
        write_auth(world.database, auth(world.database) | row(fresh))
        world.clock.now += 100  # past the old one's limit
        assert access(await tokens.current()) == fresh.access_token
        assert access(await tokens.renew(await tokens.current())) != fresh.access_token
    assert len(world.refreshes()) == 1


async def test_a_refusal_of_the_backend_finds_what_another_program_has_refreshed(world: Kiro) -> None:
    issued = world.login(3600)
    async with world.tokens() as tokens:
        login = await tokens.current()
        fresh = world.emulator.accounts.renew("odic", issued.refresh_token, issued.client_id)
        write_auth(world.database, auth(world.database) | row(fresh))
        assert access(await tokens.renew(login)) == fresh.access_token
    assert world.refreshes() == []


@pytest.mark.parametrize("usable", [True, False])
async def test_another_program_was_faster_by_a_moment(world: Kiro, usable: bool) -> None:
    """Our refresh token is refused, since theirs replaced it while our request was on its way."""
    issued = world.login(-60)
    async with world.tokens() as tokens:
        with world.gate.closed():
            waiting = asyncio.create_task(tokens.current())
            await world.gate.reached()
            fresh = world.emulator.accounts.renew("odic", issued.refresh_token, issued.client_id)
            write_auth(world.database, auth(world.database) | row(fresh, **({} if usable else {"expires_at": NOW - 5})))
        login = await waiting
        assert (access(login) == fresh.access_token) is usable
        assert login.usable(NOW)
    assert len(world.refreshes()) == (1 if usable else 2)


async def test_another_login_while_ours_was_traded_is_left_alone_and_taken_up(world: Kiro) -> None:
    world.login(-60)
    async with world.tokens() as tokens:
        with world.gate.closed():
            waiting = asyncio.create_task(tokens.current())
            await world.gate.reached()
            other = world.emulator.login()
            write_auth(world.database, row(other))
        assert (await waiting).usable(NOW)
        assert auth(world.database)["refresh_token"] == other.refresh_token
        world.clock.now += 6
        assert access(await tokens.current()) == other.access_token


async def test_a_new_login_is_taken_up_within_seconds(world: Kiro) -> None:
    issued = world.login(3600)
    async with world.tokens() as tokens:
        assert access(await tokens.current()) == issued.access_token
        other = world.emulator.login()
        write_auth(world.database, row(other))
        assert access(await tokens.current()) == issued.access_token
        world.clock.now += 6
        assert access(await tokens.current()) == other.access_token


async def test_a_logout_lets_the_token_serve_to_its_end(world: Kiro) -> None:
    issued = world.login(3600)
    async with world.tokens() as tokens:
        await tokens.current()
        write_auth(world.database, None)
        world.clock.now += 3000
        assert access(await tokens.current()) == issued.access_token
        world.clock.now += 600
        with pytest.raises(LoginMissing):
            await tokens.current()
    assert world.refreshes() == []


async def test_an_older_token_in_the_source_does_not_oust_ours(world: Kiro) -> None:
    """As a backup that was put back."""
    issued = world.login(3600)
    async with world.tokens() as tokens:
        await tokens.current()
        write_auth(world.database, row(world.emulator.login(expires_in=-60)))
        world.clock.now += 6
        assert access(await tokens.current()) == issued.access_token


async def test_another_login_does_not_oust_ours_over_lunch(world: Kiro) -> None:
    issued = world.login(3600, "social")
    other = world.emulator.login(expires_in=90_000)
    async with world.tokens() as tokens:
        assert access(await tokens.current()) == issued.access_token
        ide(
            world.home / ".aws/sso/cache/kiro-auth-token.json",
            {"accessToken": other.access_token, "refreshToken": other.refresh_token, "expiresAt": other.expires_at},
        )
        world.clock.now += 7200
        login = await tokens.current()
        assert login.kind == "social"
        assert "kiro-cli" in login.source
    assert len(world.refreshes()) == 1


def row_ruined(world: Kiro) -> None:
    write_auth(world.database, "no json")


@pytest.mark.parametrize("ruin", [ruined, row_ruined])
async def test_a_source_that_becomes_unreadable(world: Kiro, ruin: Callable[[Kiro], None]) -> None:
    """It is served from memory, renewed from memory, and kept in a copy of our own."""
    issued = world.login(3600)
    async with world.tokens() as tokens:
        await tokens.current()
        ruin(world)
        world.clock.now += 6
        assert access(await tokens.current()) == issued.access_token
        world.clock.now += 3600
        login = await tokens.current()
        assert access(login) != issued.access_token
        world.clock.now += 3600
        assert access(await tokens.current()) != access(login)
    assert len(world.refreshes()) == 2
    async with world.tokens() as tokens:
        with pytest.raises(LoginUnreadable):
            await tokens.current()


async def test_a_source_that_is_locked_holds_nobody_up(world: Kiro) -> None:
    issued = world.login(3600)
    async with world.tokens() as tokens:
        await tokens.current()
        with locked(world.database):
            world.clock.now += 6
            began = time.monotonic()
            assert access(await tokens.current()) == issued.access_token
            assert time.monotonic() - began < 1.9  # the lock is held for longer
            # nothing else looks meanwhile, and the look that waits finds nothing new
            assert access(await tokens.current()) == issued.access_token
    assert world.refreshes() == []


async def test_a_copy_of_our_own_is_found_by_the_next_process(world: Kiro) -> None:
    issued = world.login(-60)
    async with world.tokens() as tokens:
        with world.gate.closed():
            waiting = asyncio.create_task(tokens.current())
            await world.gate.reached()
            world.database.rename(world.database.with_suffix(".away"))
        login = await waiting
    world.database.with_suffix(".away").rename(world.database)
    assert auth(world.database)["refresh_token"] == issued.refresh_token
    async with world.tokens() as tokens:
        assert access(await tokens.current()) == access(login)
        assert len(world.refreshes()) == 1
        other = world.emulator.login()
        write_auth(world.database, row(other))
        world.clock.now += 6
        assert access(await tokens.current()) == other.access_token


async def test_a_refresh_token_from_the_environment(world: Kiro) -> None:
    issued = world.emulator.login("social")
    async with world.tokens(KIRO_REFRESH_TOKEN=issued.refresh_token) as tokens:
        login = await tokens.current()
    async with world.tokens(KIRO_REFRESH_TOKEN=issued.refresh_token) as tokens:
        assert access(await tokens.current()) == access(login), "the next start does not use the old one up again"
        world.clock.now += 7200
        assert access(await tokens.current()) != access(login)
    assert len(world.refreshes()) == 2
