"""Who may ask when."""

import asyncio

import pytest

from protocols.bacnet.gates import Gate, Gates, trunk


async def _hold(gate: Gate, order: list[str], name: str, **how: object) -> None:
    async with gate.turn(**how):  # type: ignore[arg-type]
        order.append(name)
        await asyncio.sleep(0)


async def test_one_after_the_other_and_the_urgent_first() -> None:
    gate, order = Gate(), []
    async with gate.turn():
        tasks = [
            asyncio.create_task(_hold(gate, order, "first")),
            asyncio.create_task(_hold(gate, order, "second")),
        ]
        await asyncio.sleep(0)
        tasks.append(asyncio.create_task(_hold(gate, order, "command", urgent=True)))
        await asyncio.sleep(0)
        assert order == []
    await asyncio.gather(*tasks)
    assert order == ["command", "first", "second"]


async def test_as_much_as_fits_and_what_is_too_heavy_alone() -> None:
    gate, order = Gate(10), []
    async with gate.turn(weight=4):
        heavy = asyncio.create_task(_hold(gate, order, "heavy", weight=25))
        light = asyncio.create_task(_hold(gate, order, "light", weight=4))
        await asyncio.sleep(0)
        assert order == []  # it waits behind the heavy one, which would else wait for ever
    await asyncio.gather(heavy, light)
    assert order == ["heavy", "light"]


@pytest.mark.parametrize("is_let_in", [False, True])
async def test_who_gives_up_waiting_blocks_nobody(is_let_in: bool) -> None:
    gate, order = Gate(), []
    held = gate.turn()
    await held.__aenter__()
    waiting = asyncio.create_task(_hold(gate, order, "gone"))
    after = asyncio.create_task(_hold(gate, order, "after"))
    await asyncio.sleep(0)
    if is_let_in:
        await held.__aexit__(None, None, None)
        waiting.cancel()
    else:
        waiting.cancel()
        await asyncio.sleep(0)
        await held.__aexit__(None, None, None)
    await asyncio.wait([after], timeout=5)
    assert order == ["after"]
    async with gate.turn():
        pass


def test_devices_on_a_trunk_share_a_gate() -> None:
    gates = Gates()
    assert gates.of("2001:12") is gates.of("2001:13")
    assert gates.of("2001:12") is not gates.of("2002:12")
    assert gates.of("10.0.0.5") is not gates.of("10.0.0.5:47809")
    assert gates.of("10.0.0.5") is gates.of("10.0.0.5")


def test_a_trunk_is_not_widened() -> None:
    gates = Gates()
    gates.widen("10.0.0.5", 4)
    gates.widen("2001:12", 4)
    assert (gates.of("10.0.0.5").width, gates.of("2001:12").width) == (4, 1)


@pytest.mark.parametrize(
    ("address", "shared"),
    [
        ("2001:12", "2001"),
        ("2001:0x0c", "2001"),
        ("2001:0x0c0d0e", "2001:0x0c0d0e"),
        ("2001:10.0.0.5", "2001:10.0.0.5"),
        ("2001:10.0.0.5:47809", "2001:10.0.0.5:47809"),
        ("10.0.0.5", "10.0.0.5"),
        ("10.0.0.5:47809", "10.0.0.5:47809"),
    ],
)
def test_what_shares_a_wire(address: str, shared: str) -> None:
    assert trunk(address) == shared
