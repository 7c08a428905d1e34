"""A usable token at any time: renewed early and once, over tasks and processes, whatever happens to its source meanwhile."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from tests.kiro_logins import NOW, Kiro, auth, ide, kiro, start, value, write_auth

from kiro2chat_core.errors import BackendError, LoginExpired, LoginMissing, LoginUnreadable, Unavailable
from kiro2chat_core.kiro.locks import locked as login_lock
from kiro2chat_core.kiro.login import Login
from kiro2chat_core.kiro.tokens import Tokens
from kiro2chat_functions.app import create_app
from kiro2chat_functions.emulator import Options
from kiro2chat_functions.emulator.accounts import Login as Issued
from kiro2chat_functions.emulator.database import Shape, locked
from kiro2chat_functions.serving import served

SOCIAL = "kirocli:social:token"


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Kiro]:
    with kiro(tmp_path) as made:
        yield made


def access(login: Login | Issued) -> str | None:
    return login.access_token if isinstance(login, Issued) else value(login.access_token)


def row(issued: Issued, **members: object) -> dict[str, object]:
    return {
        "access_token": issued.access_token,
        "refresh_token": issued.refresh_token,
        "expires_at": issued.expires_at,
        **members,
    }


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
    issued = world.login(300)
    world.emulator.inject("refresh_500", times=6)
    caplog.set_level(logging.DEBUG)
    async with world.tokens() as tokens:
        for requests in (3, 6):
            for _ in range(3):
                assert access(await tokens.current()) == issued.access_token
            await world.gate.reached(requests)
            await asyncio.sleep(0.05)
            assert access(await tokens.current()) == issued.access_token
            assert len(world.refreshes()) == requests, "not again within a minute"
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


def ruined(world: Kiro) -> None:
    world.database.write_bytes(b"no database at all" * 500)


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


# --- processes ---------------------------------------------------------------------------------------------------------

_PROCESS = f"""
import asyncio, httpx, os, sys
from pathlib import Path
from kiro2chat_core.kiro.tokens import Tokens
from kiro2chat_core.settings import Settings
async def main():
    async with httpx.AsyncClient(trust_env=False) as http:
        tokens = Tokens(Settings.load(), http, clock=lambda: {NOW})
        print("ready", flush=True)
        sys.stdin.readline()
        login = await tokens.current()
        print(login.access_token.reveal())
        await tokens.aclose()
asyncio.run(main())
"""


@pytest.mark.parametrize("number", [2, 5])
def test_processes_make_one_request_together(world: Kiro, number: int) -> None:
    issued = world.login(-60)
    environ = {"HOME": str(world.home), "XDG_DATA_HOME": "", **world.urls}
    programs = [start(_PROCESS, environ=environ) for _ in range(number)]
    try:
        for program in programs:
            assert program.stdout is not None
            assert program.stdout.readline() == "ready\n"
        with world.gate.closed():
            for program in programs:
                assert program.stdin is not None
                program.stdin.write("\n")
                program.stdin.flush()
            time.sleep(0.3)
        ends = [program.communicate(timeout=20) for program in programs]
    finally:
        for program in programs:
            program.kill()
            program.wait()
    assert [err for _, err in ends] == [""] * number
    assert {out.strip() for out, _ in ends} == {auth(world.database)["access_token"]} != {issued.access_token}
    assert len(world.refreshes()) == 1


_HOLDER = """
import asyncio
from kiro2chat_core.kiro.locks import locked
from kiro2chat_core.kiro.login import find_login
from kiro2chat_core.settings import Settings
async def main():
    settings = Settings.load()
    async with locked(settings, find_login(settings, now=0).identity):
        print("held", flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def test_a_killed_process_does_not_keep_the_lock(world: Kiro) -> None:
    world.login(-60)
    holder = start(_HOLDER, environ={"HOME": str(world.home), "XDG_DATA_HOME": ""})
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    async with world.tokens() as tokens:
        waiting = asyncio.create_task(tokens.current())
        await asyncio.sleep(0.2)
        assert not waiting.done(), "the lock is held"
        holder.kill()
        holder.communicate()
        assert (await asyncio.wait_for(waiting, 5)).usable(NOW)


async def test_no_folder_for_the_lock(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with kiro(tmp_path, DATA_DIR=str(tmp_path / "file" / "x")) as world:
        issued = world.login(-60)
        async with world.tokens() as tokens:
            assert access(await tokens.current()) != issued.access_token


async def test_files_are_left_to_threads(world: Kiro) -> None:
    """The loop is not held up while a database is locked."""
    world.login(-60)
    async with world.tokens() as tokens:
        begun = threading.Event()

        def hold() -> None:
            with locked(world.database):
                begun.set()
                time.sleep(0.5)

        thread = threading.Thread(target=hold)
        thread.start()
        begun.wait()
        waiting = asyncio.create_task(tokens.current())
        longest, last = 0.0, time.monotonic()
        while not waiting.done():
            await asyncio.sleep(0.001)
            now = time.monotonic()
            longest, last = max(longest, now - last), now
        thread.join()
        assert (await waiting).usable(NOW)
        assert longest < 0.3


# --- through the gateway -----------------------------------------------------------------------------------------------


@pytest.fixture
def gateway(tmp_path: Path) -> Iterator[tuple[Kiro, str]]:
    """A gateway in front of it all; it takes the time from the system, so the clock is set to that."""
    with kiro(tmp_path) as world:
        world.clock.now = time.time()
        with served(create_app(world.settings)) as url:
            yield world, url


def ask(url: str) -> httpx.Response:
    body = {"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": "Say: hi"}]}
    return httpx.post(f"{url}/v1/chat/completions", json=body, timeout=30, trust_env=False)


def test_an_expired_login_is_renewed_put_back_and_answers(gateway: tuple[Kiro, str]) -> None:
    world, url = gateway
    issued = world.login(-60, shape=Shape(digits=9))
    write_auth(world.database, auth(world.database) | {"unknown": 1})
    answer = ask(url)
    assert answer.status_code == 200, answer.text
    assert answer.json()["choices"][0]["message"]["content"]
    after = auth(world.database)
    assert after["access_token"] != issued.access_token
    assert after["unknown"] == 1
    assert len(after["expires_at"]) == len("2026-01-01T00:00:00.123456789Z")
    assert len(world.refreshes()) == 1


def test_a_refused_token_is_renewed_once(gateway: tuple[Kiro, str]) -> None:
    world, url = gateway
    world.login(3600)
    assert ask(url).status_code == 200
    world.emulator.inject("forbidden_once")
    answer = ask(url)
    assert answer.status_code == 200, answer.text
    assert len(world.refreshes()) == 1


def test_refused_twice(gateway: tuple[Kiro, str]) -> None:
    world, url = gateway
    world.login(3600)
    assert ask(url).status_code == 200
    world.emulator.inject("forbidden_once", times=2)
    answer = ask(url)
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "login_expired"
    assert "kiro-cli login" in answer.json()["error"]["message"]
    assert len(world.refreshes()) == 1
    assert ask(url).status_code == 200, "the server goes on"


# --- secrets -----------------------------------------------------------------------------------------------------------


async def test_no_secret_is_shown_anywhere(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Every log record down to debug, every message, traceback and repr of a bad day."""
    caplog.set_level(logging.DEBUG, "kiro2chat_core")
    caplog.set_level(logging.DEBUG, "filelock")
    told: list[str] = []
    with kiro(tmp_path) as world:
        issued = [world.login(-60, shape=Shape(camel_case=True)), world.emulator.login("social", -60)]
        write_auth(world.database, row(issued[1]), SOCIAL)
        world.emulator.accounts.revoke(issued[1])
        world.emulator.inject("refresh_500", times=2)
        async with world.tokens(KIRO_API_KEY="") as tokens:
            login = await tokens.current()
            told += [repr(login), str(login), repr(tokens.__dict__), login.identity, login.source]
            whole = world.database.read_bytes()
            ruined(world)
            login = await tokens.renew(login)
            world.database.write_bytes(whole)
            for break_it in (
                partial(world.emulator.inject, "refresh_500", times=3),
                partial(world.emulator.inject, "refresh_refused"),
                partial(write_auth, world.database, "no json" + issued[0].access_token),
            ):
                break_it()
                try:
                    told.append(repr(await tokens.renew(login)))
                except (LoginExpired, BackendError) as error:
                    shown = traceback.TracebackException.from_exception(error, capture_locals=False)
                    told += [repr(error), error.message, *shown.format()]
        secrets = {issued[0].client_secret}
        secrets |= {text for each in issued for text in (each.access_token, each.refresh_token)}
        secrets |= {str(value(login.access_token)), str(value(login.refresh_token))}
        secrets |= {str(seen.body["refreshToken"]) for seen in world.refreshes()}
    told += [caplog.text, *(repr(record.__dict__) for record in caplog.records)]
    assert caplog.records
    for secret in secrets:
        assert len(secret) > 20
        assert not [text for text in told if secret in text]


def test_the_lock_files_are_private(world: Kiro) -> None:
    world.login(-60)

    async def run() -> None:
        async with world.tokens() as tokens:
            await tokens.current()

    asyncio.run(run())
    modes = {path.name[:5]: oct(path.stat().st_mode & 0o777) for path in world.settings.data_dir.iterdir()}
    assert modes == {"login": "0o600"}
    assert oct(os.stat(world.settings.data_dir).st_mode & 0o777) == "0o700"
