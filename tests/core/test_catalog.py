"""Model names: all that clients write lead to the backend's ids, and odd lists of models break nothing."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from tests.openai_bodies import json_values

from kiro2chat_core import jsonio
from kiro2chat_core.errors import UnknownModel
from kiro2chat_core.kiro import catalog
from kiro2chat_core.kiro.catalog import ALIASES, FALLBACK, Model

NAMES: dict[str, str] = {
    # the four names kiro2chat has had from the start
    "claude-sonnet-4-5": "claude-sonnet-4.5",
    "claude-sonnet-4": "claude-sonnet-4",
    "claude-3.7-sonnet": "auto",
    "claude-haiku-4-5": "claude-haiku-4.5",
    # dated
    "claude-sonnet-4-5-20250929": "claude-sonnet-4.5",
    "claude-sonnet-4-20250514": "claude-sonnet-4",
    "claude-haiku-4-5-20251001": "claude-haiku-4.5",
    "claude-opus-4-5-20251101": "claude-opus-4.5",
    "claude-3-7-sonnet-20250219": "auto",
    "claude-sonnet-4-5@20250929": "claude-sonnet-4.5",
    # dotted
    "claude-sonnet-4.5": "claude-sonnet-4.5",
    "claude-opus-4.6": "claude-opus-4.6",
    "claude-haiku-4.5": "claude-haiku-4.5",
    # prefixed
    "anthropic/claude-sonnet-4.5": "claude-sonnet-4.5",
    "anthropic/claude-sonnet-4-5-20250929": "claude-sonnet-4.5",
    "kiro/claude-opus-4-6": "claude-opus-4.6",
    "kiro/auto": "auto",
    "openai/gpt-5.6-sol": "gpt-5.6-sol",
    "us.anthropic.claude-sonnet-4-5-20250929-v1:0": "claude-sonnet-4.5",
    # [1m], -latest, effort, thinking
    "claude-sonnet-4-5[1m]": "claude-sonnet-4.5",
    "claude-opus-4-6[1M]": "claude-opus-4.6",
    "claude-sonnet-4-5-20250929[1m]": "claude-sonnet-4.5",
    "claude-sonnet-4-5-latest": "claude-sonnet-4.5",
    "claude-3-7-sonnet-latest": "auto",
    "claude-opus-4-6-high": "claude-opus-4.6",
    "claude-opus-4.7-xhigh": "claude-opus-4.7",
    "claude-opus-4.6:medium": "claude-opus-4.6",
    "claude-sonnet-4-5-thinking": "claude-sonnet-4.5",
    "claude-sonnet-4-5-20250929-thinking": "claude-sonnet-4.5",
    "anthropic/claude-sonnet-4.5:thinking": "claude-sonnet-4.5",
    # the old order of words
    "claude-4-sonnet": "claude-sonnet-4",
    "claude-4-sonnet-20250514": "claude-sonnet-4",
    "claude-4.5-sonnet": "claude-sonnet-4.5",
    "claude-4-5-haiku": "claude-haiku-4.5",
    "claude-3-7-sonnet": "auto",
    # capital letters and spaces
    "Claude-Sonnet-4-5": "claude-sonnet-4.5",
    " claude-sonnet-4 ": "claude-sonnet-4",
    "CLAUDE_SONNET_4_5_20250929_V1_0": "claude-sonnet-4.5",
    "CLAUDE_SONNET_4_20250514_V1_0": "claude-sonnet-4",
    # others
    "auto": "auto",
    "auto-kiro": "auto",
    "deepseek-3.2": "deepseek-3.2",
    "minimax-m2.5": "minimax-m2.5",
    "glm-5": "glm-5",
    "qwen3-coder-next": "qwen3-coder-next",
    "claude-sonnet-5": "claude-sonnet-5",
    "gpt-5.6-terra": "gpt-5.6-terra",
}


@pytest.mark.parametrize(("name", "id"), NAMES.items(), ids=NAMES)
def test_names_lead_to_models(name: str, id: str) -> None:
    found = catalog.resolve(name, FALLBACK)
    assert found.id == id
    assert found in FALLBACK


UNKNOWN: dict[str, str] = {
    "gpt-4o": "gpt-4o",
    "deepseek-v3": "deepseek-v3",
    "claude-opus-4-1-20250805": "claude-opus-4.1",
    "claude-3-5-haiku-latest": "claude-3.5-haiku",
    "OPENAI_GPT_OSS_120B_1_0": "openai_gpt_oss_120b_1_0",
}


@pytest.mark.parametrize(("name", "id"), UNKNOWN.items(), ids=UNKNOWN)
def test_unknown_names_are_passed_on_for_the_backend_to_judge(name: str, id: str) -> None:
    assert catalog.resolve(name, FALLBACK) == Model(id)


@pytest.mark.parametrize("name", [" ", "[1m]", "名字", "a b", "a/b/c", "x" * 1025, "../etc", "a?b"])
def test_what_cannot_be_a_name_is_refused(name: str) -> None:
    with pytest.raises(UnknownModel, match="no model of this login") as refused:
        catalog.resolve(name, FALLBACK)
    assert refused.value.field == "model"
    assert len(refused.value.message) < 250


def test_the_live_list_goes_before_every_rule() -> None:
    live = [
        Model("claude-3.7-sonnet"),
        Model("Claude-X-High"),
        Model("claude-sonnet-4.5-1m"),
        Model("claude-sonnet-4.5"),
    ]
    assert catalog.resolve("claude-3.7-sonnet", live).id == "claude-3.7-sonnet"
    assert catalog.resolve("claude-3-7-sonnet-20250219", live).id == "claude-3.7-sonnet"
    assert catalog.resolve("Claude-X-High", live).id == "Claude-X-High"
    assert catalog.resolve("claude-sonnet-4-5[1m]", live).id == "claude-sonnet-4.5-1m"
    assert catalog.resolve("claude-sonnet-4-5", live).id == "claude-sonnet-4.5"


def test_an_alias_whose_model_the_login_lacks_is_passed_on() -> None:
    assert catalog.resolve("claude-3.7-sonnet", [Model("glm-5")]) == Model("claude-3.7-sonnet")


def test_what_is_listed_are_the_models_and_then_the_aliases_that_lead_to_one() -> None:
    listed = catalog.public([Model("auto", rate=1.0), Model("claude-sonnet-4.5", context=200_000)])
    assert [model.id for model in listed] == [
        "auto",
        "claude-sonnet-4.5",
        "claude-sonnet-4-5",
        "claude-3.7-sonnet",
        "auto-kiro",
    ]
    alias = listed[2]
    assert (alias.alias_of, alias.context) == ("claude-sonnet-4.5", 200_000)


def test_an_alias_does_not_hide_a_model_of_that_name() -> None:
    listed = catalog.public([Model("auto"), Model("claude-3.7-sonnet", name="the real one")])
    assert [model.name for model in listed if model.id == "claude-3.7-sonnet"] == ["the real one"]


def test_the_fallback_holds_every_target_of_an_alias_and_each_id_once() -> None:
    ids = [model.id for model in FALLBACK]
    assert len(set(ids)) == len(ids)
    assert set(ALIASES.values()) <= set(ids)
    for model in catalog.public(FALLBACK):
        assert catalog.resolve(model.id, FALLBACK).id == (model.alias_of or model.id)


# --- the live list -----------------------------------------------------------------------------------------------------

LIVE = {
    "defaultModel": {"modelId": "auto"},
    "models": [
        {
            "modelId": "claude-opus-5", "modelName": "Opus", "description": "Large", "rateMultiplier": 2.2,
            "rateUnit": "Credit", "supportedInputTypes": ["TEXT", "IMAGE"],
            "tokenLimits": {"maxInputTokens": 1000000, "maxOutputTokens": 64000},
            "additionalModelRequestFieldsSchema": {"type": "object"},
        }
    ],
    "nextToken": None,
}  # fmt: skip


def test_a_live_list() -> None:
    assert catalog.parse(LIVE) == [
        Model("claude-opus-5", "Opus", "Large", 1_000_000, 64_000, 2.2, True, {"type": "object"}),
    ]  # fmt: skip


ENTRIES: dict[str, tuple[dict[str, Any], Model]] = {
    "only an id": ({"modelId": "x"}, Model("x")),
    "text only": ({"modelId": "x", "supportedInputTypes": ["TEXT"]}, Model("x", images=False)),
    "no kinds": ({"modelId": "x", "supportedInputTypes": None}, Model("x", images=True)),
    "odd limits": ({"modelId": "x", "tokenLimits": {"maxInputTokens": "many", "maxOutputTokens": -5}}, Model("x")),
    "null limits": ({"modelId": "x", "tokenLimits": None}, Model("x")),
    "odd rate": ({"modelId": "x", "rateMultiplier": "1.3"}, Model("x")),
    "odd texts": ({"modelId": "x", "modelName": 5, "description": None}, Model("x")),
    "an odd schema": ({"modelId": "x", "additionalModelRequestFieldsSchema": []}, Model("x")),
}


@pytest.mark.parametrize(("entry", "model"), ENTRIES.values(), ids=ENTRIES)
def test_odd_entries(entry: dict[str, Any], model: Model) -> None:
    assert catalog.parse({"models": [entry]}) == [model]


@pytest.mark.parametrize("id", [None, 5, "", "a b", "x" * 1025, [], "é"], ids=repr)
def test_entries_without_an_id_are_passed_over(id: Any) -> None:
    assert catalog.parse({"models": [{"modelId": id}, {}, None, "x", {"modelId": "y"}]}) == [Model("y")]


@pytest.mark.parametrize(
    "answer", [None, [], "x", 5, {}, {"models": None}, {"models": 5}, {"models": {"modelId": "x"}}], ids=repr
)
def test_answers_without_a_list_hold_no_models(answer: Any) -> None:
    assert catalog.parse(answer) == []


members = st.sampled_from(["modelId", "modelName", "tokenLimits", "supportedInputTypes", "rateMultiplier",
                           "additionalModelRequestFieldsSchema", "maxInputTokens", "maxOutputTokens"])  # fmt: skip
entries = st.dictionaries(
    members, json_values | st.sampled_from(["auto", 10**400, 1e308]) | st.dictionaries(members, json_values)
)


@settings(max_examples=300, deadline=None)
@given(st.fixed_dictionaries({"models": json_values | st.lists(entries | json_values)}) | json_values)
@example({"models": [{"modelId": "x", "rateMultiplier": 10**300, "tokenLimits": {"maxInputTokens": 1e300}}]})
def test_no_answer_breaks_it(answer: Any) -> None:
    try:
        answer = jsonio.loads(json.dumps(answer))
    except ValueError:
        return
    for model in catalog.public(catalog.parse(answer)):
        assert jsonio.dumps([model.id, model.name, model.context, model.rate])
        assert catalog.resolve(model.id, [model]) == model


@settings(max_examples=300, deadline=None)
@given(st.text(max_size=20) | st.from_regex(r"\A(anthropic/)?claude-[a-z0-9.-]{0,20}(\[1m\])?\Z"))
def test_no_name_breaks_it(name: str) -> None:
    with suppress(UnknownModel):
        assert catalog.resolve(name, FALLBACK).id
