"""Estimates of tokens: every part counts, whole or in pieces."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiro2chat_core.counting import Counter, Meter, estimate_ask, size
from kiro2chat_core.tokenizer import beginning, count
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
    assert estimate_ask(Ask("m", ())) == 0
    assert estimate_ask(Ask("m", (), system="Be brief.")) == count("Be brief.")
    assert estimate_ask(Ask("m", (), tools=(Tool("read", "Reads", {"type": "object"}),))) > 300


def test_a_long_text_counts_as_the_tokenizer_has_it() -> None:
    story = "The quick brown fox jumps over the lazy dog. " * 2000
    assert count(story) <= estimate_ask(Ask("m", (Turn("user", (Text(story),)),))) <= count(story) + 10


@settings(max_examples=200, deadline=None)
@given(st.lists(st.text("az 1.\n中🦄", max_size=60), max_size=8), st.text("az 1.\n中🦄", max_size=60))
def test_the_size_is_never_less_than_the_estimate(texts: list[str], system: str) -> None:
    ask = Ask("m", (Turn("user", tuple(map(Text, texts))),), system=system, tools=(Tool("t", system),))
    assert estimate_ask(ask) <= size(ask)


@settings(max_examples=200, deadline=None)
@given(
    st.lists(
        st.lists(st.sampled_from(["a", " ", "\n", "word ", "中", "🦄", "1"]), max_size=300).map("".join), max_size=12
    )
)
def test_pieces_count_like_the_whole(pieces: list[str]) -> None:
    counter = Counter()
    for piece in pieces:
        counter.add(piece)
    whole = count("".join(pieces))
    assert abs(counter.total - whole) <= 2 + whole // 20


def test_a_counter_looks_at_each_piece_once() -> None:
    counter = Counter()
    for number in range(20_000):
        counter.add(f"word{number} ")
    assert abs(counter.total - count("".join(f"word{number} " for number in range(20_000)))) < 1500


def test_a_meter_watches_all_that_the_model_wrote() -> None:
    meter = Meter()
    for event in (Began(), ReasoningDelta("one two", "signature"), TextDelta("three"), CallBegan("id", "name"),
                  CallDelta("id", "{}"), CallEnded("id"), Ended("end")):  # fmt: skip
        meter.watch(event)
    usage = meter.usage(7, credits=0.5)
    assert usage == Usage(7, count("one two") + count("threename{}"), count("one two"), credits=0.5)
    assert meter.usage(7, at_most=1) == Usage(7, 1, 1)


PIECES = {
    "nothing": ("", 3, ""),
    "a short text": ("one two", 3, "one two"),
    "a long text": ("one two three four", 3, "one two three"),
    "no half letters": ("one🦄", 2, "one"),
    "no tokens": ("one", 0, ""),
    "a letter of many": ("a㍿", 2, "a"),
    "half a pair of surrogates": ("a\ud800b", 9, "a\ud800b"),
}


@pytest.mark.parametrize(("text", "tokens", "kept"), PIECES.values(), ids=PIECES)
def test_the_beginning_of_a_text(text: str, tokens: int, kept: str) -> None:
    assert beginning(text, tokens) == kept


@pytest.mark.parametrize("text", ["", "a", "words", "你好世界", "\ud800", "ﬁ ㍿"])
def test_counting_bears_any_text(text: str) -> None:
    assert bool(text) == bool(count(text))
