"""Turns as clients send them → messages as the backend wants them: alternating, non-empty, every call with its result.

Nothing is refused and nothing is lost: what has no place becomes text where it stood. Each repair is named, so that it can be
shown. The order of repairs matters: neighbours are merged before results are looked for, and a result is looked for before
one is made up (mikeyobrien/pi-provider-kiro#121, anomalyco/opencode#14367).
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from ..turns import Image, Reasoning, Role, Text, ToolCall, ToolResult, Turn
from . import rules
from .names import CallIds

__all__ = ["Message", "PairedResult", "arrange"]

PLACEHOLDER = "Continue"
INTERRUPTED = "Tool use was interrupted and did not produce a result."
EMPTY_RESULT = "(empty result)"


@dataclass(frozen=True, slots=True)
class PairedResult:
    """The result of the call with this wire id."""

    call_id: str
    text: str
    is_error: bool


@dataclass(slots=True)
class Message:
    """One message on its way to the backend. `calls` pairs each call with its id on the wire."""

    role: Role
    texts: list[str] = field(default_factory=list)
    reasoning: list[Reasoning] = field(default_factory=list)
    """What can be proven, and so sent back."""
    images: list[Image] = field(default_factory=list)
    calls: list[tuple[str, ToolCall]] = field(default_factory=list)
    results: list[PairedResult] = field(default_factory=list)
    loose: list[ToolResult] = field(default_factory=list)
    """Results not yet paired with a call."""

    cache: bool = False
    """The client marks the end of this message as the end of a prefix worth keeping."""

    @property
    def text(self) -> str:
        return "\n\n".join(text for text in self.texts if text.strip())


def arrange(turns: Iterable[Turn]) -> tuple[list[Message], list[str]]:
    """Messages that start and end with the user, and the repairs that were made to get them."""
    repairs: list[str] = []
    messages = _merged(map(_message, turns), repairs)
    _framed(messages, repairs)
    _paired(messages, repairs)
    for message in messages:
        _loose_as_text(message, repairs)
    _newest_images(messages, repairs)
    messages = [part for message in messages for part in _split_images(message, repairs)]
    for message in messages:
        if message.role == "user" and not message.text and not message.results:
            message.texts = [PLACEHOLDER]
            repairs.append("an empty user message was given a placeholder")
    return messages, repairs


def _message(turn: Turn) -> Message:
    message = Message(turn.role, cache=turn.cache)
    for part in turn.parts:
        match part:
            case Text(text):
                message.texts.append(text)
            case Image():
                message.images.append(part)
            case ToolCall():
                message.calls.append((part.id, part))
            case ToolResult():
                message.loose.append(part)
            case Reasoning(signature=signature, redacted=redacted) if signature or redacted:
                message.reasoning.append(part)
            case _:
                pass  # reasoning without proof is refused; addresses and documents were resolved by the gateway before
    return message


def _merged(messages: Iterable[Message], repairs: list[str]) -> list[Message]:
    merged: list[Message] = []
    for message in messages:
        if message.role == "assistant" and not message.text and not message.calls:
            repairs.append("an empty assistant message was dropped")
        elif merged and merged[-1].role == message.role:
            before = merged[-1]
            before.texts += message.texts
            before.reasoning += message.reasoning
            before.images += message.images
            before.calls += message.calls
            before.loose += message.loose
            before.cache = before.cache or message.cache
            repairs.append(f"neighbouring {message.role} messages were merged")
        else:
            merged.append(message)
    return merged


def _framed(messages: list[Message], repairs: list[str]) -> None:
    """The backend wants a user message first and last; an assistant's greeting or prefill stays where it is."""
    if not messages or messages[0].role != "user":
        messages.insert(0, Message("user", [PLACEHOLDER]))
        repairs.append("a user message was put before the first assistant message")
    if messages[-1].role != "user":
        messages.append(Message("user", [PLACEHOLDER]))
        repairs.append("a user message was put after the last assistant message")


def _paired(messages: list[Message], repairs: list[str]) -> None:
    ids, where = CallIds(), _Where(messages)
    for index, message in enumerate(messages):
        calls, message.calls = message.calls, []
        for client_id, call in calls:
            wire_id = ids.fresh(client_id)
            message.calls.append((wire_id, call))
            at = where.result_of(client_id, after=index)
            if at is None:
                repairs.append("a tool call without a result was given an error result")
                messages[index + 1].results.append(PairedResult(wire_id, INTERRUPTED, is_error=True))
                continue
            if at > index + 1:
                repairs.append("a tool result was moved to the message after its call")
            result = _taken(messages[at], client_id)
            messages[index + 1].results.append(PairedResult(wire_id, _result_text(result), result.is_error))
            messages[index + 1].images += [part for part in result.content if isinstance(part, Image)]
        if calls:
            _drop_repeats(messages[index + 1], {client_id for client_id, _call in calls}, repairs)


class _Where:
    """Which messages hold the calls and results of an id: long histories must not be searched for each call."""

    def __init__(self, messages: list[Message]) -> None:
        self._calls: dict[str, list[int]] = {}
        self._results: dict[str, list[int]] = {}
        for index, message in enumerate(messages):
            for client_id, _call in message.calls:
                self._calls.setdefault(client_id, []).append(index)
            for result in message.loose:
                self._results.setdefault(result.call_id, []).append(index)

    def result_of(self, client_id: str, *, after: int) -> int | None:
        """The message with the first unused result after the call, before a later message calls with the same id.

        It counts as used from then on.
        """
        results, calls = self._results.get(client_id, []), self._calls[client_id]
        first, again = bisect_right(results, after), bisect_right(calls, after)
        if first == len(results) or (again < len(calls) and calls[again] < results[first]):
            return None
        return results.pop(first)


def _taken(message: Message, client_id: str) -> ToolResult:
    position = next(at for at, result in enumerate(message.loose) if result.call_id == client_id)
    return message.loose.pop(position)


def _drop_repeats(message: Message, answered: set[str], repairs: list[str]) -> None:
    """The same result sent twice says nothing new; one that differs stays and becomes text."""
    texts = {result.text for result in message.results}
    kept = [result for result in message.loose if result.call_id not in answered or _result_text(result) not in texts]
    repairs += ["a repeated tool result was dropped"] * (len(message.loose) - len(kept))
    message.loose = kept


def _loose_as_text(message: Message, repairs: list[str]) -> None:
    for result in message.loose:
        kind = "Error" if result.is_error else "Result"
        message.texts.append(f"[{kind} of the tool call {result.call_id}]\n{_result_text(result)}")
        message.images += [part for part in result.content if isinstance(part, Image)]
        repairs.append("a tool result without a call became text")
    message.loose = []


def _result_text(result: ToolResult) -> str:
    text = "\n".join(part.text for part in result.content if isinstance(part, Text))
    if not text.strip():
        pictures = any(isinstance(part, Image) for part in result.content)
        return "(the result is the attached image)" if pictures else EMPTY_RESULT
    if len(text) > rules.RESULT_LENGTH:
        left_out = f"\n[{len(text) - rules.RESULT_LENGTH + 80} more characters were left out]"
        return text[: rules.RESULT_LENGTH - 80] + left_out
    return text


def _newest_images(messages: list[Message], repairs: list[str]) -> None:
    surplus = sum(len(message.images) for message in messages) - rules.IMAGES_PER_REQUEST
    for message in messages:
        dropped = min(max(surplus, 0), len(message.images))
        if dropped:
            message.images = message.images[dropped:]
            message.texts.append(f"[{dropped} image(s) left out: at most {rules.IMAGES_PER_REQUEST} fit in a request]")
            repairs.append(f"{dropped} of the oldest images were left out")
            surplus -= dropped


def _split_images(message: Message, repairs: list[str]) -> Iterator[Message]:
    """A message with more images than one may hold becomes several; results stay in the first, the text in the last."""
    limit, total = rules.IMAGES_PER_MESSAGE, len(message.images)
    if total <= limit:
        yield message
        return
    repairs.append("a message with many images was split")
    for start in range(0, total - limit, limit):
        note = f"(images {start + 1} to {start + limit} of {total})"
        yield Message("user", [note], images=message.images[start : start + limit], results=message.results)
        yield Message("assistant", ["OK."])
        message.results = []
    message.images = message.images[start + limit :]
    yield message
