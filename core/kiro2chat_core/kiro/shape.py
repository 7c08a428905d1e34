"""The shape of a request body: which members are there and of which type (protocol notes 3.3)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, TypeAlias

__all__ = ["flaws"]

Flaws: TypeAlias = Iterator[tuple[str, str]]
"""(path of the member, what is wrong with it)"""


_MEMBERS: dict[str, type] = {
    "modelId": str, "origin": str, "images": list, "userInputMessageContext": dict,
    "messageId": str, "toolUses": list, "reasoningContent": dict, "cachePoint": dict,
}  # fmt: skip
"""Of both kinds of message: a member in the wrong kind is looked at as well, so it must be of the right type."""


def flaws(body: object) -> Flaws:
    """Every member that is missing or of a wrong type, outside in; none where the rules can look further."""
    if not isinstance(body, dict):
        yield ("", "the body is not an object")
        return
    yield from _typed(body, "", {"profileArn": str, "agentMode": str, "additionalModelRequestFields": dict})
    state = body.get("conversationState")
    if not isinstance(state, dict):
        yield ("conversationState", "is missing or not an object")
        return
    path = "conversationState"
    yield from _typed(state, path, {"conversationId": str, "agentTaskType": str, "agentContinuationId": str,
                                    "history": list})  # fmt: skip
    if not isinstance(state.get("chatTriggerType"), str):
        yield (f"{path}.chatTriggerType", "is missing or not a string")
    current = state.get("currentMessage")
    if not isinstance(current, dict) or set(current) != {"userInputMessage"}:
        yield (f"{path}.currentMessage", "must hold exactly one userInputMessage")
    else:
        yield from _entry_shape(current, f"{path}.currentMessage")
    history = state.get("history")
    for index, entry in enumerate(history if isinstance(history, list) else []):
        yield from _entry_shape(entry, f"{path}.history[{index}]")


def _entry_shape(entry: object, path: str) -> Flaws:
    if not isinstance(entry, dict) or len(entry) != 1:
        yield (path, "must hold exactly one message")
        return
    name, message = next(iter(entry.items()))
    path = f"{path}.{name}"
    if name not in ("userInputMessage", "assistantResponseMessage") or not isinstance(message, dict):
        yield (path, "is no message")
        return
    if not isinstance(message.get("content"), str):
        yield (f"{path}.content", "is missing or not a string")
    yield from _typed(message, path, _MEMBERS)
    if message.get("cachePoint") not in (None, {"type": "default"}):
        yield (f"{path}.cachePoint", "must hold the type default")
    yield from _reasoning_shape(message.get("reasoningContent"), f"{path}.reasoningContent")
    for index, use in enumerate(_list(message.get("toolUses"))):
        yield from _object(use, f"{path}.toolUses[{index}]", {"toolUseId": str, "name": str, "input": dict})
    context = message.get("userInputMessageContext")
    if isinstance(context, dict):
        yield from _context_shape(context, f"{path}.userInputMessageContext")


def _reasoning_shape(reasoning: object, path: str) -> Flaws:
    """Text with its signature one level down, or redacted; the flat form is refused (TsinHzl/kiro2cc-proxy#12)."""
    if not isinstance(reasoning, dict):
        return
    if set(reasoning) == {"reasoningText"}:
        yield from _object(reasoning["reasoningText"], f"{path}.reasoningText", {"text": str, "signature": str})
    elif set(reasoning) != {"redactedContent"} or not isinstance(reasoning["redactedContent"], str):
        yield (path, "must be one reasoningText or redactedContent")


def _context_shape(context: dict[str, Any], path: str) -> Flaws:
    yield from _typed(context, path, {"tools": list, "toolResults": list, "envState": dict})
    for index, result in enumerate(_list(context.get("toolResults"))):
        place = f"{path}.toolResults[{index}]"
        yield from _object(result, place, {"toolUseId": str, "content": list, "status": str})
        for at, block in enumerate(_list(result.get("content")) if isinstance(result, dict) else []):
            good = isinstance(block, dict) and len(block) == 1
            if not (good and (isinstance(block.get("text"), str) or "json" in block)):
                yield (f"{place}.content[{at}]", "must be one text or json")
    for index, tool in enumerate(_list(context.get("tools"))):
        place = f"{path}.tools[{index}]"
        if isinstance(tool, dict) and set(tool) == {"cachePoint"}:
            continue
        if not isinstance(tool, dict) or set(tool) != {"toolSpecification"}:
            yield (place, "must be one toolSpecification")
            continue
        place += ".toolSpecification"
        spec = tool["toolSpecification"]
        yield from _object(spec, place, {"name": str, "inputSchema": dict})
        if isinstance(spec, dict) and isinstance(spec.get("inputSchema"), dict):
            yield from _object(spec["inputSchema"], f"{place}.inputSchema", {"json": dict})


def _typed(value: dict[str, Any], path: str, members: dict[str, type]) -> Flaws:
    for name, kind in members.items():
        if value.get(name) is not None and not isinstance(value[name], kind):
            yield (f"{path}.{name}".lstrip("."), f"is not a {kind.__name__}")


def _object(value: object, path: str, members: dict[str, type]) -> Flaws:
    if not isinstance(value, dict):
        yield (path, "is not an object")
        return
    for name, kind in members.items():
        if not isinstance(value.get(name), kind):
            yield (f"{path}.{name}", f"is missing or not a {kind.__name__}")


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []
