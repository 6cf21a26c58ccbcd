"""The BACnet/IP driver."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import aclosing
from datetime import UTC, datetime

from protocols.bacnet.application import ClientApplication, open_application
from protocols.bacnet.describe import Describer
from protocols.bacnet.gates import Gates
from protocols.bacnet.held import LIVE_BYTES, read_held, read_service, reading_of
from protocols.bacnet.live import LiveReader
from protocols.bacnet.objects import LIVE_PROPERTIES
from protocols.bacnet.poller import Poller
from protocols.bacnet.profiles import Profiles
from protocols.bacnet.properties import PropertyKey, PropertyReader
from protocols.bacnet.scan import Scan
from protocols.bacnet.writing import PropertyWriter
from protocols.driver import Driver
from protocols.errors import ProtocolError, Unreachable
from protocols.scanning import EVERYBODY, ScanStep, Search
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    Held,
    NetworkSettings,
    PointAddress,
    PointInfo,
    PointWrite,
    Profile,
    Reading,
)


class BacnetDriver(Driver):
    """BACnet/IP on one interface. Discovers, reads and writes."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        self._gates = Gates()
        self._profiles = Profiles()
        self._application: ClientApplication | None = None
        self._reader: PropertyReader | None = None
        self._writer: PropertyWriter | None = None
        self._poller: Poller | None = None
        self._live: LiveReader | None = None
        self._discovering = asyncio.Lock()

    async def connect(self) -> None:
        if self._application is not None:
            return
        application = await open_application(self.settings)
        poller = Poller(self.settings.timeout)
        try:
            await poller.open(self.settings.interface.partition("/")[0])
        except Unreachable:
            application.close()
            raise
        self._application, self._poller = application, poller
        self._reader = PropertyReader(application, self._gates, self._profiles, self.settings)
        self._writer = PropertyWriter(application, self._gates, self._profiles)
        self._live = LiveReader(
            poller,
            self._gates,
            self._profiles,
            retries=self.settings.retries,
            router=application.router,
            by_main=self._read_by_main,
        )

    async def disconnect(self) -> None:
        application, poller = self._application, self._poller
        self._application = self._poller = self._live = None
        self._reader = self._writer = None
        if poller is not None:
            poller.close()
        if application is not None:
            application.close()
            await asyncio.sleep(0)  # asyncio closes the sockets in its next round

    def profile(self, endpoint: Endpoint) -> Profile:
        return self._profiles.of(endpoint.address)

    def recall(self, endpoint: Endpoint, profile: Profile) -> None:
        self._profiles.recall(endpoint.address, profile)

    @property
    def is_connected(self) -> bool:
        return self._application is not None

    def _open(self, endpoint: Endpoint | None = None) -> tuple[ClientApplication, PropertyReader]:
        if self._application is None or self._reader is None:
            raise Unreachable("the network is not open", endpoint=endpoint)
        return self._application, self._reader

    async def discover(self, search: Search = EVERYBODY) -> AsyncIterator[FoundDevice | ScanStep]:
        async with self._discovering:
            application, reader = self._open()
            scan = Scan(application, Describer(reader, self._profiles), self.settings, search)
            async with aclosing(scan.steps()) as steps:
                async for step in steps:
                    yield step

    async def read_device_info(self, endpoint: Endpoint) -> DeviceInfo:
        return await self._describer(endpoint).device(endpoint)

    async def list_points(self, endpoint: Endpoint) -> tuple[PointInfo, ...]:
        return await self._describer(endpoint).points(endpoint)

    async def describe(self, endpoint: Endpoint) -> FoundDevice:
        return await self._describer(endpoint).found(endpoint)

    def _describer(self, endpoint: Endpoint) -> Describer:
        _, reader = self._open(endpoint)
        return Describer(reader, self._profiles)

    async def read(self, endpoint: Endpoint, points: Sequence[PointAddress]) -> list[Reading]:
        self._open(endpoint)
        if self._live is None or not points:
            await self.read_device_info(endpoint)
            return []
        return await self._live.read(endpoint, points)

    async def _read_by_main(
        self, endpoint: Endpoint, points: Sequence[PointAddress]
    ) -> list[Reading]:
        """From the network's own port, by bacpypes3."""
        _, reader = self._open(endpoint)
        keys = [PropertyKey(address, name) for address in points for name in LIVE_PROPERTIES]
        started = datetime.now(UTC)
        values = await reader.read(endpoint, keys, bytes_each=LIVE_BYTES)
        return [reading_of(address, values, started) for address in points]

    async def write(
        self,
        endpoint: Endpoint,
        point: PointAddress,
        value: float | None,
        *,
        priority: int | None = None,
    ) -> None:
        await self._writing(endpoint).write(endpoint, PointWrite(point, value, priority))

    async def write_many(
        self, endpoint: Endpoint, writes: Sequence[PointWrite]
    ) -> list[ProtocolError | None]:
        try:
            writer = self._writing(endpoint)
        except Unreachable as error:
            return [error] * len(writes)
        return await writer.write_many(endpoint, writes)

    async def switch_service(self, endpoint: Endpoint, point: PointAddress, *, out: bool) -> None:
        await self._writing(endpoint).switch_service(endpoint, point, out=out)

    def _writing(self, endpoint: Endpoint) -> PropertyWriter:
        if self._writer is None:
            raise Unreachable("the network is not open", endpoint=endpoint)
        return self._writer

    async def read_held(self, endpoint: Endpoint, point: PointAddress) -> Held:
        _, reader = self._open(endpoint)
        return await read_held(reader, endpoint, point)

    async def read_service(
        self, endpoint: Endpoint, point: PointAddress
    ) -> tuple[Reading, bool | None]:
        _, reader = self._open(endpoint)
        return await read_service(reader, endpoint, point)
