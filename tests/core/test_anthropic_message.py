"""Anthropic's answers: the stream, put together as its SDKs do, is the whole message; and errors in its own form."""

from __future__ import annotations

import json
from typing import Any, TypeAlias, cast

import pytest
from anthropic.lib.streaming._messages import accumulate_event
from anthropic.types import Message
from hypothesis import given, settings
from hypothesis import strategies as st

from kiro2chat_core import errors
from kiro2chat_core.dialects.anthropic_message import Heading, MessageEncoder, error_answer, message
from kiro2chat_core.errors import ContextTooLong, Kiro2ChatError
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

Json: TypeAlias = dict[str, Any]

THIS = Heading("msg_1", "m")
USAGE = Usage(10, 5, 2, cache_read_tokens=4, cache_write_tokens=1, exact=True)


def streamed(events: list[Event], *, one_by_one: bool = False) -> list[Json]:
    encoder = MessageEncoder(THIS)
    raw = b"".join(encoder.feed([event]) for event in events) if one_by_one else encoder.feed(events)
    told = []
    for block in raw.decode().split("\n\n")[:-1]:
        name, data = block.split("\n")
        told.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {told[-1]['type']}"
    return told


def folded(events: list[Event]) -> Json:
    fold = Fold()
    fold.feed(events)
    return message(THIS, fold.answer())


def put_together(told: list[Json]) -> Json:
    """As the SDKs do it: by index, the signature overwritten, a call's JSON parsed at its end."""
    assert [event["type"] for event in told[:2]] == ["message_start", "ping"]
    whole: Json = told[0]["message"]
    pieces: dict[int, str] = {}
    for event in told[2:]:
        match event["type"]:
            case "content_block_start":
                assert event["index"] == len(whole["content"])
                assert len(pieces) == len(whole["content"])  # the block before has ended
                whole["content"].append(event["content_block"])
                pieces[event["index"]] = ""
            case "content_block_delta":
                block, delta = whole["content"][event["index"]], event["delta"]
                assert event["index"] == len(whole["content"]) - 1
                match delta["type"]:
                    case "text_delta":
                        block["text"] += delta["text"]
                    case "thinking_delta":
                        block["thinking"] += delta["thinking"]
                    case "signature_delta":
                        block["signature"] = delta["signature"]
                    case "input_json_delta":
                        pieces[event["index"]] += delta["partial_json"]
            case "content_block_stop":
                if pieces[event["index"]]:
                    whole["content"][event["index"]]["input"] = json.loads(pieces[event["index"]])
            case "message_delta":
                whole |= event["delta"]
                whole["usage"] |= event["usage"]
    assert told[-1] == {"type": "message_stop"}
    return whole


def call(call_id: str, arguments: str = '{"a":1}') -> list[Event]:
    pieces = [arguments[at : at + 3] for at in range(0, len(arguments), 3)]
    return [CallBegan(call_id, "look"), *(CallDelta(call_id, piece) for piece in pieces), CallEnded(call_id)]


ANSWER: list[Event] = [
    Began(7), ReasoningDelta("I "), ReasoningDelta("think"), ReasoningDelta("", "E"), ReasoningDelta("", "o"),
    TextDelta("Hi"), TextDelta("!"), *call("t1"), *call("t2", "{}"), Counted(USAGE), Ended("tool_use"),
]  # fmt: skip


def test_a_whole_message() -> None:
    assert folded(ANSWER) == {
        "id": "msg_1",
        "type": "message",
        "role": "assistant",
        "model": "m",
        "content": [
            {"type": "thinking", "thinking": "I think", "signature": "Eo"},
            {"type": "text", "text": "Hi!"},
            {"type": "tool_use", "id": "t1", "name": "look", "input": {"a": 1}},
            {"type": "tool_use", "id": "t2", "name": "look", "input": {}},
        ],
        "stop_reason": "tool_use",
        "stop_sequence": None,
        "usage": {
            "input_tokens": 5,
            "cache_creation_input_tokens": 1,
            "cache_read_input_tokens": 4,
            "output_tokens": 5,
            "output_tokens_details": {"thinking_tokens": 2},
            "estimated": False,
        },
    }


def test_a_stream_in_order() -> None:
    told = streamed(ANSWER)
    assert [event["type"].removeprefix("content_block_") for event in told] == [
        "message_start", "ping",
        "start", "delta", "delta", "delta", "stop",
        "start", "delta", "delta", "stop",
        "start", "delta", "delta", "delta", "stop",
        "start", "delta", "stop",
        "message_delta", "message_stop",
    ]  # fmt: skip
    assert told[0]["message"]["usage"]["input_tokens"] == 7
    assert told[0]["message"]["content"] == []
    assert told[5] == {
        "type": "content_block_delta",
        "index": 0,
        "delta": {"type": "signature_delta", "signature": "Eo"},
    }


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
in_order: st.SearchStrategy[list[Event]] = st.builds(
    lambda thoughts, signature, texts, calls, reason: [
        Began(3),
        *map(ReasoningDelta, thoughts),
        *([ReasoningDelta("", signature)] if signature else []),
        *map(TextDelta, texts),
        *(event for number, given in enumerate(calls) for event in call(f"t{number}", json.dumps(given))),
        Counted(USAGE),
        Ended(reason, "STOP" if reason == "stop_sequence" else ""),
    ],
    st.lists(text, max_size=3),
    text,
    st.lists(text, max_size=3),
    st.lists(st.dictionaries(text, text, max_size=2), max_size=3),
    st.sampled_from(["end", "max_tokens", "stop_sequence", "filtered", "tool_use"]),
)


@settings(max_examples=300, deadline=None)
@given(in_order, st.booleans())
def test_the_stream_put_together_is_the_whole_message(events: list[Event], one_by_one: bool) -> None:
    whole = put_together(streamed(events, one_by_one=one_by_one))
    assert whole == folded(events)


@settings(max_examples=100, deadline=None)
@given(in_order)
def test_the_stream_put_together_by_the_sdk_is_the_whole_message(events: list[Event]) -> None:
    snapshot: Any = None
    buffers: dict[int, bytes] = {}
    for event in streamed(events):
        if event["type"] != "ping":
            snapshot = accumulate_event(event=cast("Any", event), current_snapshot=snapshot, json_bufs=buffers)
    whole = Message.model_validate(folded(events)).to_dict()
    together = Message.model_validate(snapshot.to_dict()).to_dict()
    for name in ("id", "model", "role", "content", "stop_reason", "stop_sequence"):
        assert together[name] == whole[name]
    assert snapshot.usage.input_tokens == USAGE.input_tokens - USAGE.cache_read_tokens - USAGE.cache_write_tokens
    assert snapshot.usage.output_tokens == USAGE.output_tokens


events: st.SearchStrategy[Event] = st.one_of(
    st.builds(TextDelta, text), st.builds(ReasoningDelta, text, text), st.just(ReasoningDelta(redacted="AA"))
)


@settings(max_examples=300, deadline=None)
@given(st.lists(events, max_size=8))
def test_blocks_never_overlap_and_nothing_is_lost(said: list[Event]) -> None:
    whole = put_together(streamed([Began(), *said, Ended("end")]))
    assert "".join(block.get("text", "") for block in whole["content"]) == "".join(
        event.text for event in said if isinstance(event, TextDelta)
    )
    thoughts = [event for event in said if isinstance(event, ReasoningDelta)]
    assert "".join(block.get("thinking", "") for block in whole["content"]) == "".join(each.text for each in thoughts)
    assert "".join(block.get("signature", "") for block in whole["content"]) == "".join(
        each.signature for each in thoughts
    )
    assert sum("data" in block for block in whole["content"]) == sum(bool(each.redacted) for each in thoughts)


REASONS: dict[EndReason, str] = {
    "end": "end_turn",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "stop_sequence": "stop_sequence",
    "filtered": "refusal",
}


@pytest.mark.parametrize(("reason", "stop_reason"), REASONS.items())
def test_stop_reasons(reason: EndReason, stop_reason: str) -> None:
    ended: list[Event] = [Began(), TextDelta("Hi"), Ended(reason, "S" if reason == "stop_sequence" else "")]
    whole = folded(ended)
    assert (whole["stop_reason"], whole["stop_sequence"]) == (stop_reason, "S" if reason == "stop_sequence" else None)


def test_silences() -> None:
    encoder = MessageEncoder(THIS)
    assert encoder.ping() == b": keep-alive\n\n"
    encoder.feed([Began()])
    assert encoder.ping() == b'event: ping\ndata: {"type":"ping"}\n\n'


def test_an_error_in_mid_stream() -> None:
    encoder = MessageEncoder(THIS)
    encoder.feed([Began(), TextDelta("Hi")])
    name, data = encoder.error(errors.Throttled("slow down")).decode().strip().split("\n")
    assert name == "event: error"
    assert json.loads(data.removeprefix("data: ")) == {
        "type": "error",
        "error": {"type": "rate_limit_error", "message": "slow down"},
        "request_id": "msg_1",
    }


ERRORS: dict[str, tuple[Kiro2ChatError, int, str]] = {
    "a bad request": (errors.BadRequest("m"), 400, "invalid_request_error"),
    "no key": (errors.Unauthorized("m"), 401, "authentication_error"),
    "a foreign page": (errors.Forbidden("m"), 403, "permission_error"),
    "an unknown model": (errors.UnknownModel("m"), 404, "not_found_error"),
    "too large": (errors.TooLarge("m"), 413, "request_too_large"),
    "no login": (errors.LoginMissing("m"), 401, "authentication_error"),
    "suspended": (errors.LoginForbidden("m"), 403, "permission_error"),
    "used up": (errors.QuotaExhausted("m"), 429, "rate_limit_error"),
    "too fast": (errors.Throttled("m"), 429, "rate_limit_error"),
    "no capacity": (errors.NoCapacity("m"), 529, "overloaded_error"),
    "down": (errors.Unavailable("m"), 529, "overloaded_error"),
    "silent": (errors.BackendTimeout("m"), 504, "timeout_error"),
    "refused": (errors.Misunderstood("m"), 400, "invalid_request_error"),
    "a bug": (Kiro2ChatError("m"), 500, "api_error"),
}


@pytest.mark.parametrize(("error", "status", "kind"), ERRORS.values(), ids=ERRORS)
def test_errors(error: Kiro2ChatError, status: int, kind: str) -> None:
    told = {"type": "error", "error": {"type": kind, "message": "m"}, "request_id": "req_1"}
    assert error_answer(error, "req_1") == (status, told)


def test_a_refused_thread_is_told_by_the_word_that_clients_look_for() -> None:
    error = errors.BadRequest("m", field="thread", code="thread_unsupported_request")
    assert error_answer(error, "r")[1]["error"]["details"] == {"error_code": "thread_unsupported_request"}
    assert "details" not in error_answer(errors.BadRequest("m"), "r")[1]["error"]


def test_a_prompt_that_is_too_long_is_told_in_numbers() -> None:
    error = ContextTooLong("too long")
    assert error_answer(error, "r")[1]["error"]["message"] == "prompt is too long: too long"
    error.tokens, error.maximum = 210_000, 200_000
    assert error_answer(error, "r")[1]["error"]["message"] == "prompt is too long: 210000 tokens > 200000 maximum"


def test_two_thoughts_are_two_blocks_each_with_its_signature() -> None:
    events: list[Event] = [
        Began(), ReasoningDelta("a", "E1"), TextDelta("So"), ReasoningDelta("b"), ReasoningDelta("", "E2"), Ended("end"),
    ]  # fmt: skip
    for content in (put_together(streamed(events))["content"], folded(events)["content"]):
        assert [(block["thinking"], block["signature"]) for block in content if block["type"] == "thinking"] == [
            ("a", "E1"), ("b", "E2"),
        ]  # fmt: skip
