"""Thoughts in tags: taken out of the text wherever the pieces end, and left alone wherever they are no thoughts."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kiro2chat_core.kiro.thoughts import Thoughts
from kiro2chat_core.turns import ReasoningDelta


def split(*pieces: str) -> tuple[str, str]:
    """(thoughts, text)"""
    thoughts = Thoughts()
    events = [event for piece in pieces for event in thoughts.feed(piece)] + thoughts.finish()
    assert all(event.text for event in events)
    return (
        "".join(event.text for event in events if isinstance(event, ReasoningDelta)),
        "".join(event.text for event in events if not isinstance(event, ReasoningDelta)),
    )


ANSWERS: dict[str, tuple[str, str, str]] = {
    "nothing": ("", "", ""),
    "no thoughts": ("Hello.", "", "Hello."),
    "thoughts and text": ("<thinking>Hm.</thinking>\n\nHello.", "Hm.", "Hello."),
    "thoughts alone": ("<thinking>Hm.</thinking>", "Hm.", ""),
    "no empty line": ("<thinking>Hm.</thinking>Hello.", "Hm.", "Hello."),
    "space before": ("\n <thinking>Hm.</thinking>\n\nHello.", "Hm.", "Hello."),
    "a line break inside": ("<thinking>\nHm.\n</thinking>\nHello.", "Hm.\n", "Hello."),
    "other tags": ("<think>Hm.</think>\n\nHello.", "Hm.", "Hello."),
    "the wrong closing tag": ("<think>Hm.</thinking>\n\nHello.</think>!", "Hm.</thinking>\n\nHello.", "!"),
    "never closed": ("<thinking>Hm. Hello.", "Hm. Hello.", ""),
    "in the middle of the text": ("So <thinking>no</thinking>", "", "So <thinking>no</thinking>"),
    "a second time": (
        "<thinking>a</thinking>\n\nb <thinking>c</thinking>", "a", "b <thinking>c</thinking>",
    ),
    "in backquotes": ("`<thinking>` is a tag", "", "`<thinking>` is a tag"),
    "a quoted closing tag": (
        "<thinking>The tag `</thinking>` ends it.</thinking>\n\nYes.", "The tag `</thinking>` ends it.", "Yes.",
    ),
    "a closing tag in code": (
        "<thinking>See:\n```\nx</thinking>y\n```\nDone.</thinking>\n\nYes.", "See:\n```\nx</thinking>y\n```\nDone.", "Yes.",
    ),
    "code that is never closed": ("<thinking>See:\n```\nx</thinking>\n\nYes.", "See:\n```\nx", "Yes."),
    "almost a tag": ("<thin ice>", "", "<thin ice>"),
    "half a tag": ("<thin", "", "<thin"),
    "indented text after the thoughts": ("<thinking>Hm.</thinking>\n\n    code", "Hm.", "    code"),
}  # fmt: skip


@pytest.mark.parametrize(("answer", "thoughts", "text"), ANSWERS.values(), ids=ANSWERS)
def test_answers(answer: str, thoughts: str, text: str) -> None:
    assert split(answer) == (thoughts, text)
    assert split(*answer) == (thoughts, text)


@settings(max_examples=500, deadline=None)
@given(
    st.lists(
        st.sampled_from(["<thinking>", "</thinking>", "<", "/", "`", "```\n", "\n", "\n\n", "thinking>", "a ", " "])
    )
)
def test_pieces_make_no_difference_and_nothing_is_lost(parts: list[str]) -> None:
    whole = "".join(parts)
    assert split(whole) == split(*whole) == split(*parts)
    thoughts, text = split(whole)
    rest = whole.lstrip() if thoughts else whole
    kept = [c for c in thoughts + text if not c.isspace()]
    dropped = len([c for c in rest if not c.isspace()]) - len(kept)
    assert dropped in (0, len("<thinking>"), len("<thinking></thinking>"))


def test_thoughts_come_while_they_are_thought() -> None:
    thoughts = Thoughts()
    assert thoughts.feed("<thinking>A long thought, of many words, that ") == [
        ReasoningDelta("A long thought, of many w")
    ]
