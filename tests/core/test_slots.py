"""Slots: never more at a time than there are, in order of coming, and a plain error for who waited too long."""

from __future__ import annotations

import asyncio

import pytest

from kiro2chat_core.errors import Throttled
from kiro2chat_core.kiro.slots import Slots


async def test_never_more_at_a_time_and_in_order() -> None:
    slots, under_way, most, order = Slots(3, 60), 0, 0, []

    async def work(number: int) -> None:
        nonlocal under_way, most
        async with slots.one("a"):
            under_way += 1
            most = max(most, under_way)
            order.append(number)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(work(number) for number in range(20)))
    assert most == 3
    assert order == list(range(20))


async def test_who_waits_too_long_is_told_and_who_leaves_takes_no_slot() -> None:
    slots = Slots(1, 0.05)
    async with slots.one("a"):
        with pytest.raises(Throttled, match="LOGIN_CONCURRENCY"):
            async with slots.one("a"):
                pass
        waiting = asyncio.create_task(slots.one("a").__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.wait({waiting})
    async with slots.one("a"):
        pass


async def test_an_error_gives_the_slot_back() -> None:
    slots = Slots(1, 1)
    with pytest.raises(RuntimeError):
        async with slots.one("a"):
            raise RuntimeError
    async with slots.one("a"):
        pass
