"""A gateway on a socket, in front of an emulator on another: what most tests talk to."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from tempfile import TemporaryDirectory
from typing import Any

import httpx

from kiro2chat_core.settings import Settings
from kiro2chat_functions.app import create_app
from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.serving import served

__all__ = ["STRICT", "Pair", "gateway"]

STRICT = replace(Options.strict(), placeholder_taken=True)
"""As strict as a login without a profile allows: it has nothing but the placeholder to send."""


@dataclass(frozen=True, slots=True)
class Pair:
    """`url` is the gateway's address; the emulator behind it shows what arrived and can be told what to do."""

    url: str
    emulator: Emulator
    backend_url: str

    def post(self, body: object, **headers: str) -> httpx.Response:
        return httpx.post(f"{self.url}/v1/chat/completions", json=body, headers=headers, timeout=30, trust_env=False)

    def chats(self) -> list[dict[str, Any]]:
        """The bodies of the chats that the emulator saw."""
        return [seen.body for seen in self.emulator.seen if seen.path == "/generateAssistantResponse"]


@contextmanager
def gateway(
    options: Options | None = None, *, clock: Callable[[], float] = time.time, **environ: str
) -> Iterator[Pair]:
    """Serve both; `environ` are settings by their variable. The login is an API key, which needs no files."""
    emulator = Emulator(options or Options())
    with TemporaryDirectory(prefix="kiro2chat-test-") as folder, served(emulator.app) as backend_url:
        urls = dict.fromkeys(("KIRO_API_URL", "KIRO_CONTROL_URL", "KIRO_OIDC_URL", "KIRO_SOCIAL_URL"), backend_url)
        known = {
            "HOME": "/nonexistent",
            "DATA_DIR": folder,
            "KIRO_LOGIN": "api-key",
            "KIRO_API_KEY": emulator.login("api-key").access_token,
        }
        settings = Settings.load(known | urls | environ)
        with served(create_app(settings, clock=clock)) as url:
            yield Pair(url, emulator, backend_url)
