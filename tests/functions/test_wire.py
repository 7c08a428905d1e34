"""What the server really answers, held against the types that the page is written with."""

from __future__ import annotations

import json
import types
from collections.abc import Iterator
from typing import Any, Literal, NotRequired, Union, get_args, get_origin, get_type_hints, is_typeddict

import httpx
import pytest
from tests.gateways import Pair, gateway

from kiro2chat_functions import stats_wire, wire

KEY = "k" * 40


def mismatches(value: Any, hint: Any, at: str = "$") -> Iterator[str]:
    """Where a value is not of a type: members that are missing or too many included."""
    origin, arguments = get_origin(hint), get_args(hint)
    if hint is Any:
        return
    if is_typeddict(hint):
        members = get_type_hints(hint, include_extras=True)
        if not isinstance(value, dict):
            yield f"{at}: no object"
            return
        yield from (f"{at}.{name}: unknown" for name in value.keys() - members.keys())
        for name, member in members.items():
            optional = get_origin(member) is NotRequired
            if name in value:
                yield from mismatches(value[name], get_args(member)[0] if optional else member, f"{at}.{name}")
            elif not optional:
                yield f"{at}.{name}: missing"
    elif origin in (Union, types.UnionType):
        if all(list(mismatches(value, each)) for each in arguments):
            yield f"{at}: {value!r} is none of {arguments}"
    elif origin is Literal:
        if value not in arguments:
            yield f"{at}: {value!r}"
    elif origin is list:
        if not isinstance(value, list):
            yield f"{at}: no list"
            return
        for index, each in enumerate(value):
            yield from mismatches(each, arguments[0], f"{at}[{index}]")
    elif origin is dict:
        for name, each in value.items():
            yield from mismatches(each, arguments[1], f"{at}.{name}")
    elif not isinstance(value, (int, float) if hint is float else hint):
        yield f"{at}: {value!r} is no {hint}"


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with gateway(API_KEY=KEY) as both:
        yield both


def get(pair: Pair, path: str) -> Any:
    return httpx.get(pair.url + path, headers={"authorization": f"Bearer {KEY}"}, trust_env=False).json()


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("/health", wire.Health),
        ("/v1/models", wire.ModelList),
        ("/v1/nowhere", wire.ErrorBody),
        ("/api/stats?range=5m", stats_wire.Stats),
        ("/api/requests", stats_wire.RequestsFound),
        ("/api/settings", wire.SettingsShown),
        ("/api/login", wire.LoginShown),
        ("/api/usage", wire.PlanShown),
        ("/api/keys", wire.KeyList),
    ],
)
def test_answers_are_what_the_page_expects(pair: Pair, path: str, type_: type) -> None:
    pair.post({"model": "auto", "messages": [{"role": "user", "content": "hi"}]}, authorization=f"Bearer {KEY}")
    assert list(mismatches(get(pair, path), type_)) == []


@pytest.mark.parametrize(
    ("method", "path", "body", "type_"),
    [
        ("POST", "/api/doctor", None, wire.Examined),
        ("POST", "/api/login/device", {}, wire.DeviceLogin),
        ("PUT", "/api/settings", {"changes": {"keepalive": 5}, "dry_run": True}, wire.SettingsSaved),
        ("POST", "/api/keys", {"name": "laptop"}, wire.KeyMade),
    ],
)
def test_answers_to_changes(pair: Pair, method: str, path: str, body: Any, type_: type) -> None:
    answer = httpx.request(
        method, pair.url + path, json=body, headers={"authorization": f"Bearer {KEY}"}, timeout=30, trust_env=False
    )
    assert answer.is_success, answer.text
    assert list(mismatches(answer.json(), type_)) == []


def test_a_request_of_the_page_and_the_chunks_of_its_answer(pair: Pair) -> None:
    body: wire.ChatRequest = {
        "model": "claude-opus-4.8",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "think"}]},
        ],
        "stream": True,
        "stream_options": {"include_usage": True},
        "reasoning_effort": "low",
        "max_tokens": 1000,
    }
    assert list(mismatches(body, wire.ChatRequest)) == []
    answer = pair.post(body, authorization=f"Bearer {KEY}")
    assert answer.status_code == 200
    lines = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: {")]
    assert len(lines) > 3
    for line in lines:
        assert list(mismatches(json.loads(line), wire.ChatChunk)) == []
