"""Malformed bodies: a 4xx at once that names the field, in OpenAI's form, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from tests.gateways import STRICT, Pair, gateway
from tests.openai_bodies import bodies, json_values

from kiro2chat_functions.emulator import Options

USER = {"role": "user", "content": "Hi"}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def raw(pair: Pair, content: bytes, **headers: str) -> httpx.Response:
    return httpx.post(f"{pair.url}/v1/chat/completions", content=content, headers=headers, timeout=30, trust_env=False)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"model": NaN}', b"\x00" * 50],
    ids=["empty", "cut", "null", "array", "text", "no utf-8", "deep", "nan", "zeros"],
)
def test_what_is_no_json_object_is_refused(pair: Pair, content: bytes) -> None:
    response = raw(pair, content)
    assert response.status_code == 400
    error = response.json()["error"]
    assert error["type"] == "invalid_request_error"
    assert "JSON" in error["message"]


def test_a_body_that_stays_away_is_not_waited_for_without_end() -> None:
    with gateway(STRICT, BODY_TIMEOUT="1") as pair:
        address = urlsplit(pair.url)
        head = "POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
            connection.sendall(f'{head}content-length: 999\r\n\r\n{{"model": "claude'.encode())
            with connection.makefile("rb") as answer:
                assert b" 408 " in answer.readline()
                told = answer.read()  # to the end: nobody can tell where the next request would begin
    assert b"BODY_TIMEOUT" in told
    assert b'"code":"body_timeout"' in told


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": None}, "model"),
        ({"model": 7}, "model"),
        ({"model": ""}, "model"),
        ({"messages": None}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": "Hi"}, "messages"),
        ({"messages": [7]}, "messages[0]"),
        ({"messages": [{"content": "Hi"}]}, "messages[0].role"),
        ({"messages": [USER, {"role": "robot", "content": "Hi"}]}, "messages[1].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 7}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "video"}]}]}, "messages[0].content[0].type"),
        ({"messages": [{"role": "tool", "content": "x"}]}, "messages[0].tool_call_id"),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:image/png;base64,!"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "ftp://x/y.png"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "http://127.0.0.1/x"}}]}]},
            "messages[0].content[0].image_url.url",
        ),
        ({"stream": "yes"}, "stream"),
        ({"n": 2}, "n"),
        ({"logprobs": True}, "logprobs"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_completion_tokens": "5"}, "max_completion_tokens"),
        ({"temperature": "hot"}, "temperature"),
        ({"stop": 7}, "stop"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": 7}}]}, "tools[0].function.name"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
    ],
)  # fmt: skip
def test_the_field_is_named(pair: Pair, changes: dict[str, Any], field: str) -> None:
    before = len(pair.chats())
    response = pair.post({"model": "claude-sonnet-4.5", "messages": [USER], **changes})
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, field)
    assert field in error["message"]
    assert len(pair.chats()) == before


def test_fifty_megabytes_are_refused_at_once(pair: Pair) -> None:
    body = json.dumps({"model": "m", "messages": [{"role": "user", "content": "x" * (50 << 20)}]}).encode()
    began = time.monotonic()
    response = raw(pair, body)
    assert (response.status_code, response.json()["error"]["code"]) == (413, "request_too_large")
    assert time.monotonic() - began < 10
    assert pair.post({"model": "claude-sonnet-4.5", "messages": [USER]}).status_code == 200


def test_a_body_without_an_announced_length_is_bounded_too(pair: Pair) -> None:
    def endless() -> Iterator[bytes]:
        for _ in range(60):
            yield b" " * (1 << 20)

    try:
        response = httpx.post(f"{pair.url}/v1/chat/completions", content=endless(), timeout=30, trust_env=False)
    except httpx.WriteError:
        return  # the server may hang up on it
    assert response.status_code == 413


def test_a_large_sound_body_is_taken(pair: Pair) -> None:
    assert pair.post({"model": "auto", "messages": [{"role": "user", "content": "x " * 200_000}]}).status_code == 200


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(json_values)
def test_no_json_at_all_is_a_server_error(pair: Pair, value: Any) -> None:
    response = raw(pair, json.dumps(value).encode(), **{"content-type": "application/json"})
    assert 400 <= response.status_code < 500


@settings(max_examples=120, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_the_strict_emulator_takes_whatever_a_client_may_legally_send(strict: Pair, body: dict[str, Any]) -> None:
    response = strict.post(body | {"max_tokens": 50})
    assert response.status_code == 200, response.text


@pytest.fixture(scope="module")
def strict() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def test_an_unknown_path_and_method_are_told_in_the_same_form(pair: Pair) -> None:
    missing = httpx.get(f"{pair.url}/v1/nothing", trust_env=False)
    wrong = httpx.put(f"{pair.url}/v1/models", trust_env=False)
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "not_found")
    assert (wrong.status_code, wrong.json()["error"]["code"]) == (405, "method_not_allowed")
    assert "GET" in wrong.headers["allow"]


def test_a_text_only_model_refuses_images_with_a_sentence() -> None:
    image = {"type": "image_url", "image_url": {"url": "data:image/gif;base64,R0lGODlhAQABAAAAACw="}}
    with gateway(Options()) as pair:
        pair.post({"model": "auto", "messages": [USER]})  # the list of models is there now
        response = pair.post({"model": "glm-5", "messages": [{"role": "user", "content": [image]}]})
    assert response.status_code == 400
    assert "takes no images" in response.json()["error"]["message"]


@pytest.mark.parametrize("path", ["/v1/chat/completions", "/v1/messages", "/v1/responses"])
def test_a_packed_body_is_told_as_such(pair: Pair, path: str) -> None:
    packed = gzip.compress(b'{"model":"auto","messages":[]}')
    response = httpx.post(f"{pair.url}{path}", content=packed, headers={"content-encoding": "gzip"}, trust_env=False)
    assert response.status_code == 415
    assert "content-encoding" in response.json()["error"]["message"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/responses", {"model": "auto", "input": "x", "max_output_tokens": 1e300}),
        ("/v1/messages", {"model": "auto", "max_tokens": 1e300, "messages": [{"role": "user", "content": "x"}]}),
        (
            "/v1/chat/completions",
            {"model": "auto", "max_tokens": 1e300, "messages": [{"role": "user", "content": "x"}]},
        ),
    ],
)
def test_limits_beyond_all_bounds_are_none(pair: Pair, path: str, body: dict[str, Any]) -> None:
    response = httpx.post(f"{pair.url}{path}", json=body, trust_env=False)
    assert response.status_code == 200


def test_a_host_that_cannot_be_one(pair: Pair) -> None:
    image = {"type": "image_url", "image_url": {"url": "https://xn--/a.png"}}
    response = pair.post({"model": "auto", "messages": [{"role": "user", "content": [image]}]})
    assert (response.status_code, response.json()["error"]["param"]) == (400, "messages[0].content[0].image_url.url")
