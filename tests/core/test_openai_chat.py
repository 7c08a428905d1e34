"""OpenAI's chat completions: every mistake is told by its field, all else becomes an Ask, and chunks add up to completions."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import suppress
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from tests.openai_bodies import PIXEL, bodies, json_values

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import openai_chat
from kiro2chat_core.dialects.openai_chat import Wanted
from kiro2chat_core.dialects.openai_completion import ChunkEncoder, Completion, completion, error_body
from kiro2chat_core.errors import (
    BadRequest,
    Kiro2ChatError,
    LoginExpired,
    QuotaExhausted,
    Throttled,
    Unauthorized,
    Unavailable,
)
from kiro2chat_core.fold import Fold
from kiro2chat_core.turns import (
    AnyTool,
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Document,
    Ended,
    EndReason,
    Event,
    Image,
    ImageUrl,
    JsonAnswer,
    Limits,
    NamedTool,
    Reasoning,
    ReasoningDelta,
    Text,
    TextDelta,
    Thinking,
    Tool,
    ToolCall,
    ToolChoice,
    ToolResult,
    Turn,
    Usage,
)

Json: TypeAlias = dict[str, Any]

HI: Json = {"role": "user", "content": "Hi"}
READ: Json = {
    "type": "function",
    "function": {"name": "read", "description": "Reads", "parameters": {"type": "object"}},
}
DATA_URL = f"data:image/png;base64,{PIXEL}"


def body(*messages: Any, **members: Any) -> Json:
    return {"model": "m", "messages": list(messages) or [HI]} | members


def user(*parts: Any) -> Json:
    return body({"role": "user", "content": list(parts)})


def image(url: Any) -> Json:
    return user({"type": "text", "text": "See"}, {"type": "image_url", "image_url": url})


def read(sent: Any) -> Wanted:
    return openai_chat.read(jsonio.loads(json.dumps(sent)))


# --- what is wrong -----------------------------------------------------------------------------------------------------

CONTENT = "messages[0].content"
URL = "messages[0].content[1].image_url.url"
CALL: Json = {"id": "t1", "type": "function", "function": {"name": "read", "arguments": "{}"}}

MALFORMED: dict[str, tuple[Any, str | None]] = {
    "null": (None, None),
    "a list": ([], None),
    "a string": ("Hi", None),
    # model
    "no model": ({"messages": [HI]}, "model"),
    "an empty model": (body(model=""), "model"),
    "a model that is a number": (body(model=4), "model"),
    "a model that is null": (body(model=None), "model"),
    # messages
    "no messages": ({"model": "m"}, "messages"),
    "messages: null": (body(messages=None), "messages"),
    "messages that are empty": (body(messages=[]), "messages"),
    "messages that are an object": (body(messages=HI), "messages"),
    "messages that are a string": (body(messages="Hi"), "messages"),
    "a message that is a string": (body("Hi"), "messages[0]"),
    "a message that is null": (body(HI, None), "messages[1]"),
    "no role": (body({"content": "Hi"}), "messages[0].role"),
    "an unknown role": (body(HI, {"role": "robot", "content": "Hi"}), "messages[1].role"),
    "a role that is a number": (body({"role": 1, "content": "Hi"}), "messages[0].role"),
    "an empty role": (body({"role": "", "content": "Hi"}), "messages[0].role"),
    # content
    "no content": (body({"role": "user"}), CONTENT),
    "content: null": (body({"role": "user", "content": None}), CONTENT),
    "content that is a number": (body({"role": "user", "content": 5}), CONTENT),
    "content that is an object": (body({"role": "user", "content": {"type": "text", "text": "Hi"}}), CONTENT),
    "content that is true": (body({"role": "system", "content": True}), CONTENT),
    "a part that is a string": (user("Hi"), f"{CONTENT}[0]"),
    "a part without a type": (user({"text": "Hi"}), f"{CONTENT}[0].type"),
    "a part of an unknown type": (user({"type": "video"}), f"{CONTENT}[0].type"),
    "audio": (user({"type": "input_audio", "input_audio": {}}), f"{CONTENT}[0].type"),
    "a file without data": (user({"type": "file", "file": {}}), f"{CONTENT}[0].file.file_data"),
    "a file elsewhere": (user({"type": "file", "file": {"file_id": "file-1"}}), f"{CONTENT}[0].file.file_id"),
    "a file of no base64": (user({"type": "file", "file": {"file_data": "?"}}), f"{CONTENT}[0].file.file_data"),
    "a text that is a number": (user({"type": "text", "text": 5}), f"{CONTENT}[0].text"),
    "an image from the system": (
        body({"role": "system", "content": [{"type": "image_url", "image_url": DATA_URL}]}), f"{CONTENT}[0].type"),
    "an image from the assistant": (
        body({"role": "assistant", "content": [{"type": "image_url", "image_url": DATA_URL}]}), f"{CONTENT}[0].type"),
    # images
    "no image": (user({"type": "image_url"}), f"{CONTENT}[0].image_url"),
    "an image that is a number": (image(5), "messages[0].content[1].image_url"),
    "an image without an address": (image({}), URL),
    "an image with an empty address": (image({"url": ""}), URL),
    "an address that is a number": (image({"url": 5}), URL),
    "an address of another scheme": (image({"url": "ftp://example.com/a.png"}), URL),
    "a path": (image({"url": "/etc/passwd"}), URL),
    "a file address": (image({"url": "file:///etc/passwd"}), URL),
    "a bad data URL": (image({"url": "data:image/png;base64"}), URL),
    "bad base64": (image({"url": "data:image/png;base64,!!!"}), URL),
    "a data URL of a text": (image({"url": "data:text/plain,Hi"}), URL),
    "a bad data URL, as a string": (image("data:image/png;base64,!!!"), "messages[0].content[1].image_url"),
    # calls and results
    "calls that are an object": (body({"role": "assistant", "tool_calls": CALL}), "messages[0].tool_calls"),
    "a call that is a string": (body({"role": "assistant", "tool_calls": ["t1"]}), "messages[0].tool_calls[0]"),
    "a call without an id": (body({"role": "assistant", "tool_calls": [CALL | {"id": None}]}), "messages[0].tool_calls[0].id"),
    "a call with an empty id": (body({"role": "assistant", "tool_calls": [CALL | {"id": ""}]}), "messages[0].tool_calls[0].id"),
    "a call of an unknown type": (
        body({"role": "assistant", "tool_calls": [CALL | {"type": "magic"}]}), "messages[0].tool_calls[0].type"),
    "a call without a function": (
        body({"role": "assistant", "tool_calls": [{"id": "t1"}]}), "messages[0].tool_calls[0].function"),
    "a call without a name": (
        body({"role": "assistant", "tool_calls": [CALL | {"function": {}}]}), "messages[0].tool_calls[0].function.name"),
    "arguments that are a number": (
        body({"role": "assistant", "tool_calls": [CALL | {"function": {"name": "x", "arguments": 5}}]}),
        "messages[0].tool_calls[0].function.arguments"),
    "a custom call without its part": (
        body({"role": "assistant", "tool_calls": [{"id": "t1", "type": "custom"}]}), "messages[0].tool_calls[0].custom"),
    "an old call that is a string": (body({"role": "assistant", "function_call": "x"}), "messages[0].function_call"),
    "an old call without a name": (body({"role": "assistant", "function_call": {}}), "messages[0].function_call.name"),
    "a refusal that is a number": (body({"role": "assistant", "refusal": 5}), "messages[0].refusal"),
    "a result without an id": (body({"role": "tool", "content": "x"}), "messages[0].tool_call_id"),
    "a result whose id is a number": (body({"role": "tool", "tool_call_id": 1, "content": "x"}), "messages[0].tool_call_id"),
    "an old result without a name": (body({"role": "function", "content": "x"}), "messages[0].name"),
    # tools
    "tools that are an object": (body(tools=READ), "tools"),
    "a tool that is a string": (body(tools=["read"]), "tools[0]"),
    "a tool without a function": (body(tools=[{"type": "function"}]), "tools[0].function"),
    "a tool without a name": (body(tools=[READ, {"type": "function", "function": {}}]), "tools[1].function.name"),
    "a tool with an empty name": (body(tools=[{"type": "function", "function": {"name": ""}}]), "tools[0].function.name"),
    "a tool whose name is a number": (body(tools=[{"type": "function", "function": {"name": 5}}]), "tools[0].function.name"),
    "a tool whose type is a number": (body(tools=[{"type": 5}]), "tools[0].type"),
    "a description that is a list": (
        body(tools=[{"type": "function", "function": {"name": "x", "description": []}}]), "tools[0].function.description"),
    "a schema that is a string": (
        body(tools=[{"type": "function", "function": {"name": "x", "parameters": "x"}}]), "tools[0].function.parameters"),
    "an old function without a name": (body(functions=[{}]), "functions[0].name"),
    # tool_choice
    "a choice of an unknown tool": (
        body(tools=[READ], tool_choice={"type": "function", "function": {"name": "write"}}), "tool_choice"),
    "a choice without tools": (body(tool_choice="required"), "tool_choice"),
    "a named choice without tools": (body(tool_choice={"type": "function", "function": {"name": "read"}}), "tool_choice"),
    "an unknown choice": (body(tools=[READ], tool_choice="maybe"), "tool_choice"),
    "a choice that is a number": (body(tools=[READ], tool_choice=1), "tool_choice"),
    "a choice that is a list": (body(tools=[READ], tool_choice=["auto"]), "tool_choice"),
    "a choice without a name": (
        body(tools=[READ], tool_choice={"type": "function", "function": {}}), "tool_choice.function.name"),
    "a choice that is empty": (body(tools=[READ], tool_choice={}), "tool_choice.name"),
    "an old choice of an unknown function": (
        body(functions=[{"name": "read"}], function_call={"name": "write"}), "function_call"),
    "allowed tools of an unknown mode": (
        body(tools=[READ], tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": "x", "tools": []}}),
        "tool_choice.allowed_tools.mode"),
    "allowed tools that are a string": (
        body(tools=[READ], tool_choice={"type": "allowed_tools", "allowed_tools": {"mode": "auto", "tools": "read"}}),
        "tool_choice.allowed_tools.tools"),
    "one of no known tools is demanded": (
        body(tools=[READ], tool_choice={"type": "allowed_tools", "allowed_tools": {
            "mode": "required", "tools": [{"type": "function", "function": {"name": "write"}}]}}),
        "tool_choice.allowed_tools.tools"),
    "parallel_tool_calls that is a word": (body(tools=[READ], parallel_tool_calls="no"), "parallel_tool_calls"),
    # what cannot be
    "n: 2": (body(n=2), "n"),
    "n: 0": (body(n=0), "n"),
    "n: one": (body(n="1"), "n"),
    "logprobs": (body(logprobs=True), "logprobs"),
    "logprobs that are a number": (body(logprobs=1), "logprobs"),
    "top_logprobs": (body(top_logprobs=3), "top_logprobs"),
    "audio as an answer": (body(modalities=["text", "audio"]), "modalities"),
    "modalities that are a string": (body(modalities="text"), "modalities"),
    # limits
    "max_tokens: 0": (body(max_tokens=0), "max_tokens"),
    "max_tokens: -1": (body(max_tokens=-1), "max_tokens"),
    "max_tokens as text": (body(max_tokens="5"), "max_tokens"),
    "max_tokens: 1.5": (body(max_tokens=1.5), "max_tokens"),
    "max_tokens: true": (body(max_tokens=True), "max_tokens"),
    "max_completion_tokens: 0": (body(max_completion_tokens=0), "max_completion_tokens"),
    "max_tokens wrong beside one that is right": (body(max_completion_tokens=5, max_tokens="5"), "max_tokens"),
    "a stop that is a number": (body(stop=5), "stop"),
    "a stop that holds a number": (body(stop=["a", 5]), "stop"),
    "a stop that is an object": (body(stop={}), "stop"),
    # the answer
    "an unknown format": (body(response_format={"type": "xml"}), "response_format.type"),
    "a format without a type": (body(response_format={}), "response_format.type"),
    "a format that is a string": (body(response_format="json"), "response_format"),
    "a schema that is missing": (body(response_format={"type": "json_schema"}), "response_format.json_schema"),
    "a schema without a name": (
        body(response_format={"type": "json_schema", "json_schema": {"schema": {}}}), "response_format.json_schema.name"),
    "a schema that is a list": (
        body(response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": []}}),
        "response_format.json_schema.schema"),
    "stream: yes": (body(stream="yes"), "stream"),
    "stream: 1": (body(stream=1), "stream"),
    "stream_options that are true": (body(stream_options=True), "stream_options"),
    "include_usage: yes": (body(stream_options={"include_usage": "yes"}), "stream_options.include_usage"),
    # what has no effect is looked at all the same
    "a temperature as text": (body(temperature="hot"), "temperature"),
    "a top_p that is true": (body(top_p=True), "top_p"),
    "a seed as text": (body(seed="x"), "seed"),
    "a user that is a number": (body(user=5), "user"),
    "metadata that is a list": (body(metadata=[]), "metadata"),
    "store: yes": (body(store="yes"), "store"),
    "logit_bias that is a list": (body(logit_bias=[]), "logit_bias"),
    "an effort that is a number": (body(reasoning_effort=3), "reasoning_effort"),
    "an unknown effort": (body(reasoning_effort="huge"), "reasoning_effort"),
    "reasoning of an unknown effort": (body(reasoning={"effort": "huge"}), "reasoning"),
    "prompt_cache_key that is a number": (body(prompt_cache_key=3), "prompt_cache_key"),
}  # fmt: skip


@pytest.mark.parametrize(("sent", "field"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_wrong_is_told_by_its_field(sent: Any, field: str | None) -> None:
    with pytest.raises(BadRequest) as refused:
        read(sent)
    error = refused.value
    assert error.field == field
    assert error.status == 400
    assert field is None or error.message.startswith(field)
    assert error.message.endswith(".")
    assert len(error.message) < 300


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


# --- answers -----------------------------------------------------------------------------------------------------------

THIS = Completion("chatcmpl-1", "m", 1700000000)
OLDER = Completion("chatcmpl-1", "m", 1700000000, functions=True)
USAGE = Usage(10, 5, reasoning_tokens=2, cache_read_tokens=4)


def folded(events: Sequence[Event], this: Completion = THIS) -> Json:
    fold = Fold()
    fold.feed(events)
    return dict(jsonio.loads(jsonio.dumps(completion(this, fold.answer()))))


def chunks(events: Sequence[Event], this: Completion = THIS, *, include_usage: bool = False) -> list[Json]:
    raw = ChunkEncoder(this, include_usage=include_usage).feed(events).decode()
    *pieces, done, rest = raw.split("\n\n")
    assert (done, rest) == ("data: [DONE]", "")
    assert all(piece.startswith("data: {") and "\n" not in piece for piece in pieces)
    return [json.loads(piece.removeprefix("data: ")) for piece in pieces]


def summed(streamed: list[Json]) -> Json:
    """The message that a client puts together from the chunks, and the finish reason."""
    summed: Json = {
        "content": "",
        "reasoning_content": "",
        "tool_calls": [],
        "function_call": None,
        "finish_reason": None,
    }
    for chunk in streamed:
        for choice in chunk["choices"]:
            delta = choice["delta"]
            summed["content"] += delta.get("content") or ""
            summed["reasoning_content"] += delta.get("reasoning_content") or ""
            for call in delta.get("tool_calls", []):
                if call["index"] == len(summed["tool_calls"]):
                    summed["tool_calls"].append(
                        {"id": call["id"], "type": call["type"], "function": {"name": "", "arguments": ""}}
                    )
                function = summed["tool_calls"][call["index"]]["function"]
                function["name"] += call["function"].get("name", "")
                function["arguments"] += call["function"].get("arguments", "")
            if part := delta.get("function_call"):
                function = summed["function_call"] = summed["function_call"] or {"name": "", "arguments": ""}
                function["name"] += part.get("name", "")
                function["arguments"] += part.get("arguments", "")
            if choice["finish_reason"] is not None:
                assert summed["finish_reason"] is None
                summed["finish_reason"] = choice["finish_reason"]
    return summed


def test_a_completion() -> None:
    events: list[Event] = [Began(), ReasoningDelta("Hm"), TextDelta("Hi"), TextDelta("!"), Counted(USAGE), Ended("end")]
    assert folded(events) == {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1700000000,
        "model": "m",
        "system_fingerprint": None,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hi!", "refusal": None, "reasoning_content": "Hm"},
                "logprobs": None,
                "finish_reason": "stop",
            }
        ],
        "usage": {
            "prompt_tokens": 10,
            "completion_tokens": 5,
            "total_tokens": 15,
            "prompt_tokens_details": {"cached_tokens": 4, "audio_tokens": 0},
            "completion_tokens_details": {
                "reasoning_tokens": 2,
                "audio_tokens": 0,
                "accepted_prediction_tokens": 0,
                "rejected_prediction_tokens": 0,
            },
            "estimated": True,
        },
    }


def call(call_id: str, name: str = "read", *arguments: str) -> list[Event]:
    return [
        CallBegan(call_id, name),
        *(CallDelta(call_id, piece) for piece in arguments or ("{}",)),
        CallEnded(call_id),
    ]


def test_a_completion_of_calls_has_no_content() -> None:
    message = folded([*call("t1"), *call("t2"), Ended("tool_use")])["choices"][0]["message"]
    assert message["content"] is None
    assert [each["id"] for each in message["tool_calls"]] == ["t1", "t2"]
    assert message["tool_calls"][0] == {"id": "t1", "type": "function", "function": {"name": "read", "arguments": "{}"}}


def test_an_empty_completion_has_empty_content() -> None:
    assert folded([Ended("end")])["choices"][0]["message"]["content"] == ""


def test_the_older_form_has_one_function_call() -> None:
    choice = folded([*call("t1"), *call("t2"), Ended("tool_use")], OLDER)["choices"][0]
    assert choice["message"]["function_call"] == {"name": "read", "arguments": "{}"}
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "function_call"


FINISHES: dict[EndReason, str] = {
    "end": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "filtered": "content_filter",
}


@pytest.mark.parametrize(("reason", "finish"), FINISHES.items(), ids=FINISHES)
def test_finish_reasons(reason: EndReason, finish: str) -> None:
    assert folded([Ended(reason)])["choices"][0]["finish_reason"] == finish
    assert chunks([Ended(reason)])[-1]["choices"][0]["finish_reason"] == finish


def test_chunks() -> None:
    events: list[Event] = [
        Began(),
        TextDelta("Hi"),
        *call("t1", "read", '{"a"', ":1}"),
        Counted(USAGE),
        Ended("tool_use"),
    ]
    streamed = chunks(events, include_usage=True)
    assert {chunk["id"] for chunk in streamed} == {"chatcmpl-1"}
    assert {chunk["object"] for chunk in streamed} == {"chat.completion.chunk"}
    deltas = [chunk["choices"][0]["delta"] for chunk in streamed[:-1]]
    assert deltas == [
        {"role": "assistant", "content": "Hi"},
        {"tool_calls": [{"index": 0, "id": "t1", "type": "function", "function": {"name": "read", "arguments": ""}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": '{"a"'}}]},
        {"tool_calls": [{"index": 0, "function": {"arguments": ":1}"}}]},
        {},
    ]
    assert [chunk["usage"] for chunk in streamed[:-1]] == [None] * 5
    assert (streamed[-1]["choices"], streamed[-1]["usage"]["total_tokens"]) == ([], 15)


def test_without_include_usage_no_chunk_speaks_of_it() -> None:
    assert not any("usage" in chunk for chunk in chunks([TextDelta("Hi"), Counted(USAGE), Ended("end")]))


def test_the_first_chunk_says_the_role_whatever_it_holds() -> None:
    for first in (TextDelta("Hi"), ReasoningDelta("Hm"), CallBegan("t1", "read"), Ended("end")):
        events = [first] if isinstance(first, Ended) else [first, Ended("end")]
        streamed = chunks(events)
        assert streamed[0]["choices"][0]["delta"]["role"] == "assistant"
        assert sum("role" in chunk["choices"][0]["delta"] for chunk in streamed) == 1


texts = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=8)
answers = st.lists(
    texts.map(lambda text: [TextDelta(text)])
    | texts.map(lambda text: [ReasoningDelta(text)])
    | st.just([ReasoningDelta("", "Eo")])
    | st.just([Counted(USAGE)])
    | st.tuples(texts, st.lists(texts, max_size=3)).map(lambda drawn: ("call", *drawn)),
    max_size=8,
)


@settings(max_examples=300, deadline=None)
@given(answers, st.sampled_from(sorted(FINISHES)), st.booleans(), st.integers(1, 4))
def test_the_chunks_of_an_answer_add_up_to_its_completion(
    drawn: list[Any], reason: EndReason, older: bool, batch: int
) -> None:
    events: list[Event] = [Began()]
    for number, part in enumerate(drawn):
        events += call(f"t{number}", part[1], *part[2]) if part[0] == "call" else part
    events += [Counted(USAGE), Ended(reason)]
    this = OLDER if older else THIS

    streamed = chunks(events, this, include_usage=True)
    whole = folded(events, this)
    message = whole["choices"][0]["message"]
    expected = {
        "content": message["content"] or "",
        "reasoning_content": message.get("reasoning_content", ""),
        "tool_calls": message.get("tool_calls", []),
        "function_call": message.get("function_call"),
        "finish_reason": whole["choices"][0]["finish_reason"],
    }
    assert summed(streamed) == expected
    assert streamed[-1]["usage"] == whole["usage"]

    encoder = ChunkEncoder(this, include_usage=True)
    batches = [events[start : start + batch] for start in range(0, len(events), batch)]
    assert b"".join(map(encoder.feed, batches)) == ChunkEncoder(this, include_usage=True).feed(events)


# --- errors ------------------------------------------------------------------------------------------------------------

ERRORS: dict[str, tuple[Kiro2ChatError, str, str]] = {
    "bad request": (BadRequest("m", field="n"), "invalid_request_error", "invalid_request"),
    "unauthorized": (Unauthorized("m"), "authentication_error", "invalid_api_key"),
    "expired": (LoginExpired("m"), "authentication_error", "login_expired"),
    "throttled": (Throttled("m"), "rate_limit_error", "rate_limit_exceeded"),
    "quota": (QuotaExhausted("m"), "insufficient_quota", "insufficient_quota"),
    "unavailable": (Unavailable("m"), "server_error", "backend_unavailable"),
    "a bug": (Kiro2ChatError("m"), "server_error", "internal_error"),
}


@pytest.mark.parametrize(("error", "kind", "code"), ERRORS.values(), ids=ERRORS)
def test_errors(error: Kiro2ChatError, kind: str, code: str) -> None:
    assert error_body(error) == {"error": {"message": "m", "type": kind, "param": error.field, "code": code}}


def test_an_error_in_the_middle_ends_the_stream() -> None:
    encoder = ChunkEncoder(THIS, include_usage=True)
    raw = encoder.feed([TextDelta("Hi")]) + encoder.error(Unavailable("gone"))
    pieces = raw.decode().split("\n\n")
    assert json.loads(pieces[1].removeprefix("data: "))["error"]["message"] == "gone"
    assert pieces[2:] == ["data: [DONE]", ""]


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
