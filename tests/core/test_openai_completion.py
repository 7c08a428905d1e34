"""OpenAI chat completions: answers, whole and in chunks, and errors."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.chat_asks import Json

from kiro2chat_core import jsonio
from kiro2chat_core.dialects.openai_completion import ChunkEncoder, Completion, completion, error_body
from kiro2chat_core.errors import (
    BadRequest,
    Kiro2ChatError,
    LoginExpired,
    QuotaExhausted,
    Throttled,
    Unauthorized,
    Unavailable,
)
from kiro2chat_core.fold import Fold
from kiro2chat_core.turns import (
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    EndReason,
    Event,
    ReasoningDelta,
    TextDelta,
    Usage,
)

# --- answers -----------------------------------------------------------------------------------------------------------

THIS = Completion("chatcmpl-1", "m", 1700000000)
OLDER = Completion("chatcmpl-1", "m", 1700000000, functions=True)
USAGE = Usage(10, 5, reasoning_tokens=2, cache_read_tokens=4)


def folded(events: Sequence[Event], this: Completion = THIS) -> Json:
    fold = Fold()
    fold.feed(events)
    return dict(jsonio.loads(jsonio.dumps(completion(this, fold.answer()))))


def chunks(events: Sequence[Event], this: Completion = THIS, *, include_usage: bool = False) -> list[Json]:
    raw = ChunkEncoder(this, include_usage=include_usage).feed(events).decode()
    *pieces, done, rest = raw.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    assert all(piece.startswith("data: {") and "\n" not in piece for piece in pieces)
    return [json.loads(piece.removeprefix("data: ")) for piece in pieces]


def summed(streamed: list[Json]) -> Json:
    """The message that a client puts together from the chunks, and the finish reason."""
    summed: Json = {
        "content": "",
        "reasoning_content": "",
        "tool_calls": [],
        "function_call": None,
        "finish_reason": None,
    }
    for chunk in streamed:
        for choice in chunk["choices"]:
            delta = choice["delta"]
            summed["content"] += delta.get("content") or ""
            summed["reasoning_content"] += delta.get("reasoning_content") or ""
            for call in delta.get("tool_calls", []):
                if call["index"] == len(summed["tool_calls"]):
                    summed["tool_calls"].append(
                        {"id": call["id"], "type": call["type"], "function": {"name": "", "arguments": ""}}
                    )
                function = summed["tool_calls"][call["index"]]["function"]
                function["name"] += call["function"].get("name", "")
                function["arguments"] += call["function"].get("arguments", "")
            if part := delta.get("function_call"):
                function = summed["function_call"] = summed["function_call"] or {"name": "", "arguments": ""}
                function["name"] += part.get("name", "")
                function["arguments"] += part.get("arguments", "")
            if choice["finish_reason"] is not None:
                assert summed["finish_reason"] is None
                summed["finish_reason"] = choice["finish_reason"]
    return summed


def test_a_completion() -> None:
    events: list[Event] = [Began(), ReasoningDelta("Hm"), TextDelta("Hi"), TextDelta("!"), Counted(USAGE), Ended("end")]
    assert folded(events) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "m",
        "system_fingerprint": None,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi!", "refusal": None, "reasoning_content": "Hm"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 2,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
            "estimated": True,
        },
    }


def call(call_id: str, name: str = "read", *arguments: str) -> list[Event]:
    return [
        CallBegan(call_id, name),
        *(CallDelta(call_id, piece) for piece in arguments or ("{}",)),
        CallEnded(call_id),
    ]


def test_a_completion_of_calls_has_no_content() -> None:
    message = folded([*call("t1"), *call("t2"), Ended("tool_use")])["choices"][0]["message"]
    assert message["content"] is None
    assert [each["id"] for each in message["tool_calls"]] == ["t1", "t2"]
    assert message["tool_calls"][0] == {"id": "t1", "type": "function", "function": {"name": "read", "arguments": "{}"}}


def test_an_empty_completion_has_empty_content() -> None:
    assert folded([Ended("end")])["choices"][0]["message"]["content"] == ""


def test_the_older_form_has_one_function_call() -> None:
    choice = folded([*call("t1"), *call("t2"), Ended("tool_use")], OLDER)["choices"][0]
    assert choice["message"]["function_call"] == {"name": "read", "arguments": "{}"}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"


FINISHES: dict[EndReason, str] = {
    "end": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "filtered": "content_filter",
}


@pytest.mark.parametrize(("reason", "finish"), FINISHES.items(), ids=FINISHES)
def test_finish_reasons(reason: EndReason, finish: str) -> None:
    assert folded([Ended(reason)])["choices"][0]["finish_reason"] == finish
    assert chunks([Ended(reason)])[-1]["choices"][0]["finish_reason"] == finish


def test_chunks() -> None:
    events: list[Event] = [
        Began(),
        TextDelta("Hi"),
        *call("t1", "read", '{"a"', ":1}"),
        Counted(USAGE),
        Ended("tool_use"),
    ]
    streamed = chunks(events, include_usage=True)
    assert {chunk["id"] for chunk in streamed} == {"chatcmpl-1"}
    assert {chunk["object"] for chunk in streamed} == {"chat.completion.chunk"}
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed[:-1]]
    assert deltas == [
        {"role": "assistant", "content": "Hi"},
        {"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "read", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {},
    ]
    assert [chunk["usage"] for chunk in streamed[:-1]] == [None] * 5
    assert (streamed[-1]["choices"], streamed[-1]["usage"]["total_tokens"]) == ([], 15)


def test_without_include_usage_no_chunk_speaks_of_it() -> None:
    assert not any("usage" in chunk for chunk in chunks([TextDelta("Hi"), Counted(USAGE), Ended("end")]))


def test_the_first_chunk_says_the_role_whatever_it_holds() -> None:
    for first in (TextDelta("Hi"), ReasoningDelta("Hm"), CallBegan("t1", "read"), Ended("end")):
        events = [first] if isinstance(first, Ended) else [first, Ended("end")]
        streamed = chunks(events)
        assert streamed[0]["choices"][0]["delta"]["role"] == "assistant"
        assert sum("role" in chunk["choices"][0]["delta"] for chunk in streamed) == 1


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
answers = st.lists(
    texts.map(lambda text: [TextDelta(text)])
    | texts.map(lambda text: [ReasoningDelta(text)])
    | st.just([ReasoningDelta("", "Eo")])
    | st.just([Counted(USAGE)])
    | st.tuples(texts, st.lists(texts, max_size=3)).map(lambda drawn: ("call", *drawn)),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(answers, st.sampled_from(sorted(FINISHES)), st.booleans(), st.integers(1, 4))
def test_the_chunks_of_an_answer_add_up_to_its_completion(
    drawn: list[Any], reason: EndReason, older: bool, batch: int
) -> None:
    events: list[Event] = [Began()]
    for number, part in enumerate(drawn):
        events += call(f"t{number}", part[1], *part[2]) if part[0] == "call" else part
    events += [Counted(USAGE), Ended(reason)]
    this = OLDER if older else THIS

    streamed = chunks(events, this, include_usage=True)
    whole = folded(events, this)
    message = whole["choices"][0]["message"]
    expected = {
        "content": message["content"] or "",
        "reasoning_content": message.get("reasoning_content", ""),
        "tool_calls": message.get("tool_calls", []),
        "function_call": message.get("function_call"),
        "finish_reason": whole["choices"][0]["finish_reason"],
    }
    assert summed(streamed) == expected
    assert streamed[-1]["usage"] == whole["usage"]

    encoder = ChunkEncoder(this, include_usage=True)
    batches = [events[start : start + batch] for start in range(0, len(events), batch)]
    assert b"".join(map(encoder.feed, batches)) == ChunkEncoder(this, include_usage=True).feed(events)


# --- errors ------------------------------------------------------------------------------------------------------------

ERRORS: dict[str, tuple[Kiro2ChatError, str, str]] = {
    "bad request": (BadRequest("m", field="n"), "invalid_request_error", "invalid_request"),
    "unauthorized": (Unauthorized("m"), "authentication_error", "invalid_api_key"),
    "expired": (LoginExpired("m"), "authentication_error", "login_expired"),
    "throttled": (Throttled("m"), "rate_limit_error", "rate_limit_exceeded"),
    "quota": (QuotaExhausted("m"), "insufficient_quota", "insufficient_quota"),
    "unavailable": (Unavailable("m"), "server_error", "backend_unavailable"),
    "a bug": (Kiro2ChatError("m"), "server_error", "internal_error"),
}


@pytest.mark.parametrize(("error", "kind", "code"), ERRORS.values(), ids=ERRORS)
def test_errors(error: Kiro2ChatError, kind: str, code: str) -> None:
    assert error_body(error) == {"error": {"message": "m", "type": kind, "param": error.field, "code": code}}


def test_an_error_in_the_middle_ends_the_stream() -> None:
    encoder = ChunkEncoder(THIS, include_usage=True)
    raw = encoder.feed([TextDelta("Hi")]) + encoder.error(Unavailable("gone"))
    pieces = raw.decode().split("\n\n")
    assert json.loads(pieces[1].removeprefix("data: "))["error"]["message"] == "gone"
    assert pieces[2:] == ["data: [DONE]", ""]
