"""OpenAI's chat completions: a request's body → an Ask, and how the answer is to be written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..turns import (
    AnyTool,
    Ask,
    JsonAnswer,
    Limits,
    NamedTool,
    Tool,
    ToolChoice,
)
from .fields import Fields, body_fields
from .openai_messages import CUSTOM_INPUT, read_messages

__all__ = ["Wanted", "read"]

Json: TypeAlias = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parsed request: what is asked, and how the answer is to be written."""

    ask: Ask
    stream: bool
    include_usage: bool
    functions: bool
    """The client speaks the older form with `functions` and `function_call`."""

    custom: frozenset[str]
    """Names of the custom tools, whose input is text instead of JSON."""

    ignored: tuple[str, ...]
    """Fields that were sent and have no effect."""


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
    tools, custom, unknown = _tools(fields)
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
        custom=custom,
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


def _tools(fields: Fields) -> tuple[tuple[Tool, ...], frozenset[str], list[str]]:
    """The tools, the names of the custom ones, and the names of fields that hold tools of unknown kinds."""
    tools, custom, unknown = [], set(), []
    for entry in fields.objects("tools"):
        kind = entry.text("type") or "function"
        if kind == "function":
            tools.append(_tool(entry.required_object("function")))
        elif kind == "custom":
            tools.append(_custom_tool(entry.required_object("custom")))
            custom.add(tools[-1].name)
        else:
            unknown.append(f"tools.{kind[:40]}")
    if not tools:
        tools = [_tool(entry) for entry in fields.objects("functions")]
    return tuple(tools), frozenset(custom), list(dict.fromkeys(unknown))


def _custom_tool(custom: Fields) -> Tool:
    """A tool that takes text: a function with one argument, and its grammar in words."""
    notes = [custom.text("description")]
    form = custom.object("format")
    if form is not None and (grammar := form.object("grammar")) is not None:
        notes.append(f"The input must follow this {grammar.text('syntax')} grammar:\n{grammar.text('definition')}")
    schema = {"type": "object", "properties": {CUSTOM_INPUT: {"type": "string"}}, "required": [CUSTOM_INPUT]}
    return Tool(custom.text("name", required=True), "\n\n".join(note for note in notes if note), schema)


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
