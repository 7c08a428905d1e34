"""What counts for a key that is limited: whatever the client does with the answer, Kiro has made it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.gateways import Pair, gateway
from tests.keyed import ASKS, Clock, ask, made

from kiro2chat_functions.emulator import Reply

PLENTY = 10**6
WORDS = "word " * 400


@dataclass
class Client:
    pair: Pair
    text: str

    def ask(self, path: str, **fields: Any) -> httpx.Response:
        return ask(self.pair.url, self.text, path, **fields)

    def left(self) -> tuple[int, float]:
        """(tokens, credits) that are not used yet: told by a request that Kiro refuses, which costs nothing."""
        self.pair.emulator.inject("monthly_quota")
        told = self.ask("/v1/chat/completions").headers
        return int(told["x-ratelimit-remaining-tokens"]), float(told["x-ratelimit-remaining-credits"])

    def used(self) -> tuple[int, float]:
        tokens, credits = self.left()
        return PLENTY - tokens, 1000 - credits


@pytest.fixture
def client(tmp_path: Path) -> Iterator[Client]:
    with gateway(clock=Clock(), DATA_DIR=str(tmp_path), API_KEY="sesame") as pair:
        key = made(tmp_path, tokens_per_day=PLENTY, credits_per_month=1000)[1]
        yield Client(pair, key)


def until(true: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not true():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_what_kiro_refuses_costs_nothing(client: Client) -> None:
    assert client.used() == client.used() == (0, 0)


@pytest.mark.parametrize("path", ASKS)
def test_an_answer_that_max_tokens_cuts_costs_about_what_a_whole_one_does(client: Client, path: str) -> None:
    client.pair.emulator.script(Reply(WORDS), Reply(WORDS))
    limit = "max_output_tokens" if path == "/v1/responses" else "max_tokens"
    assert client.ask(path, **{limit: 2000}).status_code == 200
    tokens, credits = client.used()
    assert credits > 0
    cut = client.ask(path, **{limit: 200})
    assert cut.status_code == 200
    more, paid = client.used()
    assert 200 <= more - tokens < tokens
    assert credits / 2 < paid - credits < credits * 1.01  # the price itself, where it came in time


def test_the_first_answer_of_all_costs_something_though_it_is_cut(client: Client) -> None:
    client.pair.emulator.script(Reply(WORDS))
    assert client.ask("/v1/messages", max_tokens=100).status_code == 200
    tokens, credits = client.used()
    assert tokens >= 100
    assert credits > 0


@pytest.mark.parametrize("path", ASKS)
@pytest.mark.parametrize("stream", [False, True])
def test_who_leaves_before_the_first_word_has_asked_all_the_same(client: Client, path: str, stream: bool) -> None:
    client.pair.emulator.inject("silence", after=0, seconds=20)
    asked = len(client.pair.chats())
    with suppress(httpx.ReadTimeout), httpx.Client(trust_env=False, timeout=httpx.Timeout(30, read=1.0)) as http:
        headers = {"authorization": f"Bearer {client.text}"}
        http.post(f"{client.pair.url}{path}", json=ASKS[path] | {"stream": stream, **long(path)}, headers=headers)
    assert len(client.pair.chats()) == asked + 1
    until(lambda: client.used()[0] > 1000)
    assert client.used()[1] > 0


def long(path: str) -> dict[str, Any]:
    question = "Say something about each of these words. " + "sky " * 1500
    if path == "/v1/responses":
        return {"input": question}
    return {"messages": [{"role": "user", "content": question}]}


def test_who_leaves_in_mid_answer_pays_for_it(client: Client) -> None:
    client.pair.emulator.script(Reply(WORDS))
    client.pair.emulator.inject("silence", after=30, seconds=20)
    headers = {"authorization": f"Bearer {client.text}"}
    body = ASKS["/v1/messages"] | {"stream": True, "max_tokens": 5000}
    with httpx.stream(
        "POST", f"{client.pair.url}/v1/messages", headers=headers, json=body, trust_env=False
    ) as response:
        seen = b""
        for piece in response.iter_bytes():
            seen += piece
            if seen.count(b"text_delta") > 20:
                break
    until(lambda: client.used()[0] > 20)
    assert client.used()[1] > 0
