"""What the BACnet driver does with each way that real devices have, observed on simulated ones.

`python -m tests.conformance > docs/conformance.md` makes the page anew; a test compares it.
"""

import asyncio
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import count
from typing import Any

from bacpypes3.apdu import ErrorRejectAbortNack, ReinitializeDeviceRequest
from bacpypes3.pdu import Address

from protocols.bacnet.driver import BacnetDriver
from protocols.errors import ProtocolError, Refused, Timeout
from protocols.scanning import ScanStep, StepKind
from protocols.simulator.faults import Faults, Overflow
from protocols.simulator.flat import flat_device
from protocols.simulator.hosts import Crowd, Host, Registration, Subnet, Trunk
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.profiles import NO_RPM, ODD_REPLIES, OVERCLAIMS, SMALL
from protocols.simulator.spec import DeviceSpec
from protocols.types import Endpoint, FoundDevice, NetworkSettings, Path, PointAddress
from tests.ports import any_port

POINTS = 40
OUTPUT = PointAddress("analog-output", 1)
TRIES = 20  # of what may be lost: as often as a person would have patience
AT_ONCE = 8  # devices that are observed side by side
COLUMNS = (
    "Found",
    "Described",
    "Read",
    "Written",
    "Priorities read back",
    "Released",
    "Refusal told",
    "Read after a restart",
    "What is learnt",
)
NOT_ASKED = "–"

PAGE = """# Conformance

What the BACnet driver does with the ways of real devices: observed on [simulated
ones](simulator.md) with {points} points each, on real traffic. Made by
`python -m tests.conformance > docs/conformance.md`; a test keeps it true.

| Column | Yes means |
|---|---|
| Found | a search hears the device |
| Described | its points are listed with names, descriptions and units |
| Read | present value and status of all points are read |
| Written | a value at priority 8 is written, and proved by reading the priority array |
| Priorities read back | a stronger command is read back with the value that won |
| Released | its slot is empty again |
| Refusal told | it is told why the device refused a value out of its range |
| Read after a restart | all is read again; the command that the device lost is not held |
| What is learnt | how long replies may be, and what is avoided from then on |

{table}

A write is sent once. One whose answer is lost is unknown, and not repeated until somebody asks for
it again; that was done here for the devices that lose packets or restart.
"""


@dataclass(frozen=True)
class Quirk:
    """A way of real devices. `ways` are arguments of flat_device; `lossy`: what is asked may get
    lost, so it is asked again."""

    text: str
    ways: Mapping[str, Any] = field(default_factory=dict)
    timeout: float = 3.0
    retries: int = 2
    lossy: bool = False
    reads: int = 1  # how often it is read until what there is to learn is learnt


WHOLE = {"max_apdu": 1476, "segmentation": True}
MAIN_PORT = any_port()
QUIRKS: tuple[Quirk, ...] = (
    Quirk("1476 octets, segmentation", WHOLE),
    Quirk("1476 octets, no segmentation", {"max_apdu": 1476}),
    *(
        Quirk(f"{ways['max_apdu']} octets, no segmentation", ways)
        for ways in sorted(SMALL, key=lambda ways: -int(ways["max_apdu"]))
    ),
    Quirk("no ReadPropertyMultiple", {**WHOLE, **NO_RPM}),
    Quirk("says 1476 octets, has room for 480", OVERCLAIMS),
    Quirk(
        "says 1476 octets, does not answer beyond 206",
        {"max_apdu": 206, "faults": Faults(claims_apdu=1476, overflow=Overflow.SILENCE)},
        timeout=0.5,
        retries=0,
        reads=4,
    ),
    Quirk("answers in another order, refuses properties", {**WHOLE, **ODD_REPLIES}),
    Quirk("slow: 0.2 s for each answer", {**WHOLE, "reply_delay": 0.2}),
    Quirk(
        "loses every tenth packet each way",
        {**WHOLE, "faults": Faults(loses_requests=0.1, loses_replies=0.1, seed=3)},
        timeout=1.0,
        retries=6,
        lossy=True,
    ),
    Quirk(
        "restarts after each 15 requests",
        {**WHOLE, "faults": Faults(reboots_after=15, reboot_seconds=0.2)},
        timeout=1.0,
        retries=4,
        lossy=True,
    ),
    Quirk(
        "answers its network's port alone", {"faults": Faults(answers_only_port=MAIN_PORT)}, 2.0, 0
    ),
    Quirk("dies in the middle of a search", {"faults": Faults(dies_after=4)}, 1.5, 0),
)


@dataclass(frozen=True)
class Site:
    """A quirk with its devices and the way to them."""

    quirk: Quirk
    devices: Sequence[DeviceSpec]  # those that shall be found; the last is tried out
    settings: NetworkSettings


def sites() -> tuple[list[Host], list[Site]]:
    """All that is observed, and the hosts that simulate it. Each has a port of its own."""
    instances = count(1000)
    made: list[Site] = []

    def device(quirk: Quirk, address: str, port: int) -> DeviceSpec:
        return flat_device("Panel", next(instances), address, port, POINTS, **quirk.ways)

    def site(quirk: Quirk, devices: Sequence[DeviceSpec], **settings: Any) -> None:
        port = MAIN_PORT if quirk.ways.get("faults", Faults()).answers_only_port else any_port()
        made.append(
            Site(
                quirk,
                devices,
                NetworkSettings(
                    "127.0.0.1/8", port, timeout=quirk.timeout, retries=quirk.retries, **settings
                ),
            )
        )

    crowd: list[DeviceSpec] = []
    for place, quirk in enumerate(QUIRKS, start=1):
        spec = device(quirk, f"127.1.3.{place}", any_port())
        crowd.append(spec)
        site(quirk, [spec], targets=(f"127.255.255.255:{spec.port}",))

    port = any_port()
    twins = Quirk("two devices with one instance", WHOLE)
    pair = [
        flat_device("Twin", 900, f"127.1.3.{place}", port, POINTS, **WHOLE) for place in (201, 202)
    ]
    crowd += pair
    site(twins, pair, targets=(f"127.255.255.255:{port}",))

    station = Quirk("MS/TP behind a router", {"max_apdu": 480})
    router = device(Quirk("", WHOLE), "127.1.4.1", any_port())
    trunk = Trunk(router=router, stations=(device(station, *_place(router)),), baud=115200)
    site(station, trunk.devices, targets=(router.place,))

    subnets: list[Subnet] = []
    for third, (registration, text) in enumerate(
        (
            (Registration.ACCEPTED, "in another subnet, with a BBMD"),
            (Registration.REFUSED, "in another subnet, the BBMD refuses us"),
            (Registration.UNANSWERED, "in another subnet, the BBMD is silent"),
        ),
        start=5,
    ):
        quirk = Quirk(text, WHOLE, timeout=3.0 if registration is Registration.ACCEPTED else 0.4)
        bbmd = device(quirk, f"127.1.{third}.1", any_port())
        there = device(quirk, f"127.1.{third}.2", bbmd.port)
        subnets.append(Subnet(bbmd=bbmd, others=(there,), registration=registration))
        site(quirk, (bbmd, there), bbmd=bbmd.place)
    return [Crowd(tuple(crowd)), trunk, *subnets], made


def _place(spec: DeviceSpec) -> tuple[str, int]:
    return spec.address, spec.port


class Observation:
    """What the driver does with one site; `cells` by column."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.cells: dict[str, str] = dict.fromkeys(COLUMNS, NOT_ASKED)
        self._driver = BacnetDriver(site.settings)

    async def make(self) -> None:
        await self._driver.connect()
        try:
            found = await self._search()
            if found is not None:
                await self._try_out(found)
        finally:
            await self._driver.disconnect()

    async def _search(self) -> FoundDevice | None:
        """The device to try out, if it is found."""
        told = [one async for one in self._driver.discover()]
        steps = [one for one in told if isinstance(one, ScanStep)]
        devices = [one for one in told if isinstance(one, FoundDevice)]
        wanted = sorted(spec.instance for spec in self.site.devices)
        if sorted(one.info.endpoint.instance for one in devices) != wanted:
            advised = any(one.kind is StepKind.ADVICE and one.is_problem for one in steps)
            self.cells["Found"] = "no, and why is told" if advised else "no"
            return None
        doubled = any(one.kind is StepKind.DOUBLED for one in steps)
        self.cells["Found"] = "yes, both, and that is told" if doubled else "yes"
        last = wanted[-1]
        found = next(one for one in devices if one.info.endpoint.instance == last)
        self.cells["Described"] = _described(found)
        return found

    async def _try_out(self, found: FoundDevice) -> None:
        endpoint = found.info.endpoint
        addresses = [
            PointAddress(kind, number)
            for kind, share in (("analog-input", 2), ("analog-output", 4), ("analog-value", 4))
            for number in range(1, POINTS // share + 1)
        ]
        cells = self.cells
        for _ in range(self.site.quirk.reads):
            cells["Read"] = await _outcome(lambda: self._read(endpoint, addresses))
        if cells["Read"] == "yes":
            cells["Written"] = await self._until(lambda: self._command(endpoint, 40.0, 8))
            cells["Priorities read back"] = await self._until(
                lambda: self._command(endpoint, 20.0, 5)
            )
            cells["Released"] = await self._until(lambda: self._command(endpoint, None, 5))
            cells["Refusal told"] = await self._until(lambda: self._refusal(endpoint))
            cells["Read after a restart"] = await self._until(
                lambda: self._restart(endpoint, addresses)
            )
        cells["What is learnt"] = self._learnt(endpoint)

    async def _until(self, act: Callable[[], Awaitable[str]]) -> str:
        """What is lost on a bad line is asked for again, as somebody would who needs it."""
        outcome = await _outcome(act)
        for _ in range(TRIES if self.site.quirk.lossy else 0):
            if outcome.startswith("yes"):
                break
            outcome = await _outcome(act)
        return outcome

    async def _read(self, endpoint: Endpoint, addresses: Sequence[PointAddress]) -> str:
        readings = await self._driver.read(endpoint, addresses)
        usable = sum(one.quality.usable for one in readings)
        return "yes" if usable == len(addresses) else f"in part: {usable} of {len(addresses)}"

    async def _command(self, endpoint: Endpoint, value: float | None, priority: int) -> str:
        """Writes, and reads back what the device holds."""
        await self._driver.write(endpoint, OUTPUT, value, priority=priority)
        held = await self._driver.read_held(endpoint, OUTPUT)
        slots = held.slots or {}
        proved = slots.get(priority) == value
        if value is not None:
            proved = proved and held.reading.value == value
        return "yes" if proved else "no"

    async def _refusal(self, endpoint: Endpoint) -> str:
        try:
            await self._driver.write(endpoint, OUTPUT, 1000.0, priority=8)
        except Refused as refusal:
            return "yes" if "out of the range" in str(refusal) else "no"
        return "no"

    async def _restart(self, endpoint: Endpoint, addresses: Sequence[PointAddress]) -> str:
        """Makes the device restart, and reads it when it is back."""
        application = self._driver._application
        assert application is not None
        await self._driver.write(endpoint, OUTPUT, 40.0, priority=8)
        with suppress(ErrorRejectAbortNack):  # its answer may be lost
            await application.request(
                ReinitializeDeviceRequest(
                    reinitializedStateOfDevice="coldstart", destination=Address(endpoint.address)
                )
            )
        for _ in range(TRIES):
            with suppress(Timeout):
                outcome = await self._read(endpoint, addresses)
                held = await self._driver.read_held(endpoint, OUTPUT)
                return "no" if 8 in (held.slots or {}) else outcome
        return "no"

    def _learnt(self, endpoint: Endpoint) -> str:
        profile = self._driver.profile(endpoint)
        learnt = [f"{profile.reply_limit or profile.max_apdu} octets"]
        if not profile.has_rpm:
            learnt.append("no ReadPropertyMultiple")
        if profile.path is Path.MAIN:
            learnt.append("polled from the network's port")
        return ", ".join(learnt)


def _described(found: FoundDevice) -> str:
    if found.problem:
        return "in part, and that is told"
    if len(found.points) != POINTS or not all(one.name for one in found.points):
        return "no"
    if not all(one.units and one.description for one in found.points):
        return "yes, but for what it refuses"
    return "yes"


async def _outcome(act: Callable[[], Awaitable[str]]) -> str:
    try:
        return await act()
    except Timeout:
        return "no answer, and that is told"
    except ProtocolError as error:
        return f"no: {type(error).__name__}"


async def observe() -> list[Observation]:
    hosts, all_sites = sites()
    seats = asyncio.Semaphore(AT_ONCE)
    observations = [Observation(site) for site in all_sites]

    async def make(observation: Observation) -> None:
        async with seats:
            await observation.make()

    with SimulatedBuilding(hosts):
        async with asyncio.TaskGroup() as making:
            for observation in observations:
                making.create_task(make(observation))
    return observations


def page(observations: Sequence[Observation]) -> str:
    rows = [("The device", *COLUMNS), ("---",) * (1 + len(COLUMNS))]
    rows += [(one.site.quirk.text, *one.cells.values()) for one in observations]
    table = "\n".join(f"| {' | '.join(row)} |" for row in rows)
    return PAGE.format(points=POINTS, table=table)


if __name__ == "__main__":
    sys.stdout.write(page(asyncio.run(observe())))
