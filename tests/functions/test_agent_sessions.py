"""Sessions: whose they are, how long they last, what the model sees of them, what a restart and a broken store leave."""

from __future__ import annotations

import asyncio
import json
import sqlite3
from pathlib import Path
from typing import Any

from tests.agents import answered, call, chat, eventually, session, streaming, told
from tests.gateways import STRICT, Pair, gateway
from tests.keyed import MIDDAY, Clock, made

from kiro2chat_core.agent.sessions import Owner, Sessions
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.base import Key
from kiro2chat_core.store.opening import store_of
from kiro2chat_functions.emulator import Call, Reply

SUM = Call("calculator", {"expression": "6*7"})


def listed(pair: Pair, key: str = "", query: str = "") -> list[dict[str, Any]]:
    response = call(pair, "GET", f"/v1/agent/sessions{query}", key=key)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["sessions"]
    return found


def test_a_session_is_listed_read_exported_and_deleted() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("Let me see.", reasoning="Multiply.", calls=[SUM]), Reply("It is **42**."))
        id = answered(pair, "What is six times seven?", model="claude-sonnet-4.6")["session_id"]
        (head,) = listed(pair)
        read = session(pair, id)
        whole = call(pair, "GET", f"/v1/agent/sessions/{id}/export")
        page = call(pair, "GET", f"/v1/agent/sessions/{id}/export?format=markdown")
        odd = call(pair, "GET", f"/v1/agent/sessions/{id}/export?format=pdf")
        deleted = call(pair, "DELETE", f"/v1/agent/sessions/{id}")
        gone = [call(pair, method, f"/v1/agent/sessions/{id}").status_code for method in ("GET", "DELETE")]
        left = listed(pair)
    assert (head["id"], head["title"], head["turns"], head["paused"]) == (id, "What is six times seven?", 4, False)
    assert head["model"] == "claude-sonnet-4.6"
    kinds = [[part["type"] for part in turn["parts"]] for turn in read["messages"]]
    assert kinds == [["text"], ["reasoning", "text", "tool_call"], ["tool_result"], ["text"]]
    assert "signature" not in json.dumps(read)
    assert whole.json()["messages"] == read["messages"]
    assert id in whole.headers["content-disposition"]
    assert "It is **42**." in page.text
    assert "What is six times seven?" in page.text
    assert page.headers["content-type"].startswith("text/markdown")
    assert odd.status_code == 400
    assert (deleted.status_code, gone, left) == (204, [404, 404], [])


def test_a_session_is_its_key_and_its_users(tmp_path: Path) -> None:
    with gateway(STRICT, DATA_DIR=str(tmp_path), API_KEY="the-owner") as pair:
        (_alice, alice), (_bob, bob) = made(tmp_path, "alice"), made(tmp_path, "bob")
        id = answered(pair, key=alice)["session_id"]
        carols = answered(pair, key=alice, user="carol")["session_id"]
        paths = [("GET", f"/v1/agent/sessions/{id}"), ("DELETE", f"/v1/agent/sessions/{id}")]
        paths.append(("GET", f"/v1/agent/sessions/{id}/export"))
        for key in (bob, "the-owner"):
            assert [call(pair, *each, key=key).status_code for each in paths] == [404] * 3
            assert chat(pair, key=key, session_id=id).status_code == 404
            assert call(pair, "POST", "/v1/agent/cancel", {"session_id": id}, key).status_code == 404
            assert listed(pair, key) == []
        assert chat(pair, key=alice, session_id=carols).status_code == 404
        assert [head["id"] for head in listed(pair, alice)] == [id]
        assert [head["id"] for head in listed(pair, alice, "?user=carol")] == [carols]
        assert call(pair, "GET", f"/v1/agent/sessions/{carols}?user=carol", key=alice).status_code == 200


def test_the_model_sees_the_last_questions_with_all_that_came_of_them() -> None:
    with gateway(STRICT, AGENT_TURNS="2") as pair:
        id = None
        for number in range(5):
            pair.emulator.script(Reply("", calls=[SUM]), Reply(f"answer-{number}"))
            id = answered(pair, f"question-{number}", **({"session_id": id} if id else {}))["session_id"]
        body = pair.chats()[-1]["conversationState"]
        kept = session(pair, str(id))["messages"]
    text = str(body)
    assert [f"question-{number}" in text for number in range(5)] == [False, False, True, True, True]
    assert "question-2" in str(body["history"][0])
    assert len(kept) == 20


def test_what_was_before_is_summarised_once() -> None:
    with gateway(STRICT, AGENT_TURNS="1", AGENT_MEMORY="summary") as pair:
        pair.emulator.script(Reply("answer-0"), Reply("answer-1"), Reply("THE SUMMARY"), Reply("answer-2"))
        id = answered(pair, "question-0")["session_id"]
        answered(pair, "question-1", session_id=id)
        third = answered(pair, "question-2", session_id=id)
        asking, asked = pair.chats()[-2:]
        pair.emulator.script(Reply("THE SECOND"), Reply("answer-3"))
        answered(pair, "question-3", session_id=id)
        again, after = pair.chats()[-2:]
    assert third["content"] == "answer-2"
    assert "question-0" in str(asking)
    assert "question-1" not in str(asking)
    assert "THE SUMMARY" in str(asked)
    assert "question-0" not in str(asked)
    assert "THE SUMMARY" in str(again)
    assert "question-1" in str(again)
    assert "question-0" not in str(again)
    assert "THE SECOND" in str(after)


def test_a_summary_that_cannot_be_had_costs_no_answer() -> None:
    with gateway(STRICT, AGENT_TURNS="1", AGENT_MEMORY="summary", KIRO_ATTEMPTS="1") as pair:
        id = answered(pair, "question-0")["session_id"]
        answered(pair, "question-1", session_id=id)
        pair.emulator.inject("throttled")
        third = answered(pair, "question-2", session_id=id)
    assert third["stop_reason"] == "end"


def test_a_summary_is_paid_for(tmp_path: Path) -> None:
    used = {"uncachedInputTokens": 600, "outputTokens": 400, "totalTokens": 1000}
    more: dict[str, Any] = {"DATA_DIR": str(tmp_path), "AGENT_TURNS": "1", "AGENT_MEMORY": "summary"}
    with gateway(STRICT, **more) as pair:
        pair.emulator.script(*[Reply(f"answer-{number}", usage=used) for number in range(4)])
        id = answered(pair, "question-0")["session_id"]
        answered(pair, "question-1", session_id=id)
        third = answered(pair, "question-2", session_id=id)
    assert third["usage"]["total_tokens"] == 2000
    assert third["usage"]["rounds"] == 1


def test_a_session_survives_a_restart_reasoning_and_all(tmp_path: Path) -> None:
    with gateway(STRICT, DATA_DIR=str(tmp_path)) as pair:
        pair.emulator.script(Reply("Let me see.", reasoning="Multiply.", calls=[SUM]), Reply("It is 42."))
        id = answered(pair, "What is six times seven?", model="claude-sonnet-4.6")["session_id"]
        before = session(pair, id)
    with gateway(STRICT, DATA_DIR=str(tmp_path)) as pair:
        after = session(pair, id)
        answer = answered(pair, "And?", session_id=id, model="claude-sonnet-4.6")
        text = str(pair.chats()[0])
    assert after == before
    assert answer["stop_reason"] == "end"
    assert "Multiply." in text
    assert "'toolUses'" in text


def test_a_session_is_forgotten_when_it_has_not_been_used_for_long(tmp_path: Path) -> None:
    clock = Clock()
    with gateway(STRICT, clock=clock, DATA_DIR=str(tmp_path), AGENT_SESSION_DAYS="3") as pair:
        pair.emulator.script(Reply("", calls=[SUM]), Reply("It is 42."))
        id = answered(pair, "question-0")["session_id"]
        clock.now = MIDDAY + 2 * 86400
        answered(pair, "question-1", session_id=id)
        clock.now = MIDDAY + 4 * 86400
        later = session(pair, id)["messages"]
        answered(pair, "question-2", session_id=id)
        clock.now = MIDDAY + 8 * 86400
        gone = call(pair, "GET", f"/v1/agent/sessions/{id}").status_code
        left = listed(pair)
    assert [turn["role"] for turn in later] == ["user", "assistant", "user", "assistant", "user", "assistant"]
    assert (gone, left) == (404, [])


def test_what_a_crash_left_half_written_does_not_count(tmp_path: Path) -> None:
    """A process may end between the pieces of a turn; and between a call and its result."""
    with gateway(STRICT, DATA_DIR=str(tmp_path)) as pair:
        pair.emulator.script(Reply("", calls=[SUM]), Reply("It is 42."))
        id = answered(pair, "question-0")["session_id"]

        async def crash() -> None:
            store = store_of(Settings(data_dir=tmp_path), clock=lambda: MIDDAY)
            sessions = Sessions(store, lambda: MIDDAY, 300)
            found = await sessions.read(Owner(), id)
            partition, head = f"session###{id}", dict(found.head)
            await store.put(Key(partition, "m#000000004#00"), {"json": '{"role": "ass'})
            await store.put(Key("sessions##", id), head | {"turns": 2})
            await store.aclose()

        asyncio.run(crash())
        read = session(pair, id)["messages"]
        answer = answered(pair, "question-1", session_id=id)
        after = session(pair, id)["messages"]
        body = str(pair.chats()[-1])
    assert [turn["role"] for turn in read] == ["user", "assistant"]
    assert answer["stop_reason"] == "end"
    assert "broken off" in body
    assert len(after) == 5


def test_an_answer_does_not_depend_on_the_store(tmp_path: Path) -> None:
    """It breaks in mid-run: what was not kept is missing later, and nothing else."""
    with gateway(STRICT, DATA_DIR=str(tmp_path), AGENT_APPROVAL="shell=auto") as pair:
        id = answered(pair, "question-0")["session_id"]
        waiting = Call("shell", {"command": "echo > began; while [ ! -e go ]; do sleep 0.1; done"})
        pair.emulator.script(Reply("", calls=[waiting]), Reply("", calls=[SUM]), Reply("Done."))
        workspace = tmp_path / "workspace"
        with streaming(pair, "question-1", session_id=id) as events:
            assert eventually((workspace / "began").exists)
            database = tmp_path / "store.sqlite3"
            with sqlite3.connect(database) as breaking:
                breaking.execute("ALTER TABLE items RENAME TO lost")
            (workspace / "go").touch()
            *_, done = events
        with sqlite3.connect(database) as breaking:
            breaking.execute("ALTER TABLE lost RENAME TO items")
        pair.emulator.script(Reply("Here."))
        after = answered(pair, "question-2", session_id=id)
    assert done["stop_reason"] == "end"
    assert after["content"] == "Here."


def test_after_a_run_that_ended_in_its_rounds_the_session_goes_on() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("", calls=[SUM]))
        first = told(pair, limits={"rounds": 1})[-1]
        second = answered(pair, "And?", session_id=first["session_id"])
        body = str(pair.chats()[-1])
    assert first["stop_reason"] == "limit_rounds"
    assert second["stop_reason"] == "end"
    assert "42" in body


def test_a_question_that_nobody_could_answer_is_there_once_when_it_is_asked_again() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        id = answered(pair, "First.")["session_id"]
        pair.emulator.inject("throttled", times=1)
        assert chat(pair, "Second.", session_id=id).status_code == 429
        assert answered(pair, "Second.", session_id=id)["stop_reason"] == "end"
        turns = session(pair, id)["messages"]
        assert [turn["role"] for turn in turns] == ["user", "assistant"] * 2
        assert answered(pair, "Second.", session_id=id)["stop_reason"] == "end"  # answered, and meant anew
        assert len(session(pair, id)["messages"]) == 6
        current = pair.chats()[-2]["conversationState"]["currentMessage"]["userInputMessage"]["content"]
    assert current.count("Second.") == 1


def test_looking_at_sessions_and_tools_is_not_on_record() -> None:
    with gateway(STRICT) as pair:
        id = answered(pair)["session_id"]
        for path in ("sessions", f"sessions/{id}", "tools"):
            assert call(pair, "GET", f"/v1/agent/{path}").status_code == 200
        assert call(pair, "GET", "/v1/agent/sessions/nope").status_code == 404
        found = call(pair, "GET", "/api/requests").json()["requests"]
    assert [each["path"] for each in found] == ["/v1/agent/chat"]
