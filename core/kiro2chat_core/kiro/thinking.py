"""How much a model may think, in the backend's two ways (protocol notes 7).

Models whose catalog entry has a schema take `additionalModelRequestFields`, and refuse whatever that schema does not name.
The others can be told with tags in the prompt; they then write their thoughts into the text (`thoughts.py`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from ..turns import Effort, Thinking

__all__ = ["can_think", "efforts", "request_fields", "tags"]

Json: TypeAlias = dict[str, Any]

_ORDER: tuple[str, ...] = ("none", "minimal", "low", "medium", "high", "xhigh", "max")
_BUDGETS: tuple[tuple[int, Effort], ...] = ((4_096, "low"), (12_000, "medium"), (32_000, "high"))
_LENGTHS: Mapping[Effort, int] = {
    "minimal": 2_000, "low": 4_000, "medium": 10_000, "high": 16_000, "xhigh": 24_000, "max": 32_000,
}  # fmt: skip


def request_fields(thinking: Thinking, max_tokens: int | None, schema: Mapping[str, Any]) -> Json:
    """What of it a model's own fields can say; empty where nothing is asked for or the model takes nothing.

    Args:
        max_tokens: the client's limit; models that take it need not be cut short.
        schema: the model's `additionalModelRequestFieldsSchema`.
    """
    known, fields = _properties(schema), {}
    if said := _thinking(thinking, _properties(known.get("thinking"))):
        fields["thinking"] = said
    if effort := _nearest(_effort(thinking), _words(known.get("output_config"), "effort")):
        fields["output_config"] = {"effort": effort}
    if effort := _nearest(
        "none" if thinking.on is False else _effort(thinking), _words(known.get("reasoning"), "effort")
    ):
        fields["reasoning"] = {"effort": effort}
    limit = known.get("max_tokens")
    if isinstance(limit, dict) and max_tokens is not None and max_tokens >= limit.get("minimum", 1):
        fields["max_tokens"] = min(max_tokens, limit.get("maximum", max_tokens))
    return fields


def can_think(schema: Mapping[str, Any]) -> bool:
    """Whether the model has fields for it."""
    return not _properties(schema).keys().isdisjoint(("thinking", "output_config", "reasoning"))


def efforts(schema: Mapping[str, Any]) -> Sequence[str]:
    """The words the model takes for it, the least first."""
    known = _properties(schema)
    words = {*_words(known.get("output_config"), "effort"), *_words(known.get("reasoning"), "effort")}
    return [word for word in _ORDER if word in words]


def tags(thinking: Thinking) -> str:
    """The same in a prompt, for models without such fields; "" unless thinking is wanted."""
    if not thinking.on:
        return ""
    length = thinking.budget or _LENGTHS[thinking.effort or "high"]
    return f"<thinking_mode>enabled</thinking_mode><max_thinking_length>{length}</max_thinking_length>"


def _thinking(thinking: Thinking, known: Mapping[str, Any]) -> Json:
    kinds = known.get("type", {}).get("enum", ())
    if thinking.on is None:
        return {}
    wanted = next((kind for kind in ("adaptive", "enabled") if kind in kinds), "") if thinking.on else "disabled"
    if wanted not in kinds:
        return {}
    said: Json = {"type": wanted}
    if wanted == "enabled" and "budget_tokens" in known:
        said["budget_tokens"] = thinking.budget or _LENGTHS[thinking.effort or "high"]
    display = "summarized" if thinking.shown else "omitted"
    if thinking.on and display in known.get("display", {}).get("enum", ()):
        said["display"] = display
    return said


def _effort(thinking: Thinking) -> str:
    if thinking.effort is not None or thinking.budget is None or thinking.on is False:
        return thinking.effort or ""
    return next((effort for most, effort in _BUDGETS if thinking.budget <= most), "max")


def _nearest(wanted: str, words: Sequence[str]) -> str:
    """The word the model knows that comes nearest; of two, the smaller."""
    known = [word for word in _ORDER if word in words]
    if not wanted or not known:
        return ""
    if wanted != "none" and known != ["none"]:
        known = [word for word in known if word != "none"]  # little thought is not no thought
    return min(known, key=lambda word: (abs(_ORDER.index(word) - _ORDER.index(wanted)), _ORDER.index(word)))


def _properties(schema: object) -> Mapping[str, Any]:
    found = schema.get("properties") if isinstance(schema, dict) else None
    return {name: value for name, value in found.items() if isinstance(value, dict)} if isinstance(found, dict) else {}


def _words(schema: object, name: str) -> Sequence[str]:
    words = _properties(schema).get(name, {}).get("enum", ())
    return [word for word in words if isinstance(word, str)] if isinstance(words, list) else ()
