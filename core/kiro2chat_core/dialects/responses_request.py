"""OpenAI's Responses API: a request's body → an Ask, and how the answer is to be written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..turns import Ask, JsonAnswer, Limits, Thinking
from .fields import EFFORTS, Field, Fields, FieldTable, body_fields, ignored, sent, without_effect
from .responses_input import DECLARING, asks_for_summary, read_input
from .responses_tools import Toolbox, read_choice, read_tools

__all__ = ["FIELDS", "Wanted", "read"]

Json: TypeAlias = dict[str, Any]

_ENCRYPTED = "reasoning.encrypted_content"


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parsed request: what is asked, and how the answer is to be written."""

    ask: Ask
    stream: bool
    toolbox: Toolbox
    """Which function of the answer is which tool of the client."""

    encrypted: bool
    """Reasoning is wanted in a form that can be sent back."""

    compacting: bool
    """The answer is a summary for the client to keep."""

    echo: Json
    """What the response repeats of the request."""

    ignored: tuple[str, ...]
    """Fields that were sent and have no effect."""


def _if_set(fields: Fields, name: str) -> object:
    return fields.flag(name) or None


def _truncation(fields: Fields, name: str) -> object:
    return fields.text(name) not in ("", "disabled") or None


def _references(fields: Fields, name: str) -> object:
    return fields.array(name) or None


FIELDS: FieldTable = {
    "access_programs": without_effect(Fields.object),
    "background": Field("refused", "`true`: an answer is given while the client waits"),
    "background_options": without_effect(Fields.object),
    "client_metadata": without_effect(Fields.object),
    "context_management": without_effect(_references, "histories are compacted when the client asks for it"),
    "conversation": Field("refused", "nothing is stored yet: send the whole history in `input`"),
    "image": without_effect(Fields.object),
    "include": Field("honoured", "`reasoning.encrypted_content`; others are named as ignored"),
    "input": Field("honoured", "all items; those of OpenAI's own tools as text. `file_id` and references are refused"),
    "instructions": Field("honoured"),
    "max_output_tokens": Field("enforced", "and passed on to models that take it"),
    "max_tool_calls": without_effect(lambda fields, name: fields.integer(name, 0), "counts OpenAI's own tools"),
    "metadata": without_effect(Fields.object, "given back in the response"),
    "model": Field("honoured", "any name of the model table; `name:effort` sets the effort"),
    "moderation": without_effect(Fields.object),
    "parallel_tool_calls": Field("enforced", "`false`: said to the model, and the answer ends with the first call"),
    "previous_response_id": Field("refused", "nothing is stored yet: send the whole history in `input`"),
    "prompt": Field("refused", "there are no stored prompts: send the text in `instructions` and `input`"),
    "prompt_cache_key": Field("honoured", "names the conversation, which keeps the backend's cache warm"),
    "prompt_cache_options": without_effect(Fields.object, "`prompt_cache_breakpoint` in content is honoured"),
    "prompt_cache_retention": without_effect(Fields.text),
    "reasoning": Field("honoured", "`effort`, the nearest the model takes; a summary is all that the backend shows"),
    "safety_identifier": without_effect(Fields.text),
    "service_tier": without_effect(Fields.text),
    "store": without_effect(_if_set, "`true`: nothing is stored yet"),
    "stream": Field("honoured"),
    "stream_options": Field("honoured", "`include_obfuscation`: there is nothing to obfuscate"),
    "temperature": without_effect(Fields.number, "the backend takes none"),
    "text": Field("enforced", "`format`: said to the model; what stands around the JSON is taken off"),
    "tool_choice": Field("enforced", "said to the model; a demanded call that does not come is asked for once more"),
    "tools": Field("honoured", "functions, custom tools and namespaces of them; other kinds are named as ignored"),
    "top_logprobs": Field("refused", "more than 0: the backend gives no probabilities"),
    "top_p": without_effect(Fields.number, "the backend takes none"),
    "truncation": without_effect(
        _truncation, "`auto`: a history that is too long is an error, so that clients compact"
    ),
    "user": without_effect(Fields.text),
}
"""Every field of the request, and what becomes of it."""

_INNER = (
    "input.content.detail",
    "stream_options.include_obfuscation",
    "text.format.strict",
    "tools.strict",
    "tools.tools.strict",
)
"""Members of honoured fields that have no effect."""


def read(body: object) -> Wanted:
    """Parse a decoded body.

    Raises:
        BadRequest: naming the field.
    """
    fields = body_fields(body)
    model = fields.text("model", required=True)
    _refuse_what_cannot_be(fields)
    no_effect = ignored(fields, FIELDS)
    toolbox = read_tools(_declaring(fields))
    chosen = read_choice(fields, toolbox)
    system, turns, cache_start = read_input(fields, toolbox)
    compacting = asks_for_summary(fields)
    included = _included(fields)
    ask = Ask(
        model=model,
        turns=turns,
        system=system,
        tools=tuple(tool for tool in toolbox.tools if chosen.allowed is None or tool.name in chosen.allowed),
        choice="none" if compacting else chosen.choice,
        parallel=fields.flag("parallel_tool_calls", True),
        answer=None if compacting else _answer(fields),
        limits=Limits(fields.integer("max_output_tokens", 1)),
        thinking=_thinking(fields),
        cache_start=cache_start,
        conversation=fields.text("prompt_cache_key"),
    )
    return Wanted(
        ask,
        stream=_streams(fields),
        toolbox=toolbox,
        encrypted=_ENCRYPTED in included,
        compacting=compacting,
        echo=_echo(fields),
        ignored=(*no_effect, *_inner(fields, included), *chosen.ignored, *toolbox.ignored),
    )


_NOT_STORED = "cannot be used, since nothing is stored here yet: send the whole history in input"


def _refuse_what_cannot_be(fields: Fields) -> None:
    for name in ("previous_response_id", "conversation"):
        if fields.value.get(name):
            fields.fail(name, _NOT_STORED)
    if fields.value.get("prompt"):
        fields.fail("prompt", "cannot be used, since no prompts are stored here: send instructions and input")
    if fields.flag("background"):
        fields.fail("background", "cannot be true: an answer is given while the client waits")
    if fields.integer("top_logprobs", 0):
        fields.fail("top_logprobs", "cannot be had: Kiro gives no probabilities")


def _declaring(fields: Fields) -> Iterator[Fields]:
    yield fields
    if isinstance(fields.value.get("input"), list):
        for item in fields.objects("input"):
            kind = item.value.get("type")
            if isinstance(kind, str) and kind in DECLARING:
                yield item


def _thinking(fields: Fields) -> Thinking:
    given = fields.object("reasoning") or Fields({}, "reasoning")
    word = given.text("effort")
    for name in ("summary", "generate_summary"):
        given.text(name)
    if word not in EFFORTS and word not in ("", "none"):
        given.fail("effort", f"must be none or one of {', '.join(EFFORTS)}")
    return Thinking(on=word != "none" if word else None, effort=EFFORTS.get(word))


def _answer(fields: Fields) -> JsonAnswer | None:
    text = fields.object("text")
    wanted = text.object("format") if text else None
    if wanted is None:
        return None
    kind = wanted.choice("type", ("text", "json_object", "json_schema"))
    if kind == "json_schema":
        schema = wanted.object("schema")
        name = wanted.text("name", required=True)
        return JsonAnswer(dict(schema.value) if schema else None, name, wanted.text("description"))
    return JsonAnswer() if kind == "json_object" else None


def _streams(fields: Fields) -> bool:
    if options := fields.object("stream_options"):
        options.flag("include_obfuscation")
    return fields.flag("stream")


def _included(fields: Fields) -> list[str]:
    names = fields.array("include")
    if not all(isinstance(name, str) for name in names):
        fields.fail("include", "must be an array of strings")
    return names


def _inner(fields: Fields, included: list[str]) -> Iterator[str]:
    """Members of honoured fields that have no effect."""
    yield from (path for path in _INNER if sent(fields.value, path))
    for name, members in (("reasoning", ("context", "mode")), ("text", ("verbosity",))):
        given = fields.object(name)
        yield from (f"{name}.{member}" for member in members if given and given.text(member))
    yield from (f"include.{name[:60]}" for name in included if name != _ENCRYPTED)


def _echo(fields: Fields) -> Json:
    reasoning = fields.object("reasoning") or Fields({})
    text = fields.object("text") or Fields({})
    return {
        "instructions": fields.text("instructions") or None,
        "max_output_tokens": fields.integer("max_output_tokens", 1),
        "metadata": fields.value.get("metadata") or {},
        "parallel_tool_calls": fields.flag("parallel_tool_calls", True),
        "prompt_cache_key": fields.text("prompt_cache_key") or None,
        "reasoning": {
            "effort": reasoning.text("effort") or None,
            "summary": reasoning.text("summary") or reasoning.text("generate_summary") or None,
        },
        "temperature": fields.number("temperature"),
        "text": {"format": {"type": "text"}} | {name: value for name, value in text.value.items() if value is not None},
        "tool_choice": fields.value.get("tool_choice") or "auto",
        "tools": fields.array("tools"),
        "top_p": fields.number("top_p"),
        "truncation": fields.text("truncation") or "disabled",
        "user": fields.text("user") or None,
    }
