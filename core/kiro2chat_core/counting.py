"""Token counts where the backend gives none: an estimate from the size of the text."""

from __future__ import annotations

from dataclasses import dataclass

from .turns import (
    Ask,
    CallBegan,
    CallDelta,
    Event,
    Image,
    ImageUrl,
    Reasoning,
    ReasoningDelta,
    Text,
    TextDelta,
    ToolCall,
    ToolResult,
    Turn,
    Usage,
)

__all__ = ["Meter", "estimate", "estimate_ask"]

_BYTES_PER_TOKEN = 4  # of UTF-8: about 4 letters of English, 1.3 Chinese characters
_IMAGE_TOKENS = 1600  # what Anthropic charges for a picture of about one megapixel
_TURN_TOKENS = 4


def estimate(text: str) -> int:
    """Tokens of a text, rounded up."""
    return -(-len(text.encode(errors="replace")) // _BYTES_PER_TOKEN)


def estimate_ask(ask: Ask) -> int:
    """Tokens of everything that is sent, the backend's own hidden prompt not included."""
    tools = sum(estimate(tool.name + tool.description + str(dict(tool.schema))) for tool in ask.tools)
    return estimate(ask.system) + tools + sum(_of_turn(turn) for turn in ask.turns)


def _of_turn(turn: Turn) -> int:
    total = _TURN_TOKENS
    for part in turn.parts:
        match part:
            case Text(text) | Reasoning(text=text):
                total += estimate(text)
            case Image() | ImageUrl():
                total += _IMAGE_TOKENS
            case ToolCall():
                total += estimate(part.name) + estimate(part.arguments)
            case ToolResult():
                total += _of_turn(Turn("user", part.content))
    return total


@dataclass(slots=True)
class Meter:
    """Watches the events of one answer; `usage()` is the estimate for what has passed."""

    input_tokens: int
    _text: int = 0
    _reasoning: int = 0

    def watch(self, event: Event) -> None:
        match event:
            case TextDelta(text) | CallDelta(json=text) | CallBegan(name=text):
                self._text += len(text.encode(errors="replace"))
            case ReasoningDelta(text=text):
                self._reasoning += len(text.encode(errors="replace"))

    @property
    def output_tokens(self) -> int:
        return -(-(self._text + self._reasoning) // _BYTES_PER_TOKEN)

    def usage(self, credits: float | None = None) -> Usage:
        return Usage(
            input_tokens=self.input_tokens,
            output_tokens=self.output_tokens,
            reasoning_tokens=-(-self._reasoning // _BYTES_PER_TOKEN),
            credits=credits,
        )
