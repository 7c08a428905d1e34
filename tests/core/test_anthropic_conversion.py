"""The promise of the conversion, for the Messages API: whatever may legally be sent becomes a body without violations."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from tests.anthropic_bodies import bodies

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import anthropic_request
from kiro2chat_core.kiro import rules
from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.kiro.request import build
from kiro2chat_core.turns import Ask, Document, Text, ToolResult

THOROUGH = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
MODELS = (Model("claude-sonnet-4.5"), Model("claude-opus-5", cache_points=4, cache_minimum=1))


def received(body: dict[str, Any]) -> Ask:
    """The Ask, its documents as text: that is the gateway's work."""
    ask = anthropic_request.read(jsonio.loads(json.dumps(body))).ask
    return replace(ask, turns=tuple(replace(turn, parts=tuple(map(_as_text, turn.parts))) for turn in ask.turns))


def _as_text(part: Any) -> Any:
    if isinstance(part, ToolResult):
        return replace(part, content=tuple(map(_as_text, part.content)))
    return Text(part.data.decode()) if isinstance(part, Document) else part


@THOROUGH
@given(bodies())
def test_whatever_a_client_may_legally_send_becomes_a_body_without_violations(body: dict[str, Any]) -> None:
    for model in MODELS:
        request = build(received(body), model)
        assert rules.check(request.body, rules.STRICT) == []
        assert rules.check(request.without_reasoning().body, rules.STRICT) == []
        assert jsonio.loads(jsonio.dumps(request.body)) == request.body


@settings(THOROUGH, max_examples=200)
@given(bodies())
def test_nothing_that_was_said_is_lost(body: dict[str, Any]) -> None:
    sent = jsonio.text(build(received(body), Model("m")).body)
    for message in [*body["messages"], {"content": body.get("system", "")}]:
        content = message["content"]
        blocks = content if isinstance(content, list) else [{"type": "text", "text": content}]
        for text in [block["text"] for block in blocks if block["type"] == "text" and block["text"].strip()]:
            assert jsonio.text(text.strip())[1:-1] in sent


@settings(THOROUGH, max_examples=100)
@given(bodies())
def test_the_same_request_becomes_the_same_body(body: dict[str, Any]) -> None:
    assert build(received(body), MODELS[1]) == build(received(body), MODELS[1])


@settings(THOROUGH, max_examples=100)
@given(bodies())
def test_fields_without_effect_are_named(body: dict[str, Any]) -> None:
    named = anthropic_request.read(jsonio.loads(json.dumps(body))).ignored
    for name in ("temperature", "top_k", "context_management", "field_of_2030"):
        assert (name in named) == (body.get(name) is not None)
    tools = body.get("tools", [])
    theirs = [tool for tool in tools if "input_schema" not in tool]
    ours = {tool["name"] for tool in tools if tool not in theirs}
    assert {name for name in named if name.startswith("tools.")} == {
        *(f"tools.{tool['type']}" for tool in theirs),
        *("tools.strict" for tool in tools if tool.get("strict")),
    }
    choice = body.get("tool_choice", {})
    demanded = {"any": not ours, "tool": choice.get("name") not in ours}
    assert ("tool_choice" in named) == demanded.get(choice.get("type"), False)
