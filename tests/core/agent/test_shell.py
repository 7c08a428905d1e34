"""Commands say what they print and how they end; of none is anything left, however it tried to stay."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kiro2chat_core.agent import leftovers
from kiro2chat_core.agent.checked_tool import CheckedTool
from kiro2chat_core.agent.shell import scrubbed, shell
from kiro2chat_core.agent.tool import Outcome
from kiro2chat_core.turns import Text

ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/home/me", "LC_ALL": "C.UTF-8", "AWS_SECRET_ACCESS_KEY": "hush"}


@pytest.fixture
def tool(tmp_path: Path) -> CheckedTool:
    return shell(tmp_path / "workspace", ENVIRON, patience=60)


@pytest.fixture
def unique(tmp_path: Path) -> Iterator[str]:
    """A number of seconds to sleep that nobody else sleeps: by it, what is left can be seen in /proc."""
    seconds = f"987.{os.getpid()}{time.monotonic_ns() % 10**9}"
    yield seconds
    assert sleeping(seconds) == []


def sleeping(seconds: str) -> list[str]:
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes().replace(b"\0", b" ").decode("utf-8", "replace")
        except OSError:
            continue
        if seconds in line:
            found.append(line)
    return found


def text_of(outcome: Outcome) -> str:
    return "".join(part.text for part in outcome.content if isinstance(part, Text))


async def ran(tool: CheckedTool, command: str, **more: Any) -> str:
    outcome = await tool.call({"command": command, **more})
    assert not outcome.is_error, text_of(outcome)
    return text_of(outcome)


async def until_started(path: Path) -> None:
    for _ in range(2000):
        if await asyncio.to_thread(path.exists):
            return
        await asyncio.sleep(0.01)
    raise AssertionError("the command did not start")


async def gone(seconds: str) -> None:
    """Killed processes take a moment to be gone."""
    for _ in range(500):
        if not await asyncio.to_thread(sleeping, seconds):
            return
        await asyncio.sleep(0.01)
    assert await asyncio.to_thread(sleeping, seconds) == []


# --- what it does ------------------------------------------------------------------------------------------------------

COMMANDS: dict[str, tuple[str, str]] = {
    "output": ("echo hello", "hello\n[exit code 0]"),
    "no output": ("true", "[exit code 0]"),
    "an exit code": ("echo no >&2; exit 3", "no\n[exit code 3]"),
    "a signal": ("kill -9 $$", "[ended by signal 9]"),
    "no newline": ("printf x", "x\n[exit code 0]"),
    "both streams in order": ("echo 1; echo 2 >&2; echo 3", "1\n2\n3\n[exit code 0]"),
    "no input": ("cat; read x || echo nothing", "nothing\n[exit code 0]"),
    "no terminal": ("(: </dev/tty) 2>/dev/null || test -t 1 || echo none; echo $TERM", "none\ndumb\n[exit code 0]"),
    "no text": ("printf 'a\\377b'", "a\ufffdb\n[exit code 0]"),
    "syntax": ("if", "[exit code 2]"),
    "output that is closed": ("exec >&- 2>&-; exit 5", "[exit code 5]"),
}  # fmt: skip


@pytest.mark.parametrize(("command", "told"), COMMANDS.values(), ids=COMMANDS)
async def test_what_a_command_says(tool: CheckedTool, command: str, told: str) -> None:
    assert (await ran(tool, command)).endswith(told)


async def test_it_runs_in_the_workspace_and_each_call_anew(tool: CheckedTool, tmp_path: Path) -> None:
    assert await ran(tool, "pwd; cd /; X=1") == f"{tmp_path / 'workspace'}\n[exit code 0]"
    assert await ran(tool, 'pwd; echo "$X"') == f"{tmp_path / 'workspace'}\n\n[exit code 0]"


async def test_it_leads_a_session_of_its_own(tool: CheckedTool) -> None:
    told = await ran(tool, "echo $$; ps -o sid= -p $$ 2>/dev/null || cut -d' ' -f6 /proc/$$/stat")
    pid, session, _ = told.split("\n", 2)
    assert int(pid) == int(session) != os.getsid(0)


async def test_no_secret_of_the_server_is_in_its_environment(tool: CheckedTool) -> None:
    told = await ran(tool, "env")
    names = {line.partition("=")[0] for line in told.splitlines()}
    assert names >= {"PATH", "HOME", "LC_ALL", "TERM", leftovers.VARIABLE}
    assert "hush" not in told
    assert "hush" not in scrubbed(ENVIRON | {"API_KEY": "hush", "KIRO_REFRESH_TOKEN": "hush"}).values()
    assert scrubbed({})["PATH"] == os.defpath


async def test_of_much_output_both_ends_are_kept(tool: CheckedTool) -> None:
    told = await ran(tool, "seq 1 200000")
    assert told.startswith("1\n2\n3\n")
    assert told.endswith("199999\n200000\n[exit code 0]")
    assert "bytes left out" in told
    assert len(told) < 50_000
    assert await ran(tool, "head -c 40000 /dev/zero | tr '\\0' x") == "x" * 40_000 + "\n[exit code 0]"


async def test_a_flood_is_stopped(tool: CheckedTool, unique: str) -> None:
    outcome = await tool.call({"command": f"yes {unique}"})
    assert outcome.is_error
    assert text_of(outcome).endswith("[The command was stopped: it had printed more than 64 MiB.]")
    assert len(text_of(outcome)) < 50_000
    await gone(unique)


async def test_bad_arguments(tool: CheckedTool) -> None:
    for arguments, why in (
        ({}, "`command` is missing"),
        ({"command": "true", "timeout": 61}, "`timeout` must be at most 60"),
        ({"command": "true", "timeout": "5"}, "`timeout` must be a number"),
        ({"command": "a\0b"}, "has no NUL"),
        ({"command": "\ud800"}, "cannot be started"),
        ({"command": ":" * 100_001}, "at most 100000"),
    ):
        outcome = await tool.call(arguments)
        assert outcome.is_error
        assert why in text_of(outcome)


async def test_a_workspace_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    outcome = await shell(tmp_path / "file", ENVIRON, patience=5).call({"command": "true"})
    assert outcome.is_error
    assert "cannot be started" in text_of(outcome)


# --- what is left ------------------------------------------------------------------------------------------------------

STAYING = {
    "a child": "sleep {0}",
    "in the background": "(sleep {0} &); sleep {0} & wait",
    "a session of its own": "setsid sleep {0} & setsid -f sleep {0}; sleep {0}",
    "several sessions deep": "setsid setsid sh -c 'setsid sleep {0} & setsid -f sleep {0}; sleep {0}' & sleep {0}",
    "deaf to signals": "trap '' TERM INT HUP; nohup sleep {0} >/dev/null 2>&1 & sleep {0}",
    "an environment cleared": "env -i $(command -v sleep) {0} & env -i $(command -v setsid) $(command -v sleep) {0} & sleep {0}",
    "stopped": "sleep {0} & kill -STOP $!; kill -STOP $$",
    "forking on and on": "f() {{ sleep 0.02; f & }}; f; sleep {0}",
    "a session further each time": 'export h=\'sleep 0.05; setsid -f sh -c "$h" {0}\'; sh -c "$h"; sleep {0}',
}


@pytest.mark.parametrize("command", STAYING.values(), ids=STAYING)
async def test_a_timeout_leaves_nothing(tool: CheckedTool, unique: str, command: str) -> None:
    outcome = await tool.call({"command": f"echo begun; {command.format(unique)}", "timeout": 1})
    assert outcome.is_error
    assert text_of(outcome).startswith("begun\n")
    assert text_of(outcome).endswith("[The command was stopped: it took more than 1 seconds.]")
    await gone(unique)


@pytest.mark.parametrize("command", STAYING.values(), ids=STAYING)
async def test_cancelling_leaves_nothing(tool: CheckedTool, unique: str, tmp_path: Path, command: str) -> None:
    call = asyncio.create_task(tool.call({"command": f"touch begun; ({command.format(unique)}) & wait"}))
    await until_started(tmp_path / "workspace" / "begun")  # before it: one of them stops the shell that would say so
    await asyncio.sleep(0.1)
    call.cancel()
    began = time.monotonic()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert time.monotonic() - began < 10
    await gone(unique)


@pytest.mark.parametrize("pause", [0, 0.001, 0.003, 0.01, 0.03])
async def test_cancelling_at_any_moment_of_the_start_leaves_nothing(
    tool: CheckedTool, unique: str, pause: float
) -> None:
    call = asyncio.create_task(tool.call({"command": f"setsid sleep {unique} & sleep {unique}"}))
    await asyncio.sleep(pause)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    await gone(unique)


async def test_a_command_that_ends_takes_its_children_along(tool: CheckedTool, unique: str) -> None:
    began = time.monotonic()
    told = await ran(
        tool, f"(sleep {unique} &); setsid sleep {unique} & nohup setsid -f sleep {unique} & sleep 0.2; echo done"
    )
    assert told.endswith("done\n[exit code 0]")
    assert time.monotonic() - began < 30
    await gone(unique)


async def test_calls_do_not_end_each_other(tool: CheckedTool, unique: str) -> None:
    long = asyncio.create_task(tool.call({"command": "sleep 1; echo still here"}))
    assert await ran(tool, f"setsid sleep {unique} & sleep 0.1") == "[exit code 0]"
    assert text_of(await long) == "still here\n[exit code 0]"
    await gone(unique)


async def test_no_descriptor_is_left(tool: CheckedTool) -> None:
    await ran(tool, "true")
    before = len(os.listdir("/proc/self/fd"))
    for command in ("true", "sleep 9 & exit 1"):
        await ran(tool, command)
    await tool.call({"command": "\ud800"})
    assert len(os.listdir("/proc/self/fd")) <= before


LOOKS = r"""
import asyncio, ctypes, os, sys
from pathlib import Path
from kiro2chat_core.agent.shell import shell
tool = shell(Path(sys.argv[1]), os.environ, patience=60)
command = "cat /proc/$PPID/environ; setsid sleep 1000 & echo done"
print(asyncio.run(tool.call({"command": command})).content[0].text)
print("dumpable:", ctypes.CDLL(None).prctl(3, 0, 0, 0, 0))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="only there it stands in /proc")
def test_a_command_does_not_read_the_servers_environment(tmp_path: Path) -> None:
    variables = {"PATH": os.environ["PATH"], "API_KEY": "sesame", "PYTHONPATH": os.pathsep.join(sys.path)}
    ran = subprocess.run(
        [sys.executable, "-c", LOOKS, str(tmp_path)],
        env=variables,
        capture_output=True,
        text=True,
        timeout=100,
        check=True,
    )
    assert "done" in ran.stdout
    assert "dumpable: 0" in ran.stdout
    if os.geteuid():  # root may read everything
        assert "Permission denied" in ran.stdout
        assert "sesame" not in ran.stdout
