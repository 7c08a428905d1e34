"""The tools that a server lists: page by page within limits, each looked at before a model sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import Tool

__all__ = ["Listed", "Listing", "listing"]

_MAX_PAGES = 100
_MAX_TOOLS = 500
"""Of one server. No model chooses among more, and their schemas would fill its window."""
_MAX_SCHEMA = 100_000
_MAX_DESCRIPTION = 20_000
_MAX_NAME = 500


@dataclass(frozen=True, slots=True)
class Listed:
    """One tool, by the server's own name for it."""

    name: str
    description: str
    schema: Mapping[str, Any]
    reads_only: bool = False
    """What the server itself says; nobody vouches for it."""


@dataclass(frozen=True, slots=True)
class Listing:
    """`left_out` has a sentence for every tool that cannot be offered, and for pages that were not read."""

    tools: tuple[Listed, ...] = ()
    left_out: tuple[str, ...] = field(default=())


async def listing(client: Client) -> Listing:
    """Ask for all pages. Raises what the client raises."""
    tools: dict[str, Listed] = {}
    left_out: list[str] = []
    cursor: str | None = None
    seen: set[str] = set()
    for _page in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            reason = "it is there twice" if tool.name in tools else _unfit(tool)
            if reason:
                left_out.append(f"{tool.name[:100]!r} is left out: {reason}.")
            elif len(tools) < _MAX_TOOLS:
                tools[tool.name] = _listed(tool)
        cursor = page.next_cursor
        if cursor is None:
            return Listing(tuple(tools.values()), _some(left_out))
        if cursor in seen or len(tools) >= _MAX_TOOLS:
            break
        seen.add(cursor)
    left_out.insert(0, f"It has more tools than are read: the first {len(tools)} are offered.")
    return Listing(tuple(tools.values()), _some(left_out))


def _some(left_out: list[str]) -> tuple[str, ...]:
    shown = left_out[:20]
    return (*shown, f"And {len(left_out) - len(shown)} more.") if len(left_out) > len(shown) else tuple(shown)


def _listed(tool: Tool) -> Listed:
    described = tool.description or tool.title or (tool.annotations and tool.annotations.title) or ""
    reads_only = bool(tool.annotations and tool.annotations.read_only_hint)
    return Listed(tool.name, described[:_MAX_DESCRIPTION], {"type": "object", **tool.input_schema}, reads_only)


def _unfit(tool: Tool) -> str:
    """Why a tool cannot be offered; "" where it can."""
    if not tool.name.strip() or len(tool.name) > _MAX_NAME:
        return "its name cannot be used"
    if tool.input_schema.get("type", "object") != "object":
        return "its schema is not of an object"
    if len(str(tool.input_schema)) > _MAX_SCHEMA:
        return f"its schema has more than {_MAX_SCHEMA} characters"
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    try:
        validator_for(tool.input_schema).check_schema(tool.input_schema)
    except (SchemaError, RecursionError) as bad:
        return f"its schema is no JSON Schema ({str(getattr(bad, 'message', bad))[:200]})"
    return ""
