"""OpenAI's chat completions: every mistake is told by its field, all else becomes an Ask, and chunks add up to completions."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.core.chat_asks import CALL, CONTENT, DATA_URL, HI, READ, Json, body, read
from tests.openai_bodies import PIXEL, bodies, json_values

from kiro2chat_core.dialects.openai_chat import Wanted
from kiro2chat_core.dialects.openai_completion import ChunkEncoder, Completion, completion
from kiro2chat_core.errors import (
    BadRequest,
)
from kiro2chat_core.fold import Fold
from kiro2chat_core.turns import (
    AnyTool,
    CallBegan,
    CallDelta,
    CallEnded,
    Document,
    Ended,
    Event,
    Image,
    ImageUrl,
    JsonAnswer,
    Limits,
    NamedTool,
    Reasoning,
    Text,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
)

# --- what is read ------------------------------------------------------------------------------------------------------

TURNS: dict[str, tuple[list[Json], str, list[Turn]]] = {
    "a question": ([HI], "", [Turn("user", (Text("Hi"),))]),
    "system text": (
        [{"role": "system", "content": "Be"}, {"role": "developer", "content": [{"type": "text", "text": "terse"}]}, HI],
        "Be\n\nterse", [Turn("user", (Text("Hi"),))],
    ),
    "system text alone": ([{"role": "system", "content": "Be terse"}], "Be terse", []),
    "system text later": (
        [HI, {"role": "system", "content": "Be terse"}], "",
        [Turn("user", (Text("Hi"),)), Turn("user", (Text("<system>\nBe terse\n</system>"),))],
    ),
    "blank system text later": ([HI, {"role": "system", "content": " "}], "", [Turn("user", (Text("Hi"),))]),
    "parts": (
        [{"role": "user", "content": [{"type": "text", "text": "See"}, {"type": "image_url", "image_url": {"url": DATA_URL}}]}],
        "", [Turn("user", (Text("See"), Image("png", PIXEL)))],
    ),
    "an image as a string": (
        [{"role": "user", "content": [{"type": "image_url", "image_url": DATA_URL}]}], "", [Turn("user", (Image("png", PIXEL),))],
    ),
    "an image by address": (
        [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "HTTPS://x/a.png"}}]}],
        "", [Turn("user", (ImageUrl("HTTPS://x/a.png", f"{CONTENT}[0].image_url.url"),))],
    ),
    "a call and its result": (
        [HI, {"role": "assistant", "content": None, "tool_calls": [CALL]},
         {"role": "tool", "tool_call_id": "t1", "content": "ok"}],
        "",
        [Turn("user", (Text("Hi"),)), Turn("assistant", (ToolCall("t1", "read", "{}"),)),
         Turn("user", (ToolResult("t1", (Text("ok"),)),))],
    ),
    "a result with an image": (
        [{"role": "tool", "tool_call_id": "t1", "content": [{"type": "image_url", "image_url": DATA_URL}]}],
        "", [Turn("user", (ToolResult("t1", (Image("png", PIXEL),)),))],
    ),
    "a result without content": ([{"role": "tool", "tool_call_id": "t1"}], "", [Turn("user", (ToolResult("t1"),))]),
    "an old call and its result": (
        [{"role": "assistant", "content": None, "function_call": {"name": "read", "arguments": "{}"}},
         {"role": "function", "name": "read", "content": "ok"}],
        "",
        [Turn("assistant", (ToolCall("function_read", "read", "{}"),)),
         Turn("user", (ToolResult("function_read", (Text("ok"),)),))],
    ),
    "a custom call": (
        [{"role": "assistant", "tool_calls": [{"id": "t1", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}]}],
        "", [Turn("assistant", (ToolCall("t1", "sql", '{"input":"select 1"}'),))],
    ),
    "arguments as an object": (
        [{"role": "assistant", "tool_calls": [{"id": "t1", "function": {"name": "read", "arguments": {"a": 1}}}]}],
        "", [Turn("assistant", (ToolCall("t1", "read", '{"a":1}'),))],
    ),
    "no arguments": (
        [{"role": "assistant", "tool_calls": [{"id": "t1", "function": {"name": "read"}}]}],
        "", [Turn("assistant", (ToolCall("t1", "read", ""),))],
    ),
    "a refusal": (
        [{"role": "assistant", "content": [{"type": "refusal", "refusal": "No."}], "refusal": "Never."}],
        "", [Turn("assistant", (Text("No."), Text("Never.")))],
    ),
    "reasoning": (
        [{"role": "assistant", "content": "So", "reasoning_content": "Hm"}], "",
        [Turn("assistant", (Text("So"),))],
    ),
    "signed reasoning": (
        [{"role": "assistant", "content": "So", "reasoning_content": "Hm",
          "reasoning_details": [{"type": "reasoning.text", "text": "", "signature": "Eo"},
                                {"type": "reasoning.encrypted", "data": "x"}]}], "",
        [Turn("assistant", (Reasoning("Hm", "Eo"), Reasoning("", redacted="x"), Text("So")))],
    ),
    "thinking blocks": (
        [{"role": "assistant", "content": "So",
          "thinking_blocks": [{"type": "thinking", "thinking": "Hm", "signature": "Eo"},
                              {"type": "redacted_thinking", "data": "x"}]}], "",
        [Turn("assistant", (Reasoning("Hm", "Eo"), Reasoning("", redacted="x"), Text("So")))],
    ),
    "a file": (
        [{"role": "user", "content": [{"type": "file", "file": {"file_data": "data:text/plain;base64,SGk=",
                                                                "filename": "a.txt"}}]}], "",
        [Turn("user", (Document(b"Hi", "text/plain", "a.txt", "messages[0].content[0].file.file_data"),))],
    ),
    "an answer of nothing": ([{"role": "assistant"}], "", [Turn("assistant", ())]),
    "half a pair of surrogates": ([{"role": "user", "content": "\ud83d"}], "", [Turn("user", (Text("�"),))]),
}  # fmt: skip


@pytest.mark.parametrize(("messages", "system", "turns"), TURNS.values(), ids=TURNS)
def test_messages(messages: list[Json], system: str, turns: list[Turn]) -> None:
    ask = read(body(*messages)).ask
    assert (ask.system, list(ask.turns)) == (system, turns)


def test_the_plainest_request() -> None:
    wanted = read(body())
    ask = wanted.ask
    assert (ask.model, ask.tools, ask.choice, ask.parallel, ask.answer, ask.limits) == (
        "m",
        (),
        "auto",
        True,
        None,
        Limits(),
    )
    assert (wanted.stream, wanted.include_usage, wanted.functions, wanted.ignored) == (False, False, False, ())


def allowed(mode: str, *names: str) -> Json:
    tools = [{"type": "function", "function": {"name": name}} for name in names]
    return {"type": "allowed_tools", "allowed_tools": {"mode": mode, "tools": tools}}


WRITE: Json = {"type": "function", "function": {"name": "write"}}
BOTH = {"tools": [READ, WRITE]}
OLD = {"functions": [{"name": "read"}]}
CHOICES: dict[str, tuple[Json, list[str], ToolChoice]] = {
    "nothing said": (BOTH, ["read", "write"], "auto"),
    "null": (BOTH | {"tool_choice": None}, ["read", "write"], "auto"),
    "auto": (BOTH | {"tool_choice": "auto"}, ["read", "write"], "auto"),
    "none": (BOTH | {"tool_choice": "none"}, ["read", "write"], "none"),
    "none without tools": ({"tool_choice": "none"}, [], "none"),
    "auto without tools": ({"tool_choice": "auto", "tools": []}, [], "auto"),
    "required": (BOTH | {"tool_choice": "required"}, ["read", "write"], AnyTool()),
    "named": (
        BOTH | {"tool_choice": {"type": "function", "function": {"name": "write"}}},
        ["read", "write"],
        NamedTool("write"),
    ),
    "named, flat": (
        BOTH | {"tool_choice": {"type": "function", "name": "write"}},
        ["read", "write"],
        NamedTool("write"),
    ),
    "named, without a type": (
        BOTH | {"tool_choice": {"function": {"name": "write"}}},
        ["read", "write"],
        NamedTool("write"),
    ),
    "some allowed": (BOTH | {"tool_choice": allowed("auto", "write")}, ["write"], "auto"),
    "one of some": (BOTH | {"tool_choice": allowed("required", "write")}, ["write"], AnyTool()),
    "some allowed, none known": (BOTH | {"tool_choice": allowed("auto", "gone")}, [], "auto"),
    "old functions": (OLD, ["read"], "auto"),
    "old, none": (OLD | {"function_call": "none"}, ["read"], "none"),
    "old, named": (OLD | {"function_call": {"name": "read"}}, ["read"], NamedTool("read")),
}


@pytest.mark.parametrize(("members", "names", "choice"), CHOICES.values(), ids=CHOICES)
def test_tool_choice(members: Json, names: list[str], choice: ToolChoice) -> None:
    wanted = read(body(**members))
    assert [tool.name for tool in wanted.ask.tools] == names
    assert wanted.ask.choice == choice
    assert wanted.functions == ("functions" in members)


def test_tools() -> None:
    tools = read(body(tools=[READ, {"type": "function", "function": {"name": "x", "strict": True}}])).ask.tools
    assert tools == (Tool("read", "Reads", {"type": "object"}), Tool("x"))


def test_tools_of_unknown_kinds_have_no_effect_and_are_named() -> None:
    wanted = read(body(tools=[{"type": "web_search"}, READ]))
    assert [tool.name for tool in wanted.ask.tools] == ["read"]
    assert wanted.ignored == ("tools.web_search",)


SQL: Json = {
    "type": "custom",
    "custom": {
        "name": "sql",
        "description": "Asks the database",
        "format": {"type": "grammar", "grammar": {"syntax": "lark", "definition": "start: SELECT"}},
    },
}


def test_a_custom_tool_becomes_a_function_that_takes_its_text() -> None:
    wanted = read(body(tools=[READ, SQL], tool_choice={"type": "custom", "custom": {"name": "sql"}}))
    (_, sql) = wanted.ask.tools
    assert wanted.custom == {"sql"}
    assert wanted.ask.choice == NamedTool("sql")
    assert sql.schema["required"] == ["input"]
    assert "Asks the database" in sql.description
    assert "lark grammar:\nstart: SELECT" in sql.description


def test_a_call_of_a_custom_tool_comes_back_as_text() -> None:
    this = Completion("id", "m", 0, custom=frozenset({"sql"}))
    deltas = [CallDelta("c", piece) for piece in ('{"input":"select ', '1"}')]
    events: list[Event] = [CallBegan("c", "sql"), *deltas, CallEnded("c"), Ended("tool_use")]
    fold = Fold()
    fold.feed(events)
    (call,) = completion(this, fold.answer())["choices"][0]["message"]["tool_calls"]
    assert call == {"id": "c", "type": "custom", "custom": {"name": "sql", "input": "select 1"}}
    streamed = ChunkEncoder(this, include_usage=False).feed(events).decode()
    assert '"custom":{"name":"sql","input":""}' in streamed
    assert '"custom":{"input":"select 1"}' in streamed


def test_fields_without_effect_are_named() -> None:
    wanted = read(body(temperature=0.5, user="me", something_new=[1], another=None, top_p=None, n=1, logprobs=False))
    assert wanted.ignored == ("temperature", "user", "something_new")


LIMITS: dict[str, tuple[Json, Limits]] = {
    "max_tokens": ({"max_tokens": 5}, Limits(5)),
    "max_completion_tokens goes first": ({"max_completion_tokens": 7, "max_tokens": 5}, Limits(7)),
    "a float that is whole": ({"max_tokens": 5.0}, Limits(5)),
    "a huge number": ({"max_tokens": 10**30}, Limits(2**53)),
    "one stop": ({"stop": "END"}, Limits(stop=("END",))),
    "several": ({"stop": ["a", "b"]}, Limits(stop=("a", "b"))),
    "an empty one": ({"stop": ["a", ""]}, Limits(stop=("a",))),
    "none": ({"stop": None, "max_tokens": None}, Limits()),
}


@pytest.mark.parametrize(("members", "limits"), LIMITS.values(), ids=LIMITS)
def test_limits(members: Json, limits: Limits) -> None:
    assert read(body(**members)).ask.limits == limits


FORMATS: dict[str, tuple[Any, JsonAnswer | None]] = {
    "none": (None, None),
    "text": ({"type": "text"}, None),
    "json_object": ({"type": "json_object"}, JsonAnswer()),
    "json_schema": (
        {"type": "json_schema", "json_schema": {"name": "x", "description": "y", "schema": {"a": 1}, "strict": True}},
        JsonAnswer({"a": 1}, "x", "y"),
    ),
    "json_schema without a schema": ({"type": "json_schema", "json_schema": {"name": "x"}}, JsonAnswer(None, "x")),
}


@pytest.mark.parametrize(("sent", "answer"), FORMATS.values(), ids=FORMATS)
def test_formats(sent: Any, answer: JsonAnswer | None) -> None:
    assert read(body(response_format=sent)).ask.answer == answer


def test_streams_and_the_rest() -> None:
    wanted = read(
        body(stream=True, stream_options={"include_usage": True}, parallel_tool_calls=False, prompt_cache_key="c")
    )
    assert (wanted.stream, wanted.include_usage, wanted.ask.parallel, wanted.ask.conversation) == (
        True,
        True,
        False,
        "c",
    )


# --- whatever comes ----------------------------------------------------------------------------------------------------

WORDS = ["model", "messages", "role", "content", "type", "text", "image_url", "url", "tools", "function", "name", "parameters",
         "tool_calls", "id", "arguments", "tool_call_id", "tool_choice", "allowed_tools", "mode", "stop", "n", "stream",
         "stream_options", "include_usage", "response_format", "json_schema", "schema", "functions", "function_call",
         "max_tokens", "modalities", "custom", "input", "refusal", "reasoning_content", "temperature", "metadata"]  # fmt: skip
VALUES = ["user", "assistant", "system", "tool", "function", "custom", "auto", "required", "text", "image_url", "json_schema",
          DATA_URL, "data:,", "https://x", "m", "read"]  # fmt: skip
anything = st.recursive(
    json_values | st.sampled_from(VALUES) | st.just(10**30) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
message = st.fixed_dictionaries(
    {"role": st.sampled_from(["user", "assistant", "system", "tool", "function", "developer"])},
    optional=dict.fromkeys(("content", "tool_calls", "function_call", "tool_call_id", "name", "refusal"), anything),
)
almost = st.fixed_dictionaries(
    {"model": st.just("m"), "messages": st.lists(message, min_size=1, max_size=3)},
    optional={name: anything for name in WORDS if name not in ("model", "messages")},
)
MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(anything | almost)
@example(
    {"model": "m", "messages": [{"role": "user", "content": [{"type": "image_url", "image_url": "data:,\ud800"}]}]}
)
def test_any_json_is_an_ask_or_a_bad_request(sent: Any) -> None:
    with suppress(BadRequest):
        assert isinstance(read(sent), Wanted)


@settings(MANY, max_examples=150)
@given(bodies(), st.data())
def test_any_mutated_body_is_an_ask_or_a_bad_request(sent: Json, data: st.DataObject) -> None:
    holder: Any = sent
    while True:
        keys = list(holder) if isinstance(holder, dict) else range(len(holder))
        key = data.draw(st.sampled_from(keys))
        if not isinstance(holder[key], (dict, list)) or not holder[key] or data.draw(st.booleans()):
            break
        holder = holder[key]
    holder[key] = data.draw(anything)
    with suppress(BadRequest):
        assert isinstance(read(sent), Wanted)


THINKING: dict[str, tuple[Json, Thinking]] = {
    "nothing said": ({}, Thinking()),
    "an effort": ({"reasoning_effort": "high"}, Thinking(on=True, effort="high")),
    "no thinking": ({"reasoning_effort": "none"}, Thinking(on=False)),
    "a budget": ({"reasoning": {"max_tokens": 2000}}, Thinking(on=True, budget=2000)),
    "an effort, hidden": ({"reasoning": {"effort": "low", "exclude": True}}, Thinking(True, "low", shown=False)),
    "switched on": ({"reasoning": {"enabled": True}}, Thinking(on=True)),
    "switched off": ({"reasoning": {"enabled": False, "effort": "high"}}, Thinking(on=False, effort="high")),
}


@pytest.mark.parametrize(("given", "thinking"), THINKING.values(), ids=THINKING)
def test_thinking(given: Json, thinking: Thinking) -> None:
    assert read(body(**given)).ask.thinking == thinking


def test_cache_marks_of_messages_and_parts() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    ask = read(
        body(
            {"role": "system", "content": [{"type": "text", "text": "Be brief."} | mark]},
            {"role": "user", "content": "Hi"} | mark,
            {"role": "assistant", "content": "Hello."},
            {"role": "user", "content": [{"type": "text", "text": "And?"} | mark]},
        )
    ).ask
    assert ask.cache_start
    assert [turn.cache for turn in ask.turns] == [True, False, True]
    assert not read(body()).ask.cache_start
