"""Turns, Strands' messages and JSON say the same: whatever a turn holds comes back from either."""

from __future__ import annotations

import base64
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiro2chat_core import jsonio
from kiro2chat_core.agent.messages import closed, message_of, open_calls, turn_of
from kiro2chat_core.agent.turn_json import from_json, to_json
from kiro2chat_core.turns import Document, Image, ImageFormat, Reasoning, Text, ToolCall, ToolResult, Turn

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
words = st.text("abcdefghijklmnop_-123", min_size=1, max_size=12)
data = st.binary(min_size=1, max_size=20).map(lambda raw: base64.b64encode(raw).decode())
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(words, inner, max_size=3),
    max_leaves=8,
)
images = st.builds(Image, st.sampled_from(get_args(ImageFormat)), data)
said = st.builds(Text, texts)
thoughts = st.builds(Reasoning, texts, words | st.just("")) | st.builds(lambda hidden: Reasoning("", "", hidden), words)
calls = st.builds(ToolCall, words, words, st.dictionaries(words, values, max_size=3).map(jsonio.text))
results = st.builds(ToolResult, words, st.lists(said | images, min_size=1, max_size=3).map(tuple), st.booleans())
users = st.builds(Turn, st.just("user"), st.lists(said | images | results, max_size=4).map(tuple))
agents = st.builds(Turn, st.just("assistant"), st.lists(said | thoughts | calls, max_size=4).map(tuple))
turns = users | agents


@given(turns)
def test_a_turn_comes_back_from_strands(turn: Turn) -> None:
    assert turn_of(message_of(turn)) == turn


@given(turns)
def test_a_turn_comes_back_from_json(turn: Turn) -> None:
    assert from_json(jsonio.loads(jsonio.text(to_json(turn)))) == turn


@given(turns)
def test_strands_and_the_json_of_a_session_say_the_same(turn: Turn) -> None:
    kept = from_json(jsonio.loads(jsonio.text(to_json(turn_of(message_of(turn))))))
    assert message_of(kept) == message_of(turn)


def test_a_result_without_content_has_an_empty_text_for_strands() -> None:
    message = message_of(Turn("user", (ToolResult("a", ()),)))
    assert message["content"][0]["toolResult"]["content"] == [{"text": ""}]


@pytest.mark.parametrize(
    ("block", "text"),
    [({"json": {"a": [1]}}, '{"a":[1]}'), ({"text": "plain"}, "plain")],
)
def test_results_of_strands_own_are_read(block: dict[str, Any], text: str) -> None:
    result = {"toolUseId": "a", "status": "success", "content": [block]}
    turn = turn_of({"role": "user", "content": [{"toolResult": result}]})
    assert turn == Turn("user", (ToolResult("a", (Text(text),)),))


def test_what_the_gateway_did_not_resolve_is_a_mistake_of_ours() -> None:
    turn = Turn("user", (Document(b"", "text/plain", "", ""),))
    with pytest.raises(TypeError, match="Document"):
        message_of(turn)
    with pytest.raises(TypeError, match="Document"):
        to_json(turn)


@pytest.mark.parametrize("kept", [{"role": "user"}, {"role": "user", "parts": [{"type": "video"}]}])
def test_json_that_is_no_turn_is_refused(kept: dict[str, Any]) -> None:
    with pytest.raises((KeyError, TypeError)):
        from_json(kept)


def test_open_calls_are_closed_with_the_results_there_are() -> None:
    turns = (Turn("user", (Text("Do it."),)), Turn("assistant", (ToolCall("a", "x", "{}"), ToolCall("b", "y", "{}"))))
    done = ToolResult("b", (Text("yes"),))
    assert [call.id for call in open_calls(turns)] == ["a", "b"]
    ended = closed(turns, [done], "broken off")
    assert ended[-1] == Turn("user", (ToolResult("a", (Text("broken off"),), is_error=True), done))
    assert open_calls(ended) == ()
    assert closed(ended, [], "broken off") == ended
