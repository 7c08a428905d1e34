"""A configured MCP server over all its lives: started when it is needed, again when it crashed, but not for ever."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from .mcp_config import ServerConfig
from .mcp_listing import Listed
from .tool import Outcome, failed

if TYPE_CHECKING:
    from .mcp_connection import Connection

__all__ = ["Keeper"]

_STARTS = 3
"""Starts within `_WINDOW` seconds; then it is left alone until they have passed, or until somebody asks."""
_WINDOW = 60.0
_FRESH = 3.0
"""Seconds for which a question waits for tools that have changed."""


class Keeper:
    """Belongs to one loop."""

    def __init__(self, config: ServerConfig) -> None:
        self.config = config
        self.connection: Connection | None = None
        self._starts: deque[float] = deque(maxlen=_STARTS)
        self._retired = False
        self._handshake = False
        """Whether it is known to be one of those that must be greeted at once."""
        self._starting = asyncio.Lock()

    @property
    def failed_before(self) -> bool:
        """Whether its last start failed: nobody should wait for the next one."""
        return self.connection is not None and bool(self.connection.failure)

    def tools(self) -> tuple[Listed, ...]:
        """What can be called, now or after the start that a call brings."""
        connection = self.connection
        if connection is None or not (
            connection.ready or connection.starting or (connection.lost and self._may_start())
        ):
            return ()
        return tuple(tool for tool in connection.listing.tools if tool.name not in self.config.disabled_tools)

    def notes(self) -> tuple[str, ...]:
        """Tools that are left out, and names in the configuration that the server does not have: typing errors hide there."""
        if self.connection is None or not self.connection.ready:
            return ()
        known = {tool.name for tool in self.connection.listing.tools} | {"*"}
        lists = {"autoApprove": self.config.auto_approve, "disabledTools": self.config.disabled_tools}
        unknown = [(member, name) for member, named in lists.items() for name in named if name not in known]
        foreign = tuple(f"{member} names {name[:100]!r}, which it does not have." for member, name in unknown)
        return foreign + self.connection.listing.left_out

    async def start(self) -> None:
        """Make it ready if that may be. Afterwards it is, or `connection.failure` says why not."""
        async with self._starting:
            current = self.connection
            if not self._wanted():
                return
            if current is None or (not current.starting and not current.ready):
                if current is not None and (not self._may_start() or not (current.lost or self._rested())):
                    return
                self._starts.append(time.monotonic())
                connection = await asyncio.to_thread(_connection_class)
                if not self._wanted():
                    return
                known = current.listing if current is not None else None
                self.connection = current = connection(self.config, known, handshake=self._handshake)
        if current is not None:
            await current.settled()
            if current.ready:
                self._handshake = current.handshake

    async def refresh(self) -> None:
        """Its tools as they are now, if they come soon. Calls do not wait for that."""
        if self.connection is not None and self.connection.ready:
            await self.connection.refresh(_FRESH)

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        name = self.config.name
        if not self._wanted() or tool in self.config.disabled_tools:
            return failed(f"{name} does not offer {tool!r} any more: its configuration has changed.")
        await self.start()
        connection = self.connection
        if connection is None or not connection.ready:
            reason = connection.failure if connection is not None else f"{name}: it is not there any more."
            spent = connection is not None and connection.lost and not self._may_start()
            return failed(f"{reason}{_TIRED if spent else ''}")
        return await connection.call(tool, arguments)

    async def retire(self) -> None:
        """Take no more calls, let the running ones finish, end it."""
        self._retired = True
        if self.connection is not None:
            await self.connection.drain()
            await self.connection.stop()

    async def stop(self) -> None:
        """End it now."""
        self._retired = True
        if self.connection is not None:
            await self.connection.stop()

    def _wanted(self) -> bool:
        return not self._retired and not self.config.disabled

    def _may_start(self) -> bool:
        return len(self._starts) < _STARTS or time.monotonic() - self._starts[0] >= _WINDOW

    def _rested(self) -> bool:
        """A server that cannot start is tried again once a window, not at every question."""
        return not self._starts or time.monotonic() - self._starts[-1] >= _WINDOW


_TIRED = f"\nIt was started {_STARTS} times within {_WINDOW:g} s and is left alone for a while."


def _connection_class() -> type[Connection]:
    """In a thread: mcp takes a second to import, in which every answer would stand still."""
    from .mcp_connection import Connection

    return Connection
