"""The journal of several processes, of killed ones, and of ones whose store goes away: `kiro2chat serve` as a person runs it."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.functions.test_cli import run, serving

from kiro2chat_functions.emulator import Emulator, Options, Reply
from kiro2chat_functions.serving import served

MODELS = ("claude-sonnet-4.5", "auto")
USAGE = {"uncachedInputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": 0, "cacheWriteInputTokens": 0}


def body(number: int) -> dict[str, Any]:
    model = MODELS[number % 2]
    return {"model": model, "stream": number % 3 == 0, "messages": [{"role": "user", "content": f"Number {number}."}]}


async def load(urls: Sequence[str], times: int, at_once: int = 8) -> list[int]:
    """Requests to all of them, some at once; their statuses. 0 is a connection that broke."""
    waiting = asyncio.Semaphore(at_once)

    async def one(client: httpx.AsyncClient, number: int) -> int:
        async with waiting:
            try:
                response = await client.post(f"{urls[number % len(urls)]}/v1/chat/completions", json=body(number))
            except httpx.TransportError:
                return 0
            return response.status_code

    async with httpx.AsyncClient(timeout=30, trust_env=False) as client:
        return await asyncio.gather(*(one(client, number) for number in range(times)))


def told(url: str, path: str) -> Any:
    return httpx.get(f"{url}{path}", timeout=30, trust_env=False).json()


def settings(emulator: Emulator, url: str, folder: Path) -> dict[str, str]:
    urls = dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), url)
    return urls | {"KIRO_API_KEY": emulator.login("api-key").access_token, "DATA_DIR": str(folder)}


@pytest.mark.parametrize("processes", [2])
def test_two_processes_on_one_folder_keep_exact_totals_under_load(tmp_path: Path, processes: int) -> None:
    emulator, times = Emulator(Options()), 300
    with served(emulator.app) as backend, ExitStack() as stack:
        emulator.script(*[Reply("Hi.", usage=USAGE)] * times)
        environ = settings(emulator, backend, tmp_path / "data")
        urls = [stack.enter_context(serving(tmp_path, **environ))[1] for _ in range(processes)]
        assert Counter(asyncio.run(load(urls, times))) == {200: times}
        for url in urls:
            told(url, "/api/requests?limit=1")  # waits for what is still to be written
        for url in urls:
            stats = told(url, "/api/stats?range=1h&by=model")
            found = told(url, "/api/requests?limit=1000")["requests"]
            assert stats["total"]["count"] == len(found) == len({record["id"] for record in found}) == times
            assert stats["total"]["errors"] == 0
            assert stats["total"]["tokens"]["in"] == 11 * times
            assert stats["total"]["tokens"]["out"] == 7 * times
            assert stats["total"]["credits"] == pytest.approx(sum(record["credits"] for record in found))
            assert {group["name"]: group["count"] for group in stats["groups"]} == dict.fromkeys(MODELS, times / 2)
            whole = sorted(record["seconds"] for record in found)
            assert stats["total"]["seconds"]["p50"] == pytest.approx(whole[times // 2 - 1], rel=0.012, abs=2e-4)
            assert stats["total"]["seconds"]["p99"] == pytest.approx(whole[times * 99 // 100 - 1], rel=0.012, abs=2e-4)


def test_a_killed_process_loses_only_what_was_not_yet_written(tmp_path: Path) -> None:
    emulator = Emulator(Options())
    with served(emulator.app) as backend:
        environ = settings(emulator, backend, tmp_path / "data")
        with serving(tmp_path, **environ) as (process, url, _):
            assert Counter(asyncio.run(load([url], 60))) == {200: 60}
            told(url, "/api/requests?limit=1")
            answered = asyncio.run(load([url], 5))
            process.send_signal(signal.SIGKILL)
            process.wait(30)
        with serving(tmp_path, **environ) as (_process, url, _):
            found = told(url, "/api/requests?limit=1000")["requests"]
            total = told(url, "/api/stats?range=1h")["total"]
            assert asyncio.run(load([url], 1)) == [200]
            assert len(told(url, "/api/requests?limit=1000")["requests"]) == len(found) + 1
    assert 60 <= len(found) <= 60 + len(answered)
    assert 60 <= total["count"] <= len(found)


def test_an_ended_process_has_written_all(tmp_path: Path) -> None:
    emulator = Emulator(Options())
    with served(emulator.app) as backend:
        environ = settings(emulator, backend, tmp_path / "data")
        with serving(tmp_path, **environ) as (process, url, _):
            assert Counter(asyncio.run(load([url], 40))) == {200: 40}
            process.send_signal(signal.SIGTERM)
            process.wait(30)
    with sqlite3.connect(tmp_path / "data" / "store.sqlite3") as connection:
        ((records,),) = connection.execute("SELECT count(*) FROM items WHERE pk LIKE 'requests#%'")
    connection.close()
    assert records == 40


@pytest.mark.parametrize("loss", ["deleted", "damaged", "held"])
def test_answers_go_on_when_the_store_is_lost(tmp_path: Path, loss: str) -> None:
    emulator, folder = Emulator(Options()), tmp_path / "data"
    with (
        served(emulator.app) as backend,
        serving(tmp_path, **settings(emulator, backend, folder)) as (_process, url, _),
    ):
        assert Counter(asyncio.run(load([url], 10))) == {200: 10}
        told(url, "/api/requests")
        holder = sqlite3.connect(folder / "store.sqlite3", isolation_level=None)
        if loss == "held":
            holder.execute("BEGIN EXCLUSIVE")
        elif loss == "damaged":
            for file in folder.iterdir():
                if file.name.startswith("store.sqlite3"):
                    file.write_bytes(b"not a database " * 1000)
        else:
            for file in folder.iterdir():
                file.unlink()
            folder.rmdir()
            folder.write_text("no folder any more")
        assert Counter(asyncio.run(load([url], 30))) == {200: 30}
        assert httpx.get(f"{url}/metrics", trust_env=False).status_code == 200
        response = httpx.get(f"{url}/api/requests", timeout=30, trust_env=False)
        if loss == "deleted":
            assert (response.status_code, response.json()["error"]["code"]) == (503, "store_unusable")
        if loss != "held":
            assert str(tmp_path) not in response.text  # whoever asks may be a stranger
        holder.close()


@pytest.mark.parametrize("broken", ["no folder", "no database"])
def test_a_store_that_cannot_be_opened_stops_the_start_with_its_path(tmp_path: Path, broken: str) -> None:
    place = tmp_path / "data" / "store.sqlite3"
    if broken == "no folder":
        place.parent.write_text("a file")
    else:
        place.parent.mkdir()
        place.write_bytes(b"not a database " * 1000)
    ran = run(tmp_path, "serve", "--port", "0", KIRO_API_KEY="ksk_0123456789", DATA_DIR=str(place.parent))
    assert ran.returncode == 1
    assert str(place) in ran.stderr
    assert "Traceback" not in ran.stderr


def test_a_demo_leaves_the_users_store_alone(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo", DATA_DIR=str(tmp_path / "data")) as (_process, url, _):
        assert asyncio.run(load([url], 1)) == [200]
        assert len(told(url, "/api/requests")["requests"]) == 1
    assert not list((tmp_path / "data").glob("store*"))


def test_an_open_feed_does_not_delay_the_end(tmp_path: Path) -> None:
    with serving(tmp_path, "--demo") as (process, url, _):
        with httpx.stream("GET", f"{url}/api/requests/live", timeout=10, trust_env=False) as feed:
            lines = feed.iter_lines()
            assert next(lines).startswith(":")
            began = time.monotonic()
            process.send_signal(signal.SIGTERM)
            assert [line for line in lines if line] == []
        process.wait(30)
        assert time.monotonic() - began < 3
        assert process.stdout is not None
        assert "Cancel" not in process.stdout.read()
