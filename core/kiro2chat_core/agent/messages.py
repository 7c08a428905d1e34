"""Strands' messages and our turns: one says what the other says. Pure; the forms are Bedrock's Converse (`strands.types`).

What the backend has sealed stays as it wrote it: there it is bytes, but whose base64 it is, is its own affair.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, cast, get_args

from .. import jsonio
from ..turns import Image, ImageFormat, Part, Reasoning, Role, Text, ToolCall, ToolResult, Turn

__all__ = [
    "Message",
    "arguments_of",
    "closed",
    "input_of",
    "message_of",
    "open_calls",
    "result_block",
    "result_of",
    "turn_of",
    "turns_of",
]

Message: TypeAlias = dict[str, Any]
"""`{"role": "user" or "assistant", "content": [blocks]}`."""

_FORMATS = frozenset(get_args(ImageFormat))


def turns_of(messages: Iterable[Mapping[str, Any]]) -> tuple[Turn, ...]:
    return tuple(turn_of(message) for message in messages)


def turn_of(message: Mapping[str, Any]) -> Turn:
    parts = [part for block in message["content"] for part in _parts(block)]
    return Turn(cast("Role", message["role"]), tuple(parts))


def message_of(turn: Turn) -> Message:
    return {"role": turn.role, "content": [_block(part) for part in turn.parts]}


def open_calls(turns: Iterable[Turn]) -> tuple[ToolCall, ...]:
    """Calls of the last turn, which nothing answers yet."""
    last = list(turns)[-1:]
    return tuple(part for turn in last if turn.role == "assistant" for part in turn.parts if isinstance(part, ToolCall))


def closed(turns: tuple[Turn, ...], done: Iterable[ToolResult], why: str) -> tuple[Turn, ...]:
    """The turns with an answer to every call of the last one: the results there are, and an error for the others."""
    results = {result.call_id: result for result in done}
    missing = [results.get(call.id) or ToolResult(call.id, (Text(why),), is_error=True) for call in open_calls(turns)]
    return (*turns, Turn("user", tuple(missing))) if missing else turns


def _parts(block: Mapping[str, Any]) -> Iterator[Part]:
    if "text" in block:
        yield Text(block["text"])
    elif "image" in block:
        yield _image(block["image"])
    elif "toolUse" in block:
        use = block["toolUse"]
        input = use["input"]
        yield ToolCall(use["toolUseId"], use["name"], input if isinstance(input, str) else jsonio.text(input))
    elif "toolResult" in block:
        yield result_of(block["toolResult"])
    elif "reasoningContent" in block:
        reasoning = block["reasoningContent"]
        if "redactedContent" in reasoning:
            yield Reasoning("", redacted=reasoning["redactedContent"].decode())
        elif "reasoningText" in reasoning:
            said = reasoning["reasoningText"]
            yield Reasoning(said.get("text", ""), said.get("signature") or "")


def input_of(text: str) -> dict[str, Any] | str:
    """A call's arguments as Strands' messages hold them: an object, or as the model wrote them where they are none."""
    try:
        value = jsonio.loads(text)
    except ValueError:
        return text
    return value if isinstance(value, dict) else text


def arguments_of(text: str) -> dict[str, Any]:
    """The object that a call's arguments are. Models write broken JSON now and then, and clients send it back: it stays
    readable."""
    try:
        value = jsonio.loads(text) if text.strip() else {}
    except ValueError:
        return {"invalid_json": text}
    return value if isinstance(value, dict) else {"value": value}


def result_of(result: Mapping[str, Any]) -> ToolResult:
    content: list[Text | Image] = []
    for block in result["content"]:
        if "text" in block:
            content.append(Text(block["text"]))
        elif "json" in block:
            content.append(Text(jsonio.text(block["json"])))
        elif "image" in block:
            content.append(_image(block["image"]))
    return ToolResult(result["toolUseId"], tuple(content), result.get("status") == "error")


def _image(image: Mapping[str, Any]) -> Image:
    format = image["format"] if image["format"] in _FORMATS else "png"
    return Image(cast("ImageFormat", format), base64.b64encode(image["source"]["bytes"]).decode())


def result_block(result: ToolResult) -> dict[str, Any]:
    """Strands' form of a tool result, without its wrapper."""
    content = [_block(part) for part in result.content] or [{"text": ""}]
    return {"toolUseId": result.call_id, "status": "error" if result.is_error else "success", "content": content}


def _block(part: Part) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"text": text}
        case Image(format, data):
            return {"image": {"format": format, "source": {"bytes": base64.b64decode(data)}}}
        case Reasoning(redacted=redacted) if redacted:
            return {"reasoningContent": {"redactedContent": redacted.encode()}}
        case Reasoning(text, signature):
            said = {"text": text} | ({"signature": signature} if signature else {})
            return {"reasoningContent": {"reasoningText": said}}
        case ToolCall(id, name, arguments):
            return {"toolUse": {"toolUseId": id, "name": name, "input": arguments_of(arguments)}}
        case ToolResult():
            return {"toolResult": result_block(part)}
    raise TypeError(f"{type(part).__name__} is not resolved: the gateway does that")
