"""Sample values are valid against their schemas."""

from __future__ import annotations

import json
from typing import Any

import pytest

from kiro2chat_functions.emulator.samples import sample

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "boss": {"$ref": "#/$defs/person"}},
    "required": ["name"],
}
SAMPLES: dict[str, tuple[Any, Any]] = {
    "string": ({"type": "string"}, "demo value"),
    "short": ({"type": "string", "maxLength": 3}, "dem"),
    "long": ({"type": "string", "minLength": 12}, "demo value.."),
    "date": ({"type": "string", "format": "date"}, "2026-01-31"),
    "integer": ({"type": "integer"}, 1),
    "minimum": ({"type": "integer", "minimum": 5}, 5),
    "exclusive minimum": ({"type": "integer", "exclusiveMinimum": 5}, 6),
    "maximum": ({"type": "integer", "maximum": -5}, -5),
    "multiple": ({"type": "integer", "multipleOf": 7}, 7),
    "number": ({"type": "number", "exclusiveMaximum": 0}, -0.5),
    "boolean": ({"type": "boolean"}, True),
    "null": ({"type": "null"}, None),
    "enum": ({"enum": ["b", "a"]}, "b"),
    "const": ({"const": {"x": 1}}, {"x": 1}),
    "default": ({"type": "string", "default": "d"}, "d"),
    "nullable": ({"type": ["null", "integer"]}, 1),
    "any of": ({"anyOf": [{"type": "null"}, {"type": "integer"}]}, 1),
    "one of": ({"oneOf": [{"type": "boolean"}]}, True),
    "all of": (
        {"allOf": [{"type": "object", "properties": {"a": {"type": "integer"}}, "required": ["a"]},
                   {"properties": {"b": {"type": "boolean"}}, "required": ["b"]}]},
        {"a": 1, "b": True},
    ),
    "array": ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [1, 1]),
    "tuple": ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "boolean"}]}, [1, True]),
    "no more": ({"type": "array", "items": {"type": "integer"}, "maxItems": 0}, []),
    "reference": ({"$ref": "#/$defs/n", "$defs": {"n": {"type": "integer", "minimum": 3}}}, 3),
    "properties without a type": ({"properties": {"a": {"type": "integer"}}, "required": ["a"]}, {"a": 1}),
    "required but not described": ({"type": "object", "required": ["a"]}, {"a": "demo a"}),
    "nothing said": ({}, "demo value"),
    "true": (True, "demo value"),
}  # fmt: skip


@pytest.mark.parametrize(("schema", "value"), SAMPLES.values(), ids=SAMPLES)
def test_samples(schema: Any, value: Any) -> None:
    assert sample(schema) == value


def test_recursion_ends() -> None:
    value = sample({"$ref": "#/$defs/person", "$defs": {"person": PERSON}})
    assert value["name"] == "Demo"
    assert len(json.dumps(value)) < 1000


def test_required_recursion_ends_too() -> None:
    endless = {"type": "object", "properties": {"next": {"$ref": "#"}}, "required": ["next"]}
    assert "next" in sample(endless)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": None, "required": None},
        {"type": "nonsense"},
        {"$ref": "elsewhere.json"},
        {"anyOf": []},
        {"allOf": [True, None]},
        {"type": "array", "items": None},
        {"enum": []},
        [],
        None,
    ],
)
def test_odd_schemas_are_no_error(schema: Any) -> None:
    json.dumps(sample(schema))
