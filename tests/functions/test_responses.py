"""POST /v1/responses and its neighbours over a real socket: what is refused, enforced, streamed, and what is not stored."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from tests.gateways import STRICT, Pair, gateway
from tests.openai_bodies import json_values
from tests.responses_bodies import bodies

from kiro2chat_core.tokenizer import count
from kiro2chat_functions.emulator import Call, Options, Reply

MODEL = "claude-sonnet-4.5"
LOOK = {"type": "function", "name": "look", "parameters": {"type": "object", "properties": {}}, "strict": False}


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with gateway(STRICT) as served:
        yield served


def send(pair: Pair, method: str, path: str, **more: Any) -> httpx.Response:
    return httpx.request(method, f"{pair.url}/v1/responses{path}", timeout=30, trust_env=False, **more)


def post(pair: Pair, body: object, path: str = "") -> httpx.Response:
    return send(pair, "POST", path, json=body)


def asking(prompt: str, /, **more: Any) -> dict[str, Any]:
    return {"model": MODEL, "input": prompt, **more}


def events(response: httpx.Response) -> list[dict[str, Any]]:
    assert response.headers["content-type"].startswith("text/event-stream")
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    told = [json.loads(line) for line in lines]
    assert [event["sequence_number"] for event in told] == list(range(len(told)))
    return told


def final(response: httpx.Response, stream: bool) -> dict[str, Any]:
    assert response.status_code == 200, response.text
    return dict(events(response)[-1]["response"] if stream else response.json())


# --- what is enforced --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("stream", [True, False])
def test_max_output_tokens_cuts_and_says_so(pair: Pair, stream: bool) -> None:
    pair.emulator.script(Reply("word " * 500))
    answer = final(post(pair, asking("Write.", max_output_tokens=10, stream=stream)), stream)
    assert (answer["status"], answer["incomplete_details"]) == ("incomplete", {"reason": "max_output_tokens"})
    (item,) = answer["output"]
    assert item["status"] == "incomplete"
    assert 8 <= count(item["content"][0]["text"]) <= answer["usage"]["output_tokens"] <= 10


@pytest.mark.parametrize("stream", [True, False])
def test_a_truncated_call_is_withheld(pair: Pair, stream: bool) -> None:
    pair.emulator.script(Reply("Let me look.", calls=[Call("look", {"at": "the whole wide world"})]))
    pair.emulator.inject("unfinished_call")
    answer = final(post(pair, asking("Look.", tools=[LOOK], stream=stream)), stream)
    assert answer["status"] == "incomplete"
    assert [item["type"] for item in answer["output"]] == ["message"]


def test_one_call_at_a_time_where_the_client_wants_it_so(pair: Pair) -> None:
    pair.emulator.script(Reply(calls=[Call("look", {}), Call("look", {})]))
    answer = post(pair, asking("Look twice.", tools=[LOOK], parallel_tool_calls=False)).json()
    assert [item["type"] for item in answer["output"]] == ["function_call"]


@pytest.mark.parametrize("choice", ["required", {"type": "function", "name": "look"}])
def test_a_demanded_call_that_does_not_come_is_asked_for_again(pair: Pair, choice: object) -> None:
    pair.emulator.script(Reply("I would rather talk."), Reply(calls=[Call("look", {})]))
    before = len(pair.chats())
    answer = post(pair, asking("Hm.", tools=[LOOK], tool_choice=choice)).json()
    assert len(pair.chats()) == before + 2
    assert [item["type"] for item in answer["output"]] == ["function_call"]


def test_what_has_no_effect_is_named_in_a_header(pair: Pair) -> None:
    response = post(
        pair, asking("Hi", tools=[{"type": "web_search"}], store=True, temperature=1, text={"verbosity": "low"})
    )
    assert response.headers["x-kiro2chat-ignored"] == "store,temperature,text.verbosity,tools.web_search"
    strict = [LOOK | {"strict": True}]
    assert post(pair, asking("Hi", tools=strict)).headers["x-kiro2chat-ignored"] == "tools.strict"
    assert response.json()["store"] is False


def test_a_namespace_is_called_by_the_names_of_the_client(pair: Pair) -> None:
    tools = [
        {"type": "namespace", "name": "agents", "description": "d", "tools": [{"type": "function", "name": "spawn"}]}
    ]
    pair.emulator.script(Reply(calls=[Call("agents__spawn", {"n": 1})]))
    (item,) = post(pair, asking("Go.", tools=tools)).json()["output"]
    assert (item["namespace"], item["name"], item["arguments"]) == ("agents", "spawn", '{"n":1}')
    output = {"type": "function_call_output", "call_id": item["call_id"], "output": "spawned"}
    answer = post(pair, {"model": MODEL, "input": [{"role": "user", "content": "Go."}, item, output], "tools": tools})
    assert "`agents__spawn` says: spawned" in answer.json()["output"][0]["content"][0]["text"]


# --- errors ------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"null", b"[]", b'"text"', b"\xff\xfe", b"[" * 100_000, b'{"model": NaN}'],
    ids=["empty", "cut", "null", "array", "text", "no utf-8", "deep", "nan"],
)
@pytest.mark.parametrize("path", ["", "/input_tokens"])
def test_what_is_no_json_object_is_refused(pair: Pair, content: bytes, path: str) -> None:
    response = send(pair, "POST", path, content=content)
    assert response.status_code == 400
    assert response.json()["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"model": None}, "model"),
        ({"input": None}, "input"),
        ({"input": [{"role": "robot", "content": "Hi"}]}, "input[0].role"),
        ({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]}, "input[0].content[0].file_id"),
        ({"input": [{"role": "user", "content": [{"type": "input_image", "image_url": "http://127.0.0.1/x"}]}]},
         "input[0].content[0].image_url"),
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"background": True}, "background"),
        ({"tools": [{"type": "function"}]}, "tools[0].name"),
    ],
)  # fmt: skip
def test_the_field_is_named(pair: Pair, changes: dict[str, Any], field: str, stream: bool) -> None:
    before = len(pair.chats())
    response = post(pair, asking("Hi", stream=stream) | changes)
    error = response.json()["error"]
    assert (response.status_code, error["param"]) == (400, field)
    assert field in error["message"]
    assert len(pair.chats()) == before


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(json_values)
def test_no_json_at_all_is_a_server_error(pair: Pair, value: Any) -> None:
    assert 400 <= post(pair, value).status_code < 500


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(bodies())
def test_the_strict_emulator_takes_whatever_a_client_may_legally_send(pair: Pair, body: dict[str, Any]) -> None:
    response = post(pair, body | {"max_output_tokens": 50})
    assert response.status_code == 200, response.text
    assert response.json()["object"] == "response"


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(
    ("fault", "status", "code"),
    [("too_long", 400, "context_length_exceeded"), ("monthly_quota", 429, "insufficient_quota")],
)
def test_an_error_before_the_first_event_has_its_own_status(
    pair: Pair, fault: str, status: int, code: str, stream: bool
) -> None:
    pair.emulator.inject(fault)
    response = post(pair, asking("Hi", stream=stream))
    assert (response.status_code, response.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize(
    ("fault", "arguments", "code"),
    [("exception", {"after": 3}, "rate_limit_exceeded"), ("hangup", {"after": 3}, "server_error")],
)
def test_a_stream_that_breaks_ends_with_the_reason(fault: str, arguments: dict[str, Any], code: str) -> None:
    with gateway(Options(delay=0.02)) as slow:
        slow.emulator.script(Reply(["One ", "two ", "three ", "four"]))
        slow.emulator.inject(fault, **arguments)
        told = events(post(slow, asking("Count.", stream=True)))
    assert told[0]["type"] == "response.created"
    assert any(event["type"] == "response.output_text.delta" for event in told)
    assert told[-1]["type"] == "response.failed"
    assert (told[-1]["response"]["status"], told[-1]["response"]["error"]["code"]) == ("failed", code)


# --- neighbours --------------------------------------------------------------------------------------------------------


def test_input_tokens_are_counted_without_asking_the_model(pair: Pair) -> None:
    before = len(pair.chats())
    short, long = (post(pair, {"input": text}, "/input_tokens").json() for text in ("Hi", "word " * 1000))
    assert short["object"] == "response.input_tokens"
    assert short["input_tokens"] < 20
    assert 900 < long["input_tokens"] < 1200
    assert len(pair.chats()) == before


def test_a_count_refuses_what_the_answer_would_refuse(pair: Pair) -> None:
    response = post(pair, {"input": 5}, "/input_tokens")
    assert (response.status_code, response.json()["error"]["param"]) == (400, "input")


TREES = {"role": "user", "content": "Tell me of trees."}


@pytest.mark.parametrize(
    "history", ["Tell me of trees.", [TREES], [{"type": "note", "role": "user", "words": "x"}, TREES]]
)
def test_a_history_is_compacted_and_goes_on(pair: Pair, history: Any) -> None:
    pair.emulator.script(Reply("They want to know of trees; tell of oaks first.", reasoning="Hm"))
    response = post(pair, {"model": MODEL, "input": history}, "/compact")
    told = response.json()
    assert (response.status_code, told["object"]) == (200, "response.compaction")
    said, summary = told["output"]
    assert (said["role"], said["content"]) == ("user", [{"type": "input_text", "text": "Tell me of trees."}])
    assert summary["type"] == "compaction"
    post(pair, {"model": MODEL, "input": [said, summary, {"role": "user", "content": "Go on."}]})
    sent = pair.chats()[-1]["conversationState"]["currentMessage"]["userInputMessage"]["content"]
    assert sent.index("Tell me of trees.") < sent.index("tell of oaks first") < sent.index("Go on.")


@pytest.mark.parametrize("body", [{"model": MODEL}, {"model": MODEL, "input": []}, {"model": MODEL, "input": [5]}, []])
def test_what_cannot_be_compacted_is_refused(pair: Pair, body: object) -> None:
    response = post(pair, body, "/compact")
    assert response.status_code == 400
    assert response.json()["error"]["param"] in ("input", "input[0]", None)


def test_a_request_for_a_websocket_is_refused_at_once(pair: Pair) -> None:
    headers = {
        "connection": "Upgrade",
        "upgrade": "websocket",
        "sec-websocket-version": "13",
        "sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==",
    }
    response = send(pair, "GET", "", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (426, "upgrade_unsupported")


def test_responses_are_not_listed(pair: Pair) -> None:
    response = send(pair, "GET", "")
    assert (response.status_code, response.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/resp_1"),
        ("DELETE", "/resp_1"),
        ("POST", "/resp_1/cancel"),
        ("GET", "/resp_1/input_items"),
    ],
)
def test_nothing_is_stored(pair: Pair, method: str, path: str) -> None:
    response = send(pair, method, path)
    assert (response.status_code, response.json()["error"]["code"]) == (404, "not_found")
