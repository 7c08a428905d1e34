"""The Messages API over a real socket: streams, tools, limits, counts, models, errors in Anthropic's form."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from typing import Any, TypeAlias

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from tests.anthropic_bodies import bodies
from tests.gateways import STRICT, Pair, gateway
from tests.openai_bodies import PIXEL

from kiro2chat_core.tokenizer import count
from kiro2chat_functions.emulator import Call, Options, Reply

Json: TypeAlias = dict[str, Any]

MODEL = "claude-sonnet-4.5"
LOOK = {"name": "look", "description": "Looks", "input_schema": {"type": "object", "properties": {}}}
HI = {"role": "user", "content": "Hi"}


@pytest.fixture
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def asking(*messages: Json, **more: Any) -> Json:
    return {"model": MODEL, "max_tokens": 1000, "messages": list(messages) or [HI]} | more


def post(pair: Pair, body: object, path: str = "/v1/messages?beta=true", **headers: str) -> httpx.Response:
    return httpx.post(f"{pair.url}{path}", json=body, headers=headers, timeout=30, trust_env=False)


def events(response: httpx.Response) -> list[Json]:
    assert response.headers["content-type"].startswith("text/event-stream")
    return [json.loads(line.removeprefix("data: ")) for line in response.text.splitlines() if line.startswith("data: ")]


def error(response: httpx.Response) -> tuple[int, str, str]:
    told = response.json()
    assert set(told) == {"type", "error", "request_id"}
    assert told["type"] == "error"
    assert told["request_id"] == response.headers["request-id"]
    return response.status_code, told["error"]["type"], told["error"]["message"]


def test_an_answer(pair: Pair) -> None:
    pair.emulator.script(Reply("Hello."))
    response = post(pair, asking(), **{"anthropic-beta": "anything-2030-01-01", "anthropic-version": "2030-01-01"})
    told = response.json()
    assert told["content"] == [{"type": "text", "text": "Hello."}]
    assert (told["model"], told["stop_reason"], told["role"]) == (MODEL, "end_turn", "assistant")
    assert told["id"].startswith("msg_")
    assert response.headers["request-id"] == told["id"]


def test_a_tool_round_with_an_image_in_the_result(pair: Pair) -> None:
    pair.emulator.script(
        Reply("I'll look.", calls=[Call("look", {"at": 1}, "t1"), Call("look", None, "t2")]), Reply("A dot.")
    )
    first = post(pair, asking(HI, tools=[LOOK])).json()
    assert first["stop_reason"] == "tool_use"
    assert [block["type"] for block in first["content"]] == ["text", "tool_use", "tool_use"]
    results = [
        {"type": "tool_result", "tool_use_id": "t2", "content": "No.", "is_error": True},
        {"type": "tool_result", "tool_use_id": "t1", "content": [
            {"type": "text", "text": "Here:"},
            {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}}]},
    ]  # fmt: skip
    messages = [HI, {"role": "assistant", "content": first["content"]}, {"role": "user", "content": results}]
    second = post(pair, asking(*messages, tools=[LOOK])).json()
    assert second["content"][0]["text"] == "A dot."
    current = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]
    assert [(each["toolUseId"], each["status"]) for each in current["userInputMessageContext"]["toolResults"]] == [
        ("t1", "success"), ("t2", "error"),
    ]  # fmt: skip
    assert current["images"] == [{"format": "png", "source": {"bytes": PIXEL}}]


def test_a_stream_begins_at_once_and_ends_whole(pair: Pair) -> None:
    pair.emulator.script(Reply("Hello, world.", reasoning="Hm."))
    told = events(post(pair, asking(stream=True)))
    assert [event["type"] for event in told[:2]] == ["message_start", "ping"]
    assert told[0]["message"]["usage"]["input_tokens"] > 0
    assert told[0]["message"]["usage"]["estimated"]
    assert told[-2]["usage"]["output_tokens"] > 0
    assert told[-1]["type"] == "message_stop"
    blocks = [event["content_block"]["type"] for event in told if event["type"] == "content_block_start"]
    assert blocks == ["thinking", "text"]


def test_silences_are_broken_by_pings() -> None:
    with gateway(Options(), KEEPALIVE="0.1") as pair:
        pair.emulator.inject("silence", seconds=1.0, after=1)
        told = events(post(pair, asking(stream=True)))
    assert [event["type"] for event in told].count("ping") > 3
    assert told[-1]["type"] == "message_stop"


def test_thoughts_that_nobody_wants_to_read_keep_their_proof(pair: Pair) -> None:
    for stream in (True, False):
        pair.emulator.script(Reply("42", reasoning="Let me think."))
        asked = asking(stream=stream, model="claude-opus-4-8", thinking={"type": "adaptive", "display": "omitted"})
        response = post(pair, asked)
        if stream:
            deltas = [event["delta"] for event in events(response) if event["type"] == "content_block_delta"]
            assert [delta["type"] for delta in deltas[:2]] == ["signature_delta", "text_delta"]
        else:
            thinking, text = response.json()["content"]
            assert (thinking["type"], thinking["thinking"], text["text"]) == ("thinking", "", "42")
            assert thinking["signature"].startswith("Eo")


def test_a_tool_can_be_demanded(pair: Pair) -> None:
    tools = [LOOK, LOOK | {"name": "listen"}]
    for choice, name in (({"type": "any"}, "look"), ({"type": "tool", "name": "listen"}, "listen")):
        pair.emulator.script(Reply("I'd rather not."), Reply(calls=[Call(name, {"at": 1}, "t1")]))
        told = post(pair, asking(tools=tools, tool_choice=choice)).json()
        assert told["content"] == [{"type": "tool_use", "id": "t1", "name": name, "input": {"at": 1}}]
    pair.emulator.script(Reply("Look.", calls=[Call("look", {"at": 1}, "t1"), Call("look", {"at": 2}, "t2")]))
    one = {"type": "auto", "disable_parallel_tool_use": True}
    told = post(pair, asking(tools=tools, tool_choice=one)).json()
    assert [block["type"] for block in told["content"]] == ["text", "tool_use"]


@pytest.mark.parametrize("stream", [True, False])
def test_limits(pair: Pair, stream: bool) -> None:
    pair.emulator.script(Reply("one two STOP three"), Reply("word " * 500))
    for more, reason, stop in (
        ({"stop_sequences": ["STOP"]}, "stop_sequence", "STOP"),
        ({"max_tokens": 9}, "max_tokens", None),
    ):
        response = post(pair, asking(stream=stream) | more)
        told = events(response)[-2]["delta"] if stream else response.json()
        assert (told["stop_reason"], told["stop_sequence"]) == (reason, stop)


def test_a_truncated_call_is_withheld(pair: Pair) -> None:
    pair.emulator.script(Reply("I'll look.", calls=[Call("look", {"at": 1})]))
    pair.emulator.inject("unfinished_call")
    told = post(pair, asking(tools=[LOOK])).json()
    assert [block["type"] for block in told["content"]] == ["text"]
    assert told["stop_reason"] == "max_tokens"


def test_exact_counts_with_the_cache() -> None:
    usage = {"uncachedInputTokens": 11, "outputTokens": 7, "cacheReadInputTokens": 3, "cacheWriteInputTokens": 2}
    with gateway(Options(token_usage=True)) as pair:
        pair.emulator.script(Reply("Hi.", usage=usage), Reply("Hi.", usage=usage))
        whole = post(pair, asking()).json()["usage"]
        streamed = events(post(pair, asking(stream=True)))[-2]["usage"]
    assert whole == streamed
    assert (whole["input_tokens"], whole["cache_read_input_tokens"], whole["cache_creation_input_tokens"]) == (11, 3, 2)
    assert (whole["output_tokens"], whole["estimated"]) == (7, False)


def test_marked_prefixes_are_cached() -> None:
    mark = {"cache_control": {"type": "ephemeral"}}
    system = [{"type": "text", "text": "The rules. " * 2000} | mark]
    with gateway(Options(token_usage=True)) as pair:
        first = post(pair, asking(system=system)).json()["usage"]
        again = {"role": "assistant", "content": "Yes."}
        second = post(pair, asking(HI, again, {"role": "user", "content": "And?"}, system=system)).json()["usage"]
    assert first["cache_creation_input_tokens"] > 3000
    assert second["cache_read_input_tokens"] == first["cache_creation_input_tokens"]


def test_counting(pair: Pair) -> None:
    story = "The quick brown fox jumps over the lazy dog. " * 100
    body = {"model": MODEL, "messages": [{"role": "user", "content": story}]}
    response = post(pair, body, "/v1/messages/count_tokens?beta=true")
    assert set(response.json()) == {"input_tokens"}
    assert count(story) <= response.json()["input_tokens"] <= count(story) + 20
    document = {"type": "document", "source": {"type": "text", "media_type": "text/plain", "data": story}}
    more = post(pair, body | {"messages": [{"role": "user", "content": [document]}]}, "/v1/messages/count_tokens")
    assert more.json()["input_tokens"] >= count(story)
    assert pair.chats() == []


def test_models_in_the_form_of_who_asks(pair: Pair) -> None:
    def get(path: str, **headers: str) -> Json:
        told: Json = httpx.get(f"{pair.url}{path}", headers=headers, trust_env=False).json()
        return told

    version = {"anthropic-version": "2023-06-01"}
    listed = get("/v1/models?limit=1000", **version)
    assert (listed["has_more"], listed["first_id"]) == (False, listed["data"][0]["id"])
    assert {model["type"] for model in listed["data"]} == {"model"}
    assert [model["id"] for model in listed["data"]] == [model["id"] for model in get("/v1/models")["data"]]
    assert get("/v1/models/claude-opus-4-8", **version)["max_input_tokens"] == 1_000_000
    assert get("/v1/models/claude-opus-4-8")["object"] == "model"
    assert get("/v1/models/gpt-2", **version)["error"]["type"] == "not_found_error"


def test_the_first_page_tells_both_addresses(pair: Pair) -> None:
    told = httpx.get(pair.url, trust_env=False).text
    assert f"OpenAI-compatible API: {pair.url}/v1\nAnthropic-compatible API: {pair.url}/\n" in told


def test_a_foreign_version_is_told_in_its_form_on_every_path(pair: Pair) -> None:
    version = {"anthropic-version": "2030-01-01"}
    for path, status in (("/v1/nothing", 404), ("/v1/models/gpt-2", 404), ("/v1/chat/completions", 405)):
        response = httpx.get(f"{pair.url}{path}", headers=version, trust_env=False)
        assert error(response)[0] == status
        plain = httpx.get(f"{pair.url}{path}", trust_env=False)
        assert plain.status_code == status
        assert "type" not in plain.json()


def test_either_way_of_giving_the_key() -> None:
    with gateway(STRICT, API_KEY="sesame") as pair:
        assert post(pair, asking(), **{"x-api-key": "sesame"}).status_code == 200
        assert post(pair, asking(), authorization="Bearer sesame").status_code == 200
        assert error(post(pair, asking()))[:2] == (401, "authentication_error")
        assert error(post(pair, asking(), **{"x-api-key": "open"}))[:2] == (401, "authentication_error")
        assert httpx.head(pair.url, trust_env=False).status_code == 200


def test_errors_are_anthropics_wherever_they_come_from(pair: Pair) -> None:
    assert error(post(pair, asking(), host="evil.example"))[:2] == (403, "permission_error")
    assert error(post(pair, asking(), "/v1/messages/batches"))[:2] == (404, "not_found_error")
    wrong = httpx.get(f"{pair.url}/v1/messages", trust_env=False)
    assert error(wrong)[:2] == (405, "invalid_request_error")
    assert error(post(pair, asking(model="gpt 2")))[:2] == (404, "not_found_error")


BACKEND = {
    "throttled": (429, "rate_limit_error"),
    "no_capacity": (529, "overloaded_error"),
    "model_down": (529, "overloaded_error"),
    "suspended": (403, "permission_error"),
    "monthly_quota": (429, "rate_limit_error"),
    "improper": (400, "invalid_request_error"),
    "unknown_model": (404, "not_found_error"),
}


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("fault", "told"), BACKEND.items(), ids=BACKEND)
def test_the_backends_errors(fault: str, told: tuple[int, str], stream: bool) -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        pair.emulator.inject(fault)
        response = post(pair, asking(stream=stream))
    assert error(response)[:2] == told
    assert ("x-should-retry" in response.headers) == (fault == "monthly_quota")


def test_retry_after_is_passed_on() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        pair.emulator.inject("throttled", retry_after_ms=7000)
        assert post(pair, asking()).headers["retry-after"] == "7"


def test_a_conversation_that_is_too_long(pair: Pair) -> None:
    long = {"role": "user", "content": "word " * 120_000}
    pair.emulator.inject("too_long", times=2)
    status, kind, message = error(post(pair, asking(long)))
    assert (status, kind, message) == (
        400,
        "invalid_request_error",
        "prompt is too long: 200001 tokens > 200000 maximum",
    )
    assert error(post(pair, asking()))[2].startswith("prompt is too long: The conversation is too long")


def test_a_stream_that_breaks_off_ends_with_an_error() -> None:
    with gateway(Options(delay=0.05)) as pair:
        pair.emulator.script(Reply("word " * 50))
        pair.emulator.inject("exception", after=8, type="throttlingException", message="slow down")
        told = events(post(pair, asking(stream=True)))
    assert told[0]["type"] == "message_start"
    assert told[-1]["type"] == "error"
    assert told[-1]["error"]["type"] == "rate_limit_error"


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"\xff\xfe", b'{"model":"m"', b"null", b"nan", b'"x"'])
def test_what_is_no_object(pair: Pair, raw: bytes) -> None:
    response = httpx.post(f"{pair.url}/v1/messages", content=raw, trust_env=False)
    assert error(response)[:2] == (400, "invalid_request_error")


def test_a_body_of_fifty_megabytes_is_refused_before_it_is_read(pair: Pair) -> None:
    host, port = pair.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as raw:
        raw.sendall(b"POST /v1/messages HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 52428800\r\n\r\n")
        assert b"413" in raw.recv(200)


@pytest.fixture(scope="module")
def lasting() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


NOWHERE: Json = {"model": MODEL, "max_tokens": 9, "messages": [{"role": "user", "content": [{"type": "image"}]}]}


@pytest.mark.parametrize("path", ["/v1/messages", "/v1/messages/count_tokens"])
@pytest.mark.parametrize("stream", [True, False])
def test_what_is_wrong_is_named_before_anything_is_sent(lasting: Pair, path: str, stream: bool) -> None:
    before = len(lasting.chats())
    status, kind, message = error(post(lasting, NOWHERE | {"stream": stream}, path))
    assert (status, kind) == (400, "invalid_request_error")
    assert message == "messages[0].content[0].source is missing."
    assert len(lasting.chats()) == before


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=bodies())
def test_whatever_may_legally_be_sent_can_be_counted(lasting: Pair, body: Json) -> None:
    response = post(lasting, body, "/v1/messages/count_tokens")
    assert response.status_code == 200, response.text
    assert response.json()["input_tokens"] >= 0  # an empty message of the model has none


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(body=bodies())
def test_the_strict_emulator_takes_whatever_may_legally_be_sent(lasting: Pair, body: Json) -> None:
    response = post(lasting, body)
    assert response.status_code == 200, response.text
