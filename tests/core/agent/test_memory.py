"""What of a long conversation the model still sees: whole questions with all that came of them, never half a pair."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kiro2chat_core.agent.sessions import is_question, window
from kiro2chat_core.turns import Image, Text, ToolCall, ToolResult, Turn

ASKED = Turn("user", (Text("And?"),))
SAID = Turn("assistant", (Text("So."),))


def rounds(number: int) -> tuple[Turn, ...]:
    """A question, so many rounds of tools, an answer."""
    made: list[Turn] = [ASKED]
    for at in range(number):
        made += [
            Turn("assistant", (ToolCall(f"c{at}", "x", "{}"),)),
            Turn("user", (ToolResult(f"c{at}", (Text("1"),)),)),
        ]
    return (*made, SAID)


@given(st.lists(st.integers(0, 4), max_size=12), st.integers(1, 8), st.integers(0, 3))
def test_the_window_begins_with_a_question_and_holds_as_many_as_it_may(
    conversation: list[int], questions: int, cut: int
) -> None:
    turns = tuple(turn for number in conversation for turn in rounds(number))
    turns = turns[: len(turns) - min(cut, len(turns))]
    seen = turns[window(turns, questions) :]
    assert not seen or is_question(seen[0])
    assert sum(map(is_question, seen)) == min(questions, sum(map(is_question, turns)))
    calls = {part.id for turn in seen for part in turn.parts if isinstance(part, ToolCall)}
    assert all(part.call_id in calls for turn in seen for part in turn.parts if isinstance(part, ToolResult))


def test_results_are_no_question_and_pictures_are() -> None:
    assert not is_question(Turn("user", (ToolResult("a", ()),)))
    assert is_question(Turn("user", (Image("png", "AAAA"),)))
    assert is_question(Turn("user", (ToolResult("a", ()), Text("And?"))))
    assert not is_question(SAID)
