"""All MCP servers of the configuration, and the tools that they bring. Importing this imports neither mcp nor strands."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Collection, Coroutine, Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias

from ..errors import SettingsError
from ..settings import Settings
from .mcp_config import Problem, Transport, config_paths, read_config, read_text
from .mcp_keeper import Keeper
from .mcp_names import names
from .mcp_tool import mcp_tool
from .tool import AgentTool, Outcome, failed

__all__ = ["Reloaded", "ServerState", "Servers", "State"]

State: TypeAlias = Literal["off", "starting", "ready", "failed"]

_PATIENCE = 30.0
"""Seconds for which a question waits for servers that start; what is not there then comes with the next one."""


@dataclass(frozen=True, slots=True)
class ServerState:
    """For people. `since` is in seconds since 1970, `latency` the seconds of the last call."""

    name: str
    transport: Transport | None
    state: State
    error: str = ""
    notes: tuple[str, ...] = ()
    """Tools that are left out, and why; names in its configuration that it does not have."""
    tools: int = 0
    since: float | None = None
    latency: float | None = None
    origin: Path | None = None


@dataclass(frozen=True, slots=True)
class Reloaded:
    """Names of servers. What was changed is both stopped and started."""

    started: tuple[str, ...] = ()
    stopped: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()
    problems: tuple[Problem, ...] = ()


class Servers:
    """Starts nothing until the first `tools()`. `reserved` are names of tools that others have: they are not taken."""

    def __init__(
        self,
        settings: Settings,
        workspace: Path,
        *,
        reserved: Collection[str] = (),
        environ: Mapping[str, str] | None = None,
        patience: float = _PATIENCE,
    ) -> None:
        self._settings = settings
        self._workspace = workspace
        self._reserved = frozenset(reserved)
        self._environ = os.environ if environ is None else environ
        self._patience = patience
        self._keepers: dict[str, Keeper] = {}
        self._problems: tuple[Problem, ...] = ()
        self._read = False
        self._only: dict[Path, str] = {}
        self._closed = False
        self._changing = asyncio.Lock()
        self._background: set[asyncio.Task[None]] = set()
        self._leaving: set[Keeper] = set()
        self._slow: set[Keeper] = set()
        """Those that a question has waited for in vain: the next one does not."""

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What is wrong in the files, as they were read last."""
        return self._problems

    def hold_to(self, path: Path, fingerprint: str) -> None:
        """Of this file only that content counts, "" for none: it was looked at, and may be changed by others."""
        self._only[path] = fingerprint

    async def read(self) -> None:
        """Read the files, if that has not been done; nothing is started. Then `states()` knows all servers."""
        async with self._changing:
            if not self._read and not self._closed:
                await self._swap()

    async def tools(self) -> tuple[AgentTool, ...]:
        """Start what is not running, side by side, and return what is there. A server that fails costs only its tools."""
        await self.read()
        await self._started(keeper for keeper in self._keepers.values() if not keeper.config.disabled)
        await asyncio.gather(*(keeper.refresh() for keeper in list(self._keepers.values())))
        offered = {
            (keeper.config.name, tool.name): (keeper.config, tool)
            for keeper in list(self._keepers.values())
            for tool in keeper.tools()
        }
        given = names(offered, self._reserved)
        return tuple(mcp_tool(given[pair], tool, config, self._call) for pair, (config, tool) in offered.items())

    def states(self) -> list[ServerState]:
        """Every server, broken and disabled ones too, by name."""
        states = {name: _state(keeper) for name, keeper in self._keepers.items()}
        for problem in self._problems:
            if problem.weight == "note" and problem.server in states:
                noted = states[problem.server]
                states[problem.server] = replace(noted, notes=(*noted.notes, problem.message))
            elif problem.server and problem.server not in states:
                states[problem.server] = ServerState(
                    problem.server, None, "failed", str(problem), origin=problem.origin
                )
        return [states[name] for name in sorted(states)]

    async def reload(self) -> Reloaded:
        """Read the files anew. What has not changed runs on; what has is swapped, and its running calls finish.

        Servers that had failed are tried again.
        """
        async with self._changing:
            if self._closed:
                return Reloaded()
            done = await self._swap()
        await self._started(self._keepers[name] for name in done.started if name in self._keepers)
        return done

    async def try_out(self, text: str) -> list[ServerState]:
        """Start every server of a file's text, list its tools, and end it again. What runs is not touched.

        Raises:
            SettingsError: the text is no list of servers.
        """
        origin = config_paths(self._settings, self._workspace)[1]
        configs, problems = read_text(text, origin, self._workspace, self._environ, home=self._settings.home)
        for problem in problems:
            if problem.weight == "file" or not (problem.server or problem.weight == "note"):
                raise SettingsError(str(problem), field=problem.member or None)
        keepers = [Keeper(config) for config in configs.values()]
        try:
            await asyncio.gather(*(keeper.start() for keeper in keepers))
            states = {keeper.config.name: _state(keeper) for keeper in keepers}
        finally:
            await asyncio.shield(asyncio.gather(*(keeper.stop() for keeper in keepers)))
        for problem in problems:
            if problem.weight == "note":
                continue
            states.setdefault(problem.server, ServerState(problem.server, None, "failed", str(problem)))
        return [states[name] for name in sorted(states)]

    async def aclose(self) -> None:
        """End all of them, side by side. Nothing of theirs runs any more then."""
        self._closed = True
        async with self._changing:
            keepers, self._keepers = [*self._keepers.values(), *self._leaving], {}
            for task in self._background:
                task.cancel()
            await asyncio.gather(*(keeper.stop() for keeper in keepers))
            await asyncio.gather(*self._background, return_exceptions=True)

    async def _swap(self) -> Reloaded:
        configs, self._problems = await asyncio.to_thread(
            read_config, self._settings, self._workspace, self._environ, self._only
        )
        old, self._read = self._keepers, True
        broken = {problem.origin for problem in self._problems if problem.weight == "file"}
        for name, keeper in old.items():
            if (
                name not in configs and keeper.config.origin in broken
            ):  # nobody knows what the file means: what runs, stays
                configs = {**configs, name: keeper.config}
        kept = {
            name: keeper
            for name, keeper in old.items()
            if configs.get(name) == keeper.config and not keeper.failed_before
        }
        fresh = {name: Keeper(config) for name, config in configs.items() if name not in kept}
        gone = {name: keeper for name, keeper in old.items() if name not in kept}
        self._keepers = {name: kept.get(name) or fresh[name] for name in configs}
        for keeper in gone.values():
            self._leaving.add(keeper)
            self._in_background(self._retire(keeper))
        started = tuple(name for name, keeper in fresh.items() if not keeper.config.disabled)
        return Reloaded(started, tuple(gone), tuple(kept), self._problems)

    async def _started(self, keepers: Iterable[Keeper]) -> None:
        """Wait for starts, but only so long, and not for those that failed before."""
        tasks = {self._in_background(keeper.start()): keeper for keeper in list(keepers)}
        awaited = {task for task, keeper in tasks.items() if not keeper.failed_before and keeper not in self._slow}
        _ready, late = await asyncio.wait(awaited, timeout=self._patience) if awaited else (set(), set())
        for task in late:
            self._slow.add(tasks[task])
            task.add_done_callback(lambda done: self._slow.discard(tasks[done]))

    def _in_background(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def _retire(self, keeper: Keeper) -> None:
        await keeper.retire()
        self._leaving.discard(keeper)

    async def _call(self, server: str, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        keeper = self._keepers.get(server)
        if keeper is None:
            return failed(f"There is no MCP server {server!r} any more.")
        return await keeper.call(tool, arguments)


def _state(keeper: Keeper) -> ServerState:
    config, connection = keeper.config, keeper.connection
    state: State = "off"
    if connection is not None and not config.disabled:
        state = "starting" if connection.starting else "ready" if connection.ready else "failed"
    return ServerState(
        config.name,
        config.transport,
        state,
        connection.failure if connection is not None else "",
        keeper.notes(),
        len(keeper.tools()),
        connection.since if connection is not None else None,
        connection.latency if connection is not None else None,
        config.origin,
    )
