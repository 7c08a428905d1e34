"""What of a long conversation the model still sees: its last questions, and a summary of the rest where the settings say so."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from ..errors import Kiro2ChatError
from ..gateway import Gateway
from ..report import Report
from ..settings import Settings
from ..turns import Ask, Reasoning, Text, TextDelta, ToolCall, ToolResult, Turn
from .sessions import Session, is_question, window

__all__ = ["Remembered", "remembered"]

logger = logging.getLogger(__name__)

_LONGEST = 4000
"""Characters of one message that go into a summary."""

_SUMMARISE = (
    "Summarise this conversation for yourself, so that you can go on with it: what the user wants, what was found and done, "
    "decisions, names, numbers and open questions. Only facts, at most 500 words."
)
_NOTE = "Summary of the earlier conversation:\n{summary}"


@dataclass(frozen=True, slots=True)
class Remembered:
    """`turns` the model sees as they are, `note` goes into the system text, `head` is to be kept with the session. `led`: the
    first turn is a question, after which some rounds are left out."""

    turns: tuple[Turn, ...]
    led: bool = False
    note: str = ""
    head: Mapping[str, Any] = field(default_factory=dict)


async def remembered(
    gateway: Gateway, settings: Settings, model: str, session: Session, counted: Callable[[Report], None]
) -> Remembered:
    """The last AGENT_TURNS questions and what came of them, or as many as the model took last time (`seen` in the head); with
    AGENT_MEMORY=summary also what was before, in words.

    `counted` hears of the call of the model that makes a summary.
    """
    begin = max(window(session.turns, settings.agent_turns), session.head.get("seen", 0) - session.first)
    leading = _leading(session.turns, begin)
    turns = (*leading, *session.turns[begin:])
    if not begin or settings.agent_memory != "summary":
        return Remembered(turns, bool(leading))
    summary, done = session.head.get("summary", ""), max(0, session.head.get("summarised", 0) - session.first)
    head: dict[str, Any] = {}
    report = Report()
    if begin > done:
        try:
            summary = await _summarised(gateway, model, summary, session.turns[done:begin], report)
            head = {"summary": summary, "summarised": session.first + begin}
        except Kiro2ChatError as error:  # an older summary is better than no answer
            logger.warning("The conversation cannot be summarised: %s", error.message)
        finally:
            counted(report)
    return Remembered(turns, bool(leading), _NOTE.format(summary=summary) if summary else "", head)


def _leading(turns: tuple[Turn, ...], begin: int) -> tuple[Turn, ...]:
    """The question to which the turns from there on belong, where they do not begin with one."""
    if begin >= len(turns) or is_question(turns[begin]):
        return ()
    return next(((turn,) for turn in reversed(turns[:begin]) if is_question(turn)), ())


async def _summarised(gateway: Gateway, model: str, summary: str, turns: Iterable[Turn], report: Report) -> str:
    told = "\n".join(line for turn in turns for line in _lines(turn))
    before = f"{_NOTE.format(summary=summary)}\n\n" if summary else ""
    ask = Ask(model, (Turn("user", (Text(f"{before}{told}\n\n{_SUMMARISE}"),)),))
    said = ""
    async with aclosing(gateway.stream(ask, report)) as batches:
        async for batch in batches:
            said += "".join(event.text for event in batch if isinstance(event, TextDelta))
    return said.strip()


def _lines(turn: Turn) -> Iterable[str]:
    for part in turn.parts:
        match part:
            case Text(text):
                yield f"{turn.role}: {text[:_LONGEST]}"
            case ToolCall(_id, name, arguments):
                yield f"assistant calls {name} {arguments[:_LONGEST]}"
            case ToolResult(_id, content, _error):
                text = " ".join(each.text for each in content if isinstance(each, Text))
                yield f"result: {text[:_LONGEST]}"
            case Reasoning():
                pass
            case _:
                yield f"{turn.role}: [an image]"
