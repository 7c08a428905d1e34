"""Whatever a body holds, the emulator answers: with a stream, or with a refusal of its table."""

from __future__ import annotations

import copy
import json
from typing import Any

import anyio
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.functions.emulated import PNG, assistant, body, chat, result, tool, use, user

from kiro2chat_functions.emulator import Emulator, Options

GOOD = body(
    "Think, then call read_file",
    history=[
        user("Hello", images=[{"format": "png", "source": {"bytes": PNG}}]),
        assistant("Hi", reasoningContent={"reasoningText": {"text": "", "signature": ""}}),
        user("Read"),
        assistant("", use("t1", path="a")),
    ],
    results=[result("t1")],
    tools=[tool(schema={"type": "object", "properties": {"path": {"type": "string"}}, "required": ["path"]})],
    fields={"thinking": {"type": "adaptive"}, "max_tokens": 2048},
    model="claude-opus-5",
)
odd: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.text(max_size=5),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just([[]]),
    st.just([{}]),
    st.just({"a": None}),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, child in inner for place in places(child, (*path, key)))]


PLACES = [place for place in places(GOOD)[1:] if place[-1] != "format"]  # rules.check looks for it in a set


def changed(path: tuple[Any, ...], value: Any) -> Any:
    sent = copy.deepcopy(GOOD)
    inner = sent
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    return sent


@settings(max_examples=400)
@given(st.sampled_from(PLACES), odd, st.sampled_from([Options(), Options.strict(), Options.lenient()]))
def test_one_odd_member(path: tuple[Any, ...], value: Any, options: Options) -> None:
    response = anyio.run(chat, Emulator(options), changed(path, value))
    assert response.status_code in (200, 400, 403)
    if response.status_code != 200:
        assert json.loads(response.content)["message"]


json_values = st.recursive(
    odd,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@given(json_values)
def test_anything(value: Any) -> None:
    response = anyio.run(chat, Emulator(), json.dumps(value).encode(), None, {"content-type": "application/json"})
    assert response.status_code in (400, 403)
