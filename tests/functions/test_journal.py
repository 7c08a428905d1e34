"""Requests on record, through real sockets: what was asked is what is told, and nothing of what was said is kept."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from tests.gateways import Pair, gateway
from tests.keyed import made
from tests.openai_bodies import PIXEL

from kiro2chat_functions.emulator import Options, Reply
from kiro2chat_functions.serving import served

MODEL = "claude-sonnet-4.5"
PATHS = {"chat": "/v1/chat/completions", "messages": "/v1/messages", "responses": "/v1/responses"}


def body(dialect: str, said: str = "Hi.", **more: Any) -> dict[str, Any]:
    messages = [{"role": "user", "content": said}]
    own: dict[str, dict[str, Any]] = {
        "chat": {"messages": messages},
        "messages": {"messages": messages, "max_tokens": 1000},
        "responses": {"input": said},
    }
    return {"model": MODEL, **own[dialect], **more}


def send(
    pair: Pair, dialect: str, said: str = "Hi.", headers: dict[str, str] | None = None, **more: Any
) -> httpx.Response:
    return httpx.post(
        pair.url + PATHS[dialect], json=body(dialect, said, **more), headers=headers, timeout=30, trust_env=False
    )


def get(pair: Pair, path: str, **headers: str) -> httpx.Response:
    return httpx.get(f"{pair.url}{path}", headers=headers, timeout=30, trust_env=False)


def told(pair: Pair, path: str, **headers: str) -> Any:
    response = get(pair, path, **headers)
    assert response.status_code == 200, response.text
    return response.json()


def records(pair: Pair, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = told(pair, f"/api/requests{query}")["requests"]
    return found


def eventually(found: Callable[[], Any], within: float = 5.0) -> Any:
    deadline = time.monotonic() + within
    while not (result := found()) and time.monotonic() < deadline:
        time.sleep(0.02)
    return result


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("dialect", PATHS)
def test_a_record_says_what_was_asked_and_what_it_came_to(dialect: str, stream: bool) -> None:
    usage = {"uncachedInputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 2}
    with gateway() as pair:
        pair.emulator.script(Reply("Hello to you.", usage=usage))
        answer = send(pair, dialect, stream=stream, model="claude-sonnet-4-5", unheard_of=1)
        (record,) = records(pair)
    assert answer.status_code == 200
    assert record["id"] == answer.headers["x-request-id"]
    assert (record["dialect"], record["path"], record["stream"]) == (dialect, PATHS[dialect], stream)
    assert (record["asked"], record["model"]) == ("claude-sonnet-4-5", MODEL)
    assert (record["status"], record["result"], record["outcome"], record["error"]) == (200, "2xx", "end", None)
    assert record["tokens"] == {"in": 16, "out": 7, "reasoning": 0, "cache_read": 3, "cache_write": 2, "exact": True}
    assert (record["sent"], record["received"]) == (len(answer.content), len(answer.request.content))
    assert 0 < record["first_token"] <= record["seconds"] < 10
    assert abs(record["at"] - time.time()) < 30
    assert (record["attempts"], record["ignored"]) == (1, ["unheard_of"])
    assert record["backend_id"]
    assert record["credits"] > 0


def test_that_the_page_lists_the_models_is_no_request_but_that_a_client_does_is() -> None:
    with gateway() as pair:
        for site in ("same-origin", "cross-site", None):
            headers = {"sec-fetch-site": site} if site else {}
            assert get(pair, "/v1/models", **headers).status_code == 200
        assert send(pair, "chat", headers={"sec-fetch-site": "same-origin"}).status_code == 200
        found = records(pair)
    assert [record["path"] for record in found] == [PATHS["chat"], "/v1/models", "/v1/models"]


async def _slow_picture(_request: Request) -> Response:
    await asyncio.sleep(0.4)
    return Response(base64.b64decode(PIXEL), media_type="image/png")


@pytest.mark.parametrize("stream", [True, False])
def test_the_first_token_is_timed_from_the_request_with_what_it_took_to_fetch_attachments(stream: bool) -> None:
    with (
        served(Starlette(routes=[Route("/a.png", _slow_picture)])) as pictures,
        gateway(IMAGE_PRIVATE_ADDRESSES="true") as pair,
    ):
        parts = [{"type": "image_url", "image_url": {"url": f"{pictures}/a.png"}}]
        assert send(pair, "chat", stream=stream, messages=[{"role": "user", "content": parts}]).status_code == 200
        (record,) = records(pair)
        (group,) = told(pair, "/api/stats?range=5m")["groups"]
    assert 0.4 <= record["first_token"] <= record["seconds"]
    assert group["first_token"]["p50"] >= 0.39


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("dialect", PATHS)
def test_an_error_before_the_answer_is_on_record_with_its_code(dialect: str, stream: bool) -> None:
    with gateway(KIRO_ATTEMPTS="2") as pair:
        pair.emulator.inject("throttled", times=2)
        refused = send(pair, dialect, stream=stream)
        unknown = send(pair, dialect, stream=stream, model="no model at all!")
        wrong = send(pair, dialect, stream=stream, model=7)
        none, other, throttled = records(pair)
    assert [r.status_code for r in (refused, unknown, wrong)] == [r["status"] for r in (throttled, other, none)]
    assert (throttled["result"], throttled["error"], throttled["attempts"]) == ("4xx", "rate_limit_exceeded", 2)
    assert (other["error"], other["asked"], other["tokens"]) == ("model_not_found", "no model at all!", None)
    assert (none["error"], none["asked"]) == ("invalid_request", "")
    assert [r["id"] for r in (none, other, throttled)] == [r.headers["request-id"] for r in (wrong, unknown, refused)]


def test_an_error_in_mid_stream_breaks_the_answer() -> None:
    with gateway(Options(delay=0.02), KIRO_IDLE_TIMEOUT="0.3") as pair:
        pair.emulator.inject("silence", seconds=3, after=6)
        send(pair, "chat", stream=True)
        (record,) = records(pair)
        total = told(pair, "/api/stats?range=1h&by=status")
    assert (record["status"], record["result"], record["error"]) == (200, "broken", "backend_timeout")
    assert (total["total"]["errors"], [group["name"] for group in total["groups"]]) == (1, ["broken"])


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_left_is_no_error(stream: bool) -> None:
    with gateway(Options(delay=0.05)) as pair:
        pair.emulator.script(Reply("word " * 1000))
        content = json.dumps(body("chat", stream=stream)).encode()
        host, port = pair.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = (
                f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: {len(content)}\r\n\r\n"
            )
            client.sendall(head.encode() + content)
            assert eventually(pair.chats)
            time.sleep(0.3)
        (record,) = eventually(lambda: records(pair))
        total = told(pair, "/api/stats?range=1h")["total"]
    assert (record["result"], record["error"]) == ("left", None)
    assert (total["count"], total["errors"], total["seconds"]["p50"]) == (1, 0, None)


def test_nothing_that_was_said_and_no_secret_is_in_the_store(tmp_path: Path) -> None:
    secrets = ["PROMPT-4711", "ANSWER-4711", "SYSTEM-4711", "TOOL-4711", "KEY-4711"]
    tool = {"type": "function", "function": {"name": "TOOL-4711" * 9, "description": "TOOL-4711", "parameters": {}}}
    key = {"authorization": "Bearer KEY-4711"}
    with gateway(DATA_DIR=str(tmp_path), API_KEY="KEY-4711", KIRO_ATTEMPTS="1") as pair:
        secrets.append(pair.emulator.login("api-key").access_token)
        pair.emulator.script(*[Reply("ANSWER-4711")] * 4)
        messages = [{"role": "system", "content": "SYSTEM-4711"}, {"role": "user", "content": "PROMPT-4711"}]
        send(
            pair,
            "chat",
            headers=key,
            messages=messages,
            tools=[tool],
            user="PROMPT-4711",
            metadata={"a": "PROMPT-4711"},
        )
        for dialect in PATHS:
            send(pair, dialect, "PROMPT-4711", key, stream=True)
        pair.emulator.inject("improper")
        send(pair, "chat", "PROMPT-4711", key)
        send(pair, "chat", headers=key, messages=[{"role": "PROMPT-4711", "content": "PROMPT-4711"}])
        send(pair, "chat", "PROMPT-4711", {"authorization": "Bearer PROMPT-4711"})
        assert len(told(pair, "/api/requests", **key)["requests"]) == 6
        stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    stored += b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert b"claude-sonnet-4.5" in stored
    assert [secret for secret in secrets if secret.encode() in stored] == []


@pytest.mark.parametrize("path", ["/api/stats", "/api/requests", "/api/requests/live", "/metrics"])
def test_the_numbers_are_behind_the_key_and_closed_to_foreign_pages(path: str) -> None:
    with gateway(API_KEY="sesame") as pair:
        assert get(pair, path).status_code == 401
        assert get(pair, path, authorization="Bearer sesame", origin="http://evil.example").status_code == 403
        assert get(pair, path, authorization="Bearer sesame", host="evil.example").status_code == 403
        if path != "/api/requests/live":
            assert get(pair, path, authorization="Bearer sesame").status_code == 200


def test_a_refused_key_is_counted_but_not_on_record() -> None:
    with gateway(API_KEY="sesame") as pair:
        send(pair, "chat", headers={"authorization": "Bearer wrong"})
        key = {"authorization": "Bearer sesame"}
        assert told(pair, "/api/requests", **key)["requests"] == []
        (group,) = told(pair, "/api/stats?range=5m&by=status", **key)["groups"]
    assert (group["name"], group["count"], group["errors"]) == ("4xx", 1, 1)


def test_keys_are_told_apart_and_never_written_out(tmp_path: Path) -> None:
    with gateway(DATA_DIR=str(tmp_path), API_KEY="KEY-4711") as pair:
        key, secret = made(tmp_path, "laptop", clock=time.time)
        send(pair, "chat", headers={"authorization": f"Bearer {secret}"})
        admin = {"authorization": "Bearer KEY-4711"}
        send(pair, "chat", headers=admin)
        (record,) = told(pair, f"/api/requests?key={key.id}", **admin)["requests"]
        groups = told(pair, "/api/stats?range=5m&by=key", **admin)["groups"]
        stored = b"".join(file.read_bytes() for file in tmp_path.rglob("*") if file.is_file())
    assert secret.encode() not in stored
    assert (record["key"], record["status"]) == (key.id, 200)
    assert {group["name"]: group["count"] for group in groups}[key.id] == 1
    assert sum(group["count"] for group in groups) == 2


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("stats?range=1y", "range"),
        ("stats?by=colour", "by"),
        ("stats?rang=1h", "rang"),
        ("stats?by=key&by=model", "by"),
        ("requests?limit=0", "limit"),
        ("requests?limit=1001", "limit"),
        ("requests?limit=ten", "limit"),
        ("requests?limit=%D9%A3", "limit"),
        ("requests?limit=99999999999999999999", "limit"),
        ("requests?before=yesterday", "before"),
        ("requests?before=1795423188500", "before"),
        ("requests?status=teapot", "status"),
        ("requests?modell=x", "modell"),
        ("requests/live?model=x", "model"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(pair: Pair, query: str, field: str) -> None:
    response = get(pair, f"/api/{query}", **{"anthropic-version": "2023-06-01"})
    assert (response.status_code, response.json()["error"]["param"]) == (400, field)
    assert response.json()["error"]["type"] == "invalid_request_error"


def test_requests_are_found_page_by_page_and_filtered(pair: Pair) -> None:
    for number in range(5):
        send(pair, ("chat", "messages")[number % 2], model=("auto", MODEL)[number % 2])
    page = told(pair, "/api/requests?limit=2&dialect=chat&status=2xx")
    rest = told(pair, f"/api/requests?limit=2&dialect=chat&before={page['next']}")
    found = [*page["requests"], *rest["requests"]]
    assert [record["dialect"] for record in found] == ["chat"] * 3
    assert [record["at"] for record in found] == sorted((record["at"] for record in found), reverse=True)
    assert rest["next"] is None
    assert len(records(pair, f"?model={MODEL}")) == 2
    assert records(pair, "?key=nobody") == []
    assert told(pair, "/api/requests?before=1000000000000~x")["requests"] == []


@pytest.fixture(scope="module")
def _served() -> Iterator[Pair]:
    with gateway() as pair:
        yield pair


@pytest.fixture
def pair(_served: Pair) -> Pair:
    return _served


def test_the_feed_tells_of_requests_as_they_end() -> None:
    with (
        gateway(KEEPALIVE="0.1") as pair,
        httpx.stream("GET", f"{pair.url}/api/requests/live", timeout=10, trust_env=False) as feed,
    ):
        assert feed.headers["content-type"].startswith("text/event-stream")
        lines = feed.iter_lines()
        assert next(lines).startswith(":")
        answers = [send(pair, "chat", stream=stream) for stream in (True, False)]
        events = [json.loads(line[6:]) for line in (next(lines) for _ in range(60)) if line.startswith("data: ")]
        assert [event["id"] for event in events] == [answer.headers["x-request-id"] for answer in answers]
