"""Requests too long for the model: refused in words that make clients compact, by whoever finds out first."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest
from tests.gateways import STRICT, Pair, gateway

from kiro2chat_core.tokenizer import count
from kiro2chat_functions.emulator.models import Model

WINDOW = 10_000
SMALL = Model("claude-small", "Small", WINDOW, 64_000, 1.0)
WORDS = "some words that are all of one token each and nothing more "


@pytest.fixture
def pair() -> Iterator[Pair]:
    with gateway(replace(STRICT, models=(SMALL,))) as served:
        yield served


def asking(tokens: int) -> dict[str, Any]:
    text = WORDS * (tokens // 12 + 1)
    return {"model": SMALL.id, "messages": [{"role": "user", "content": text}]}


def too_long(response: httpx.Response) -> tuple[int, int]:
    """(tokens, maximum), as clients read them."""
    error = response.json()["error"]
    assert (response.status_code, error["code"], error["type"]) == (
        400, "context_length_exceeded", "invalid_request_error",
    )  # fmt: skip
    found = re.search(r"maximum context length is (\d+) tokens.*resulted in (\d+) tokens", error["message"])
    assert found is not None
    return int(found[2]), int(found[1])


def test_a_request_that_fits_is_sent(pair: Pair) -> None:
    assert pair.post(asking(3000)).status_code == 200


def test_a_request_far_too_long_is_refused_at_once(pair: Pair) -> None:
    tokens, maximum = too_long(pair.post(asking(20_000)))
    assert (maximum, pair.chats()) == (WINDOW, [])
    assert 18_000 < tokens < 22_000


@pytest.mark.parametrize("stream", [True, False])
def test_the_backends_refusal_is_told_in_numbers(pair: Pair, stream: bool) -> None:
    tokens, maximum = too_long(pair.post(asking(9000) | {"stream": stream}))
    assert (maximum, tokens) == (WINDOW, WINDOW + 1)  # we counted less; the backend knows better
    assert len(pair.chats()) == 1


def test_an_improperly_formed_request_that_is_too_long_is_too_long(pair: Pair) -> None:
    pair.emulator.inject("improper")
    body = asking(10_800)
    assert WINDOW < count(body["messages"][0]["content"]) < WINDOW * 1.15
    too_long(pair.post(body))


def test_an_improperly_formed_request_that_fits_is_what_it_is(pair: Pair) -> None:
    pair.emulator.inject("improper")
    assert pair.post(asking(3000)).json()["error"]["code"] == "backend_rejected_request"
