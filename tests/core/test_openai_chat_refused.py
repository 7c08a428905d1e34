"""OpenAI chat completions: what is wrong with a request, told by its field."""

from __future__ import annotations

from typing import Any

import pytest
from tests.core.chat_asks import CALL, CONTENT, DATA_URL, HI, READ, body, image, read, user

from kiro2chat_core.errors import (
    BadRequest,
)

# --- what is wrong -----------------------------------------------------------------------------------------------------

URL = "messages[0].content[1].image_url.url"

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
