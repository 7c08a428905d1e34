"""What is left of a conversation that the model found too long: at most half, never half a pair, always a question."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from strands.types.exceptions import ContextWindowOverflowException
from tests.core.agent.test_memory import rounds

from kiro2chat_core.agent.messages import message_of, turns_of
from kiro2chat_core.agent.sessions import is_question
from kiro2chat_core.agent.shortening import Shortening
from kiro2chat_core.turns import Text, ToolCall, ToolResult, Turn

REFUSED = ContextWindowOverflowException("too long")


def shortened(turns: tuple[Turn, ...]) -> list[tuple[tuple[Turn, ...], int]]:
    """What is left after each refusal, and how many of the last turns that are; until nothing can be cut."""
    seen: list[int] = [len(turns)]
    agent: Any = SimpleNamespace(messages=[message_of(turn) for turn in turns])
    manager = Shortening(False, seen.append)

    def steps() -> Iterator[tuple[tuple[Turn, ...], int]]:
        while len(seen) < 100:
            try:
                manager.reduce_context(agent, REFUSED)
            except ContextWindowOverflowException:
                return
            yield turns_of(agent.messages), seen[-1]

    return list(steps())


@given(st.lists(st.integers(0, 6), min_size=1, max_size=12), st.integers(0, 6))
def test_each_refusal_leaves_whole_rounds_behind_their_question(before: list[int], last: int) -> None:
    turns = (*(turn for number in before for turn in rounds(number)), *rounds(last)[:-1])
    for left, seen in shortened(turns):
        assert is_question(left[0])
        assert left[-1] == turns[-1]
        assert left[len(left) - seen :] == turns[len(turns) - seen :]
        assert len(left) - seen in (0, 1)
        calls = {part.id for turn in left for part in turn.parts if isinstance(part, ToolCall)}
        assert all(part.call_id in calls for turn in left for part in turn.parts if isinstance(part, ToolResult))


def test_a_long_conversation_fits_after_a_few_refusals() -> None:
    turns = tuple(turn for _ in range(200) for turn in rounds(3)) + rounds(300)[:-1]
    sizes = [len(left) for left, _seen in shortened(turns)]
    assert sizes == sorted(sizes, reverse=True)
    assert len(sizes) < 15
    assert sizes[0] < 1300
    assert sizes[-1] == 3


def test_of_one_long_result_the_middle_goes() -> None:
    result = Turn("user", (ToolResult("c0", (Text("begin " + "x" * 100_000 + " end"),)),))
    steps = shortened((*rounds(1)[:2], result))
    first = str(steps[0][0][-1])
    assert 40_000 < len(first) < 60_000
    assert "begin" in first
    assert "end" in first
    assert "left out" in first
    assert len(steps) < 12
