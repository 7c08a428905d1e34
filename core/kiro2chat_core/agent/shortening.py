"""What is done where a conversation is longer than the model takes: as Strands' conversation manager.

Each refusal costs a body of nearly the whole window, so that about half of the conversation goes at once; where only one round
is left, the middle of long results.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from strands.agent.conversation_manager import ConversationManager
from strands.types.exceptions import ContextWindowOverflowException

from .. import jsonio

__all__ = ["Shortening"]

_IMAGE = 6000
"""Characters that an image counts as, about."""

_SHORT = 400
"""Characters of a result that is not cut any more."""

_LEFT_OUT = "\n\n[… {count:,} characters were left out, since the conversation became too long …]\n\n"


class Shortening(ConversationManager):
    """`led`: the first message is the question of a run whose earlier rounds are not seen any more. `told` hears how many of
    the last messages, that question aside, are still seen."""

    def __init__(self, led: bool, told: Callable[[int], None]) -> None:
        super().__init__()
        self._led = led
        self._told = told

    def apply_management(self, agent: Any, **_kwargs: Any) -> None:
        """Which turns the model sees at all is the session's business."""

    def reduce_context(self, agent: Any, e: Exception | None = None, **_kwargs: Any) -> None:
        """Raises ContextWindowOverflowException: there is nothing to cut."""
        messages = agent.messages
        if (at := _half(messages)) is not None:
            leading = [] if _asks(messages[at]) else [each for each in messages[:at] if _asks(each)][-1:]
            self._led = bool(leading)
            self.removed_message_count += at - len(leading)
            messages[:] = [*leading, *messages[at:]]
            self._told(len(messages) - self._led)
        elif not _squeeze(messages):
            raise ContextWindowOverflowException("The conversation cannot be cut any further.") from e


def _half(messages: Sequence[Mapping[str, Any]]) -> int | None:
    """Where the later half begins, with a question or a later round of one; None where there is neither."""
    places = [
        at
        for at in range(1, len(messages))
        if _asks(messages[at]) or (messages[at]["role"] == "assistant" and not _asks(messages[at - 1]))
    ]
    sizes = [_size(message["content"]) for message in messages]
    return next((at for at in places if sum(sizes[at:]) <= sum(sizes) / 2), places[-1] if places else None)


def _squeeze(messages: Sequence[Mapping[str, Any]]) -> bool:
    """Leave out the middle half of every long result; whether there was one."""
    found = False
    for message in messages:
        for block in message["content"]:
            result = block.get("toolResult", {"content": []})
            for at, part in enumerate(result["content"]):
                if "image" in part:
                    result["content"][at] = {"text": "[an image was left out]"}
                elif len(text := part.get("text", "")) > _SHORT:
                    kept = len(text) // 4
                    told = _LEFT_OUT.format(count=len(text) - 2 * kept)
                    result["content"][at] = {"text": f"{text[:kept]}{told}{text[-kept:]}"}
                else:
                    continue
                found = True
    return found


def _asks(message: Mapping[str, Any]) -> bool:
    return message["role"] == "user" and any("toolResult" not in block for block in message["content"])


def _size(content: Sequence[Mapping[str, Any]]) -> int:
    return sum(_size_of(block) for block in content)


def _size_of(block: Mapping[str, Any]) -> int:
    match block:
        case {"text": text}:
            return len(text)
        case {"image": _}:
            return _IMAGE
        case {"toolUse": use}:
            return len(jsonio.dumps(use["input"]))
        case {"toolResult": result}:
            return _size(result["content"])
        case {"reasoningContent": {"reasoningText": said}}:
            return len(said.get("text", ""))
    return 0
