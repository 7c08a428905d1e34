"""The agent as a model, `agent/NAME`, for clients that know nothing but an API for chats: text comes as text, and what the
agent does on the way as reasoning. The client keeps the conversation, and nobody can be asked: tools that need approval are
refused, and say so to the model."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from dataclasses import replace
from functools import partial

from starlette.requests import Request

from kiro2chat_core import jsonio
from kiro2chat_core.agent.events import (
    AgentEvent,
    Failed,
    Finished,
    FinishReason,
    Said,
    Thought,
    ToolEnded,
    ToolStarted,
)
from kiro2chat_core.agent.wire import Begun
from kiro2chat_core.agent.wishes import Wish
from kiro2chat_core.finishing import Finishing
from kiro2chat_core.report import Report
from kiro2chat_core.turns import Ask, Batch, Began, Counted, Ended, EndReason, Event, ReasoningDelta, Text, TextDelta

from .admission import AGENT, left_of, spent
from .agent import budget_of, events_of, is_trusted

__all__ = ["agent_answer", "is_agent"]

_LINE = 300
"""Characters of a call's arguments and result that are told."""

_REASONS: dict[FinishReason, EndReason] = {"max_tokens": "max_tokens", "cut": "max_tokens", "filtered": "filtered"}


def is_agent(model: str) -> bool:
    return model.startswith(AGENT)


async def agent_answer(request: Request, ask: Ask, report: Report) -> AsyncGenerator[Batch, None]:
    """A run as an answer. Raises Kiro2ChatError."""
    settings = request.app.state.settings
    wish = Wish(
        ask.model.removeprefix(AGENT) or settings.agent_model,
        turns=ask.turns,
        system=ask.system,
        budget=budget_of(settings, left=left_of(request)),
        trusted=is_trusted(request),
        thinking=replace(ask.thinking, shown=True),
    )
    # Its steps come as thoughts, which are therefore shown; JSON and one call at a time are the agent's own affair.
    finishing = Finishing(replace(ask, answer=None, parallel=True, thinking=wish.thinking))
    async with aclosing(_batches(request, wish, report)) as batches:
        async for batch in batches:
            if events := finishing.feed(batch):
                yield tuple(events)
            if finishing.done:
                return


async def _batches(request: Request, wish: Wish, report: Report) -> AsyncGenerator[Batch, None]:
    async with aclosing(events_of(request, wish, report, partial(spent, request))) as events:
        said = False
        async for event in events:
            if isinstance(event, Failed):
                raise event.error
            if said and isinstance(event, ToolStarted):
                yield (TextDelta("\n\n"),)  # what the model says next is another message
            said = isinstance(event, Said) or (said and not isinstance(event, ToolStarted))
            if batch := tuple(_events(event)):
                yield batch


def _events(event: AgentEvent | Begun) -> Iterator[Event]:
    match event:
        case Begun():
            yield Began()
        case Said(text):
            yield TextDelta(text)
        case Thought(text):
            yield ReasoningDelta(text)
        case ToolStarted():
            yield ReasoningDelta(f"\n→ {event.name} {_cut(jsonio.text(event.arguments))}\n")
        case ToolEnded():
            said = " ".join(part.text for part in event.outcome.content if isinstance(part, Text))
            yield ReasoningDelta(f"{'✗' if event.outcome.is_error else '✓'} {event.seconds:.1f} s {_cut(said)}\n")
        case Finished(reason, told, _seconds, spent):
            if told and reason not in _REASONS:
                yield TextDelta(f"\n\n[{told}]")
            yield Counted(spent.usage)
            yield Ended(_REASONS.get(reason, "end"))


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _LINE else f"{line[:_LINE]}…"
