"""What other processes do to a store: `python -m tests.core.store.programs PROGRAM PLACE …`, a place being a STORE_URL."""

from __future__ import annotations

import asyncio
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Coroutine, Mapping
from pathlib import Path

from kiro2chat_core.errors import StoreError
from kiro2chat_core.store import sqlite as sqlite  # before any rights are dropped
from kiro2chat_core.store.base import Item, Key, Store
from kiro2chat_core.store.opening import store_at

__all__ = ["COUNTED", "HELD", "NOBODY", "entry", "finish", "is_whole", "number", "run", "start"]

ROOT = Path(__file__).resolve().parents[3]
NOBODY = 65534
COUNTED = Key("counted", "by processes")
HELD = Key("held", "by one process")


def start(program: str, place: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tests.core.store.programs", program, place, *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def run(program: str, place: str, *arguments: object) -> str:
    """What it printed."""
    return finish(start(program, place, *arguments))


def finish(process: subprocess.Popen[str]) -> str:
    """What it printed; one that does not end is ended."""
    try:
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0, err
    return out


def entry(number: int) -> dict[str, object]:
    """A value that spans several pages, with a check in itself."""
    return {"number": number, "text": f"{number} " * 3000, "again": number}


def is_whole(item: Item) -> bool:
    return item.value == entry(number(item.key))


def number(key: Key) -> int:
    return int(key.sort)


def say(*words: object) -> None:
    os.write(1, (" ".join(map(str, words)) + "\n").encode())


async def count(store: Store, times: str) -> None:
    async def some() -> None:
        for _ in range(int(times)):
            await store.incr(COUNTED, {"ones": 1, "halves": 0.5})

    async with asyncio.TaskGroup() as tasks:
        for _ in range(4):
            tasks.create_task(some())


async def hold(store: Store, log: str, times: str) -> None:
    """Say in the log when the lease is taken and, while it is still held, when it is given back."""
    descriptor = os.open(log, os.O_WRONLY | os.O_APPEND)
    for _ in range(int(times)):
        while (lease := await store.lease(HELD, f"process {os.getpid()}", 600)) is None:  # noqa: ASYNC110 - another process
            await asyncio.sleep(0.001)
        os.write(descriptor, f"in {os.getpid()} {lease.fence}\n".encode())
        await asyncio.sleep(0.001)
        os.write(descriptor, f"out {os.getpid()} {lease.fence}\n".encode())
        assert await store.release(lease)
    os.close(descriptor)


async def write(store: Store) -> None:
    """Write until killed, in two tasks, each saying what has been acknowledged."""

    async def some(first: int) -> None:
        at = first
        while True:
            await store.put(Key("written", f"{at:09}"), entry(at), expected="absent")
            await store.incr(COUNTED, {"written": 1})
            say(at)
            at += 2

    await asyncio.gather(some(0), some(1))


async def take(store: Store, seconds: str) -> None:
    """Take the lease and wait for the end."""
    assert await store.lease(HELD, "a process that dies", float(seconds))
    say("taken")
    await asyncio.sleep(600)


async def fill(store: Store, limit: str) -> None:
    """Write until files may not grow any more; print how many writes were acknowledged, and why it ended."""
    await store.open()
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(limit), int(limit)))
    at = 0
    try:
        while True:
            await store.put(Key("written", f"{at:09}"), entry(at), expected="absent")
            at += 1
    except StoreError as error:
        say(at, error.message)


async def unprivileged(store: Store) -> None:
    """Read and write without root's rights; print what is said of it."""
    await asyncio.to_thread(int)  # Python's own files may be out of reach later
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)
    try:
        await store.put(Key("written", "000000000"), entry(0))
        say("written")
    except StoreError as error:
        say(type(error).__name__, error.message)


async def forget(store: Store) -> None:
    """End without closing the store."""
    await store.put(Key("written", "000000000"), entry(0))
    say("written")
    sys.exit()


PROGRAMS: Mapping[str, Callable[..., Coroutine[None, None, None]]] = {
    program.__name__: program for program in (count, hold, write, take, fill, unprivileged, forget)
}


async def main(program: str, place: str, *arguments: str) -> None:
    store = store_at(place)
    await PROGRAMS[program](store, *arguments)
    await store.aclose()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
