"""What is wrong with arguments is told by the field's name, and nothing is converted."""

from __future__ import annotations

from typing import Any

import pytest

from kiro2chat_core.agent.arguments import wrong

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "path": {"type": "string", "description": "Path of the file."},
        "limit": {"type": "integer", "minimum": 1, "maximum": 9},
        "seconds": {"type": "number"},
        "mode": {"type": "string", "enum": ["a", "b"]},
        "headers": {"type": "object"},
        "deep": {"type": "object", "properties": {"x": {"type": "boolean"}}, "required": ["x"]},
    },
    "required": ["path"],
}

CASES: dict[str, tuple[dict[str, Any], str | None]] = {
    "right": ({"path": "x", "limit": 9, "seconds": 0.5, "mode": "a", "headers": {"any": 1}}, None),
    "missing": ({}, "`path` is missing: a string, Path of the file."),
    "missing deeper": ({"path": "x", "deep": {}}, "`deep.x` is missing: true or false."),
    "a number for a string": ({"path": 1}, "`path` must be a string, not a whole number."),
    "nothing for a string": ({"path": None}, "`path` must be a string, not null."),
    "text for a number": ({"path": "x", "limit": "3"}, "`limit` must be a whole number, not a string."),
    "a float for an integer": ({"path": "x", "limit": 3.0}, "`limit` must be a whole number, not a number with a fraction."),
    "true for an integer": ({"path": "x", "limit": True}, "`limit` must be a whole number, not true or false."),
    "not a number": ({"path": "x", "seconds": float("nan")}, "`seconds` must be a number, not a number with a fraction."),
    "too small": ({"path": "x", "limit": 0}, "`limit` must be at least 1."),
    "too large": ({"path": "x", "limit": 10}, "`limit` must be at most 9."),
    "no such word": ({"path": "x", "mode": "c" * 9999}, "`mode` must be one of a, b."),
    "deeper": ({"path": "x", "deep": {"x": 1}}, "`deep.x` must be true or false, not a whole number."),
    "unknown": (
        {"path": "x", "Path": "y"},
        "There is no argument `Path`; known are `path`, `limit`, `seconds`, `mode`, `headers`, `deep`.",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("arguments", "sentence"), CASES.values(), ids=CASES)
def test_what_is_wrong(arguments: dict[str, Any], sentence: str | None) -> None:
    assert wrong(SCHEMA, arguments) == sentence


def test_several_are_told_together_but_not_all_of_a_hundred() -> None:
    told = wrong(SCHEMA, {f"x{number}": 1 for number in range(100)}) or ""
    assert told.count("There is no argument") == 5
    assert told.endswith(" And 96 more.")


def test_a_schema_may_allow_more_and_never_reaches_for_the_network() -> None:
    assert wrong({"type": "object", "additionalProperties": True}, {"x": 1}) is None
    with pytest.raises(Exception, match="Unresolvable"):
        wrong({"properties": {"x": {"$ref": "http://127.0.0.1:9/schema"}}}, {"x": 1})
