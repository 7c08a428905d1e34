"""A tool that the agent may call, whatever stands behind it: one built in, or one of an MCP server.

Knows neither strands nor mcp: what those want is made of it elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias

from .. import jsonio
from ..turns import Image, Text

__all__ = ["BUILT_IN", "AgentTool", "Approval", "Outcome", "failed", "identity", "said"]

Approval: TypeAlias = Literal["auto", "ask", "deny"]
"""What happens when the model calls a tool: it runs, somebody is asked first, or it is refused."""

BUILT_IN = "built-in"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call brought. With `is_error` the text tells the model what was wrong, so that it may try again."""

    content: tuple[Text | Image, ...]
    is_error: bool = False


class AgentTool(Protocol):
    """All members but `call` are plain values that do not change while the tool lives."""

    @property
    def name(self) -> str:
        """Letters, digits, `_` and `-`; unique among the tools of a run."""

    @property
    def description(self) -> str: ...

    @property
    def schema(self) -> Mapping[str, Any]:
        """A JSON Schema of the arguments, an object."""

    @property
    def source(self) -> str:
        """`built-in`, or the name of the MCP server."""

    @property
    def touches(self) -> str:
        """For people: what a call may read or change, as a sentence."""

    @property
    def approval(self) -> Approval:
        """What is done where the settings say nothing of this tool."""

    async def call(self, arguments: Mapping[str, Any]) -> Outcome:
        """Run it. What is wrong with the arguments, or fails, is an Outcome with `is_error`, not an exception.

        When it is cancelled, it ends within a second and leaves nothing running.
        """


def identity(tool: AgentTool) -> str:
    """Another for every other tool, whatever it is called: what somebody allowed is this one, as it described itself."""
    said = jsonio.text([tool.description, tool.touches, dict(tool.schema)])
    return f"{tool.source}/{tool.name}#{hashlib.sha256(said.encode(errors='replace')).hexdigest()[:16]}"


def said(text: str) -> Outcome:
    return Outcome((Text(text),))


def failed(text: str) -> Outcome:
    return Outcome((Text(text),), is_error=True)
