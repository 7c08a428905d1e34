"""What a run may use: rounds, tokens, seconds, credits; and what a key may."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from tests.agents import MODEL, answered, call, eventually, processes, records, session, told
from tests.gateways import STRICT, gateway
from tests.keyed import made

from kiro2chat_functions.emulator import Call, Options, Reply

SUM = Call("calculator", {"expression": "6*7"})
AGAIN = Reply("Again.", calls=[SUM])
USED = {"uncachedInputTokens": 600, "outputTokens": 400, "totalTokens": 1000}


@pytest.mark.parametrize(
    ("settings", "limits", "reason", "rounds"),
    [
        ({"AGENT_ROUNDS": "2"}, {}, "limit_rounds", 2),
        ({"AGENT_ROUNDS": "3"}, {"rounds": 1}, "limit_rounds", 1),
        ({"AGENT_ROUNDS": "2"}, {"rounds": 5}, "limit_rounds", 2),
        ({"AGENT_ROUNDS": "50"}, {"rounds": 43}, "limit_rounds", 43),
        ({"AGENT_TOKENS": "1500"}, {}, "limit_tokens", 2),
        ({}, {"tokens": 2500}, "limit_tokens", 3),
        ({"AGENT_CREDITS": "0.02"}, {}, "limit_credits", 2),
        ({}, {"credits": 0.001}, "limit_credits", 1),
    ],
)
def test_a_run_ends_where_its_limit_is(
    settings: dict[str, Any], limits: dict[str, Any], reason: str, rounds: int
) -> None:
    with gateway(STRICT, **settings) as pair:
        pair.emulator.script(*[Reply("Again.", calls=[SUM], usage=USED)] * (rounds + 1))
        events = told(pair, limits=limits)
        done = events[-1]
        (record,) = eventually(lambda: records(pair))
        after = answered(pair, "Go on.", session_id=done["session_id"], limits={"rounds": 1})
    assert (done["stop_reason"], done["usage"]["rounds"]) == (reason, rounds)
    assert "run ended" in done["message"]
    assert not [event for event in events if event["type"] == "error"]
    assert record["outcome"] == reason
    assert after["usage"]["rounds"] == 1


def test_a_run_ends_when_its_time_is_over(tmp_path: Path) -> None:
    mark = f"617.{os.getpid()}"
    with gateway(STRICT, AGENT_APPROVAL="*=auto", AGENT_SECONDS="3", AGENT_WORKSPACE=str(tmp_path)) as pair:
        pair.emulator.script(Reply("Wait.", calls=[Call("shell", {"command": f"sleep {mark}"})]))
        done = told(pair)[-1]
        assert eventually(lambda: not processes(mark))
        after = answered(pair, "And?", session_id=done["session_id"])
    assert done["stop_reason"] == "limit_seconds"
    assert "3 seconds" in done["message"]
    assert after["stop_reason"] == "end"


def test_time_is_over_while_the_model_speaks() -> None:
    with gateway(Options(delay=0.05)) as pair:
        pair.emulator.script(Reply("word " * 5000))
        done = told(pair, limits={"seconds": 1})[-1]
    assert done["stop_reason"] == "limit_seconds"


def test_ninety_rounds_are_a_run() -> None:
    """More than Strands makes in one go: it calls itself for every round, and after some hundreds the stack is full."""
    with gateway(Options(), AGENT_ROUNDS="90", AGENT_TOKENS="0") as pair:
        pair.emulator.script(*[Reply("", calls=[SUM], usage=USED)] * 89, Reply("Done.", usage=USED))
        answer = answered(pair)
    assert (answer["stop_reason"], answer["usage"]["rounds"]) == ("end", 90)
    assert len(answer["tool_calls"]) == 89


def test_a_long_answer_says_so() -> None:
    with gateway(STRICT) as pair:
        pair.emulator.script(Reply("And so", stop_reason="MAX_TOKENS"))
        first = answered(pair)
        second = answered(pair, "Go on.", session_id=first["session_id"])
    assert (first["content"], first["stop_reason"]) == ("And so", "max_tokens")
    assert second["stop_reason"] == "end"


def test_what_does_not_fit_is_cut_in_mid_run_and_the_run_goes_on(tmp_path: Path) -> None:
    (tmp_path / "long.txt").write_text("a line of this file\n" * 400)
    with gateway(STRICT, AGENT_WORKSPACE=str(tmp_path), KIRO_ATTEMPTS="1") as pair:
        pair.emulator.script(Reply("", calls=[Call("file_read", {"path": "long.txt"})]), Reply("It is long."))
        pair.emulator.inject("one_byte_writes")
        pair.emulator.inject("too_long")
        answer = answered(pair)
        second, third = pair.chats()[1:]
    assert (answer["content"], answer["stop_reason"]) == ("It is long.", "end")
    assert len(str(third)) < len(str(second))


def test_what_did_not_fit_is_not_sent_again() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        id = answered(pair, "question-0")["session_id"]
        for number in range(1, 6):
            answered(pair, f"question-{number}", session_id=id)
        pair.emulator.inject("too_long")
        before = len(pair.chats())
        refused = answered(pair, "question-6", session_id=id)
        again = len(pair.chats())
        answered(pair, "question-7", session_id=id)
        sent = pair.chats()[-1]["conversationState"]
        kept = session(pair, id)["messages"]
    assert (refused["stop_reason"], again - before) == ("end", 2)
    assert "question-5" in str(sent)
    assert "question-1" not in str(sent)
    assert len(kept) == 16


def test_of_a_long_run_the_question_and_the_last_rounds_are_seen_later() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        pair.emulator.script(*[Reply(f"round-{number}.", calls=[SUM]) for number in range(8)])
        first = told(pair, "question-0", limits={"rounds": 8})[-1]
        pair.emulator.inject("too_long")
        pair.emulator.script(Reply("One."), Reply("Two."))
        second = answered(pair, "question-1", session_id=first["session_id"], limits={"rounds": 1})
        answered(pair, "question-2", session_id=first["session_id"])
        sent = str(pair.chats()[-1]["conversationState"])
    assert (second["content"], second["usage"]["rounds"]) == ("One.", 1)
    seen = [
        word for word in ("question-0", "round-0", "round-3", "round-7", "question-1", "question-2") if word in sent
    ]
    assert seen == ["question-0", "round-7", "question-1", "question-2"]


def test_what_never_fits_is_an_error_with_its_own_status() -> None:
    with gateway(STRICT, KIRO_ATTEMPTS="1") as pair:
        answered(pair)
        pair.emulator.inject("too_long", times=20)
        response = call(pair, "POST", "/v1/agent/chat", {"model": MODEL, "message": "Hi."})
    assert response.status_code == 400
    assert response.json()["error"]["code"] == "context_length_exceeded"


def test_a_key_pays_for_every_round(tmp_path: Path) -> None:
    with gateway(STRICT, DATA_DIR=str(tmp_path), API_KEY="the-owner") as pair:
        _key, alice = made(tmp_path, "alice", tokens_per_day=1500)
        pair.emulator.script(*[Reply("Again.", calls=[SUM], usage=USED)] * 2, Reply("Done.", usage=USED))
        answer = answered(pair, key=alice)
        body = {"model": MODEL, "message": "Hi."}
        refused = eventually(
            lambda: (
                response if (response := call(pair, "POST", "/v1/agent/chat", body, alice)).status_code == 429 else None
            )
        )
    assert (answer["usage"]["total_tokens"], answer["stop_reason"]) == (2000, "limit_tokens")
    assert refused is not None
