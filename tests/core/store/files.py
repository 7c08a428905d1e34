"""Store files as tests make them, look into them, and hear them refused."""

from __future__ import annotations

import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from tests.core.store.contract import KEY, store_on
from tests.core.store.programs import entry

from kiro2chat_core.errors import StoreUnusable
from kiro2chat_core.store.base import Key
from kiro2chat_core.store.sqlite import SqliteStore

__all__ = ["PATIENCE", "made", "place", "public_folder", "raw", "refusal"]

PATIENCE = 1.0


def place(path: Path) -> str:
    return f"sqlite://{path}"


async def made(path: Path, items: int = 1) -> None:
    async with store_on(place(path)) as store:
        for n in range(items):
            await store.put(Key("written", f"{n:09}"), entry(n))


async def refusal(path: Path, patience: float = PATIENCE) -> str:
    """What is said when it is opened; it is said again, and by every verb."""
    store = SqliteStore(path, patience=patience)
    told = set()
    try:
        for verb in (store.open(), store.get(KEY), store.put(KEY, {})):
            with pytest.raises(StoreUnusable) as refused:
                await verb
            told.add(refused.value.message)
    finally:
        await store.aclose()
    (message,) = told
    assert message.startswith(str(path))
    return message


@contextmanager
def raw(path: Path) -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(path, isolation_level=None, timeout=0)) as connection:
        yield connection


@contextmanager
def public_folder() -> Iterator[Path]:
    """A folder that others than root can reach; pytest's cannot be."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o755)
        yield Path(name)
