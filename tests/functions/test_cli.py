"""The commands as a person runs them: processes, terminals, exit codes."""

from __future__ import annotations

import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from kiro2chat_functions.emulator import Emulator, Options, database
from kiro2chat_functions.serving import served

COMMAND = [sys.executable, "-m", "kiro2chat_functions.cli"]


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {
        name: value for name, value in os.environ.items() if name in ("PATH", "LANG") or name.startswith("COVERAGE_")
    }
    return kept | {"HOME": str(home), "PYTHONIOENCODING": "utf-8"} | more


def heeding() -> None:
    """In a new process: signals count, also where whoever started the tests had them ignored, as `nohup` does."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)


def run(home: Path, *arguments: str, stdin: str = "", **more: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment(home, **more),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


@contextmanager
def serving(home: Path, *arguments: str, **more: str) -> Iterator[tuple[subprocess.Popen[str], str, str]]:
    """A running `serve`; yields the process, its address and what it printed until then."""
    process = subprocess.Popen(
        [*COMMAND, "serve", "--port", "0", *arguments],
        env=environment(home, **more), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        preexec_fn=heeding,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        printed = ""
        for line in process.stdout:
            printed += line
            if "  page" in line:
                break
        found = re.search(r"http://[^/]+", printed)
        assert found, printed
        yield process, found[0], printed
    finally:
        process.terminate()
        process.wait(30)
        assert process.stdout is not None
        process.stdout.close()


@contextmanager
def backend(tmp_path: Path, *, expires_in: float) -> Iterator[tuple[Emulator, dict[str, str], Path]]:
    emulator = Emulator(Options())
    path = tmp_path / "a folder with spaces & signs" / "data.sqlite3"
    path.parent.mkdir()
    database.write(path, emulator.login("odic", expires_in=expires_in))
    with served(emulator.app) as url:
        urls = dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), url)
        yield emulator, urls | {"KIRO_DB_PATH": str(path)}, path


def test_version(tmp_path: Path) -> None:
    assert re.fullmatch(r"kiro2chat \d+\.\d+\.\d+\n", run(tmp_path, "--version").stdout)


def test_serve_without_a_login_stops_with_the_places_and_the_command(tmp_path: Path) -> None:
    ran = run(tmp_path, "serve", "--port", "0")
    assert ran.returncode == 1
    assert str(tmp_path / ".local/share/kiro-cli/data.sqlite3") in ran.stderr
    assert "kiro-cli login" in ran.stderr
    assert "Traceback" not in ran.stderr


@pytest.mark.parametrize("command", ["serve", "api"])
def test_demo_auto_serves_a_demo_and_says_so(tmp_path: Path, command: str) -> None:
    with serving(tmp_path, "--demo", "auto") as (_, url, printed):
        assert "DEMO" in printed
        assert "kiro-cli login" in printed
        assert httpx.get(f"{url}/health", trust_env=False).json()["demo"] is True
        body = {"model": "claude-sonnet-4.5", "messages": [{"role": "user", "content": "Hello"}]}
        answer = httpx.post(f"{url}/v1/chat/completions", json=body, timeout=30, trust_env=False).json()
        assert "This is a demo" in answer["choices"][0]["message"]["content"]


def test_the_printed_link_opens_a_session_once(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as (_, url, printed):
        found = re.search(rf"  page   {url}/#open=([\w-]+) ", printed)
        assert found, printed
        statuses = [
            httpx.post(f"{url}/api/session", json={"link": found[1]}, trust_env=False).status_code for _ in range(2)
        ]
        assert statuses == [200, 401]


def test_demo_auto_prefers_a_login(tmp_path: Path) -> None:
    with (
        backend(tmp_path, expires_in=3600) as (_, variables, path),
        serving(tmp_path, "--demo", "auto", **variables) as (_, url, printed),
    ):
        assert "DEMO" not in printed
        assert str(path) in printed
        assert httpx.get(f"{url}/health", trust_env=False).json()["demo"] is False


def test_interrupting_the_server_ends_it_cleanly(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as (process, url, _):
        httpx.get(f"{url}/health", trust_env=False)
        process.send_signal(signal.SIGINT)
        assert process.wait(10) in (0, 130)
        assert process.stdout is not None
        assert "Traceback" not in process.stdout.read()


def test_a_port_in_use_is_told_with_the_cure(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        ran = run(tmp_path, "serve", "--demo", "--port", str(taken.getsockname()[1]))
    assert ran.returncode == 1
    assert "--port" in ran.stderr


@pytest.mark.parametrize(
    ("variables", "named"),
    [({"PORT": "eight"}, "PORT"), ({"HOST": "0.0.0.0"}, "API_KEY"), ({"LOG_LEVEL": "loud"}, "LOG_LEVEL"),
     ({"KIRO_API_URL": "not an address"}, "KIRO_API_URL")],
)  # fmt: skip
def test_a_bad_setting_stops_the_start_and_is_named(tmp_path: Path, variables: Mapping[str, str], named: str) -> None:
    ran = run(tmp_path, "serve", **variables)
    assert ran.returncode == 1
    assert named in ran.stderr


def test_doctor_renews_an_expired_token_puts_it_back_and_reaches_the_first_token(tmp_path: Path) -> None:
    with backend(tmp_path, expires_in=-60) as (emulator, variables, path):
        before = _row(path)
        ran = run(tmp_path, "doctor", **variables)
        assert ran.returncode == 0, ran.stdout + ran.stderr
        for step in ("settings", "login", "token", "models", "first token", "whole answer"):
            assert re.search(rf"^ok    {step}", ran.stdout, re.MULTILINE)
        assert "renewed" in ran.stdout
        assert _row(path) != before
        assert emulator.accounts is not None
        again = run(tmp_path, "doctor", **variables)
        assert "renewed" not in again.stdout
        assert again.returncode == 0


def test_doctor_names_the_step_that_fails_and_the_next_command(tmp_path: Path) -> None:
    ran = run(tmp_path, "doctor")
    assert ran.returncode == 1
    assert re.search(r"^FAIL  login", ran.stdout, re.MULTILINE)
    assert "kiro-cli login" in ran.stdout


@pytest.mark.parametrize("content", [b"", b"this is no database", None], ids=["empty", "text", "folder"])
def test_a_file_that_is_no_database_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "data.sqlite3"
    path.mkdir() if content is None else path.write_bytes(content)
    ran = run(tmp_path, "doctor", KIRO_DB_PATH=str(path))
    assert ran.returncode == 1
    assert str(path) in ran.stdout
    assert "kiro-cli" in ran.stdout
    assert "Traceback" not in ran.stdout + ran.stderr


def test_models_and_chat(tmp_path: Path) -> None:
    with backend(tmp_path, expires_in=3600) as (_, variables, _path):
        listed = run(tmp_path, "models", **variables)
        asked = run(tmp_path, "chat", "count to 3", "--model", "claude-sonnet-4-5", **variables)
        piped = run(tmp_path, "chat", "-", stdin="count to 2", **variables)
    assert "claude-sonnet-4.5 " in listed.stdout
    assert asked.stdout == "1\n2\n3\n"
    assert piped.stdout == "1\n2\n"
    assert asked.stderr == ""


@pytest.mark.parametrize("transport", ["aiohttp", "httpx"])
def test_a_proxy_of_the_environment_is_used(tmp_path: Path, transport: str) -> None:
    """The emulator takes absolute addresses, so it can stand in for the proxy; the host behind it does not exist."""
    with backend(tmp_path, expires_in=-60) as (emulator, variables, path):
        far = {name: "http://kiro.invalid" for name in variables if name.endswith("_URL")}
        proxy = {"HTTP_PROXY": variables["KIRO_API_URL"], "http_proxy": variables["KIRO_API_URL"]}
        more = far | proxy | {"KIRO_DB_PATH": str(path), "KIRO_TRANSPORT": transport}
        ran = run(tmp_path, "chat", "count to 2", **more)
    assert ran.stdout == "1\n2\n", ran.stderr
    assert {seen.headers["host"] for seen in emulator.seen} == {"kiro.invalid"}


def test_chat_with_an_unknown_model_fails_with_a_sentence(tmp_path: Path) -> None:
    ran = run(tmp_path, "chat", "Hi", "--model", "gpt-2", "--demo")
    assert ran.returncode == 1
    assert "no such model" in ran.stderr


def test_emulator_prints_what_a_gateway_needs(tmp_path: Path) -> None:
    path = tmp_path / "made.sqlite3"
    process = subprocess.Popen(
        [*COMMAND, "emulator", "--port", "0", "--database", str(path), "--expired"],
        env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    try:
        assert process.stdout is not None
        lines = [process.stdout.readline().strip() for _ in range(5)]
        variables = dict(line.split("=", 1) for line in lines)
        ran = run(tmp_path, "doctor", **variables)
        assert "renewed" in ran.stdout
        assert ran.returncode == 0
    finally:
        process.terminate()
        process.communicate(timeout=10)


@pytest.mark.parametrize("told", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_server_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path, told: signal.Signals) -> None:
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    with serving(tmp_path, "--demo", TMPDIR=str(temporary)) as (process, url, _):
        assert httpx.get(f"{url}/health", trust_env=False).json()["demo"]
        assert os.listdir(temporary)
        process.send_signal(told)
        process.wait(20)
    assert os.listdir(temporary) == []


def test_help_names_every_command(tmp_path: Path) -> None:
    text = run(tmp_path, "--help").stdout
    for command in ("serve", "doctor", "models", "chat", "emulator"):
        assert command in text


def test_the_start_is_light(tmp_path: Path) -> None:
    """What a request does not need is not imported: a start is a user waiting."""
    heavy = "strands", "mcp", "boto3", "aiohttp", "openai", "pydantic"
    code = (
        "import sys; from kiro2chat_core.settings import Settings; from kiro2chat_functions.app import create_app; "
        "create_app(Settings.load({})); "
        f"print([name for name in {heavy!r} if name in sys.modules])"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environment(tmp_path)
    )
    assert ran.stdout.strip() == "[]"


def _row(path: Path) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with sqlite3.connect(path) as connection:
                value: str = connection.execute("SELECT value FROM auth_kv WHERE key LIKE '%odic:token'").fetchone()[0]
            connection.close()
            return value
        except sqlite3.OperationalError:
            assert time.monotonic() < deadline
