"""What is done to the events of an answer on the way out: thoughts hidden, one JSON value, limits, counts."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from .counting import Meter
from .cutting import Cutter
from .onejson import OneJson
from .turns import Ask, Began, Counted, Ended, Event, ReasoningDelta, Usage

__all__ = ["Finishing"]


class Finishing:
    """Feed it batches in order. Every answer ends with one Ended, and just before it comes one Counted.

    `input_tokens` is our estimate; set it before the first batch. `credits` is what the answer cost, where that is known.
    `usage` is there once the answer has been counted.
    """

    def __init__(self, ask: Ask) -> None:
        self.input_tokens = 0
        self.credits: float | None = None
        self.outcome = "broken off"
        self.usage: Usage | None = None
        self._json = OneJson(ask.answer) if ask.answer is not None else None
        self._cutter = Cutter(ask.limits, one_call=not ask.parallel)
        self._meter = Meter()
        self._most = ask.limits.max_tokens
        self._shown = ask.thinking.shown
        self._passed = False

    @property
    def done(self) -> bool:
        """Nothing more will come, whatever the backend sends."""
        return self._cutter.done

    @property
    def spent(self) -> Usage | None:
        """What has been counted; of an answer that broke off an estimate of what came, None where nothing did."""
        if self.usage is None and self._passed:
            return self._meter.usage(self.input_tokens, at_most=self._most, credits=self.credits)
        return self.usage

    def feed(self, events: Iterable[Event]) -> list[Event]:
        if not self._shown:
            events = map(_hidden, events)
        if self._json is not None:
            events = self._json.feed(events)
        passed: list[Event] = []
        for event in self._cutter.feed(events):
            self._meter.watch(event)
            if isinstance(event, Counted):
                self.usage = event.usage
            if isinstance(event, Began):
                event = replace(event, input_tokens=self.input_tokens)
            if isinstance(event, Ended):
                self.outcome = event.reason
                if self.usage is None:
                    self.usage = self._meter.usage(self.input_tokens, at_most=self._most, credits=self.credits)
                    passed.append(Counted(self.usage))
            passed.append(event)
        self._passed = self._passed or bool(passed)
        return passed


def _hidden(event: Event) -> Event:
    """Thoughts that the client does not want to read; what proves them stays, to be sent back."""
    return replace(event, text="") if isinstance(event, ReasoningDelta) else event
