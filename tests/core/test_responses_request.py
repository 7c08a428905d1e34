"""The Responses API: every mistake is told by its field, and all else becomes an Ask."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any, TypeAlias

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from openai.types.responses import response_create_params
from tests.openai_bodies import PIXEL, json_values
from tests.responses_bodies import bodies

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import responses_request
from kiro2chat_core.dialects.responses_request import FIELDS, Wanted
from kiro2chat_core.errors import BadRequest
from kiro2chat_core.turns import AnyTool, JsonAnswer, Limits, NamedTool, Thinking, ToolChoice

Json: TypeAlias = dict[str, Any]

HI: Json = {"role": "user", "content": "Hi"}
READ: Json = {"type": "function", "name": "read", "description": "Reads", "parameters": {"type": "object"}}
SQL: Json = {"type": "custom", "name": "sql"}
AGENTS: Json = {
    "type": "namespace",
    "name": "agents",
    "description": "",
    "tools": [{"type": "function", "name": "spawn"}],
}


def body(*items: Any, **members: Any) -> Json:
    return {"model": "m", "input": list(items) or "Hi"} | members


def user(*parts: Any) -> Json:
    return body({"role": "user", "content": list(parts)})


def tool(**members: Any) -> Json:
    return body(tools=[{"type": "function", "name": "read"} | members])


def read(sent: Any) -> Wanted:
    return responses_request.read(jsonio.loads(json.dumps(sent)))


# --- what is wrong -----------------------------------------------------------------------------------------------------

PART = "input[0].content[0]"
CALL: Json = {"type": "function_call", "call_id": "c", "name": "read", "arguments": "{}"}
RESULT: Json = {"type": "function_call_output", "call_id": "c", "output": "x"}

MALFORMED: dict[str, tuple[Any, str | None]] = {
    "null": (None, None),
    "a list": ([], None),
    "a string": ("Hi", None),
    "no model": ({"input": "Hi"}, "model"),
    "an empty model": (body(model=""), "model"),
    "a model that is a number": (body(model=4), "model"),
    # input
    "no input": ({"model": "m"}, "input"),
    "input: null": (body(input=None), "input"),
    "input that is empty": (body(input=[]), "input"),
    "input that is an object": (body(input=HI), "input"),
    "input that is a number": (body(input=5), "input"),
    "an item that is a string": (body("Hi"), "input[0]"),
    "an item that is null": (body(HI, None), "input[1]"),
    "an item of no kind": (body({"content": "Hi"}), "input[0].type"),
    "an item whose type is a number": (body({"type": 5}), "input[0].type"),
    "a reference": (body({"type": "item_reference", "id": "msg_1"}), "input[0].id"),
    "a reference without a type": (body({"id": "msg_1"}), "input[0].id"),
    "instructions that are a list": (body(instructions=["x"]), "instructions"),
    # messages
    "no role": (body({"type": "message", "content": "Hi"}), "input[0].role"),
    "an unknown role": (body({"role": "robot", "content": "Hi"}), "input[0].role"),
    "a role that is a number": (body({"role": 1, "content": "Hi"}), "input[0].role"),
    "no content": (body({"role": "user"}), "input[0].content"),
    "content that is a number": (body({"role": "user", "content": 5}), "input[0].content"),
    "content that is an object": (body({"role": "system", "content": {}}), "input[0].content"),
    "a part that is a string": (user("Hi"), PART),
    "a part without a type": (user({"text": "Hi"}), f"{PART}.type"),
    "a part of an unknown type": (user({"type": "video"}), f"{PART}.type"),
    "audio": (user({"type": "input_audio", "input_audio": {}}), f"{PART}.type"),
    "a text that is a number": (user({"type": "input_text", "text": 5}), f"{PART}.text"),
    "a refusal that is a number": (user({"type": "refusal", "refusal": 5}), f"{PART}.refusal"),
    "no image": (user({"type": "input_image"}), f"{PART}.image_url"),
    "an image elsewhere": (user({"type": "input_image", "file_id": "file-1"}), f"{PART}.file_id"),
    "an image that is a number": (user({"type": "input_image", "image_url": 5}), f"{PART}.image_url"),
    "an image that is empty": (user({"type": "input_image", "image_url": ""}), f"{PART}.image_url"),
    "an image of another scheme": (user({"type": "input_image", "image_url": "file:///etc/x"}), f"{PART}.image_url"),
    "bad base64": (user({"type": "input_image", "image_url": "data:image/png;base64,!!!"}), f"{PART}.image_url"),
    "no file": (user({"type": "input_file", "filename": "a"}), f"{PART}.file_data"),
    "a file elsewhere": (user({"type": "input_file", "file_id": "file-1"}), f"{PART}.file_id"),
    "a file of no base64": (user({"type": "input_file", "file_data": "?"}), f"{PART}.file_data"),
    "a file name that is a number": (user({"type": "input_file", "file_data": "SGk=", "filename": 5}), f"{PART}.filename"),
    "a file at a path": (user({"type": "input_file", "file_url": "/etc/passwd"}), f"{PART}.file_url"),
    # calls and results
    "a call without an id": (body(CALL | {"call_id": None}), "input[0].call_id"),
    "a call without a name": (body(CALL | {"name": ""}), "input[0].name"),
    "a call whose arguments are a number": (body(CALL | {"arguments": 5}), "input[0].arguments"),
    "a call whose namespace is a number": (body(CALL | {"namespace": 5}), "input[0].namespace"),
    "a custom call whose input is a number": (body(CALL | {"type": "custom_tool_call", "input": 5}), "input[0].input"),
    "a result without output": (body(RESULT | {"output": None}), "input[0].output"),
    "a result that is a number": (body(RESULT | {"output": 5}), "input[0].output"),
    "a result whose id is a number": (body(RESULT | {"call_id": 5}), "input[0].call_id"),
    "a result with a bad image": (
        body(RESULT | {"output": [{"type": "input_image", "image_url": "x"}]}), "input[0].output[0].image_url"),
    "reasoning whose seal is a number": (body({"type": "reasoning", "encrypted_content": 5}), "input[0].encrypted_content"),
    "reasoning whose summary is a text": (body({"type": "reasoning", "summary": "Hm"}), "input[0].summary"),
    # tools
    "tools that are an object": (body(tools=READ), "tools"),
    "a tool that is a string": (body(tools=["read"]), "tools[0]"),
    "a tool whose type is a number": (tool(type=5), "tools[0].type"),
    "a tool without a name": (body(tools=[READ, {"type": "function"}]), "tools[1].name"),
    "a tool as chat completions have it": (
        body(tools=[{"type": "function", "function": {"name": "read"}}]), "tools[0].name"),
    "a description that is a list": (tool(description=[]), "tools[0].description"),
    "a schema that is a string": (tool(parameters="x"), "tools[0].parameters"),
    "a custom tool whose format is a string": (body(tools=[SQL | {"format": "text"}]), "tools[0].format"),
    "a namespace without a name": (body(tools=[{"type": "namespace", "tools": []}]), "tools[0].name"),
    "a tool without a name in a namespace": (
        body(tools=[AGENTS | {"tools": [{"type": "custom"}]}]), "tools[0].tools[0].name"),
    "an additional tool without a name": (
        body({"type": "additional_tools", "tools": [{"type": "custom"}]}), "input[0].tools[0].name"),
    # tool_choice
    "a choice of an unknown tool": (body(tools=[READ], tool_choice={"type": "function", "name": "write"}), "tool_choice"),
    "a choice without tools": (body(tool_choice="required"), "tool_choice"),
    "a named choice without tools": (body(tool_choice={"type": "function", "name": "read"}), "tool_choice"),
    "an unknown choice": (body(tools=[READ], tool_choice="maybe"), "tool_choice"),
    "a choice that is a list": (body(tools=[READ], tool_choice=["auto"]), "tool_choice"),
    "a choice without a name": (body(tools=[READ], tool_choice={"type": "function"}), "tool_choice.name"),
    "allowed tools of an unknown mode": (
        body(tools=[READ], tool_choice={"type": "allowed_tools", "mode": "x", "tools": []}), "tool_choice.mode"),
    "allowed tools that are a string": (
        body(tools=[READ], tool_choice={"type": "allowed_tools", "mode": "auto", "tools": "read"}), "tool_choice.tools"),
    "one of no known tools is demanded": (
        body(tools=[READ], tool_choice={"type": "allowed_tools", "mode": "required",
                                        "tools": [{"type": "function", "name": "write"}]}), "tool_choice.tools"),
    "parallel_tool_calls that is a word": (body(parallel_tool_calls="no"), "parallel_tool_calls"),
    # what cannot be
    "a response to go on from": (body(previous_response_id="resp_1"), "previous_response_id"),
    "a conversation": (body(conversation={"id": "conv_1"}), "conversation"),
    "a stored prompt": (body(prompt={"id": "pmpt_1"}), "prompt"),
    "the background": (body(background=True), "background"),
    "top_logprobs": (body(top_logprobs=3), "top_logprobs"),
    # limits, the answer, thinking
    "max_output_tokens: 0": (body(max_output_tokens=0), "max_output_tokens"),
    "max_output_tokens as text": (body(max_output_tokens="5"), "max_output_tokens"),
    "text that is a string": (body(text="json"), "text"),
    "an unknown format": (body(text={"format": {"type": "xml"}}), "text.format.type"),
    "a schema without a name": (body(text={"format": {"type": "json_schema", "schema": {}}}), "text.format.name"),
    "a schema that is a list": (
        body(text={"format": {"type": "json_schema", "name": "x", "schema": []}}), "text.format.schema"),
    "reasoning that is a word": (body(reasoning="high"), "reasoning"),
    "an unknown effort": (body(reasoning={"effort": "huge"}), "reasoning.effort"),
    "a summary that is true": (body(reasoning={"summary": True}), "reasoning.summary"),
    "include that is a word": (body(include="all"), "include"),
    "include of a number": (body(include=[5]), "include"),
    "stream: yes": (body(stream="yes"), "stream"),
    "stream_options that are true": (body(stream_options=True), "stream_options"),
    "include_obfuscation: no": (body(stream_options={"include_obfuscation": "no"}), "stream_options.include_obfuscation"),
    # what has no effect is looked at all the same
    "store: yes": (body(store="yes"), "store"),
    "truncation that is a number": (body(truncation=5), "truncation"),
    "verbosity that is a number": (body(text={"verbosity": 5}), "text.verbosity"),
    "a temperature as text": (body(temperature="hot"), "temperature"),
    "metadata that is a list": (body(metadata=[]), "metadata"),
    "context_management that is an object": (body(context_management={}), "context_management"),
    "max_tool_calls: -1": (body(max_tool_calls=-1), "max_tool_calls"),
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


def test_every_field_of_the_sdk_is_in_the_table() -> None:
    known = response_create_params.ResponseCreateParamsStreaming.__annotations__
    assert set(known) | set(response_create_params.ResponseCreateParamsBase.__annotations__) <= set(FIELDS)


def test_the_plainest_request() -> None:
    wanted = read(body())
    ask = wanted.ask
    assert (ask.model, ask.tools, ask.choice, ask.parallel, ask.answer, ask.limits, ask.thinking) == (
        "m", (), "auto", True, None, Limits(), Thinking(),
    )  # fmt: skip
    assert (wanted.stream, wanted.encrypted, wanted.ignored) == (False, False, ())


def allowed(mode: str, *tools: Json) -> Json:
    return {"tool_choice": {"type": "allowed_tools", "mode": mode, "tools": list(tools)}}


ALL = {"tools": [READ, SQL, AGENTS, {"type": "web_search"}]}
NAMES = ["read", "sql", "agents__spawn"]
HOSTED = {"tools": [{"type": "web_search"}]}
CHOICES: dict[str, tuple[Json, list[str], ToolChoice]] = {
    "nothing said": (ALL, NAMES, "auto"),
    "auto": (ALL | {"tool_choice": "auto"}, NAMES, "auto"),
    "none": (ALL | {"tool_choice": "none"}, NAMES, "none"),
    "none without tools": ({"tool_choice": "none"}, [], "none"),
    "required": (ALL | {"tool_choice": "required"}, NAMES, AnyTool()),
    "a function": (ALL | {"tool_choice": {"type": "function", "name": "read"}}, NAMES, NamedTool("read")),
    "a custom tool": (ALL | {"tool_choice": {"type": "custom", "name": "sql"}}, NAMES, NamedTool("sql")),
    "one of a namespace": (
        ALL | {"tool_choice": {"type": "function", "name": "spawn", "namespace": "agents"}},
        NAMES,
        NamedTool("agents__spawn"),
    ),
    "one of a namespace by its whole name": (
        ALL | {"tool_choice": {"type": "function", "name": "agents__spawn"}},
        NAMES,
        NamedTool("agents__spawn"),
    ),
    "a hosted tool": (ALL | {"tool_choice": {"type": "web_search_preview"}}, NAMES, "auto"),
    "required, of hosted tools": (HOSTED | {"tool_choice": "required"}, [], "auto"),
    "some allowed": (ALL | allowed("auto", READ, {"type": "mcp"}), ["read"], "auto"),
    "a namespace allowed": (ALL | allowed("required", AGENTS), ["agents__spawn"], AnyTool()),
    "hosted tools demanded": (ALL | allowed("required", {"type": "mcp"}), [], "auto"),
    "some allowed, none known": (ALL | allowed("auto", {"type": "function", "name": "gone"}), [], "auto"),
}


@pytest.mark.parametrize(("members", "names", "choice"), CHOICES.values(), ids=CHOICES)
def test_tool_choice(members: Json, names: list[str], choice: ToolChoice) -> None:
    ask = read(body(**members)).ask
    assert ([tool.name for tool in ask.tools], ask.choice) == (names, choice)


IGNORED: dict[str, tuple[Json, tuple[str, ...]]] = {
    "tools of other kinds": (ALL | {"tools": [{"type": "web_search"}, READ, {"type": "mcp"}, {"type": "web_search"}]},
                             ("tools.web_search", "tools.mcp")),
    "other kinds in a namespace": ({"tools": [AGENTS | {"tools": [{"type": "shell"}]}]}, ("tools.shell",)),
    "the choice of a hosted tool": (ALL | {"tool_choice": {"type": "mcp", "server_label": "x"}},
                                    ("tool_choice.mcp", "tools.web_search")),
    "a demand that cannot be met": (HOSTED | {"tool_choice": "required"}, ("tool_choice", "tools.web_search")),
    "store": ({"store": True}, ("store",)),
    "store, where nothing is to be stored": ({"store": False}, ()),
    "truncation": ({"truncation": "auto"}, ("truncation",)),
    "truncation, where nothing is to be cut": ({"truncation": "disabled"}, ()),
    "include": ({"include": ["reasoning.encrypted_content", "message.output_text.logprobs"]},
                ("include.message.output_text.logprobs",)),
    "members of text and reasoning": ({"text": {"verbosity": "low"}, "reasoning": {"mode": "pro", "summary": "auto"}},
                                      ("reasoning.mode", "text.verbosity")),
    "sampling, tags and unknown fields": ({"temperature": 0.5, "user": "me", "client_metadata": {"a": "b"}, "new": [1]},
                                          ("client_metadata", "temperature", "user", "new")),
    "what is empty": ({"previous_response_id": "", "conversation": None, "prompt": None, "user": None}, ()),
    "obfuscation": ({"stream_options": {"include_obfuscation": False}}, ()),
}  # fmt: skip


@pytest.mark.parametrize(("members", "names"), IGNORED.values(), ids=IGNORED)
def test_what_has_no_effect_is_named(members: Json, names: tuple[str, ...]) -> None:
    assert read(body(**members)).ignored == names


THINKING: dict[str, tuple[Json | None, Thinking]] = {
    "nothing said": (None, Thinking()),
    "an effort": ({"effort": "high", "summary": "auto"}, Thinking(on=True, effort="high")),
    "no thinking": ({"effort": "none"}, Thinking(on=False)),
    "a summary": ({"generate_summary": "concise"}, Thinking()),
}


@pytest.mark.parametrize(("given", "thinking"), THINKING.values(), ids=THINKING)
def test_thinking(given: Json | None, thinking: Thinking) -> None:
    assert read(body(reasoning=given)).ask.thinking == thinking


SCHEMA = {"type": "json_schema", "name": "x", "description": "y", "schema": {"a": 1}, "strict": True}
FORMATS: dict[str, tuple[Any, JsonAnswer | None]] = {
    "none": (None, None),
    "text": ({"type": "text"}, None),
    "json_object": ({"type": "json_object"}, JsonAnswer()),
    "json_schema": (SCHEMA, JsonAnswer({"a": 1}, "x", "y")),
}


@pytest.mark.parametrize(("sent", "answer"), FORMATS.values(), ids=FORMATS)
def test_formats(sent: Any, answer: JsonAnswer | None) -> None:
    assert read(body(text={"format": sent})).ask.answer == answer


def test_the_rest() -> None:
    sent = body(
        stream=True,
        max_output_tokens=7.0,
        parallel_tool_calls=False,
        prompt_cache_key="c",
        include=["reasoning.encrypted_content"],
    )
    wanted = read(sent)
    ask = wanted.ask
    assert (wanted.stream, wanted.encrypted, ask.limits, ask.parallel, ask.conversation) == (
        True, True, Limits(7), False, "c",
    )  # fmt: skip


# --- whatever comes ----------------------------------------------------------------------------------------------------

WORDS = ["model", "input", "role", "content", "type", "text", "image_url", "file_data", "tools", "name", "parameters", "call_id",
         "arguments", "output", "summary", "encrypted_content", "namespace", "tool_choice", "mode", "format", "include",
         "reasoning", "effort", "instructions", "metadata", "id", "result"]  # fmt: skip
VALUES = ["user", "assistant", "developer", "function", "custom", "namespace", "message", "function_call", "reasoning",
          "input_text", "function_call_output", "custom_tool_call", "additional_tools", "image_generation_call",
          "allowed_tools", "input_image", "computer_call_output", f"data:image/png;base64,{PIXEL}", "k2c1.e30="]  # fmt: skip
anything = st.recursive(
    json_values | st.sampled_from(VALUES) | st.just(10**30) | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS), inner, max_size=4),
    max_leaves=12,
)
item = st.fixed_dictionaries(
    {"type": st.sampled_from(VALUES)}, optional=dict.fromkeys([w for w in WORDS if w != "type"], anything)
)
almost = st.fixed_dictionaries(
    {"model": st.just("m"), "input": st.lists(item, min_size=1, max_size=3)},
    optional={name: anything for name in WORDS if name not in ("model", "input")},
)
MANY = settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))


@MANY
@given(anything | almost)
def test_any_json_is_an_ask_or_a_bad_request(sent: Any) -> None:
    with suppress(BadRequest):
        assert isinstance(read(sent), Wanted)


@settings(MANY, max_examples=200)
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
