"""Turns as JSON and back: how sessions are kept, read and exported. Nothing is lost, images and signatures included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..turns import Image, Part, Reasoning, Text, ToolCall, ToolResult, Turn

__all__ = ["from_json", "to_json"]


def to_json(turn: Turn) -> dict[str, Any]:
    """`{"role", "parts": [{"type": "text" | "reasoning" | "image" | "tool_call" | "tool_result", …}]}`."""
    return {"role": turn.role, "parts": [_part(part) for part in turn.parts]}


def from_json(value: Mapping[str, Any]) -> Turn:
    """What `to_json` wrote.

    Raises:
        KeyError, TypeError: it did not.
    """
    return Turn(value["role"], tuple(_of(part) for part in value["parts"]))


def _part(part: Part) -> dict[str, Any]:
    match part:
        case Text(text):
            return {"type": "text", "text": text}
        case Reasoning(text, signature, redacted):
            return {"type": "reasoning", "text": text, "signature": signature, "redacted": redacted}
        case Image(format, data):
            return {"type": "image", "format": format, "data": data}
        case ToolCall(id, name, arguments):
            return {"type": "tool_call", "id": id, "name": name, "arguments": arguments}
        case ToolResult(call_id, content, is_error):
            parts = [_part(each) for each in content]
            return {"type": "tool_result", "id": call_id, "content": parts, "is_error": is_error}
    raise TypeError(f"{type(part).__name__} is not resolved: the gateway does that")


def _of(value: Mapping[str, Any]) -> Part:
    match value["type"]:
        case "text":
            return Text(value["text"])
        case "reasoning":
            return Reasoning(value["text"], value["signature"], value["redacted"])
        case "image":
            return Image(value["format"], value["data"])
        case "tool_call":
            return ToolCall(value["id"], value["name"], value["arguments"])
        case "tool_result":
            content: Any = tuple(_of(each) for each in value["content"])
            return ToolResult(value["id"], content, value["is_error"])
    raise TypeError(f"{value['type']!r} is no part of a turn")
