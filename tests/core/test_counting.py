"""Estimates of tokens: never zero for a text, never less for more, and the same whether counted whole or in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiro2chat_core.counting import Meter, estimate, estimate_ask
from kiro2chat_core.turns import (
    Ask,
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Ended,
    Image,
    ImageUrl,
    Reasoning,
    ReasoningDelta,
    Text,
    TextDelta,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
)

ESTIMATES = {
    "nothing": ("", 0),
    "a letter": ("a", 1),
    "a word": ("word", 1),
    "five letters": ("words", 2),
    "Chinese": ("你好世界", 3),
    "half a pair": ("\ud800", 1),
}


@pytest.mark.parametrize(("text", "tokens"), ESTIMATES.values(), ids=ESTIMATES)
def test_a_text(text: str, tokens: int) -> None:
    assert estimate(text) == tokens


PARTS = {
    "text": Text("hello"),
    "reasoning": Reasoning("hmm"),
    "image": Image("png", "AAAA"),
    "image by address": ImageUrl("https://example.com/a.png"),
    "call": ToolCall("1", "read", '{"a":1}'),
    "result": ToolResult("1", (Text("done"),)),
    "result with an image": ToolResult("1", (Image("png", "AAAA"),)),
}


@pytest.mark.parametrize("part", PARTS.values(), ids=PARTS)
def test_every_part_counts(part: Text) -> None:
    without = estimate_ask(Ask("m", (Turn("user", ()),)))
    assert estimate_ask(Ask("m", (Turn("user", (part,)),))) > without


def test_system_text_and_tools_count() -> None:
    plain = estimate_ask(Ask("m", ()))
    assert plain == 0
    assert estimate_ask(Ask("m", (), system="Be brief.")) == 3
    assert estimate_ask(Ask("m", (), tools=(Tool("read", "Reads", {"type": "object"}),))) > 3


@settings(max_examples=100, deadline=None)
@given(st.lists(st.text(max_size=10)))
def test_a_meter_counts_pieces_like_the_whole(pieces: list[str]) -> None:
    meter = Meter(7)
    for piece in pieces:
        meter.watch(TextDelta(piece))
    assert meter.output_tokens == estimate("".join(pieces))
    assert meter.usage(0.5) == Usage(7, estimate("".join(pieces)), credits=0.5)


def test_a_meter_watches_all_that_the_model_wrote() -> None:
    meter = Meter(0)
    for event in (Began(), ReasoningDelta("12345678", "signature"), TextDelta("1234"), CallBegan("id", "name"),
                  CallDelta("id", "{}{}"), CallEnded("id"), Ended("end")):  # fmt: skip
        meter.watch(event)
    usage = meter.usage()
    assert (usage.output_tokens, usage.reasoning_tokens, usage.exact) == (5, 2, False)
