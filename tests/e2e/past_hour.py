"""A DATA_DIR in which an hour of requests is already on record, as several clients would have left it: `past_hour.py FOLDER`."""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from kiro2chat_core.errors import Throttled
from kiro2chat_core.journal import Journal
from kiro2chat_core.report import Report
from kiro2chat_core.settings import Settings
from kiro2chat_core.store.opening import store_of
from kiro2chat_core.turns import Usage

CLIENTS = [("messages", "claude-opus-4.8", 2.2), ("chat", "claude-sonnet-4.5", 1.3), ("responses", "gpt-5.6-sol", 2.4)]
ENOUGH = 240


def report(chance: random.Random, at: float) -> Report:
    dialect, model, rate = chance.choices(CLIENTS, weights=(6, 3, 2))[0]
    made = Report(id=f"req_{chance.getrandbits(64):016x}", dialect=dialect, path=f"/v1/{dialect}", began_at=at)
    made.asked = made.model = model
    made.stream, made.status, made.outcome = True, 200, "end"
    made.first = chance.lognormvariate(0.2, 0.4)
    made.total = made.first + chance.lognormvariate(1.4, 0.6)
    if chance.random() < 0.03:
        made.status, made.error = 429, Throttled("Kiro asks to slow down.")
        return made
    made.usage = Usage(chance.randrange(4_000, 60_000), chance.randrange(80, 2_000), exact=True)
    made.answered.credits = rate * (made.usage.input_tokens + 5 * made.usage.output_tokens) / 1_000_000
    made.answered.attempts = 1
    return made


async def fill(folder: Path) -> None:
    chance, now = random.Random(7), time.time()
    settings = Settings(data_dir=folder)
    store = store_of(settings)
    journal = Journal(store, settings)
    for _ in range(ENOUGH):
        busy = chance.betavariate(1.6, 1.2)  # more towards now
        journal.note(report(chance, now - 3500 * (1 - busy)))
    await journal.flush(30)
    await journal.aclose()
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(fill(Path(sys.argv[1])))
