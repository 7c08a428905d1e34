"""Names on the wire: legal, unique, the same in every request, and back again to the client's own."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.openai_bodies import call_ids
from tests.openai_bodies import tool_names as some_names

from kiro2chat_core.kiro.names import CallIds, tool_names

LEGAL = re.compile(r"[a-zA-Z0-9_-]{1,64}")
THOROUGH = settings(max_examples=400, deadline=None)

UNCHANGED = ["read_file", "Read", "mcp__server__do-it", "a" * 64, "1st", "-", "_"]
CHANGED = {
    "a" * 65: "a" * 52,
    "mcp__server__" + "long" * 20: "mcp__server__" + "long" * 9 + "lon",
    "with space": "with_space",
    "x.y/z": "x_y_z",
    "名字": "tool",
    "!!!": "tool",
    "": "tool",
    "naïve": "na_ve",
}  # fmt: skip


@pytest.mark.parametrize("name", UNCHANGED)
def test_legal_names_stay(name: str) -> None:
    assert tool_names([name]) == {name: name}


@pytest.mark.parametrize(("name", "stem"), CHANGED.items(), ids=[repr(name[:20]) for name in CHANGED])
def test_other_names_get_a_readable_stem_and_a_hash(name: str, stem: str) -> None:
    wire = tool_names([name])[name]
    assert re.fullmatch(re.escape(stem) + "_[0-9a-f]{8}", wire)


def test_names_that_differ_only_beyond_the_limit_stay_apart() -> None:
    wire = tool_names(["a" * 70, "a" * 71, "a" * 64])
    assert len(set(wire.values())) == 3


def test_a_client_that_owns_the_shortened_name_keeps_it() -> None:
    short = tool_names(["with space"])["with space"]
    wire = tool_names(["with space", short])
    assert wire[short] == short
    assert wire["with space"] != short
    assert LEGAL.fullmatch(wire["with space"])


@THOROUGH
@given(st.lists(some_names | st.text(max_size=80), max_size=12))
def test_every_name_is_legal_and_leads_back(names: list[str]) -> None:
    wire = tool_names(names)
    assert set(wire) == set(names)
    assert all(LEGAL.fullmatch(name) for name in wire.values())
    back = {short: name for name, short in wire.items()}
    assert len(back) == len(wire)


@THOROUGH
@given(st.lists(some_names, max_size=6), st.lists(some_names, max_size=6))
def test_a_name_is_the_same_in_every_request_whatever_the_other_tools(names: list[str], others: list[str]) -> None:
    wire, with_others = tool_names(names), tool_names(names + others)
    assert wire == tool_names(reversed(names))
    for name in names:
        assert with_others[name] == wire[name]


@THOROUGH
@given(st.lists(call_ids | st.text(max_size=70)))
def test_ids_of_calls_are_legal_used_once_and_the_same_in_a_longer_conversation(client_ids: list[str]) -> None:
    ids = CallIds()
    fresh = [ids.fresh(client_id) for client_id in client_ids]
    assert len(set(fresh)) == len(fresh)
    assert all(LEGAL.fullmatch(each) for each in fresh)
    again = CallIds()
    assert [again.fresh(client_id) for client_id in client_ids[: len(client_ids) // 2]] == fresh[: len(client_ids) // 2]


def test_a_legal_id_stays_the_first_time() -> None:
    ids = CallIds()
    assert ids.fresh("call_1") == "call_1"
    assert ids.fresh("call_1") != "call_1"
