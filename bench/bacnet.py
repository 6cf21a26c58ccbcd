"""What reading BACnet costs: our driver against rusty-bacnet's client, bacpypes3 and BAC0.

All read from the same server (rusty-bacnet's, in a process of its own on the other core), 60 analog
inputs with present value and status flags; only the client's CPU counts. Ours is `driver.read`, as
the field uses it: readings with qualities, through gate, profile and plan. Then whole sites on the
fast simulator (bench/bacnet_sites.py).
"""

import asyncio
import multiprocessing
import os
import statistics
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from multiprocessing.connection import Connection
from typing import Any

import orjson
import rusty_bacnet
from bacnet_sites import Site, measure_sites
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier

from protocols.bacnet.application import open_application
from protocols.bacnet.driver import BacnetDriver
from protocols.types import Endpoint, NetworkSettings, PointAddress, Profile, Quality

PORT = 47871
SERVER = f"127.0.0.71:{PORT}"
INSTANCE, OBJECTS, ROUNDS, SECONDS = 71, 60, 5, 1.0
POINTS = [PointAddress("analog-input", number) for number in range(1, OBJECTS + 1)]
ENDPOINT = Endpoint(SERVER, INSTANCE)
PROPERTIES = ("present-value", "status-flags")
DEGREES_CELSIUS = 62

Read = Callable[[], Awaitable[int]]  # how many points it has read


@dataclass(slots=True)
class Client:
    name: str
    read: Read
    cpu_us: list[float]  # per point, by round
    rates: list[float]  # points per second

    @property
    def cost(self) -> float:
        return statistics.median(self.cpu_us)


def serve(started: Connection) -> None:
    """The server's process."""
    _pin(1)

    async def run() -> None:
        host, _, port = SERVER.partition(":")
        server = rusty_bacnet.BACnetServer(
            INSTANCE, "Bench", host, int(port), "127.255.255.255", share_port_by_address=True
        )
        for number in range(1, OBJECTS + 1):
            server.add_analog_input(number, f"AI{number}", DEGREES_CELSIUS, 20.0 + number / 7)
        await server.start()
        started.send("ready")
        await asyncio.Event().wait()

    asyncio.run(run())


def _pin(core: int) -> None:
    if hasattr(os, "sched_setaffinity") and (os.cpu_count() or 1) > 1:
        os.sched_setaffinity(0, {core})


async def ours(stack: AsyncExitStack) -> Read:
    driver = BacnetDriver(NetworkSettings("127.0.0.1/8", PORT + 1, timeout=1.0))
    await driver.connect()
    stack.push_async_callback(driver.disconnect)
    driver.recall(ENDPOINT, Profile(max_apdu=1476))

    async def read() -> int:
        return len(await driver.read(ENDPOINT, POINTS))

    if any(one.quality is not Quality.GOOD for one in await driver.read(ENDPOINT, POINTS)):
        raise RuntimeError("not every point was read")
    return read


async def rusty(stack: AsyncExitStack) -> Read:
    # Its context manager is no subclass of what typing calls one.
    made: Any = rusty_bacnet.BACnetClient("127.0.0.1", PORT + 2, "127.255.255.255")
    client: Any = await stack.enter_async_context(made)
    kind, names = rusty_bacnet.ObjectType, rusty_bacnet.PropertyIdentifier
    wanted = [(names.PRESENT_VALUE, None), (names.STATUS_FLAGS, None)]
    specs = [
        (rusty_bacnet.ObjectIdentifier(kind.ANALOG_INPUT, number), wanted)
        for number in range(1, OBJECTS + 1)
    ]

    async def read() -> int:
        return len(await client.read_property_multiple(SERVER, specs))

    return read


async def _application(stack: AsyncExitStack, port: int) -> Any:
    application = await open_application(NetworkSettings("127.0.0.1/8", port))
    stack.callback(application.close)
    return application


async def bacpypes3_rpm(stack: AsyncExitStack) -> Read:
    application = await _application(stack, PORT + 3)
    asked: list[Any] = []
    for number in range(1, OBJECTS + 1):
        asked += [ObjectIdentifier(("analog-input", number)), list(PROPERTIES)]

    async def read() -> int:
        found = await application.read_property_multiple(Address(SERVER), list(asked))
        return len(found) // len(PROPERTIES)

    return read


async def bacpypes3_rp(stack: AsyncExitStack) -> Read:
    application = await _application(stack, PORT + 4)
    point = ObjectIdentifier(("analog-input", 1))

    async def read() -> int:
        for name in PROPERTIES:
            await application.read_property(Address(SERVER), point, name)
        return 1

    return read


async def bac0(stack: AsyncExitStack) -> Read:
    import BAC0

    BAC0.log_level("silence")
    network = await stack.enter_async_context(BAC0.start(ip="127.0.0.1/8", port=PORT + 5))

    async def read() -> int:
        await network.readMultiple(f"{SERVER} analogInput 1 presentValue statusFlags")
        return 1

    return read


CLIENTS: dict[str, Callable[[AsyncExitStack], Awaitable[Read]]] = {
    "T3000 driver.read": ours,
    "rusty-bacnet's client, RPM": rusty,
    "bacpypes3, RPM": bacpypes3_rpm,
    "bacpypes3, ReadProperty": bacpypes3_rp,
    "BAC0 readMultiple, one object": bac0,
}


async def measure_clients() -> list[Client]:
    async with AsyncExitStack() as stack:
        clients = [Client(name, await make(stack), [], []) for name, make in CLIENTS.items()]
        for client in clients:
            await client.read()
        for _ in range(ROUNDS):
            for client in clients:
                await _round(client)
        return clients


async def _round(client: Client) -> None:
    points, started, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - started < SECONDS:
        points += await client.read()
    client.cpu_us.append((time.process_time() - cpu) / points * 1e6)
    client.rates.append(points / (time.perf_counter() - started))


def main() -> None:
    spawn = multiprocessing.get_context("spawn")
    reader, writer = spawn.Pipe(duplex=False)
    server = spawn.Process(target=serve, args=(writer,), daemon=True)
    server.start()
    try:
        if not reader.poll(20):
            raise RuntimeError("the server did not start")
        _pin(0)
        clients = asyncio.run(measure_clients())
    finally:
        server.kill()
        server.join()
    sites = measure_sites()
    report(clients, sites)


def report(clients: Sequence[Client], sites: Sequence[Site]) -> None:
    own, theirs, pypes = clients[:3]
    print(f"{'':32} {'points/s':>10} {'own CPU us/point':>18} {'times ours':>12}")
    for client in clients:
        rate = statistics.median(client.rates)
        times = client.cost / own.cost
        print(f"{client.name:32} {rate:10,.0f} {client.cost:18,.2f} {times:11.1f}x")
    result: dict[str, float] = {
        "cpu_us_per_point": round(own.cost, 3),
        "cpu_ratio_bacpypes3": round(own.cost / pypes.cost, 4),
        "cpu_ratio_rusty": round(own.cost / theirs.cost, 3),
    }
    for site in sites:
        print(site)
        result |= site.figures
    print(orjson.dumps(result).decode())


if __name__ == "__main__":
    main()
