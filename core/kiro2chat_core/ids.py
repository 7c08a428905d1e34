"""Ids of requests and answers: opaque to clients, while here they tell when they were made, so that a record is found by its
id without an index that every request would have to write."""

from __future__ import annotations

import re
import secrets
import time

__all__ = ["made_at", "new_id"]

_OURS = re.compile(r"[a-z]+[-_]([0-9a-f]{12})[0-9a-f]{20}")


def new_id(prefix: str) -> str:
    """12 hex digits of milliseconds since 1970, and 80 bits of chance (as in a UUID of version 7)."""
    return f"{prefix}{int(time.time() * 1000):012x}{secrets.token_hex(10)}"


def made_at(id: str) -> float | None:
    """Seconds since 1970, as far as it is an id of ours. Whoever sends it may have made it up."""
    found = _OURS.fullmatch(id)
    return int(found[1], 16) / 1000 if found else None
