"""The interface of a driver, by capability.

One driver object serves one network and is used from one asyncio loop. Every driver is a
`Driver`: it opens a network, identifies a device, lists its points and reads them. What only
some protocols can do is a capability of its own (`Discovers`, `Learns`, `Writes` ...), found by
isinstance; `require` refuses what a driver lacks before any I/O, and `write_many` does one by one
what a driver cannot do in one go.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from protocols.errors import ProtocolError, Timeout, Unreachable, Unsupported
from protocols.scanning import EVERYBODY, ScanStep, Search
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    Held,
    NetworkSettings,
    PointAddress,
    PointInfo,
    PointKind,
    PointWrite,
    Profile,
    Reading,
)


class Driver(ABC):
    """One open network.

    Every method raises errors of `protocols.errors` only; cancellation always propagates.
    """

    def __init__(self, settings: NetworkSettings) -> None:
        self.settings = settings

    @abstractmethod
    async def connect(self) -> None:
        """Opens the network. Raises Unreachable, saying why; does nothing if it is open."""

    @abstractmethod
    async def disconnect(self) -> None:
        """Closes the network; what is in flight times out. Never raises; may be repeated."""

    @property
    @abstractmethod
    def is_connected(self) -> bool:
        """Whether the network is open."""

    @abstractmethod
    async def read_device_info(self, endpoint: Endpoint) -> DeviceInfo:
        """What the device says of itself. Raises Timeout, Unreachable, Refused, CodecError."""

    @abstractmethod
    async def list_points(self, endpoint: Endpoint) -> tuple[PointInfo, ...]:
        """All points that the device describes. Raises as read_device_info."""

    async def describe(self, endpoint: Endpoint) -> FoundDevice:
        """The device at the endpoint as discovery finds it. Raises as read_device_info; a device
        that stops answering midway is given with what is known and its problem."""
        info = await self.read_device_info(endpoint)
        try:
            return FoundDevice(info, await self.list_points(info.endpoint))
        except ProtocolError as error:
            return FoundDevice(info, problem=error.message)

    @abstractmethod
    async def read(self, endpoint: Endpoint, points: Sequence[PointAddress]) -> list[Reading]:
        """Reads present values: one reading for each address, in the same order.

        A point that the device refuses becomes a reading with a quality that says so. Raises
        Timeout or Unreachable when the device as a whole does not answer; with no address at all
        it still finds out whether the device answers.
        """

    async def read_inputs(self, endpoint: Endpoint) -> list[Reading]:
        return await self._read_kind(endpoint, PointKind.INPUT)

    async def read_outputs(self, endpoint: Endpoint) -> list[Reading]:
        return await self._read_kind(endpoint, PointKind.OUTPUT)

    async def read_variables(self, endpoint: Endpoint) -> list[Reading]:
        return await self._read_kind(endpoint, PointKind.VARIABLE)

    async def read_all(self, endpoint: Endpoint) -> list[Reading]:
        listed = await self.list_points(endpoint)
        return await self.read(endpoint, [info.address for info in listed])

    async def _read_kind(self, endpoint: Endpoint, kind: PointKind) -> list[Reading]:
        listed = await self.list_points(endpoint)
        return await self.read(endpoint, [info.address for info in listed if info.kind is kind])


@runtime_checkable
class Discovers(Protocol):
    """Finds devices that nobody named."""

    def discover(self, search: Search = EVERYBODY) -> AsyncIterator[FoundDevice | ScanStep]:
        """Yields each device as soon as it is described, and between them what was done. A device
        that stops answering midway is yielded with what is known and its problem; it never ends
        the scan. Raises Unreachable when the network is not open."""


@runtime_checkable
class Learns(Protocol):
    """Finds out what each device takes, and can be told what was found out before."""

    def profile(self, endpoint: Endpoint) -> Profile:
        """What is known of the device now."""

    def recall(self, endpoint: Endpoint, profile: Profile) -> None:
        """Takes up what was stored of the device, or what a person pinned; the same profile again
        changes nothing that was learnt since."""


@runtime_checkable
class Writes(Protocol):
    """Commands points."""

    async def write(
        self,
        endpoint: Endpoint,
        point: PointAddress,
        value: float | None,
        *,
        priority: int | None = None,
    ) -> None:
        """Writes once, never again on its own. None relinquishes the priority.

        Raises Timeout if it was sent and no answer came that proves it or refuses it: the device
        may have acted all the same. Every other error means that nothing was written: Refused with
        the device's reason, BadPoint, Busy, Unsupported, Unreachable, CodecError for a value that
        does not fit.
        """

    async def read_held(self, endpoint: Endpoint, point: PointAddress) -> Held:
        """What the device holds of the point now: the proof of a write. Raises as `read` when
        the device as a whole does not answer."""


@runtime_checkable
class WritesMany(Protocol):
    """Commands several points of a device by one request."""

    async def write_many(
        self, endpoint: Endpoint, writes: Sequence[PointWrite]
    ) -> list[ProtocolError | None]:
        """Writes each once, in their order. For each None, or the error as `Writes.write` raises
        it. Raises nothing that a device or a network can cause."""


@runtime_checkable
class SwitchesService(Protocol):
    """Takes points out of service: their values are then what is written, not what is measured,
    and an output does not follow (135-2020 clause 12, Out_Of_Service)."""

    async def switch_service(self, endpoint: Endpoint, point: PointAddress, *, out: bool) -> None:
        """Writes once, as `Writes.write`, and raises as it does."""

    async def read_service(
        self, endpoint: Endpoint, point: PointAddress
    ) -> tuple[Reading, bool | None]:
        """The point's value and whether it is out of service, None where the device does not
        tell: the proof of a switch. Raises as `read` when the device does not answer."""


async def write_many(
    driver: Writes, endpoint: Endpoint, writes: Sequence[PointWrite]
) -> list[ProtocolError | None]:
    """As `WritesMany.write_many`, by any driver. Behind a write that nobody answered nothing more
    is sent: the device is most likely gone, and each of them would wait for its own time-out."""
    if isinstance(driver, WritesMany):
        return await driver.write_many(endpoint, writes)
    outcomes: list[ProtocolError | None] = []
    for write in writes:
        outcomes.append(await _write(driver, endpoint, write))
        if isinstance(outcomes[-1], (Timeout, Unreachable)):
            break
    return outcomes + [not_sent(endpoint, write) for write in writes[len(outcomes) :]]


async def _write(driver: Writes, endpoint: Endpoint, write: PointWrite) -> ProtocolError | None:
    try:
        await driver.write(endpoint, write.point, write.value, priority=write.priority)
    except ProtocolError as error:
        error.point = error.point or write.point
        return error
    return None


def not_sent(endpoint: Endpoint, write: PointWrite) -> Unreachable:
    """What becomes of a write behind one that nobody answered."""
    told = "not sent: the write before it was not answered"
    return Unreachable(told, endpoint=endpoint, point=write.point)


Capability = TypeVar("Capability")


def require(driver: object, capability: type[Capability]) -> Capability:
    """The driver as the capability, or Unsupported, before any I/O."""
    if not isinstance(driver, capability):
        raise Unsupported(f"{type(driver).__name__} cannot do this: it lacks {capability.__name__}")
    return driver
