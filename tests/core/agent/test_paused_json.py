"""Runs that wait, as text and back; also what an earlier kiro2chat wrote."""

from __future__ import annotations

from kiro2chat_core import jsonio
from kiro2chat_core.agent.paused_json import paused_from, text_of
from kiro2chat_core.agent.pausing import Budget, Paused

PAUSED = Paused(
    {"interrupts": {"a": {"data": b"\x00\xff", "__bytes__": "no bytes"}}},
    {"call": "interrupt"},
    ("shell",),
    "Be brief.",
    Budget(rounds=3, credits=0.5).said_by("limits.{name}"),
    ({"id": "call", "name": "shell"},),
)


def test_it_comes_back_as_it_was() -> None:
    assert paused_from(text_of(PAUSED)) == PAUSED


def test_one_that_was_kept_before_limits_had_names_still_waits() -> None:
    old = jsonio.loads(text_of(PAUSED))
    del old["limits"]
    waits = paused_from(jsonio.text(old))
    assert waits is not None
    assert (waits.asked, waits.left.rounds, waits.left.credits) == (PAUSED.asked, 3, 0.5)
    assert waits.left.limit("rounds").source == "AGENT_ROUNDS"


def test_what_cannot_be_read_waits_for_nothing() -> None:
    assert paused_from("{}") is paused_from("[") is None
