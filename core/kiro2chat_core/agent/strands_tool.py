"""A tool of ours as Strands takes one."""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from typing import Any

from strands.types._events import ToolResultEvent
from strands.types.tools import AgentTool as StrandsAgentTool
from strands.types.tools import ToolSpec, ToolUse

from ..turns import ToolResult
from .messages import result_block
from .presentable import presentable
from .tool import AgentTool, failed

__all__ = ["StrandsTool"]

logger = logging.getLogger(__name__)


class StrandsTool(StrandsAgentTool):
    def __init__(self, tool: AgentTool) -> None:
        super().__init__()
        self.tool = tool

    @property
    def tool_name(self) -> str:
        return self.tool.name

    @property
    def tool_spec(self) -> ToolSpec:
        schema: Any = {"json": dict(self.tool.schema)}
        return {"name": self.tool.name, "description": self.tool.description, "inputSchema": schema}

    @property
    def tool_type(self) -> str:
        return "kiro2chat"

    async def stream(
        self, tool_use: ToolUse, invocation_state: dict[str, Any], **_kwargs: Any
    ) -> AsyncGenerator[Any, None]:
        try:
            outcome = await presentable(await self.tool.call(tool_use["input"]))  # an object: `Watch` has seen to that
        except Exception as bug:
            logger.error("A bug in kiro2chat: the tool %s failed", self.tool.name, exc_info=bug)
            outcome = failed(f"{self.tool.name} failed: kiro2chat has a bug.")
        result = ToolResult(tool_use["toolUseId"], outcome.content, outcome.is_error)
        yield ToolResultEvent(result_block(result))  # type: ignore[arg-type]
