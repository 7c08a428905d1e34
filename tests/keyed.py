"""Keys for tests: made beside a running gateway, a clock that stands where it is put, and one question in each dialect."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import httpx

from kiro2chat_core.keys import ApiKey, Keys, Limits
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.opening import store_of

__all__ = ["ASKS", "MIDDAY", "MODEL", "Clock", "ask", "made", "with_keys"]

T = TypeVar("T")

MODEL = "claude-sonnet-4.5"
MIDDAY = 1795435200.0
"""2026-11-23T12:00:00Z: hours from any midnight, and at the beginning of a minute."""

ASKS: dict[str, dict[str, Any]] = {
    "/v1/chat/completions": {"model": MODEL, "messages": [{"role": "user", "content": "Hi."}]},
    "/v1/responses": {"model": MODEL, "input": "Hi."},
    "/v1/messages": {"model": MODEL, "max_tokens": 100, "messages": [{"role": "user", "content": "Hi."}]},
}


class Clock:
    """Seconds since 1970, moved by hand, or running from where it was put."""

    def __init__(self, now: float = MIDDAY) -> None:
        self.now = now
        self._began: float | None = None

    def __call__(self) -> float:
        return self.now + (0 if self._began is None else time.monotonic() - self._began)

    def run(self, now: float) -> None:
        self.now, self._began = now, time.monotonic()

    def stop(self, now: float) -> None:
        self.now, self._began = now, None


MIDDAYS = Clock()


def with_keys(folder: Path, work: Callable[[Keys], Awaitable[T]], clock: Callable[[], float] = MIDDAYS) -> T:
    """What another process would do with the keys of the store in this DATA_DIR."""

    async def run() -> T:
        store = store_of(Settings(data_dir=folder), clock=clock)
        try:
            return await work(Keys(store, None, clock))
        finally:
            await store.aclose()

    return asyncio.run(run())


def made(
    folder: Path,
    name: str = "alice",
    *,
    models: tuple[str, ...] = (),
    expires_at: float | None = None,
    clock: Callable[[], float] = MIDDAYS,
    metrics: bool = False,
    **limits: Any,
) -> tuple[ApiKey, str]:
    """A new key and its text."""
    key, secret = with_keys(
        folder,
        lambda keys: keys.new(name, models=models, expires_at=expires_at, limits=Limits(**limits), metrics=metrics),
        clock,
    )
    return key, secret.reveal()


def ask(url: str, key: str = "", path: str = "/v1/chat/completions", **fields: Any) -> httpx.Response:
    headers = {"authorization": f"Bearer {key}"} if key else {}
    return httpx.post(f"{url}{path}", json=ASKS[path] | fields, headers=headers, timeout=30, trust_env=False)
