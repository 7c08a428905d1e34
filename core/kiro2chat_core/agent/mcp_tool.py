"""A tool of an MCP server, as the agent knows tools."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .mcp_config import ServerConfig
from .mcp_listing import Listed
from .tool import AgentTool, Approval, Outcome

__all__ = ["McpTool", "mcp_tool"]


@dataclass(frozen=True, slots=True)
class McpTool:
    """`original` is the server's own name for it."""

    name: str
    description: str
    schema: Mapping[str, Any]
    source: str
    touches: str
    approval: Approval
    original: str
    _call: Callable[[str, str, Mapping[str, Any]], Awaitable[Outcome]] = field(repr=False)

    async def call(self, arguments: Mapping[str, Any]) -> Outcome:
        return await self._call(self.source, self.original, arguments)


def mcp_tool(
    name: str, listed: Listed, config: ServerConfig, call: Callable[[str, str, Mapping[str, Any]], Awaitable[Outcome]]
) -> AgentTool:
    """`autoApprove` decides alone. A tool that calls itself read-only is asked for like any other: the protocol says that
    such hints must not be trusted, and what is read may be what nobody should send to a model."""
    auto = "*" in config.auto_approve or listed.name in config.auto_approve
    way = f"runs {config.reaches} on this machine" if config.transport == "stdio" else f"is at {config.reaches}"
    hint = " It says that this call only reads." if listed.reads_only else ""
    return McpTool(
        name,
        listed.description,
        listed.schema,
        config.name,
        f"The MCP server {config.name}, which {way}.{hint}",
        "auto" if auto else "ask",
        listed.name,
        call,
    )
