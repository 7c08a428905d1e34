"""What a server lets slip besides its answers: stderr, stray lines, HTTP statuses. Errors are explained with it."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass

__all__ = ["ANSWER", "Answer", "Clues"]

_KEPT = 16_384
"""Bytes of stderr that are kept: a traceback's end is in its last lines."""
_TOLD = 8192
"""Characters of them that may be shown. Half a secret, which nobody knows for one, can only stand where they were cut."""
_SHOWN_LINES = 12
_SHOWN = 200
"""Characters of a line that is shown."""


@dataclass(slots=True)
class Answer:
    """How HTTP answered one call: its refusal, such as `429 Too Many Requests`, or ""."""

    status: str = ""


ANSWER: ContextVar[Answer | None] = ContextVar("ANSWER", default=None)
"""That of the call which is under way: what sends it inherits it."""


class Clues:
    """Collected while a server lives; `masked` takes secrets out of everything that is shown."""

    def __init__(self, masked: Callable[[str], str]) -> None:
        self._masked = masked
        self._stderr = bytearray()
        self._no_messages: list[str] = []
        self.ending = ""
        """How the process ended, such as `it ended with status 3`."""
        self.left_out: list[str] = []
        """Sentences about tools that cannot be offered."""
        self.status = ""
        """The last refusal by HTTP, such as `401 Unauthorized`."""

    def stderr(self, data: bytes) -> None:
        self._stderr += data[-_KEPT:]
        del self._stderr[:-_KEPT]

    def no_message(self, line: bytes) -> None:
        """A line of stdout that is none of the protocol's."""
        if len(self._no_messages) < 3:
            self._no_messages.append(line[:_KEPT].decode(errors="replace").strip())

    def explain(self, what: str) -> str:
        """The error in one text: what happened, and below it what the server itself said."""
        told = [what]
        if self.ending and self.ending not in what:
            told.append(f"{self.ending[0].upper()}{self.ending[1:]}.")
        if self.status:
            told.append(f"The last refusal was HTTP {self.status}.")
        if self._no_messages:
            lines = " | ".join(self._masked(line)[:_SHOWN] for line in self._no_messages)
            told.append(f"It wrote to stdout what is no message of the protocol: {lines}")
        said = self._masked(self._stderr.decode(errors="replace"))[-_TOLD:]
        last = [line.rstrip()[:_SHOWN] for line in said.splitlines() if line.strip()]
        if last:
            told.append("The last lines of its stderr:\n" + "\n".join(last[-_SHOWN_LINES:]))
        return self._masked("\n".join(told))
