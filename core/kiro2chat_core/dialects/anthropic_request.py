"""Anthropic's Messages API: a request's body → an Ask, and how the answer is to be written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from dataclasses import replace as replaced

from .. import jsonio
from ..turns import AnyTool, Ask, JsonAnswer, Limits, NamedTool, Thinking, Tool, ToolChoice, Turn
from .anthropic_content import is_marked, read_conversation
from .fields import EFFORTS, Field, Fields, FieldTable, body_fields, ignored, without_effect

__all__ = ["FIELDS", "Wanted", "read"]


@dataclass(frozen=True, slots=True)
class Wanted:
    """A parsed request: what is asked, and how the answer is to be written."""

    ask: Ask
    stream: bool
    ignored: tuple[str, ...]
    """Fields that were sent and have no effect."""


def _anything(fields: Fields, name: str) -> object:
    return fields.value.get(name)


FIELDS: FieldTable = {
    "betas": without_effect(Fields.array, "any is taken"),
    "billing_policy": without_effect(_anything),
    "cache_control": Field("honoured", "marks the last message; on blocks, system text and tools as well"),
    "compaction": without_effect(_anything, "nothing is compacted here"),
    "container": without_effect(_anything),
    "context_management": without_effect(Fields.object, "nothing is cleared here"),
    "diagnostics": without_effect(_anything),
    "fallback_credit_token": without_effect(_anything),
    "fallbacks": without_effect(_anything),
    "inference_geo": without_effect(Fields.text),
    "max_tokens": Field("enforced", "and passed on to models that take it"),
    "mcp_servers": without_effect(Fields.array, "no server is called from here"),
    "messages": Field("honoured", "all blocks; files by id are refused"),
    "metadata": Field("honoured", "`user_id` names the conversation, which keeps the backend's cache warm"),
    "model": Field("honoured", "any name of the model table; `name:effort` sets the effort"),
    "output_config": Field("honoured", "`effort`: the nearest the model takes; `format`: said to the model"),
    "output_format": Field("enforced", "the older form of `output_config.format`"),
    "service_tier": without_effect(Fields.text),
    "speed": without_effect(Fields.text),
    "stop_sequences": Field("enforced"),
    "stream": Field("honoured"),
    "system": Field("honoured", "the billing line of Claude Code is left out"),
    "temperature": without_effect(Fields.number, "the backend takes none"),
    "thinking": Field("honoured", "by the model's own fields, or by tags in the prompt"),
    "thread": without_effect(_anything),
    "tool_choice": Field("enforced", "said to the model; a demanded call that does not come is asked for once more"),
    "tools": Field("honoured", "those with an `input_schema`; Anthropic's own are named as ignored"),
    "top_k": without_effect(Fields.number, "the backend takes none"),
    "top_p": without_effect(Fields.number, "the backend takes none"),
    "user_profile_id": without_effect(Fields.text),
    "workspace_id": without_effect(Fields.text),
}
"""Every field of the request, and what becomes of it."""


def read(body: object, *, counting: bool = False) -> Wanted:
    """Parse a decoded body. `max_tokens` may be missing where tokens are only counted.

    Raises:
        BadRequest: naming the field.
    """
    fields = body_fields(body)
    model = fields.text("model", required=True)
    max_tokens = fields.integer("max_tokens", 1)
    if max_tokens is None and not counting:
        fields.fail("max_tokens", "is missing: Field required")
    no_effect = ignored(fields, FIELDS)
    conversation = read_conversation(fields)
    tools, marked, unknown = _tools(fields)
    choice, parallel = _choice(fields, tools)
    ask = Ask(
        model=model,
        turns=_with_mark(tuple(conversation.turns), "cache_control" in fields),
        system="\n\n".join(text for text in conversation.system if text.strip()),
        tools=tools,
        choice=choice,
        parallel=parallel,
        answer=_answer(fields),
        limits=Limits(max_tokens, _stops(fields)),
        thinking=_thinking(fields),
        cache_start=conversation.cache_start or marked,
        conversation=_conversation_name(fields),
    )
    others = dict.fromkeys((*conversation.ignored, *unknown))
    return Wanted(ask, stream=fields.flag("stream"), ignored=(*no_effect, *others))


def _with_mark(turns: tuple[Turn, ...], marked: bool) -> tuple[Turn, ...]:
    """`cache_control` of the whole request marks its last message."""
    return (*turns[:-1], replaced(turns[-1], cache=True)) if marked and turns else turns


def _tools(fields: Fields) -> tuple[tuple[Tool, ...], bool, list[str]]:
    """The tools, whether one is marked for the cache, and the names of fields that hold tools of Anthropic's own."""
    tools, unknown, marked = [], [], False
    for entry in fields.objects("tools"):
        kind = entry.text("type") or "custom"
        if kind != "custom" and "input_schema" not in entry:
            unknown.append(f"tools.{kind[:40]}")
            continue
        schema = entry.required_object("input_schema")
        tools.append(Tool(entry.text("name", required=True), entry.text("description"), dict(schema.value)))
        marked = marked or is_marked(entry.value)
    return tuple(tools), marked, unknown


def _choice(fields: Fields, tools: tuple[Tool, ...]) -> tuple[ToolChoice, bool]:
    """The choice, and whether several calls at once are wanted."""
    given = fields.object("tool_choice")
    if given is None:
        return "auto", True
    kind = given.choice("type", tuple(_CHOICES))
    choice = _CHOICES[kind](given)
    if not isinstance(choice, str) and not tools:
        fields.fail("tool_choice", "demands a tool call, but there are no tools with an input_schema")
    if isinstance(choice, NamedTool) and choice.name not in {tool.name for tool in tools}:
        given.fail("name", f"is {choice.name[:64]!r}, which is none of the tools")
    return choice, not given.flag("disable_parallel_tool_use")


_CHOICES: dict[str, Callable[[Fields], ToolChoice]] = {
    "auto": lambda _given: "auto",
    "any": lambda _given: AnyTool(),
    "tool": lambda given: NamedTool(given.text("name", required=True)),
    "none": lambda _given: "none",
}


def _stops(fields: Fields) -> tuple[str, ...]:
    stops = fields.array("stop_sequences")
    if not all(isinstance(each, str) for each in stops):
        fields.fail("stop_sequences", "must be an array of strings")
    return tuple(each for each in stops if each)


def _thinking(fields: Fields) -> Thinking:
    given, output = fields.object("thinking"), fields.object("output_config")
    word = output.text("effort") if output else ""
    if output and word not in EFFORTS and word:
        output.fail("effort", f"must be one of {', '.join(EFFORTS)}")
    if given is None:
        return Thinking(effort=EFFORTS.get(word))
    kind = given.text("type", required=True)
    return Thinking(
        on=kind != "disabled",
        effort=EFFORTS.get(word),
        budget=given.integer("budget_tokens", 1),
        shown=given.text("display") != "omitted",
    )


def _answer(fields: Fields) -> JsonAnswer | None:
    output = fields.object("output_config")
    wanted = (output.object("format") if output else None) or fields.object("output_format")
    if wanted is None or wanted.choice("type", ("json_schema", "text"), "json_schema") == "text":
        return None
    schema = wanted.object("schema")
    return JsonAnswer(dict(schema.value) if schema else None)


def _conversation_name(fields: Fields) -> str:
    """Claude Code's `user_id` holds its session, as JSON or (older) at the end of a name; others name only a person."""
    metadata = fields.object("metadata")
    given = metadata.value.get("user_id") if metadata else None
    if not isinstance(given, str):
        return ""
    try:
        told = jsonio.loads(given)
    except ValueError:
        return given.partition("_session_")[2]
    session = told.get("session_id") if isinstance(told, dict) else None
    return session if isinstance(session, str) else ""
