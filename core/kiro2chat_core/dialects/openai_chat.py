"""OpenAI's chat completions: a body → an Ask, and Events → a completion or its chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import Kiro2ChatError
from ..fold import Answer
from ..turns import (
    AnyTool,
    Ask,
    CallBegan,
    CallDelta,
    Counted,
    Ended,
    EndReason,
    Event,
    JsonAnswer,
    Limits,
    NamedTool,
    ReasoningDelta,
    TextDelta,
    Tool,
    ToolChoice,
    Usage,
)
from . import sse
from .fields import Fields, body_fields
from .openai_messages import read_messages

__all__ = ["ChunkEncoder", "Completion", "Wanted", "completion", "error_body", "read"]

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parsed request: what is asked, and how the answer is to be written."""

    ask: Ask
    stream: bool
    include_usage: bool
    functions: bool
    """The client speaks the older form with `functions` and `function_call`."""

    ignored: tuple[str, ...]
    """Fields that were sent and have no effect."""


@dataclass(frozen=True, slots=True)
class Completion:
    """What every chunk of one completion repeats. `created` is epoch seconds."""

    id: str
    model: str
    created: int
    functions: bool = False


# --- request -----------------------------------------------------------------------------------------------------------

_IGNORED: Mapping[str, Callable[[Fields, str], object]] = {
    "audio": Fields.object,
    "frequency_penalty": Fields.number,
    "logit_bias": Fields.object,
    "metadata": Fields.object,
    "prediction": Fields.object,
    "presence_penalty": Fields.number,
    "prompt_cache_retention": Fields.text,
    "reasoning_effort": Fields.text,
    "safety_identifier": Fields.text,
    "seed": Fields.number,
    "service_tier": Fields.text,
    "store": Fields.flag,
    "temperature": Fields.number,
    "top_p": Fields.number,
    "user": Fields.text,
    "verbosity": Fields.text,
    "web_search_options": Fields.object,
}  # fmt: skip
"""Fields the backend has no counterpart for. Their types are checked, so that a mistake does not hide."""

_USED = frozenset(
    {"function_call", "functions", "logprobs", "max_completion_tokens", "max_tokens", "messages", "modalities", "model", "n",
     "parallel_tool_calls", "prompt_cache_key", "response_format", "stop", "stream", "stream_options", "tool_choice",
     "tools", "top_logprobs"}
)  # fmt: skip


def read(body: object) -> Wanted:
    """Parse a decoded body.

    Raises:
        BadRequest: naming the field.
    """
    fields = body_fields(body)
    model = fields.text("model", required=True)
    _refuse_what_cannot_be(fields)
    ignored = [name for name, check in _IGNORED.items() if check(fields, name) is not None and name in fields]
    ignored += sorted(name[:60] for name in set(fields.value) - _USED - set(_IGNORED) if name in fields)
    tools, unknown = _tools(fields)
    system, turns = read_messages(fields)
    choice = _choice(fields, tools)
    if isinstance(choice, _Allowed):
        tools, choice = tuple(tool for tool in tools if tool.name in choice.names), choice.mode
    stream_options = fields.object("stream_options")
    ask = Ask(
        model=model,
        turns=turns,
        system=system,
        tools=tools,
        choice=choice,
        parallel=fields.flag("parallel_tool_calls", True),
        answer=_answer(fields),
        limits=Limits(_max_tokens(fields), _stop(fields)),
        conversation=fields.text("prompt_cache_key"),
    )
    return Wanted(
        ask,
        stream=fields.flag("stream"),
        include_usage=stream_options.flag("include_usage") if stream_options else False,
        functions="functions" in fields and "tools" not in fields,
        ignored=(*ignored, *unknown),
    )


def _refuse_what_cannot_be(fields: Fields) -> None:
    if (fields.integer("n", 1) or 1) > 1:
        fields.fail("n", "must be 1: Kiro gives one answer to a request")
    if fields.flag("logprobs") or fields.integer("top_logprobs", 0):
        name = "logprobs" if fields.flag("logprobs") else "top_logprobs"
        fields.fail(name, "cannot be had: Kiro gives no probabilities")
    if "audio" in [mode for mode in fields.array("modalities") if isinstance(mode, str)]:
        fields.fail("modalities", "holds 'audio': Kiro's models answer in text only")


def _max_tokens(fields: Fields) -> int | None:
    newer, older = fields.integer("max_completion_tokens", 1), fields.integer("max_tokens", 1)
    return newer if newer is not None else older


def _stop(fields: Fields) -> tuple[str, ...]:
    stop = fields.value.get("stop")
    if stop is None:
        return ()
    stops = [stop] if isinstance(stop, str) else stop
    if not isinstance(stops, list) or not all(isinstance(each, str) for each in stops):
        fields.fail("stop", "must be a string or an array of strings")
    return tuple(each for each in stops if each)


def _answer(fields: Fields) -> JsonAnswer | None:
    wanted = fields.object("response_format")
    if wanted is None:
        return None
    kind = wanted.choice("type", ("text", "json_object", "json_schema"))
    if kind == "json_schema":
        named = wanted.required_object("json_schema")
        schema = named.object("schema")
        return JsonAnswer(
            dict(schema.value) if schema else None, named.text("name", required=True), named.text("description")
        )
    return JsonAnswer() if kind == "json_object" else None


def _tools(fields: Fields) -> tuple[tuple[Tool, ...], list[str]]:
    """The function tools, and the names of fields that hold tools of other kinds."""
    tools, unknown = [], []
    for entry in fields.objects("tools"):
        kind = entry.text("type") or "function"
        if kind == "function":
            tools.append(_tool(entry.required_object("function")))
        else:
            unknown.append(f"tools.{kind[:40]}")
    if not tools:
        tools = [_tool(entry) for entry in fields.objects("functions")]
    return tuple(tools), list(dict.fromkeys(unknown))


def _tool(function: Fields) -> Tool:
    schema = function.object("parameters")
    return Tool(
        function.text("name", required=True),
        function.text("description"),
        dict(schema.value) if schema is not None else {},
    )


@dataclass(frozen=True, slots=True)
class _Allowed:
    """`allowed_tools`: a choice among some of the tools."""

    mode: ToolChoice
    names: frozenset[str]


def _choice(fields: Fields, tools: tuple[Tool, ...]) -> ToolChoice | _Allowed:
    name = "tool_choice" if "tool_choice" in fields else "function_call"
    value = fields.value.get(name)
    if value is None or value in ("auto", "none"):
        return "none" if value == "none" else "auto"
    if value == "required":
        choice: ToolChoice = AnyTool()
    elif isinstance(value, dict):
        named = fields.required_object(name)
        if "allowed_tools" in named:
            return _allowed(named.required_object("allowed_tools"), {tool.name for tool in tools})
        kind = named.text("type") or "function"
        holder = named.required_object(kind) if kind in named and name == "tool_choice" else named
        choice = NamedTool(holder.text("name", required=True))
    else:
        fields.fail(name, "must be none, auto, required or an object that names a function")
    if not tools:
        fields.fail(name, "demands a tool call, but there are no function tools")
    if isinstance(choice, NamedTool) and choice.name not in {tool.name for tool in tools}:
        fields.fail(name, f"names {choice.name[:64]!r}, which is none of the tools")
    return choice


def _allowed(allowed: Fields, known: set[str]) -> _Allowed:
    mode: ToolChoice = AnyTool() if allowed.choice("mode", ("auto", "required"), "auto") == "required" else "auto"
    names = set()
    for entry in allowed.objects("tools"):
        holder = entry.object("function") or entry
        names.add(holder.text("name"))
    if mode != "auto" and not names & known:
        allowed.fail("tools", "names none of the function tools, but a tool call is demanded")
    return _Allowed(mode, frozenset(names))


# --- answer ------------------------------------------------------------------------------------------------------------

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
    calls = [{"name": call.name, "arguments": call.arguments} for call in answer.calls]
    if calls and this.functions:
        message["function_call"] = calls[0]
    elif calls:
        message["tool_calls"] = [
            {"id": call.id, "type": "function", "function": function}
            for call, function in zip(answer.calls, calls, strict=True)
        ]
    choice = {
        "index": 0,
        "message": message,
        "logprobs": None,
        "finish_reason": _finish_reason(this, answer.reason),
    }
    return _envelope(this, "chat.completion") | {"choices": [choice], "usage": _usage(answer.usage)}


class ChunkEncoder:
    """Events → chunks as server-sent events; one call per batch, so that it is written in one go."""

    def __init__(self, this: Completion, *, include_usage: bool) -> None:
        self._this = this
        self._include_usage = include_usage
        self._envelope = _envelope(this, "chat.completion.chunk") | ({"usage": None} if include_usage else {})
        self._calls: dict[str, int] = {}
        self._begun = False
        self._usage = Usage()

    def feed(self, events: Iterable[Event]) -> bytes:
        return b"".join(self._encode(event) for event in events)

    def error(self, error: Kiro2ChatError) -> bytes:
        """An error in the middle of the stream, and the end of the stream."""
        return sse.data(error_body(error)) + sse.DONE

    def _encode(self, event: Event) -> bytes:
        match event:
            case TextDelta(text):
                return self._chunk({"content": text})
            case ReasoningDelta(text=text):
                return self._chunk({"reasoning_content": text}) if text else b""
            case CallBegan(call_id, name):
                self._calls[call_id] = len(self._calls)
                return self._call(call_id, {"name": name, "arguments": ""}, first=True)
            case CallDelta(call_id, json):
                return self._call(call_id, {"arguments": json})
            case Counted(usage):
                self._usage = usage
            case Ended(reason):
                return self._end(reason)
        return b""

    def _call(self, call_id: str, function: Json, *, first: bool = False) -> bytes:
        index = self._calls[call_id]
        if self._this.functions:
            return self._chunk({"function_call": function}) if index == 0 else b""
        head: Json = {"index": index}
        if first:
            head |= {"id": call_id, "type": "function"}
        return self._chunk({"tool_calls": [head | {"function": function}]})

    def _end(self, reason: EndReason) -> bytes:
        ended = self._chunk({}, _finish_reason(self._this, reason))
        if self._include_usage:
            ended += sse.data(self._envelope | {"choices": [], "usage": _usage(self._usage)})
        return ended + sse.DONE

    def _chunk(self, delta: Json, finish: str | None = None) -> bytes:
        if not self._begun:
            self._begun = True
            delta = {"role": "assistant", "content": ""} | delta
        choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        return sse.data(self._envelope | {"choices": [choice]})


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
    }


# --- errors ------------------------------------------------------------------------------------------------------------

_ERROR_TYPES: Mapping[int, str] = {401: "authentication_error", 403: "permission_error", 429: "rate_limit_error"}


def error_body(error: Kiro2ChatError) -> Json:
    """OpenAI's form of an error; its `type` follows the status."""
    kind = _ERROR_TYPES.get(error.status, "server_error" if error.status >= 500 else "invalid_request_error")
    if error.code == "insufficient_quota":
        kind = "insufficient_quota"
    return {"error": {"message": error.message, "type": kind, "param": error.field, "code": error.code}}
