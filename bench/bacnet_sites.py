"""Whole sites of BACnet devices on the fast simulator: is every device read in time, and what does
it cost? The simulator is another process; only the driver's CPU counts.

Each device has its own place in the period, as the field gives it, and is read again whether or not
the last read has ended: a read that is still under way when the next is due is an overrun.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

import orjson

from protocols.bacnet.driver import BacnetDriver
from protocols.errors import ProtocolError
from protocols.scanning import Search
from protocols.simulator.faults import NO_FAULTS, Faults
from protocols.simulator.flat import flat_device, varied_points
from protocols.simulator.hosts import Crowd
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import DeviceSpec
from protocols.types import Endpoint, FoundDevice, NetworkSettings, PointAddress, Profile

PORT = 47881
AT_ONCE = 256  # devices that are read at the same time
FIRST_INSTANCE = 500001
LOSSY = Faults(loses_requests=0.1, loses_replies=0.1)


@dataclass(frozen=True, slots=True)
class Site:
    """What was measured, in a line for people and as figures."""

    told: str
    figures: dict[str, float]

    def __str__(self) -> str:
        return self.told


@dataclass(slots=True)
class Polled:
    """The outcome of reading all devices for a while."""

    reads: Counter[Endpoint] = field(default_factory=Counter)
    failures: Counter[Endpoint] = field(default_factory=Counter)
    overruns: Counter[Endpoint] = field(default_factory=Counter)
    points: int = 0
    longest: float = 0.0
    cpu: float = 0.0
    seconds: float = 0.0

    @property
    def cores(self) -> float:
        return self.cpu / self.seconds


def measure_sites() -> list[Site]:
    return [asyncio.run(measure()) for measure in (discovery, thousand, hundred)]


async def discovery() -> Site:
    """1,000 devices of 20 objects, found and described whole with names and units."""
    with _simulated(1000, 20):
        driver = await _opened()
        began, cpu = time.perf_counter(), time.process_time()
        told = [one async for one in driver.discover(Search())]
        seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
        await driver.disconnect()
    found = [one for one in told if isinstance(one, FoundDevice)]
    whole = sum(not one.problem and len(one.points) == 20 for one in found)
    if whole != 1000:
        raise RuntimeError(f"{whole} of 1,000 devices were described whole")
    named = f"1,000 devices of 20 objects found in {seconds:.1f} s, {cpu:.1f} s of CPU"
    return Site(named, {"discovery_seconds": round(seconds, 1)})


async def thousand() -> Site:
    """1,000 devices x 256 points every 10 s."""
    with _simulated(1000, 256) as specs:
        driver, points = await _opened(), _points(256)
        polled = await poll(driver, [_endpoint(one) for one in specs], points, 10.0, 60.0)
        await driver.disconnect()
    overruns, failures = polled.overruns.total(), polled.failures.total()
    told = (
        f"1,000 devices x 256 points every 10 s: {polled.points / polled.seconds:,.0f} points/s, "
        f"{polled.cores:.3f} cores, longest read {polled.longest * 1000:.0f} ms, "
        f"{overruns} overruns, {failures} failed"
    )
    figures = {"driver_cores": round(polled.cores, 3), "overruns": overruns, "failures": failures}
    return Site(told, figures)


async def hundred() -> Site:
    """113 devices x 354 points every 60 s, one of them dead, one losing every tenth packet."""
    with _simulated(112, 354, lossy=1) as specs:
        driver, points = await _opened(), _points(354)
        endpoints = [_endpoint(one) for one in specs]
        dead = Endpoint(f"127.9.9.9:{PORT}", FIRST_INSTANCE - 1)
        polled = await poll(driver, [*endpoints, dead], points, 60.0, 150.0)
        await driver.disconnect()
    sound = endpoints[1:]
    overruns = sum(polled.overruns[one] for one in sound)
    failures = sum(polled.failures[one] for one in sound)
    told = (
        f"113 devices x 354 points every 60 s, one dead ({polled.failures[dead]} reads failed), "
        f"one lossy ({polled.failures[endpoints[0]]} of {polled.reads[endpoints[0]]}): of the "
        f"others {overruns} overruns, {failures} failed; longest read {polled.longest:.2f} s"
    )
    return Site(told, {"overruns_113": overruns, "failures_113": failures})


@contextmanager
def _simulated(count: int, points: int, *, lossy: int = 0) -> Iterator[Sequence[DeviceSpec]]:
    """So many devices, the first of them lossy."""
    listed = varied_points(points)
    specs = tuple(
        flat_device(
            f"Fast {place}",
            FIRST_INSTANCE + place,
            f"127.1.{place // 250}.{place % 250 + 1}",
            PORT,
            listed,
            max_apdu=1476,
            faults=LOSSY if place < lossy else NO_FAULTS,
        )
        for place in range(count)
    )
    with SimulatedBuilding([Crowd(specs, is_fast=True)], speed=1.0):
        yield specs


def _endpoint(spec: DeviceSpec) -> Endpoint:
    return Endpoint(spec.place, spec.instance)


def _points(count: int) -> list[PointAddress]:
    """As the simulator numbers them: each type from 1."""
    numbers: Counter[str] = Counter()
    addresses = []
    for point in varied_points(count):
        numbers[point.type] += 1
        addresses.append(PointAddress(str(point.type), numbers[point.type]))
    return addresses


async def _opened() -> BacnetDriver:
    targets = (f"127.255.255.255:{PORT}",)
    driver = BacnetDriver(NetworkSettings("127.0.0.1/8", PORT + 1, targets, timeout=2.0, retries=2))
    await driver.connect()
    return driver


async def poll(
    driver: BacnetDriver,
    endpoints: Sequence[Endpoint],
    points: Sequence[PointAddress],
    period: float,
    seconds: float,
) -> Polled:
    """Reads each device once a period; begins to count when each was read once."""
    polled, seats, under_way = Polled(), asyncio.Semaphore(AT_ONCE), set[Endpoint]()
    for endpoint in endpoints:
        driver.recall(endpoint, Profile(max_apdu=1476))

    async def read(endpoint: Endpoint) -> None:
        if endpoint in under_way:
            polled.overruns[endpoint] += 1
            return
        under_way.add(endpoint)
        began = time.perf_counter()
        try:
            async with seats:
                polled.points += len(await driver.read(endpoint, points))
            polled.longest = max(polled.longest, time.perf_counter() - began)
        except ProtocolError:
            polled.failures[endpoint] += 1
        finally:
            polled.reads[endpoint] += 1
            under_way.discard(endpoint)

    async def keep_reading(endpoint: Endpoint, begin: float) -> None:
        while begin < end:
            await asyncio.sleep(begin - loop.time())
            running.append(asyncio.create_task(read(endpoint)))
            begin += period

    loop = asyncio.get_running_loop()
    running: list[asyncio.Task[None]] = []
    now, cpu = loop.time(), time.process_time()
    end = now + seconds
    places = (now + period * place / len(endpoints) for place in range(len(endpoints)))
    await asyncio.gather(*map(keep_reading, endpoints, places))
    await asyncio.gather(*running)
    polled.cpu, polled.seconds = time.process_time() - cpu, loop.time() - now
    return polled


def main() -> None:
    figures: dict[str, float] = {}
    for site in measure_sites():
        print(site)
        figures |= site.figures
    print(orjson.dumps(figures).decode())


if __name__ == "__main__":
    main()
