"""Frames of an answer become Events: every row of protocol notes 4.2, and every way a stream can break."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.core.event_frames import METERED, TOOLS, decoded, event, exception, text, use

from kiro2chat_core.errors import (
    Kiro2ChatError,
    Unavailable,
)
from kiro2chat_core.fold import Answer, Fold
from kiro2chat_core.kiro.events import AnswerDecoder
from kiro2chat_core.kiro.eventstream import Frame
from kiro2chat_core.turns import (
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)

THOROUGH = settings(max_examples=400, deadline=None)


END = event("metadataEvent", stopReason="END_TURN")
TOOL_END = event("metadataEvent", stopReason="TOOL_USE")
REFERENCE = event("codeReferenceEvent", references=[{"licenseName": "MIT"}])


def folded(*frames: Frame, tools: Mapping[str, str] = TOOLS) -> Answer:
    fold = Fold()
    fold.feed(decoded(*frames, tools=tools))
    return fold.answer()


# --- every row of the table --------------------------------------------------------------------------------------------

ROWS: dict[str, tuple[list[Frame], list[Event]]] = {
    "assistantResponseEvent": (
        [text("Hi"), text("!")], [Began(), TextDelta("Hi"), TextDelta("!"), Ended("max_tokens", cut=True)],
    ),
    "assistantResponseEvent with a model": (
        [event("assistantResponseEvent", content="Hi", modelId="claude-sonnet-4.5"), END],
        [Began(), TextDelta("Hi"), Ended("end")],
    ),
    "reasoningContentEvent": (
        [event("reasoningContentEvent", text="Hm"), event("reasoningContentEvent", signature="Eo"), text("Hi"), END],
        [Began(), ReasoningDelta("Hm"), ReasoningDelta("", "Eo"), TextDelta("Hi"), Ended("end")],
    ),
    "reasoningContentEvent, redacted": (
        [event("reasoningContentEvent", redactedContent="AAAA"), text("Hi"), END],
        [Began(), ReasoningDelta(redacted="AAAA"), TextDelta("Hi"), Ended("end")],
    ),
    "toolUseEvent": (
        [use(), use(input='{"a":'), use(input="1}"), use(stop=True), TOOL_END],
        [Began(), CallBegan("t1", "read_file"), CallDelta("t1", '{"a":1}'), CallEnded("t1"), Ended("tool_use")],
    ),
    "metadataEvent": ([END], [Began(), Ended("end")]),
    "metadataEvent with usage": (
        [text("Hi"), event("metadataEvent", stopReason="END_TURN", tokenUsage={
            "uncachedInputTokens": 5, "cacheReadInputTokens": 20, "cacheWriteInputTokens": 300, "outputTokens": 7,
            "totalTokens": 332}), METERED],
        [Began(), TextDelta("Hi"),
         Counted(Usage(325, 7, cache_read_tokens=20, cache_write_tokens=300, credits=0.5, exact=True)), Ended("end")],
    ),
    "contextUsageEvent": ([event("contextUsageEvent", contextUsagePercentage=10.867)], [Began(), Ended("end")]),
    "meteringEvent": ([METERED], [Began(), Ended("end")]),
    "messageMetadataEvent": (
        [event("messageMetadataEvent", conversationId="c", utteranceId="u"), text("Hi"), END],
        [Began(), TextDelta("Hi"), Ended("end")],
    ),
    "codeEvent": ([event("codeEvent", content="x = 1"), END], [Began(), TextDelta("x = 1"), Ended("end")]),
    "codeReferenceEvent": ([text("Hi"), REFERENCE, END], [Began(), TextDelta("Hi"), Ended("end")]),
}  # fmt: skip


@pytest.mark.parametrize(("frames", "events"), ROWS.values(), ids=ROWS)
def test_what_an_event_becomes(frames: list[Frame], events: list[Event]) -> None:
    assert decoded(*frames) == events


IGNORED: dict[str, Frame] = {
    "initial-response": event("initial-response", conversationId="c"),
    "supplementaryWebLinksEvent": event("supplementaryWebLinksEvent", supplementaryWebLinks=[{"snippet": "no"}]),
    "followupPromptEvent": event("followupPromptEvent", followupPrompt={"content": "no", "userIntent": "x"}),
    "a followup with content of its own": event("followupPromptEvent", content="no"),
    "intentsEvent": event("intentsEvent", intents={}),
    "interactionComponentsEvent": event("interactionComponentsEvent", content="no"),
    "citationEvent": event("citationEvent", target={"location": 1}, citationText="no"),
    "documentCitationEvent": event("documentCitationEvent", content="no"),
    "toolResultEvent": event("toolResultEvent", toolResult={"content": "no"}),
    "dryRunSucceedEvent": event("dryRunSucceedEvent"),
    "an event of the future": event("somethingNewEvent", content="no", toolUseId="x", name="read_file", stop=True),
    "an event of the future that is no JSON": Frame({":message-type": "event", ":event-type": "new"}, b"\xff\x00"),
    "a frame without headers": Frame({}),
    "a frame without an event type": Frame({":message-type": "event"}, b'{"content":"no"}'),
    "an empty text": text(""),
    "a text that is none": event("assistantResponseEvent", content=None),
    "a text that is a number": event("assistantResponseEvent", content=5),
    "a payload that is no object": Frame({":message-type": "event", ":event-type": "assistantResponseEvent"}, b"[1]"),
    "no payload": Frame({":message-type": "event", ":event-type": "assistantResponseEvent"}, b""),
    "a call without an id": event("toolUseEvent", name="read_file", input="{}", stop=True),
    "a call whose id is a number": event("toolUseEvent", toolUseId=1, name="read_file", stop=True),
    "no reasoning": event("reasoningContentEvent"),
}


@pytest.mark.parametrize("frame", IGNORED.values(), ids=IGNORED)
def test_what_is_passed_over(frame: Frame) -> None:
    assert decoded(frame, text("Hi"), frame, text("!"), frame, END) == [
        Began(), TextDelta("Hi"), TextDelta("!"), Ended("end"),
    ]  # fmt: skip


# --- tool calls --------------------------------------------------------------------------------------------------------

ARGUMENTS = r'{"path":"a\u00e9\"\\😀.txt","n":[1,{"deep":null}]}'

CALLS: dict[str, tuple[list[Frame], tuple[ToolCall, ...]]] = {
    "letter by letter": (
        [use(), *(use(input=letter) for letter in ARGUMENTS), use(stop=True)],
        (ToolCall("t1", "read_file", ARGUMENTS),),
    ),
    "in one frame with its stop": ([use(input='{"a":1}', stop=True)], (ToolCall("t1", "read_file", '{"a":1}'),)),
    "the last piece with its stop": (
        [use(input='{"a"'), use(input=":1}", stop=True)],
        (ToolCall("t1", "read_file", '{"a":1}'),),
    ),
    "no arguments, no input": ([use(), use(stop=True)], (ToolCall("t1", "read_file", "{}"),)),
    "no arguments, empty input": ([use(), use(input=""), use(stop=True)], (ToolCall("t1", "read_file", "{}"),)),
    "no arguments, spaces": ([use(input=" "), use(stop=True)], (ToolCall("t1", "read_file", "{}"),)),
    "only the stop": ([use(stop=True)], (ToolCall("t1", "read_file", "{}"),)),
    "input as an object": ([use(input={"a": 1}), use(stop=True)], (ToolCall("t1", "read_file", '{"a":1}'),)),
    "input as an empty object": ([use(input={}), use(stop=True)], (ToolCall("t1", "read_file", "{}"),)),
    "stop: false is no stop": (
        [use(input="{", stop=False), use(input="}"), use(stop=True)],
        (ToolCall("t1", "read_file", "{}"),),
    ),
    "one after another": (
        [use("t1", input='{"a":1}'), use("t1", stop=True), use("t2", input='{"b":2}'), use("t2", stop=True)],
        (ToolCall("t1", "read_file", '{"a":1}'), ToolCall("t2", "read_file", '{"b":2}')),
    ),
    "interleaved": (
        [use("t1", input='{"a"'), use("t2", input='{"b"'), use("t1", input=":1}"), use("t2", input=":2}"),
         use("t2", stop=True), use("t1", stop=True)],
        (ToolCall("t2", "read_file", '{"b":2}'), ToolCall("t1", "read_file", '{"a":1}')),
    ),
    "the same call twice under two ids": (
        [use("t1", input='{"a":1}', stop=True), use("t2", input='{"a":1}', stop=True)],
        (ToolCall("t1", "read_file", '{"a":1}'), ToolCall("t2", "read_file", '{"a":1}')),
    ),
    "stopped twice": (
        [use(input='{"a":1}'), use(stop=True), use(stop=True), use(input='{"a":2}', stop=True)],
        (ToolCall("t1", "read_file", '{"a":1}'),),
    ),
    "a shortened name becomes the client's": (
        [use(name="wire_1a2b", input="{}", stop=True)],
        (ToolCall("t1", "the client's own name", "{}"),),
    ),
    "the name comes late": (
        [event("toolUseEvent", toolUseId="t1", input="{"), use(input="}"), use(stop=True)],
        (ToolCall("t1", "read_file", "{}"),),
    ),
    "two pieces that are the same": (
        [use(input="[1,"), use(input="1,"), use(input="1,"), use(input="2]"), use(stop=True)],
        (ToolCall("t1", "read_file", "[1,1,1,2]"),),
    ),
    "text between": (
        [text("I'll read."), use(input="{"), text(" So:"), use(input="}"), use(stop=True)],
        (ToolCall("t1", "read_file", "{}"),),
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    "metadata", [(), (TOOL_END,), (END,), (METERED,)], ids=["none", "TOOL_USE", "END_TURN", "other"]
)
@pytest.mark.parametrize(("frames", "calls"), CALLS.values(), ids=CALLS)
def test_calls_are_put_together(frames: list[Frame], calls: tuple[ToolCall, ...], metadata: tuple[Frame, ...]) -> None:
    answer = folded(*frames, *metadata)
    assert answer.calls == calls
    assert answer.reason == "tool_use"


def test_a_call_is_handed_on_whole_and_only_when_it_has_ended() -> None:
    decoder = AnswerDecoder(TOOLS)
    assert decoder.feed([use(), use(input='{"a":1}')]) == [Began()]
    assert decoder.feed([use(stop=True)]) == [CallBegan("t1", "read_file"), CallDelta("t1", '{"a":1}'), CallEnded("t1")]


WITHHELD: dict[str, list[Frame]] = {
    "no stop": [use(input='{"a":1}')],
    "no stop, no input": [use()],
    "half of it": [use(input='{"path":"/etc/'), use(stop=True)],
    "a half escape": [use(input='{"a":"\\u00'), use(stop=True)],
    "not JSON": [use(input="path=a"), use(stop=True)],
    "two values": [use(input="{}{}"), use(stop=True)],
    "NaN": [use(input='{"a":NaN}'), use(stop=True)],
}


@pytest.mark.parametrize("metadata", [(), (TOOL_END,), (END, METERED)], ids=["none", "TOOL_USE", "END_TURN"])
@pytest.mark.parametrize("before", [(), (text("I'll read it."),)], ids=["alone", "after text"])
@pytest.mark.parametrize("frames", WITHHELD.values(), ids=WITHHELD)
def test_half_a_call_is_withheld(frames: list[Frame], before: tuple[Frame, ...], metadata: tuple[Frame, ...]) -> None:
    answer = folded(*before, *frames, *metadata)
    assert answer.calls == ()
    assert answer.reason == "max_tokens"


def test_a_whole_call_before_half_a_call_is_handed_on_and_the_answer_is_cut_short() -> None:
    decoder = AnswerDecoder(TOOLS)
    events = decoder.feed([use("t1", input="{}", stop=True), use("t2", input='{"a')]) + decoder.finish()
    assert [event.id for event in events if isinstance(event, CallBegan)] == ["t1"]
    assert events[-1] == Ended("max_tokens", cut=True)
    assert decoder.truncated == 1


def test_undeclared_calls_are_dropped_and_counted() -> None:
    decoder = AnswerDecoder(TOOLS)
    frames = [
        text("Hi"),
        use("t1", "fsWrite", input="{}", stop=True),
        use("t2", "webSearch"),
        use("t2", "webSearch", stop=True),
    ]
    assert decoder.feed([*frames, TOOL_END]) + decoder.finish() == [Began(), TextDelta("Hi"), Ended("end")]
    assert decoder.dropped == ["fsWrite", "webSearch"]
    assert decoder.truncated == 0


def test_undeclared_calls_beside_a_declared_one_change_nothing_for_it() -> None:
    answer = folded(use("t1", "fsWrite", stop=True), use("t2", input="{}", stop=True), TOOL_END)
    assert (answer.calls, answer.reason) == ((ToolCall("t2", "read_file", "{}"),), "tool_use")


def test_a_tool_is_judged_by_what_the_client_declared_never_by_its_name() -> None:
    assert folded(use(name="webSearch", stop=True), tools={"webSearch": "webSearch"}).calls[0].name == "webSearch"


def test_an_answer_of_nothing_but_undeclared_calls_ends() -> None:
    assert decoded(use(name="fsWrite", input="{}", stop=True)) == [Began(), Ended("end")]


# --- identical chunks --------------------------------------------------------------------------------------------------

chunks = st.lists(st.sampled_from(["\n", "  ", "a", "ab", "ab" * 20, "b", "```", "x" * 5000, "é", "😀"]), min_size=1)


@THOROUGH
@given(chunks | st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=5), min_size=1))
def test_no_chunk_is_lost(contents: list[str]) -> None:
    assert folded(*map(text, contents), END).text == "".join(contents)


@THOROUGH
@given(chunks, st.data())
def test_fed_whole_or_in_batches_the_text_is_the_same(contents: list[str], data: st.DataObject) -> None:
    frames = [*map(text, contents), *data.draw(st.permutations([METERED, REFERENCE])), END]
    decoder, events = AnswerDecoder(TOOLS), []
    at = 0
    while at < len(frames):
        size = data.draw(st.integers(1, 4))
        events += decoder.feed(frames[at : at + size])
        at += size
    events += decoder.finish()
    assert events == decoded(*frames)


REFERENCES: dict[str, tuple[list[Frame], str]] = {
    "the repeat before it is dropped": ([text("def f():"), text(" pass"), text(" pass"), REFERENCE], "def f(): pass"),
    "a repeat of several chunks": (
        [text("def f():"), text(" pass"), text("def f(): pass"), REFERENCE],
        "def f(): pass",
    ),
    "only the last of two repeats": ([text("ab"), text("ab"), text("ab"), REFERENCE], "abab"),
    "what is no repeat stays": ([text("def f():"), text(" pass"), REFERENCE], "def f(): pass"),
    "text after it stays": ([text("ab"), text("ab"), REFERENCE, text("ab"), text("cd")], "ababcd"),
    "two references": ([text("ab"), text("ab"), REFERENCE, REFERENCE, text("!")], "ab!"),
    "another event between": ([text("ab"), text("ab"), METERED, REFERENCE], "abab"),
    "one line break is no repeat": ([text("\n"), text("\n"), REFERENCE], "\n\n"),
}


@pytest.mark.parametrize(("frames", "whole"), REFERENCES.values(), ids=REFERENCES)
def test_a_code_reference_drops_the_repeated_chunk_before_it(frames: list[Frame], whole: str) -> None:
    assert folded(*frames, END).text == whole


# --- whatever comes ----------------------------------------------------------------------------------------------------

ids = st.sampled_from(["t1", "t2", "t3"])


odd: st.SearchStrategy[Any] = st.sampled_from(
    [None, 5, True, [], {}, {"a": 1}, "", "text", "END_TURN", "read_file", "{}", '{"a":', "1}"]
)


frames = st.one_of(
    st.builds(text, st.text(max_size=3)),
    st.builds(use, ids, st.sampled_from(["read_file", "other"]), input=odd, stop=st.booleans()),
    st.builds(lambda call_id: use(call_id, stop=True), ids),
    st.builds(
        lambda name, payload: Frame({":message-type": "event", ":event-type": name}, json.dumps(payload).encode()),
        st.sampled_from(
            ["assistantResponseEvent", "codeEvent", "codeReferenceEvent", "contextUsageEvent", "messageMetadataEvent",
             "metadataEvent", "meteringEvent", "reasoningContentEvent", "toolUseEvent", "unknownEvent"]
        ),
        st.dictionaries(
            st.sampled_from(["content", "text", "signature", "toolUseId", "name", "input", "stop", "stopReason",
                             "tokenUsage", "usage"]),
            odd,
        ),
    ),
)  # fmt: skip

failing = st.builds(
    exception, st.sampled_from(["throttlingException", "x", "contentLengthExceededException"])
) | st.builds(
    Frame, st.just({":message-type": "event", ":event-type": "assistantResponseEvent"}), st.binary(max_size=3)
)


@THOROUGH
@given(st.lists(frames, max_size=15))
def test_every_answer_ends_with_exactly_one_ended(sent: list[Frame]) -> None:
    with suppress(Unavailable):
        events = decoded(*sent)
        assert events.count(Began()) == 1
        assert events[0] == Began()
        assert [each for each in events if isinstance(each, Ended)] == events[-1:]
        open_calls: set[str] = set()
        for each in events:
            match each:
                case CallBegan(call_id, name):
                    assert name in TOOLS.values()
                    assert call_id not in open_calls
                    open_calls.add(call_id)
                case CallDelta(call_id, arguments):
                    assert call_id in open_calls
                    json.loads(arguments)


@THOROUGH
@given(st.lists(frames | failing, max_size=10))
def test_fed_one_by_one_nothing_but_our_own_errors_comes_out(sent: list[Frame]) -> None:
    decoder = AnswerDecoder(TOOLS)
    with suppress(Kiro2ChatError):
        for frame in sent:
            decoder.feed([frame])
        decoder.finish()


# --- calls cut off before their arguments ------------------------------------------------------------------------------

MAX = event("metadataEvent", stopReason="MAX_TOKENS")


@pytest.mark.parametrize("closing", [(MAX, METERED), (TOOL_END,), ()], ids=["MAX_TOKENS", "TOOL_USE", "nothing"])
def test_no_arguments_are_invented_for_a_tool_that_needs_some(closing: tuple[Frame, ...]) -> None:
    decoder = AnswerDecoder(TOOLS, demanding=frozenset({"read_file"}))
    events = decoder.feed((text("Look:"), use(), use(stop=True), *closing)) + decoder.finish()
    assert not any(isinstance(each, CallBegan) for each in events)
    assert events[-1] == Ended("max_tokens", cut=not closing)
    assert decoder.truncated == 1


def test_a_call_without_arguments_is_whole_unless_the_limit_was_reached() -> None:
    whole, cut = decoded(use(), use(stop=True), TOOL_END), decoded(use(), use(stop=True), MAX)
    assert [type(each) for each in whole] == [Began, CallBegan, CallDelta, CallEnded, Ended]
    assert cut == [Began(), Ended("max_tokens")]


def test_a_limit_that_the_backend_reached_is_told_though_a_call_was_whole() -> None:
    events = decoded(use(input='{"a":1}'), use(stop=True), MAX)
    assert any(isinstance(each, CallEnded) for each in events)
    assert events[-1] == Ended("max_tokens")


# --- for who wants all calls -------------------------------------------------------------------------------------------

BROKEN = {
    "half of it": '{"path":"/etc/',
    "NaN": '{"a":NaN}',
    "two values": "{}{}",
    "too deep": '{"a":' * 3000 + "1" + "}" * 3000,
}


def all_calls(*frames: Frame) -> list[Event]:
    decoder = AnswerDecoder(TOOLS, demanding=frozenset({"read_file"}), all_calls=True)
    return decoder.feed(frames) + decoder.finish()


@pytest.mark.parametrize("arguments", [*BROKEN.values(), ""], ids=[*BROKEN, "nothing"])
def test_broken_arguments_that_the_model_ended_come_as_it_wrote_them(arguments: str) -> None:
    frames = [text("Look:"), use(input=arguments), use(stop=True)]
    whole, limited, cut = (all_calls(*frames, *closing) for closing in ((TOOL_END,), (MAX, METERED), ()))
    assert whole[-4:] == [CallBegan("t1", "read_file"), CallDelta("t1", arguments), CallEnded("t1"), Ended("tool_use")]
    assert limited[1:] == [TextDelta("Look:"), Ended("max_tokens")]
    assert cut[1:] == [TextDelta("Look:"), Ended("max_tokens", cut=True)]


def test_an_undeclared_call_comes_with_its_id_and_arguments() -> None:
    events = all_calls(use("t7", "readFile", input='{"path":"x"}'), use("t7", "readFile", stop=True), TOOL_END)
    assert events[1:] == [
        CallBegan("t7", "readFile"), CallDelta("t7", '{"path":"x"}'), CallEnded("t7"), Ended("tool_use"),
    ]  # fmt: skip
