"""What an agent's run tells, as it goes: values that routes and terminals render. Every run ends with one `Finished`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ..errors import Kiro2ChatError
from ..turns import Usage
from .tool import Outcome

__all__ = [
    "NOTHING",
    "AgentEvent",
    "Approval",
    "Failed",
    "FinishReason",
    "Finished",
    "Said",
    "Spent",
    "Thought",
    "ToolEnded",
    "ToolStarted",
]

FinishReason: TypeAlias = Literal[
    "end",
    "max_tokens",
    "cut",
    "filtered",
    "approval",
    "cancelled",
    "limit_rounds",
    "limit_tokens",
    "limit_seconds",
    "limit_credits",
    "error",
]
"""`approval`: it waits for somebody to say yes or no. `cut`: the model's answer broke off."""


@dataclass(frozen=True, slots=True)
class Said:
    text: str


@dataclass(frozen=True, slots=True)
class Thought:
    text: str


@dataclass(frozen=True, slots=True)
class ToolStarted:
    """`source` is `built-in` or the name of an MCP server."""

    id: str
    name: str
    source: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolEnded:
    """`seconds` is how long it ran; 0 for one that was refused."""

    id: str
    name: str
    source: str
    arguments: Mapping[str, Any]
    outcome: Outcome
    seconds: float


@dataclass(frozen=True, slots=True)
class Approval:
    """Somebody must allow a call. `id` is what the answer names, `touches` what the tool may read or change."""

    id: str
    name: str
    source: str
    arguments: Mapping[str, Any]
    touches: str


@dataclass(frozen=True, slots=True)
class Spent:
    """All that the run has used until now; `rounds` are calls of the model."""

    usage: Usage
    rounds: int


NOTHING = Spent(Usage(), 0)


@dataclass(frozen=True, slots=True)
class Failed:
    error: Kiro2ChatError


@dataclass(frozen=True, slots=True)
class Finished:
    """`told` explains the reason to people, where it is not the plain end."""

    reason: FinishReason
    told: str = ""
    seconds: float = 0.0
    spent: Spent = NOTHING


AgentEvent: TypeAlias = Said | Thought | ToolStarted | ToolEnded | Approval | Spent | Failed | Finished
