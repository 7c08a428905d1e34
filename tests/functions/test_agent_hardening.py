"""What a model, a client or a sleeping machine may do to a session and to what was allowed in it."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agents import MODEL, answered, approve, asked, call, chat, eventually, session, streaming, told
from tests.gateways import STRICT, Pair, gateway
from tests.keyed import MIDDAY, Clock

from kiro2chat_functions.emulator import Call, Reply

SUM = Call("calculator", {"expression": "6*7"})
SERVER = Path(__file__).parents[1] / "core" / "agent" / "servers" / "scripted.py"
ODD_ARGUMENTS = [{"__bytes__": "zzzzz"}, {"__bytes__": "aGk="}, {"__plain__": {"__bytes__": "x"}}]


def with_servers(home: Path, *names: str) -> None:
    path = home / ".kiro" / "settings" / "mcp.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    server = {"command": sys.executable, "args": [str(SERVER), "good"]}
    path.write_text(json.dumps({"mcpServers": dict.fromkeys(names, server)}), encoding="utf-8")


def waiting(pair: Pair, *calls: Call, **fields: Any) -> tuple[str, str]:
    pair.emulator.script(Reply("May I?", calls=calls))
    answer = answered(pair, "Do it.", **fields)
    assert answer["stop_reason"] == "approval", answer
    return answer["session_id"], answer["approvals"][0]["id"]


@pytest.mark.parametrize("decision", ["allow", "allow_session"])
def test_what_was_allowed_is_that_tool_and_no_namesake(tmp_path: Path, decision: str) -> None:
    with_servers(tmp_path, "a")
    with gateway(STRICT, HOME=str(tmp_path), DATA_DIR=str(tmp_path / "data")) as pair:
        id, asking = waiting(pair, Call("good", {}))
        if decision == "allow_session":
            pair.emulator.script(Reply("Done."))
            assert approve(pair, id, {asking: decision})["stop_reason"] == "end"
        with_servers(tmp_path, "b")
        call(pair, "POST", "/v1/agent/reload")
        if decision == "allow":
            pair.emulator.script(Reply("Done."))
            ended = approve(pair, id, {asking: decision})
            assert "good" in ended["tool_calls"][0]["error"]
        else:
            pair.emulator.script(Reply("Again?", calls=[Call("good", {})]))
            again = answered(pair, "Again.", session_id=id)
            assert (again["stop_reason"], again["approvals"][0]["source"]) == ("approval", "b")


@pytest.mark.parametrize("arguments", ODD_ARGUMENTS, ids=str)
def test_arguments_that_look_like_our_own_marks_break_nothing(arguments: dict[str, Any]) -> None:
    with gateway(STRICT) as pair:
        id, asking = waiting(pair, Call("shell", arguments))
        assert session(pair, id)["messages"][1]["parts"][-1]["arguments"] == arguments
        pair.emulator.script(Reply("Sorry."))
        ended = approve(pair, id, {asking: "allow"})
        assert ended["stop_reason"] == "end"
        assert ended["tool_calls"][0]["arguments"] == arguments
        assert call(pair, "DELETE", f"/v1/agent/sessions/{id}").status_code == 204


def test_a_turn_of_many_pieces_comes_back_whole() -> None:
    with gateway(STRICT, BODY_LIMIT=str(64 << 20)) as pair:
        id = answered(pair)["session_id"]
        long = "x y " * 2_500_000  # more than a hundred pieces
        assert chat(pair, long, session_id=id).status_code == 400
        read = session(pair, id)
        assert read["messages"][-1]["parts"][0]["text"] == long
        assert call(pair, "DELETE", f"/v1/agent/sessions/{id}").status_code == 204


def test_who_slept_and_lost_the_session_writes_nothing_over(tmp_path: Path) -> None:
    clock, data = Clock(MIDDAY), str(tmp_path)
    with gateway(STRICT, clock=clock, DATA_DIR=data) as pair, gateway(STRICT, clock=clock, DATA_DIR=data) as other:
        id = answered(pair, "First.")["session_id"]
        pair.emulator.script(Reply("Slow."))
        pair.emulator.inject("silence", after=0, seconds=90)
        with streaming(pair, "Slowly.", session_id=id) as events:
            assert next(events)["type"] == "start"
            eventually(lambda: len(pair.chats()) == 2)
            other.emulator.script(Reply("Quick."))

            def woken() -> httpx.Response | None:
                """The first run may renew its lease between the jump of the clock and the question: then it has not slept."""
                clock.now += 60
                found = chat(other, "Quickly.", session_id=id, on_busy="refuse")
                return None if found.status_code == 409 else found

            assert eventually(woken).json()["content"] == "Quick."
            ended = list(events)[-1]
        assert ended["stop_reason"] in ("error", "cancelled")
        texts = [part["text"] for turn in session(pair, id)["messages"] for part in turn["parts"]]
        assert texts[-2:] == ["Quickly.", "Quick."]
        assert answered(pair, "Go on.", session_id=id)["stop_reason"] == "end"


def test_a_run_goes_on_with_what_is_left_of_its_limits() -> None:
    with gateway(STRICT) as pair:
        id, asking = waiting(pair, Call("shell", {"command": "true"}), limits={"rounds": 3})
        pair.emulator.script(*[Reply("Again.", calls=[SUM])] * 6)
        ended = approve(pair, id, {asking: "allow"})
    assert (ended["stop_reason"], ended["usage"]["rounds"]) == ("limit_rounds", 2)


@pytest.mark.parametrize("arguments", ["[1, 2]", "7", '"x"'])
def test_arguments_that_are_no_object_are_told_to_the_model(arguments: str) -> None:
    with gateway(STRICT, JOURNAL_BODIES="true") as pair:
        pair.emulator.script(Reply("So.", calls=[Call("calculator", arguments)]), Reply("Sorry."))
        events = told(pair)
        (end,) = [event for event in events if event["type"] == "tool_end"]
    assert events[-1]["stop_reason"] == "end"
    assert end["error"]
    assert isinstance(end["arguments"], dict)


@pytest.mark.parametrize("model", [MODEL, f"agent/{MODEL}"])
def test_broken_arguments_in_a_clients_conversation_are_read(model: str) -> None:
    called = {"id": "t1", "type": "function", "function": {"name": "calculator", "arguments": "{bad"}}
    messages = [
        {"role": "user", "content": "Hi."},
        {"role": "assistant", "tool_calls": [called]},
        {"role": "tool", "tool_call_id": "t1", "content": "no"},
    ]
    with gateway(STRICT) as pair:
        assert pair.post({"model": model, "messages": messages}).status_code == 200
        assert chat(pair, None, messages=messages).status_code == 200


def test_limits_of_an_answer_hold_for_the_agent_as_a_model() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("word " * 500))
        body = {"model": f"agent/{MODEL}", "messages": [{"role": "user", "content": "Hi."}], "max_tokens": 20}
        cut = pair.post(body)
        assert cut.json()["choices"][0]["finish_reason"] == "length"
        assert cut.json()["usage"]["completion_tokens"] <= 20
        pair.emulator.script(Reply("One. STOP. Two."))
        stopped = pair.post(body | {"max_tokens": 500, "stop": "STOP", "tool_choice": "none"})
        assert stopped.json()["choices"][0]["message"]["content"] == "One. "


def test_what_is_wrong_in_mcp_json_is_told_and_what_runs_goes_on(tmp_path: Path) -> None:
    with_servers(tmp_path, "a")
    with gateway(STRICT, HOME=str(tmp_path), DATA_DIR=str(tmp_path / "data")) as pair:
        assert [server["state"] for server in call(pair, "GET", "/v1/agent/tools").json()["servers"]] == ["ready"]
        path = tmp_path / ".kiro" / "settings" / "mcp.json"
        for broken in ('{"mcpServers":{"a":', "[]", '{"mcpServers":{"\\ud800":{"command":"true"}}}'):
            path.write_text(broken, encoding="utf-8")
            done = call(pair, "POST", "/v1/agent/reload")
            listed = call(pair, "GET", "/v1/agent/tools")
            assert (done.status_code, listed.status_code) == (200, 200), done.text
            assert done.json()["kept"] == ["a"]
            assert [server["state"] for server in listed.json()["servers"]] == ["ready"]
            assert str(path) in done.json()["problems"][0]
            assert listed.json()["problems"] == done.json()["problems"]


def test_a_server_that_does_not_start_holds_up_no_run_without_it(tmp_path: Path) -> None:
    path = tmp_path / ".kiro" / "settings" / "mcp.json"
    path.parent.mkdir(parents=True)
    path.write_text('{"mcpServers": {"mute": {"command": "sleep", "args": ["613"]}}}', encoding="utf-8")
    with gateway(STRICT, HOME=str(tmp_path), DATA_DIR=str(tmp_path / "data")) as pair:
        for tools in (["calculator"], []):
            response = chat(pair, tools=tools)
            assert response.status_code == 200
            assert response.elapsed.total_seconds() < 10


def test_nobody_is_asked_twice() -> None:
    with gateway(STRICT) as pair:
        id, asking = waiting(pair, Call("shell", {"command": "true"}))
        pair.emulator.script(Reply("Done."))
        assert approve(pair, id, {asking: "allow"})["stop_reason"] == "end"
        assert asked(pair, id, {asking: "allow"}).status_code == 400
