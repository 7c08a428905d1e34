"""A server that is told to end while it answers: what can be finished is, and what cannot says so in the client's form."""

from __future__ import annotations

import json
import signal
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
from tests.functions.test_cli import serving
from tests.functions.test_journal_processes import settings

from kiro2chat_functions.emulator import Emulator, Options, Reply
from kiro2chat_functions.serving import served

CHAT = {"model": "auto", "messages": [{"role": "user", "content": "Hi."}]}
ASKS: dict[str, tuple[str, dict[str, Any]]] = {
    "chat": ("/v1/chat/completions", CHAT),
    "messages": ("/v1/messages", CHAT | {"max_tokens": 100_000}),
    "responses": ("/v1/responses", {"model": "auto", "input": "Hi."}),
    "agent": ("/v1/agent/chat", {"model": "auto", "message": "Hi.", "tools": []}),
}
COUNT = len(ASKS)


def streamed(url: str, dialect: str, begun: threading.Semaphore) -> list[Any]:
    """All events of an answer; tells when the first has come."""
    path, body = ASKS[dialect]
    events: list[Any] = []
    with httpx.stream("POST", url + path, json=body | {"stream": True}, timeout=60, trust_env=False) as response:
        for line in response.iter_lines():
            if line.startswith("data: ") and line != "data: [DONE]":
                events.append(json.loads(line[6:]))
                if len(events) == 1:
                    begun.release()
    return events


def whole(url: str, dialect: str) -> httpx.Response:
    path, body = ASKS[dialect]
    return httpx.post(url + path, json=body, timeout=60, trust_env=False)


def test_answers_under_way_end_with_an_error_that_says_why(tmp_path: Path) -> None:
    emulator, begun = Emulator(Options(delay=0.05)), threading.Semaphore(0)
    emulator.script(*[Reply(["word "] * 2000)] * (2 * COUNT))
    with (
        served(emulator.app) as backend,
        serving(tmp_path, **settings(emulator, backend, tmp_path / "data")) as (process, url, _),
        ThreadPoolExecutor(2 * COUNT) as pool,
    ):
        streams = {dialect: pool.submit(streamed, url, dialect, begun) for dialect in ASKS}
        answers = {dialect: pool.submit(whole, url, dialect) for dialect in ASKS}
        for _each in ASKS:
            assert begun.acquire(timeout=60)
        process.send_signal(signal.SIGTERM)
        ends = {dialect: asked.result(60)[-2:] for dialect, asked in streams.items()}
        told = {dialect: asked.result(60) for dialect, asked in answers.items()}
        process.wait(20)
    for dialect in ASKS:
        assert "The server stops" in json.dumps(ends[dialect]), dialect
        assert told[dialect].status_code == 503, dialect
        assert "The server stops" in told[dialect].text, dialect
    assert ends["agent"][-1]["type"] == "done"


def test_an_answer_that_is_nearly_whole_becomes_whole(tmp_path: Path) -> None:
    emulator, begun = Emulator(Options(delay=0.05)), threading.Semaphore(0)
    emulator.script(Reply(["word "] * 20))
    with (
        served(emulator.app) as backend,
        serving(tmp_path, **settings(emulator, backend, tmp_path / "data")) as (process, url, _),
        ThreadPoolExecutor() as pool,
    ):
        asked = pool.submit(streamed, url, "chat", begun)
        assert begun.acquire(timeout=60)
        process.send_signal(signal.SIGTERM)
        chunks = [each["choices"][0] for each in asked.result(60) if each["choices"]]
        process.wait(20)
    assert "".join(each["delta"].get("content") or "" for each in chunks) == "word " * 20
    assert chunks[-1]["finish_reason"] == "stop"
