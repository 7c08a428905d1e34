"""kiro-cli asked to renew a login of its own: a program of its own on the PATH, which writes into the database."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.kiro_logins import Kiro, kiro, settings_for, write_auth

from kiro2chat_core.errors import LoginExpired
from kiro2chat_core.kiro.kiro_cli import renew_by_kiro_cli
from kiro2chat_functions.emulator.accounts import Login as Issued

PROGRAM = """#!/usr/bin/env python3
import json, os, sqlite3, sys, time
open({log!r}, "a").write(" ".join(sys.argv[1:]) + "\\n")
{body}
"""
WRITES = """
with sqlite3.connect({database!r}) as database:
    database.execute("UPDATE auth_kv SET value = ? WHERE key = 'kirocli:odic:token'", ({token!r},))
print("a token: " + {token!r})
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[Kiro]:
    with kiro(tmp_path) as made:
        yield made


def program(world: Kiro, body: str) -> tuple[str, Path]:
    """The command and the file that it writes its arguments to."""
    path, log = world.home / "kiro cli", world.home / "calls"
    path.write_text(PROGRAM.format(log=str(log), body=body), encoding="utf-8")
    path.chmod(0o755)
    return str(path), log


def writes(world: Kiro, issued: Issued) -> str:
    token = {"access_token": issued.access_token, "refresh_token": issued.refresh_token,
             "expires_at": issued.expires_at, "region": "us-east-1"}  # fmt: skip
    return WRITES.format(database=str(world.database), token=json.dumps(token))


async def test_a_refused_token_is_renewed_by_kiro_cli_which_holds_a_newer_one(
    world: Kiro, caplog: pytest.LogCaptureFixture
) -> None:
    world.emulator.accounts.revoke(world.login(-60))
    again = world.emulator.login("odic", 3600)
    command, log = program(world, writes(world, again))
    async with world.tokens(KIRO_CLI=command) as tokens:
        login = await tokens.current()
    assert login.access_token is not None
    assert login.access_token.reveal() == again.access_token
    assert log.read_text() == "debug refresh-auth-token\n"
    assert again.access_token not in caplog.text


async def test_a_login_that_cannot_be_renewed_here_is_renewed_by_kiro_cli(world: Kiro) -> None:
    issued = world.login(-60)
    members = {"access_token": issued.access_token, "expires_at": "2020-01-01T00:00:00Z"}
    write_auth(world.database, members)
    again = world.emulator.login("odic", 3600)
    command, _log = program(world, writes(world, again))
    async with world.tokens(KIRO_CLI=command) as tokens:
        assert (await tokens.current()).usable(world.clock())
    assert world.refreshes() == []


@pytest.mark.parametrize("body", ["sys.exit(1)", "pass", "raise SystemExit('no')"])
async def test_where_it_cannot_either_it_is_asked_once_and_the_error_says_what_to_type(world: Kiro, body: str) -> None:
    world.emulator.accounts.revoke(world.login(-60))
    command, log = program(world, body)
    async with world.tokens(KIRO_CLI=command) as tokens:
        for _ in range(3):
            with pytest.raises(LoginExpired, match="Run `kiro-cli login`"):
                await tokens.current()
    assert log.read_text().count("\n") == 1


@pytest.mark.parametrize("command", ["none", "/nonexistent/kiro-cli"])
async def test_where_it_is_not_installed_nothing_is_started(world: Kiro, command: str) -> None:
    world.emulator.accounts.revoke(world.login(-60))
    async with world.tokens(KIRO_CLI=command) as tokens:
        with pytest.raises(LoginExpired):
            await tokens.current()


async def test_a_command_that_waits_for_ever_is_ended_with_its_children(world: Kiro) -> None:
    world.emulator.accounts.revoke(world.login(-60))
    child = world.home / "child"
    body = f"pid = os.fork()\nopen({str(child)!r}, 'w').write(str(os.getpid())) if not pid else 0\ntime.sleep(600)"
    command, _log = program(world, body)
    settings = settings_for(world.home, KIRO_CLI=command)
    assert not await renew_by_kiro_cli(world.found(), settings, patience=1.0)
    while is_running(child):  # noqa: ASYNC110 - another process
        await asyncio.sleep(0.02)


def is_running(child: Path) -> bool:
    try:
        return Path(f"/proc/{child.read_text()}/stat").read_text().split()[2] != "Z"
    except FileNotFoundError:
        return False


async def test_a_login_that_is_not_kiro_clis_is_left_alone(tmp_path: Path) -> None:
    with kiro(tmp_path) as world:
        issued = world.emulator.login("social", -60)
        world.emulator.accounts.revoke(issued)
        command, log = program(world, "pass")
        environ = {"KIRO_REFRESH_TOKEN": str(issued.refresh_token), "KIRO_CLI": command}
        async with world.tokens(**environ) as tokens:
            with pytest.raises(LoginExpired):
                await tokens.current()
        assert not log.exists()
