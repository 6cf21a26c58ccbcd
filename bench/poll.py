"""Points per second end to end: real simulated devices -> driver -> database -> publisher.

Peers in the same run, against the same devices, and storing nothing: BAC0's read and bacpypes3's
ReadProperty, one point after the other, as their guides show. The simulators are bacpypes3 too and
take more CPU than the client; see the "own CPU" column for what our side costs.
"""

import asyncio
import os
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import orjson

DEVICES = 6
POINTS = 100
SECONDS = 10.0
PORT = 47851


@dataclass
class Figure:
    name: str
    points: int
    seconds: float
    cpu: float

    @property
    def rate(self) -> float:
        return self.points / self.seconds

    @property
    def cpu_us(self) -> float:
        return self.cpu / self.points * 1e6


def main() -> None:
    data_dir = tempfile.mkdtemp(prefix="t3000-bench-")
    os.environ["T3000_DATA_DIR"] = data_dir
    os.environ["DJANGO_SETTINGS_MODULE"] = "t3000.settings"
    os.environ.setdefault("T3000_LOG_LEVEL", "ERROR")
    import django

    django.setup()
    from protocols.simulator.flat import flat_device
    from protocols.simulator.processes import SimulatedBuilding

    specs = [
        flat_device(f"Bench {number}", 900 + number, f"127.0.0.{60 + number}", PORT, POINTS,
                    max_apdu=1476, segmentation=True)
        for number in range(DEVICES)
    ]  # fmt: skip
    try:
        with SimulatedBuilding(specs, speed=1.0):
            addresses = [spec.place for spec in specs]
            figures = [ours(), asyncio.run(bacpypes3(addresses)), asyncio.run(bac0(addresses))]
    finally:
        shutil.rmtree(data_dir, ignore_errors=True)
    report(figures)


def ours() -> Figure:
    """Finds the devices, then reads all of them again and again as fast as they answer."""
    from django.core.management import call_command

    from devices import runtime
    from devices.models import Device
    from t3000 import field
    from t3000.models import PointValue

    call_command("migrate", verbosity=0)
    network_id = _network()
    engine = field.start()
    try:
        engine.discover(network_id)
        _wait(lambda: Device.objects.count() == DEVICES)
        stored = _poll_without_pause(runtime.current().poll)
        figure = Figure("T3000: read, store, publish", *stored)
        if PointValue.objects.count() != DEVICES * POINTS:
            raise RuntimeError("not every point was stored")
    finally:
        field.stop(engine)
    return figure


def _network() -> int:
    from devices.models import Network, Site

    site = Site.objects.create(name="Bench")
    network = Network.objects.create(
        site=site, name="Bench", interface="127.0.0.1/8", port=PORT + 1, timeout=2.0,
        targets=[f"127.255.255.255:{PORT}"],
    )  # fmt: skip
    return network.pk


def _seen() -> dict[int, object]:
    from devices.models import Link

    return dict(Link.objects.values_list("device_id", "last_seen_at"))


def _poll_without_pause(poll: Callable[[list[int]], None]) -> tuple[int, float, float]:
    """Asks for each device again as soon as its values are stored: points, seconds, CPU seconds."""
    seen = _seen()
    started, cpu, reads = time.perf_counter(), time.process_time(), 0
    poll(list(seen))
    while time.perf_counter() - started < SECONDS:
        time.sleep(0.005)
        now = _seen()
        stored = [device_id for device_id, at in now.items() if at != seen[device_id]]
        reads += len(stored)
        seen = now
        if stored:
            poll(stored)
    return reads * POINTS, time.perf_counter() - started, time.process_time() - cpu


def _wait(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("the bench is stuck")
        time.sleep(0.002)


async def bacpypes3(addresses: list[str]) -> Figure:
    from bacpypes3.pdu import Address
    from bacpypes3.primitivedata import ObjectIdentifier

    from protocols.bacnet.application import open_application
    from protocols.types import NetworkSettings

    application = await open_application(NetworkSettings("127.0.0.1/8", PORT + 2))

    async def read(address: str, number: int) -> None:
        point = ObjectIdentifier(("analog-input", number))
        await application.read_property(Address(address), point, "present-value")

    figure = await _one_by_one("bacpypes3 ReadProperty", addresses, read)
    application.close()
    return figure


async def bac0(addresses: list[str]) -> Figure:
    import BAC0

    BAC0.log_level("silence")
    async with BAC0.start(ip="127.0.0.1/8", port=PORT + 3) as network:

        async def read(address: str, number: int) -> None:
            await network.read(f"{address} analogInput {number} presentValue")

        return await _one_by_one("BAC0 read", addresses, read)


async def _one_by_one(
    name: str, addresses: list[str], read: Callable[[str, int], Awaitable[None]]
) -> Figure:
    started, cpu, points = time.perf_counter(), time.process_time(), 0
    while time.perf_counter() - started < SECONDS:
        await read(addresses[points % len(addresses)], points % (POINTS // 2) + 1)
        points += 1
    return Figure(name, points, time.perf_counter() - started, time.process_time() - cpu)


def report(figures: list[Figure]) -> None:
    own = figures[0]
    print(f"{'':30} {'points/s':>10} {'own CPU us/point':>18} {'times ours':>12}")
    for figure in figures:
        ratio = own.rate / figure.rate
        print(f"{figure.name:30} {figure.rate:10,.0f} {figure.cpu_us:18,.0f} {ratio:11.1f}x")
    result = {
        "points_per_second": round(own.rate),
        "cpu_us_per_point": round(own.cpu_us, 1),
        "speedup_bacpypes3": round(own.rate / figures[1].rate, 2),
        "speedup_bac0": round(own.rate / figures[2].rate, 2),
    }
    print(orjson.dumps(result).decode())


if __name__ == "__main__":
    main()
