"""Hypothesis strategies: whatever an OpenAI client may legally send, the odd included."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import quote

from hypothesis import strategies as st

__all__ = ["PIXEL", "bodies", "json_values", "root_schemas"]

PIXEL = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
GIF = base64.b64encode(b"GIF89a" + bytes(20)).decode()
JPEG = base64.b64encode(b"\xff\xd8\xff\xe0" + bytes(20)).decode()
WEBP = base64.b64encode(b"RIFF\x00\x00\x00\x00WEBPVP8 ").decode()

Body = dict[str, Any]

texts = st.one_of(
    st.sampled_from(["", " ", "\n", "hi", "你好，世界", "**bold**", "<thinking>no</thinking>", "x" * 3000]),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
)
json_scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**53), 2**53), st.floats(allow_nan=False, allow_infinity=False), texts
)
DEEP: Any = "down here"
for _ in range(40):
    DEEP = {"a": [DEEP]}

json_values = st.recursive(
    json_scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3), max_leaves=8
)

tool_names = st.one_of(
    st.sampled_from(["read_file", "Read", "mcp__server__do", "a" * 64, "b" * 65, "名字", "with space", "x.y/z", "1st"]),
    st.from_regex(r"\A[a-zA-Z0-9_.-]{1,90}\Z"),
    st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=100),
)
call_ids = st.one_of(
    st.sampled_from(["call_1", "call_2", "call_3", "toolu_01", "x" * 100, "id with space", "é"]),
    st.from_regex(r"\A[a-zA-Z0-9_-]{1,40}\Z"),
)


def _schema_nodes(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    properties = st.dictionaries(
        st.sampled_from(["path", "required", "properties", "$schema", "additionalProperties", "type", "n"]),
        inner,
        max_size=4,
    )
    return st.fixed_dictionaries(
        {},
        optional={
            "$schema": st.just("http://json-schema.org/draft-07/schema#"),
            "$ref": st.sampled_from(["#", "#/$defs/a", "#/nowhere", "other.json"]),
            "$defs": st.dictionaries(st.sampled_from(["a", "b"]), inner, max_size=2),
            "type": st.sampled_from(["object", "string", "array", ["object", "null"], "number", None]),
            "description": texts,
            "properties": properties | st.none(),
            "patternProperties": properties,
            "required": st.lists(st.sampled_from(["path", "n", "required"]), max_size=3) | st.none(),
            "additionalProperties": st.booleans() | inner,
            "items": inner | st.lists(inner, max_size=2),
            "anyOf": st.lists(inner, max_size=2),
            "oneOf": st.lists(inner, max_size=2),
            "allOf": st.lists(inner, max_size=2),
            "not": inner,
            "enum": st.lists(json_scalars, max_size=3),
            "const": json_scalars,
            "default": json_values,
            "pattern": st.just("^a+$"),
            "format": st.just("uri"),
            "minimum": st.integers() | st.just(-(10**40)),
            "examples": st.just([DEEP]),
            "propertyNames": inner,
        },
    )


schemas = st.recursive(st.booleans() | st.just({}) | st.just({"type": "string"}), _schema_nodes, max_leaves=6)
root_schemas = schemas.filter(lambda schema: isinstance(schema, dict))

text_part = st.fixed_dictionaries({"type": st.just("text"), "text": texts})
image_urls = st.builds(
    "data:image/{};base64,{}".format,
    st.sampled_from(["png", "jpeg", "gif", "webp", "jpg"]),
    st.sampled_from(
        [PIXEL, GIF, JPEG, WEBP, GIF.rstrip("="), quote(PIXEL, safe=""), PIXEL.replace("+", "-").replace("/", "_")]
    ),
)
image_part = image_urls.map(
    lambda url: {"type": "image_url", "image_url": {"url": url, "detail": "auto"}}
) | image_urls.map(lambda url: {"type": "image_url", "image_url": url})
user_content = (
    texts | st.lists(text_part | image_part, min_size=1, max_size=4) | st.lists(image_part, min_size=11, max_size=14)
)
text_content = texts | st.lists(text_part, min_size=1, max_size=3)
arguments = json_values.map(json.dumps) | st.sampled_from(
    [
        "",
        "{",
        '{"a":',
        "null",
        "[1]",
        '{"path": "a.txt"}',
        json.dumps(DEEP),
        "[" * 300 + "]" * 300,
        '{"n": 1' + "0" * 40 + "}",
    ]
)


def _call(call_id: str, name: str, text: str) -> Body:
    return {"id": call_id, "type": "function", "function": {"name": name, "arguments": text}}


def _custom_call(call_id: str, name: str, text: str) -> Body:
    return {"id": call_id, "type": "custom", "custom": {"name": name, "input": text}}


@st.composite
def _messages(draw: st.DrawFn, names: list[str]) -> list[Body]:
    called = st.sampled_from(names) | tool_names if names else tool_names
    call = st.builds(_call, call_ids, called, arguments) | st.builds(_custom_call, call_ids, called, texts)
    calls = st.lists(call, min_size=1, max_size=3)
    function_call = st.fixed_dictionaries({"name": called, "arguments": arguments})
    assistant = st.fixed_dictionaries(
        {"role": st.just("assistant")},
        optional={
            "content": text_content | st.none(),
            "tool_calls": calls,
            "refusal": st.none() | texts,
            "name": texts,
            "function_call": function_call,
            "reasoning_content": texts,
        },
    )
    message: st.SearchStrategy[Body] = st.one_of(
        st.fixed_dictionaries({"role": st.sampled_from(["system", "developer"]), "content": text_content}),
        st.fixed_dictionaries({"role": st.just("user"), "content": user_content}, optional={"name": st.just("Ann")}),
        assistant,
        st.fixed_dictionaries(
            {"role": st.just("tool"), "tool_call_id": call_ids, "content": text_content | user_content}
        ),
        st.fixed_dictionaries({"role": st.just("function"), "name": called, "content": texts | st.none()}),
    )
    messages: list[Body] = []
    late: list[Body] = []
    for drawn in draw(st.lists(message, min_size=1, max_size=8)):
        messages.append(drawn)
        # Most clients answer what was called: without this, sound pairs would be rare.
        if drawn["role"] == "assistant" and drawn.get("tool_calls") and draw(st.booleans()):
            for call in draw(st.permutations(drawn["tool_calls"])):
                # Now and then a result comes late: after an interruption, or from a tool that takes its time.
                where = late if draw(st.integers(0, 9)) == 0 else messages
                where.append({"role": "tool", "tool_call_id": call["id"], "content": draw(text_content)})
    return messages + late


@st.composite
def bodies(draw: st.DrawFn) -> Body:
    """A whole chat-completions body."""
    names = draw(st.lists(tool_names, max_size=4))
    tools = [
        {
            "type": "function",
            "function": {
                "name": name,
                **draw(
                    st.fixed_dictionaries(
                        {},
                        optional={
                            "description": texts | st.just("long " * 2500),
                            "parameters": root_schemas,
                            "strict": st.booleans(),
                        },
                    )
                ),
            },
        }
        for name in names
    ]
    body: Body = {"model": "claude-sonnet-4.5", "messages": draw(_messages(names))}
    if tools:
        body["tools"] = tools
        one = {"name": draw(st.sampled_from(names))}
        named = {"type": "function", "function": one}
        modes = [{"mode": mode, "tools": [named]} for mode in ("auto", "required")]
        allowed = [{"type": "allowed_tools", "allowed_tools": mode} for mode in modes]
        body["tool_choice"] = draw(st.sampled_from(["auto", "none", "required", named, *allowed]))
        if draw(st.integers(0, 4)) == 0:
            body["tools"] = [*tools, {"type": "custom", "custom": {"name": "sql"}}, {"type": "web_search"}]
        elif draw(st.integers(0, 4)) == 0:  # as before 2023
            body["functions"] = [tool["function"] for tool in body.pop("tools")]
            del body["tool_choice"]
            body["function_call"] = draw(st.sampled_from(["auto", "none", one]))
    optional = {
        "max_tokens": st.integers(1, 100_000),
        "stop": texts | st.lists(texts, max_size=4) | st.none(),
        "temperature": st.floats(0, 2),
        "parallel_tool_calls": st.booleans(),
        "response_format": st.sampled_from(
            [
                {"type": "text"},
                {"type": "json_object"},
                {"type": "json_schema", "json_schema": {"name": "n", "schema": {"type": "object"}}},
            ]
        ),
        "user": texts,
        "something_new": json_values | st.just(10**40),
    }
    return body | draw(st.fixed_dictionaries({}, optional=optional))
