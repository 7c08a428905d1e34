"""The promise of the conversion: whatever a client may legally send becomes a body without violations."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tests.openai_bodies import bodies, root_schemas

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import openai_chat
from kiro2chat_core.kiro import rules, schema
from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.kiro.request import Style, build

THOROUGH = settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))


def received(body: dict[str, Any], *, broken: bool = False) -> Any:
    """The body as it comes off the wire; `broken` cuts letters in half, as JavaScript clients do."""
    written = json.dumps(body)
    return jsonio.loads(written.replace('"hi"', r'"h\ud83d"') if broken else written)


@THOROUGH
@given(bodies(), st.booleans(), st.sampled_from([Style(), Style(identity="claude"), Style(origin="AI_EDITOR")]))
def test_whatever_a_client_may_legally_send_becomes_a_body_without_violations(
    body: dict[str, Any], broken: bool, style: Style
) -> None:
    ask = openai_chat.read(received(body, broken=broken)).ask
    request = build(ask, Model("claude-sonnet-4.5"), style)
    assert rules.check(request.body, rules.STRICT) == []
    assert jsonio.loads(jsonio.dumps(request.body)) == request.body


@settings(THOROUGH, max_examples=300)
@given(bodies())
def test_nothing_the_user_wrote_is_lost(body: dict[str, Any]) -> None:
    sent = jsonio.text(build(openai_chat.read(received(body)).ask, Model("m")).body)
    for message in body["messages"]:
        content = message.get("content")
        parts = content if isinstance(content, list) else [{"type": "text", "text": content}]
        texts = [part["text"] for part in parts if part["type"] == "text" and (part["text"] or "").strip()]
        if message["role"] in ("tool", "function"):
            continue  # a repeated result is dropped by design
        for text in texts:
            assert jsonio.text(text)[1:-1] in sent


@settings(THOROUGH, max_examples=150)
@given(bodies())
def test_the_same_request_becomes_the_same_body(body: dict[str, Any]) -> None:
    ask = openai_chat.read(received(body)).ask
    assert build(ask, Model("m")) == build(ask, Model("m"))


@THOROUGH
@given(root_schemas)
def test_schemas_come_clean_and_cleaning_again_changes_nothing(document: dict[str, Any]) -> None:
    cleaned = schema.clean(document)
    assert cleaned["type"] == "object"
    assert not set(schema.ROOT_COMBINERS) & set(cleaned)
    for _, node in schema.walk(cleaned):
        assert not schema.REFUSED_KEYWORDS & set(node)
        assert node.get("required", ["x"]) not in ([], None)
    assert schema.clean(cleaned) == cleaned


def test_a_property_may_be_called_like_a_keyword() -> None:
    document = {
        "type": "object",
        "properties": {"$schema": {"type": "string"}, "additionalProperties": {"type": "boolean"}, "required": {}},
        "required": ["$schema"],
        "additionalProperties": False,
    }
    assert schema.clean(document) == {
        "type": "object",
        "properties": {"$schema": {"type": "string"}, "additionalProperties": {"type": "boolean"}, "required": {}},
        "required": ["$schema"],
    }


@pytest.mark.parametrize(
    ("document", "cleaned"),
    [
        ({}, {"type": "object", "properties": {}}),
        ({"type": "string"}, {"type": "string", "properties": {}} | {"type": "object"}),
        ({"type": ["object", "null"], "properties": {"a": {}}}, {"type": "object", "properties": {"a": {}}}),
        ({"properties": None, "required": None}, {"type": "object", "properties": {}}),
        (
            {
                "anyOf": [
                    {"properties": {"a": {}}, "required": ["a", "b"]},
                    {"properties": {"b": {}}, "required": ["b"]},
                ]
            },
            {"type": "object", "properties": {"a": {}, "b": {}}, "required": ["b"]},
        ),
        (
            {"allOf": [{"required": ["a"]}, {"properties": {"a": {"default": None}}, "required": ["b"]}]},
            {"type": "object", "properties": {"a": {"default": None}}, "required": ["a", "b"]},
        ),
        (
            {
                "$ref": "#/$defs/Args",
                "$defs": {"Args": {"type": "object", "properties": {"x": {"$ref": "#/$defs/Args"}}}},
            },
            {
                "type": "object",
                "properties": {"x": {"$ref": "#/$defs/Args"}},
                "$defs": {"Args": {"type": "object", "properties": {"x": {"$ref": "#/$defs/Args"}}}},
            },
        ),
        ({"oneOf": [{"$ref": "#"}]}, {"type": "object", "properties": {}}),
        ({"properties": {"a": True, "b": False}}, {"type": "object", "properties": {"a": {}, "b": {"not": {}}}}),
    ],
)
def test_roots_become_objects(document: dict[str, Any], cleaned: dict[str, Any]) -> None:
    assert schema.clean(document) == cleaned
