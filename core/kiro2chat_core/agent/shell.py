"""shell: a command in the workspace, of which nothing is left when the call is over.

A command runs without a terminal, in a session of its own, with an environment that holds no secrets of the server. It is no
sandbox: it may do what the user may do who runs kiro2chat, hence `ask` by default, and off where others reach the server.

When it has ended, or is stopped, what it left behind is ended too (`leftovers.py`), so that a child in the background can
neither keep the call waiting nor outlive it.
"""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from . import leftovers
from .checked_tool import CheckedTool, Refusal
from .ending import to_the_end
from .hiding import hide
from .tool import Outcome, failed, said

__all__ = ["scrubbed", "shell"]

_KEPT_ENDS = 20_000
"""Characters, or rather bytes, of output that are kept of its beginning, and as many of its end."""

_MAX_OUTPUT = 64 << 20
"""Bytes after which a command is stopped: who prints that much will not stop by itself."""

_MAX_COMMAND = 100_000
_CHUNK = 1 << 16
_GRACE = 5.0
_PASSED_ON = frozenset({"PATH", "HOME", "USER", "LOGNAME", "LANG", "LANGUAGE", "TZ", "TMPDIR"})
_SET = {"TERM": "dumb", "PAGER": "cat", "GIT_PAGER": "cat", "GIT_TERMINAL_PROMPT": "0"}
"""Nothing that waits for somebody to type."""


def shell(workspace: Path, environ: Mapping[str, str], *, patience: float) -> CheckedTool:
    """`environ` is the server's environment, of which little is passed on; `patience` the seconds a command may take."""

    async def run(arguments: Mapping[str, Any]) -> Outcome:
        command = arguments["command"]
        if "\0" in command or len(command) > _MAX_COMMAND:
            raise Refusal(f"A command has no NUL in it and at most {_MAX_COMMAND} characters.")
        return await _Run(workspace, scrubbed(environ), min(arguments.get("timeout", patience), patience)).outcome(
            command
        )

    return CheckedTool(
        name="shell",
        description=(
            "Run a shell command in the workspace folder. Standard input is empty, there is no terminal, and each call starts "
            "anew: no variables or folders of an earlier one. Whatever the command leaves in the background is ended with it."
        ),
        schema={
            "type": "object",
            "properties": {
                "command": {"type": "string", "description": "The command, for bash where there is one, else sh."},
                "timeout": {
                    "type": "number",
                    "minimum": 1,
                    "maximum": patience,
                    "description": f"Seconds after which it is stopped, by default {patience:g}.",
                },
            },
            "required": ["command"],
        },
        touches=f"Runs any command, as the user who runs kiro2chat, starting in {workspace}.",
        approval="ask",
        run=run,
        patience=patience + 2 * _GRACE,
    )


def scrubbed(environ: Mapping[str, str]) -> dict[str, str]:
    """What a command may see of an environment: a list of what may be seen, since nobody knows all names of secrets."""
    passed = {name: value for name, value in environ.items() if name in _PASSED_ON or name.startswith("LC_")}
    return {"PATH": os.defpath, **passed, **_SET}


class _Run:
    """One command."""

    def __init__(self, workspace: Path, environ: Mapping[str, str], seconds: float) -> None:
        self._workspace = workspace
        self._seconds = seconds
        self._marker = f"{leftovers.VARIABLE}={secrets.token_hex(16)}"
        name, _, value = self._marker.partition("=")
        self._environ = {**environ, name: value}
        self._output = _Ends()

    async def outcome(self, command: str) -> Outcome:
        loop = asyncio.get_running_loop()
        # A pipe of our own: asyncio's would make the end of the command wait for everybody who holds it.
        ours, theirs = os.pipe()
        os.set_blocking(ours, False)
        flooded = asyncio.Event()
        process: asyncio.subprocess.Process | None = None
        loop.add_reader(ours, self._readable, ours, flooded)
        try:
            try:
                process = await self._started(command, theirs)
            finally:
                os.close(theirs)
            ended = await self._waited(process, flooded)
        finally:
            loop.remove_reader(ours)
            try:
                await self._swept(ours, process)
                self._output.drain(ours)
            finally:
                os.close(ours)
        return self._told(ended, process.returncode)

    async def _started(self, command: str, output: int) -> asyncio.subprocess.Process:
        try:
            hide()
            self._workspace.mkdir(mode=0o700, parents=True, exist_ok=True)
            return await asyncio.create_subprocess_exec(
                *(shutil.which("bash", path=self._environ["PATH"]) or "/bin/sh", "-c", command),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                cwd=self._workspace,
                env=self._environ,
                start_new_session=True,
            )
        except (OSError, ValueError) as refused:
            raise Refusal(f"The command cannot be started ({type(refused).__name__}).") from None

    def _readable(self, pipe: int, flooded: asyncio.Event) -> None:
        """One chunk at a time, so that a flood leaves room for others."""
        if not self._output.read(pipe):
            asyncio.get_running_loop().remove_reader(pipe)
        if self._output.size > _MAX_OUTPUT:
            flooded.set()

    async def _waited(self, process: asyncio.subprocess.Process, flooded: asyncio.Event) -> str:
        """How it ended: "" by itself, else why it is stopped."""
        waiting = {asyncio.ensure_future(process.wait()), asyncio.ensure_future(flooded.wait())}
        try:
            await asyncio.wait(waiting, timeout=self._seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for each in waiting:
                each.cancel()
        if process.returncode is not None:
            return ""
        if flooded.is_set():
            return f"it had printed more than {_MAX_OUTPUT >> 20} MiB"
        return f"it took more than {self._seconds:g} seconds"

    async def _swept(self, pipe: int, process: asyncio.subprocess.Process | None) -> None:
        """Everything that the command started is ended; the first blow falls before anything is awaited."""
        output = f"pipe:[{os.fstat(pipe).st_ino}]"
        traces = leftovers.Traces(self._marker, output, process.pid if process is not None else None)
        leftovers.kill(traces)
        with suppress(TimeoutError):
            await to_the_end(leftovers.sweep(traces, patience=_GRACE))
            if process is not None:
                await asyncio.wait_for(process.wait(), _GRACE)

    def _told(self, stopped: str, status: int | None) -> Outcome:
        output = self._output.text()
        text = output + "\n" * (bool(output) and not output.endswith("\n"))
        if stopped:
            return failed(f"{text}[The command was stopped: {stopped}.]")
        if status is not None and status < 0:
            return said(f"{text}[ended by signal {-status}]")
        return said(f"{text}[exit code {status}]")


class _Ends:
    """The beginning and the end of an output of any length, and how long it was, in bytes."""

    def __init__(self) -> None:
        self.size = 0
        self._head = bytearray()
        self._tail: deque[bytes] = deque()
        self._held = 0

    def read(self, pipe: int) -> bool:
        """Take what is there; False where there will be nothing more."""
        try:
            chunk = os.read(pipe, _CHUNK)
        except BlockingIOError:
            return True
        self._take(chunk)
        return bool(chunk)

    def drain(self, pipe: int) -> None:
        """Take what is left in the pipe, which holds no more than a pipe holds."""
        for _ in range(32):
            before = self.size
            if not self.read(pipe) or self.size == before:
                return

    def _take(self, chunk: bytes) -> None:
        self.size += len(chunk)
        room = _KEPT_ENDS - len(self._head)
        self._head += chunk[:room]
        if rest := chunk[room:]:
            self._tail.append(rest)
            self._held += len(rest)
            while self._held - len(self._tail[0]) >= _KEPT_ENDS:
                self._held -= len(self._tail.popleft())

    def text(self) -> str:
        tail = b"".join(self._tail)[-_KEPT_ENDS:]
        left_out = self.size - len(self._head) - len(tail)
        if not left_out:
            return (bytes(self._head) + tail).decode("utf-8", "replace")
        head = self._head.decode("utf-8", "replace")
        return f"{head}\n[… {left_out} bytes left out …]\n{tail.decode('utf-8', 'replace')}"
