"""How much one message of an MCP server on the network may be: what never ends must not fill the memory."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx2

from .mcp_clues import Clues
from .mcp_process import MAX_LINE

__all__ = ["bound"]


def bound(response: httpx2.Response, clues: Clues) -> None:
    """Let it break off where its body, or a single event of a stream, has more than `MAX_LINE` bytes."""
    assert isinstance(response.stream, httpx2.AsyncByteStream)
    is_stream = response.headers.get("content-type", "").startswith("text/event-stream")
    response.stream = _Counted(response.stream, clues, is_stream=is_stream)


class _Counted(httpx2.AsyncByteStream):
    def __init__(self, stream: httpx2.AsyncByteStream, clues: Clues, *, is_stream: bool) -> None:
        self._stream = stream
        self._clues = clues
        self._is_stream = is_stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        size = 0
        async for chunk in self._stream:
            end = max(chunk.rfind(b"\n\n"), chunk.rfind(b"\r\n\r\n")) if self._is_stream else -1
            size = size + len(chunk) if end < 0 else len(chunk) - end
            if size > MAX_LINE:
                self._clues.ending = f"it sent a message of more than {MAX_LINE >> 20} MiB"
                raise httpx2.ReadError(self._clues.ending)
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()
