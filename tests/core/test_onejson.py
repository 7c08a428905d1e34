"""One JSON value out of an answer that wraps it in words, however the answer is cut."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.openai_bodies import json_values

from kiro2chat_core.onejson import OneJson
from kiro2chat_core.turns import CallBegan, CallDelta, CallEnded, Ended, Event, JsonAnswer, ReasoningDelta, TextDelta

END = Ended("end")
OBJECT = JsonAnswer()
ARRAY = JsonAnswer({"type": "array"})


def taken(pieces: list[str], answer: JsonAnswer = OBJECT) -> str:
    one = OneJson(answer)
    events: list[Event] = []
    for piece in pieces:
        events += one.feed([TextDelta(piece)])
    events += one.feed([END])
    assert events[-1] == END
    assert all(event.text for event in events[:-1] if isinstance(event, TextDelta))
    return "".join(event.text for event in events if isinstance(event, TextDelta))


ANSWERS: dict[str, tuple[str, str]] = {
    "the value alone": ('{"a":1}', '{"a":1}'),
    "words before": ('Here it is: {"a":1}', '{"a":1}'),
    "words after": ('{"a":1}\nAnything else?', '{"a":1}'),
    "a code fence": ('```json\n{"a": 1}\n```', '{"a": 1}'),
    "words with brackets": ('As in [1]: {"a":1} and [2]', '{"a":1}'),
    "another value after it": ('{"a":1}{"b":2}', '{"a":1}'),
    "braces in a string": ('x {"a":"}{\\"}"} y', '{"a":"}{\\"}"}'),
    "an escaped backslash at the end of a string": (r'x {"a":"\\"} }', r'{"a":"\\"}'),
    "nested": ('x {"a":{"b":[{}]}} y', '{"a":{"b":[{}]}}'),
    "line breaks within": ('{\n  "a": 1\n}\n', '{\n  "a": 1\n}'),
    "no value at all": ("I cannot do that.", "I cannot do that."),
    "only a scalar": ("42", "42"),
    "a value cut short": ('Here: {"a": [1, 2', '{"a": [1, 2'),
    "nothing": ("", ""),
}


@pytest.mark.parametrize(("answer", "value"), ANSWERS.values(), ids=ANSWERS)
def test_answers(answer: str, value: str) -> None:
    assert taken([answer]) == value
    assert taken(list(answer)) == value


def test_an_array_is_looked_for_where_one_is_asked_for() -> None:
    assert taken(['Sure: [{"a":1}, 2] done'], ARRAY) == '[{"a":1}, 2]'
    assert taken(['Sure: [{"a":1}, 2] done']) == '{"a":1}'


def test_what_is_no_text_passes_at_once() -> None:
    one = OneJson(JsonAnswer())
    call: list[Event] = [CallBegan("t1", "read"), CallDelta("t1", "{}"), CallEnded("t1")]
    assert one.feed([TextDelta("Hm"), ReasoningDelta("{"), *call]) == [ReasoningDelta("{"), *call]
    assert one.feed([TextDelta(' {"a":'), TextDelta("1} ok"), END]) == [TextDelta('{"a":'), TextDelta("1}"), END]


def test_a_value_streams_while_it_comes() -> None:
    one = OneJson(JsonAnswer())
    assert one.feed([TextDelta('Here: {"a":')]) == [TextDelta('{"a":')]
    assert one.feed([TextDelta("1}")]) == [TextDelta("1}")]
    assert one.feed([TextDelta("```")]) == []


prose = st.text(st.characters(exclude_characters="{}[]", exclude_categories=["Cs"]), max_size=20) | st.sampled_from(
    ["```json\n", "\n```\n", "Here you are:\n", 'The "answer" is\n', "\\"]
)
styles = st.sampled_from([{"indent": 2}, {"separators": (",", ":")}, {"ensure_ascii": False}, {}])


@settings(max_examples=500, deadline=None)
@given(
    prose,
    st.dictionaries(st.text(max_size=5), json_values, max_size=4) | st.lists(json_values, max_size=4),
    styles,
    st.text(max_size=20),
    st.lists(st.integers(1, 7), max_size=60),
)
def test_a_value_comes_out_of_any_wrapping_exactly(
    before: str, value: Any, style: dict[str, Any], after: str, sizes: list[int]
) -> None:
    written = json.dumps(value, **style)
    answer, pieces = before + written + after, []
    for size in sizes:
        pieces.append(answer[:size])
        answer = answer[size:]
    pieces.append(answer)
    assert taken(pieces, ARRAY if isinstance(value, list) else JsonAnswer()) == written
