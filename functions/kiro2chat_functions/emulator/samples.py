"""A plausible value for a JSON Schema: what the emulator fills arguments and structured answers with."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

__all__ = ["sample"]

_FORMATS = {
    "date": "2026-01-31",
    "date-time": "2026-01-31T12:00:00Z",
    "duration": "P1D",
    "email": "demo@example.com",
    "hostname": "example.com",
    "idn-email": "demo@example.com",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
    "time": "12:00:00Z",
    "uri": "https://example.com/",
    "uuid": "00000000-0000-4000-8000-000000000000",
}
_NAMES = {
    "city": "Paris",
    "command": "echo demo",
    "country": "France",
    "location": "Paris",
    "name": "Demo",
    "path": "README.md",
    "query": "demo",
    "url": "https://example.com/",
}
"""Values that look right for arguments of these names."""

_DEEPEST = 12


def sample(schema: object, name: str = "value") -> Any:
    """A value that is valid against the schema, as far as one can be told from it; `pattern` is not read.

    Every property is filled in, those that lead back into the schema only where they are required.
    """
    return _Sampler(schema if isinstance(schema, Mapping) else {}).value(schema, name, 0)


class _Sampler:
    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def value(self, schema: object, name: str, depth: int) -> Any:
        if not isinstance(schema, Mapping) or depth > _DEEPEST:
            return None if isinstance(schema, Mapping) else f"demo {name}"
        schema = self._resolved(schema)
        for keyword in ("const", "default"):
            if keyword in schema:
                return schema[keyword]
        for keyword in ("enum", "examples"):
            if isinstance(schema.get(keyword), list) and schema[keyword]:
                return schema[keyword][0]
        match self._kind(schema):
            case "object":
                return self._object(schema, depth)
            case "array":
                return self._array(schema, name, depth)
            case "string":
                return _string(schema, name)
            case "integer":
                return int(_number(schema, step=1))
            case "number":
                return _number(schema, step=0.5)
            case "boolean":
                return True
            case "null":
                return None
        return f"demo {name}"

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        """References followed, `allOf` merged, and of alternatives the first that is not null taken."""
        for _ in range(_DEEPEST):
            if isinstance(reference := schema.get("$ref"), str):
                rest = {key: value for key, value in schema.items() if key != "$ref"}
                schema = {**self._referred(reference), **rest}
            elif isinstance(branches := schema.get("allOf"), list):
                rest = {key: value for key, value in schema.items() if key != "allOf"}
                schema = _merged([*branches, rest])
            elif isinstance(branches := schema.get("anyOf", schema.get("oneOf")), list) and branches:
                rest = {key: value for key, value in schema.items() if key not in ("anyOf", "oneOf")}
                chosen = next((branch for branch in branches if branch != {"type": "null"}), branches[0])
                schema = _merged([rest, chosen])
            else:
                break
        return schema

    def _referred(self, reference: str) -> Mapping[str, Any]:
        target: Any = self._root
        for step in reference.removeprefix("#").split("/")[1:]:
            target = target.get(step.replace("~1", "/").replace("~0", "~"), {}) if isinstance(target, Mapping) else {}
        return target if isinstance(target, Mapping) else {}

    def _kind(self, schema: Mapping[str, Any]) -> str:
        kind = schema.get("type")
        if isinstance(kind, list):
            kind = next((one for one in kind if one != "null"), "null")
        if isinstance(kind, str):
            return kind
        return "object" if "properties" in schema else "array" if "items" in schema else ""

    def _object(self, schema: Mapping[str, Any], depth: int) -> dict[str, Any]:
        properties = schema.get("properties")
        properties = properties if isinstance(properties, Mapping) else {}
        listed = schema.get("required")
        required = [name for name in listed if isinstance(name, str)] if isinstance(listed, list) else []
        chosen = [name for name in properties if name in required or (depth < 2 and not self._recurs(properties[name]))]
        chosen += [name for name in required if name not in properties]
        return {name: self.value(properties.get(name, True), name, depth + 1) for name in chosen}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> list[Any]:
        fixed = schema.get("prefixItems")
        items = [self.value(one, name, depth + 1) for one in fixed] if isinstance(fixed, list) else []
        least = schema.get("minItems")
        most = schema.get("maxItems")
        wanted = max(least if isinstance(least, int) else 0, 1 if depth < 4 and "items" in schema else 0)
        wanted = min(wanted, most) if isinstance(most, int) else wanted
        return items + [self.value(schema.get("items", True), name, depth + 1) for _ in range(wanted - len(items))]

    def _recurs(self, schema: object) -> bool:
        return isinstance(schema, Mapping) and schema.get("$ref") == "#"


def _merged(schemas: list[Any]) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for schema in schemas:
        if not isinstance(schema, Mapping):
            continue
        properties = {**merged.get("properties", {}), **(schema.get("properties") or {})}
        required = [*merged.get("required", []), *(schema.get("required") or [])]
        merged = {**merged, **schema}
        merged |= {"properties": properties} if properties else {}
        merged |= {"required": required} if required else {}
    return merged


def _string(schema: Mapping[str, Any], name: str) -> str:
    text = _FORMATS.get(schema.get("format", ""), _NAMES.get(name.lower(), f"demo {name.replace('_', ' ')}"))
    least, most = schema.get("minLength"), schema.get("maxLength")
    if isinstance(least, int):
        text = text.ljust(least, ".")
    return text[:most] if isinstance(most, int) else text


def _number(schema: Mapping[str, Any], step: float) -> float:
    """The number nearest to 1 within the bounds, on the grid of `multipleOf`."""
    grid = schema.get("multipleOf")
    unit = float(grid) if isinstance(grid, int | float) and grid > 0 else float(step)
    low = max((_bound(schema, "minimum", 0), _bound(schema, "exclusiveMinimum", step)), default=-math.inf)
    high = min(_upper(schema, "maximum", 0), _upper(schema, "exclusiveMaximum", step))
    value = min(max(1.0, low), high)
    on_grid = math.ceil(value / unit) * unit
    return on_grid if on_grid <= high else math.floor(value / unit) * unit


def _bound(schema: Mapping[str, Any], keyword: str, inset: float) -> float:
    bound = schema.get(keyword)
    return bound + inset if isinstance(bound, int | float) and not isinstance(bound, bool) else -math.inf


def _upper(schema: Mapping[str, Any], keyword: str, inset: float) -> float:
    bound = schema.get(keyword)
    return bound - inset if isinstance(bound, int | float) and not isinstance(bound, bool) else math.inf
