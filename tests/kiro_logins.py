"""Logins as they lie on disk, a Kiro that renews them on a socket, and programs that die or have no rights."""

from __future__ import annotations

import asyncio
import json
import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from kiro2chat_core.kiro.login import Login, find_login
from kiro2chat_core.kiro.tokens import Tokens
from kiro2chat_core.settings import Settings
from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.emulator import Login as Issued
from kiro2chat_functions.emulator.database import SHAPES, Shape, write
from kiro2chat_functions.serving import served

__all__ = [
    "NOW",
    "ROOT",
    "Clock",
    "Kiro",
    "auth",
    "child",
    "ide",
    "kiro",
    "make_database",
    "settings_for",
    "start",
    "value",
    "write_auth",
]

NOW = 1_767_225_600.0
"""2026-01-01T00:00:00Z"""

ROOT = Path(__file__).parents[1]
NOBODY = 65534
DROP = "# rights are dropped here"
_REFRESHES = ("/token", "/refreshToken", "/external/token")


@dataclass
class Clock:
    now: float = NOW

    def __call__(self) -> float:
        return self.now


def settings_for(home: Path, **environ: str) -> Settings:
    return Settings.load({"HOME": str(home), **environ})


def make_database(
    path: Path, auth: Mapping[str, Any], state: Mapping[str, Any] | None = None, *, wal: bool = False
) -> Path:
    """A database with these values: text and bytes as they are, anything else as JSON; `state` None lacks the table."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(path)) as database:
        if wal:
            database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE auth_kv (key TEXT PRIMARY KEY, value TEXT)")
        database.executemany("INSERT INTO auth_kv VALUES (?, ?)", _rows(auth))
        if state is not None:
            database.execute("CREATE TABLE state (key TEXT PRIMARY KEY, value BLOB)")
            database.executemany("INSERT INTO state VALUES (?, ?)", _rows(state))
        database.commit()
    return path


def _rows(values: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return [(key, v if isinstance(v, str | bytes | None) else json.dumps(v)) for key, v in values.items()]


def auth(path: Path, key: str = "kirocli:odic:token") -> Any:
    """The JSON in a row."""
    with closing(sqlite3.connect(path)) as database:
        row = database.execute("SELECT value FROM auth_kv WHERE key = ?", (key,)).fetchone()
    return json.loads(row[0])


def write_auth(path: Path, members: Mapping[str, Any] | str | None, key: str = "kirocli:odic:token") -> None:
    """As kiro-cli writes; None deletes the row, as a logout does."""
    with closing(sqlite3.connect(path)) as database:
        if members is None:
            database.execute("DELETE FROM auth_kv WHERE key = ?", (key,))
        else:
            text = members if isinstance(members, str) else json.dumps(members)
            database.execute("INSERT OR REPLACE INTO auth_kv VALUES (?, ?)", (key, text))
        database.commit()


def ide(path: Path, token: Mapping[str, Any] | str, client: Mapping[str, Any] | None = None) -> Path:
    """Kiro IDE's file, and its companion."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(token if isinstance(token, str) else json.dumps(token))
    if client is not None:
        assert not isinstance(token, str)
        (path.parent / f"{token['clientIdHash']}.json").write_text(json.dumps(client))
    return path


def value(secret: Any) -> str | None:
    """The text of a Secret, for comparisons that show it when they fail."""
    return None if secret is None else secret.reveal()


class Gate:
    """Stands before an app, and can hold back the refreshes that arrive."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._open = threading.Event()
        self._open.set()
        self.arrived = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope.get("path") in _REFRESHES:
            self.arrived += 1
            while not self._open.is_set():  # noqa: ASYNC110 - it is opened from another thread
                await asyncio.sleep(0.005)
        await self._app(scope, receive, send)

    @contextmanager
    def closed(self) -> Iterator[None]:
        self._open.clear()
        try:
            yield
        finally:
            self._open.set()

    async def reached(self, requests: int = 1) -> None:
        """Until so many refreshes have come to the gate."""
        async with asyncio.timeout(60):
            while self.arrived < requests:  # noqa: ASYNC110 - it is counted in another thread
                await asyncio.sleep(0.005)


@dataclass
class Kiro:
    """An emulator on a socket, a home directory, and a clock for all."""

    emulator: Emulator
    gate: Gate
    url: str
    home: Path
    clock: Clock
    environ: dict[str, str] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        return self.home / ".local" / "share" / "kiro-cli" / "data.sqlite3"

    @property
    def settings(self) -> Settings:
        return settings_for(self.home, **self.urls, **self.environ)

    @property
    def urls(self) -> dict[str, str]:
        return dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), self.url)

    def login(
        self, expires_in: float = 3600, kind: Any = "odic", shape: Shape = SHAPES["plain"], **arguments: Any
    ) -> Issued:
        """A login, and its database."""
        login = self.emulator.login(kind, expires_in, **arguments)
        write(self.database, login, shape)
        return login

    def found(self) -> Login:
        return find_login(self.settings, now=self.clock())

    def refreshes(self) -> list[Any]:
        return [seen for seen in self.emulator.seen if seen.path in _REFRESHES]

    @asynccontextmanager
    async def tokens(self, **environ: str) -> AsyncIterator[Tokens]:
        """One process's tokens."""
        async with httpx.AsyncClient(trust_env=False) as http:
            settings = settings_for(self.home, **self.urls, **self.environ, **environ)
            tokens = Tokens(settings, http, clock=self.clock)
            try:
                yield tokens
            finally:
                await tokens.aclose()


@contextmanager
def kiro(home: Path, options: Options | None = None, **environ: str) -> Iterator[Kiro]:
    clock = Clock()
    emulator = Emulator(options or Options(), clock)
    gate = Gate(emulator.app)
    with served(gate) as url:
        yield Kiro(emulator, gate, url, home, clock, environ)


def start(code: str, *arguments: object, environ: Mapping[str, str] | None = None) -> subprocess.Popen[str]:
    """A Python program of its own, with the project to import."""
    return subprocess.Popen(
        [sys.executable, "-c", code, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, **(environ or {})},
    )


def child(code: str, *arguments: object, unprivileged: bool = False) -> str:
    """Run such a program and return what it printed. `unprivileged` drops root's rights, which would overrule every file's
    mode, after the first lines have imported what is needed: Python's own files may be out of reach then."""
    if unprivileged and os.geteuid() == 0:
        drop = f"os.setgroups([]); os.setgid({NOBODY}); os.setuid({NOBODY})"
        code = f"import os, sys, httpx, sqlite3, tempfile, kiro2chat_core.kiro.tokens\n{code.replace(DROP, drop)}"
    program = start(code, *arguments)
    out, err = program.communicate(timeout=60)
    assert program.returncode == 0, err
    return out
