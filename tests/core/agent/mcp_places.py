"""A home and a workspace with mcp.json files, and what still runs of their servers."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from kiro2chat_core.agent.mcp_config import config_paths
from kiro2chat_core.agent.mcp_servers import Servers
from kiro2chat_core.agent.tool import AgentTool, Outcome
from kiro2chat_core.settings import Settings
from kiro2chat_core.turns import Text

__all__ = ["EVERYTHING", "SERVERS", "Place", "by_name", "text", "until"]

SERVERS = Path(__file__).parent / "servers"
EVERYTHING = (
    Path(__file__).parents[3] / "node_modules/@modelcontextprotocol/server-everything/dist/index.js"
).as_posix()
PATIENT = 100.0
"""Seconds: a busy machine is no defect."""


@dataclass
class Place:
    root: Path
    mark: str = field(default_factory=lambda: uuid.uuid4().hex)

    @property
    def workspace(self) -> Path:
        folder = self.root / "workspace"
        folder.mkdir(exist_ok=True)
        return folder

    @property
    def settings(self) -> Settings:
        return Settings(home=self.root)

    def write(self, servers: Mapping[str, Any], *, user: bool = False) -> Path:
        path = config_paths(self.settings, self.workspace)[0 if user else 1]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"mcpServers": servers}, indent=2), encoding="utf-8")
        return path

    def workshop(self, **more: Any) -> dict[str, Any]:
        return self._python("workshop.py", **more)

    def scripted(self, mode: str, **more: Any) -> dict[str, Any]:
        return self._python("scripted.py", mode, **more)

    def _python(self, *args: str, **more: Any) -> dict[str, Any]:
        env = {"KIRO2CHAT_TEST": self.mark, **more.pop("env", {})}
        script, *rest = args
        return {
            "command": sys.executable,
            "args": [str(SERVERS / script), *rest],
            "env": env,
            "timeout": 90_000,
            **more,
        }

    def left(self) -> list[int]:
        """Processes of our servers that still run, and their children's children."""
        found = []
        for entry in Path("/proc").iterdir():
            if entry.name.isdigit() and int(entry.name) != os.getpid():
                try:
                    if self.mark.encode() in (entry / "environ").read_bytes():
                        found.append(int(entry.name))
                except OSError:
                    continue
        return found

    @asynccontextmanager
    async def servers(self, configured: Mapping[str, Any] | None = None, **more: Any) -> AsyncIterator[Servers]:
        """At the end nothing may run any more."""
        if configured is not None:
            self.write(configured)
        servers = Servers(self.settings, self.workspace, patience=PATIENT, **more)
        try:
            yield servers
        finally:
            await servers.aclose()
            assert not self.left()


def by_name(tools: tuple[AgentTool, ...]) -> dict[str, AgentTool]:
    return {tool.name: tool for tool in tools}


def text(outcome: Outcome) -> str:
    return "\n".join(part.text for part in outcome.content if isinstance(part, Text))


async def until(true: Callable[[], object]) -> None:
    """What other processes do sets no event of ours."""
    while not true():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
