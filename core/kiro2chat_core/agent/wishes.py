"""What somebody asks of the agent, whoever it is and wherever it came from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from ..turns import Thinking, Turn
from .pausing import Budget
from .sessions import Owner

__all__ = ["Wish"]


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks the agent. `turns` are of a conversation that the client keeps itself; `tools` None is all there are.

    `trusted` is whoever may use tools that change things without them being switched on by name. `patience` is how many
    seconds to wait for another run in the same session.
    """

    model: str
    question: Turn | None = None
    turns: tuple[Turn, ...] = ()
    session: str | None = None
    owner: Owner = field(default_factory=Owner)
    system: str = ""
    tools: tuple[str, ...] | None = None
    budget: Budget = field(default_factory=Budget)
    patience: float = 60.0
    trusted: bool = True
    answers: Mapping[str, str] = field(default_factory=dict)
    thinking: Thinking = field(default_factory=Thinking)
