"""Chat completions over a real socket: limits, tools, streams, silences, and clients that leave."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest
from tests.gateways import STRICT, Pair, gateway

from kiro2chat_core.tokenizer import count
from kiro2chat_functions.emulator import Call, Options, Reply

MODEL = "claude-sonnet-4.5"
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def asking(text: str, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "messages": [{"role": "user", "content": text}], **more}


def chunks(response: httpx.Response) -> list[dict[str, Any]]:
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]"
    return [json.loads(line) for line in lines[:-1]]


def eventually(true: Callable[[], bool], within: float) -> bool:
    end = time.monotonic() + within
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.02)
    return true()


@pytest.mark.parametrize("stream", [True, False])
def test_a_stop_sequence_ends_the_answer_and_is_not_shown(pair: Pair, stream: bool) -> None:
    pair.emulator.script(Reply(["One, tw", "o, ST", "OP, three"]))
    response = pair.post(asking("Count.", stop=["STOP"], stream=stream))
    if stream:
        choices = [chunk["choices"][0] for chunk in chunks(response)]
        text, finish = "".join(c["delta"].get("content", "") for c in choices), choices[-1]["finish_reason"]
    else:
        choice = response.json()["choices"][0]
        text, finish = choice["message"]["content"], choice["finish_reason"]
    assert (text, finish) == ("One, two, ", "stop")


def test_max_tokens_cuts_and_says_length(pair: Pair) -> None:
    pair.emulator.script(Reply("word " * 500))
    answer = pair.post(asking("Write.", max_tokens=10)).json()
    assert answer["choices"][0]["finish_reason"] == "length"
    text = answer["choices"][0]["message"]["content"]
    assert ("word " * 500).startswith(text)
    assert 8 <= count(text) <= answer["usage"]["completion_tokens"] <= 10


def test_max_tokens_stops_the_upstream(pair: Pair) -> None:
    with gateway(Options(delay=0.02)) as slow:
        slow.emulator.script(Reply("word " * 2000))
        slow.post(asking("Write.", max_tokens=10))
        assert eventually(lambda: slow.emulator.seen[-1].left_at is not None, within=1)


def test_a_tool_result_turn_is_answered(pair: Pair) -> None:
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "content": None, "tool_calls": [
            {"id": "call_1", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "call_1", "content": "a tree"},
    ]  # fmt: skip
    answer = pair.post({"model": MODEL, "messages": messages, "tools": [TOOL]}).json()
    assert "`look` says: a tree" in answer["choices"][0]["message"]["content"]


def test_tools_of_the_history_need_not_be_declared(pair: Pair) -> None:
    messages = [
        {"role": "user", "content": "Look."},
        {"role": "assistant", "tool_calls": [
            {"id": "c", "type": "function", "function": {"name": "look", "arguments": "{}"}}]},
        {"role": "tool", "tool_call_id": "c", "content": "a tree"},
    ]  # fmt: skip
    assert pair.post({"model": MODEL, "messages": messages}).status_code == 200


def test_tool_choice_none_gives_text_even_if_the_model_calls(pair: Pair) -> None:
    pair.emulator.script(Reply("Fine.", calls=[Call("look", {})]))
    choice = pair.post(asking("Look.", tools=[TOOL], tool_choice="none")).json()["choices"][0]
    assert (choice["message"].get("tool_calls"), choice["message"]["content"]) == (None, "Fine.")
    assert choice["finish_reason"] == "stop"


@pytest.mark.parametrize("choice", ["required", {"type": "function", "function": {"name": "look"}}])
def test_a_demanded_call_that_does_not_come_is_asked_for_again(pair: Pair, choice: object) -> None:
    pair.emulator.script(Reply("I would rather talk."), Reply(calls=[Call("look", {})]))
    before = len(pair.chats())
    answer = pair.post(asking("Hm.", tools=[TOOL], tool_choice=choice)).json()["choices"][0]
    assert len(pair.chats()) == before + 2
    assert answer["finish_reason"] == "tool_calls"
    assert answer["message"]["content"] is None


def test_one_call_at_a_time_where_the_client_wants_it_so(pair: Pair) -> None:
    pair.emulator.script(Reply(calls=[Call("look", {}), Call("look", {})]))
    answer = pair.post(asking("Look twice.", tools=[TOOL], parallel_tool_calls=False)).json()["choices"][0]
    assert len(answer["message"]["tool_calls"]) == 1
    assert answer["finish_reason"] == "tool_calls"


def test_undeclared_calls_are_dropped_and_the_turn_ends(pair: Pair) -> None:
    pair.emulator.inject("undeclared_call", alone=True)
    choice = pair.post(asking("Look.", tools=[TOOL])).json()["choices"][0]
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "stop"


def test_a_truncated_call_is_withheld(pair: Pair) -> None:
    pair.emulator.script(Reply("Let me.", calls=[Call("look", {"a": "b"})]))
    pair.emulator.inject("unfinished_call")
    choice = pair.post(asking("Look.", tools=[TOOL])).json()["choices"][0]
    assert "tool_calls" not in choice["message"]
    assert choice["finish_reason"] == "length"


def test_json_mode_leaves_nothing_but_json(pair: Pair) -> None:
    pair.emulator.script(Reply('Sure!\n```json\n{"a": [1, 2]}\n```\nDone.'))
    answer = pair.post(asking("JSON", response_format={"type": "json_object"})).json()
    assert answer["choices"][0]["message"]["content"] == '{"a": [1, 2]}'


@pytest.mark.parametrize("fault", ["one_byte_writes", "seven_byte_writes", "random_writes", "merged_writes",
                                   "split_everything", "unknown_events", "followup", "without_metadata"])  # fmt: skip
def test_however_the_bytes_come_the_text_is_the_same(pair: Pair, fault: str) -> None:
    text = "Grüße, 世界! 👩‍👩‍👧 " * 10
    pair.emulator.script(Reply(text))
    pair.emulator.inject(fault)
    assert pair.post(asking("Hi")).json()["choices"][0]["message"]["content"] == text


def test_identical_chunks_are_all_kept(pair: Pair) -> None:
    pair.emulator.script(Reply(["ha", "ha", "ha", "\n", "\n", "ha"]))
    assert pair.post(asking("Laugh")).json()["choices"][0]["message"]["content"] == "hahaha\n\nha"


@pytest.mark.parametrize(
    ("fault", "times"),
    [("throttled", 2), ("html_502", 1), ("json_in_200", 1), ("overload", 2), ("no_capacity", 1), ("tool_list", 1)],
)
def test_passing_failures_are_retried_before_the_first_byte(pair: Pair, fault: str, times: int) -> None:
    pair.emulator.inject(fault, times=times)
    before = len(pair.chats())
    assert pair.post(asking("Hi", stream=True)).status_code == 200
    assert len(pair.chats()) == before + times + 1


@pytest.mark.parametrize(
    ("fault", "times", "status", "code"),
    [
        ("throttled", 9, 429, "rate_limit_exceeded"),
        ("model_down", 9, 503, "backend_unavailable"),
        ("html_502", 9, 503, "backend_unavailable"),
        ("monthly_quota", 1, 429, "insufficient_quota"),
        ("monthly_quota_q", 1, 429, "insufficient_quota"),
        ("overage_cap", 1, 429, "insufficient_quota"),
        ("suspended", 1, 403, "login_forbidden"),
        ("too_long", 1, 400, "context_length_exceeded"),
        ("too_large", 1, 400, "context_length_exceeded"),
        ("improper", 1, 400, "backend_rejected_request"),
    ],
)
def test_lasting_failures_have_their_status_and_code(fault: str, times: int, status: int, code: str) -> None:
    with gateway(KIRO_ATTEMPTS="2") as pair:
        pair.emulator.inject(fault, times=times)
        response = pair.post(asking("Hi", stream=True))
        assert (response.status_code, response.json()["error"]["code"]) == (status, code)
        assert len(pair.chats()) == min(times, 2)
        if code == "insufficient_quota":
            assert response.headers["x-should-retry"] == "false"


def test_a_stall_before_the_first_token_is_an_error_with_a_status() -> None:
    with gateway(KIRO_FIRST_TOKEN_TIMEOUT="0.2", KIRO_ATTEMPTS="1") as pair:
        pair.emulator.inject("silence", seconds=2, after=0)
        response = pair.post(asking("Hi", stream=True))
    assert (response.status_code, response.json()["error"]["code"]) == (504, "backend_timeout")


def test_a_stall_in_the_middle_ends_the_stream_with_an_error() -> None:
    with gateway(Options(delay=0.02), KIRO_IDLE_TIMEOUT="0.3") as pair:
        pair.emulator.inject("silence", seconds=3, after=6)
        seen = chunks(pair.post(asking("Hi", stream=True)))
    assert seen[0]["choices"][0]["delta"]["content"]
    assert seen[-1]["error"]["code"] == "backend_timeout"


def test_a_long_silence_is_broken_by_comments_that_clients_skip() -> None:
    with gateway(KEEPALIVE="0.1") as pair:
        pair.emulator.inject("silence", seconds=0.6, after=0)
        response = pair.post(asking("Hi", stream=True))
    assert response.text.startswith(": keep-alive\n\n")
    assert response.text.count(": keep-alive") >= 3
    assert "demo" in "".join(chunk["choices"][0]["delta"].get("content", "") for chunk in chunks(response))


def test_an_error_after_the_first_comment_comes_in_the_stream() -> None:
    with gateway(KEEPALIVE="0.1", KIRO_ATTEMPTS="1") as pair:
        pair.emulator.inject("exception", "silence", seconds=0.4, after=0)
        response = pair.post(asking("Hi", stream=True))
    assert response.status_code == 200
    assert chunks(response)[-1]["error"]["code"] == "rate_limit_exceeded"


@pytest.mark.parametrize("stream", [True, False])
def test_the_upstream_is_closed_within_a_second_of_the_client_leaving(stream: bool) -> None:
    with gateway(Options(delay=0.05)) as pair:
        pair.emulator.script(Reply("word " * 1000))
        body = json.dumps(asking("Write.", stream=stream)).encode()
        host, port = pair.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port))) as client:
            head = f"POST /v1/chat/completions HTTP/1.1\r\nhost: {host}:{port}\r\ncontent-length: {len(body)}\r\n\r\n"
            client.sendall(head.encode() + body)
            assert eventually(lambda: bool(pair.chats()), within=5)
            time.sleep(0.2)
        assert eventually(lambda: pair.emulator.seen[-1].left_at is not None, within=1)


def test_the_older_functions_form_is_answered_in_kind(pair: Pair) -> None:
    pair.emulator.script(Reply(calls=[Call("look", {"a": 1})]))
    function = {"name": "look", "parameters": {"type": "object", "properties": {}}}
    choice = pair.post(asking("Look.", functions=[function])).json()["choices"][0]
    assert choice["finish_reason"] == "function_call"
    assert choice["message"]["function_call"] == {"name": "look", "arguments": '{"a":1}'}


def test_both_request_forms_reach_the_backend() -> None:
    for form in ("json", "rest"):
        with gateway(STRICT, KIRO_FORM=form) as pair:
            assert pair.post(asking("Hi")).status_code == 200
            seen = pair.emulator.seen[-1]
            assert bool(seen.target) == (form == "json")
            assert seen.headers["user-agent"].startswith("kiro2chat/")


def test_a_host_that_refuses_the_placeholder_is_learnt() -> None:
    with gateway(Options(profile_needed=False, placeholder_taken=False)) as pair:
        assert pair.post(asking("Hi")).status_code == 200
        assert "profileArn" not in pair.chats()[-1]
        before = len(pair.chats())
        assert pair.post(asking("Hi")).status_code == 200
        assert len(pair.chats()) == before + 1


@pytest.mark.parametrize("identity", ["kiro", "claude"])
def test_the_identity_note_is_a_choice(identity: str) -> None:
    with gateway(ASSISTANT_IDENTITY=identity) as pair:
        pair.post(asking("Who are you?"))
        assert ("You are Claude" in json.dumps(pair.chats()[-1])) == (identity == "claude")


def test_httpx_may_carry_the_requests_too() -> None:
    with gateway(KIRO_TRANSPORT="httpx") as pair:
        assert pair.post(asking("Hi", stream=True)).status_code == 200


INNER: list[tuple[dict[str, Any], str]] = [
    ({"tools": [{"type": "function", "function": {"name": "f", "strict": True}}]}, "tools.function.strict"),
    ({"tools": [{"type": "function", "function": {"name": "f", "strict": False}}]}, ""),
    ({"functions": [{"name": "f", "strict": True}]}, "functions.strict"),
    ({"stream_options": {"include_obfuscation": True}}, "stream_options.include_obfuscation"),
    ({"messages": [{"role": "user", "content": "Hi", "name": "Ann"}]}, "messages.name"),
    ({"messages": [{"role": "user", "content": "Hi"}, {"role": "function", "name": "f", "content": "1"}]}, ""),
    (
        {"response_format": {"type": "json_schema", "json_schema": {"name": "n", "schema": {}, "strict": True}}},
        "response_format.json_schema.strict",
    ),
]


@pytest.mark.parametrize(("sent", "named"), INNER, ids=[f"{number} {named}" for number, (_, named) in enumerate(INNER)])
def test_members_without_effect_are_named(pair: Pair, sent: dict[str, Any], named: str) -> None:
    response = pair.post(asking("Hi") | sent)
    assert response.status_code == 200, response.text
    assert response.headers.get("x-kiro2chat-ignored", "") == named
