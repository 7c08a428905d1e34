"""Thoughts in tags at the start of an answer → reasoning (protocol notes 7).

Models that are told to think with tags in the prompt write `<thinking>…</thinking>` before their answer, as text, and in pieces
that split the tags anywhere. Tags elsewhere, in quotes or in code are what they are.
"""

from __future__ import annotations

from ..turns import ReasoningDelta, TextDelta

__all__ = ["Thoughts"]

_OPENINGS = ("<thinking>", "<think>", "<reasoning>", "<thought>")
_QUOTES = "`\"'"
_LOOKAHEAD = 2  # characters after a closing tag: a quote, or a blank line


class Thoughts:
    """Feed it the text of one answer in order; `finish()` when something else than text comes, or at the end."""

    def __init__(self) -> None:
        self._held = ""
        self._close = ""
        self._inside: list[str] = []
        self._state = self._before

    def feed(self, text: str) -> list[TextDelta | ReasoningDelta]:
        self._held += text
        return self._state(final=False)

    def finish(self) -> list[TextDelta | ReasoningDelta]:
        """What was held back. Thoughts that were never closed remain thoughts; what follows is text."""
        events = self._state(final=True)
        self._state = self._after
        return events

    def _before(self, *, final: bool) -> list[TextDelta | ReasoningDelta]:
        start = self._held.lstrip()
        opening = next((tag for tag in _OPENINGS if start.startswith(tag)), None)
        if opening is not None:
            self._held, self._close = start[len(opening) :], f"</{opening[1:]}"
            self._state = self._opened
            return self._opened(final=final)
        if not final and any(tag.startswith(start) for tag in _OPENINGS):
            return []
        self._state = self._after
        return self._after(final=final)

    def _opened(self, *, final: bool) -> list[TextDelta | ReasoningDelta]:
        if not self._held:
            return []
        self._held = self._held.removeprefix("\n")
        self._state = self._thinking
        return self._thinking(final=final)

    def _thinking(self, *, final: bool) -> list[TextDelta | ReasoningDelta]:
        events: list[TextDelta | ReasoningDelta] = []
        while (at := self._held.find(self._close)) >= 0:
            after = self._held[at + len(self._close) :]
            if len(after) < _LOOKAHEAD and not final:
                return events + self._think(max(0, at - 1))
            if self._closes(at, after, final=final):
                events += self._think(at)
                self._held = after
                self._state = self._between
                return events + self._between(final=final)
            events += self._think(at + len(self._close))
        # A tag may have begun, and what stands before it decides whether it is one.
        return events + self._think(len(self._held) if final else max(0, len(self._held) - len(self._close)))

    def _closes(self, at: int, after: str, *, final: bool) -> bool:
        """Whether the closing tag there is meant, and not spoken of."""
        if at > 0 and self._held[at - 1] in _QUOTES and after[:1] == self._held[at - 1]:
            return False
        in_code = ("".join(self._inside) + self._held[:at]).count("```") % 2
        return not in_code or after.startswith("\n\n") or (final and not after.strip())

    def _think(self, size: int) -> list[TextDelta | ReasoningDelta]:
        text, self._held = self._held[:size], self._held[size:]
        self._inside.append(text)
        return [ReasoningDelta(text)] if text else []

    def _between(self, *, final: bool) -> list[TextDelta | ReasoningDelta]:
        """The empty lines between the thoughts and the answer belong to neither."""
        self._held = self._held.lstrip("\n")
        if self._held:
            self._state = self._after
        return self._after(final=final) if self._held else []

    def _after(self, *, final: bool) -> list[TextDelta | ReasoningDelta]:
        text, self._held = self._held, ""
        return [TextDelta(text)] if text else []
