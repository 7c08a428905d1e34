"""What a run leaves behind when it does not come to its end: nothing that was done, said or paid for is lost or done twice."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest
from tests.agents import MODEL, answered, call, chat, eventually, session, streaming, told
from tests.gateways import STRICT, Pair, gateway

from kiro2chat_core.agent.events import Spent
from kiro2chat_core.agent.wire import AgentEncoder
from kiro2chat_core.errors import Stopping
from kiro2chat_core.turns import Usage
from kiro2chat_functions.emulator import Call, Options, Reply

SUM = Call("calculator", {"expression": "6*7"})
ACT = Call("shell", {"command": "echo acted >> acts"})


def failing_in_the_second_round(pair: Pair, made: Call = SUM, text: str = "Let me see.") -> None:
    pair.emulator.script(Reply(text, calls=[made]))
    pair.emulator.inject("one_byte_writes")
    pair.emulator.inject("throttled", times=20, retry_after_ms=10)


def texts(turns: list[dict[str, Any]]) -> list[tuple[str, str]]:
    return [(turn["role"], part.get("text", part["type"])) for turn in turns for part in turn["parts"]]


def test_a_run_whose_tools_have_acted_is_not_sent_again_by_an_sdk(tmp_path: Path) -> None:
    more: dict[str, Any] = {"AGENT_APPROVAL": "*=auto", "AGENT_WORKSPACE": str(tmp_path), "KIRO_ATTEMPTS": "1"}
    with gateway(STRICT, **more) as pair:
        failing_in_the_second_round(pair, ACT)
        client = openai.OpenAI(base_url=f"{pair.url}/v1", api_key="none", timeout=60, max_retries=2)
        with client, pytest.raises(openai.RateLimitError) as raised:
            client.chat.completions.create(model="agent/auto", messages=[{"role": "user", "content": "Do it."}])
    assert (tmp_path / "acts").read_text() == "acted\n"
    assert raised.value.response.headers["x-should-retry"] == "false"
    assert "retry-after" not in raised.value.response.headers


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/v1/agent/chat", {"model": MODEL, "message": "Do it."}),
        ("/v1/messages", {"model": f"agent/{MODEL}", "max_tokens": 99, "messages": [{"role": "user", "content": "Hi."}]}),
        ("/v1/responses", {"model": f"agent/{MODEL}", "input": "Do it."}),
    ],
)  # fmt: skip
def test_no_api_invites_to_do_it_again(path: str, body: dict[str, Any]) -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        pair.emulator.inject("throttled", retry_after_ms=5000)
        refused = call(pair, "POST", path, body)
        failing_in_the_second_round(pair)
        acted = call(pair, "POST", path, body)
    assert (refused.status_code, acted.status_code) == (429, 429)
    assert "x-should-retry" not in refused.headers
    assert acted.headers["x-should-retry"] == "false"


def test_an_error_in_a_later_round_is_told_with_what_was_before_it() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        failing_in_the_second_round(pair)
        response = chat(pair)
        body = response.json()
        kept = session(pair, body["session_id"])["messages"]
    assert response.status_code == 429
    assert body["error"]["code"] == "rate_limit_exceeded"
    assert body["content"] == "Let me see."
    assert [made["name"] for made in body["tool_calls"]] == ["calculator"]
    assert (body["usage"]["rounds"], body["usage"]["total_tokens"] > 0) == (1, True)
    assert [turn["role"] for turn in kept] == ["user", "assistant", "user"]


def test_a_session_that_somebody_was_told_of_is_there_after_an_error() -> None:
    with gateway(replace(STRICT, delay=0.05), KIRO_ATTEMPTS="1") as pair:
        pair.emulator.script(Reply(["Half ", "an ", "answer"]))
        pair.emulator.inject("exception", after=2, type="internalServerException")
        events = told(pair, "Hi there.")
        id = events[-1]["session_id"]
        kept = session(pair, id)["messages"]
        pair.emulator.script(Reply("The rest."))
        after = answered(pair, "Go on.", session_id=id)
        asked = str(pair.chats()[-1])
    assert events[-1]["stop_reason"] == "error"
    assert texts(kept) == [("user", "Hi there."), ("assistant", "Half an ")]
    assert after["content"] == "The rest."
    assert "Half an " in asked


def test_what_was_read_before_a_cancellation_was_said() -> None:
    with gateway(Options(delay=0.01)) as pair:
        pair.emulator.script(Reply(["The answer is ", *["long "] * 2000]))
        with streaming(pair, "Hi there.") as events:
            id = next(events)["session_id"]
            assert next(events)["text"] == "The answer is "
            call(pair, "POST", "/v1/agent/cancel", {"session_id": id})
            *_, done = events
        read = session(pair, id)
        kept = read["messages"]
        pair.emulator.script(Reply("The rest."))
        answered(pair, "Go on.", session_id=id)
        after = session(pair, id)["broken_off"]
    assert done["stop_reason"] == "cancelled"
    assert (read["broken_off"], after) == (True, False)
    assert [turn["role"] for turn in kept] == ["user", "assistant"]
    assert kept[1]["parts"][0]["text"].startswith("The answer is ")


def test_what_was_read_before_the_client_left_or_its_time_was_over_was_said() -> None:
    with gateway(Options(delay=0.01)) as pair:
        pair.emulator.script(*[Reply(["The answer is ", *["long "] * 2000])] * 2)
        with streaming(pair, "Hi there.") as events:
            id = next(events)["session_id"]
            next(events)
        kept = eventually(lambda: (found := session(pair, id)["messages"])[1:] and found)
        limited = told(pair, "Hi again.", limits={"seconds": 1.5})[-1]
        after = session(pair, limited["session_id"])["messages"]
    for turns in (kept, after):
        assert turns[1]["parts"][0]["text"].startswith("The answer is ")
    assert limited["message"] == "The run ended after 1.5 seconds (limits.seconds)."


def test_a_client_whose_first_question_nobody_could_answer_is_told_of_no_session() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        pair.emulator.inject("throttled")
        refused = chat(pair)
        left = call(pair, "GET", "/v1/agent/sessions").json()["sessions"]
    assert refused.json().keys() == {"error"}
    assert left == []


def test_the_last_event_of_a_stream_that_the_server_ended_tells_what_was_paid() -> None:
    encoder = AgentEncoder()
    encoder.feed([Spent(Usage(700, 30, credits=0.5, exact=True), 2)])
    done = json.loads(encoder.error(Stopping("The server stops.")).decode().rpartition("data: ")[2])
    assert (done["type"], done["stop_reason"]) == ("done", "error")
    assert (done["usage"]["total_tokens"], done["usage"]["rounds"], done["usage"]["credits"]) == (730, 2, 0.5)


@pytest.mark.parametrize("path", ["/v1/agent/chat", "/v1/chat/completions"])
def test_the_result_of_a_clients_own_tool_reaches_the_model(path: str) -> None:
    called = {"id": "c9", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Tokyo"}'}}
    messages = [
        {"role": "user", "content": "Is it sunny?"},
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "c9", "content": "sun all day"},
    ]
    with gateway(STRICT) as pair:
        response = call(pair, "POST", path, {"model": f"agent/{MODEL}", "messages": messages})
        (body,) = pair.chats()
    assert response.status_code == 200, response.text
    assert "sun all day" in str(body)
    assert "interrupted" not in str(body)


@pytest.mark.parametrize(("tools", "name"), [(None, "readFile"), (["file_read"], "calculator")])
def test_a_model_that_calls_what_is_not_there_is_told_what_is(tools: list[str] | None, name: str) -> None:
    with gateway(STRICT) as pair:
        made = Call(name, {"path": "x"}, "call-7")
        pair.emulator.script(Reply("I will read it.", calls=[made]), Reply("I cannot."))
        answer = answered(pair, tools=tools)
        body = pair.chats()[-1]["conversationState"]
    (ended,) = answer["tool_calls"]
    assert (ended["id"], ended["arguments"]) == ("call-7", {"path": "x"})
    assert f"There is no tool {name}; there are " in ended["error"]
    assert "file_read" in ended["error"]
    assert answer["content"] == "I will read it.\n\nI cannot."
    assert "call-7" in str(body["history"][-1])
    assert "There is no tool" in str(body["currentMessage"])


@pytest.mark.parametrize("arguments", ['{"expression": "6', '{"expression": NaN}', '{"expression": "1"} and so', ""])
def test_a_model_that_writes_no_json_is_told_and_tries_again(arguments: str) -> None:
    with gateway(STRICT, AGENT_APPROVAL="*=ask") as pair:
        pair.emulator.script(Reply("", calls=[Call("calculator", [arguments])]), Reply("Sorry."))
        answer = answered(pair)
        body = pair.chats()[-1]["conversationState"]
    (ended,) = answer["tool_calls"]
    assert "The arguments are not valid JSON: " in ended["error"]
    assert "The arguments are not valid JSON: " in str(body["currentMessage"])
    assert answer["content"] == "Sorry."
    assert answer["approvals"] == []


def test_what_has_no_effect_is_named() -> None:
    with gateway(STRICT) as pair:
        response = chat(pair, sesion_id="abc", limits={"rounds": 3, "bogus": 1}, temperature=0.1)
        plain = chat(pair, limits={"rounds": 3}, on_busy="wait", user="ada", tools=[], system="Be brief.")
    assert response.headers["x-kiro2chat-ignored"] == "sesion_id,temperature,limits.bogus"
    assert "x-kiro2chat-ignored" not in plain.headers


def test_who_sends_no_model_goes_on_with_the_sessions_own() -> None:
    with gateway(STRICT, AGENT_MODEL="claude-haiku-4.5") as pair:
        pair.emulator.script(Reply("One.", reasoning="Think."), Reply("Two."))
        id = answered(pair, model="claude-sonnet-4.6")["session_id"]
        body = {"message": "And?", "session_id": id}
        response = httpx.post(f"{pair.url}/v1/agent/chat", json=body, timeout=60, trust_env=False)
        asked = str(pair.chats()[-1])
        kept = session(pair, id)
    assert response.json()["model"] == kept["model"] == "claude-sonnet-4.6"
    assert "Think." in asked
