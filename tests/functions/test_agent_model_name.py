"""The agent as a model: clients that know nothing but an API for chats use it under the name `agent/…`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openai import OpenAI
from tests.agents import call, eventually, streaming
from tests.gateways import STRICT, Pair, gateway
from tests.keyed import made

from kiro2chat_functions.emulator import Call, Options, Reply

SUM = Call("calculator", {"expression": "6*7"})
QUESTION = "What is six times seven?"
ROUNDS = (Reply("Let me see.", calls=[SUM]), Reply("It is 42."))


def openai(pair: Pair, key: str = "none") -> OpenAI:
    return OpenAI(base_url=f"{pair.url}/v1", api_key=key, timeout=60, max_retries=0)


def test_the_openai_sdk_talks_to_it() -> None:
    with gateway(STRICT) as pair, openai(pair) as client:
        pair.emulator.script(*ROUNDS)
        answer = client.chat.completions.create(
            model="agent/claude-sonnet-4.5", messages=[{"role": "user", "content": QUESTION}]
        )
        pair.emulator.script(*ROUNDS)
        chunks = list(
            client.chat.completions.create(
                model="agent/auto",
                messages=[{"role": "user", "content": QUESTION}],
                stream=True,
                stream_options={"include_usage": True},
            )
        )
    (choice,) = answer.choices
    assert choice.message.content == "Let me see.\n\nIt is 42."
    assert choice.finish_reason == "stop"
    assert choice.message.tool_calls is None
    thoughts = choice.message.model_extra["reasoning_content"] if choice.message.model_extra else ""
    assert "calculator" in thoughts
    assert "42" in thoughts
    assert answer.usage is not None
    assert answer.usage.total_tokens > 0
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == "Let me see.\n\nIt is 42."
    assert chunks[-1].usage is not None


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/v1/messages", {"max_tokens": 1000, "messages": [{"role": "user", "content": QUESTION}]}),
        ("/v1/responses", {"input": QUESTION}),
    ],
)
def test_other_dialects_talk_to_it_too(path: str, fields: dict[str, Any], stream: bool) -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(*ROUNDS)
        response = call(pair, "POST", path, {"model": "agent/claude-sonnet-4.5", "stream": stream, **fields})
        rounds = len(pair.chats())
        (record,) = eventually(lambda: call(pair, "GET", "/api/requests").json()["requests"])
    assert response.status_code == 200, response.text
    assert "It is" in response.text
    assert "42" in response.text
    assert rounds == 2
    assert record["tokens"]["in"] > 0
    assert record["asked"] == "agent/claude-sonnet-4.5"
    assert record["model"] == "claude-sonnet-4.5"


def test_the_whole_conversation_of_the_client_is_read() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "I am Ada."},
        {
            "role": "assistant",
            "content": "Looking.",
            "tool_calls": [{"id": "c1", "type": "function", "function": {"name": "lookup", "arguments": "{}"}}],
        },
        {"role": "tool", "tool_call_id": "c1", "content": "Ada Lovelace"},
        {"role": "assistant", "content": "Hello, Ada."},
        {"role": "user", "content": "Who am I?"},
    ]
    with gateway(Options()) as pair:
        response = pair.post({"model": "agent/auto", "messages": messages})
        begun = pair.post({"model": "agent/auto", "messages": messages[:-1]})
        asking = pair.post({"model": "agent/auto", "messages": messages[:3]})
        first, second, _third = pair.chats()
    assert [each.status_code for each in (response, begun, asking)] == [200] * 3
    for said in ("Be brief.", "I am Ada.", "Ada Lovelace", "Who am I?"):
        assert said in str(first)
    assert "Hello, Ada." in str(second)


def test_nobody_can_be_asked() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("", calls=[Call("shell", {"command": "echo never"})]), Reply("I may not."))
        answer = pair.post({"model": "agent/auto", "messages": [{"role": "user", "content": "Do it."}]}).json()
    assert answer["choices"][0]["message"]["content"] == "I may not."
    assert "needs leave that nobody can give" in answer["choices"][0]["message"]["reasoning_content"]


def test_the_limit_is_told() -> None:
    with gateway(STRICT, AGENT_ROUNDS="1") as pair:
        pair.emulator.script(*ROUNDS)
        answer = pair.post({"model": "agent/auto", "messages": [{"role": "user", "content": QUESTION}]}).json()
    assert "AGENT_ROUNDS" in answer["choices"][0]["message"]["content"]
    assert answer["choices"][0]["finish_reason"] == "stop"


@pytest.mark.parametrize("stream", [False, True])
def test_errors_have_their_own_status(stream: bool) -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        messages = [{"role": "user", "content": QUESTION}]
        unknown = pair.post({"model": "agent/gpt-2", "messages": messages, "stream": stream})
        pair.emulator.inject("throttled", times=9)
        throttled = pair.post({"model": "agent/auto", "messages": messages, "stream": stream})
    assert (unknown.status_code, throttled.status_code) == (404, 429)


def test_it_is_listed_and_what_a_key_may_use_is_kept(tmp_path: Path) -> None:
    with gateway(STRICT, DATA_DIR=str(tmp_path), API_KEY="the-owner") as pair:
        _key, alice = made(tmp_path, "alice", models=("claude-haiku-4.5",), tokens_per_day=10_000)
        names = [each["id"] for each in call(pair, "GET", "/v1/models", key="the-owner").json()["data"]]
        found = call(pair, "GET", "/v1/models/agent/auto", key="the-owner")
        body = {"messages": [{"role": "user", "content": QUESTION}]}
        refused = call(pair, "POST", "/v1/chat/completions", {"model": "agent/auto", **body}, alice)
        used = {"uncachedInputTokens": 6000, "outputTokens": 4000, "totalTokens": 10_000}
        pair.emulator.script(Reply("Hello.", usage=used))
        taken = call(pair, "POST", "/v1/chat/completions", {"model": "agent/claude-haiku-4.5", **body}, alice)
        spent = eventually(
            lambda: (
                call(pair, "POST", "/v1/chat/completions", {"model": "claude-haiku-4.5", **body}, alice).status_code
                == 429
            )
        )
    assert "agent/auto" in names
    assert found.json()["id"] == "agent/auto"
    assert (refused.status_code, taken.status_code) == (403, 200)
    assert spent


def test_what_would_be_sent_can_be_asked() -> None:
    with gateway(STRICT) as pair:
        body = {"model": "agent/auto", "messages": [{"role": "user", "content": QUESTION}]}
        told = pair.post(body, **{"x-kiro2chat-explain": "1"})
    assert told.status_code == 200
    assert told.json()["model"] == "auto"


def test_a_client_that_leaves_ends_the_run() -> None:
    with gateway(Options(delay=0.01)) as pair:
        pair.emulator.script(Reply("word " * 3000))
        fields: dict[str, Any] = {"model": "agent/auto", "messages": [{"role": "user", "content": QUESTION}]}
        with streaming(pair, path="/v1/chat/completions", **fields) as events:
            next(events), next(events)
        left = eventually(lambda: [seen for seen in pair.emulator.seen if seen.left_at])
        (record,) = eventually(lambda: call(pair, "GET", "/api/requests").json()["requests"])
    assert left
    assert record["outcome"] == "broken off"
