"""Tokens shared by several processes; through the gateway; and no secret shown."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
import traceback
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from tests.core.token_rows import SOCIAL, access, row, ruined
from tests.kiro_logins import NOW, Kiro, auth, kiro, start, value, write_auth

from kiro2chat_core.errors import BackendError, LoginExpired
from kiro2chat_functions.app import create_app
from kiro2chat_functions.emulator.database import Shape, locked
from kiro2chat_functions.serving import served


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Kiro]:
    with kiro(tmp_path) as made:
        yield made


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
                time.sleep(1.5)

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
        assert longest < 1.0


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
