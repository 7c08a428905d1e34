"""What the backend does not enforce and we do: `max_tokens` and stop sequences, over the events of an answer."""

from __future__ import annotations

from collections.abc import Iterable

from . import tokenizer
from .counting import Counter
from .turns import CallBegan, CallDelta, CallEnded, Ended, EndReason, Event, Limits, ReasoningDelta, TextDelta

__all__ = ["Cutter"]

_TOKENS_OF_A_BYTE = 11
"""At most, outside ASCII: normalising makes a text so much longer (U+FDFA does), and a token has at least one byte."""


class Cutter:
    """Passes events on until a limit is met, then ends the answer; `done` says that nothing more will come.

    Text that may be the beginning of a stop sequence is held back until that is known. A call is held back until it has
    ended; one that would pass the limit is withheld whole. `one_call` ends the answer with its first tool call.
    Tokens are counted only once there could be as many as the limit allows.
    """

    def __init__(self, limits: Limits, *, one_call: bool = False) -> None:
        self.done = False
        self._one_call = one_call
        self._stops = tuple(stop for stop in limits.stop if stop)
        self._max_tokens = limits.max_tokens
        self._unseen: list[str] = []
        self._at_most = 0
        self._before = 0
        self._counter: Counter | None = None
        self._held = ""
        self._calls: dict[str, list[Event]] = {}

    def feed(self, events: Iterable[Event]) -> list[Event]:
        passed: list[Event] = []
        for event in events:
            if self.done:
                break
            match event:
                case TextDelta(text) if self._stops:
                    self._text(text, passed)
                case TextDelta(text):
                    self._pass(event, text, passed)
                case ReasoningDelta(text=text) if text:
                    self._pass(event, text, passed)
                case CallBegan(call_id):
                    self._flush(passed)
                    self._calls[call_id] = [event]
                case CallDelta(call_id, json):
                    self._call(event, call_id, json, passed)
                case CallEnded(call_id):
                    passed += [*self._calls.pop(call_id, ()), event]
                    if self._one_call:
                        self._end(passed, "tool_use")
                case Ended():
                    self._flush(passed)
                    if not self.done:
                        passed.append(event)
                        self.done = True
                case _:
                    passed.append(event)
        return passed

    def _text(self, text: str, passed: list[Event]) -> None:
        text = self._held + text
        found = [(at, stop) for stop in self._stops if (at := text.find(stop)) >= 0]
        if found:
            # The one that is complete first, as if the text had come letter by letter; of several, the longest.
            at, stop = min(found, key=lambda hit: (hit[0] + len(hit[1]), hit[0]))
            self._held = ""
            self._pass(TextDelta(text[:at]), text[:at], passed)
            if not self.done:
                self._end(passed, "stop_sequence", stop)
            return
        keep = self._possible_start(text)
        self._held = text[len(text) - keep :]
        self._pass(TextDelta(text[: len(text) - keep]), text[: len(text) - keep], passed)

    def _possible_start(self, text: str) -> int:
        """How many of the last characters may be the beginning of a stop sequence."""
        longest = min(len(text), max(len(stop) for stop in self._stops) - 1)
        for size in range(longest, 0, -1):
            if any(stop.startswith(text[-size:]) for stop in self._stops):
                return size
        return 0

    def _flush(self, passed: list[Event]) -> None:
        held, self._held = self._held, ""
        self._pass(TextDelta(held), held, passed)

    def _pass(self, event: Event, text: str, passed: list[Event]) -> None:
        if not text or self.done:
            return
        if not self._over(text):
            passed.append(event)
            return
        room = tokenizer.beginning(text, max(0, (self._max_tokens or 0) - self._before))
        if room:
            passed.append(ReasoningDelta(room) if isinstance(event, ReasoningDelta) else TextDelta(room))
        self._end(passed, "max_tokens")

    def _over(self, text: str) -> bool:
        """Take a piece into account; whether the limit is passed with it."""
        if self._max_tokens is None:
            return False
        self._at_most += len(text) if text.isascii() else _TOKENS_OF_A_BYTE * len(text.encode(errors="replace"))
        if self._counter is None and self._at_most <= self._max_tokens:
            self._unseen.append(text)
            return False
        if self._counter is None:
            self._counter = Counter()
            self._counter.add("".join(self._unseen))
        self._before = self._counter.total
        self._counter.add(text)
        return self._counter.total > self._max_tokens

    def _call(self, event: Event, call_id: str, json: str, passed: list[Event]) -> None:
        if self._over(json):
            self._end(passed, "max_tokens")
            return
        self._calls.setdefault(call_id, []).append(event)

    def _end(self, passed: list[Event], reason: EndReason, stop: str = "") -> None:
        passed.append(Ended(reason, stop))
        self.done = True
