"""What a run may use, and what is left of one that waits: plain values, which sessions keep without knowing Strands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

__all__ = ["LIMITS", "Budget", "Limit", "Paused"]

LIMITS = ("rounds", "tokens", "seconds", "credits")


@dataclass(frozen=True, slots=True)
class Limit:
    """What a run might use when it began, and what said so: for people."""

    most: float
    source: str


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may use; None is without limit, and 0 is spent. `rounds` are calls of the model.

    `limits` tell where these come from; those that it does not name are the settings' own.
    """

    rounds: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    credits: float | None = None
    limits: Mapping[str, Limit] = field(default_factory=dict)

    def limit(self, name: str) -> Limit:
        return self.limits.get(name) or Limit(getattr(self, name), f"AGENT_{name.upper()}")

    def said_by(self, source: str) -> Budget:
        """The same, from somewhere else; `{name}` in the source is the limit's."""
        said = {name: Limit(getattr(self, name), source.format(name=name)) for name in self._set()}
        return replace(self, limits=said)

    def less(self, rounds: int, tokens: int, seconds: float, credits: float) -> Budget:
        """What is left of it."""
        used = {"rounds": rounds, "tokens": tokens, "seconds": seconds, "credits": credits}
        left = {name: max(0, getattr(self, name) - used[name]) for name in self._set()}
        return Budget(**left, limits={name: self.limit(name) for name in left})

    def within(self, other: Budget) -> Budget:
        """The smaller of both, limit by limit."""
        smaller: dict[str, Budget] = dict.fromkeys(self._set(), self)
        for name in other._set():
            if name not in smaller or getattr(other, name) < getattr(self, name):
                smaller[name] = other
        left = {name: getattr(budget, name) for name, budget in smaller.items()}
        return Budget(**left, limits={name: budget.limit(name) for name, budget in smaller.items()})

    def _set(self) -> list[str]:
        return [name for name in LIMITS if getattr(self, name) is not None]


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
