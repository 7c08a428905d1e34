"""The store's verbs against the same statements by sqlite3 alone, in one task and in many; lists against single looks.

Prints ratios of one run on one machine; single figures say little on a shared one.
"""

from __future__ import annotations

import asyncio
import json
import sqlite3
import tempfile
import time
from collections.abc import Awaitable, Callable
from contextlib import closing
from pathlib import Path

from kiro2chat_core.store.base import Key
from kiro2chat_core.store.sqlite import SqliteStore

TIMES, TASKS, ROUNDS = 2000, 50, 3
VALUE = {"model": "claude-sonnet-4.5", "status": 200, "tokens": {"in": 12345, "out": 678}, "credits": 0.25, "ms": 1234}
COUNTERS = {"requests": 1, "tokens": 678, "credits": 0.25, "ms.17": 1}


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        bare = _bare(Path(folder) / "bare.sqlite3")
        ours = asyncio.run(_ours(Path(folder) / "ours.sqlite3"))
    for verb, (alone, many) in ours.items():
        print(
            f"{verb}: {bare[verb] / TIMES * 1e6:.0f} µs by sqlite3 alone;"
            f" {alone / bare[verb]:.1f} times that in one task, {many / bare[verb]:.1f} times in {TASKS}"
        )


def _bare(path: Path) -> dict[str, float]:
    text = json.dumps(VALUE)
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = wal")
        connection.execute("PRAGMA synchronous = normal")
        connection.execute("CREATE TABLE items (pk TEXT, sk TEXT, value TEXT, version INTEGER, PRIMARY KEY (pk, sk))")

        def put(n: int) -> None:
            connection.execute("INSERT OR REPLACE INTO items VALUES ('p', ?, ?, 1)", (f"{n:06}", text))

        def get(n: int) -> None:
            (found,) = connection.execute("SELECT value FROM items WHERE pk = 'p' AND sk = ?", (f"{n:06}",)).fetchone()
            json.loads(found)

        def incr(n: int) -> None:
            connection.execute("BEGIN IMMEDIATE")
            row = connection.execute("SELECT value FROM items WHERE pk = 'c' AND sk = 'x'").fetchone()
            held = json.loads(row[0]) if row else {}
            held = {name: held.get(name, 0) + amount for name, amount in COUNTERS.items()}
            connection.execute("INSERT OR REPLACE INTO items VALUES ('c', 'x', ?, 1)", (json.dumps(held),))
            connection.execute("COMMIT")

        return {verb.__name__: min(_timed(verb) for _ in range(ROUNDS)) for verb in (put, get, incr)}


def _timed(verb: Callable[[int], None]) -> float:
    began = time.perf_counter()
    for n in range(TIMES):
        verb(n)
    return time.perf_counter() - began


async def _ours(path: Path) -> dict[str, tuple[float, float]]:
    store = SqliteStore(path)

    async def put(n: int) -> object:
        return await store.put(Key("p", f"{n:06}"), VALUE)

    async def get(n: int) -> object:
        return await store.get(Key("p", f"{n:06}"))

    async def incr(n: int) -> object:
        return await store.incr(Key("c", "x"), COUNTERS)

    async def run(verb: Callable[[int], Awaitable[object]], tasks: int) -> float:
        async def some(first: int) -> None:
            for n in range(first, TIMES, tasks):
                await verb(n)

        began = time.perf_counter()
        await asyncio.gather(*map(some, range(tasks)))
        return time.perf_counter() - began

    figures = {}
    for verb in (put, get, incr):
        alone = min([await run(verb, 1) for _ in range(ROUNDS)])
        figures[verb.__name__] = alone, min([await run(verb, TASKS) for _ in range(ROUNDS)])
    began = time.perf_counter()
    await store.list("p", limit=1000)
    listed = (time.perf_counter() - began) / 1000
    print(f"an item of a page costs {listed / (figures['get'][0] / TIMES):.2f} of one that is looked up alone")
    await store.aclose()
    return figures


if __name__ == "__main__":
    main()
