"""What the model wrote as arguments, held against the tool's schema. Nothing is converted: what is wrong is told by name.

The sentences are for the model, which may call again; so they say what was expected and never repeat a long value.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any

__all__ = ["wrong"]

_MOST = 5

_NOUNS: Mapping[str, str] = {
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "array": "an array",
    "object": "an object",
    "null": "null",
}
_TYPES: tuple[tuple[type, str], ...] = (
    (bool, "true or false"),
    (str, "a string"),
    (int, "a whole number"),
    (float, "a number with a fraction"),
    (list, "an array"),
    (dict, "an object"),
    (type(None), "null"),
)


def wrong(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> str | None:
    """What is wrong with the arguments, one sentence for each field; None where nothing is.

    An argument that the schema does not list is wrong, unless the schema says `additionalProperties`.
    """
    sentences = [*_unknown(schema, arguments), *_problems(schema, arguments)]
    if not sentences:
        return None
    more = f" And {len(sentences) - _MOST} more." if len(sentences) > _MOST else ""
    return " ".join(sentences[:_MOST]) + more


def _unknown(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[str]:
    known = schema.get("properties", {})
    if "additionalProperties" not in schema:
        for name in arguments:
            if name not in known:
                listed = f"known are {', '.join(f'`{each}`' for each in known)}" if known else "there are none"
                yield f"There is no argument `{str(name)[:60]}`; {listed}."


def _problems(schema: Mapping[str, Any], arguments: Mapping[str, Any]) -> Iterator[str]:
    from jsonschema import Draft202012Validator, validators  # 0.1 s that only a call costs
    from referencing import Registry

    checker = Draft202012Validator.TYPE_CHECKER.redefine_many({"integer": _is_integer, "number": _is_number})
    # With a registry of its own it never fetches a `$ref` from the network.
    validator = validators.extend(Draft202012Validator, type_checker=checker)(schema, registry=Registry())
    for error in sorted(validator.iter_errors(dict(arguments)), key=lambda each: each.json_path):
        yield _sentence(error)


def _is_integer(_checker: object, value: object) -> bool:
    """Not 3.0, which JSON Schema would take: the tools count with it."""
    return type(value) is int


def _is_number(_checker: object, value: object) -> bool:
    return type(value) is int or (type(value) is float and math.isfinite(value))


def _sentence(error: Any) -> str:
    field, wanted = error.json_path.removeprefix("$.").removeprefix("$"), error.validator_value
    place = f"`{field}`" if field else "The arguments"
    match error.validator:
        case "required":
            missing = next((name for name in wanted if name not in error.instance), "?")
            described = error.schema.get("properties", {}).get(missing, {})
            inner = f"{field}.{missing}" if field else missing
            return f"`{inner}` is missing: {_expected(described)}."
        case "type":
            nouns = [_NOUNS.get(each, str(each)) for each in ([wanted] if isinstance(wanted, str) else wanted)]
            return f"{place} must be {' or '.join(nouns)}, not {_named(error.instance)}."
        case "enum":
            return f"{place} must be one of {', '.join(map(str, wanted))}."
        case "minimum":
            return f"{place} must be at least {wanted}."
        case "maximum":
            return f"{place} must be at most {wanted}."
    return f"{place} is not as the schema demands ({error.validator}: {str(wanted)[:80]})."


def _expected(described: Mapping[str, Any]) -> str:
    noun = _NOUNS.get(str(described.get("type")), "a value")
    return f"{noun}, {described['description'].rstrip('.')}" if "description" in described else noun


def _named(value: object) -> str:
    return next((noun for kind, noun in _TYPES if isinstance(value, kind)), "something else")
