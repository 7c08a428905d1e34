"""Cache points: where the client marks them, no more than the model takes, and never before enough tokens."""

from __future__ import annotations

from dataclasses import replace

import pytest

from kiro2chat_core.kiro.caching import cache_points
from kiro2chat_core.kiro.catalog import Model, parse
from kiro2chat_core.kiro.history import Message
from kiro2chat_core.kiro.request import Style, build
from kiro2chat_core.turns import Ask, Text, Tool, ToolResult, Turn

MODEL = Model("claude-sonnet-4.5", cache_points=4, cache_minimum=1024)
LONG = "word " * 2000


def message(role: str, *, cache: bool = False, text: str = LONG) -> Message:
    return Message("user" if role == "user" else "assistant", [text], cache=cache)


def talk(*marked: int, count: int = 7) -> list[Message]:
    return [message("assistant" if at % 2 else "user", cache=at in marked) for at in range(count)]


CASES: dict[str, tuple[list[Message], bool, str, set[int]]] = {
    "nothing marked": (talk(), False, "client", set()),
    "one message": (talk(2), False, "client", {2}),
    "the start": (talk(), True, "client", {0}),
    "the start and a message": (talk(4), True, "client", {0, 4}),
    "the last of too many": (talk(0, 1, 2, 3, 4, 5), True, "client", {2, 3, 4, 5}),
    "too early": ([message("user", cache=True, text="short"), *talk(1)[1:]], False, "client", {1}),
    "too soon after another": ([*talk(0)[:1], message("assistant", text="OK", cache=True)], False, "client", {0}),
    "unmarked, by itself": (talk(), False, "auto", {0, 5}),
    "unmarked, a first question": (talk(count=1), False, "auto", {0}),
    "marked, by itself": (talk(2), False, "auto", {2}),
    "switched off": (talk(2), True, "none", set()),
}


@pytest.mark.parametrize(("messages", "start", "mode", "points"), CASES.values(), ids=CASES)
def test_points(messages: list[Message], start: bool, mode: str, points: set[int]) -> None:
    assert cache_points(messages, start=start, start_size=0, model=MODEL, mode=mode) == points


def test_what_stands_before_the_first_message_counts() -> None:
    short = [message("user", text="Hi", cache=True)]
    assert cache_points(short, start=False, start_size=0, model=MODEL, mode="client") == set()
    assert cache_points(short, start=False, start_size=20_000, model=MODEL, mode="client") == {0}


def test_models_without_a_cache_get_none() -> None:
    assert cache_points(talk(2), start=True, start_size=0, model=Model("m"), mode="auto") == set()


def test_the_catalog_tells_what_a_model_takes() -> None:
    told = {
        "maximumCacheCheckpointsPerRequest": 4,
        "minimumTokensPerCacheCheckpoint": 1024,
        "supportsPromptCaching": True,
    }
    (with_cache,) = parse({"models": [{"modelId": "m", "promptCaching": told}]})
    (without,) = parse({"models": [{"modelId": "m", "promptCaching": told | {"supportsPromptCaching": False}}]})
    assert (with_cache.cache_points, with_cache.cache_minimum) == (4, 1024)
    assert (without.cache_points, without.cache_minimum) == (0, 0)


def test_marks_become_points_in_the_body() -> None:
    turns = (
        Turn("user", (Text(LONG),)),
        Turn("assistant", (Text(LONG),), cache=True),
        Turn("user", (ToolResult("t1", (Text(LONG),)), Text("Go on.")), cache=True),
    )
    ask = Ask("m", turns, tools=(Tool("t", LONG),), cache_start=True)
    state = build(ask, MODEL, Style()).body["conversationState"]
    point = {"type": "default"}
    assert state["history"][0]["userInputMessage"]["cachePoint"] == point
    assert state["history"][1]["assistantResponseMessage"]["cachePoint"] == point
    assert state["currentMessage"]["userInputMessage"]["cachePoint"] == point
    none = build(replace(ask, cache_start=False), MODEL, Style(cache_points="none")).body
    assert "cachePoint" not in str(none)
