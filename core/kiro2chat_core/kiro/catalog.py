"""Models: the backend's ids with their limits, and the names clients know them by (protocol notes 5 and 6)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from ..errors import UnknownModel
from ..turns import Effort, Thinking
from . import thinking

__all__ = [
    "ALIASES",
    "FALLBACK",
    "Model",
    "normalise",
    "parse",
    "public",
    "resolve",
    "thinking_in",
    "with_efforts",
]


@dataclass(frozen=True, slots=True)
class Model:
    """`context` and `output` are tokens, `rate` is credits relative to `auto`; 0 means unknown."""

    id: str
    name: str = ""
    description: str = ""
    context: int = 0
    output: int = 0
    rate: float = 0.0
    images: bool = True
    fields_schema: Mapping[str, Any] = field(default_factory=dict)
    """What `additionalModelRequestFields` may hold, as a JSON Schema; empty: nothing."""

    cache_points: int = 0
    """How many cache points a request may hold; each needs `cache_minimum` tokens before it."""

    cache_minimum: int = 0
    alias_of: str = ""


def _model(id: str, context: int, output: int, rate: float, *, images: bool = True) -> Model:
    return Model(id, context=context * 1000, output=output * 1000, rate=rate, images=images)


FALLBACK: tuple[Model, ...] = (
    _model("auto", 1000, 64, 1.0),
    _model("claude-sonnet-5", 1000, 64, 1.3),
    _model("claude-sonnet-4.6", 1000, 64, 1.3),
    _model("claude-sonnet-4.5", 200, 64, 1.3),
    _model("claude-sonnet-4", 200, 64, 1.3),
    _model("claude-haiku-4.5", 200, 64, 0.4),
    _model("claude-opus-5", 1000, 64, 2.2),
    _model("claude-opus-4.8", 1000, 64, 2.2),
    _model("claude-opus-4.7", 1000, 64, 2.2),
    _model("claude-opus-4.6", 1000, 64, 2.2),
    _model("claude-opus-4.5", 200, 64, 2.2),
    _model("deepseek-3.2", 128, 64, 0.25, images=False),
    _model("minimax-m2.5", 196, 64, 0.25, images=False),
    _model("minimax-m2.1", 196, 64, 0.15, images=False),
    _model("glm-5", 200, 64, 0.5, images=False),
    _model("qwen3-coder-next", 256, 64, 0.05, images=False),
    _model("gpt-5.6-sol", 272, 0, 2.4),
    _model("gpt-5.6-terra", 272, 0, 1.2),
    _model("gpt-5.6-luna", 272, 0, 0.0),
)
"""What is listed while the live list cannot be had. Where sources disagree, the smaller limit."""

ALIASES: Mapping[str, str] = {
    "claude-sonnet-4-5": "claude-sonnet-4.5",
    "claude-sonnet-4": "claude-sonnet-4",
    "claude-3.7-sonnet": "auto",  # gone from the backend; jwadow/kiro-gateway maps it to auto as well
    "claude-haiku-4-5": "claude-haiku-4.5",
    "auto-kiro": "auto",  # Cursor has a model of its own called auto
}
"""Names that are listed besides the backend's own: those kiro2chat has had from the start, and one for Cursor."""

_PREFIX = re.compile(r"^(?:(?:us|eu|apac|global)\.)?(?:anthropic|openai|kiro)[./]")
_SUFFIX = re.compile(r"(?:\[1m\]|-latest|[-@]20\d{6}|-v\d+[:-]\d+|[-:]thinking)$")
_EFFORT = re.compile(r"^((?:claude|gpt|auto)\b.*)[-:](none|minimal|low|medium|high|xhigh|max)$")
_FAMILY_FIRST = re.compile(r"^(claude-[a-z]+-\d)-(\d{1,2})$")
_NUMBER_FIRST = re.compile(r"^claude-(\d)(?:[.-](\d{1,2}))?-([a-z]+)$")
_LEGAL = re.compile(r"[a-zA-Z0-9_:.-]{1,1024}")


def normalise(name: str) -> str:
    """A public name in the backend's spelling: `anthropic/claude-sonnet-4-5-20250929` → `claude-sonnet-4.5`."""
    name = name.strip().lower()
    if name.startswith("claude_"):  # ids of 2025, such as CLAUDE_SONNET_4_5_20250929_V1_0
        name = name.replace("_", "-")
    name = _PREFIX.sub("", name)
    while (shorter := _EFFORT.sub(r"\1", _SUFFIX.sub("", name))) != name:
        name = shorter
    name = _FAMILY_FIRST.sub(r"\1.\2", name)
    if old := _NUMBER_FIRST.match(name):
        major, minor, family = old.groups()
        version = f"{major}.{minor}" if minor else major
        name = f"claude-{version}-{family}" if major == "3" else f"claude-{family}-{version}"
    return name


def resolve(name: str, models: Sequence[Model]) -> Model:
    """The model a client means. An unknown name is passed on, for the backend to judge.

    Raises:
        UnknownModel: the name cannot be one at all.
    """
    known = {model.id: model for model in models}
    short = normalise(name)
    candidates = [name, name.lower()]
    if name.lower().endswith("[1m]"):
        candidates.append(f"{short}-1m")
    candidates += [short, ALIASES.get(name, ""), ALIASES.get(short, "")]
    for candidate in candidates:
        if candidate in known:
            return known[candidate]
    if not _LEGAL.fullmatch(short):
        raise UnknownModel(f"{name[:100]!r} is no model of this login; GET /v1/models lists them.", field="model")
    return Model(short)


def thinking_in(name: str, models: Sequence[Model]) -> Thinking:
    """What a name such as `claude-opus-4.8:high` says of thinking, for clients that can choose nothing but a model."""
    name = _PREFIX.sub("", name.strip().lower())
    while name not in {model.id for model in models}:
        if found := _EFFORT.match(name):
            word = found[2]
            return Thinking(on=word != "none", effort=None if word == "none" else cast("Effort", word))
        if name.endswith((":thinking", "-thinking")):
            return Thinking(on=True)
        if (shorter := _SUFFIX.sub("", name)) == name:
            break
        name = shorter
    return Thinking()


def with_efforts(models: Iterable[Model]) -> list[Model]:
    """The models, and after each one that can think its names with an effort."""
    listed: list[Model] = []
    for model in models:
        listed.append(model)
        listed += [
            replace(model, id=f"{model.id}:{word}", alias_of=model.alias_of or model.id)
            for word in thinking.efforts(model.fields_schema)
        ]
    return listed


def public(models: Iterable[Model]) -> list[Model]:
    """What `/v1/models` lists: the backend's ids, then the aliases that lead to one of them."""
    listed = {model.id: model for model in models}
    for alias, target in ALIASES.items():
        if alias not in listed and target in listed:
            model = listed[target]
            listed[alias] = replace(model, id=alias, alias_of=target)
    return list(listed.values())


def parse(answer: object) -> list[Model]:
    """The models of one page of ListAvailableModels; entries without an id are passed over."""
    entries = answer.get("models") if isinstance(answer, dict) else None
    entries = entries if isinstance(entries, list) else []
    return [model for entry in entries if isinstance(entry, dict) and (model := _parse(entry)) is not None]


def _parse(entry: Mapping[str, Any]) -> Model | None:
    id = entry.get("modelId")
    if not isinstance(id, str) or not _LEGAL.fullmatch(id):
        return None
    limits, kinds = entry.get("tokenLimits"), entry.get("supportedInputTypes")
    limits = limits if isinstance(limits, dict) else {}
    schema = entry.get("additionalModelRequestFieldsSchema")
    caching = entry.get("promptCaching")
    caching = caching if isinstance(caching, dict) and caching.get("supportsPromptCaching") is True else {}
    return Model(
        id,
        name=_text(entry.get("modelName")),
        description=_text(entry.get("description")),
        context=_tokens(limits.get("maxInputTokens")),
        output=_tokens(limits.get("maxOutputTokens")),
        rate=float(rate) if isinstance(rate := entry.get("rateMultiplier"), (int, float)) else 0.0,
        images=not isinstance(kinds, list) or "IMAGE" in kinds,
        fields_schema=schema if isinstance(schema, dict) else {},
        cache_points=_tokens(caching.get("maximumCacheCheckpointsPerRequest")),
        cache_minimum=_tokens(caching.get("minimumTokensPerCacheCheckpoint")),
    )


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _tokens(value: object) -> int:
    return int(value) if isinstance(value, (int, float)) and 0 < value < 2**53 else 0
