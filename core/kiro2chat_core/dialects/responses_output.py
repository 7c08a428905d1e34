"""An answer → the Responses API's response: its items, the whole object, and how it fails."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeAlias

from ..errors import Kiro2ChatError
from ..fold import Answer
from ..turns import EndReason, Reasoning, Text, ToolCall, Usage
from .openai_completion import error_body
from .responses_seals import sealed, sealed_summary
from .responses_tools import Toolbox, unwrapped

__all__ = ["Part", "Reply", "Status", "failed", "finished", "is_complete", "is_shown", "item", "response", "started"]

Json: TypeAlias = dict[str, Any]
Status: TypeAlias = Literal["in_progress", "completed", "incomplete"]
Part: TypeAlias = Reasoning | Text | ToolCall


@dataclass(frozen=True, slots=True)
class Reply:
    """What is known of one response before it begins.

    `id` begins with `resp_`; `clock` gives epoch seconds; see `responses_request.Wanted` for the rest.
    """

    id: str
    model: str
    clock: Callable[[], int]
    created: int
    toolbox: Toolbox = field(default_factory=Toolbox)
    encrypted: bool = False
    compacting: bool = False
    echo: Mapping[str, Any] = field(default_factory=dict)


_INCOMPLETE: Mapping[EndReason, str] = {"max_tokens": "max_output_tokens", "filtered": "content_filter"}


def response(this: Reply, answer: Answer) -> Json:
    """The response without streaming."""
    thoughts = (Reasoning(answer.reasoning, answer.signature), *(Reasoning("", redacted=r) for r in answer.redacted))
    parts: list[Part] = [thought for thought in thoughts if is_shown(this, thought)]
    parts += [Text(answer.text)] if answer.text else []
    parts += answer.calls
    output = [item(this, index, part, "completed") for index, part in enumerate(parts)]
    if parts and _is_open(parts[-1]) and not is_complete(answer.reason):
        output[-1] |= {"status": "incomplete"} if "status" in output[-1] else {}
    return finished(this, answer.reason, output, answer.usage)


def is_complete(reason: EndReason) -> bool:
    return reason not in _INCOMPLETE


def _is_open(part: Part) -> bool:
    """Whether it may have been in the middle of being written; calls and redacted reasoning are whole or not there."""
    return isinstance(part, Text) or (isinstance(part, Reasoning) and not part.redacted)


# --- items -------------------------------------------------------------------------------------------------------------


def is_shown(this: Reply, thought: Reasoning) -> bool:
    """Whether there is anything of it to show: proofs only go to clients that want to send them back."""
    return not this.compacting and bool(thought.text or (this.encrypted and (thought.signature or thought.redacted)))


def item(this: Reply, index: int, part: Part, status: Status) -> Json:
    """One item of the output. Its id follows from its index, so that a stream and a whole response have the same."""
    match part:
        case Reasoning():
            return _reasoning(this, part) | _marks(this, "rs", index, status)
        case Text(text) if this.compacting:
            return {"type": "compaction", "id": _id(this, "cmp", index), "encrypted_content": sealed_summary(text)}
        case Text(text):
            content = [{"type": "output_text", "text": text, "annotations": [], "logprobs": []}]
            return {"type": "message", "role": "assistant", "content": content} | _marks(this, "msg", index, status)
        case ToolCall():
            return _call(this, index, part, status)


def _marks(this: Reply, prefix: str, index: int, status: Status) -> Json:
    return {"id": _id(this, prefix, index), "status": status}


def _id(this: Reply, prefix: str, index: int) -> str:
    return f"{prefix}_{this.id.removeprefix('resp_')}_{index}"


def _reasoning(this: Reply, thought: Reasoning) -> Json:
    summary = [{"type": "summary_text", "text": thought.text}] if thought.text else []
    proof = {"encrypted_content": sealed(thought)} if this.encrypted else {}
    return {"type": "reasoning", "summary": summary} | proof


def _call(this: Reply, index: int, call: ToolCall, status: Status) -> Json:
    origin = this.toolbox.origin(call.name)
    named = {"call_id": call.id, "name": origin.name} | ({"namespace": origin.namespace} if origin.namespace else {})
    if origin.custom:
        told = {"type": "custom_tool_call", "input": unwrapped(call.arguments)}
        return told | named | _marks(this, "ctc", index, status)
    return {"type": "function_call", "arguments": call.arguments} | named | _marks(this, "fc", index, status)


# --- the response object -----------------------------------------------------------------------------------------------


def started(this: Reply) -> Json:
    return _object(this, "in_progress", [])


def finished(this: Reply, reason: EndReason, output: list[Json], usage: Usage) -> Json:
    counted = {"usage": _usage(usage)}
    if why := _INCOMPLETE.get(reason):
        return _object(this, "incomplete", output) | counted | {"incomplete_details": {"reason": why}}
    return _object(this, "completed", output) | counted | {"completed_at": this.clock()}


def failed(this: Reply, error: Kiro2ChatError, output: list[Json]) -> Json:
    """A response that broke off: what was finished before, and why."""
    return _object(this, "failed", output) | {"error": {"code": _code(error), "message": _message(error)}}


_CODES = frozenset({"context_length_exceeded", "rate_limit_exceeded", "insufficient_quota"})


def _code(error: Kiro2ChatError) -> str:
    """The codes that clients read to compact, to wait or to give up; `invalid_prompt` is the one they do not repeat."""
    if error.code in _CODES:
        return error.code
    if error.status == 429:
        return "rate_limit_exceeded"
    return "server_error" if error.status >= 500 else "invalid_prompt"


def _message(error: Kiro2ChatError) -> str:
    message: str = error_body(error)["error"]["message"]
    if error.retry_after is not None and _code(error) == "rate_limit_exceeded":
        message += f" Please try again in {error.retry_after:g}s."  # Codex reads the time to wait from these words
    return message


def _object(this: Reply, status: str, output: list[Json]) -> Json:
    return {
        "id": this.id,
        "object": "response",
        "created_at": this.created,
        "completed_at": None,
        "status": status,
        "background": False,
        "error": None,
        "incomplete_details": None,
        "model": this.model,
        "output": output,
        "previous_response_id": None,
        "store": False,
        "top_logprobs": 0,
        "usage": None,
        **this.echo,
    }


def _usage(usage: Usage) -> Json:
    """`input_tokens` includes what was read from and written to the cache."""
    return {
        "input_tokens": usage.input_tokens,
        "input_tokens_details": {
            "cached_tokens": usage.cache_read_tokens,
            "cache_write_tokens": usage.cache_write_tokens,
        },
        "output_tokens": usage.output_tokens,
        "output_tokens_details": {"reasoning_tokens": usage.reasoning_tokens},
        "total_tokens": usage.input_tokens + usage.output_tokens,
        "estimated": not usage.exact,
    }
