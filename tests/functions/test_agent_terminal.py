"""`kiro2chat agent` as a person runs it: real MCP servers, real tools, a real terminal for the question whether one may run."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from tests.functions.test_cli import COMMAND, environment, heeding, run

from kiro2chat_functions.agent_terminal import plain

ROOT = Path(__file__).parents[2]
TIME = Path(sys.prefix) / "mcp-servers" / "bin" / "mcp-server-time"
FILES = ROOT / "node_modules" / ".bin" / "mcp-server-filesystem"
SHELL = 'call shell with {"command": "echo from the shell"}'


def with_servers(home: Path, **servers: object) -> None:
    path = home / ".kiro" / "settings" / "mcp.json"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"mcpServers": servers}), encoding="utf-8")


def folder(home: Path) -> Path:
    """Where the agent is run: a folder with three files."""
    made = home / "a folder"
    made.mkdir()
    for name in ("one.txt", "two.txt", "three.txt"):
        (made / name).write_text(name, encoding="utf-8")
    return made


def agent(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "agent", *arguments, "--demo"], env=environment(home, COLUMNS="100"), cwd=folder(home),
        capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_who_ends_it_ends_what_it_started(tmp_path: Path, told: signal.Signals) -> None:
    pid = tmp_path / "pid"
    command = f"echo $$ > '{pid}'; sleep 600"
    asked = f"call shell with {json.dumps({'command': command})}"
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    process = subprocess.Popen(
        [*COMMAND, "agent", asked, "--demo", "--yes"], env=environment(tmp_path, TMPDIR=str(temporary)), cwd=folder(tmp_path),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
        preexec_fn=heeding,
    )  # fmt: skip
    try:
        end = time.monotonic() + 60
        while not (pid.exists() and pid.read_text().strip()):
            assert time.monotonic() < end
            time.sleep(0.05)
        process.send_signal(told)
        _, printed = process.communicate(timeout=60)
    finally:
        process.kill()
        process.communicate()
    assert "Traceback" not in printed
    assert "destroyed" not in printed
    assert not Path(f"/proc/{pid.read_text().strip()}").exists()
    assert os.listdir(temporary) == []


def test_two_servers_answer_and_a_broken_one_is_told(tmp_path: Path) -> None:
    with_servers(
        tmp_path,
        time={"command": str(TIME), "autoApprove": ["*"]},
        files={"command": str(FILES), "args": ["."], "autoApprove": ["list_directory"]},
        broken={"command": "/nonexistent/server"},
    )
    ran = agent(tmp_path, "what time is it in Tokyo, and how many files are here?")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "The MCP server broken failed" in ran.stdout
    assert "✓ get_current_time" in ran.stdout
    assert '"timezone": "Asia/Tokyo"' in ran.stdout
    assert "[FILE] three.txt" in ran.stdout
    assert re.search(r"[\d,]+ tokens, 0\.0\d+ credits, \d+\.\d s$", ran.stdout.strip())
    assert "Traceback" not in ran.stdout + ran.stderr


def test_files_are_those_of_the_folder(tmp_path: Path) -> None:
    ran = agent(tmp_path, "which files are here? And 6 * 7?")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "two.txt" in ran.stdout
    assert "42" in ran.stdout


def test_without_a_terminal_nobody_can_be_asked(tmp_path: Path) -> None:
    ran = agent(tmp_path, SHELL)
    assert "there is no terminal to ask at" in ran.stdout
    assert "Refused by the user" in ran.stdout
    assert "[exit code 0]" not in ran.stdout


def test_yes_allows_every_call(tmp_path: Path) -> None:
    ran = agent(tmp_path, SHELL, "--yes")
    assert "✓ shell" in ran.stdout
    assert "from the shell" in ran.stdout


def test_a_terminal_is_asked_and_its_answer_counts(tmp_path: Path) -> None:
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "agent", SHELL, "--demo"], env=environment(tmp_path, TERM="xterm", COLUMNS="100"),
        cwd=folder(tmp_path), stdin=terminal, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    shown = until(controller, "or deny")
    assert "shell wants to run" in shown
    assert "echo from the shell" in shown
    os.write(controller, b"a\n")
    assert "[exit code 0]" in until(controller, "tokens, ")
    assert process.wait(30) == 0
    os.close(controller)


def test_nothing_that_is_asked_can_look_like_something_else(tmp_path: Path) -> None:
    """Arguments that would overwrite the command before them, and a title for the window."""
    command = "rm -rf precious #\x1b[1G\x1b[2Kls \u202etxt\x9b8m"
    asked = f"\x1b]0;owned\x07 call shell with {json.dumps({'command': command})}"
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "agent", asked, "--demo"], env=environment(tmp_path, TERM="xterm", COLUMNS="100"),
        cwd=folder(tmp_path), stdin=terminal, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    shown = until(controller, "or deny")
    os.write(controller, b"d\n")
    shown += until(controller, "tokens, ")
    assert process.wait(30) == 0
    os.close(controller)
    assert r"precious #\x1b[1G\x1b[2Kls \u202etxt\x9b8m" in shown
    assert not {"\u202e", "\x9b", "\x07"} & set(shown)


@pytest.mark.parametrize(
    "control", [*map(chr, range(32)), *map(chr, range(0x7F, 0xA0)), *"\u061c\u200e\u200f\u202a\u202e\u2066\u2069"]
)
def test_controls_are_written_out(control: str) -> None:
    expected = control if control in "\t\n" else control.encode("unicode_escape").decode()
    assert plain(f"a{control}b") == f"a{expected}b"


def foreign(home: Path) -> Path:
    """A folder whose mcp.json leaves a note when its server is started."""
    made = folder(home)
    path = made / ".kiro" / "settings" / "mcp.json"
    path.parent.mkdir(parents=True)
    server = {"command": "touch", "args": [str(home / "started")], "env": {"NODE_OPTIONS": "--inspect"}}
    path.write_text(json.dumps({"mcpServers": {"evil": server}}), encoding="utf-8")
    return made


def there(home: Path, place: Path, *arguments: str, **variables: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, "agent", "hi", "--demo", *arguments], env=environment(home, COLUMNS="100", **variables), cwd=place,
        capture_output=True, text=True, timeout=100, stdin=subprocess.DEVNULL, check=False,
    )  # fmt: skip


def test_the_servers_of_a_foreign_folder_start_once_they_are_confirmed(tmp_path: Path) -> None:
    place, started = foreign(tmp_path), tmp_path / "started"
    ran = there(tmp_path, place)
    assert ran.returncode == 0, ran.stderr
    assert not started.exists()
    (line,) = [line for line in ran.stderr.splitlines() if "mcp.json" in line]
    assert "--trust" in line
    there(tmp_path, place, "--trust")
    assert started.exists()
    started.unlink()
    there(tmp_path, place)  # it is known now
    assert started.exists()
    started.unlink()
    path = place / ".kiro" / "settings" / "mcp.json"
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")  # but only as it was
    there(tmp_path, place)
    assert not started.exists()
    there(tmp_path, place, AGENT_WORKSPACE=str(place))  # somebody named it
    assert started.exists()


@pytest.mark.parametrize(("key", "starts"), [(b"y", True), (b"n", False)])
def test_a_terminal_shows_what_a_foreign_folder_would_start(tmp_path: Path, key: bytes, starts: bool) -> None:
    place = foreign(tmp_path)
    controller, terminal = pty.openpty()
    process = subprocess.Popen(
        [*COMMAND, "agent", "hi", "--demo"], env=environment(tmp_path, TERM="xterm", COLUMNS="300"),
        cwd=place, stdin=terminal, stdout=terminal, stderr=terminal,
    )  # fmt: skip
    os.close(terminal)
    shown = until(controller, "as it is now")
    assert f"NODE_OPTIONS=--inspect touch {tmp_path}/started" in shown
    os.write(controller, key + b"\n")
    until(controller, "tokens, ")
    assert process.wait(30) == 0
    os.close(controller)
    assert (tmp_path / "started").exists() == starts


def until(controller: int, awaited: str) -> str:
    """What the terminal shows, without its colours, until these words are in it."""
    shown, end = "", time.monotonic() + 60
    while awaited not in shown:
        assert time.monotonic() < end, shown
        shown += os.read(controller, 65536).decode(errors="replace")
        shown = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", shown)
    return shown


def test_what_is_wrong_is_a_sentence(tmp_path: Path) -> None:
    for arguments, told in (
        (("hi", "--tools", "nope"), "There is no tool 'nope'"),
        (("hi", "--session", "nope"), "There is no session 'nope'"),
        (("hi", "--model", "nope"), "no such model"),
        ((" ",), "There is nothing to answer"),
    ):
        ran = run(tmp_path, "agent", *arguments, "--demo")
        assert ran.returncode == 1
        assert told in ran.stdout + ran.stderr
        assert "Traceback" not in ran.stdout + ran.stderr
