"""The promise of the conversion, for the Responses API: whatever may legally be sent becomes a body without violations."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from hypothesis import HealthCheck, given, settings
from tests.responses_bodies import bodies, reasonings

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import responses_request
from kiro2chat_core.dialects.responses_seals import opened, sealed
from kiro2chat_core.kiro import rules
from kiro2chat_core.kiro.catalog import Model
from kiro2chat_core.kiro.request import build
from kiro2chat_core.turns import Ask, Document, Reasoning, Text, ToolResult

THOROUGH = settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))


def received(body: dict[str, Any]) -> Ask:
    """The Ask, its documents as text: that is the gateway's work."""
    ask = responses_request.read(jsonio.loads(json.dumps(body))).ask
    return replace(ask, turns=tuple(replace(turn, parts=tuple(map(_as_text, turn.parts))) for turn in ask.turns))


def _as_text(part: Any) -> Any:
    if isinstance(part, ToolResult):
        return replace(part, content=tuple(map(_as_text, part.content)))
    return Text(part.data.decode()) if isinstance(part, Document) else part


@THOROUGH
@given(bodies())
def test_whatever_a_client_may_legally_send_becomes_a_body_without_violations(body: dict[str, Any]) -> None:
    request = build(received(body), Model("claude-sonnet-4.5"))
    assert rules.check(request.body, rules.STRICT) == []
    assert jsonio.loads(jsonio.dumps(request.body)) == request.body


@settings(THOROUGH, max_examples=200)
@given(bodies())
def test_nothing_the_user_wrote_is_lost(body: dict[str, Any]) -> None:
    sent = jsonio.text(build(received(body), Model("m")).body)
    items = body["input"] if isinstance(body["input"], list) else [{"role": "user", "content": body["input"]}]
    texts = [body.get("instructions") or ""]
    for item in items:
        content = item.get("content")
        if "role" in item and content is not None:
            texts += [content] if isinstance(content, str) else [part.get("text", "") for part in content]
    for text in texts:
        assert jsonio.text(text.strip())[1:-1] in sent


@settings(THOROUGH, max_examples=100)
@given(bodies())
def test_the_same_request_becomes_the_same_body(body: dict[str, Any]) -> None:
    assert build(received(body), Model("m")) == build(received(body), Model("m"))


@THOROUGH
@given(reasonings)
def test_sealed_reasoning_opens_as_it_was(reasoning: Reasoning) -> None:
    assert opened(sealed(reasoning)) == (reasoning if reasoning != Reasoning("") else None)
