"""One JSON value out of an answer that may wrap it in words or a code fence, while it streams.

The backend has no JSON mode. The model is told to answer with JSON alone, and mostly does; what it puts around the value is
taken off here, so that the client's parser sees the value and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable

from .turns import Ended, Event, JsonAnswer, TextDelta

__all__ = ["OneJson"]


class OneJson:
    """Passes the first JSON object or array of the text and drops what stands around it.

    Words before it are held back until one begins; an answer without any is passed as it came, for the client to see.
    """

    def __init__(self, answer: JsonAnswer) -> None:
        # Words may hold brackets ("as in [1]"), so an array is only looked for where one is asked for.
        self._opening = "[" if (answer.schema or {}).get("type") == "array" else "{"
        self._before = ""
        self._depth = 0
        self._in_string = False
        self._escaped = False
        self._found = False
        self._complete = False

    def feed(self, events: Iterable[Event]) -> list[Event]:
        passed: list[Event] = []
        for event in events:
            match event:
                case TextDelta(text):
                    kept = self._take(text)
                    if kept:
                        passed.append(TextDelta(kept))
                case Ended():
                    if not self._found and self._before:
                        passed.append(TextDelta(self._before))
                    passed.append(event)
                case _:
                    passed.append(event)
        return passed

    def _take(self, text: str) -> str:
        if self._complete:
            return ""
        if not self._found:
            start = text.find(self._opening)
            if start < 0:
                self._before += text
                return ""
            self._found, text = True, text[start:]
        for index, character in enumerate(text):
            if self._step(character):
                self._complete = True
                return text[: index + 1]
        return text

    def _step(self, character: str) -> bool:
        """Follow the nesting; whether this character closes the value."""
        if self._in_string:
            if self._escaped:
                self._escaped = False
            elif character == "\\":
                self._escaped = True
            elif character == '"':
                self._in_string = False
        elif character == '"':
            self._in_string = True
        elif character in "{[":
            self._depth += 1
        elif character in "}]":
            self._depth -= 1
            return self._depth == 0
        return False
