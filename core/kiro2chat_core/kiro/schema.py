"""JSON Schemas of tool arguments, cut down to what the backend takes (protocol notes 3.4, "Schema quirks").

The root must say `"type": "object"` and hold no `oneOf`/`anyOf`/`allOf`/`$ref` (kirodotdev/Kiro#9721); null members are refused
everywhere; `additionalProperties`, an empty `required` and `$schema` are refused by some backends and stripped for all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, TypeAlias

__all__ = ["REFUSED_KEYWORDS", "ROOT_COMBINERS", "clean", "walk"]

Schema: TypeAlias = dict[str, Any]

REFUSED_KEYWORDS = frozenset({"additionalProperties", "$schema"})
ROOT_COMBINERS = ("allOf", "anyOf", "oneOf")

# Keywords by what they hold. A property may be called "required" or "$schema": only keyword positions are cleaned.
_ONE = frozenset(
    {"additionalProperties", "contains", "else", "if", "items", "not", "propertyNames", "then",
     "unevaluatedItems", "unevaluatedProperties"}
)  # fmt: skip
_MANY = frozenset({"allOf", "anyOf", "oneOf", "prefixItems"})
_NAMED = frozenset({"$defs", "definitions", "dependentSchemas", "patternProperties", "properties"})
_COMBINER_DEPTH = 5  # a branch may refer back to the root
_NULL_IS_A_VALUE = frozenset({"const", "default", "example"})


def walk(schema: object, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema within a schema, the root first, with its path."""
    if not isinstance(schema, dict):
        return
    yield path, schema
    for keyword, value in schema.items():
        inner = f"{path}.{keyword}"
        if keyword in _NAMED and isinstance(value, dict):
            for name, child in value.items():
                yield from walk(child, f"{inner}.{name}")
        elif isinstance(value, list) and (keyword in _MANY or keyword in _ONE):
            for index, child in enumerate(value):
                yield from walk(child, f"{inner}[{index}]")
        elif keyword in _ONE:
            yield from walk(value, inner)


def clean(schema: Mapping[str, Any]) -> Schema:
    """The same arguments in a form the backend takes. Never raises; what makes no sense is dropped."""
    root = _clean(_as_object(dict(schema), schema, depth=0))
    root["type"] = "object"
    root.setdefault("properties", {})
    return root


def _clean(node: Schema) -> Schema:
    kept = {key: _clean_member(key, value) for key, value in node.items() if _stays(key, value)}
    if "required" in kept:
        required = list(dict.fromkeys(name for name in kept["required"] if isinstance(name, str)))
        if required:
            kept["required"] = required
        else:
            del kept["required"]
    return kept


def _stays(keyword: str, value: Any) -> bool:
    if keyword in REFUSED_KEYWORDS or (value is None and keyword not in _NULL_IS_A_VALUE):
        return False
    if keyword in _NAMED:
        return isinstance(value, dict)
    if keyword == "required" or keyword in _MANY:
        return isinstance(value, list)
    return True


def _clean_member(keyword: str, value: Any) -> Any:
    if keyword in _NAMED:
        return {name: _clean_child(child) for name, child in value.items()}
    if keyword in _MANY or (keyword in _ONE and isinstance(value, list)):
        return [_clean_child(child) for child in value]
    if keyword in _ONE:
        return _clean_child(value)
    return value


def _clean_child(child: Any) -> Schema:
    if isinstance(child, dict):
        return _clean(child)
    return {"not": {}} if child is False else {}


def _as_object(root: Schema, document: Mapping[str, Any], depth: int) -> Schema:
    """A root without references or combiners: their properties are gathered, what all branches require stays required."""
    root = _resolved(root, document)
    properties, required = dict(_properties(root)), list(_required(root))
    for combiner in ROOT_COMBINERS:
        branches = root.pop(combiner, None)
        if not isinstance(branches, list):
            continue
        dicts = [dict(branch) for branch in branches if isinstance(branch, dict)]
        objects = [_as_object(branch, document, depth + 1) for branch in dicts] if depth < _COMBINER_DEPTH else []
        for branch in objects:
            properties = _properties(branch) | properties
        required += _required_by(combiner, objects)
    if properties:
        root["properties"] = properties
    root["required"] = required
    return root


def _properties(node: Schema) -> Schema:
    found = node.get("properties")
    return found if isinstance(found, dict) else {}


def _required(node: Schema) -> list[Any]:
    found = node.get("required")
    return found if isinstance(found, list) else []


def _required_by(combiner: str, branches: list[Schema]) -> list[Any]:
    lists = [_required(branch) for branch in branches]
    if combiner == "allOf":
        return [name for names in lists for name in names]
    return [name for name in lists[0] if all(name in names for names in lists)] if lists else []


def _resolved(root: Schema, document: Mapping[str, Any]) -> Schema:
    """Follow `$ref` at the root, within the document; a cycle or a dangling reference ends at what is there."""
    seen: set[str] = set()
    while isinstance(reference := root.pop("$ref", None), str) and reference not in seen:
        seen.add(reference)
        target: Any = document
        for step in reference.removeprefix("#").strip("/").split("/"):
            name = step.replace("~1", "/").replace("~0", "~")
            target = target.get(name) if isinstance(target, Mapping) and step else target if not step else None
        if isinstance(target, Mapping):
            root = {**target, **root}
    return root
