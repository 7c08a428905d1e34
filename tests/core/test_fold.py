"""A stream of events as one value."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from kiro2chat_core.fold import Answer, Fold
from kiro2chat_core.turns import (
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    Event,
    Reasoning,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)

EVENTS: list[Event] = [
    Began(),
    ReasoningDelta("I "),
    ReasoningDelta("think"),
    ReasoningDelta("", "E"),
    ReasoningDelta("", "o"),
    ReasoningDelta(redacted="secret"),
    TextDelta("Hi"),
    CallBegan("t1", "read"),
    CallBegan("t2", "write"),
    CallDelta("t2", '{"b":'),
    CallDelta("t1", "{}"),
    CallDelta("t2", "2}"),
    CallEnded("t2"),
    CallEnded("t1"),
    TextDelta("!"),
    Counted(Usage(1, 2)),
    Ended("stop_sequence", "STOP"),
]


def test_everything_has_its_place() -> None:
    fold = Fold()
    fold.feed(EVENTS)
    assert fold.answer() == Answer(
        text="Hi!",
        reasoning="I think",
        signature="Eo",
        redacted=("secret",),
        thoughts=(Reasoning("I think", "Eo"),),
        calls=(ToolCall("t1", "read", "{}"), ToolCall("t2", "write", '{"b":2}')),
        usage=Usage(1, 2),
        reason="stop_sequence",
        stop="STOP",
    )


def test_nothing_is_an_empty_answer() -> None:
    assert Fold().answer() == Answer("", "", "", (), (), (), Usage(), "end", "")


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(0, len(EVENTS)), max_size=6).map(sorted))
def test_batches_make_no_difference(cuts: list[int]) -> None:
    whole, batched = Fold(), Fold()
    whole.feed(EVENTS)
    for start, end in zip([0, *cuts], [*cuts, len(EVENTS)], strict=True):
        batched.feed(EVENTS[start:end])
    assert batched.answer() == whole.answer()


def test_each_thought_keeps_its_own_signature() -> None:
    fold = Fold()
    fold.feed(
        [
            ReasoningDelta("a"), ReasoningDelta("", "E"), ReasoningDelta("", "1"), ReasoningDelta("b", "E2"),
            TextDelta("So"), ReasoningDelta("c"), Ended("end"),
        ]
    )  # fmt: skip
    assert fold.answer().thoughts == (Reasoning("a", "E1"), Reasoning("b", "E2"), Reasoning("c"))
