"""Requests that wait for their turn at the login: what became of their key meanwhile counts."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agents import call, eventually
from tests.gateways import Pair, gateway
from tests.keyed import ASKS, MIDDAY, MODEL, Clock, ask, made

from kiro2chat_core.keys import ApiKey
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.base import Key
from kiro2chat_core.store.opening import store_of
from kiro2chat_functions.emulator import Reply

USED = {"uncachedInputTokens": 600, "outputTokens": 400, "totalTokens": 1000}


@contextmanager
def one_at_a_time(folder: Path, clock: Clock) -> Iterator[Pair]:
    with gateway(clock=clock, DATA_DIR=str(folder), API_KEY="sesame", LOGIN_CONCURRENCY="1") as pair:
        yield pair


@contextmanager
def taken(pair: Pair) -> Iterator[None]:
    """While the only turn is another's; a client that leaves gives it back."""
    pair.emulator.inject("silence", after=3, seconds=30)
    body = ASKS["/v1/messages"] | {"stream": True}
    headers = {"authorization": "Bearer sesame"}
    with httpx.stream("POST", f"{pair.url}/v1/messages", headers=headers, json=body, trust_env=False) as response:
        pieces = response.iter_bytes()
        next(pieces)
        yield


@pytest.mark.parametrize("limits", [{"tokens_per_day": 500}, {"credits_per_month": 0.0001}])
def test_of_a_burst_none_begins_beyond_a_budget(tmp_path: Path, limits: dict[str, Any]) -> None:
    with one_at_a_time(tmp_path, Clock()) as pair:
        key = made(tmp_path, **limits)[1]
        pair.emulator.inject("silence", after=0, seconds=0.7)  # the others are admitted meanwhile
        pair.emulator.script(*[Reply("Hi.", usage=USED)] * 6)
        paths = [*ASKS, *ASKS]
        with ThreadPoolExecutor(len(paths)) as pool:
            answers = list(pool.map(lambda n: ask(pair.url, key, paths[n], stream=n % 2 == 1), range(len(paths))))
        assert sorted(answer.status_code for answer in answers) == [200, *[429] * 5]
        assert len(pair.chats()) == 1
        assert {answer.headers["x-should-retry"] for answer in answers if answer.status_code == 429} == {"false"}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/agent/chat"])
def test_a_key_that_is_worthless_by_then_begins_nothing(tmp_path: Path, path: str) -> None:
    clock = Clock()
    with one_at_a_time(tmp_path, clock) as pair:
        key, text = made(tmp_path, requests_per_minute=9, expires_at=MIDDAY + 30)
        body = {"model": MODEL, "message": "Hi."} if path == "/v1/agent/chat" else ASKS[path]
        with ThreadPoolExecutor() as pool:
            with taken(pair):
                waiting = pool.submit(call, pair, "POST", path, body, text)
                assert eventually(lambda: admitted(tmp_path, key))
                clock.now = MIDDAY + 31
            answer = waiting.result()
        assert (answer.status_code, "expired" in answer.text) == (401, True)
        assert len(pair.chats()) == 1


def admitted(folder: Path, key: ApiKey) -> bool:
    async def counted() -> bool:
        store = store_of(Settings(data_dir=folder), clock=Clock())
        try:
            return await store.get(Key(f"use#{key.id}", "minute#2026-11-23T12:00")) is not None
        finally:
            await store.aclose()

    return asyncio.run(counted())
