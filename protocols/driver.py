"""The interface of a driver, by capability.

One driver object serves one network and is used from one asyncio loop. Every driver is a
`Driver`: it opens a network, identifies a device, lists its points and reads them. What only
some protocols can do is a capability of its own (`Discovers`, `Learns`, `Writes`), found by
isinstance; `require` refuses what a driver lacks before any I/O.
"""

from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Sequence
from typing import Protocol, TypeVar, runtime_checkable

from protocols.errors import ProtocolError, Unsupported
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


Capability = TypeVar("Capability")


def require(driver: object, capability: type[Capability]) -> Capability:
    """The driver as the capability, or Unsupported, before any I/O."""
    if not isinstance(driver, capability):
        raise Unsupported(f"{type(driver).__name__} cannot do this: it lacks {capability.__name__}")
    return driver
