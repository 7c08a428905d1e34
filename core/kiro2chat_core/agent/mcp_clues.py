"""What a server lets slip besides its answers: stderr, stray lines, HTTP statuses. Errors are explained with it."""

from __future__ import annotations

from collections.abc import Callable

__all__ = ["Clues"]

_KEPT = 8192
"""Bytes of stderr that are kept: a traceback's end is in its last lines."""
_SHOWN_LINES = 12
_SHOWN = 200
"""Characters of a line that is shown."""


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
            self._no_messages.append(line[:_SHOWN].decode(errors="replace").strip())

    def explain(self, what: str) -> str:
        """The error in one text: what happened, and below it what the server itself said."""
        told = [what]
        if self.ending and self.ending not in what:
            told.append(f"{self.ending[0].upper()}{self.ending[1:]}.")
        if self.status:
            told.append(f"The last refusal was HTTP {self.status}.")
        if self._no_messages:
            lines = " | ".join(self._no_messages)
            told.append(f"It wrote to stdout what is no message of the protocol: {lines}")
        last = [line.rstrip()[:_SHOWN] for line in self._stderr.decode(errors="replace").splitlines() if line.strip()]
        if last:
            told.append("The last lines of its stderr:\n" + "\n".join(last[-_SHOWN_LINES:]))
        return self._masked("\n".join(told))
