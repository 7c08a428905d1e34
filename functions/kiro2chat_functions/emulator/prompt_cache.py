"""The backend's prompt cache: what a cache point marked is kept, and a later request that begins the same reads it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from kiro2chat_core import jsonio

from .conversation import BYTES_PER_TOKEN, Conversation

__all__ = ["Cached", "PromptCache"]


@dataclass(frozen=True, slots=True)
class Cached:
    """Input tokens that were read from the cache, and that were written to it."""

    read: int = 0
    written: int = 0


class PromptCache:
    """Remembers the beginnings of requests for as long as the emulator runs."""

    def __init__(self) -> None:
        self._kept: set[bytes] = set()

    def take(self, conversation: Conversation) -> Cached:
        """What a request reads and writes; what it marks is kept."""
        read = written = 0
        for digest, tokens, marked in _beginnings(conversation):
            if digest in self._kept:
                read = tokens
            elif marked:
                self._kept.add(digest)
                written = tokens
        return Cached(read, max(0, written - read))


def _beginnings(conversation: Conversation) -> Iterator[tuple[bytes, int, bool]]:
    """For each message: a digest of all up to it, its tokens, and whether a cache point ends it."""
    digest, size = hashlib.sha256(jsonio.dumps(sorted(conversation.tools))), 0
    for entry in (*conversation.history, {"userInputMessage": conversation.current}):
        message: Mapping[str, Any] = next(iter(entry.values()))
        said = jsonio.dumps({name: value for name, value in message.items() if name in ("content", "toolUses")})
        digest.update(said)
        size += len(said)
        yield digest.digest(), int(size / BYTES_PER_TOKEN), "cachePoint" in message
