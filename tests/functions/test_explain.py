"""What a request would become, without sending it; and what a refused body is told with."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from tests.gateways import STRICT, Pair, gateway

from kiro2chat_functions.emulator import Reply

LONG_NAME = "a_tool_with_a_name_" * 5
BODY = {
    "model": "claude-sonnet-4-5",
    "temperature": 0.5,
    "messages": [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hi"}, {"role": "assistant"}],
    "tools": [{"type": "function", "function": {"name": LONG_NAME, "parameters": {"type": "object"}}}],
}


@pytest.fixture
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def test_the_header_shows_the_body_that_would_be_sent(pair: Pair) -> None:
    told: dict[str, Any] = pair.post(BODY, **{"x-kiro2chat-explain": "1"}).json()
    assert (told["model"], told["ignored"]) == ("claude-sonnet-4.5", ["temperature"])
    assert any("is sent as" in repair for repair in told["repairs"])
    assert "an empty assistant message was dropped" in told["repairs"]
    assert told["estimated_tokens"] > 300
    assert pair.chats() == []
    pair.emulator.script(Reply("Hello."))
    assert pair.post(BODY).status_code == 200
    assert pair.chats() == [told["body"]]


def test_a_request_that_would_be_refused_is_refused(pair: Pair) -> None:
    response = pair.post(BODY | {"n": 2}, **{"x-kiro2chat-explain": "1"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "n")


def test_a_refused_body_is_told_with_its_repairs_and_the_request_id(pair: Pair) -> None:
    pair.emulator.inject("improper")
    response = pair.post(BODY)
    message = response.json()["error"]["message"]
    assert response.status_code == 400
    assert "Improperly formed request." in message
    assert "Kiro's request id: " in message
    assert "unknown" not in message
    assert "an empty assistant message was dropped" in message
