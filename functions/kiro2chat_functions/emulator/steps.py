"""An answer as the list of what happens on the wire: events, raw frames, pauses, the connection cut."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from kiro2chat_core import jsonio
from kiro2chat_core.kiro.eventstream import Frame, HeaderValue, encode

from .conversation import Conversation
from .models import Model
from .options import Options
from .prompt_cache import Cached
from .replies import Call, Reply
from .signatures import sign

__all__ = ["CONTENT", "TERMINAL", "TOOL_USE", "Event", "Hangup", "Pause", "Raw", "Step", "frame_bytes", "steps"]

CONTENT = "assistantResponseEvent"
TOOL_USE = "toolUseEvent"
TERMINAL = ("metadataEvent", "contextUsageEvent", "meteringEvent")


@dataclass(frozen=True, slots=True)
class Event:
    """One modelled event. `exception` makes it a modelled exception; `headers` are sent besides the usual three."""

    name: str
    payload: Mapping[str, Any]
    exception: bool = False
    headers: Mapping[str, HeaderValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Raw:
    """Bytes as they are: frames that `Event` cannot say, or broken ones."""

    data: bytes


@dataclass(frozen=True, slots=True)
class Pause:
    seconds: float


@dataclass(frozen=True, slots=True)
class Hangup:
    """The connection breaks here, without the end of the HTTP body."""


Step: TypeAlias = Event | Raw | Pause | Hangup


def frame_bytes(event: Event) -> bytes:
    kind, name = ("exception", ":exception-type") if event.exception else ("event", ":event-type")
    headers = {name: event.name, ":content-type": "application/json", ":message-type": kind, **event.headers}
    return encode(Frame(headers, jsonio.dumps(event.payload)))


def steps(reply: Reply, conversation: Conversation, model: Model, options: Options, cached: Cached) -> list[Step]:
    """The events of a reply, in the order seen live (protocol notes 4.2 and 10)."""
    thoughts = list(_reasoning(reply, model, options))
    text = list(_text(reply, model, options))
    calls = [event for at, call in enumerate(reply.calls) for event in _call(call, at, conversation, options)]
    written = sum(len(jsonio.dumps(event.payload)) for event in (*thoughts, *text, *calls))
    events = [*thoughts, *text, *calls, *_closing(reply, conversation, model, options, cached, 1 + written // 12)]
    if options.delay <= 0:
        return list(events)
    return [step for event in events for step in (Pause(options.delay), event)]


def _reasoning(reply: Reply, model: Model, options: Options) -> Iterator[Event]:
    if reply.reasoning is None:
        return
    name = "reasoningContentEvent"
    pieces = _pieces(reply.reasoning, options.piece)
    if reply.redacted:
        yield Event(name, {"redactedContent": sign(model.id, "".join(pieces))})
        return
    for piece in pieces:
        yield Event(name, {"text": piece})
    signature = sign(model.id, "".join(pieces)) if reply.signature is None else reply.signature
    yield Event(name, {"signature": signature})


def _text(reply: Reply, model: Model, options: Options) -> Iterator[Event]:
    for at, piece in enumerate(_pieces(reply.text, options.piece)):
        yield Event(CONTENT, {"content": piece, "modelId": model.id} if at == 0 else {"content": piece})


def _call(call: Call, at: int, conversation: Conversation, options: Options) -> Iterator[Event]:
    """First the name without input, then pieces of input, then `stop` (protocol notes 4.2)."""
    who = {"name": call.name, "toolUseId": call.id or _call_id(call, at, conversation)}
    yield Event(TOOL_USE, who)
    if call.input is not None:
        raw = jsonio.text(call.input) if isinstance(call.input, Mapping) else call.input
        for piece in _pieces(raw, options.piece):
            yield Event(TOOL_USE, {"input": piece, **who})
    yield Event(TOOL_USE, {"name": who["name"], "stop": True, "toolUseId": who["toolUseId"]})


def _call_id(call: Call, at: int, conversation: Conversation) -> str:
    """Different in every turn of a conversation, the same when the same request comes again."""
    seed = f"{conversation.id} {len(conversation.history)} {conversation.text} {at} {call.name}"
    return f"tooluse_{hashlib.sha256(seed.encode(errors='replace')).hexdigest()[:22]}"


def _closing(
    reply: Reply, conversation: Conversation, model: Model, options: Options, cached: Cached, output: int
) -> Iterator[Event]:
    tokens = conversation.tokens
    share = round(100 * (tokens + output) / model.window, 3)
    if options.stop_reason:
        metadata: dict[str, Any] = {"stopReason": reply.stop_reason or ("TOOL_USE" if reply.calls else "END_TURN")}
        if options.token_usage or reply.usage is not None:
            metadata["tokenUsage"] = (
                dict(reply.usage) if reply.usage is not None else _usage(tokens, output, share, cached)
            )
        yield Event("metadataEvent", metadata)
    yield Event("contextUsageEvent", {"contextUsagePercentage": share})
    credits = round(model.rate * (0.01 + (tokens + 5 * output) / 1_000_000), 4)
    yield Event("meteringEvent", {"unit": "credit", "unitPlural": "credits", "usage": credits})


def _usage(tokens: int, output: int, share: float, cached: Cached) -> dict[str, Any]:
    return {
        "uncachedInputTokens": max(0, tokens - cached.read - cached.written),
        "outputTokens": output,
        "totalTokens": tokens + output,
        "cacheReadInputTokens": cached.read,
        "cacheWriteInputTokens": cached.written,
        "contextUsagePercentage": share,
    }


def _pieces(text: str | Sequence[str], size: int) -> Sequence[str]:
    return [text[at : at + size] for at in range(0, len(text), size)] if isinstance(text, str) else text
