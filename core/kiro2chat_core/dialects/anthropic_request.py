"""Anthropic's Messages API: a request's body → an Ask, and how the answer is to be written."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from .. import jsonio
from ..errors import BadRequest
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
    "cache_control": Field("honoured", "marks the last message of the user; on blocks, system text and tools as well"),
    "compaction": Field("refused", "ask for a summary in a message instead"),
    "container": without_effect(_anything),
    "context_management": without_effect(Fields.object, "nothing is cleared here"),
    "diagnostics": without_effect(_anything),
    "fallback_credit_token": without_effect(_anything),
    "fallbacks": without_effect(_anything),
    "inference_geo": without_effect(Fields.text),
    "max_tokens": Field("enforced", "and passed on to models that take it; 0 fills the prompt cache without an answer"),
    "mcp_servers": without_effect(Fields.array, "no server is called from here"),
    "messages": Field("honoured", "all blocks; files by id are refused"),
    "metadata": Field("honoured", "`user_id` names the conversation, which keeps the backend's cache warm"),
    "model": Field("honoured", "any name of the model table; `name:effort` sets the effort"),
    "output_config": Field(
        "honoured", "`effort`: the nearest the model takes; `format`: said to the model; others are named as ignored"
    ),
    "output_format": Field("enforced", "the older form of `output_config.format`"),
    "service_tier": without_effect(Fields.text),
    "speed": without_effect(Fields.text),
    "stop_sequences": Field("enforced"),
    "stream": Field("honoured"),
    "system": Field("honoured", "the billing line of Claude Code is left out"),
    "temperature": without_effect(Fields.number, "the backend takes none"),
    "thinking": Field("honoured", "by the model's own fields, or by tags in the prompt"),
    "thread": Field("refused", "no conversation is kept here; clients then send all of it, as before"),
    "tool_choice": Field(
        "enforced",
        "said to the model, and asked for once more; a demand for a tool of Anthropic's own is named as ignored",
    ),
    "tools": Field(
        "honoured", "those with an `input_schema`; Anthropic's own, `strict` and the like are named as ignored"
    ),
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
    max_tokens = fields.integer("max_tokens", 0)
    if max_tokens is None and not counting:
        raise BadRequest("max_tokens: Field required", field="max_tokens")  # Anthropic's own words
    _refuse_what_cannot_be(fields, counting)
    no_effect = ignored(fields, FIELDS)
    conversation = read_conversation(fields)
    tools = _tools(fields)
    choice = _choice(fields, tools)
    ask = Ask(
        model=model,
        turns=_with_mark(tuple(conversation.turns), fields.object("cache_control") is not None),
        system="\n\n".join(text for text in conversation.system if text.strip()),
        tools=tuple(tools.read),
        choice=choice,
        parallel=not _members(fields, "tool_choice").flag("disable_parallel_tool_use"),
        answer=_answer(fields),
        limits=Limits(max_tokens, _stops(fields)),
        thinking=_thinking(fields),
        cache_start=conversation.cache_start or tools.marked,
        conversation=_conversation_name(fields),
    )
    others = dict.fromkeys((*conversation.ignored, *tools.ignored, *_unread(fields)))
    return Wanted(ask, stream=fields.flag("stream"), ignored=(*no_effect, *others))


def _refuse_what_cannot_be(fields: Fields, counting: bool) -> None:
    """Without these another answer would come than the one that was asked for."""
    if "thread" in fields:
        told = "thread: no conversation is kept here. Send the full message history, without `thread`."
        raise BadRequest(told, field="thread", code="thread_unsupported_request")  # clients know the word and do that
    if "compaction" in fields and not counting:
        fields.fail("compaction", "cannot be had: ask for a summary in a message instead")


def _members(fields: Fields, name: str) -> Fields:
    """An object that may be missing."""
    return fields.object(name) or Fields({}, fields.at(name))


def _with_mark(turns: tuple[Turn, ...], marked: bool) -> tuple[Turn, ...]:
    """`cache_control` of the whole request marks its last message; not a prefill, since that will not come again."""
    last = max((at for at, turn in enumerate(turns) if turn.role == "user"), default=None) if marked else None
    return tuple(replace(turn, cache=True) if at == last else turn for at, turn in enumerate(turns))


@dataclass(slots=True)
class _Tools:
    """The tools that can be offered, the names of Anthropic's own, and whether one is marked for the cache."""

    read: list[Tool] = field(default_factory=list)
    not_here: set[str] = field(default_factory=set)
    marked: bool = False
    ignored: list[str] = field(default_factory=list)


_WITHOUT_EFFECT = ("allowed_callers", "defer_loading", "eager_input_streaming", "strict")


def _tools(fields: Fields) -> _Tools:
    tools = _Tools()
    for entry in fields.objects("tools"):
        kind = entry.text("type") or "custom"
        tools.marked = tools.marked or is_marked(entry)
        if kind != "custom" and "input_schema" not in entry:
            tools.not_here.add(entry.text("name"))
            tools.ignored.append(f"tools.{kind[:40]}")
            continue
        schema, name = entry.required_object("input_schema"), entry.text("name", required=True)
        examples = [f"An example of its input: {jsonio.text(each.value)}" for each in entry.objects("input_examples")]
        described = "\n\n".join(text for text in (entry.text("description"), *examples) if text)
        tools.read.append(Tool(name, described, dict(schema.value)))
        tools.ignored += [f"tools.{member}" for member in _WITHOUT_EFFECT if entry.value.get(member)]
    return tools


def _choice(fields: Fields, tools: _Tools) -> ToolChoice:
    """The choice. One of Anthropic's own tools cannot be demanded: the model answers without, and the field is named."""
    given = fields.object("tool_choice")
    kind = given.choice("type", ("auto", "any", "tool", "none")) if given else "auto"
    if given is None or kind in ("auto", "none"):
        return "none" if kind == "none" else "auto"
    name = given.text("name", required=True) if kind == "tool" else ""
    offered = {tool.name for tool in tools.read}
    if name in offered if name else offered:
        return NamedTool(name) if name else AnyTool()
    if not (name in tools.not_here if name else tools.not_here):
        given.fail("name" if name else "type", f"is {(name or kind)[:64]!r}, which demands none of the tools there are")
    tools.ignored.append("tool_choice")
    return "auto"


def _stops(fields: Fields) -> tuple[str, ...]:
    stops = fields.array("stop_sequences")
    if not all(isinstance(each, str) for each in stops):
        fields.fail("stop_sequences", "must be an array of strings")
    return tuple(each for each in stops if each)


_THINKING: Mapping[str, bool] = {"enabled": True, "adaptive": True, "between_tools": True, "disabled": False}
_READ: Mapping[str, tuple[str, ...]] = {
    "output_config": ("effort", "format"),
    "thinking": ("type", "budget_tokens", "display"),
}


def _thinking(fields: Fields) -> Thinking:
    given, output = fields.object("thinking"), _members(fields, "output_config")
    word = output.text("effort")
    if word and word not in EFFORTS:
        output.fail("effort", f"must be one of {', '.join(EFFORTS)}")
    if given is None:
        return Thinking(effort=EFFORTS.get(word))
    return Thinking(
        on=_THINKING.get(given.text("type", required=True)),
        effort=EFFORTS.get(word),
        budget=given.integer("budget_tokens", 0) or None,
        shown=given.text("display") != "omitted",
    )


def _unread(fields: Fields) -> Iterator[str]:
    """Members of members that have no effect, the kinds of thinking among them that are not known yet."""
    for name, known in _READ.items():
        members = _members(fields, name)
        yield from (
            f"{name}.{member[:60]}" for member in sorted(members.value) if member in members and member not in known
        )
    if _members(fields, "thinking").text("type") not in (*_THINKING, ""):
        yield "thinking.type"


def _answer(fields: Fields) -> JsonAnswer | None:
    wanted = _members(fields, "output_config").object("format") or fields.object("output_format")
    if wanted is None or wanted.choice("type", ("json_schema", "text"), "json_schema") == "text":
        return None
    schema = wanted.object("schema")
    return JsonAnswer(dict(schema.value) if schema else None)


def _conversation_name(fields: Fields) -> str:
    """Claude Code's `user_id` holds its session, as JSON or (older) at the end of a name; others name only a person."""
    given = _members(fields, "metadata").text("user_id")
    try:
        told = jsonio.loads(given)
    except ValueError:
        return given.partition("_session_")[2]
    session = told.get("session_id") if isinstance(told, dict) else None
    return session if isinstance(session, str) else ""
