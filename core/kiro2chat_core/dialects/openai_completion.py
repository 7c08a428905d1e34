"""Events → OpenAI's chat completion, whole or in chunks; and its errors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .. import jsonio
from ..errors import ContextTooLong, Kiro2ChatError
from ..fold import Answer
from ..turns import (
    CallBegan,
    CallDelta,
    CallEnded,
    Counted,
    Ended,
    EndReason,
    Event,
    ReasoningDelta,
    TextDelta,
    ToolCall,
    Usage,
)
from . import sse
from .openai_messages import CUSTOM_INPUT

__all__ = ["ChunkEncoder", "Completion", "completion", "error_answer", "error_body"]

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Completion:
    """What every chunk of one completion repeats. `created` is epoch seconds; see `openai_chat.Wanted` for the rest."""

    id: str
    model: str
    created: int
    functions: bool = False
    custom: frozenset[str] = frozenset()


_FINISH: Mapping[EndReason, str] = {
    "end": "stop",
    "stop_sequence": "stop",
    "tool_use": "tool_calls",
    "max_tokens": "length",
    "filtered": "content_filter",
}


def completion(this: Completion, answer: Answer) -> Json:
    """The answer without streaming."""
    message: Json = {"role": "assistant", "content": answer.text or (None if answer.calls else ""), "refusal": None}
    if answer.reasoning:
        message["reasoning_content"] = answer.reasoning
    if details := _reasoning_details(answer):
        message["reasoning_details"] = details
    calls = [_call(this, call) for call in answer.calls]
    if calls and this.functions:
        message["function_call"] = calls[0]["function"]
    elif calls:
        message["tool_calls"] = calls
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": _finish_reason(this, answer.reason),
    }
    return _envelope(this, "chat.completion") | {"choices": [choice], "usage": _usage(answer.usage)}


def _call(this: Completion, call: ToolCall) -> Json:
    if call.name in this.custom:
        return {"id": call.id, "type": "custom", "custom": {"name": call.name, "input": _input(call.arguments)}}
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}


def _input(arguments: str) -> str:
    """A custom tool's text out of the one argument it was declared with."""
    value = jsonio.loads(arguments)
    text = value.get(CUSTOM_INPUT) if isinstance(value, dict) else value
    return text if isinstance(text, str) else arguments


class ChunkEncoder:
    """Events → chunks as server-sent events; one call per batch, so that it is written in one go."""

    def __init__(self, this: Completion, *, include_usage: bool) -> None:
        self._this = this
        self._include_usage = include_usage
        self._envelope = _envelope(this, "chat.completion.chunk") | ({"usage": None} if include_usage else {})
        self._calls: dict[str, int] = {}
        self._custom: dict[str, str] = {}
        self._begun = False
        self._signature = ""
        self._usage = Usage()

    def feed(self, events: Iterable[Event]) -> bytes:
        return b"".join(self._encode(event) for event in events)

    def error(self, error: Kiro2ChatError) -> bytes:
        """An error in the middle of the stream, and the end of the stream."""
        return sse.data(error_body(error)) + sse.DONE

    def ping(self) -> bytes:
        return sse.COMMENT

    def _encode(self, event: Event) -> bytes:
        match event:
            case TextDelta(text):
                return self._chunk({"content": text})
            case ReasoningDelta(text, signature, redacted):
                self._signature += signature
                told: Json = {"reasoning_content": text} if text else {}
                if redacted:
                    told["reasoning_details"] = [_encrypted(redacted)]
                return self._chunk(told) if told else b""
            case CallBegan(call_id, name) if name in self._this.custom:
                self._calls[call_id] = len(self._calls)
                self._custom[call_id] = ""
                return self._tool_call(
                    call_id, {"id": call_id, "type": "custom", "custom": {"name": name, "input": ""}}
                )
            case CallDelta(call_id, json) if call_id in self._custom:
                self._custom[call_id] += json
            case CallEnded(call_id) if call_id in self._custom:
                return self._tool_call(call_id, {"custom": {"input": _input(self._custom[call_id])}})
            case CallBegan(call_id, name):
                self._calls[call_id] = len(self._calls)
                return self._function(call_id, {"name": name, "arguments": ""}, {"id": call_id, "type": "function"})
            case CallDelta(call_id, json):
                return self._function(call_id, {"arguments": json}, {})
            case Counted(usage):
                self._usage = usage
            case Ended(reason):
                return self._end(reason)
        return b""

    def _function(self, call_id: str, function: Json, head: Json) -> bytes:
        if self._this.functions:
            return self._chunk({"function_call": function}) if self._calls[call_id] == 0 else b""
        return self._tool_call(call_id, head | {"function": function})

    def _tool_call(self, call_id: str, call: Json) -> bytes:
        return self._chunk({"tool_calls": [{"index": self._calls[call_id]} | call]})

    def _end(self, reason: EndReason) -> bytes:
        signed: Json = {"reasoning_details": [_signed("", self._signature)]} if self._signature else {}
        ended = self._chunk(signed, _finish_reason(self._this, reason))
        if self._include_usage:
            ended += sse.data(self._envelope | {"choices": [], "usage": _usage(self._usage)})
        return ended + sse.DONE

    def _chunk(self, delta: Json, finish: str | None = None) -> bytes:
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": ""} | delta
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse.data(self._envelope | {"choices": [choice]})


def _reasoning_details(answer: Answer) -> list[Json]:
    """What a client must send back for the model to go on thinking in a tool loop, in OpenRouter's form."""
    signed = [_signed(thought.text, thought.signature) for thought in answer.thoughts if thought.signature]
    return signed + [_encrypted(redacted) for redacted in answer.redacted]


def _signed(text: str, signature: str) -> Json:
    return {"type": "reasoning.text", "text": text, "signature": signature, "index": 0}


def _encrypted(redacted: str) -> Json:
    return {"type": "reasoning.encrypted", "data": redacted, "index": 0}


def _envelope(this: Completion, kind: str) -> Json:
    return {"id": this.id, "object": kind, "created": this.created, "model": this.model, "system_fingerprint": None}


def _finish_reason(this: Completion, reason: EndReason) -> str:
    finish = _FINISH[reason]
    return "function_call" if this.functions and finish == "tool_calls" else finish


def _usage(usage: Usage) -> Json:
    return {
        "prompt_tokens": usage.input_tokens,
        "completion_tokens": usage.output_tokens,
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "prompt_tokens_details": {"cached_tokens": usage.cache_read_tokens, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": usage.reasoning_tokens,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
        "estimated": not usage.exact,
    }


# --- errors ------------------------------------------------------------------------------------------------------------

_ERROR_TYPES: Mapping[int, str] = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_answer(error: Kiro2ChatError, _request_id: str = "") -> tuple[int, Json]:
    """Status and body of an error response."""
    return error.status, error_body(error)


def error_body(error: Kiro2ChatError) -> Json:
    """OpenAI's form of an error; its `type` follows the status."""
    kind = _ERROR_TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    if error.code == "insufficient_quota":
        kind = "insufficient_quota"
    message = error.message
    if isinstance(error, ContextTooLong) and error.maximum:
        message = (  # clients look for these words to decide that they must compact
            f"This model's maximum context length is {error.maximum} tokens. However, your messages resulted in "
            f"{error.tokens} tokens. Please reduce the length of the messages. ({message})"
        )
    return {"error": {"message": message, "type": kind, "param": error.field, "code": error.code}}
