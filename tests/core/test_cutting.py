"""Limits over an answer: `max_tokens` and stop sequences hold whatever the pieces in which the text comes."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kiro2chat_core.cutting import Cutter
from kiro2chat_core.tokenizer import count
from kiro2chat_core.turns import (
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    Event,
    Limits,
    ReasoningDelta,
    TextDelta,
    Usage,
)

THOROUGH = settings(max_examples=500, deadline=None)
END = Ended("end")


def cut(limits: Limits, *batches: Sequence[Event], one_call: bool = False) -> list[Event]:
    cutter = Cutter(limits, one_call=one_call)
    return [event for batch in batches for event in cutter.feed(batch)]


def text_of(events: Sequence[Event]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextDelta))


def call(call_id: str, arguments: str = "{}", name: str = "read") -> list[Event]:
    return [CallBegan(call_id, name), CallDelta(call_id, arguments), CallEnded(call_id)]


def pieces(data: st.DataObject, text: str) -> list[str]:
    """The text, cut anywhere."""
    found = []
    while text:
        size = data.draw(st.integers(1, max(1, min(4, len(text)))))
        found.append(text[:size])
        text = text[size:]
    return found


letters = st.text("abc\n", max_size=20)
LETTERS = st.characters(exclude_categories=["Cs"]) | st.sampled_from(
    "\ufdfa\u337f\U0001d160\U0001f984"
)  # many tokens each
stops = st.lists(st.text("abc\n", min_size=1, max_size=4), max_size=4).map(tuple)


@THOROUGH
@given(letters, stops, st.data())
@example("abc", ("abc", "b"), None)
def test_text_ends_before_the_first_stop_sequence_however_it_is_cut(
    text: str, stop: tuple[str, ...], data: st.DataObject | None
) -> None:
    cutter, passed = Cutter(Limits(stop=stop)), []
    for piece in pieces(data, text) if data else list(text):
        passed += cutter.feed([TextDelta(piece)])
    passed += cutter.feed([END])
    whole = cut(Limits(stop=stop), [TextDelta(text), END])

    assert text_of(passed) == text_of(whole)
    assert passed[-1] == whole[-1]
    assert text.startswith(text_of(passed))
    assert not any(each in text_of(passed) for each in stop)
    ended = passed[-1]
    assert isinstance(ended, Ended)
    if any(each in text for each in stop):
        assert ended.reason == "stop_sequence"
        assert text.startswith(text_of(passed) + ended.stop)
        assert ended.stop in stop
    else:
        assert (text_of(passed), ended) == (text, END)


@settings(max_examples=200, deadline=None)
@given(st.text(LETTERS, max_size=60), st.integers(1, 24), stops, st.data())
def test_text_is_cut_at_max_tokens_however_it_comes(
    text: str, tokens: int, stop: tuple[str, ...], data: st.DataObject
) -> None:
    cutter, passed = Cutter(Limits(tokens, stop)), []
    for piece in pieces(data, text):
        passed += cutter.feed([TextDelta(piece)])
    passed += cutter.feed([END])
    kept = text_of(passed)
    assert text.startswith(kept)
    # A token that two pieces make together may count as two: that is all that the pieces change.
    assert count(kept) <= tokens + 1
    if passed[-1] == Ended("max_tokens"):
        assert count(kept) >= tokens - 14  # a letter may be 15 tokens (U+FDFA), and is not cut in two
    else:
        assert count(kept) <= tokens


def test_a_long_answer_is_cut_where_its_tokens_end() -> None:
    words = [f"word{number} " for number in range(5000)]
    kept = text_of(cut(Limits(1000), *([TextDelta(word)] for word in words), [END]))
    assert 980 <= count(kept) <= 1000


TEXTS: dict[str, tuple[list[str], Limits, str, Ended]] = {
    "no limit": (["Hi", "!"], Limits(), "Hi!", END),
    "exactly the limit": (["one two"], Limits(2), "one two", END),
    "one more": (["one two", " three"], Limits(2), "one two", Ended("max_tokens")),
    "in the middle of a letter": (["one🦄"], Limits(2), "one", Ended("max_tokens")),
    "a letter of 15 tokens and three bytes": (["one", "\ufdfa"], Limits(10), "one", Ended("max_tokens")),
    "a stop in one piece": (["one STOP two"], Limits(stop=("STOP",)), "one ", Ended("stop_sequence", "STOP")),
    "a stop over pieces": (["one S", "T", "OP two"], Limits(stop=("STOP",)), "one ", Ended("stop_sequence", "STOP")),
    "almost a stop": (["one S", "T", "O", "p"], Limits(stop=("STOP",)), "one STOp", END),
    "almost a stop at the end": (["one STO"], Limits(stop=("STOP",)), "one STO", END),
    "a stop that begins anew": (["aaa", "ab"], Limits(stop=("aab",)), "aa", Ended("stop_sequence", "aab")),
    "the stop that is complete first": (["abcd"], Limits(stop=("abcd", "bc")), "a", Ended("stop_sequence", "bc")),
    "the longer of two that end together": (["xab"], Limits(stop=("b", "ab")), "x", Ended("stop_sequence", "ab")),
    "a stop at the start": (["STOP"], Limits(stop=("STOP",)), "", Ended("stop_sequence", "STOP")),
    "an empty stop is none": (["Hi"], Limits(stop=("",)), "Hi", END),
    "a stop beyond the limit": (["one twoSTOP"], Limits(1, ("STOP",)), "one", Ended("max_tokens")),
    "a stop right at the limit": (["oneSTOP"], Limits(1, ("STOP",)), "one", Ended("stop_sequence", "STOP")),
    "held text beyond the limit": (["one", " twoS"], Limits(1, ("STOP",)), "one", Ended("max_tokens")),
    "a line break": (["one\n", "two"], Limits(stop=("\n",)), "one", Ended("stop_sequence", "\n")),
}


@pytest.mark.parametrize(("given_pieces", "limits", "text", "ended"), TEXTS.values(), ids=TEXTS)
def test_texts(given_pieces: list[str], limits: Limits, text: str, ended: Ended) -> None:
    passed = cut(limits, *([TextDelta(piece)] for piece in given_pieces), [END])
    assert (text_of(passed), passed[-1]) == (text, ended)
    assert [event for event in passed if isinstance(event, Ended)] == [ended]


def test_nothing_comes_after_the_end() -> None:
    cutter = Cutter(Limits(stop=("S",)))
    assert cutter.feed([TextDelta("aS"), TextDelta("b"), END]) == [TextDelta("a"), Ended("stop_sequence", "S")]
    assert cutter.done
    assert cutter.feed([TextDelta("c"), *call("t1"), Counted(Usage()), END]) == []


def test_reasoning_counts_and_is_cut_but_holds_no_stop_sequence() -> None:
    assert cut(Limits(3, ("S",)), [ReasoningDelta("one S"), ReasoningDelta(" two three"), END]) == [
        ReasoningDelta("one S"), ReasoningDelta(" two"), Ended("max_tokens"),
    ]  # fmt: skip


def test_a_signature_passes() -> None:
    assert cut(Limits(1), [ReasoningDelta("", "Eo" * 50), END]) == [ReasoningDelta("", "Eo" * 50), END]


def test_what_is_no_text_passes_as_it_is() -> None:
    events: list[Event] = [Began(), TextDelta("Hi"), *call("t1"), Counted(Usage(1, 2)), Ended("tool_use")]
    assert cut(Limits(), events) == events
    assert cut(Limits(1000, ("STOP",)), events) == events


@pytest.mark.parametrize("batched", [True, False], ids=["in one batch", "one by one"])
def test_a_call_beyond_the_limit_is_withheld_whole(batched: bool) -> None:
    events = [
        TextDelta("Hi"),
        *call("t1", '{"a":1}'),
        *call("t2", '{"b":"' + "one two three four" + '"}'),
        Ended("tool_use"),
    ]
    limits = Limits(count('Hi{"a":1}') + 3)
    passed = cut(limits, events) if batched else cut(limits, *([event] for event in events))
    assert passed == [TextDelta("Hi"), *call("t1", '{"a":1}'), Ended("max_tokens")]


def test_a_call_whose_second_piece_is_beyond_the_limit_is_withheld_whole() -> None:
    events: list[Event] = [CallBegan("t1", "read"), CallDelta("t1", '{"a"'), CallDelta("t1", ":1}"), CallEnded("t1")]
    assert cut(Limits(1), *([event] for event in events), [END]) == [Ended("max_tokens")]


def test_a_call_right_at_the_limit_is_handed_on() -> None:
    assert cut(Limits(count('{"a":1}')), [*call("t1", '{"a":1}'), END])[-1] == END


def test_a_call_that_never_ends_is_withheld() -> None:
    assert cut(Limits(), [CallBegan("t1", "read"), CallDelta("t1", "{"), Ended("max_tokens")]) == [Ended("max_tokens")]


def test_text_that_was_held_back_comes_before_the_call() -> None:
    assert cut(Limits(stop=("STOP",)), [TextDelta("ST"), *call("t1"), Ended("tool_use")]) == [
        TextDelta("ST"), *call("t1"), Ended("tool_use"),
    ]  # fmt: skip


def test_one_call_ends_the_answer_with_the_first() -> None:
    events = [TextDelta("Hi"), *call("t1"), *call("t2"), TextDelta("!"), Ended("tool_use")]
    for passed in (cut(Limits(), events, one_call=True), cut(Limits(), *([e] for e in events), one_call=True)):
        assert passed == [TextDelta("Hi"), *call("t1"), Ended("tool_use")]


def test_one_call_changes_nothing_for_an_answer_in_text() -> None:
    assert cut(Limits(), [TextDelta("Hi"), END], one_call=True) == [TextDelta("Hi"), END]
