"""Registers per CPU second: the driver's planned blocks against pymodbus one register at a time.

Both in the same run, from the same simulated panel, on pymodbus' client; only our own CPU counts.
What the block planner reads along to save a request is not counted as read.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson
from pymodbus.client import AsyncModbusTcpClient

from protocols.modbus.connection import Connection
from protocols.modbus.driver import ModbusDriver
from protocols.modbus.product import load
from protocols.planning import blocks
from protocols.simulator.flat import flat_device
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import Protocol
from protocols.types import Endpoint, NetworkSettings, PointAddress

ADDRESS, PORT, UNIT = "127.0.0.60", 47861, 60
SECONDS = 8.0
T3 = load("t3")
POINTS = [
    PointAddress(kind, number)
    for kind, area in T3.areas.items()
    for number in range(1, area.count + 1)
]
SPANS = [
    span
    for area in T3.areas.values()
    for number in range(1, area.count + 1)
    for span in area.live(number)
]
REGISTERS = sum(len(span) for span in SPANS)


@dataclass
class Figure:
    name: str
    registers: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.registers / self.seconds

    @property
    def per_cpu_second(self) -> float:
        return self.registers / self.cpu


def main() -> None:
    panel = flat_device("Bench", UNIT, ADDRESS, PORT, 100, protocol=Protocol.MODBUS)
    with SimulatedBuilding([panel], speed=1.0):
        figures = asyncio.run(measure())
    report(figures)


async def measure() -> list[Figure]:
    endpoint = Endpoint(f"{ADDRESS}:{PORT}", UNIT)
    driver = ModbusDriver(NetworkSettings("127.0.0.1/8", PORT))
    await driver.connect()
    client = AsyncModbusTcpClient(ADDRESS, port=PORT)
    await client.connect()
    connection = Connection(ADDRESS, PORT, source="127.0.0.1", timeout=3.0, retries=0)
    planned = blocks(SPANS, most=T3.most, bridge=T3.bridge)  # once, as the driver does
    place = 0

    async def planned_blocks() -> int:
        for block in planned:
            await connection.read(endpoint, block)
        return REGISTERS

    async def whole_read() -> int:
        await driver.read(endpoint, POINTS)
        return REGISTERS

    async def one_register() -> int:
        nonlocal place
        place = (place + 1) % len(SPANS)
        await client.read_holding_registers(SPANS[place].start, count=1, device_id=UNIT)
        return 1

    figures = [
        await _again("blocks as planned", planned_blocks),
        await _again("driver.read: blocks, decoded, as readings", whole_read),
        await _again("pymodbus, one register at a time", one_register),
    ]
    client.close()
    connection.close()
    await driver.disconnect()
    return figures


async def _again(name: str, read: Callable[[], Awaitable[int]]) -> Figure:
    await read()
    started, cpu, registers = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - started < SECONDS:
        registers += await read()
    return Figure(name, registers, time.perf_counter() - started, time.process_time() - cpu)


def report(figures: list[Figure]) -> None:
    peer = figures[-1]
    print(f"{'':42} {'registers/s':>12} {'per CPU second':>15} {'times the last':>15}")
    for figure in figures:
        ratio = figure.per_cpu_second / peer.per_cpu_second
        print(
            f"{figure.name:42} {figure.rate:12,.0f} {figure.per_cpu_second:15,.0f} {ratio:14.1f}x"
        )
    result = {
        "registers_per_cpu_second": round(figures[0].per_cpu_second),
        "speedup_blocks": round(figures[0].per_cpu_second / peer.per_cpu_second, 1),
        "speedup_whole_read": round(figures[1].per_cpu_second / peer.per_cpu_second, 1),
    }
    print(orjson.dumps(result).decode())


if __name__ == "__main__":
    main()
