"""Events → Anthropic's message, whole or as a stream of blocks; its errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import jsonio
from ..errors import ContextTooLong, Kiro2ChatError, NoCapacity, Unavailable
from ..fold import Answer
from ..turns import (
    Began,
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    EndReason,
    Event,
    ReasoningDelta,
    TextDelta,
    Usage,
)
from . import sse

__all__ = ["Heading", "MessageEncoder", "error_answer", "message"]

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Heading:
    """What is known of a message before its content. `model` is the name the client asked for."""

    id: str
    model: str


_STOP_REASONS: Mapping[EndReason, str] = {
    "end": "end_turn",
    "stop_sequence": "stop_sequence",
    "tool_use": "tool_use",
    "max_tokens": "max_tokens",
    "filtered": "refusal",
}


def message(this: Heading, answer: Answer) -> Json:
    """The answer without streaming."""
    content: list[Json] = []
    content += [
        {"type": "thinking", "thinking": thought.text, "signature": thought.signature} for thought in answer.thoughts
    ]
    content += [_redacted(data) for data in answer.redacted]
    content += [{"type": "text", "text": answer.text}] if answer.text else []
    content += [
        {"type": "tool_use", "id": call.id, "name": call.name, "input": _input(call.arguments)} for call in answer.calls
    ]
    return _head(this, answer.usage) | {"content": content} | _stop(answer.reason, answer.stop)


class MessageEncoder:
    """Events → the stream's events; one call per batch, so that it is written in one go.

    Blocks never overlap: each is ended before the next begins. A call is written once it has ended; it comes whole anyway.
    """

    def __init__(self, this: Heading) -> None:
        self._this = this
        self._begun = False
        self._index = -1
        self._open = ""
        """Type of the open block."""
        self._signature = ""
        self._calls: dict[str, tuple[str, list[str]]] = {}
        self._usage = Usage()

    def feed(self, events: Iterable[Event]) -> bytes:
        return b"".join(self._encode(event) for event in events)

    def error(self, error: Kiro2ChatError) -> bytes:
        """An error in the middle of the stream, and its end."""
        return sse.event(error_answer(error, self._this.id)[1])

    def ping(self) -> bytes:
        """Before the message has begun nothing but a comment may stand in the stream."""
        return _PING if self._begun else sse.COMMENT

    def _encode(self, event: Event) -> bytes:
        begun = self._begin(event.input_tokens if isinstance(event, Began) else 0)
        match event:
            case TextDelta(text):
                return begun + self._text(text)
            case ReasoningDelta(redacted=redacted) if redacted:
                return begun + self._start(_redacted(redacted), "redacted") + self._end_block()
            case ReasoningDelta(text, signature):
                return begun + self._thinking(text, signature)
            case CallBegan(call_id, name):
                self._calls[call_id] = (name, [])
            case CallDelta(call_id, json):
                self._calls[call_id][1].append(json)
            case CallEnded(call_id):
                return begun + self._call(call_id, *self._calls.pop(call_id))
            case Counted(usage):
                self._usage = usage
            case Ended(reason, stop):
                return begun + self._end(reason, stop)
        return begun

    def _begin(self, input_tokens: int) -> bytes:
        if self._begun:
            return b""
        self._begun = True
        head = _head(self._this, Usage(input_tokens)) | {"content": [], "stop_reason": None, "stop_sequence": None}
        return sse.event({"type": "message_start", "message": head}) + _PING

    def _text(self, text: str) -> bytes:
        if not text:
            return b""
        started = b"" if self._open == "text" else self._start({"type": "text", "text": ""}, "text")
        return started + self._delta({"type": "text_delta", "text": text})

    def _thinking(self, text: str, signature: str) -> bytes:
        if not text and not signature:
            return b""
        started = b""
        if self._open != "thinking" or (self._signature and text):  # what follows a signature is another thought
            started = self._start({"type": "thinking", "thinking": "", "signature": ""}, "thinking")
        self._signature += signature
        return started + (self._delta({"type": "thinking_delta", "thinking": text}) if text else b"")

    def _call(self, call_id: str, name: str, pieces: list[str]) -> bytes:
        block = {"type": "tool_use", "id": call_id, "name": name, "input": {}}
        deltas = (self._delta({"type": "input_json_delta", "partial_json": json}) for json in pieces if json)
        return self._start(block, "tool_use") + b"".join(deltas) + self._end_block()

    def _start(self, block: Json, kind: str) -> bytes:
        ended = self._end_block()
        self._index += 1
        self._open = kind
        return ended + sse.event({"type": "content_block_start", "index": self._index, "content_block": block})

    def _delta(self, delta: Json) -> bytes:
        return sse.event({"type": "content_block_delta", "index": self._index, "delta": delta})

    def _end_block(self) -> bytes:
        if not self._open:
            return b""
        # Once and whole: clients overwrite the signature with each that comes.
        signed = self._delta({"type": "signature_delta", "signature": self._signature}) if self._signature else b""
        self._open = self._signature = ""
        return signed + sse.event({"type": "content_block_stop", "index": self._index})

    def _end(self, reason: EndReason, stop: str) -> bytes:
        delta = _stop(reason, stop)
        ended = sse.event({"type": "message_delta", "delta": delta, "usage": _usage(self._usage)})
        return self._end_block() + ended + sse.event({"type": "message_stop"})


_PING = sse.event({"type": "ping"})


def _head(this: Heading, usage: Usage) -> Json:
    return {"id": this.id, "type": "message", "role": "assistant", "model": this.model, "usage": _usage(usage)}


def _stop(reason: EndReason, stop: str) -> Json:
    return {"stop_reason": _STOP_REASONS[reason], "stop_sequence": stop or None}


def _redacted(data: str) -> Json:
    return {"type": "redacted_thinking", "data": data}


def _input(arguments: str) -> Json:
    value = jsonio.loads(arguments) if arguments.strip() else {}
    return value if isinstance(value, dict) else {"value": value}


def _usage(usage: Usage) -> Json:
    """Anthropic counts what the cache has apart from the rest."""
    return {
        "input_tokens": max(0, usage.input_tokens - usage.cache_read_tokens - usage.cache_write_tokens),
        "cache_creation_input_tokens": usage.cache_write_tokens,
        "cache_read_input_tokens": usage.cache_read_tokens,
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"thinking_tokens": usage.reasoning_tokens},
        "estimated": not usage.exact,
    }


# --- errors ------------------------------------------------------------------------------------------------------------

_ERROR_TYPES: Mapping[int, str] = {
    401: "authentication_error",
    402: "billing_error",
    403: "permission_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    504: "timeout_error",
    529: "overloaded_error",
}


_DETAILED = frozenset({"thread_unsupported_request"})
"""Codes that clients look for, to mend the request themselves."""


def error_answer(error: Kiro2ChatError, request_id: str) -> tuple[int, Json]:
    """Status and body of an error response. Down or without capacity is Anthropic's own 529: clients wait and try again."""
    status = 529 if isinstance(error, (NoCapacity, Unavailable)) else error.status
    kind = _ERROR_TYPES.get(status, "api_error" if status >= 500 else "invalid_request_error")
    told: Json = {"type": kind, "message": _words(error)}
    if error.code in _DETAILED:
        told["details"] = {"error_code": error.code}
    return status, {"type": "error", "error": told, "request_id": request_id}


def _words(error: Kiro2ChatError) -> str:
    if not isinstance(error, ContextTooLong):
        return error.message
    if not error.maximum:
        return f"prompt is too long: {error.message}"
    return f"prompt is too long: {error.tokens} tokens > {error.maximum} maximum"  # clients read the numbers
