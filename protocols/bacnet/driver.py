"""The BACnet/IP driver."""

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence
from datetime import UTC, datetime
from typing import Any

from bacpypes3.apdu import ErrorRejectAbortNack, IAmRequest
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import Null, ObjectIdentifier

from protocols.bacnet.application import OWN_INSTANCE, ClientApplication, open_application
from protocols.bacnet.failures import ReplyTooLong, translate
from protocols.bacnet.gates import Gates
from protocols.bacnet.live import LiveReader
from protocols.bacnet.objects import (
    KINDS,
    LIVE_PROPERTIES,
    PRIORITIES,
    point_info,
    reading,
    slots,
    text_properties,
)
from protocols.bacnet.poller import Poller
from protocols.bacnet.profiles import Profiles
from protocols.bacnet.properties import PropertyKey, PropertyReader
from protocols.driver import Driver
from protocols.errors import BadPoint, CodecError, FieldError, ProtocolError, Unreachable
from protocols.scanning import EVERYBODY, ScanStep, Search
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    Held,
    NetworkSettings,
    PointAddress,
    PointInfo,
    Profile,
    Quality,
    Reading,
)

log = logging.getLogger(__name__)

WHO_IS_REPEATS = 2  # UDP loses packets; devices answer each
DESCRIBED_AT_ONCE = 8
# Bytes of a ReadPropertyMultiple reply per property, rounded up (clause 20.2).
LIVE_BYTES = 14
TEXT_BYTES = 48
LIST_BYTES = 12
PRIORITY_ARRAY_BYTES = 112  # sixteen Reals, each in its context tag

DEVICE_PROPERTIES = (
    "object-name",
    "vendor-identifier",
    "vendor-name",
    "model-name",
    "firmware-revision",
    "location",
)


class BacnetDriver(Driver):
    """BACnet/IP on one interface. Discovers, reads and writes."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        self._gates = Gates()
        self._profiles = Profiles()
        self._application: ClientApplication | None = None
        self._reader: PropertyReader | None = None
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
        self._application = self._poller = self._reader = self._live = None
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
            seats = asyncio.Semaphore(DESCRIBED_AT_ONCE)
            tasks = [
                asyncio.create_task(self._describe(i_am, seats)) for i_am in await self._who_is()
            ]
            try:
                for done in asyncio.as_completed(tasks):
                    yield await done
            finally:
                for task in tasks:
                    task.cancel()

    async def _who_is(self) -> list[IAmRequest]:
        """Every I-Am heard, one for each (address, instance): doubled instances are kept."""
        application, _ = self._open()
        heard: dict[tuple[str, int], IAmRequest] = {}

        def remember(apdu: IAmRequest) -> None:
            address, instance = str(apdu.pduSource), int(apdu.iAmDeviceIdentifier[1])
            if instance != OWN_INSTANCE:
                heard[address, instance] = apdu
                segmentation = str(apdu.segmentationSupported)
                self._profiles.tell(address, int(apdu.maxAPDULengthAccepted), segmentation)

        application.on_i_am = remember
        try:
            for _ in range(WHO_IS_REPEATS):
                for target in self.settings.targets or (None,):
                    application.send_who_is(target)
                await asyncio.sleep(self.settings.timeout / WHO_IS_REPEATS)
        finally:
            application.on_i_am = None
        return list(heard.values())

    async def _describe(self, i_am: IAmRequest, seats: asyncio.Semaphore) -> FoundDevice:
        endpoint = Endpoint(str(i_am.pduSource), int(i_am.iAmDeviceIdentifier[1]))
        info = DeviceInfo(
            endpoint, vendor_id=int(i_am.vendorID), name=f"Device {endpoint.instance}"
        )
        async with seats:
            try:
                info = await self.read_device_info(endpoint)
                return FoundDevice(info, await self.list_points(endpoint))
            except ProtocolError as error:
                log.info("%s could not be described: %s", endpoint, error)
                return FoundDevice(info, problem=error.message)
            except Exception as bug:  # the scan's outermost guard: one device must not end it
                log.exception("a bug while describing %s", endpoint)
                return FoundDevice(info, problem=f"internal error: {bug}")

    async def read_device_info(self, endpoint: Endpoint) -> DeviceInfo:
        device = PointAddress("device", endpoint.instance)
        try:
            properties = await self._texts(endpoint, {device: DEVICE_PROPERTIES})
        except BadPoint:  # some say it of the whole request
            properties = {device: {}}
        if not properties[device]:
            raise BadPoint("does not answer as this instance", endpoint=endpoint)

        def text(name: str) -> str:
            return str(properties[device].get(name) or "")

        return DeviceInfo(
            endpoint=endpoint,
            vendor_id=int(properties[device].get("vendor-identifier") or 0),
            name=text("object-name") or f"Device {endpoint.instance}",
            vendor_name=text("vendor-name"),
            model_name=text("model-name"),
            firmware=text("firmware-revision"),
            location=text("location"),
        )

    async def list_points(self, endpoint: Endpoint) -> tuple[PointInfo, ...]:
        points = [
            address for address in await self._object_list(endpoint) if address.object_type in KINDS
        ]
        texts = await self._texts(
            endpoint, {address: text_properties(address.object_type) for address in points}
        )
        return tuple(point_info(address, texts[address]) for address in points)

    async def _object_list(self, endpoint: Endpoint) -> list[PointAddress]:
        """Whole where the device can send it, else element by element."""
        _, reader = self._open(endpoint)
        key = PropertyKey(PointAddress("device", endpoint.instance), "object-list")
        whole = (await reader.read(endpoint, [key], bytes_each=LIST_BYTES))[key]
        if isinstance(whole, ReplyTooLong):
            length_key = key._replace(element=0)
            length = (await reader.read(endpoint, [length_key], bytes_each=LIST_BYTES))[length_key]
            if isinstance(length, ProtocolError):
                raise length
            keys = [key._replace(element=number) for number in range(1, int(length) + 1)]
            elements = await reader.read(endpoint, keys, bytes_each=LIST_BYTES)
            whole = [value for value in elements.values() if not isinstance(value, ProtocolError)]
            if len(whole) < len(elements):
                missing = len(elements) - len(whole)
                log.warning("%s does not list %d of its objects", endpoint, missing)
        if isinstance(whole, ProtocolError):
            raise whole
        return [PointAddress(str(object_type), int(number)) for object_type, number in whole]

    async def _texts(
        self, endpoint: Endpoint, wanted: dict[PointAddress, tuple[str, ...]]
    ) -> dict[PointAddress, dict[str, Any]]:
        """The properties that each object has; those it lacks are left out."""
        _, reader = self._open(endpoint)
        keys = [PropertyKey(address, name) for address, names in wanted.items() for name in names]
        values = await reader.read(endpoint, keys, bytes_each=TEXT_BYTES)
        found: dict[PointAddress, dict[str, Any]] = {address: {} for address in wanted}
        for key, value in values.items():
            if not isinstance(value, ProtocolError):
                found[key.object][key.name] = value
        return found

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
        return [self._reading(address, values, started) for address in points]

    @staticmethod
    def _reading(address: PointAddress, values: dict[PropertyKey, Any], time: datetime) -> Reading:
        present_value = values[PropertyKey(address, "present-value")]
        status_flags = values[PropertyKey(address, "status-flags")]
        if isinstance(present_value, (BadPoint, CodecError)):
            return Reading(address, None, Quality.CONFIG, time)
        if isinstance(present_value, FieldError):
            return Reading(address, None, Quality.FAULT, time)
        if isinstance(status_flags, ProtocolError):
            status_flags = None
        return reading(address, present_value, status_flags, time)

    async def write(
        self,
        endpoint: Endpoint,
        point: PointAddress,
        value: float | None,
        *,
        priority: int | None = None,
    ) -> None:
        application, _ = self._open(endpoint)
        encoded = _encode(endpoint, point, value)
        try:
            async with self._gates.of(endpoint.address).turn(urgent=True):
                reply = await application.write_property(
                    Address(endpoint.address),
                    ObjectIdentifier((point.object_type, point.number)),
                    "present-value",
                    encoded,
                    priority=priority,
                )
        except ErrorRejectAbortNack as error:
            raise translate(error, endpoint, point) from None
        if isinstance(reply, ErrorRejectAbortNack):
            raise translate(reply, endpoint, point)

    async def read_held(self, endpoint: Endpoint, point: PointAddress) -> Held:
        _, reader = self._open(endpoint)
        (present,) = await self.read(endpoint, [point])
        key = PropertyKey(point, "priority-array")
        array = (await reader.read(endpoint, [key], bytes_each=PRIORITY_ARRAY_BYTES))[key]
        if isinstance(array, (ReplyTooLong, CodecError)):  # too long, or one of them is odd
            keys = [key._replace(element=priority) for priority in PRIORITIES]
            elements = await reader.read(endpoint, keys, bytes_each=LIVE_BYTES)
            array = [elements[key] for key in keys]
        return Held(present, None if isinstance(array, ProtocolError) else slots(array))


def _encode(endpoint: Endpoint, point: PointAddress, value: float | None) -> Any:
    """The value in the object's type. Raises CodecError that says what would fit."""
    if value is None:
        return Null(())
    if point.object_type.startswith("analog"):
        return float(value)
    number = int(value)
    if number != value:
        raise CodecError(f"{value} is not a whole number", endpoint=endpoint, point=point)
    if point.object_type.startswith("binary"):
        if number not in (0, 1):
            raise CodecError(f"{number} is neither 0 nor 1", endpoint=endpoint, point=point)
        return "active" if number else "inactive"
    if number < 1:
        raise CodecError(f"states count from 1, not {number}", endpoint=endpoint, point=point)
    return number
