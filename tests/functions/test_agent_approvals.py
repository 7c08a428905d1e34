"""Calls that somebody must allow: asked, answered, refused, forgotten, and asked again after a restart."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agents import MODEL, answered, approve, asked, call, chat, eventually, kinds, session, told
from tests.gateways import STRICT, Pair, gateway
from tests.keyed import MIDDAY, Clock, made

from kiro2chat_core.settings import Settings
from kiro2chat_functions.app import create_app
from kiro2chat_functions.emulator import Call, Emulator, Reply
from kiro2chat_functions.serving import served


def shell(command: str, id: str = "") -> Call:
    return Call("shell", {"command": command}, id)


def pending(pair: Pair, *calls: Call, key: str = "", **fields: Any) -> tuple[str, list[str]]:
    """A session that waits, and what for."""
    pair.emulator.script(Reply("May I?", calls=calls))
    answer = answered(pair, "Do it.", key, **fields)
    assert answer["stop_reason"] == "approval"
    return answer["session_id"], [each["id"] for each in answer["approvals"]]


def results(body: dict[str, Any]) -> list[dict[str, Any]]:
    """What the model was told of its calls last."""
    current = body["conversationState"]["currentMessage"]["userInputMessage"]
    found: list[dict[str, Any]] = current["userInputMessageContext"]["toolResults"]
    return found


def test_a_call_that_is_allowed_runs_and_the_answer_goes_on() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("May I?", calls=[shell("echo allowed")]), Reply("Done."))
        events = told(pair, "Do it.")
        asking, done = (next(each for each in events if each["type"] == type) for type in ("approval", "done"))
        waits = session(pair, done["session_id"])
        ran = approve(pair, done["session_id"], {asking["id"]: "allow"})
        later = session(pair, done["session_id"])
    assert "tool_start" not in kinds(events)
    assert done["stop_reason"] == "approval"
    assert asking["session_id"] == done["session_id"]
    assert (asking["name"], asking["arguments"]) == ("shell", {"command": "echo allowed"})
    assert waits["waiting_for"] == [asking["id"]]
    (again,) = waits["approvals"]  # as it was told, for whoever comes later
    assert again == {name: asking[name] for name in ("id", "name", "source", "arguments", "touches")}
    assert asking["touches"]
    assert "allowed" in ran["tool_calls"][0]["result"]
    assert (ran["content"], ran["stop_reason"]) == ("Done.", "end")
    assert (later["waiting_for"], later["approvals"]) == ([], [])
    assert [turn["role"] for turn in later["messages"]] == ["user", "assistant", "user", "assistant"]


def test_the_answer_may_be_streamed_and_named_by_one_id() -> None:
    with gateway(STRICT) as pair:
        id, (asking,) = pending(pair, shell("echo allowed"))
        pair.emulator.script(Reply("Done."))
        body = {"session_id": id, "id": asking, "decision": "allow", "stream": True}
        response = call(pair, "POST", "/v1/agent/approve", body)
    assert response.status_code == 200
    assert "event: tool_end" in response.text
    assert '"stop_reason":"end"' in response.text


def test_a_no_reaches_the_model() -> None:
    with gateway(STRICT) as pair:
        id, (asking,) = pending(pair, shell("echo never > file"))
        pair.emulator.script(Reply("Then not."))
        answer = approve(pair, id, {asking: "deny"})
        (result,) = results(pair.chats()[-1])
    assert "Refused by the user" in answer["tool_calls"][0]["error"]
    assert answer["tool_calls"][0]["duration"] == 0
    assert "Refused by the user" in str(result["content"])
    assert result["status"] == "error"
    assert answer["content"] == "Then not."


@pytest.mark.parametrize(
    ("limits", "reason", "told"),
    [
        ({"credits": 1e-6}, "limit_credits", "1e-06 credits (limits.credits)"),
        ({"tokens": 10}, "limit_tokens", "10 tokens (limits.tokens)"),
        ({"rounds": 1}, "limit_rounds", "1 rounds (limits.rounds)"),
    ],
)
def test_what_was_allowed_runs_though_a_limit_is_reached_and_nothing_more(
    limits: dict[str, Any], reason: str, told: str
) -> None:
    with gateway(STRICT) as pair:
        id, (asking,) = pending(pair, shell("echo allowed"), limits=limits)
        pair.emulator.script(Reply("", calls=[shell("echo more")]))
        ended = approve(pair, id, {asking: "allow"})
        asked_again = len(pair.chats()) - 1
    assert "allowed" in ended["tool_calls"][0]["result"]
    assert (ended["stop_reason"], asked_again) == (reason, 0)
    assert told in ended["message"]


def test_a_limit_holds_across_approvals_and_is_told_as_it_was_set() -> None:
    with gateway(STRICT, AGENT_CREDITS="0.02") as pair:
        id, (asking,) = pending(pair, shell("echo one"))
        pair.emulator.script(*[Reply("", calls=[shell("echo more")]) for _ in range(9)])
        ended = approve(pair, id, {asking: "allow"})
        while ended["stop_reason"] == "approval":
            ended = approve(pair, id, {ended["approvals"][0]["id"]: "allow"})
        rounds = len(pair.chats())
    assert (ended["stop_reason"], rounds) == ("limit_credits", 2)
    assert ended["message"] == "The run ended: it may use 0.02 credits (AGENT_CREDITS)."


def test_what_is_allowed_for_the_session_is_not_asked_again() -> None:
    with gateway(STRICT) as pair:
        id, (asking,) = pending(pair, shell("echo one"))
        pair.emulator.script(Reply("", calls=[shell("echo two")]), Reply("Done."))
        first = approve(pair, id, {asking: "allow_session"})
        pair.emulator.script(Reply("", calls=[shell("echo three")]), Reply("Done again."))
        second = answered(pair, "Once more.", session_id=id)
        other, _ids = pending(pair, shell("echo four"))
    assert [each["result"].split()[0] for each in first["tool_calls"]] == ["one", "two"]
    assert "three" in second["tool_calls"][0]["result"]
    assert other != id


def test_of_several_calls_one_may_be_answered_first() -> None:
    with gateway(STRICT) as pair:
        calls = [shell("echo one", "a"), Call("calculator", {"expression": "1+1"}, "b"), shell("echo three", "c")]
        pair.emulator.script(Reply("", calls=calls))
        first = answered(pair, "Do them.")
        id = first["session_id"]
        second = approve(pair, id, {"c": "allow"})
        pair.emulator.script(Reply("Done."))
        third = approve(pair, id, {"a": "deny"})
        told_results = results(pair.chats()[-1])
    assert [each["id"] for each in first["approvals"]] == ["a", "c"]
    assert [each["id"] for each in first["tool_calls"]] == ["b"]
    assert ([each["id"] for each in second["approvals"]], second["stop_reason"]) == (["a"], "approval")
    assert [each["id"] for each in second["tool_calls"]] == ["c"]
    assert [each["id"] for each in third["tool_calls"]] == ["a"]
    assert {each["toolUseId"]: each["status"] for each in told_results} == {
        "a": "error",
        "b": "success",
        "c": "success",
    }


def test_wrong_answers_are_refused_and_the_right_one_counts_once() -> None:
    with gateway(STRICT) as pair:
        id, (asking,) = pending(pair, shell("echo once >> file"))
        wrong = asked(pair, id, {"somebody": "allow"})
        odd = asked(pair, id, {asking: "perhaps"})
        none = asked(pair, id, {})
        nobody = asked(pair, "nobody", {asking: "allow"})
        pair.emulator.script(Reply("Done."))
        with ThreadPoolExecutor(4) as pool:
            codes = [each.status_code for each in pool.map(lambda _: asked(pair, id, {asking: "allow"}), range(4))]
        again = asked(pair, id, {asking: "allow"})
    assert [each.status_code for each in (wrong, odd, none, nobody)] == [400, 400, 400, 404]
    assert asking in wrong.json()["error"]["message"]
    assert sorted(codes) == [200, 400, 400, 400]
    assert again.status_code == 400


def test_a_new_message_takes_the_place_of_an_answer() -> None:
    with gateway(STRICT) as pair:
        calls = [Call("calculator", {"expression": "20+3"}, "b"), shell("echo never", "a")]
        id, (asking,) = pending(pair, *calls)
        pair.emulator.script(Reply("All right."))
        answer = answered(pair, "Leave it.", session_id=id)
        late = asked(pair, id, {asking: "allow"})
        body = str(pair.chats()[-1])
    assert answer["content"] == "All right."
    assert late.status_code == 400
    assert "was not allowed" in body
    assert "23" in body


def test_a_cancelled_question_is_not_asked_any_more() -> None:
    with gateway(STRICT) as pair:
        id, (asking,) = pending(pair, shell("echo never"))
        cancelled = call(pair, "POST", "/v1/agent/cancel", {"session_id": id})
        late = asked(pair, id, {asking: "allow"})
        waiting = session(pair, id)["waiting_for"]
        answer = answered(pair, "And now?", session_id=id)
    assert cancelled.status_code == 200
    assert late.status_code == 400
    assert waiting == []
    assert answer["stop_reason"] == "end"


def test_a_run_goes_on_with_its_own_model_tools_and_instructions() -> None:
    with gateway(STRICT) as pair:
        fields: dict[str, Any] = {"model": "claude-haiku-4.5", "tools": ["shell"], "system": "Speak like a pirate."}
        id, (asking,) = pending(pair, shell("echo allowed"), **fields)
        approve(pair, id, {asking: "allow"})
        body = pair.chats()[-1]
    current = body["conversationState"]["currentMessage"]["userInputMessage"]
    assert current["modelId"] == "claude-haiku-4.5"
    assert [each["toolSpecification"]["name"] for each in current["userInputMessageContext"]["tools"]] == ["shell"]
    assert "pirate" in str(body)


def test_one_round_is_enough_after_an_answer() -> None:
    with gateway(STRICT) as pair:
        id, (asking,) = pending(pair, shell("echo allowed"))
        pair.emulator.script(Reply("Done."))
        answer = approve(pair, id, {asking: "allow"}, limits={"rounds": 1})
    assert (answer["content"], answer["stop_reason"]) == ("Done.", "end")


def test_a_denied_tool_is_refused_without_a_question() -> None:
    with gateway(STRICT, AGENT_APPROVAL="shell=deny") as pair:
        pair.emulator.script(Reply("", calls=[shell("echo never")]), Reply("I may not."))
        answer = answered(pair)
    assert "needs leave that nobody can give" in answer["tool_calls"][0]["error"]
    assert answer["content"] == "I may not."


def test_without_a_session_nobody_can_be_asked() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("", calls=[shell("echo never")]), Reply("I may not."))
        answer = answered(pair, None, messages=[{"role": "user", "content": "Do it."}])
    assert "needs leave that nobody can give" in answer["tool_calls"][0]["error"]
    assert answer["approvals"] == []


def test_a_key_that_was_handed_out_answers_only_its_own_questions(tmp_path: Path) -> None:
    with gateway(STRICT, DATA_DIR=str(tmp_path), API_KEY="the-owner", AGENT_APPROVAL="calculator=ask") as pair:
        (_alice, alice), (_bob, bob) = made(tmp_path, "alice", models=("claude-haiku-4.5",)), made(tmp_path, "bob")
        sum = Call("calculator", {"expression": "1+1"})
        id, (asking,) = pending(pair, sum, key=alice, model="claude-haiku-4.5")
        others = [asked(pair, id, {asking: "allow"}, key).status_code for key in (bob, "the-owner")]
        user = asked(pair, id, {asking: "allow"}, alice, user="carol").status_code
        answer = approve(pair, id, {asking: "allow"}, alice)
    assert others == [404, 404]
    assert user == 404
    assert answer["tool_calls"][0]["result"] == "2"
    assert answer["model"] == "claude-haiku-4.5"


def test_a_key_that_was_handed_out_has_no_shell(tmp_path: Path) -> None:
    with gateway(STRICT, DATA_DIR=str(tmp_path), API_KEY="the-owner") as pair:
        _key, alice = made(tmp_path, "alice")
        mine = {tool["name"] for tool in call(pair, "GET", "/v1/agent/tools", key=alice).json()["tools"]}
        owners = {tool["name"] for tool in call(pair, "GET", "/v1/agent/tools", key="the-owner").json()["tools"]}
        refused = chat(pair, key=alice, tools=["shell"])
        reload = call(pair, "POST", "/v1/agent/reload", key=alice)
    assert owners - mine == {"shell", "file_write"}
    assert refused.status_code == 400
    assert reload.status_code == 403


@contextmanager
def process(environ: dict[str, str]) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    """A gateway in a process of its own, and its address. It is killed in the end."""
    root = Path(__file__).resolve().parents[2]
    command = [sys.executable, "-m", "tests.functions.keyed_gateway", "1795435200"]
    with subprocess.Popen(command, cwd=root, env=environ, stdout=subprocess.PIPE, text=True) as running:
        try:
            assert running.stdout is not None
            yield running.stdout.readline().strip(), running
        finally:
            running.kill()


def settings_of(emulator: Emulator, backend: str, folder: Path) -> dict[str, str]:
    urls = dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), backend)
    login = {"KIRO_LOGIN": "api-key", "KIRO_API_KEY": emulator.login("api-key").access_token}
    return {**os.environ, "DATA_DIR": str(folder), "COVERAGE_PROCESS_START": "", **urls, **login}


def test_a_question_survives_a_restart(tmp_path: Path) -> None:
    emulator = Emulator(STRICT)
    with served(emulator.app) as backend:
        environ = settings_of(emulator, backend, tmp_path)
        with process(environ) as (url, _process):
            pair = Pair(url, emulator, backend)
            id, (asking,) = pending(pair, shell("echo after the restart"))
        with process(environ) as (url, _process):
            pair = Pair(url, emulator, backend)
            assert session(pair, id)["waiting_for"] == [asking]
            emulator.script(Reply("Done."))
            answer = approve(pair, id, {asking: "allow"})
    assert "after the restart" in answer["tool_calls"][0]["result"]
    assert answer["content"] == "Done."


def test_a_call_that_was_allowed_does_not_run_again_after_a_crash(tmp_path: Path) -> None:
    """Who cannot know whether it ran must not run it twice."""
    workspace = tmp_path / "workspace"
    emulator = Emulator(STRICT)
    with served(emulator.app) as backend:
        environ = settings_of(emulator, backend, tmp_path)
        with process(environ) as (url, crashing):
            pair = Pair(url, emulator, backend)
            id, (asking,) = pending(pair, shell("echo once >> file; sleep 20"))
            body = {"session_id": id, "id": asking, "decision": "allow", "stream": True}
            with httpx.stream("POST", f"{url}/v1/agent/approve", json=body, timeout=60, trust_env=False):
                assert eventually((workspace / "file").exists)
                crashing.kill()
                crashing.wait()
        settings = Settings.load({**environ, "HOME": "/nonexistent"})
        with served(create_app(settings, clock=Clock(MIDDAY + 60))) as url:  # when the lease is over
            pair = Pair(url, emulator, backend)
            late = asked(pair, id, {asking: "allow"})
            answer = answered(pair, "What became of it?", session_id=id, model=MODEL)
    assert late.status_code == 400
    assert answer["stop_reason"] == "end"
    assert (workspace / "file").read_text() == "once\n"


@pytest.mark.parametrize("body", [{}, {"session_id": "x"}, {"session_id": "x", "id": 3, "decision": "allow"}, []])
def test_an_answer_that_is_none_is_refused(body: object) -> None:
    with gateway() as pair:
        assert call(pair, "POST", "/v1/agent/approve", body).status_code == 400
