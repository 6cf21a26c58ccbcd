"""A driver without a network, for tests of what sits above drivers. It obeys the same contract."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime

from protocols.driver import Driver
from protocols.errors import BadPoint, CodecError, Refused, Timeout, Unreachable
from protocols.scanning import EVERYBODY, ScanStep, Search, StepKind
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    Held,
    NetworkSettings,
    PointAddress,
    PointInfo,
    Quality,
    Reading,
)


@dataclass
class FakeDevice:
    info: DeviceInfo
    points: dict[PointAddress, PointInfo]
    values: dict[PointAddress, float]
    overrides: dict[PointAddress, dict[int, float]] = field(default_factory=dict)
    out_of_service: set[PointAddress] = field(default_factory=set)
    silent: bool = False
    refuses: str = ""  # its reason to refuse any write
    loses_replies: bool = False  # it acts, and its answer to a write never arrives
    forgets: bool = False  # it accepts a write and does nothing
    writes: list[tuple[PointAddress, float | None, int]] = field(default_factory=list)
    switches: list[tuple[PointAddress, bool]] = field(default_factory=list)
    delay: float = 0.0

    def value(self, point: PointAddress) -> float:
        slots = self.overrides.get(point, {})
        return slots[min(slots)] if slots else self.values[point]

    def quality(self, point: PointAddress) -> Quality:
        return Quality.OUT_OF_SERVICE if point in self.out_of_service else Quality.GOOD


def _step(kind: StepKind, text: str, place: str = "", sent: int = 0, received: int = 0) -> ScanStep:
    return ScanStep(kind, datetime.now(UTC), text, place, sent=sent, received=received)


class FakeDriver(Driver):
    """Serves the devices that the test put into `devices`, by address."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        self.devices: dict[str, FakeDevice] = {}
        self._open = False

    async def connect(self) -> None:
        self._open = True

    async def disconnect(self) -> None:
        self._open = False

    @property
    def is_connected(self) -> bool:
        return self._open

    async def _device(self, endpoint: Endpoint) -> FakeDevice:
        if not self._open:
            raise Unreachable("the network is not open", endpoint=endpoint)
        device = self.devices.get(endpoint.address)
        if device is None or device.silent:
            await asyncio.sleep(self.settings.timeout)
            raise Timeout("no answer", endpoint=endpoint)
        await asyncio.sleep(device.delay)
        if device.info.endpoint.instance != endpoint.instance:
            raise BadPoint("does not answer as this instance", endpoint=endpoint)
        return device

    async def discover(self, search: Search = EVERYBODY) -> AsyncIterator[FoundDevice | ScanStep]:
        if not self._open:
            raise Unreachable("the network is not open")
        yield _step(StepKind.ASKED, f"asked {self.settings.interface}", sent=1)
        heard = 0
        for device in list(self.devices.values()):
            instance, place = device.info.endpoint.instance, device.info.endpoint.address
            if device.silent or (search.instances and instance not in search.instances):
                continue
            heard += 1
            yield _step(StepKind.HEARD, f"device {instance} is there", place, received=1)
            yield FoundDevice(device.info, tuple(device.points.values()))
        yield _step(StepKind.ENDED, f"{heard} answered", sent=1, received=heard)

    async def read_device_info(self, endpoint: Endpoint) -> DeviceInfo:
        return (await self._device(endpoint)).info

    async def list_points(self, endpoint: Endpoint) -> tuple[PointInfo, ...]:
        return tuple((await self._device(endpoint)).points.values())

    async def read(self, endpoint: Endpoint, points: Sequence[PointAddress]) -> list[Reading]:
        started = datetime.now(UTC)
        device = await self._device(endpoint)
        return [
            Reading(point, device.value(point), device.quality(point), started)
            if point in device.points
            else Reading(point, None, Quality.CONFIG, started)
            for point in points
        ]

    async def write(
        self,
        endpoint: Endpoint,
        point: PointAddress,
        value: float | None,
        *,
        priority: int | None = None,
    ) -> None:
        device = await self._known(endpoint, point)
        if not point.object_type.startswith("analog") and value is not None and value % 1:
            raise CodecError(f"{value} is not a whole number", endpoint=endpoint, point=point)
        if device.refuses:
            raise Refused(device.refuses, endpoint=endpoint, point=point)
        device.writes.append((point, value, priority or 16))
        if point.object_type.endswith("input"):
            if point not in device.out_of_service:
                raise Refused("write-access-denied", endpoint=endpoint, point=point)
            device.values[point] = 0.0 if value is None else value
            return
        slots = device.overrides.setdefault(point, {})
        if value is None:
            slots.pop(priority or 16, None)
        elif not device.forgets:
            slots[priority or 16] = value
        if device.loses_replies:
            raise Timeout("no answer", endpoint=endpoint, point=point)

    async def _known(self, endpoint: Endpoint, point: PointAddress) -> FakeDevice:
        device = await self._device(endpoint)
        if point not in device.points:
            raise BadPoint("unknown-object", endpoint=endpoint, point=point)
        return device

    async def read_held(self, endpoint: Endpoint, point: PointAddress) -> Held:
        (reading,) = await self.read(endpoint, [point])
        if point.object_type.endswith("input"):
            return Held(reading, None)
        device = self.devices[endpoint.address]
        return Held(reading, dict(device.overrides.get(point, {})), device.values.get(point))

    async def switch_service(self, endpoint: Endpoint, point: PointAddress, *, out: bool) -> None:
        device = await self._known(endpoint, point)
        if device.refuses:
            raise Refused(device.refuses, endpoint=endpoint, point=point)
        device.switches.append((point, out))
        if not device.forgets:
            (device.out_of_service.add if out else device.out_of_service.discard)(point)
        if device.loses_replies:
            raise Timeout("no answer", endpoint=endpoint, point=point)

    async def read_service(
        self, endpoint: Endpoint, point: PointAddress
    ) -> tuple[Reading, bool | None]:
        (reading,) = await self.read(endpoint, [point])
        return reading, point in self.devices[endpoint.address].out_of_service
