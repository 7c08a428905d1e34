"""`kiro2chat explain`: what a request would become, without sending it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from kiro2chat_core import jsonio
from kiro2chat_core.dialects import anthropic_request, openai_chat, responses_request
from kiro2chat_core.errors import BadRequest
from kiro2chat_core.gateway import Gateway
from kiro2chat_core.settings import Settings
from kiro2chat_core.turns import Ask

from .answering import explanation

__all__ = ["DIALECTS", "explained", "guessed", "read_body"]


class Wanted(Protocol):
    """What every dialect reads a body into."""

    @property
    def ask(self) -> Ask: ...
    @property
    def ignored(self) -> tuple[str, ...]: ...


DIALECTS: Mapping[str, Callable[[object], Wanted]] = {
    "chat": openai_chat.read,
    "messages": anthropic_request.read,
    "responses": responses_request.read,
}


def read_body(name: str) -> Any:
    """The JSON of a file, or of standard input for "-".

    Raises:
        BadRequest: it cannot be read; names it.
    """
    try:
        return jsonio.loads(sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes())
    except OSError as refused:
        raise BadRequest(f"{name} cannot be read ({refused.strerror or refused}).") from None
    except ValueError as bad:
        raise BadRequest(f"{name} is not valid JSON: {bad}.") from None


def guessed(body: object) -> str:
    """The dialect of a body, by what only one of them has."""
    if not isinstance(body, dict):
        return "chat"
    if "messages" not in body:
        return "responses" if "input" in body else "chat"
    tools = body.get("tools")
    has_schema = isinstance(tools, list) and any(isinstance(tool, dict) and "input_schema" in tool for tool in tools)
    anthropic = {"system", "stop_sequences", "thinking", "anthropic_version", "top_k"} & body.keys()
    return "messages" if anthropic or has_schema or _has_anthropic_blocks(body["messages"]) else "chat"


def _has_anthropic_blocks(messages: object) -> bool:
    listed = messages if isinstance(messages, list) else []
    contents = [message.get("content") for message in listed if isinstance(message, dict)]
    blocks = [
        block for content in contents if isinstance(content, list) for block in content if isinstance(block, dict)
    ]
    kinds = {"tool_use", "tool_result", "image", "document", "thinking", "redacted_thinking"}
    return any(block.get("type") in kinds for block in blocks)


async def explained(settings: Settings, body: object, dialect: str) -> dict[str, Any]:
    """Dialect, model, repairs and body. Without a login the body lacks `profileArn`.

    Raises:
        Kiro2ChatError: the request would be refused.
    """
    wanted = DIALECTS[dialect](body)
    gateway = Gateway(settings)
    try:
        return {"dialect": dialect} | await explanation(gateway, wanted.ask, wanted.ignored)
    finally:
        await gateway.aclose()
