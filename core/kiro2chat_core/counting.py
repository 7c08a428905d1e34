"""Token counts where the backend gives none: estimates with the vocabulary of `tokenizer.py`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from . import jsonio, tokenizer
from .turns import (
    Ask,
    CallBegan,
    CallDelta,
    Document,
    DocumentUrl,
    Event,
    Image,
    ImageUrl,
    Part,
    Reasoning,
    ReasoningDelta,
    Text,
    TextDelta,
    Tool,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
)

__all__ = ["Counter", "Meter", "estimate_ask", "size"]

_IMAGE = 1600  # what Anthropic charges for a picture of about one megapixel, the most that it charges at all
_TURN = 4
_TOOL = 12
_TOOLS = 340  # Anthropic's own words to the model about tools, as its documentation gives them


def estimate_ask(ask: Ask) -> int:
    """Tokens of everything the client sent; the backend's own hidden prompt not included.

    Takes about a tenth of a second for a megabyte: call it in a thread.
    """
    tools = sum(_TOOL + sum(map(tokenizer.count, _tool_texts(tool))) for tool in ask.tools)
    return (tools + _TOOLS if tools else 0) + tokenizer.count(ask.system) + sum(map(_of_turn, ask.turns))


def _tool_texts(tool: Tool) -> tuple[str, ...]:
    return tool.name, tool.description, jsonio.text(dict(tool.schema))


def _of_turn(turn: Turn) -> int:
    return _TURN + sum(map(_of_part, turn.parts))


def _of_part(part: Part) -> int:
    match part:
        case Text(text) | Reasoning(text=text):
            return tokenizer.count(text)
        case Image() | ImageUrl():
            return _IMAGE
        case ToolCall():
            return _TOOL + tokenizer.count(part.name) + tokenizer.count(part.arguments)
        case ToolResult():
            return _TOOL + sum(map(_of_part, part.content))
        case Document() | DocumentUrl():
            return 0  # not text yet


def size(ask: Ask) -> int:
    """Bytes of all text, as good as never less than its tokens: cheap, to know whether counting is worth while."""
    written = [ask.system, *(text for tool in ask.tools for text in _tool_texts(tool))]
    overhead = _TOOLS + _TOOL * len(ask.tools) + _TURN * len(ask.turns)
    return overhead + sum(map(_bytes, written)) + sum(map(_size_of_part, _parts(ask.turns)))


def _parts(turns: Iterable[Turn]) -> Iterable[Part]:
    for turn in turns:
        for part in turn.parts:
            yield part
            if isinstance(part, ToolResult):
                yield from part.content


def _size_of_part(part: Part) -> int:
    match part:
        case Text(text) | Reasoning(text=text):
            return _bytes(text)
        case ToolCall():
            return _TOOL + _bytes(part.name) + _bytes(part.arguments)
        case ToolResult():
            return _TOOL
        case _:
            return _IMAGE


def _bytes(text: str) -> int:
    return len(text) if text.isascii() else len(text.encode(errors="replace"))


class Counter:
    """Tokens of a text that comes in pieces, each looked at once.

    What cannot change any more, up to the last word, is counted and let go.
    """

    _HELD = 512

    def __init__(self) -> None:
        self._settled = 0
        self._tail = ""
        self._total: int | None = 0

    def add(self, text: str) -> None:
        self._tail += text
        self._total = None
        if len(self._tail) > self._HELD:
            word = max(self._tail.rfind(" "), self._tail.rfind("\n"))
            cut = word if word > 0 else len(self._tail)
            self._settled += tokenizer.count(self._tail[:cut])
            self._tail = self._tail[cut:]

    @property
    def total(self) -> int:
        if self._total is None:
            self._total = self._settled + tokenizer.count(self._tail)
        return self._total


@dataclass(slots=True)
class Meter:
    """Watches the events of one answer; `usage()` is the estimate for what has passed."""

    _text: list[str] = field(default_factory=list)
    _reasoning: list[str] = field(default_factory=list)

    def watch(self, event: Event) -> None:
        match event:
            case TextDelta(text) | CallDelta(json=text) | CallBegan(name=text):
                self._text.append(text)
            case ReasoningDelta(text=text):
                self._reasoning.append(text)

    def usage(self, input_tokens: int, *, at_most: int | None = None, credits: float | None = None) -> Usage:
        """`at_most` is the limit the answer was held to: pieces are counted apart there, and together here."""
        reasoning = tokenizer.count("".join(self._reasoning))
        output = reasoning + tokenizer.count("".join(self._text))
        if at_most is not None:
            output = min(output, at_most)
        return Usage(
            input_tokens=input_tokens,
            output_tokens=output,
            reasoning_tokens=min(reasoning, output),
            credits=credits,
        )
