"""Responses as the Responses API writes them: whole, in events, and what both have in common."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import responses_request
from kiro2chat_core.dialects.responses_output import Reply, response
from kiro2chat_core.dialects.responses_seals import sealed, sealed_summary
from kiro2chat_core.dialects.responses_stream import ResponseEncoder
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
    Reasoning,
    ReasoningDelta,
    TextDelta,
    Usage,
)

Json: TypeAlias = dict[str, Any]

TOOLS = [
    {"type": "function", "name": "read"},
    {"type": "custom", "name": "sql"},
    {
        "type": "namespace",
        "name": "agents",
        "tools": [{"type": "function", "name": "spawn"}, {"type": "custom", "name": "say"}],
    },
]
USAGE = Usage(10, 5, reasoning_tokens=2, cache_read_tokens=4, cache_write_tokens=3)


def reply(**members: Any) -> Reply:
    wanted = responses_request.read({"model": "m", "input": "Hi", "tools": TOOLS} | members)
    return Reply(
        "resp_1", "m", lambda: 1700000009, 1700000000, wanted.toolbox, wanted.encrypted, wanted.compacting, wanted.echo
    )


PLAIN = reply()
SEALING_FIELD = ["reasoning.encrypted_content"]
SEALING = reply(include=SEALING_FIELD)


def whole(events: Sequence[Event], this: Reply = PLAIN) -> Json:
    fold = Fold()
    fold.feed(events)
    return dict(jsonio.loads(jsonio.dumps(response(this, fold.answer()))))


def parsed(raw: bytes) -> list[Json]:
    *pieces, rest = raw.decode().split("\n\n")
    assert rest == ""
    events = []
    for piece in pieces:
        name, data = piece.split("\n")
        events.append(json.loads(data.removeprefix("data: ")))
        assert name == f"event: {events[-1]['type']}"
    assert [event["sequence_number"] for event in events] == list(range(len(events)))
    return events


def streamed(events: Sequence[Event], this: Reply = PLAIN) -> list[Json]:
    return parsed(ResponseEncoder(this).feed(events))


def call(call_id: str, name: str, *pieces: str) -> list[Event]:
    return [CallBegan(call_id, name), *(CallDelta(call_id, piece) for piece in pieces), CallEnded(call_id)]


MARKS = {"message": "msg", "reasoning": "rs", "function_call": "fc", "custom_tool_call": "ctc"}


def accumulated(events: list[Json]) -> list[Json]:
    """The items that a client puts together from the deltas alone, checked against what each event says."""
    items: dict[int, Json] = {}
    for event in events:
        kind, index = event["type"].removeprefix("response."), event.get("output_index")
        if kind == "output_item.added":
            assert index == len(items)
            items[index] = event["item"]
            assert event["item"]["status"] == "in_progress"
            assert event["item"]["id"].startswith(MARKS[event["item"]["type"]])
        if index is None:
            continue
        item = items[index]
        assert event.get("item_id", item["id"]) == item["id"]
        match kind:
            case "content_part.added":
                item["content"].append(event["part"])
            case "output_text.delta":
                item["content"][event["content_index"]]["text"] += event["delta"]
            case "output_text.done":
                assert event["text"] == item["content"][0]["text"]
            case "content_part.done":
                assert event["part"] == item["content"][0]
            case "reasoning_summary_part.added":
                item["summary"].append(event["part"])
            case "reasoning_summary_text.delta":
                item["summary"][event["summary_index"]]["text"] += event["delta"]
            case "reasoning_summary_text.done":
                assert event["text"] == item["summary"][0]["text"]
            case "reasoning_summary_part.done":
                assert event["part"] == item["summary"][0]
            case "function_call_arguments.delta":
                item["arguments"] += event["delta"]
            case "function_call_arguments.done":
                assert event["arguments"] == item["arguments"]
            case "custom_tool_call_input.delta":
                item["input"] += event["delta"]
            case "custom_tool_call_input.done":
                assert event["input"] == item["input"]
            case "output_item.done":
                late = {"status": event["item"]["status"]}
                if "encrypted_content" in event["item"]:
                    late["encrypted_content"] = event["item"]["encrypted_content"]
                assert item | late == event["item"]
                item.update(late)
    return [items[index] for index in sorted(items)]


# --- one answer, whole and streamed ------------------------------------------------------------------------------------

ANSWER: list[Event] = [
    Began(),
    ReasoningDelta("Hm"),
    ReasoningDelta(signature="Eo"),
    TextDelta("Hi"),
    TextDelta("!"),
    *call("c1", "read", '{"a"', ":1}"),
    Counted(USAGE),
    Ended("tool_use"),
]


def test_a_response() -> None:
    text = {"type": "output_text", "text": "Hi!", "annotations": [], "logprobs": []}
    assert whole(ANSWER) == {
        "id": "resp_1",
        "object": "response",
        "created_at": 1700000000,
        "completed_at": 1700000009,
        "status": "completed",
        "background": False,
        "error": None,
        "incomplete_details": None,
        "instructions": None,
        "max_output_tokens": None,
        "metadata": {},
        "model": "m",
        "output": [
            {"type": "reasoning", "id": "rs_1_0", "status": "completed", "summary": [{"type": "summary_text", "text": "Hm"}]},
            {"type": "message", "id": "msg_1_1", "status": "completed", "role": "assistant", "content": [text]},
            {"type": "function_call", "id": "fc_1_2", "status": "completed", "call_id": "c1", "name": "read",
             "arguments": '{"a":1}'},
        ],
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "prompt_cache_key": None,
        "reasoning": {"effort": None, "summary": None},
        "store": False,
        "temperature": None,
        "text": {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": TOOLS,
        "top_logprobs": 0,
        "top_p": None,
        "truncation": "disabled",
        "usage": {
            "input_tokens": 10,
            "input_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 3},
            "output_tokens": 5,
            "output_tokens_details": {"reasoning_tokens": 2},
            "total_tokens": 15,
            "estimated": True,
        },
        "user": None,
    }  # fmt: skip


def test_the_order_of_events() -> None:
    assert [(e["type"].removeprefix("response."), e.get("output_index")) for e in streamed(ANSWER)] == [
        ("created", None),
        ("in_progress", None),
        ("output_item.added", 0),
        ("reasoning_summary_part.added", 0),
        ("reasoning_summary_text.delta", 0),
        ("reasoning_summary_text.done", 0),
        ("reasoning_summary_part.done", 0),
        ("output_item.done", 0),
        ("output_item.added", 1),
        ("content_part.added", 1),
        ("output_text.delta", 1),
        ("output_text.delta", 1),
        ("output_text.done", 1),
        ("content_part.done", 1),
        ("output_item.done", 1),
        ("output_item.added", 2),
        ("function_call_arguments.delta", 2),
        ("function_call_arguments.delta", 2),
        ("function_call_arguments.done", 2),
        ("output_item.done", 2),
        ("completed", None),
    ]


def test_the_first_events_hold_the_response_as_it_begins() -> None:
    created, in_progress, *_, completed = streamed(ANSWER)
    assert created["response"] == in_progress["response"]
    assert (created["response"]["status"], created["response"]["usage"], created["response"]["output"]) == (
        "in_progress",
        None,
        [],
    )
    assert completed["response"] == whole(ANSWER)


def test_what_the_request_said_is_repeated() -> None:
    this = reply(
        instructions="Be", reasoning={"effort": "low"}, metadata={"a": "b"}, tool_choice="required", temperature=0.5
    )
    told = whole([Ended("end")], this)
    assert (told["instructions"], told["reasoning"], told["metadata"], told["tool_choice"], told["temperature"]) == (
        "Be", {"effort": "low", "summary": None}, {"a": "b"}, "required", 0.5,
    )  # fmt: skip


ENDS: dict[EndReason, tuple[str, Json | None]] = {
    "end": ("completed", None),
    "stop_sequence": ("completed", None),
    "tool_use": ("completed", None),
    "max_tokens": ("incomplete", {"reason": "max_output_tokens"}),
    "filtered": ("incomplete", {"reason": "content_filter"}),
}


@pytest.mark.parametrize(("reason", "end"), ENDS.items(), ids=ENDS)
def test_ends(reason: EndReason, end: tuple[str, Json | None]) -> None:
    status, details = end
    events: list[Event] = [ReasoningDelta("Hm"), TextDelta("Hi"), Ended(reason)]
    last = streamed(events)[-1]
    assert last["type"] == f"response.{status}"
    for told in (whole(events), last["response"]):
        assert (told["status"], told["incomplete_details"]) == (status, details)
        assert [item["status"] for item in told["output"]] == ["completed", status]
        assert (told["completed_at"] is None) == (status == "incomplete")


@pytest.mark.parametrize("last", [call("c1", "read", "{}"), [ReasoningDelta(redacted="x")]], ids=["a call", "a proof"])
def test_what_is_whole_or_not_there_is_never_incomplete(last: list[Event]) -> None:
    (item,) = whole([*last, Ended("max_tokens")], SEALING)["output"]
    assert item["status"] == "completed"
    assert streamed([*last, Ended("max_tokens")], SEALING)[-1]["response"]["output"] == [item]


def test_an_answer_of_nothing() -> None:
    assert whole([Ended("end")])["output"] == streamed([Ended("end")])[-1]["response"]["output"] == []


# --- tools -------------------------------------------------------------------------------------------------------------

CALLED: dict[str, tuple[str, str, Json]] = {
    "a function": ("read", '{"a":1}', {"type": "function_call", "name": "read", "arguments": '{"a":1}'}),
    "a function of a namespace": (
        "agents__spawn", "{}", {"type": "function_call", "name": "spawn", "namespace": "agents", "arguments": "{}"}),
    "a custom tool": ("sql", '{"input":"select 1"}', {"type": "custom_tool_call", "name": "sql", "input": "select 1"}),
    "a custom tool of a namespace": (
        "agents__say", '{"input":"a"}', {"type": "custom_tool_call", "name": "say", "namespace": "agents", "input": "a"}),
    "a custom tool without input": ("sql", '{"input":""}', {"type": "custom_tool_call", "name": "sql", "input": ""}),
    "a custom tool called like a function": (
        "sql", '{"query":"x"}', {"type": "custom_tool_call", "name": "sql", "input": '{"query":"x"}'}),
}  # fmt: skip


@pytest.mark.parametrize(("name", "arguments", "told"), CALLED.values(), ids=CALLED)
def test_calls_come_back_as_the_client_named_its_tools(name: str, arguments: str, told: Json) -> None:
    events: list[Event] = [*call("c1", name, arguments[:3], arguments[3:]), Ended("tool_use")]
    (item,) = whole(events)["output"]
    assert item == told | {"call_id": "c1", "status": "completed", "id": item["id"]}
    assert accumulated(streamed(events)) == [item]


def test_calls_may_overlap() -> None:
    events: list[Event] = [
        CallBegan("a", "read"),
        CallDelta("a", "{"),
        CallBegan("b", "sql"),
        CallDelta("b", '{"input":"x"}'),
        CallDelta("a", "}"),
        CallEnded("b"),
        CallEnded("a"),
        Ended("tool_use"),
    ]
    assert accumulated(streamed(events)) == streamed(events)[-1]["response"]["output"] == whole(events)["output"]


# --- reasoning ---------------------------------------------------------------------------------------------------------


def test_reasoning_is_sealed_for_those_who_ask() -> None:
    events: list[Event] = [
        ReasoningDelta("H"), ReasoningDelta("m", "E"), ReasoningDelta(signature="o"),
        ReasoningDelta(redacted="x"), TextDelta("Hi"), Ended("end"),
    ]  # fmt: skip
    items = whole(events, SEALING)["output"]
    assert [item.get("encrypted_content") for item in items] == [
        sealed(Reasoning("Hm", "Eo")),
        sealed(Reasoning("", redacted="x")),
        None,
    ]
    assert accumulated(streamed(events, SEALING)) == items


def test_proofs_are_not_shown_to_those_who_do_not() -> None:
    events: list[Event] = [ReasoningDelta(signature="Eo"), ReasoningDelta(redacted="x"), TextDelta("Hi"), Ended("end")]
    assert [item["type"] for item in whole(events)["output"]] == ["message"]
    assert [item["type"] for item in accumulated(streamed(events))] == ["message"]


def test_a_history_becomes_a_sealed_summary() -> None:
    this = reply(input=[{"role": "user", "content": "Hi"}, {"type": "compaction_trigger"}], include=SEALING_FIELD)
    events: list[Event] = [ReasoningDelta("Hm", "Eo"), TextDelta("In "), TextDelta("short."), Ended("end")]
    (item,) = whole(events, this)["output"]
    assert item == {"type": "compaction", "id": "cmp_1_0", "encrypted_content": sealed_summary("In short.")}
    told = streamed(events, this)
    assert [event["type"].removeprefix("response.") for event in told[2:]] == [
        "output_item.added", "output_item.done", "completed",
    ]  # fmt: skip
    assert told[3]["item"] == item
    assert told[-1]["response"] == whole(events, this)


# --- whatever comes ----------------------------------------------------------------------------------------------------

some = st.text("ab你\n", min_size=1, max_size=3)
thoughts = st.lists(st.builds(ReasoningDelta, some | st.just(""), some | st.just("")), max_size=3)
proofs = st.lists(st.builds(lambda redacted: ReasoningDelta(redacted=redacted), some), max_size=2)
spoken = st.lists(st.builds(TextDelta, some | st.just("")), max_size=4)
arguments = st.sampled_from(["{}", '{"input":"x"}', '{"input":5}', "[]", '{"a": "b"}'])
calls = st.lists(
    st.tuples(st.sampled_from(["read", "sql", "agents__spawn", "agents__say", "gone"]), arguments), max_size=3
)
reasons: st.SearchStrategy[EndReason] = st.sampled_from(["end", "tool_use", "max_tokens", "filtered", "stop_sequence"])


@given(thoughts, proofs, spoken, calls, reasons, st.booleans(), st.data())
def test_the_items_of_the_stream_are_those_of_the_whole_response(
    thoughts: list[Event], proofs: list[Event], spoken: list[Event], calls: list[tuple[str, str]],
    reason: EndReason, sealing: bool, data: st.DataObject,
) -> None:  # fmt: skip
    this = SEALING if sealing else PLAIN
    events: list[Event] = [Began(), *thoughts, *proofs, *spoken]
    for index, (name, text) in enumerate(calls):
        cut = data.draw(st.integers(0, len(text)))
        events += call(f"c{index}", name, text[:cut], text[cut:])
    events += [Counted(USAGE), Ended(reason)]
    encoder, raw, at = ResponseEncoder(this), b"", 0
    while at < len(events):
        size = data.draw(st.integers(1, 4))
        raw += encoder.feed(events[at : at + size])
        at += size
    told = parsed(raw)
    assert told[-1]["response"] == whole(events, this)
    assert accumulated(told) == told[-1]["response"]["output"]
    assert [e["item"] for e in told if e["type"] == "response.output_item.done"] == told[-1]["response"]["output"]


@given(st.lists(st.one_of(st.builds(TextDelta, some), st.builds(ReasoningDelta, some), st.just("call")), max_size=8))
def test_in_whatever_order_things_come_nothing_is_lost(order: list[Any]) -> None:
    events: list[Event] = []
    for index, each in enumerate(order):
        events += call(f"c{index}", "read", "{}") if each == "call" else [each]
    told = streamed([*events, Ended("end")])
    output = told[-1]["response"]["output"]
    assert accumulated(told) == output
    texts = [part["text"] for item in output for part in (*item.get("content", ()), *item.get("summary", ()))]
    assert "".join(texts) == "".join(event.text for event in events if isinstance(event, (TextDelta, ReasoningDelta)))
    assert [item["call_id"] for item in output if "call_id" in item] == [
        e.id for e in events if isinstance(e, CallBegan)
    ]
