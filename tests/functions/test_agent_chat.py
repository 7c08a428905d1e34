"""The agent over HTTP: answers whole and streamed, tools, what is refused, what is on record."""

from __future__ import annotations

import base64
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agents import MODEL, answered, call, chat, eventually, kinds, records, told
from tests.gateways import STRICT, gateway

from kiro2chat_functions.emulator import Call, Options, Reply

SUM = Call("calculator", {"expression": "6*7"})
PIXEL = base64.b64encode(
    base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
).decode()


def test_an_answer_with_a_tool_is_one_json_object() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("Let me see.", calls=[SUM]), Reply("It is 42."))
        answer = answered(pair, "What is six times seven?")
        (record,) = eventually(lambda: records(pair))
    assert answer["content"] == "Let me see.\n\nIt is 42."
    assert (answer["stop_reason"], answer["model"], answer["message"]) == ("end", MODEL, "")
    (made,) = answer["tool_calls"]
    assert (made["name"], made["source"], made["arguments"]) == ("calculator", "built-in", {"expression": "6*7"})
    assert "42" in made["result"]
    assert made["duration"] >= 0
    assert answer["usage"]["rounds"] == 2
    assert answer["usage"]["credits"] > 0
    assert answer["session_id"]
    tokens = record["tokens"]
    assert (tokens["in"], tokens["out"]) == (answer["usage"]["input_tokens"], answer["usage"]["output_tokens"])
    assert (record["dialect"], record["model"], record["outcome"]) == ("agent", MODEL, "end")
    assert (record["attempts"], record["credits"]) == (2, pytest.approx(answer["usage"]["credits"]))


def test_a_stream_tells_what_happens_in_order() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("Let me see.", reasoning="Multiply.", calls=[SUM]), Reply("It is 42."))
        events = told(pair, "What is six times seven?", model="claude-sonnet-4.6")
    assert kinds(events) == ["start", "reasoning", "text", "usage", "tool_start", "tool_end", "text", "usage", "done"]
    ended = next(event for event in events if event["type"] == "tool_end")
    assert ended.keys() == {"type", "id", "name", "source", "arguments", "duration", "result"}
    done = events[-1]
    assert done["stop_reason"] == "end"
    assert done["session_id"] == events[0]["session_id"]
    assert done["usage"]["rounds"] == 2
    assert "".join(event["text"] for event in events if event["type"] == "reasoning") == "Multiply."


def test_reasoning_and_its_signature_go_back_in_the_second_round() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("", reasoning="Multiply.", calls=[SUM]), Reply("It is 42."))
        answer = answered(pair, model="claude-sonnet-4.6")
        first, second = pair.chats()
    assert answer["reasoning"] == "Multiply."
    assert "history" not in first["conversationState"] or "Multiply." not in str(first)
    said = second["conversationState"]["history"][-1]["assistantResponseMessage"]
    thought = str(said["reasoningContent"])
    assert "Multiply." in thought
    assert "signature" in thought
    assert said["toolUses"][0]["name"] == "calculator"


def test_a_conversation_of_the_client_is_not_kept() -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "content": "I am Ada."},
        {"role": "assistant", "content": "Hello, Ada."},
        {"role": "user", "content": "Who am I?"},
    ]
    with gateway(STRICT) as pair:
        answer = answered(pair, None, messages=messages)
        kept = call(pair, "GET", "/v1/agent/sessions").json()
        (body,) = pair.chats()
    assert answer["session_id"] is None
    assert kept == {"sessions": []}
    for said in ("Be brief.", "I am Ada.", "Hello, Ada.", "Who am I?"):
        assert said in str(body)


def test_images_reach_the_model_and_stay_in_the_session() -> None:
    picture = {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{PIXEL}"}}
    with gateway(STRICT) as pair:
        first = answered(pair, "What is this?", images=[f"data:image/png;base64,{PIXEL}"])
        answered(pair, "And now?", session_id=first["session_id"])
        answered(pair, None, messages=[{"role": "user", "content": [{"type": "text", "text": "This?"}, picture]}])
        one, two, three = pair.chats()
    assert one["conversationState"]["currentMessage"]["userInputMessage"]["images"][0]["format"] == "png"
    assert any("images" in str(said) for said in two["conversationState"]["history"])
    assert three["conversationState"]["currentMessage"]["userInputMessage"]["images"]


def test_documents_in_a_conversation_of_the_client_are_read() -> None:
    paper = base64.b64encode(b"The code word is Ultramarine.").decode()
    file = {"type": "file", "file": {"filename": "a.txt", "file_data": f"data:text/plain;base64,{paper}"}}
    turn = {"role": "user", "content": [{"type": "text", "text": "The code word?"}, file]}
    reply = {"role": "assistant", "content": "Ultramarine."}
    with gateway(STRICT) as pair:
        answered(pair, None, messages=[turn])
        answered(pair, None, messages=[turn, reply, {"role": "user", "content": "Sure?"}])
        assert all("Ultramarine" in str(body) for body in pair.chats())


def test_tools_are_those_that_the_request_names() -> None:
    with gateway(STRICT) as pair:
        answered(pair, tools=["calculator", "file_read"])
        answered(pair, tools=[])
        some, none = pair.chats()
    context = some["conversationState"]["currentMessage"]["userInputMessage"]["userInputMessageContext"]
    assert [tool["toolSpecification"]["name"] for tool in context["tools"]] == ["calculator", "file_read"]
    assert "toolSpecification" not in str(none)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fields", "status", "code", "word"),
    [
        ({"tools": ["teleport"]}, 400, "invalid_request", "teleport"),
        ({"session_id": "nobody"}, 404, "session_not_found", "nobody"),
        ({"model": "gpt-2"}, 404, "model_not_found", "model"),
        ({"message": None}, 400, "invalid_request", "message"),
        ({"messages": [{"role": "user", "content": "x"}]}, 400, "invalid_request", "together"),
        ({"limits": {"rounds": 0}}, 400, "invalid_request", "rounds"),
        ({"images": [7]}, 400, "invalid_request", "images"),
        ({"on_busy": "shout"}, 400, "invalid_request", "on_busy"),
        ({"session_id": "\N{PILE OF POO}" * 300, "user": "\N{PILE OF POO}" * 300}, 404, "session_not_found", "session"),
    ],
)
def test_what_is_wrong_with_a_request_is_said_with_its_own_status(
    fields: dict[str, Any], status: int, code: str, word: str, stream: bool
) -> None:
    with gateway(STRICT) as pair:
        response = chat(pair, **{"stream": stream, **fields})
    assert response.status_code == status, response.text
    error = response.json()["error"]
    assert error["code"] == code
    assert word in error["message"] + str(error.get("param"))


@pytest.mark.parametrize("stream", [False, True])
def test_an_error_of_the_backend_has_its_own_status_and_leaves_no_session(stream: bool) -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        answered(pair)  # the agent is there from now on: an error comes at once
        pair.emulator.inject("throttled", times=9)
        response = chat(pair, stream=stream)
        sessions = call(pair, "GET", "/v1/agent/sessions").json()["sessions"]
        newest = eventually(lambda: [each for each in records(pair) if each["error"]])
    assert response.status_code == 429, response.text
    assert len(sessions) == 1
    assert newest[0]["status"] == 429


def test_an_error_in_mid_stream_is_an_event_and_the_stream_is_done() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        pair.emulator.script(Reply("Let me see.", calls=[SUM]))
        pair.emulator.inject("one_byte_writes")
        pair.emulator.inject("throttled", times=9)
        events = told(pair)
    assert kinds(events) == ["start", "text", "usage", "tool_start", "tool_end", "error", "done"]
    error, done = events[-2:]
    assert error["type"] == "error"
    assert error["error"]["message"]
    assert done["stop_reason"] == "error"


@pytest.mark.parametrize(
    ("made", "word"),
    [
        (Call("calculator", {"formula": "1"}), "expression"),
        (Call("calculator", {"expression": 7}), "expression"),
        (Call("calculator", ["[1, 2]"]), "object"),
        (Call("calculator", ['{"expression": "1", "n": 123456789012345678901234567890}']), "n"),
        (Call("calculator", ['{"expression": "\\ud800"}']), ""),
        (Call("file_read", {"path": "../../etc/passwd"}), "workspace"),
        (Call("http_request", {"url": "http://169.254.169.254/latest/meta-data/"}), ""),
    ],
)
def test_what_is_wrong_with_a_call_goes_back_to_the_model(made: Call, word: str) -> None:
    with gateway(STRICT, AGENT_APPROVAL="*=auto") as pair:
        pair.emulator.script(Reply("", calls=[made]), Reply("", calls=[SUM]), Reply("It is 42."))
        answer = answered(pair)
        bodies = pair.chats()
    wrong, right = answer["tool_calls"]
    assert word in wrong["error"]
    assert "42" in right["result"]
    assert answer["content"] == "It is 42."
    assert "'error'" in str(bodies[1]["conversationState"]["currentMessage"])


def test_a_tool_that_is_not_there_is_said_to_the_model() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("", calls=[Call("readFile", {"path": "x"})]), Reply("I have no such tool."))
        answer = answered(pair)
    assert answer["content"] == "I have no such tool."
    assert answer["stop_reason"] == "end"


def test_arguments_cut_off_end_the_run_with_a_reason() -> None:
    with gateway(STRICT) as pair:
        cut = Reply("Let me see.", calls=[Call("calculator", ['{"expression": "6'])], stop_reason="MAX_TOKENS")
        pair.emulator.script(cut)
        answer = answered(pair)
    assert (answer["content"], answer["stop_reason"]) == ("Let me see.", "max_tokens")
    assert answer["message"]


@pytest.mark.parametrize("fault", ["unfinished_call", "no_metadata"])
def test_an_answer_that_broke_off_is_told_as_that(fault: str) -> None:
    with gateway(STRICT) as pair:
        calls = [Call("calculator", ['{"expression": "6'])] if fault == "unfinished_call" else []
        pair.emulator.script(Reply("Let me see.", calls=calls))
        pair.emulator.inject(fault)
        answer = answered(pair)
    assert (answer["content"], answer["stop_reason"]) == ("Let me see.", "cut")
    assert "broke off" in answer["message"]


def test_an_empty_answer_is_an_answer() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply(""), Reply("Here."))
        first = answered(pair)
        second = answered(pair, "Are you there?", session_id=first["session_id"])
    assert (first["content"], first["stop_reason"]) == ("", "end")
    assert second["content"] == "Here."


def test_large_results_reach_the_model_whole(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("".join(f"line {number:05d} of this file\n" for number in range(4500)))
    reading = Call("file_read", {"path": "long.txt"})
    with gateway(STRICT, AGENT_WORKSPACE=str(tmp_path)) as pair:
        pair.emulator.script(Reply("", calls=[reading]), Reply("Long."))
        first = answered(pair)
        answered(pair, "And?", session_id=first["session_id"])
        size = max(len(str(body)) for body in pair.chats())
    assert "error" not in first["tool_calls"][0]
    assert size > 50_000


def test_the_agent_needs_one_worker_and_one_connection_among_ten_chats() -> None:
    with gateway(Options(delay=0.01), LOGIN_CONCURRENCY="1") as pair:
        done: list[int] = []

        def plain() -> None:
            done.append(pair.post({"model": MODEL, "messages": [{"role": "user", "content": "Hi."}]}).status_code)

        others = [threading.Thread(target=plain) for _ in range(10)]
        for other in others:
            other.start()
        question = 'call calculator with {"expression": "1+1"}, then call calculator with {"expression": "2+2"}'
        answer = answered(pair, question)
        for other in others:
            other.join(60)
    assert [made["result"] for made in answer["tool_calls"]] == ["2", "4"]
    assert done == [200] * 10


_PLAIN = """
import sys, httpx
from tests.gateways import gateway
with gateway() as pair:
    answer = pair.post({"model": "auto", "messages": [{"role": "user", "content": "Hi."}]})
    assert answer.status_code == 200, answer.text
    listed = httpx.get(pair.url + "/v1/agent/sessions", trust_env=False, timeout=30)
    assert listed.status_code == 200, listed.text
print(sorted({name.partition(".")[0] for name in sys.modules} & {"strands", "mcp", "boto3", "botocore"}))
"""


def test_strands_and_mcp_are_not_imported_for_a_chat() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", _PLAIN], cwd=root, capture_output=True, text=True, timeout=100)
    assert done.stdout.strip() == "[]", done.stderr


def test_tools_are_listed_with_what_is_done_when_they_are_called() -> None:
    with gateway(AGENT_APPROVAL="shell=deny") as pair:
        listed = call(pair, "GET", "/v1/agent/tools").json()
        again = call(pair, "POST", "/v1/agent/reload").json()
    modes = {tool["name"]: tool["approval"] for tool in listed["tools"]}
    assert modes["shell"] == "deny"
    assert modes["calculator"] == "auto"
    assert all(tool["description"] and tool["schema"]["type"] == "object" for tool in listed["tools"])
    assert (listed["servers"], again["started"]) == ([], [])


def test_a_body_that_is_no_json_is_refused() -> None:
    with gateway() as pair:
        response = httpx.post(f"{pair.url}/v1/agent/chat", content=b"{", timeout=60, trust_env=False)
    assert response.status_code == 400


_LOGGED = """
from pathlib import Path
from tests.agents import answered
from tests.gateways import gateway
from kiro2chat_functions.cli import _log
from kiro2chat_functions.emulator import Call, Reply
_log("info", quiet=False)
with gateway(AGENT_APPROVAL="*=auto") as pair:
    calls = [Call("shell", {"command": "echo hush-1"}), Call("calculator", ["[1]"]), Call("teleport", {"to": "hush-2"})]
    pair.emulator.script(Reply("", calls=calls), Reply("", calls=calls[2:]), Reply("hush-3"))
    answer = answered(pair, "hush-4")
    assert answer["content"] == "hush-3", answer
"""


def test_nothing_that_was_said_is_in_the_log() -> None:
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run([sys.executable, "-c", _LOGGED], cwd=root, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    assert "claude-sonnet-4.5: " in done.stderr  # the line of each request
    assert "hush" not in done.stderr
