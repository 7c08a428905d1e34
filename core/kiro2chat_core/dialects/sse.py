"""Server-sent events as bytes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .. import jsonio

__all__ = ["COMMENT", "DONE", "data", "event"]

COMMENT = b": keep-alive\n\n"
"""A line that clients skip; it tells proxies and clients that the connection lives."""

DONE = b"data: [DONE]\n\n"


def data(value: object) -> bytes:
    """One event without a name, holding JSON."""
    return b"data: " + jsonio.dumps(value) + b"\n\n"


def event(value: Mapping[str, Any]) -> bytes:
    """One event named by its own `type`, as Anthropic's and OpenAI's newer streams have it."""
    name: str = value["type"]
    return b"event: " + name.encode() + b"\n" + data(value)
