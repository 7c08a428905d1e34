"""OpenAI's chat completions: a request's body → an Ask, and how the answer is to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..turns import (
    AnyTool,
    Ask,
    JsonAnswer,
    Limits,
    NamedTool,
    Thinking,
    Tool,
    ToolChoice,
)
from .fields import EFFORTS, Field, Fields, FieldTable, body_fields, ignored, sent, without_effect
from .openai_messages import CUSTOM_INPUT, read_messages

__all__ = ["FIELDS", "Wanted", "read"]

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


FIELDS: FieldTable = {
    "audio": without_effect(Fields.object, "answers are text"),
    "frequency_penalty": without_effect(Fields.number),
    "function_call": Field("honoured", "the older form of `tool_choice`"),
    "functions": Field("honoured", "the older form of `tools`"),
    "logit_bias": without_effect(Fields.object),
    "logprobs": Field("refused", "`true`: the backend gives no probabilities"),
    "max_completion_tokens": Field("enforced", "and passed on to models that take it"),
    "max_tokens": Field("enforced", "the older name"),
    "messages": Field("honoured", "text, images, PDF and text files, `cache_control`; audio is refused"),
    "metadata": without_effect(Fields.object),
    "modalities": Field("refused", "`audio`; text is what there is"),
    "model": Field("honoured", "any name of the model table; `name:effort` sets the effort"),
    "moderation": without_effect(Fields.object),
    "n": Field("refused", "more than 1"),
    "parallel_tool_calls": Field("enforced", "`false`: said to the model, and the answer ends with the first call"),
    "prediction": without_effect(Fields.object),
    "presence_penalty": without_effect(Fields.number),
    "prompt_cache_key": Field("honoured", "names the conversation, which keeps the backend's cache warm"),
    "prompt_cache_options": without_effect(Fields.object),
    "prompt_cache_retention": without_effect(Fields.text),
    "reasoning": Field("honoured", "`effort`, `max_tokens`, `enabled`, as OpenRouter has it"),
    "reasoning_effort": Field("honoured", "the nearest effort the model takes"),
    "response_format": Field("enforced", "said to the model; what stands around the JSON is taken off"),
    "safety_identifier": without_effect(Fields.text),
    "seed": without_effect(Fields.number),
    "service_tier": without_effect(Fields.text),
    "stop": Field("enforced"),
    "store": without_effect(Fields.flag, "nothing is stored"),
    "stream": Field("honoured"),
    "stream_options": Field("honoured", "`include_usage`"),
    "temperature": without_effect(Fields.number, "the backend takes none"),
    "tool_choice": Field("enforced", "said to the model; a demanded call that does not come is asked for once more"),
    "tools": Field("honoured", "functions and custom tools; other kinds, and `strict`, are named as ignored"),
    "top_logprobs": Field("refused", "more than 0"),
    "top_p": without_effect(Fields.number, "the backend takes none"),
    "user": without_effect(Fields.text),
    "verbosity": without_effect(Fields.text),
    "web_search_options": without_effect(Fields.object),
}
"""Every field of the request, and what becomes of it."""

_INNER = (
    "functions.strict",
    "messages.audio",
    "messages.content.image_url.detail",
    "response_format.json_schema.strict",
    "stream_options.include_obfuscation",
    "tools.function.strict",
)
"""Members of honoured fields that have no effect."""

_UNNAMED = ("system", "developer", "user", "assistant")
"""Whose `name` Kiro knows no place for."""


def read(body: object) -> Wanted:
    """Parse a decoded body.

    Raises:
        BadRequest: naming the field.
    """
    fields = body_fields(body)
    model = fields.text("model", required=True)
    _refuse_what_cannot_be(fields)
    no_effect = ignored(fields, FIELDS)
    tools, custom, unknown = _tools(fields)
    conversation = read_messages(fields)
    choice = _choice(fields, tools)
    if isinstance(choice, _Allowed):
        tools, choice = tuple(tool for tool in tools if tool.name in choice.names), choice.mode
    stream_options = fields.object("stream_options")
    ask = Ask(
        model=model,
        turns=tuple(conversation.turns),
        system="\n\n".join(conversation.system),
        tools=tools,
        choice=choice,
        parallel=fields.flag("parallel_tool_calls", True),
        answer=_answer(fields),
        limits=Limits(_max_tokens(fields), _stop(fields)),
        thinking=_thinking(fields),
        cache_start=conversation.cache_start,
        conversation=fields.text("prompt_cache_key"),
    )
    return Wanted(
        ask,
        stream=fields.flag("stream"),
        include_usage=stream_options.flag("include_usage") if stream_options else False,
        functions="functions" in fields and "tools" not in fields,
        custom=custom,
        ignored=(*no_effect, *unknown, *_inner(fields)),
    )


def _refuse_what_cannot_be(fields: Fields) -> None:
    if (fields.integer("n", 1) or 1) > 1:
        fields.fail("n", "must be 1: Kiro gives one answer to a request")
    if fields.flag("logprobs") or fields.integer("top_logprobs", 0):
        name = "logprobs" if fields.flag("logprobs") else "top_logprobs"
        fields.fail(name, "cannot be had: Kiro gives no probabilities")
    if "audio" in [mode for mode in fields.array("modalities") if isinstance(mode, str)]:
        fields.fail("modalities", "holds 'audio': Kiro's models answer in text only")


def _inner(fields: Fields) -> Iterator[str]:
    if any(message.value.get("role") in _UNNAMED and "name" in message for message in fields.objects("messages")):
        yield "messages.name"
    yield from (path for path in _INNER if sent(fields.value, path))


def _max_tokens(fields: Fields) -> int | None:
    newer, older = fields.integer("max_completion_tokens", 1), fields.integer("max_tokens", 1)
    return newer if newer is not None else older


def _thinking(fields: Fields) -> Thinking:
    """`reasoning_effort`, or the `reasoning` object of OpenRouter's clients."""
    given = fields.object("reasoning") or Fields({})
    word = fields.text("reasoning_effort") or given.text("effort")
    budget = given.integer("max_tokens", 0) or None
    if word not in EFFORTS and word not in ("", "none"):
        name = "reasoning_effort" if "reasoning_effort" in fields else "reasoning"
        fields.fail(name, f"must be none or one of {', '.join(EFFORTS)}")
    wanted = given.flag("enabled", True) if word or budget or "enabled" in given else None
    return Thinking(
        on=False if word == "none" else wanted,
        effort=EFFORTS.get(word),
        budget=budget,
        shown=not given.flag("exclude"),
    )


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
