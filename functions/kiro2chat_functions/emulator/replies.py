"""What the emulated model answers when no script tells it: useful for a demo, and the same for the same request.

It says that it is a demo, echoes, calls tools when asked to, answers from their results, thinks, and writes JSON.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from kiro2chat_core import jsonio

from .conversation import Conversation, Result
from .samples import sample
from .wishes import wished

__all__ = ["Call", "Reply", "answer"]


@dataclass(frozen=True, slots=True)
class Call:
    """A tool call. `input` is an object, or the exact pieces of its JSON text; None sends no input at all."""

    name: str
    input: Mapping[str, Any] | Sequence[str] | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """An answer. A string is cut into chunks as the options say; a sequence of strings gives the chunks exactly.

    `stop_reason` None is what the content says (TOOL_USE or END_TURN); `usage` None is an estimate. `redacted` sends the
    reasoning as GPT models do, without text; `signature` None is the right one.
    """

    text: str | Sequence[str] = ""
    reasoning: str | Sequence[str] | None = None
    calls: Sequence[Call] = ()
    stop_reason: str | None = None
    usage: Mapping[str, Any] | None = None
    signature: str | None = None
    redacted: bool = False

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Reply:
        """Raises TypeError for members that a Reply or a Call does not have."""
        return cls(**{**value, "calls": tuple(Call(**call) for call in value.get("calls", ()))})


def answer(conversation: Conversation) -> Reply:
    """The built-in reply to a request."""
    if calls := _calls(conversation):
        reply = Reply(_before_calls(calls), calls=calls)
    elif (schema := _wanted_json(conversation.text)) is not None:
        reply = Reply(jsonio.text(sample(schema, "answer")))
    elif conversation.results:
        reply = Reply(_from_results(conversation))
    elif counted := re.search(r"\bcount (?:up )?to (\d{1,5})\b", conversation.question, re.IGNORECASE):
        reply = Reply("\n".join(str(number) for number in range(1, int(counted[1]) + 1)))
    else:
        reply = Reply(_echo(conversation))
    return _with_thoughts(_within_limit(reply, conversation), conversation)


# --- text ----------------------------------------------------------------------------------------------------------


def _echo(conversation: Conversation) -> str:
    asked = conversation.question
    quoted = "\n".join(f"> {line}" for line in asked[:2000].splitlines()) or "> (nothing)"
    pictures = len(conversation.current.get("images") or [])
    code = jsonio.text(
        {
            "model": conversation.model,
            "messages": len(conversation.history) + 1,
            "images": pictures,
            "tools": sorted(conversation.tools)[:20],
        }
    )
    seen = f"- {pictures} picture{'s' * (pictures != 1)} in this message\n" if pictures else ""
    return (
        f"## This is a demo\n\nNo model is at work here: the emulator plays **{conversation.model}**. You said:\n\n{quoted}\n\n"
        f"It received:\n\n- {len(conversation.history) + 1} messages\n"
        f"- {len(conversation.tools)} tools\n{seen}\n```json\n{code}\n```\n\n"
        "Log in with `kiro-cli login` to talk to a real model."
    )


def _from_results(conversation: Conversation) -> str:
    lines = "\n".join(_quoted(result) for result in conversation.results)
    return f"This is a demo. The tools answered:\n\n{lines}\n"


def _quoted(result: Result) -> str:
    verb = "failed with" if result.failed else "says"
    return f"- `{result.name}` {verb}: {result.text[:2000]}"


def _before_calls(calls: Sequence[Call]) -> str:
    return f"I'll call {' and '.join(f'`{call.name}`' for call in calls)}."


_SCHEMA = re.compile(r"JSON Schema.{0,400}?```json\s*\n(.*?)\n```", re.DOTALL)


def _wanted_json(text: str) -> Any:
    """The schema of the JSON that is asked for, `{}`-like where there is none; None when none is asked for."""
    if blocks := _SCHEMA.findall(text):
        try:
            return jsonio.loads(blocks[-1])
        except ValueError:
            return None
    if re.search(r"Answer with one JSON object\b", text):
        return {"type": "object", "properties": {"demo": {"const": True}, "answer": {"type": "string"}}}
    return None


# --- tools ---------------------------------------------------------------------------------------------------------

_WITH_INPUT = re.compile(
    r"\b(?:call|use|run)\s+(?:the\s+tool\s+)?[`\"']?([\w-]+)[`\"']?\s+with\s+(?=\{)", re.IGNORECASE
)
_MUST = re.compile(r"You must call the tool `([^`]+)`|You must call (?:one of the tools|a tool)")
_ROUND = re.compile(r"\bthen\b", re.IGNORECASE)


def _calls(conversation: Conversation) -> tuple[Call, ...]:
    """The calls of this answer. "call a with {}, then call b with {}" makes two rounds of one call each."""
    tools = conversation.tools
    if not tools or "Do not call any tool" in conversation.text:
        return ()
    rounds = [calls for part in _ROUND.split(conversation.question) if (calls := _asked_for(part, tools))]
    if "Call at most one tool" in conversation.text:
        rounds = [(call,) for calls in rounds for call in calls]
    calls = rounds[conversation.rounds] if conversation.rounds < len(rounds) else ()
    if not calls and (must := _MUST.search(conversation.text)):
        name = must[1] or next(iter(tools))
        calls = (Call(name, _arguments(tools[name])),) if name in tools else ()
    if not rounds and not calls and conversation.rounds == 0:
        calls = tuple(Call(name, arguments) for name, arguments in wished(conversation.question, tools))
    return calls


def _asked_for(text: str, tools: Mapping[str, Any]) -> tuple[Call, ...]:
    if exact := _exact_calls(text, tools):
        return exact
    return tuple(
        Call(name, _arguments(schema))
        for name, schema in tools.items()
        if re.search(
            rf"\b(?:call|use|run|using)\b[^.!?\n]{{0,60}}(?<![\w-]){re.escape(name)}(?![\w-])", text, re.IGNORECASE
        )
    )


def _exact_calls(text: str, tools: Mapping[str, Any]) -> tuple[Call, ...]:
    """`call get_weather with {"city": "Paris"}`, as often as it is said."""
    calls = []
    for phrase in _WITH_INPUT.finditer(text):
        value = _leading_object(text[phrase.end() :])
        if phrase[1] in tools and value is not None:
            calls.append(Call(phrase[1], value))
    return tuple(calls)


def _leading_object(text: str) -> dict[str, Any] | None:
    """The JSON object that a text begins with: the shortest piece up to a closing brace that is one."""
    for brace in re.finditer(r"\}", text[:20_000]):
        try:
            value = jsonio.loads(text[: brace.end()])
        except ValueError:
            continue
        return value if isinstance(value, dict) else None
    return None


def _arguments(schema: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Required arguments only; a tool without any gets no input at all, as the service does (protocol notes 4.2)."""
    required = schema.get("required")
    names = [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
    if not names:
        return None
    properties = schema.get("properties") or {}
    wanted = {name: properties.get(name, True) for name in names}
    filled: Mapping[str, Any] = sample({**schema, "properties": wanted})
    return filled


# --- thinking and limits -------------------------------------------------------------------------------------------


def _with_thoughts(reply: Reply, conversation: Conversation) -> Reply:
    """Native reasoning where request fields or the question ask, tags in the text where a prompt tag does (notes 7)."""
    thoughts = (
        f"The question is about: {conversation.question[:200]}\n"
        f"There are {len(conversation.tools)} tools and {len(conversation.results)} results. This is a demo, so I echo."
    )
    if re.search(r"<thinking_mode>(enabled|adaptive)</thinking_mode>", conversation.prompt):
        text = reply.text if isinstance(reply.text, str) else "".join(reply.text)
        return replace(reply, text=f"<thinking>{thoughts}</thinking>\n\n{text}")
    fields = conversation.fields or {}
    thinking, output = fields.get("thinking") or {}, fields.get("output_config") or {}
    if thinking.get("type") == "disabled":
        return reply
    if (effort := (fields.get("reasoning") or {}).get("effort")) is not None:
        return replace(reply, reasoning=thoughts, redacted=True) if effort != "none" else reply
    if thinking.get("display") == "omitted":
        return replace(reply, reasoning="")
    if thinking or output or re.search(r"\bthink\b", conversation.question, re.IGNORECASE):
        return replace(reply, reasoning=thoughts)
    return reply


def _within_limit(reply: Reply, conversation: Conversation) -> Reply:
    """`max_tokens` counts only here, at four characters to a token."""
    limit = (conversation.fields or {}).get("max_tokens")
    if not isinstance(limit, int) or not isinstance(reply.text, str) or len(reply.text) <= limit * 4:
        return reply
    return replace(reply, text=reply.text[: limit * 4], calls=(), stop_reason="MAX_TOKENS")
