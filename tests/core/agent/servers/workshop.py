"""A real MCP server with tools that do what servers do on bad days."""

from __future__ import annotations

import asyncio
import base64
import os
import subprocess
import sys
from pathlib import Path

import mcp_types as types
from mcp.server.mcpserver import Context, MCPServer
from pydantic import BaseModel

server = MCPServer("workshop")
PNG = base64.b64encode(
    b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\1\0\0\0\1\x08\6\0\0\0\x1f\x15\xc4\x89\0\0\0\nIDATx\x9cc\0\1\0\0\5\0\1\r\n-\xb4\0\0\0\0IEND\xaeB`\x82"
).decode()


@server.tool(annotations=types.ToolAnnotations(read_only_hint=True))
def greet(name: str) -> str:
    """Say hello."""
    return f"Hello {name}"


@server.tool()
def whoami() -> str:
    return f"{os.getpid()} {os.getcwd()}"


@server.tool()
def variables() -> str:
    return "\n".join(sorted(os.environ))


@server.tool()
def crash() -> str:
    sys.stderr.write("the last words with key-of-the-house in them\n")
    sys.stderr.flush()
    os._exit(7)


@server.tool()
async def slow(path: str, seconds: float = 300) -> str:
    """Leaves a note when it begins, and when it is cancelled."""
    note = Path(path)
    (note / "began").touch()
    try:
        await asyncio.sleep(seconds)
    except asyncio.CancelledError:
        (note / "cancelled").touch()
        raise
    return "done"


@server.tool(structured_output=False)
def flood(size: int = 10_000_000) -> str:
    return "x" * size


@server.tool()
def runaway() -> int:
    """A child in a session of its own, which no group leads back to."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True).pid


@server.tool()
def children() -> int:
    """A child that outlives its parent and holds its pipes."""
    return subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid


class Answer(BaseModel):
    name: str


@server.tool()
async def asks(context: Context) -> str:
    answer = await context.elicit("Who are you?", Answer)
    return str(answer)


@server.tool(structured_output=False)
def gallery() -> types.CallToolResult:
    blob = types.BlobResourceContents(uri="file:///a.bin", mime_type="application/zip", blob="AAAA")
    page = types.TextResourceContents(uri="file:///a.md", mime_type="text/markdown", text="# Title")
    photo = types.BlobResourceContents(uri="file:///a.png", mime_type="image/png", blob=PNG)
    return types.CallToolResult(
        content=[
            types.TextContent(text="text", type="text"),
            types.ImageContent(data=PNG, mime_type="image/jpeg", type="image"),
            types.ImageContent(data="AAAA", mime_type="image/tiff", type="image"),
            types.AudioContent(data="AAAA", mime_type="audio/wav", type="audio"),
            types.EmbeddedResource(resource=page, type="resource"),
            types.EmbeddedResource(resource=blob, type="resource"),
            types.EmbeddedResource(resource=photo, type="resource"),
            types.ResourceLink(name="link", uri="file:///b", type="resource_link"),
        ]
    )


@server.tool(structured_output=False)
def only_structured() -> types.CallToolResult:
    return types.CallToolResult(content=[], structured_content={"a": [1, 2]})


@server.tool()
def broken() -> str:
    raise RuntimeError("it broke")


if __name__ == "__main__":
    if sys.argv[1:]:
        server.run("streamable-http", host="127.0.0.1", port=int(sys.argv[1]))
    else:
        server.run("stdio")
