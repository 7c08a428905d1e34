"""What a run may use, and what is left of one that waits: plain values, which sessions keep without knowing Strands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Budget", "Paused"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may use; None is without limit. `rounds` are calls of the model."""

    rounds: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    credits: float | None = None

    def less(self, rounds: int, tokens: int, seconds: float, credits: float) -> Budget:
        """What is left of it. Never None, and never without end, where there was a limit."""
        return Budget(
            None if self.rounds is None else max(0, self.rounds - rounds),
            None if self.tokens is None else max(0, self.tokens - tokens),
            None if self.seconds is None else max(0.0, self.seconds - seconds),
            None if self.credits is None else max(_LEAST, self.credits - credits),
        )

    def within(self, other: Budget) -> Budget:
        """The smaller of both, limit by limit."""
        return Budget(*(_smaller(getattr(self, name), getattr(other, name)) for name in _LIMITS))


_LIMITS = ("rounds", "tokens", "seconds", "credits")
_LEAST = 1e-9
"""Credits: 0 is without limit."""


def _smaller(one: Any, other: Any) -> Any:
    return min((each for each in (one, other) if each is not None), default=None)


@dataclass(frozen=True, slots=True)
class Paused:
    """A run that waits for approvals: Strands' own state, as JSON with bytes in it, and the ids that are asked."""

    state: Mapping[str, Any]
    asked: Mapping[str, str]
    """Strands' ids by ours."""
    tools: tuple[str, ...] = ()
    """Those it may use (`tool.identity`), and `instructions` the client's part of its system text: it goes on as it began."""
    instructions: str = ""
    left: Budget = field(default_factory=Budget)
    """What it may still use."""
    calls: tuple[Mapping[str, Any], ...] = ()
    """What is asked, for people: `id`, `name`, `source`, `arguments`, `touches`."""
