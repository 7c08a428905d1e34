"""Thinking in the backend's terms: only what a model's own schema names, the nearest word it knows, tags for the rest."""

from __future__ import annotations

from typing import Any, TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kiro2chat_core.kiro import catalog
from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.kiro.request import Style, build
from kiro2chat_core.kiro.thinking import can_think, efforts, request_fields, tags
from kiro2chat_core.turns import Ask, Limits, Text, Thinking, Turn
from kiro2chat_functions.emulator.models import MODELS, complaint, fields_schema

Json: TypeAlias = dict[str, Any]

SCHEMAS = {model.id: fields_schema(model) or {} for model in MODELS}
OPUS, SONNET, GPT, NONE = (SCHEMAS[name] for name in ("claude-opus-4.8", "claude-sonnet-4.6", "gpt-5.6-sol", "auto"))
ADAPTIVE = {"type": "adaptive", "display": "summarized"}
OLD = {"properties": {"thinking": {"properties": {"type": {"enum": ["enabled", "disabled"]}, "budget_tokens": {}}}}}

FIELDS: dict[str, tuple[Thinking, int | None, Json, Json]] = {
    "nothing asked": (Thinking(), None, OPUS, {}),
    "on": (Thinking(on=True), None, OPUS, {"thinking": ADAPTIVE}),
    "off": (Thinking(on=False), None, OPUS, {"thinking": {"type": "disabled"}}),
    "off, with an effort": (
        Thinking(on=False, effort="high"), None, OPUS,
        {"thinking": {"type": "disabled"}, "output_config": {"effort": "high"}},
    ),
    "an effort": (
        Thinking(on=True, effort="xhigh"), None, OPUS, {"thinking": ADAPTIVE, "output_config": {"effort": "xhigh"}},
    ),
    "an effort alone": (Thinking(effort="low"), None, OPUS, {"output_config": {"effort": "low"}}),
    "an effort the model lacks": (Thinking(effort="xhigh"), None, SONNET, {"output_config": {"effort": "high"}}),
    "less than the least": (Thinking(effort="minimal"), None, SONNET, {"output_config": {"effort": "low"}}),
    "hidden": (Thinking(on=True, shown=False), None, OPUS, {"thinking": {"type": "adaptive", "display": "omitted"}}),
    "a small budget": (
        Thinking(on=True, budget=1024), None, OPUS, {"thinking": ADAPTIVE, "output_config": {"effort": "low"}},
    ),
    "Claude Code's budget": (
        Thinking(on=True, budget=31_999), None, OPUS, {"thinking": ADAPTIVE, "output_config": {"effort": "high"}},
    ),
    "a huge budget": (
        Thinking(on=True, budget=100_000), None, OPUS, {"thinking": ADAPTIVE, "output_config": {"effort": "max"}},
    ),
    "GPT": (Thinking(on=True, effort="high"), None, GPT, {"reasoning": {"effort": "high"}}),
    "GPT, more than the most": (Thinking(on=True, effort="max"), None, GPT, {"reasoning": {"effort": "xhigh"}}),
    "GPT, the least": (Thinking(on=True, effort="minimal"), None, GPT, {"reasoning": {"effort": "low"}}),
    "GPT, off": (Thinking(on=False), None, GPT, {"reasoning": {"effort": "none"}}),
    "GPT, nothing asked": (Thinking(), None, GPT, {}),
    "a model without fields": (Thinking(on=True, effort="high"), 2000, NONE, {}),
    "max_tokens": (Thinking(), 2000, OPUS, {"max_tokens": 2000}),
    "max_tokens beyond the model": (Thinking(), 999_999, OPUS, {"max_tokens": 64_000}),
    "max_tokens below what it takes": (Thinking(), 5, OPUS, {}),
    "a model with budgets": (
        Thinking(on=True, budget=5000), None, OLD, {"thinking": {"type": "enabled", "budget_tokens": 5000}},
    ),
    "a schema of nonsense": (Thinking(on=True, effort="low"), 2000, {"properties": {"thinking": 3}}, {}),
}  # fmt: skip


@pytest.mark.parametrize(("thinking", "limit", "schema", "fields"), FIELDS.values(), ids=FIELDS)
def test_fields(thinking: Thinking, limit: int | None, schema: Json, fields: Json) -> None:
    assert request_fields(thinking, limit, schema) == fields


thinkings = st.builds(
    Thinking,
    st.sampled_from([None, True, False]),
    st.sampled_from([None, "minimal", "low", "medium", "high", "xhigh", "max"]),
    st.one_of(st.none(), st.integers(1, 200_000)),
    st.booleans(),
)


@given(thinkings, st.one_of(st.none(), st.integers(1, 200_000)), st.sampled_from(sorted(SCHEMAS)))
def test_no_model_is_told_what_its_schema_does_not_name(thinking: Thinking, limit: int | None, model: str) -> None:
    fields = request_fields(thinking, limit, SCHEMAS[model])
    if SCHEMAS[model]:
        assert complaint(fields, SCHEMAS[model]) == ""
    else:
        assert fields == {}


TAGS = {
    "unasked": (Thinking(), ""),
    "off": (Thinking(on=False), ""),
    "an effort alone": (Thinking(effort="high"), ""),
    "on": (Thinking(on=True), "16000"),
    "a budget": (Thinking(on=True, budget=5000), "5000"),
    "an effort": (Thinking(on=True, effort="low"), "4000"),
}


@pytest.mark.parametrize(("thinking", "length"), TAGS.values(), ids=TAGS)
def test_tags(thinking: Thinking, length: str) -> None:
    assert tags(thinking) == (
        f"<thinking_mode>enabled</thinking_mode><max_thinking_length>{length}</max_thinking_length>" if length else ""
    )


def test_models_with_fields_get_no_tags_and_the_others_do() -> None:
    ask = Ask("m", (Turn("user", (Text("Hi"),)),), thinking=Thinking(on=True))
    native = build(ask, Model("claude-opus-4.8", fields_schema=OPUS))
    tagged = build(ask, Model("claude-sonnet-4.5"))
    untold = build(ask, Model("claude-sonnet-4.5"), Style(thinking_tags=False))
    limited = build(ask, Model("m", fields_schema={"properties": {"max_tokens": {"type": "integer"}}}))
    assert (native.thoughts, tagged.thoughts, untold.thoughts, limited.thoughts) == (False, True, False, True)
    assert native.body["additionalModelRequestFields"] == {"thinking": ADAPTIVE}
    assert "additionalModelRequestFields" not in tagged.body

    def text(body: Json) -> str:
        content: str = body["conversationState"]["currentMessage"]["userInputMessage"]["content"]
        return content

    assert (text(native.body), text(untold.body)) == ("Hi", "Hi")
    assert text(tagged.body).startswith("<thinking_mode>enabled</thinking_mode>")


def test_what_can_think_says_its_efforts() -> None:
    assert [can_think(schema) for schema in (OPUS, GPT, NONE, {})] == [True, True, False, False]
    assert efforts(OPUS) == ["low", "medium", "high", "xhigh", "max"]
    assert efforts(GPT) == ["none", "low", "medium", "high", "xhigh"]
    assert efforts(NONE) == []


NAMES = {
    "claude-opus-4.8": Thinking(),
    "claude-opus-4.8:high": Thinking(on=True, effort="high"),
    "claude-opus-4-8-max": Thinking(on=True, effort="max"),
    "anthropic/claude-opus-4.8:none": Thinking(on=False),
    "claude-sonnet-4-5-20250929:low": Thinking(on=True, effort="low"),
    "claude-sonnet-4.5:low[1m]": Thinking(on=True, effort="low"),
    "claude-3-7-sonnet-thinking": Thinking(on=True),
    "gpt-5.6-sol:minimal": Thinking(on=True, effort="minimal"),
    "qwen3-coder-max": Thinking(),
    "claude-next-high": Thinking(),
}


@pytest.mark.parametrize(("name", "thinking"), NAMES.items(), ids=NAMES)
def test_an_effort_in_the_name(name: str, thinking: Thinking) -> None:
    assert catalog.thinking_in(name, [Model("claude-next-high"), Model("claude-opus-4.8")]) == thinking


def test_names_with_efforts_lead_to_their_model() -> None:
    models = [Model("claude-opus-4.8", fields_schema=OPUS), Model("auto")]
    listed = catalog.with_efforts(models)
    assert [model.id for model in listed] == [
        "claude-opus-4.8", *(f"claude-opus-4.8:{word}" for word in efforts(OPUS)), "auto",
    ]  # fmt: skip
    for model in listed:
        assert catalog.resolve(model.id, models).id == model.id.partition(":")[0]
        assert model.alias_of == ("claude-opus-4.8" if ":" in model.id else "")


def test_max_tokens_reaches_the_models_that_take_it() -> None:
    ask = Ask("m", (Turn("user", (Text("Hi"),)),), limits=Limits(4000))
    assert build(ask, Model("m", fields_schema=OPUS)).body["additionalModelRequestFields"] == {"max_tokens": 4000}
