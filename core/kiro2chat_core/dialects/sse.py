"""Server-sent events as bytes."""

from __future__ import annotations

from .. import jsonio

__all__ = ["COMMENT", "DONE", "data"]

COMMENT = b": keep-alive\n\n"
"""A line that clients skip; it tells proxies and clients that the connection lives."""

DONE = b"data: [DONE]\n\n"


def data(value: object) -> bytes:
    """One event without a name, holding JSON."""
    return b"data: " + jsonio.dumps(value) + b"\n\n"
