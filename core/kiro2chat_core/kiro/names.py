"""Names the backend takes in place of the client's: tools (reversible) and tool calls (unique over the conversation)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping

from . import rules

__all__ = ["CallIds", "tool_names"]

_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]+")
_LEGAL_ID = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_STEM = 52  # with "_" and 8 hexadecimal digits well below the 64 of protocol notes 3.4


def tool_names(names: Iterable[str]) -> Mapping[str, str]:
    """The client's name → the name on the wire, for each distinct name; legal names stay as they are.

    A name too long or with illegal characters gets a readable stem and a hash of the whole, so that it is the same in every
    request and no two collide. MCP tools with long names are the common case: a refusal is hated, a hash liked
    (hnewcity/KiroaaS#23).
    """
    distinct = list(dict.fromkeys(names))
    wire = {name: name for name in distinct if rules.TOOL_NAME.fullmatch(name)}
    taken = set(wire)
    for name in distinct:
        if name not in wire:
            wire[name] = _shortened(name, taken)
            taken.add(wire[name])
    return wire


def _shortened(name: str, taken: set[str]) -> str:
    stem = _ILLEGAL.sub("_", name)[:_STEM].strip("_") or "tool"
    salt = ""
    while True:
        digest = hashlib.sha256(f"{name}{salt}".encode(errors="replace")).hexdigest()
        candidate = f"{stem}_{digest[:8]}"
        if candidate not in taken:
            return candidate
        salt += "+"


class CallIds:
    """Ids of tool calls, each used once: clients repeat ids over turns, the backend refuses that (protocol notes 3.4)."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self._uses: dict[str, int] = {}

    def fresh(self, client_id: str) -> str:
        """The client's own id where it is legal and new, else one made from it, the same in every request."""
        candidate, uses = client_id, self._uses.get(client_id, 0)
        while candidate in self._taken or not _LEGAL_ID.fullmatch(candidate):
            digest = hashlib.sha256(f"{client_id}#{uses}".encode(errors="replace")).hexdigest()
            candidate, uses = f"tooluse_{digest[:22]}", uses + 1
        self._taken.add(candidate)
        self._uses[client_id] = uses
        return candidate
