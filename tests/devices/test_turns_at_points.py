"""Turns: in the order of the queue, at several places at once, nobody waiting for ever."""

import asyncio

from devices.runtime.turns import Turns
from protocols.types import PointAddress

A, B, C = ((1, PointAddress("analog-output", number)) for number in (1, 2, 3))


async def test_turns_come_in_the_order_in_which_they_were_queued() -> None:
    turns = Turns()
    done: list[str] = []

    async def go(name: str, *places: tuple[int, PointAddress]) -> None:
        async with turns.queue(*places):
            await asyncio.sleep(0)
            done.append(name)

    async with asyncio.TaskGroup() as tasks:
        for name, places in (("1", (A,)), ("2", (A, B)), ("3", (B,)), ("4", (C,)), ("5", (B, A))):
            tasks.create_task(go(name, *places))
    assert done == ["1", "4", "2", "3", "5"]
    assert all(map(turns.is_free, (A, B, C)))


async def test_who_gives_up_lets_nobody_behind_him_overtake() -> None:
    turns = Turns()
    done: list[str] = []
    first = turns.queue(A)

    async def go(name: str) -> None:
        async with turns.queue(A):
            done.append(name)

    async with first:
        hasty = asyncio.create_task(go("hasty"))
        patient = asyncio.create_task(go("patient"))
        await asyncio.sleep(0)
        hasty.cancel()
        await asyncio.wait([hasty])
        assert not turns.is_free(A)
        assert done == []
    await patient
    assert done == ["patient"]
    assert turns.is_free(A)
