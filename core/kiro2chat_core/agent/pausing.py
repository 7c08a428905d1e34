"""What a run may use, and what is left of one that waits: plain values, which sessions keep without knowing Strands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Budget", "Paused"]


@dataclass(frozen=True, slots=True)
class Budget:
    """What one run may use; None is without limit. `rounds` are calls of the model."""

    rounds: int | None = None
    tokens: int | None = None
    seconds: float | None = None
    credits: float | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """A run that waits for approvals: Strands' own state, as JSON with bytes in it, and the ids that are asked."""

    state: Mapping[str, Any]
    asked: Mapping[str, str]
    """Strands' ids by ours."""
    tools: tuple[str, ...] = ()
    """Names of those it may use, and `instructions` the client's part of its system text: it goes on as it began."""
    instructions: str = ""
