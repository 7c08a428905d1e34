"""The tools that a server lists: page by page within limits, each looked at before anything else sees it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp import Client
    from mcp_types import Tool

__all__ = ["Listed", "Listing", "listing", "mend"]

_MAX_PAGES = 100
_MAX_TOOLS = 500
"""Of one server. No model chooses among more, and their schemas would fill its window."""
_MAX_SCHEMA = 100_000
_MAX_DESCRIPTION = 20_000
_MAX_NAME = 500
_SHOWN = 20


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
    left_out: tuple[str, ...] = ()


def mend(result: dict[str, Any], left_out: list[str]) -> None:
    """Of a raw result, if it is a page of tools: take out what cannot be offered.

    mcp refuses a whole page for one tool in it whose schema lacks its `type`. Output schemas go too: nothing reads them.
    """
    if not isinstance(result.get("tools"), list):
        return
    tools = []
    for tool in result["tools"]:
        try:
            reason = _unfit(tool)
        except Exception as odd:  # a schema may be anything, and breaks its reader in every way there is
            reason = f"its inputSchema is no JSON Schema ({type(odd).__name__}: {str(odd)[:200]})"
        if reason:
            name = tool.get("name") if isinstance(tool, dict) else tool
            left_out.append(f"{str(name)[:100]!r} is left out: {reason}.")
        else:
            tools.append(_plain(tool))
    result["tools"] = tools


async def listing(client: Client, left_out: list[str]) -> Listing:
    """Ask for all pages; `left_out` is what `mend` writes into. Raises what the client raises."""
    left_out.clear()
    tools: dict[str, Listed] = {}
    cursor: str | None = None
    seen: set[str] = set()
    for _page in range(_MAX_PAGES):
        page = await client.list_tools(cursor=cursor)
        for tool in page.tools:
            if tool.name in tools:
                left_out.append(f"{tool.name[:100]!r} is left out: it is there twice.")
            elif len(tools) < _MAX_TOOLS:
                tools[tool.name] = _listed(tool)
        cursor = page.next_cursor
        if cursor is None or cursor in seen or len(tools) >= _MAX_TOOLS:
            break
        seen.add(cursor)
    if cursor is not None:
        left_out.insert(0, f"It has more tools than are read: the first {len(tools)} are offered.")
    more = [f"And {len(left_out) - _SHOWN} more."] if len(left_out) > _SHOWN else []
    return Listing(tuple(tools.values()), (*left_out[:_SHOWN], *more))


def _listed(tool: Tool) -> Listed:
    described = tool.description or tool.title or (tool.annotations and tool.annotations.title) or ""
    reads_only = bool(tool.annotations and tool.annotations.read_only_hint)
    return Listed(tool.name, described[:_MAX_DESCRIPTION], tool.input_schema, reads_only)


def _plain(tool: Mapping[str, Any]) -> dict[str, Any]:
    """What is used of a tool, in its right types."""
    kept: dict[str, Any] = {"name": tool["name"], "inputSchema": {"type": "object", **tool["inputSchema"]}}
    kept |= {name: tool[name] for name in ("title", "description") if isinstance(tool.get(name), str)}
    annotations = tool.get("annotations")
    if isinstance(annotations, dict) and annotations.get("readOnlyHint") is True:
        kept["annotations"] = {"readOnlyHint": True}
    return kept


def _unfit(tool: Any) -> str:
    """Why a tool cannot be offered; "" where it can."""
    if not isinstance(tool, dict) or not isinstance(tool.get("name"), str):
        return "it has no name"
    if not tool["name"].strip() or len(tool["name"]) > _MAX_NAME:
        return "its name cannot be used"
    schema = tool.get("inputSchema")
    if not isinstance(schema, dict) or schema.get("type", "object") != "object":
        return "its inputSchema is not that of an object"
    if len(str(schema)) > _MAX_SCHEMA:
        return f"its inputSchema has more than {_MAX_SCHEMA} characters"
    from jsonschema import SchemaError
    from jsonschema.validators import validator_for

    try:
        validator_for(schema).check_schema(schema)
    except (SchemaError, RecursionError) as bad:
        return f"its inputSchema is no JSON Schema ({str(getattr(bad, 'message', bad))[:200]})"
    return ""
