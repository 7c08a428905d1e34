"""Names by which models know the tools of MCP servers: legal, unique, the server's own wherever that is possible."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping

__all__ = ["names"]

_ILLEGAL = re.compile(r"[^a-zA-Z0-9_-]+")
_LEGAL = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_STEM = 55  # with "_" and 8 hexadecimal digits: 64


def names(tools: Iterable[tuple[str, str]], reserved: Collection[str] = ()) -> Mapping[tuple[str, str], str]:
    """(server, tool) → the name for the model: the way back is the table itself.

    A tool that only one server has, and that is not reserved, keeps its name; else all that share it get their server's
    before it, whichever was there first: so the names do not depend on the order in which servers start. What is not
    legal, or taken all the same, gets a hash. Names that differ in `-` and `_` only are one: Strands takes them so.
    """
    pairs = list(dict.fromkeys(tools))
    taken = set(map(_same, reserved))
    shared = Counter(_same(tool) for _server, tool in pairs)
    own = {pair for pair in pairs if shared[_same(pair[1])] == 1 and _same(pair[1]) not in taken}
    wished = {pair: pair[1] if pair in own else "__".join(pair) for pair in pairs}
    given: dict[tuple[str, str], str] = {}
    for pair in sorted(pairs, key=lambda pair: (wished[pair] != pair[1], pair)):  # own names first
        name = wished[pair]
        while _same(name) in taken or not _LEGAL.fullmatch(name):
            stem = _ILLEGAL.sub("_", wished[pair])[:_STEM].strip("_") or "tool"
            digest = hashlib.sha256("\0".join((*pair, name)).encode(errors="replace")).hexdigest()
            name = f"{stem}_{digest[:8]}"
        given[pair] = name
        taken.add(_same(name))
    return given


def _same(name: str) -> str:
    return name.replace("-", "_")
