"""Numbers of tokens: the backend's own where it counts, cache included; an estimate that says so where it does not."""

from __future__ import annotations

import json
from typing import Any

from tests.gateways import STRICT, Pair, gateway

from kiro2chat_core.tokenizer import count
from kiro2chat_functions.emulator import Call, Options, Reply

MODEL = "claude-sonnet-4.5"
STORY = "The quick brown fox jumps over the lazy dog. " * 400
MARK = {"cache_control": {"type": "ephemeral"}}


def asked(pair: Pair, *more: dict[str, Any], **fields: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": STORY} | MARK, {"role": "assistant", "content": "Yes."}, *more]
    usage: dict[str, Any] = pair.post({"model": MODEL, "messages": messages, **fields}).json()["usage"]
    return usage


def test_the_backends_own_counts_are_passed_on() -> None:
    with gateway(Options(token_usage=True)) as pair:
        pair.emulator.script(Reply("Hi.", usage={"uncachedInputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": 3,
                                                 "cacheWriteInputTokens": 2}))  # fmt: skip
        usage = asked(pair)
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["total_tokens"]) == (16, 7, 23)
    assert (usage["prompt_tokens_details"]["cached_tokens"], usage["estimated"]) == (3, False)


def test_marked_prefixes_are_read_from_the_cache() -> None:
    with gateway(Options(token_usage=True)) as pair:
        first = asked(pair, {"role": "user", "content": "And?"})
        second = asked(pair, {"role": "user", "content": "And then?"})
    assert first["prompt_tokens_details"]["cached_tokens"] == 0
    assert second["prompt_tokens_details"]["cached_tokens"] > 4000


def test_without_counts_the_estimate_says_that_it_is_one() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("word " * 100))
        usage = asked(pair)
    assert usage["estimated"] is True
    assert count(STORY) <= usage["prompt_tokens"] <= count(STORY) * 1.1
    assert 90 <= usage["completion_tokens"] <= 110


def test_a_stream_counts_like_a_whole_answer() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("word " * 100), Reply("word " * 100))
        whole = asked(pair)
        body = {"model": MODEL, "stream": True, "stream_options": {"include_usage": True},
                "messages": [{"role": "user", "content": STORY} | MARK, {"role": "assistant", "content": "Yes."}]}  # fmt: skip
        lines = pair.post(body).text.splitlines()
    chunks = [json.loads(line[6:]) for line in lines if line.startswith("data: {")]
    assert [chunk["usage"] for chunk in chunks if chunk["usage"]] == [whole]


def test_an_answer_that_was_asked_for_twice_costs_both() -> None:
    first = {"uncachedInputTokens": 10, "outputTokens": 7, "cacheReadInputTokens": 1, "cacheWriteInputTokens": 0}
    second = {"uncachedInputTokens": 20, "outputTokens": 5, "cacheReadInputTokens": 2, "cacheWriteInputTokens": 0}
    tool = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
    with gateway(Options(token_usage=True)) as pair:
        pair.emulator.script(Reply("No.", usage=first), Reply("", calls=[Call("look", {"a": 1})], usage=second))
        usage = asked(pair, {"role": "user", "content": "Look."}, tools=[tool], tool_choice="required")
    assert (usage["prompt_tokens"], usage["completion_tokens"], usage["prompt_tokens_details"]["cached_tokens"]) == (
        33,
        12,
        3,
    )
