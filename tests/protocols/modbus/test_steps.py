"""What a search by Modbus tells of itself."""

from collections.abc import Callable

from protocols.modbus.driver import ModbusDriver
from protocols.scanning import ScanStep, StepKind
from protocols.simulator.flat import flat_device
from protocols.simulator.spec import Protocol
from protocols.types import FoundDevice, NetworkSettings


async def told_by(*targets: str) -> list[FoundDevice | ScanStep]:
    driver = ModbusDriver(NetworkSettings("127.0.0.1/8", 502, targets, timeout=5.0, retries=0))
    await driver.connect()
    try:
        return [one async for one in driver.discover()]
    finally:
        await driver.disconnect()


def advice(told: list[FoundDevice | ScanStep]) -> list[str]:
    return [one.text for one in told if isinstance(one, ScanStep) and one.kind is StepKind.ADVICE]


async def test_a_search_tells_whom_it_asked_and_who_is_silent(
    simulate: Callable, free_port: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Flat", 31, "127.0.0.31", port, 12, protocol=Protocol.MODBUS))
    there, nobody = f"127.0.0.31:{port}", f"127.0.0.99:{port}"
    told = await told_by(there, nobody)
    assert [one.kind if isinstance(one, ScanStep) else one.info.name for one in told] == [
        *(StepKind.OPENED, StepKind.ASKED, StepKind.ASKED, StepKind.HEARD, StepKind.DESCRIBED),
        *("Flat", StepKind.ENDED, StepKind.ADVICE),
    ]
    texts = [one.text for one in told if isinstance(one, ScanStep)]
    assert texts[3:6] == [
        "Unit 31 answers, T3-BB 66.02",
        "Device 31, Flat: 12 points",
        "2 addresses asked, 1 answered",
    ]
    assert advice(told)[0].startswith(f"{nobody}: no answer. Check that they are on")
    assert advice(await told_by(there)) == ["All is well: 1 device found and described."]


async def test_a_search_that_nobody_answers_says_what_to_check(free_port: Callable) -> None:
    (only,) = advice(await told_by(f"127.0.0.99:{free_port()}"))
    assert only.startswith("Nobody answered. Check that they are on, their addresses and ports")


async def test_a_search_without_targets_asks_for_them() -> None:
    (only,) = advice(await told_by())
    assert only == "Modbus has no broadcast: name the addresses of the devices as targets."
