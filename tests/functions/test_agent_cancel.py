"""Runs that are stopped: by a request, by another process, by a client that leaves. Nothing is left running or held."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.agents import answered, call, chat, eventually, processes, records, session, streaming
from tests.gateways import Pair, gateway

from kiro2chat_core.agent.sessions import Busy, Owner, Sessions
from kiro2chat_core.store.base import Key
from kiro2chat_core.store.opening import store_at
from kiro2chat_functions.emulator import Call, Options, Reply

SLOW = Reply("word " * 2000)


@pytest.fixture
def seconds() -> Iterator[str]:
    """How long to sleep: a number that nobody else sleeps, by which it is seen in /proc."""
    number = f"613.{os.getpid()}{time.monotonic_ns() % 10**9}"
    yield number
    assert eventually(lambda: not processes(number))


def sleeping(seconds: str, file: str = "began") -> Call:
    return Call("shell", {"command": f"(sleep {seconds}; true) & echo > {file}; wait"})


@contextmanager
def at_work(folder: Path, **environ: str) -> Iterator[Pair]:
    more: dict[str, Any] = {"AGENT_WORKSPACE": str(folder), "AGENT_APPROVAL": "shell=auto"} | environ
    with gateway(Options(delay=0.01), **more) as pair:
        yield pair


def stop(pair: Pair, id: str, **fields: Any) -> dict[str, Any]:
    response = call(pair, "POST", "/v1/agent/cancel", {"session_id": id, **fields})
    assert response.status_code == 200, response.text
    done: dict[str, Any] = response.json()
    return done


def test_a_client_that_leaves_ends_the_run_and_what_it_started(tmp_path: Path, seconds: str) -> None:
    with at_work(tmp_path) as pair:
        pair.emulator.script(Reply("Wait.", calls=[sleeping(seconds)]))
        with streaming(pair) as events:
            id = next(events)["session_id"]
            assert any(event["type"] == "tool_start" for event in events)
            assert eventually((tmp_path / "began").exists)
            assert processes(seconds)
        assert eventually(lambda: not processes(seconds))
        (record,) = eventually(lambda: records(pair))
        begun = time.monotonic()
        after = answered(pair, "And?", session_id=id, on_busy="wait")
        waited = time.monotonic() - begun
    assert (record["outcome"], record["dialect"]) == ("broken off", "agent")
    assert record["tokens"]["in"] > 0
    assert after["stop_reason"] == "end"
    assert waited < 12  # a lease that nobody gave back lasts 15


def test_a_client_that_leaves_a_whole_answer_ends_the_run_too(tmp_path: Path, seconds: str) -> None:
    with at_work(tmp_path) as pair:
        pair.emulator.script(Reply("", calls=[sleeping(seconds)]))
        with pytest.raises(httpx.ReadTimeout):
            call_briefly(pair)
        assert eventually((tmp_path / "began").exists)
        assert eventually(lambda: not processes(seconds))
        (record,) = eventually(lambda: records(pair))
    assert record["outcome"] == "broken off"


def call_briefly(pair: Pair) -> None:
    body = {"message": "Hi."}
    httpx.post(f"{pair.url}/v1/agent/chat", json=body, timeout=httpx.Timeout(60, read=6), trust_env=False)


@pytest.mark.parametrize("many", [1, 2])
def test_a_client_that_leaves_while_the_model_speaks_closes_the_connection_to_it(tmp_path: Path, many: int) -> None:
    """Also in the first moment, when nothing but the beginning has been told."""
    with at_work(tmp_path) as pair:
        answered(pair)  # the agent is imported
        pair.emulator.script(SLOW)
        with streaming(pair) as events:
            told = [next(events) for _ in range(many)]
        left = eventually(lambda: [seen for seen in pair.emulator.seen if seen.left_at])
        after = answered(pair, "And?", session_id=told[0]["session_id"])
    assert left
    assert after["stop_reason"] == "end"


def test_a_run_is_cancelled_while_the_model_speaks(tmp_path: Path) -> None:
    with at_work(tmp_path) as pair:
        pair.emulator.script(SLOW)
        with streaming(pair) as events:
            id = next(events)["session_id"]
            assert next(events)["type"] == "text"
            assert stop(pair, id) == {"cancelled": True, "requested": True}
            *_, done = events
        left = eventually(lambda: [seen for seen in pair.emulator.seen if seen.left_at])
        (record,) = eventually(lambda: records(pair))
        after = answered(pair, "And?", session_id=id)
    assert (done["stop_reason"], done["session_id"]) == ("cancelled", id)
    assert done["message"]
    assert left
    assert record["outcome"] == "cancelled"
    assert after["stop_reason"] == "end"


def test_a_run_is_cancelled_while_a_tool_works(tmp_path: Path, seconds: str) -> None:
    with at_work(tmp_path) as pair:
        calls = [Call("calculator", {"expression": "20+3"}), sleeping(seconds)]
        pair.emulator.script(Reply("Wait.", calls=calls))
        with streaming(pair) as events:
            id = next(events)["session_id"]
            assert eventually((tmp_path / "began").exists)
            stop(pair, id)
            *_, done = events
        assert eventually(lambda: not processes(seconds))
        turns = session(pair, id)["messages"]
        answered(pair, "What became of it?", session_id=id)
        body = str(pair.chats()[-1])
    assert done["stop_reason"] == "cancelled"
    texts = {part["id"]: (part["text"], part["is_error"]) for part in turns[-1]["parts"]}
    assert sorted(texts.values())[0] == ("23", False)
    assert "broken off" in sorted(texts.values())[1][0]
    assert "broken off" in body


def test_another_process_cancels_it(tmp_path: Path, seconds: str) -> None:
    with ExitStack() as stack:
        one = stack.enter_context(at_work(tmp_path, DATA_DIR=str(tmp_path / "data")))
        other = stack.enter_context(at_work(tmp_path, DATA_DIR=str(tmp_path / "data")))
        one.emulator.script(Reply("Wait.", calls=[sleeping(seconds)]))
        with streaming(one) as events:
            id = next(events)["session_id"]
            assert eventually((tmp_path / "began").exists)
            refused = chat(other, "And?", session_id=id, on_busy="refuse")
            assert stop(other, id) == {"cancelled": False, "requested": True}
            *_, done = events
        after = answered(other, "And?", session_id=id)
    assert refused.status_code == 409
    assert refused.json()["error"]["code"] == "session_busy"
    assert done["stop_reason"] == "cancelled"
    assert after["stop_reason"] == "end"


def test_a_session_is_deleted_while_it_runs(tmp_path: Path, seconds: str) -> None:
    with at_work(tmp_path) as pair:
        pair.emulator.script(Reply("Wait.", calls=[sleeping(seconds)]))
        with streaming(pair) as events:
            id = next(events)["session_id"]
            assert eventually((tmp_path / "began").exists)
            deleted = call(pair, "DELETE", f"/v1/agent/sessions/{id}")
            *_, done = events
        after = chat(pair, "And?", session_id=id)
        listed = call(pair, "GET", "/v1/agent/sessions").json()["sessions"]
    assert deleted.status_code == 204
    assert done["stop_reason"] == "cancelled"
    assert after.status_code == 404
    assert listed == []


def test_the_first_request_of_two_is_the_first(tmp_path: Path) -> None:
    """The second waits until the first is done, and sees what it said."""
    with at_work(tmp_path) as pair:
        id = answered(pair)["session_id"]
        pair.emulator.script(Reply("The first answer. " * 40), Reply("The second."))
        with streaming(pair, "first", session_id=id) as events:
            assert next(events)["type"] == "start"
            assert next(events)["type"] == "text"
            second: list[dict[str, Any]] = []
            waiting = threading.Thread(target=lambda: second.append(answered(pair, "second", session_id=id)))
            waiting.start()
            refused = chat(pair, "third", session_id=id, on_busy="refuse")
            *_, done = events
        waiting.join(60)
        body = str(pair.chats()[-1])
    assert done["stop_reason"] == "end"
    assert refused.status_code == 409
    assert refused.headers["retry-after"]
    assert "free again by itself within 15 seconds" in refused.json()["error"]["message"]
    assert second[0]["content"] == "The second."
    assert "The first answer." in body


async def test_who_waits_first_goes_on_first(tmp_path: Path) -> None:
    """Somebody who comes just when the session is given back does not overtake those who wait."""
    store = store_at(f"sqlite://{tmp_path}/store.sqlite3", clock=time.time)
    sessions, order = Sessions(store, time.time, 30), list[str]()
    try:
        id = await sessions.new(Owner(), "auto", None)

        async def run(name: str) -> None:
            async with sessions.running(Owner(), id, 50):
                order.append(name)

        async with sessions.running(Owner(), id, 0):
            waiting = [asyncio.create_task(run("first"))]
            for _ in range(100):  # it has looked, and has seen that it must wait
                await store.get(Key("any", "thing"))
        waiting += [asyncio.create_task(run("second")), asyncio.create_task(run("third"))]
        await asyncio.gather(*waiting)
    finally:
        await store.aclose()
    assert order == ["first", "second", "third"]


async def test_who_does_not_wait_is_told_at_once(tmp_path: Path) -> None:
    store = store_at(f"sqlite://{tmp_path}/store.sqlite3", clock=time.time)
    sessions = Sessions(store, time.time, 30)
    try:
        id = await sessions.new(Owner(), "auto", None)
        async with sessions.running(Owner(), id, 0):
            with pytest.raises(Busy):
                async with sessions.running(Owner(), id, 0):
                    pass
        async with sessions.running(Owner(), id, 0) as session:
            assert session.id == id
    finally:
        await store.aclose()


@pytest.mark.parametrize("ending", ["cancelled", "limit_seconds"])
def test_a_summary_is_part_of_the_run(tmp_path: Path, ending: str) -> None:
    with at_work(tmp_path, AGENT_TURNS="1", AGENT_MEMORY="summary") as pair:
        id = answered(pair, "question-0")["session_id"]
        answered(pair, "question-1", session_id=id)
        pair.emulator.inject("silence", after=0, seconds=60)
        limits = {"seconds": 1} if ending == "limit_seconds" else {}
        with streaming(pair, "question-2", session_id=id, limits=limits) as events:
            if ending == "cancelled":
                assert eventually(lambda: len(pair.chats()) == 3)
                assert stop(pair, id)["cancelled"]
            *_, done = events
        asked = [str(body) for body in pair.chats()[2:]]
        told = session(pair, id)
    assert done["stop_reason"] == ending
    assert "question-2" in str(told["messages"][-1]), "what was asked is kept"
    assert told["broken_off"]
    assert len(asked) == 1
    assert "Summarise this conversation" in asked[0]


def test_who_sees_the_end_may_go_on_at_once(tmp_path: Path) -> None:
    with at_work(tmp_path) as pair:
        id = answered(pair)["session_id"]
        for _ in range(5):
            with streaming(pair, session_id=id, on_busy="refuse") as events:
                assert any(event["type"] == "done" for event in events)


def test_a_client_that_leaves_a_question_finds_it_again(tmp_path: Path) -> None:
    with at_work(tmp_path, AGENT_APPROVAL="shell=ask") as pair:
        pair.emulator.script(Reply("May I?", calls=[Call("shell", {"command": "echo allowed"}, "a")]))
        with streaming(pair) as events:
            id = next(events)["session_id"]
            assert any(event["type"] == "approval" for event in events)
        waiting = eventually(lambda: session(pair, id)["waiting_for"])
    assert waiting == ["a"]


def test_nothing_can_be_cancelled_in_a_session_that_is_not_there(tmp_path: Path) -> None:
    with at_work(tmp_path) as pair:
        assert call(pair, "POST", "/v1/agent/cancel", {"session_id": "nobody"}).status_code == 404
        assert call(pair, "POST", "/v1/agent/cancel", {}).status_code == 400
        idle = stop(pair, answered(pair)["session_id"])
    assert idle == {"cancelled": False, "requested": True}
