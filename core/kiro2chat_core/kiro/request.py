"""Ask → the body of `generateAssistantResponse`, repaired until `rules.check` finds nothing (protocol notes 3.3).

The backend has no system role, no tool choice and no limits, and refuses whole requests for small flaws. Everything a client
may legally send is brought into a form it takes: `history.py` puts messages in order, `names.py` makes names legal,
`schema.py` cleans schemas, `prompts.py` says in words what has no field.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

from .. import jsonio
from ..errors import BadRequest
from ..turns import Ask, NamedTool, Reasoning, Tool, ToolCall
from . import caching, prompts, rules, schema, thinking
from .catalog import Model
from .history import Message, arrange
from .names import tool_names

__all__ = ["Request", "Style", "build"]

Json: TypeAlias = dict[str, Any]

_CONVERSATIONS = uuid.UUID("6f1d1f9e-3c64-5c4e-9a53-0d7f3c2b8a11")
_DESCRIPTION = 10_000  # leaves room for the pointer to the rest below the 10,240 of protocol notes 3.4
_TASK_TYPES = {"vibe": "vibe", "spec": "spectask"}


@dataclass(frozen=True, slots=True)
class Style:
    """What is a matter of settings in every body.

    `agent_mode` none sends no field of it; `cache_points` is one of `caching.MODES`; `thinking_tags` is whether models
    without fields for thinking are asked to think by the prompt.
    """

    origin: str = "KIRO_CLI"
    agent_mode: str = "none"
    identity: str = "kiro"
    cache_points: str = "client"
    thinking_tags: bool = True


@dataclass(frozen=True, slots=True)
class Request:
    """A body without `profileArn`, which depends on the login.

    `callable` maps the wire names of the tools that the answer may call to the client's names for them; `thoughts` is
    whether the model was told to write its thoughts into the text; `demanding` are the wire names of tools that cannot be
    called without arguments; `all_calls` is the Ask's.
    """

    body: Json
    callable: Mapping[str, str]
    repairs: tuple[str, ...]
    thoughts: bool = False
    demanding: frozenset[str] = frozenset()
    all_calls: bool = False

    @property
    def has_reasoning(self) -> bool:
        return any("reasoningContent" in _answer(entry) for entry in self._history)

    def without_reasoning(self) -> Request:
        """The same without what the model thought before: a refused signature costs the whole request."""
        history = [
            {"assistantResponseMessage": {k: v for k, v in _answer(entry).items() if k != "reasoningContent"}}
            if "assistantResponseMessage" in entry
            else entry
            for entry in self._history
        ]
        state = self.body["conversationState"] | {"history": history}
        return replace(self, body=self.body | {"conversationState": state})

    @property
    def _history(self) -> list[Json]:
        history: list[Json] = self.body["conversationState"]["history"]
        return history


def build(ask: Ask, model: Model, style: Style = Style()) -> Request:
    """Render an Ask whose images are already fetched.

    Raises:
        BadRequest: more tools than the backend takes.
    """
    messages, repairs = arrange(ask.turns)
    called = [call.name for message in messages for _, call in message.calls]
    wire = dict(tool_names([tool.name for tool in ask.tools] + called))
    offered = _offered(ask)
    specs, overflow = _specifications(ask, offered, called, wire, repairs)
    if len(specs) >= rules.TOOL_LIST_COUNT:
        raise BadRequest(f"{len(specs)} tools are more than Kiro takes.", field="tools")

    fields = thinking.request_fields(ask.thinking, ask.limits.max_tokens, model.fields_schema)
    by_tags = style.thinking_tags and not thinking.can_think(model.fields_schema)
    tags = thinking.tags(ask.thinking) if by_tags else ""
    _prepend(messages[0], prompts.system_text(ask, overflow, identity=style.identity))
    _prepend(messages[0], tags)
    cached = caching.cache_points(
        messages, start=ask.cache_start, start_size=len(jsonio.dumps(specs)), model=model, mode=style.cache_points
    )
    _append(messages[-1], prompts.for_this_answer(ask, wire, tools_declared=bool(specs)))
    rendered = [
        _entry(message, ask, model.id, style, wire, cached=index in cached) for index, message in enumerate(messages)
    ]
    current = rendered.pop()
    if specs:
        current["userInputMessage"].setdefault("userInputMessageContext", {})["tools"] = specs
    body: Json = {
        "conversationState": {
            "conversationId": _conversation_id(ask),
            "chatTriggerType": "MANUAL",
            "currentMessage": current,
            "history": rendered,
        }
    }
    if fields:
        body["additionalModelRequestFields"] = fields
    if style.agent_mode != "none":
        body["conversationState"]["agentTaskType"] = _TASK_TYPES[style.agent_mode]
    repairs += [f"the tool {name!r} is sent as {short!r}" for name, short in wire.items() if name != short]
    demanding = frozenset(wire[tool.name] for tool in offered if schema.clean(tool.schema).get("required"))
    callable = {wire[tool.name]: tool.name for tool in offered}
    return Request(body, callable, tuple(repairs), bool(tags), demanding, ask.all_calls)


def _offered(ask: Ask) -> tuple[Tool, ...]:
    """The tools that the answer may call; of two with one name the first counts."""
    distinct = tuple({tool.name: tool for tool in reversed(ask.tools)}.values())[::-1]
    match ask.choice:
        case "none":
            return ()
        case NamedTool(name):
            return tuple(tool for tool in distinct if tool.name == name)
    return distinct


def _specifications(
    ask: Ask, offered: Iterable[Tool], called: Iterable[str], wire: Mapping[str, str], repairs: list[str]
) -> tuple[list[Json], list[str]]:
    """The tools on offer and every tool that the history calls: the backend refuses a history that calls unknown tools."""
    known = {tool.name: tool for tool in reversed(ask.tools)}
    listed = {tool.name: tool for tool in offered}
    specs, overflow = [], []
    for name in dict.fromkeys([*listed, *called]):
        tool = known.get(name)
        if tool is None:
            repairs.append(f"the tool {name!r} of the history was declared")
            specs.append(_stub(wire[name]))
            continue
        description, rest = _description(tool, wire[name])
        if rest:
            overflow.append(rest)
            repairs.append(f"the end of the description of {name!r} was moved to the system text")
        specs.append(_specification(wire[name], description, schema.clean(tool.schema)))
    return specs, overflow


def _description(tool: Tool, wire_name: str) -> tuple[str, str]:
    text = tool.description.strip() or f"The tool {tool.name[:200]}"
    if len(text) <= _DESCRIPTION:
        return text, ""
    head = f"{text[:_DESCRIPTION]} (continued in the instructions, under: Tool {wire_name})"
    return head, f"Tool {wire_name} (continued)\n{text[_DESCRIPTION:]}"


def _specification(name: str, description: str, arguments: Json) -> Json:
    return {"toolSpecification": {"name": name, "description": description, "inputSchema": {"json": arguments}}}


def _stub(name: str) -> Json:
    return _specification(name, "Tool used in conversation history", {"type": "object", "properties": {}})


def _entry(message: Message, ask: Ask, model_id: str, style: Style, wire: Mapping[str, str], *, cached: bool) -> Json:
    cache_point: Json = {"cachePoint": {"type": "default"}} if cached else {}
    if message.role == "user":
        return {"userInputMessage": _user_message(message, model_id, style) | cache_point}
    answer: Json = {"content": message.text} | cache_point
    if message.reasoning and ask.thinking.on is not False:
        answer["reasoningContent"] = _reasoning(message.reasoning[-1])  # a message has room for one
    if message.calls:
        answer["toolUses"] = [
            {"toolUseId": call_id, "name": wire[call.name], "input": _arguments(call)}
            for call_id, call in message.calls
        ]
    return {"assistantResponseMessage": answer}


def _reasoning(reasoning: Reasoning) -> Json:
    if reasoning.redacted:
        return {"redactedContent": reasoning.redacted}
    return {"reasoningText": {"text": reasoning.text, "signature": reasoning.signature}}


def _answer(entry: Json) -> Json:
    answer: Json = entry.get("assistantResponseMessage", {})
    return answer


def _user_message(message: Message, model_id: str, style: Style) -> Json:
    entry: Json = {"content": message.text, "modelId": model_id, "origin": style.origin}
    if message.images:
        entry["images"] = [{"format": image.format, "source": {"bytes": image.data}} for image in message.images]
    if message.results:
        entry["userInputMessageContext"] = {
            "toolResults": [
                {
                    "toolUseId": result.call_id,
                    "status": "error" if result.is_error else "success",
                    "content": [{"text": result.text}],
                }
                for result in message.results
            ]
        }
    return entry


def _arguments(call: ToolCall) -> Json:
    """The object the backend wants. Models write broken JSON now and then, and clients send it back: it stays readable."""
    if not call.arguments.strip():
        return {}
    try:
        value = jsonio.loads(call.arguments)
    except ValueError:
        return {"invalid_json": call.arguments}
    return value if isinstance(value, dict) else {"value": value}


def _prepend(message: Message, text: str) -> None:
    if text:
        message.texts.insert(0, text)


def _append(message: Message, text: str) -> None:
    if text:
        message.texts.append(text)


def _conversation_id(ask: Ask) -> str:
    """The same for every request of one conversation, as the client names it or else by how it starts.

    The backend is stateless, but a stable id keeps its prompt cache warm (protocol notes 7).
    """
    start = ask.conversation or jsonio.text(
        [ask.system, [repr(part)[:2000] for turn in ask.turns[:1] for part in turn.parts]]
    )
    return str(uuid.uuid5(_CONVERSATIONS, start))
