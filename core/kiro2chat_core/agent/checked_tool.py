"""A built-in tool: what describes it, and a function that runs it with arguments that were checked before."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from .arguments import wrong
from .tool import BUILT_IN, Approval, Outcome, failed

__all__ = ["CheckedTool", "Refusal"]


class Refusal(Exception):
    """A call that cannot be done. The message is a sentence for the model."""


@dataclass(frozen=True, slots=True)
class CheckedTool:
    """An `AgentTool`. `run` gets arguments that fit the schema; it may raise Refusal, and has `patience` seconds."""

    name: str
    description: str
    schema: Mapping[str, Any]
    touches: str
    approval: Approval
    run: Callable[[Mapping[str, Any]], Awaitable[Outcome]]
    patience: float
    source: str = BUILT_IN

    async def call(self, arguments: Mapping[str, Any]) -> Outcome:
        """Run it; whatever is wrong is an Outcome with `is_error`."""
        if (problem := wrong(self.schema, arguments)) is not None:
            return failed(f"{self.name} was not run. {problem}")
        try:
            async with asyncio.timeout(self.patience):
                return await self.run(arguments)
        except Refusal as refused:
            return failed(str(refused))
        except TimeoutError:
            return failed(f"{self.name} was stopped: it took more than {self.patience:g} seconds.")
