"""A stream of events as one value: what an answer without streaming is made of."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from .turns import (
    CallBegan,
    CallDelta,
    Counted,
    Ended,
    EndReason,
    Event,
    Reasoning,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)

__all__ = ["Answer", "Fold"]


@dataclass(frozen=True, slots=True)
class Answer:
    """A whole answer. `redacted` are pieces of reasoning that only the backend can read.

    `thoughts` are the same reasoning in its blocks: each has a signature of its own, and is proven only by that.
    """

    text: str
    reasoning: str
    signature: str
    redacted: tuple[str, ...]
    thoughts: tuple[Reasoning, ...]
    calls: tuple[ToolCall, ...]
    usage: Usage
    reason: EndReason
    stop: str


@dataclass(slots=True)
class Fold:
    """Feed it every event, then take the answer."""

    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)
    _signature: list[str] = field(default_factory=list)
    _redacted: list[str] = field(default_factory=list)
    _thoughts: list[Reasoning] = field(default_factory=list)
    _thinking: bool = False
    _names: dict[str, str] = field(default_factory=dict)
    _arguments: dict[str, list[str]] = field(default_factory=dict)
    _usage: Usage = field(default_factory=Usage)
    _ended: Ended = field(default_factory=lambda: Ended("end"))

    def feed(self, events: Iterable[Event]) -> None:
        for event in events:
            match event:
                case TextDelta(text):
                    self._text.append(text)
                    self._thinking = False
                case ReasoningDelta(text, signature, redacted):
                    self._reasoning.append(text)
                    self._signature.append(signature)
                    self._redacted += [redacted] if redacted else []
                    self._think(text, signature)
                case CallBegan(call_id, name):
                    self._names[call_id] = name
                    self._thinking = False
                    self._arguments[call_id] = []
                case CallDelta(call_id, json):
                    self._arguments[call_id].append(json)
                case Counted(usage):
                    self._usage = usage
                case Ended():
                    self._ended = event

    def _think(self, text: str, signature: str) -> None:
        """A block ends where something else comes, or where text follows its signature."""
        last = self._thoughts[-1] if self._thoughts and self._thinking else None
        if last is None or (last.signature and text):
            if text or signature:
                self._thoughts.append(Reasoning(text, signature))
        else:
            self._thoughts[-1] = Reasoning(last.text + text, last.signature + signature)
        self._thinking = True

    def answer(self) -> Answer:
        calls = (ToolCall(id, name, "".join(self._arguments[id])) for id, name in self._names.items())
        return Answer(
            text="".join(self._text),
            reasoning="".join(self._reasoning),
            signature="".join(self._signature),
            redacted=tuple(self._redacted),
            thoughts=tuple(self._thoughts),
            calls=tuple(calls),
            usage=self._usage,
            reason=self._ended.reason,
            stop=self._ended.stop,
        )
