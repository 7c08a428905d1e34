"""Keys and several processes: limits that hold over all of them, `kiro2chat keys` beside a running server, no key anywhere."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest
from tests.functions.test_cli import environment, run, serving
from tests.keyed import ASKS, MIDDAY, MODEL, ask, made

from kiro2chat_core.store.opening import NAME
from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.serving import served

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def emulated() -> Iterator[dict[str, str]]:
    """Settings that lead to an emulator."""
    emulator = Emulator(Options())
    with served(emulator.app) as url:
        urls = dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), url)
        yield urls | {"KIRO_LOGIN": "api-key", "KIRO_API_KEY": emulator.login("api-key").access_token}


@contextmanager
def process(home: Path, **more: str) -> Iterator[str]:
    """A gateway for which it is always midday; its address."""
    started = subprocess.Popen(
        [sys.executable, "-m", "tests.functions.keyed_gateway", str(MIDDAY)],
        env=environment(home, **more), cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    try:
        assert started.stdout is not None
        yield started.stdout.readline().strip()
    finally:
        started.terminate()
        started.wait(30)
        assert started.stdout is not None
        started.stdout.close()


def test_two_processes_share_a_limit_exactly(tmp_path: Path, emulated: dict[str, str]) -> None:
    data = tmp_path / "data"
    limit = 25
    text = made(data, requests_per_minute=limit)[1]
    with ExitStack() as stack:
        urls = [stack.enter_context(process(tmp_path, DATA_DIR=str(data), **emulated)) for _ in range(2)]
        with ThreadPoolExecutor(8) as pool:
            paths = list(ASKS)
            answers = list(pool.map(lambda n: ask(urls[n % 2], text, paths[n % len(paths)]), range(2 * limit)))
    statuses = [answer.status_code for answer in answers]
    assert (statuses.count(200), statuses.count(429)) == (limit, limit)
    left = sorted(int(answer.headers["x-ratelimit-remaining-requests"]) for answer in answers)
    assert left == [0] * limit + list(range(limit))  # each told its own
    assert {answer.headers["retry-after"] for answer in answers if answer.status_code == 429} == {"60"}


def test_what_one_process_spent_another_refuses(tmp_path: Path, emulated: dict[str, str]) -> None:
    data = tmp_path / "data"
    text = made(data, tokens_per_day=1)[1]
    with ExitStack() as stack:
        first, second = [stack.enter_context(process(tmp_path, DATA_DIR=str(data), **emulated)) for _ in range(2)]
        assert ask(first, text).status_code == 200
        until = time.monotonic() + 30  # it is counted beside the answer's end
        while ask(second, text, "/v1/messages", max_tokens=1).status_code != 429:
            assert time.monotonic() < until


def test_not_even_a_talkative_log_tells_what_was_said(tmp_path: Path, emulated: dict[str, str]) -> None:
    with serving(tmp_path, LOG_LEVEL="debug", JOURNAL_BODIES="true", **emulated) as (server, url, printed):
        assert server.stdout is not None
        logged: list[str] = []
        reading = threading.Thread(target=logged.extend, args=(server.stdout,))
        reading.start()
        asked = {"model": MODEL, "messages": [{"role": "user", "content": "the marmot"}]}
        chat = httpx.post(f"{url}/v1/chat/completions", json=asked, timeout=60, trust_env=False)
        assert chat.status_code == 200
        agent = httpx.post(f"{url}/v1/agent/chat", json={"message": "the marmot"}, timeout=60, trust_env=False)
        assert agent.status_code == 200
        server.terminate()
        reading.join(30)
    assert "first token" in "".join(logged)
    assert "marmot" not in printed + "".join(logged)


def test_keys_of_the_command_line_and_a_running_server(tmp_path: Path, emulated: dict[str, str]) -> None:
    new = run(tmp_path, "keys", "new", "my editor", "--models", "claude-*, auto", "--expires", "30d",
              "--requests-per-minute", "100", "--tokens-per-day", "1000000", "--credits-per-month", "12.5")  # fmt: skip
    assert new.returncode == 0, new.stderr
    text, told = new.stdout.splitlines()
    assert re.fullmatch(r"k2c_[A-Za-z0-9_-]{43}", text)
    assert "not shown again" in told
    with serving(tmp_path, LOG_LEVEL="debug", **emulated) as (server, url, printed):
        assert server.stdout is not None
        printed += server.stdout.readline()
        assert "clients must send one of `kiro2chat keys` (1)" in printed
        logged: list[str] = []
        reading = threading.Thread(target=logged.extend, args=(server.stdout,))  # a full pipe would stop it
        reading.start()
        assert ask(url, text).status_code == 200
        assert ask(url, "unused").status_code == ask(url).status_code == ask(url, text[:-1] + "?").status_code == 401
        assert ask(url, text, model="gpt-5.6-sol").status_code == 403
        assert ask(url, text, "/v1/messages", stream=True).status_code == 200
        second = run(tmp_path, "keys", "new", "other").stdout.splitlines()[0]
        assert ask(url, second).status_code == 200  # at once

        header, mine, other = run(tmp_path, "keys", "list").stdout.splitlines()
        assert re.split(r"  +", header)[:3] == ["id", "name", "created"]
        assert "100 requests/min, 1000000 tokens/day, 12.5 credits/month" in mine
        assert "claude-*,auto" in mine
        assert re.search(r"[1-9]\d* tokens  +0\.[0-9]{2} credits$", mine)
        assert re.search(r"other .* never .* all .* none ", other)

        revoked = run(tmp_path, "keys", "revoke", "my editor")
        assert revoked.returncode == 0
        until = time.monotonic() + 30
        while ask(url, text).status_code == 200:
            assert time.monotonic() < until
            time.sleep(0.2)
        assert ask(url, second).status_code == 200
        server.terminate()
        reading.join(20)
    log = printed + "".join(logged)
    assert "first token" in log
    kept = b"".join(file.read_bytes() for file in (tmp_path / ".local/share/kiro2chat").rglob("*") if file.is_file())
    for secret in (text, second):
        assert secret[8:] not in log + revoked.stdout + header + mine + other
        assert secret[8:].encode() not in kept
    assert b"other" in kept


def test_names_that_could_be_two_are_refused(tmp_path: Path) -> None:
    assert "There are no keys" in run(tmp_path, "keys", "list").stdout
    assert not (tmp_path / ".local/share/kiro2chat" / NAME).exists()
    for _ in range(2):
        run(tmp_path, "keys", "new", "twin")
    ids = [line.split()[0] for line in run(tmp_path, "keys", "list").stdout.splitlines()[1:]]
    refused = run(tmp_path, "keys", "revoke", "twin")
    assert refused.returncode == 1
    assert "2 keys are called 'twin'" in refused.stderr
    assert all(id in refused.stderr for id in ids)
    assert run(tmp_path, "keys", "revoke", ids[0]).returncode == 0
    assert run(tmp_path, "keys", "revoke", "twin").returncode == 0
    gone = run(tmp_path, "keys", "revoke", "twin")
    assert (gone.returncode, gone.stdout) == (1, "")
    assert gone.stderr == "kiro2chat: There is no key 'twin': `kiro2chat keys list` shows them.\n"


WRONG = {
    "no action": ((), "COMMAND"),
    "no name": (("new",), "name"),
    "a day that is over": (("new", "x", "--expires", "2020-01-01"), "2020-01-01 is over"),
    "no day": (("new", "x", "--expires", "soon"), "such as 12h, 30d or 4w, or a day such as 2026-12-31"),
    "no such day": (("new", "x", "--expires", "2099-02-30"), "expected a time"),
    "nothing a minute": (("new", "x", "--requests-per-minute", "0"), "whole number above 0"),
    "half a token": (("new", "x", "--tokens-per-day", "0.5"), "whole number above 0"),
    "no credits": (("new", "x", "--credits-per-month", "0"), "number above 0"),
    "not a number": (("new", "x", "--credits-per-month", "nan"), "number above 0"),
    "no models": (("new", "x", "--models", " , "), "names of models"),
    "a star within": (("new", "x", "--models", "claude-*-5"), "'claude-*-5' is no model"),
    "models for metrics": (("new", "x", "--metrics", "--models", "auto"), "no models and no limits"),
    "limits for metrics": (("new", "x", "--metrics", "--tokens-per-day", "1"), "no models and no limits"),
    "an empty name": (("new", " "), "1 to 100 characters"),
    "a name of two lines": (("new", "a\nb"), "1 to 100 characters"),
}


@pytest.mark.parametrize(("arguments", "told"), WRONG.values(), ids=WRONG)
def test_what_makes_no_key_changes_nothing(tmp_path: Path, arguments: tuple[str, ...], told: str) -> None:
    ran = run(tmp_path, "keys", *arguments)
    assert ran.returncode in (1, 2)
    assert told in ran.stderr
    assert "Traceback" not in ran.stderr
    assert not (tmp_path / ".local").exists()


def test_a_store_that_cannot_be_opened_stops_the_start_and_the_command(
    tmp_path: Path, emulated: dict[str, str]
) -> None:
    path = tmp_path / "data" / NAME
    path.parent.mkdir()
    path.write_bytes(b"nonsense " * 1000)
    for command in (("serve", "--port", "0"), ("keys", "list"), ("keys", "new", "x")):
        ran = run(tmp_path, *command, DATA_DIR=str(path.parent), **emulated)
        assert ran.returncode == 1
        assert f"{path} is not a database" in ran.stderr
        assert "Traceback" not in ran.stderr


def test_the_demo_leaves_the_users_store_alone(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as (_, url, _printed):
        assert ask(url, "unused").status_code == 200
        assert httpx.get(f"{url}/v1/models", timeout=30, trust_env=False).status_code == 200
    assert not list(tmp_path.rglob("*.sqlite3*"))
