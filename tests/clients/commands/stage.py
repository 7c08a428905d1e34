"""Where a client plays: a gateway that notes every request, an emulator behind it, a home and a folder to work in."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send
from tests.gateways import STRICT

from kiro2chat_core.settings import Settings
from kiro2chat_functions.app import create_app
from kiro2chat_functions.emulator import Emulator
from kiro2chat_functions.serving import served

__all__ = ["Noted", "Stage", "staged"]

COMMANDS = Path(__file__).parent / "node_modules" / ".bin"
KEY = "key-of-the-tests"


@dataclass(slots=True)
class Noted:
    """One request of the client, and how it was answered."""

    method: str
    address: str
    headers: dict[str, str]
    body: Any = None
    status: int = 0
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Stage:
    url: str
    emulator: Emulator
    home: Path
    folder: Path
    requests: list[Noted] = field(default_factory=list)

    def run(self, command: str, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
        """Run a client in the folder, with a home of its own and nothing of this machine's configuration."""
        program = COMMANDS / command
        assert program.exists(), f"{command} is not installed: `make test-clients` installs it"
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return subprocess.run(
            [str(program), *arguments],
            cwd=self.folder,
            env={"HOME": str(self.home), "PATH": path, "NO_PROXY": "127.0.0.1", "LANG": "C.UTF-8"} | environ,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=110,
            check=False,
        )

    def chats(self) -> list[dict[str, Any]]:
        """The bodies that reached the backend."""
        return [seen.body for seen in self.emulator.seen if seen.path == "/generateAssistantResponse"]


@contextmanager
def staged(folder: Path) -> Iterator[Stage]:
    """A stage below a folder of the test's own; the gateway demands a key, as any that is shared does."""
    emulator = Emulator(STRICT)
    home, work = folder / "home", folder / "work"
    home.mkdir()
    work.mkdir()
    with served(emulator.app) as backend:
        urls = dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), backend)
        login = {"KIRO_LOGIN": "api-key", "KIRO_API_KEY": emulator.login("api-key").access_token}
        settings = Settings.load({"HOME": str(home), "API_KEY": KEY} | urls | login)
        requests: list[Noted] = []
        with served(_Notebook(create_app(settings), requests)) as url:
            yield Stage(url, emulator, home, work, requests)


class _Notebook:
    def __init__(self, app: ASGIApp, requests: list[Noted]) -> None:
        self._app = app
        self._requests = requests

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        query = scope["query_string"].decode()
        headers = {name.decode().lower(): value.decode("latin-1") for name, value in scope["headers"]}
        noted = Noted(scope["method"], scope["path"] + (f"?{query}" if query else ""), headers)
        self._requests.append(noted)
        received, sent = bytearray(), bytearray()

        async def listening() -> Message:
            message = await receive()
            received.extend(message.get("body", b""))
            return message

        async def noting(message: Message) -> None:
            if message["type"] == "http.response.start":
                noted.status = message["status"]
            sent.extend(message.get("body", b""))
            await send(message)

        await self._app(scope, listening, noting)
        noted.body = json.loads(received) if received else None
        noted.answer = sent.decode(errors="replace")
