"""An MCP server as a process of its own: messages as lines of its stdin and stdout, its stderr heard, its whole group ended.

mcp's own stdio transport does not show the process, so that children of a server that ends by itself would stay; it logs a
traceback for each line that is no message, and takes lines of any length.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import secrets
import signal
import sys
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, cast

import anyio
import mcp_types
from mcp.shared.message import SessionMessage

from .. import jsonio
from . import leftovers
from .hiding import hide
from .mcp_clues import Clues

if TYPE_CHECKING:
    from anyio.streams.memory import MemoryObjectReceiveStream, MemoryObjectSendStream

__all__ = ["MAX_LINE", "process"]

MAX_LINE = 64 << 20
"""Bytes of one message. A result of 10 MB is cut later; what never ends must not fill the memory."""

_MOST_JUNK = 1 << 20
"""Bytes between two messages that are none: a greeting and some logging, but no program that is no server."""

_TURN = 100
"""Lines that are read at a time."""

_LONG = 1 << 20
"""Bytes from which on a line is read in a thread."""

_CHUNK = 1 << 16
_LEAVING = 1.0
"""Seconds in which a server may end by itself once its stdin is closed; then it is told to (SIGTERM), then made to."""
_TERMINATING = 2.0
_POLL = 0.02
_AFTERGLOW = 0.5
"""Seconds in which output still counts after the process has ended: children may hold its stdout open for ever."""


@asynccontextmanager
async def process(
    command: str, args: Sequence[str], env: Mapping[str, str], cwd: Path | None, clues: Clues
) -> AsyncGenerator[
    tuple[MemoryObjectReceiveStream[SessionMessage | Exception], MemoryObjectSendStream[SessionMessage]]
]:
    """A started server's two streams, as a transport of mcp. Once it is left, nothing of what the server
    started runs any more, as far as `leftovers` finds it.

    Raises:
        OSError: it cannot be started.
        ValueError: a NUL in an argument.
    """
    hide()
    loop = asyncio.get_running_loop()
    mark = secrets.token_hex(16)  # its children inherit it, wherever they go
    transport, child = await loop.subprocess_exec(
        lambda: _Child(clues), command, *args, env={**env, leftovers.VARIABLE: mark}, cwd=cwd, start_new_session=True
    )
    traces = leftovers.Traces(f"{leftovers.VARIABLE}={mark}", "")
    from_server, incoming = anyio.create_memory_object_stream[SessionMessage | Exception](0)
    outgoing, to_server = anyio.create_memory_object_stream[SessionMessage](256)  # whoever cancels does not wait for it
    pumps = [asyncio.create_task(child.receive(from_server)), asyncio.create_task(child.send(to_server))]
    try:
        yield incoming, outgoing
    finally:
        try:
            await child.stop()
            await leftovers.sweep(traces, patience=_TERMINATING)
        finally:
            child.kill()
            leftovers.kill(traces)
            child.hang_up()
            transport.close()
            for pump in pumps:
                pump.cancel()
            await asyncio.gather(*pumps, return_exceptions=True)
            for stream in (from_server, incoming, outgoing, to_server):
                stream.close()


class _Child(asyncio.SubprocessProtocol):
    """The process and its three pipes."""

    def __init__(self, clues: Clues) -> None:
        self._clues = clues
        self._stdout = asyncio.StreamReader(limit=_CHUNK * 4)
        self._hung_up = False
        self._junk = 0
        """Bytes since its last message that were none."""
        self._writable = asyncio.Event()
        self._writable.set()
        self._exited = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self._pid = self._transport.get_pid()
        self._stdin = cast("asyncio.WriteTransport", self._transport.get_pipe_transport(0))
        self._stdout.set_transport(cast("asyncio.Transport", self._transport.get_pipe_transport(1)))

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        if fd == 2:
            self._clues.stderr(data)
        elif not self._hung_up:
            self._stdout.feed_data(data)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd == 0:
            self._writable.set()
        elif fd == 1:
            self._hang_up()

    def process_exited(self) -> None:
        self._exited.set()
        self._writable.set()
        asyncio.get_running_loop().call_later(_AFTERGLOW, self._hang_up)

    def pause_writing(self) -> None:
        self._writable.clear()

    def resume_writing(self) -> None:
        self._writable.set()

    def hang_up(self) -> None:
        """No more from it, and what was not written yet is given up."""
        self._hang_up()
        if self._stdin.get_write_buffer_size():  # else it is closed, or closes by itself
            self._stdin.abort()

    def _hang_up(self) -> None:
        if not self._hung_up:
            self._hung_up = True
            self._stdout.feed_eof()

    async def receive(self, messages: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        """Its messages, until it hangs up."""
        pieces: list[bytes] = []
        size = 0
        with messages, contextlib.suppress(anyio.ClosedResourceError, anyio.BrokenResourceError):
            while chunk := await self._stdout.read(_CHUNK):
                first, *others = chunk.split(b"\n")
                pieces.append(first)
                size += len(first)
                for at, line in enumerate(others):
                    await self._deliver(b"".join(pieces), messages)
                    pieces, size = [line], len(line)
                    if at % _TURN == 0:
                        await asyncio.sleep(0)  # whoever prints without end must not keep everybody else from working
                if self._junk > _MOST_JUNK:
                    self._clues.ending = f"it printed more than {_MOST_JUNK >> 20} MiB that are no messages"
                    return
                if size > MAX_LINE:
                    self._clues.ending = f"it sent a message of more than {MAX_LINE >> 20} MiB"
                    return

    async def _deliver(self, line: bytes, messages: MemoryObjectSendStream[SessionMessage | Exception]) -> None:
        try:
            if not line.lstrip().startswith(b"{"):
                raise ValueError("no object")
            message = await asyncio.to_thread(_message, line) if len(line) > _LONG else _message(line)
        except ValueError:
            self._junk += len(line) + 1
            if line.strip():
                self._clues.no_message(line)
            return
        self._junk = 0
        await messages.send(SessionMessage(message))

    async def send(self, messages: MemoryObjectReceiveStream[SessionMessage]) -> None:
        """Our messages, until either side has closed."""
        with messages:
            try:
                async for sent in messages:
                    await self._writable.wait()
                    if self._stdin.is_closing():
                        return
                    line = sent.message.model_dump_json(by_alias=True, exclude_unset=True)
                    self._stdin.write(line.encode() + b"\n")
            finally:
                self._hang_up()  # a request that cannot be sent would wait for its answer until it is too late

    async def stop(self) -> None:
        """Close its stdin, wait, tell the group to end, wait, make it. Takes at most five seconds."""
        if self._hung_up:  # the end of its output is seen before the end of the process
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._exited.wait(), _AFTERGLOW)
        ended_itself = self._exited.is_set()
        self._stdin.close()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), _LEAVING)
        if ended_itself:
            self._clues.ending = self._clues.ending or _ending(self._transport.get_returncode())
        if self._signal(signal.SIGTERM):
            await self._gone(_TERMINATING)
        self.kill()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._exited.wait(), _TERMINATING)

    def kill(self) -> None:
        self._signal(_KILL)

    async def _gone(self, seconds: float) -> None:
        for _ in range(int(seconds / _POLL)):
            if not self._signal(0):
                return
            await asyncio.sleep(_POLL)

    def _signal(self, number: int) -> bool:
        """Whether anything of the group was there. The leader's pid stays the group's as long as a member lives."""
        if sys.platform == "win32":
            if number and not self._exited.is_set():
                self._transport.kill()
            return not self._exited.is_set()
        try:
            os.killpg(self._pid, number)
        except ProcessLookupError:
            return False
        except PermissionError:  # a member runs as somebody else
            return True
        return True


def _message(line: bytes) -> mcp_types.JSONRPCMessage:
    """The message of a line. Bytes that are no UTF-8 and half characters are passed over. An answer that is none all the same
    becomes an error of its request, which would wait in vain.

    Raises:
        ValueError: it is no message.
    """
    read = mcp_types.jsonrpc_message_adapter
    with contextlib.suppress(ValueError):
        if len(line) > _LONG:  # a sixth of the time, in which nothing else runs
            return read.validate_python(jsonio.loads(line), by_name=False)
        return read.validate_json(line, by_name=False)
    text = line.decode("utf-8", "replace")
    with contextlib.suppress(ValueError):
        return read.validate_python(jsonio.loads(text), by_name=False)
    try:
        said = json.loads(text)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if (
        said.get("jsonrpc") != "2.0" or "method" in said or "id" not in said
    ):  # loggers write JSON too, with ids of requests
        raise ValueError("no answer")
    error = mcp_types.ErrorData(code=mcp_types.PARSE_ERROR, message="What it answered is no message of the protocol.")
    return mcp_types.JSONRPCError(jsonrpc="2.0", id=said["id"], error=error)


_KILL = signal.SIGTERM if sys.platform == "win32" else signal.SIGKILL


def _ending(status: int | None) -> str:
    if status is None or status >= 0:
        return "it ended" if status is None else f"it ended with status {status}"
    return f"it was ended by {signal.Signals(-status).name}" if -status in set(signal.Signals) else "it was ended"
