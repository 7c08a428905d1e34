"""A usable token at any time: renewed early and once, over tasks and processes, whatever happens to its source meanwhile."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.core.token_rows import SOCIAL, access, row
from tests.kiro_logins import NOW, Kiro, auth, kiro, value, write_auth

from kiro2chat_core.errors import LoginExpired, LoginMissing, Unavailable
from kiro2chat_core.kiro.locks import locked as login_lock
from kiro2chat_core.kiro.login import Login
from kiro2chat_core.kiro.tokens import Tokens
from kiro2chat_functions.emulator import Options


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Kiro]:
    with kiro(tmp_path) as made:
        yield made


async def settled(tokens: Tokens, than: str | None) -> Login:
    """The login once it is another than that one."""
    async with asyncio.timeout(60):
        while True:
            login = await tokens.current()
            if access(login) != than:
                return login
            await asyncio.sleep(0.005)


# --- serving and renewing ----------------------------------------------------------------------------------------------


async def test_a_good_token_is_served_as_it_is(world: Kiro) -> None:
    issued = world.login(3600)
    async with world.tokens() as tokens:
        assert access(await tokens.current()) == issued.access_token
    assert world.refreshes() == []


async def test_an_expired_token_is_renewed_and_put_back(world: Kiro) -> None:
    issued = world.login(-60)
    write_auth(world.database, auth(world.database) | {"unknown": {"kept": [1]}})
    before = auth(world.database)
    async with world.tokens() as tokens:
        login = await tokens.current()
        assert access(await tokens.current()) == access(login) != issued.access_token
    after = auth(world.database)
    assert after["access_token"] == access(login)
    assert after["refresh_token"] == value(login.refresh_token) == value(login.held)
    assert after["expires_at"] == "2026-01-01T01:00:00.000000Z"
    changed = {"access_token", "refresh_token", "expires_at"}
    assert {name: after[name] for name in after.keys() - changed} == {
        name: before[name] for name in before.keys() - changed
    }
    assert len(world.refreshes()) == 1


@pytest.mark.parametrize("fifty", [50])
async def test_fifty_at_once_make_one_request(world: Kiro, fifty: int) -> None:
    world.login(-60)
    async with world.tokens() as tokens:
        logins = await asyncio.gather(*(tokens.current() for _ in range(fifty)))
        assert len({access(login) for login in logins}) == 1
        again = await asyncio.gather(*(tokens.renew(logins[0]) for _ in range(fifty)))
        assert len({access(login) for login in again}) == 1
        assert access(again[0]) != access(logins[0])
    assert len(world.refreshes()) == 2


async def test_the_old_token_serves_while_it_is_renewed_early(world: Kiro) -> None:
    issued = world.login(120)
    async with world.tokens() as tokens:
        with world.gate.closed():
            for _ in range(5):
                assert access(await tokens.current()) == issued.access_token
                await world.gate.reached()
        await settled(tokens, issued.access_token)
    assert len(world.refreshes()) == 1


async def test_at_the_hard_limit_everyone_waits(world: Kiro) -> None:
    issued = world.login(120)
    async with world.tokens() as tokens:
        with world.gate.closed():
            await tokens.current()
            await world.gate.reached()
            world.clock.now += 100
            waiting = [asyncio.create_task(tokens.current()) for _ in range(5)]
            await asyncio.sleep(0.05)
            assert not any(task.done() for task in waiting)
        assert issued.access_token not in {access(login) for login in await asyncio.gather(*waiting)}
    assert len(world.refreshes()) == 1


async def test_who_leaves_does_not_stop_the_others(world: Kiro) -> None:
    world.login(-60)
    async with world.tokens() as tokens:
        with world.gate.closed():
            first, second = (asyncio.create_task(tokens.current()) for _ in range(2))
            await world.gate.reached()
            first.cancel()
            with pytest.raises(asyncio.CancelledError):
                await first
        assert (await second).usable(NOW)
    assert len(world.refreshes()) == 1


async def test_when_all_have_left_nothing_is_reported_and_nothing_is_lost(world: Kiro) -> None:
    issued = world.login(-60)
    async with world.tokens() as tokens:
        with world.gate.closed():
            waiting = asyncio.create_task(tokens.current())
            await world.gate.reached()
            waiting.cancel()
        assert access(await settled(tokens, None)) != issued.access_token
    assert len(world.refreshes()) == 1


async def test_a_failing_early_renewal_disturbs_nobody(world: Kiro, caplog: pytest.LogCaptureFixture) -> None:
    issued = world.login(240)  # well below the five minutes: databases write fractions of seconds of their own
    world.emulator.inject("refresh_500", times=6)
    caplog.set_level(logging.DEBUG)
    async with world.tokens() as tokens:
        for requests in (3, 6):
            async with asyncio.timeout(60):
                while world.gate.arrived < requests:
                    assert access(await tokens.current()) == issued.access_token
                    await asyncio.sleep(0.005)
            await asyncio.sleep(0.05)
            assert access(await tokens.current()) == issued.access_token
            assert world.gate.arrived == requests, "not again within a minute"
            world.clock.now += 61
        warnings = [record for record in caplog.records if record.levelno == logging.WARNING]
        assert len(warnings) == 1
        assert "Renewing the login early failed" in warnings[0].getMessage()
        await tokens.current()
        await settled(tokens, issued.access_token)
    assert len(world.refreshes()) == 7


async def test_short_lived_tokens_are_not_renewed_all_the_time(tmp_path: Path) -> None:
    with kiro(tmp_path, Options(token_lifetime=120)) as world:
        world.login(-60)
        async with world.tokens() as tokens:
            first = await tokens.current()
            await settled(tokens, access(first))
            for _ in range(10):
                await tokens.current()
                await asyncio.sleep(0.002)
        assert len(world.refreshes()) == 2


async def test_closing_waits_for_a_token_that_is_being_traded(world: Kiro) -> None:
    issued = world.login(-60)
    async with world.tokens() as tokens:
        with world.gate.closed():
            waiting = asyncio.create_task(tokens.current())
            await world.gate.reached()
            closing = asyncio.create_task(tokens.aclose())
            await asyncio.sleep(0.02)
            assert not closing.done()
        await closing
        assert (await waiting).usable(NOW)
    assert auth(world.database)["refresh_token"] != issued.refresh_token, "the new token has been put back"


async def test_closing_does_not_wait_for_the_lock(world: Kiro) -> None:
    world.login(-60)
    async with world.tokens() as tokens, login_lock(world.settings, world.found().identity):
        waiting = asyncio.create_task(tokens.current())
        await asyncio.sleep(0.1)
        began = time.monotonic()
        await tokens.aclose()
        assert time.monotonic() - began < 4  # it would wait five seconds
        with pytest.raises(asyncio.CancelledError):
            await waiting
    assert world.refreshes() == []


async def test_closing_what_was_never_used(world: Kiro) -> None:
    async with world.tokens() as tokens:
        await tokens.aclose()
        await tokens.aclose()


# --- refusals ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["odic", "social"])
async def test_a_refused_refresh_token_is_sent_once(world: Kiro, kind: str) -> None:
    issued = world.login(-60, kind)
    world.emulator.accounts.revoke(issued)
    async with world.tokens() as tokens:
        for _ in range(5):
            with pytest.raises(LoginExpired, match="kiro-cli login"):
                await tokens.current()
        await asyncio.gather(*(tokens.current() for _ in range(5)), return_exceptions=True)
        assert len(world.refreshes()) == 1
        again = world.emulator.login("social", 3600)
        write_auth(world.database, row(again), SOCIAL)
        assert access(await tokens.current()) == again.access_token, "a new login is taken up at once"


async def test_an_expired_registration_sends_nothing(world: Kiro) -> None:
    world.login(-60)
    key = "kirocli:odic:device-registration"
    write_auth(world.database, auth(world.database, key) | {"client_secret_expires_at": "2025-12-31T00:00:00Z"}, key)
    async with world.tokens() as tokens:
        with pytest.raises(LoginExpired, match="so has its client registration"):
            await tokens.current()
    assert world.refreshes() == []


async def test_the_next_login_takes_over_from_one_that_is_refused(world: Kiro) -> None:
    """A forgotten social login, revoked long ago, must not stand before a good one for ever."""
    world.login(-60)
    dead = world.emulator.login("social", -60)
    world.emulator.accounts.revoke(dead)
    write_auth(world.database, row(dead), SOCIAL)
    async with world.tokens() as tokens:
        login = await tokens.current()
        assert login.kind == "odic"
        assert login.usable(NOW)
        world.clock.now += 7200
        assert (await tokens.current()).kind == "odic"
    assert [seen.path for seen in world.refreshes()] == ["/refreshToken", "/token", "/token"]


async def test_the_service_is_down(world: Kiro) -> None:
    issued = world.login(-60)
    world.emulator.inject("refresh_500", times=3)
    async with world.tokens() as tokens:
        failed = await asyncio.gather(*(tokens.current() for _ in range(5)), return_exceptions=True)
        assert [type(error) for error in failed] == [Unavailable] * 5
        assert len(world.refreshes()) == 3
        assert access(await tokens.current()) != issued.access_token, "and up again"


async def test_an_api_key_that_is_refused(world: Kiro) -> None:
    async with world.tokens(KIRO_API_KEY="ksk_x") as tokens:
        login = await tokens.current()
        with pytest.raises(LoginExpired, match=r"Kiro refuses KIRO_API_KEY.*kiro-cli login"):
            await tokens.renew(login)
        assert access(await tokens.current()) == "ksk_x"
    assert world.refreshes() == []


async def test_no_login(world: Kiro) -> None:
    async with world.tokens() as tokens:
        with pytest.raises(LoginMissing):
            await tokens.current()
        issued = world.login()
        assert access(await tokens.current()) == issued.access_token


# --- races over which token is stale -----------------------------------------------------------------------------------


async def test_a_token_that_was_just_replaced_is_not_renewed_again(world: Kiro) -> None:
    world.login(120)
    async with world.tokens() as tokens:
        old = await tokens.current()
        new = await settled(tokens, access(old))
        assert access(await tokens.renew(old)) == access(new)
    assert len(world.refreshes()) == 1


async def test_a_refusal_joins_the_early_renewal_under_way(world: Kiro) -> None:
    world.login(120)
    async with world.tokens() as tokens:
        with world.gate.closed():
            old = await tokens.current()
            await world.gate.reached()
            renewed = asyncio.create_task(tokens.renew(old))
            await asyncio.sleep(0.02)
        assert access(await renewed) != access(old)
    assert len(world.refreshes()) == 1


async def test_a_renewal_under_way_for_another_token_does_not_stand_in(world: Kiro) -> None:
    """The user logs in anew while the old token is being renewed, and the backend refuses the new one."""
    world.login(120)
    async with world.tokens() as tokens:
        with world.gate.closed():
            await tokens.current()
            await world.gate.reached()
            other = world.emulator.login("social")
            write_auth(world.database, row(other), SOCIAL)
            world.clock.now += 6
            login = await tokens.current()
            assert access(login) == other.access_token
            renewed = asyncio.create_task(tokens.renew(login))
            await asyncio.sleep(0.02)
        assert access(await renewed) != other.access_token
        assert (await renewed).kind == "social" or (await renewed).usable(world.clock())


async def test_the_clock_goes_back(world: Kiro) -> None:
    world.login(-60)
    async with world.tokens() as tokens:
        login = await tokens.current()
        world.clock.now -= 86400
        assert access(await tokens.current()) == access(login)
        other = world.emulator.login("social")
        write_auth(world.database, row(other), SOCIAL)
        world.clock.now -= 1
        assert access(await tokens.current()) == other.access_token, "the source is still looked at"
