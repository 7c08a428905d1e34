"""The journal's cost: requests through a gateway that keeps one against one that keeps none, and its own work for each.

Prints ratios of one run on one machine; single figures say little on a shared one.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any
from unittest.mock import patch

import httpx

from kiro2chat_core.journal import Journal
from kiro2chat_core.report import Answered, Report
from kiro2chat_core.settings import Settings
from kiro2chat_core.stats import read
from kiro2chat_core.store.sqlite import SqliteStore
from kiro2chat_core.turns import Usage
from kiro2chat_functions.app import create_app
from kiro2chat_functions.emulator import Emulator, Options
from kiro2chat_functions.serving import served

REQUESTS, AT_ONCE, ROUNDS, NOTES = 150, 8, 7, 5000
BODY = {"model": "claude-sonnet-4.5", "stream": True, "messages": [{"role": "user", "content": "Go."}]}


def main() -> None:
    emulator = Emulator(Options())
    key = emulator.login("api-key").access_token
    with tempfile.TemporaryDirectory() as folder, served(emulator.app) as backend:
        settings = Settings.load(
            {"KIRO_API_URL": backend, "KIRO_CONTROL_URL": backend, "KIRO_API_KEY": key, "DATA_DIR": folder}
        )
        with served(create_app(settings)) as with_it, _without(), served(create_app(settings)) as without:
            for url in (with_it, without):
                asyncio.run(_load(url))  # warms up
            pairs = [(_timed(with_it), _timed(without)) for _ in range(ROUNDS)]
        ratio = statistics.median(one / other for one, other in pairs)
        print(f"{REQUESTS} streams, {AT_ONCE} at once: {ratio:.2f} times the gateway without a journal")
        asyncio.run(_alone(Path(folder) / "alone.sqlite3"))


def _without() -> Any:
    """Apps made from now on keep no journal."""
    return patch("kiro2chat_functions.app.Journal", _NoJournal)


class _NoJournal(Journal):
    def note(self, report: Report) -> None:
        pass


def _timed(url: str) -> float:
    began = time.perf_counter()
    asyncio.run(_load(url))
    return time.perf_counter() - began


async def _load(url: str) -> None:
    waiting = asyncio.Semaphore(AT_ONCE)
    content = json.dumps(BODY).encode()

    async def one(client: httpx.AsyncClient) -> None:
        async with waiting:
            response = await client.post(f"{url}/v1/chat/completions", content=content)
            response.raise_for_status()

    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        await asyncio.gather(*(one(client) for _ in range(REQUESTS)))


async def _alone(path: Path) -> None:
    """What a request costs its answer (`note`), and the writer behind it."""
    store = SqliteStore(path)
    journal = Journal(store, Settings())
    usage, now = Usage(1000, 100, exact=True), time.time()
    noted = written = 0.0
    for first in range(0, NOTES, 1000):
        began = time.perf_counter()
        for number in range(first, first + 1000):
            journal.note(
                Report(
                    f"msg_{number}", "messages", "/v1/messages", asked="sonnet", model=f"model-{number % 5}", stream=True,
                    began_at=now, first=0.3, total=number % 100 / 7, status=200, received=1000, sent=2000, outcome="end",
                    usage=usage, answered=Answered("id", 0.1),
                )
            )  # fmt: skip
        noted += time.perf_counter() - began
        began = time.perf_counter()
        await journal.flush(60)
        written += time.perf_counter() - began
    began = time.perf_counter()
    await read(store, "30d", "model", now)
    reading = time.perf_counter() - began
    await journal.aclose()
    await store.aclose()
    assert not journal.dropped
    print(
        f"{noted / NOTES * 1e6:.0f} µs of an answer's time to note it; {written / noted:.1f} times that to write it behind;"
        f" totals of 30 days in {reading * 1e3:.1f} ms"
    )


if __name__ == "__main__":
    main()
