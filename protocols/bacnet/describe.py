"""What one device holds: who it is, what it takes, its points and its other objects."""

import logging
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import IAmRequest
from bacpypes3.basetypes import ServicesSupported
from bacpypes3.object import Object
from bacpypes3.primitivedata import ObjectType

from protocols.bacnet.failures import ReplyTooLong
from protocols.bacnet.objects import KINDS, NAMES, object_info, point_info, text_properties
from protocols.bacnet.profiles import Profiles
from protocols.bacnet.properties import STANDARD_OBJECTS, PropertyKey, PropertyReader
from protocols.errors import BadPoint, ProtocolError, Timeout
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    ObjectInfo,
    PointAddress,
    PointInfo,
)

log = logging.getLogger(__name__)

# Bytes of a ReadPropertyMultiple reply per property, rounded up (clause 20.2).
TEXT_BYTES = 48
LIST_BYTES = 12
NAMED_AT_ONCE = 32  # objects: what is lost when a device dies between two requests for them

WHO = (
    "object-name",
    "vendor-identifier",
    "vendor-name",
    "model-name",
    "firmware-revision",
    "location",
)
SERVICES = "protocol-services-supported"
LENGTH = "max-apdu-length-accepted"
SEGMENTATION = "segmentation-supported"


@dataclass(frozen=True, slots=True)
class Announced:
    """What a device says of itself unasked, in its I-Am."""

    vendor_id: int
    max_apdu: int
    segmentation: str

    @classmethod
    def of(cls, i_am: IAmRequest) -> "Announced":
        return cls(
            int(i_am.vendorID), int(i_am.maxAPDULengthAccepted), str(i_am.segmentationSupported)
        )


@dataclass(slots=True)
class Holdings:
    """What is listed so far. `total`: the objects that the device says it has."""

    points: list[PointInfo]
    objects: list[ObjectInfo]
    total: int = 0

    def told(self, problem: str) -> str:
        """The problem, with how far it came."""
        listed = len(self.points) + len(self.objects)
        return f"{problem}; {listed} of {self.total} objects listed" if self.total else problem


class Describer:
    """Asks devices of one network what they are and what they hold."""

    def __init__(self, reader: PropertyReader, profiles: Profiles) -> None:
        self._reader = reader
        self._profiles = profiles

    async def device(self, endpoint: Endpoint) -> DeviceInfo:
        """Raises Timeout, Unreachable or BadPoint: nobody answers as this instance."""
        return _info(endpoint, await self._properties(endpoint, WHO))

    async def points(self, endpoint: Endpoint) -> tuple[PointInfo, ...]:
        """All of them, or the error on the way."""
        holdings = Holdings([], [])
        addresses = await self._object_list(endpoint)
        await self._list(endpoint, [one for one in addresses if one.object_type in KINDS], holdings)
        return tuple(holdings.points)

    async def found(self, endpoint: Endpoint, announced: Announced | None = None) -> FoundDevice:
        """The whole device; one that dies midway with what it told until then. Raises as `device`
        if it tells nothing at all."""
        names = (*WHO, SERVICES) if announced else (*WHO, SERVICES, LENGTH, SEGMENTATION)
        if announced is not None:
            self._profiles.tell(endpoint.address, announced.max_apdu, announced.segmentation)
        properties = await self._properties(endpoint, names)
        self._learn(endpoint.address, properties)
        holdings = Holdings([], [])
        problem = ""
        try:
            addresses = await self._object_list(endpoint)
            holdings.total = len(addresses)
            await self._list(endpoint, addresses, holdings)
        except ProtocolError as error:
            log.info("%s could not be described whole: %s", endpoint, error)
            problem = holdings.told(error.message)
        return FoundDevice(
            _info(endpoint, properties),
            tuple(holdings.points),
            problem,
            tuple(holdings.objects),
            profile=self._profiles.of(endpoint.address),
        )

    def undescribed(
        self, endpoint: Endpoint, announced: Announced | None, problem: str
    ) -> FoundDevice:
        """A device that is there and tells nothing more."""
        vendor_id = announced.vendor_id if announced else 0
        info = DeviceInfo(endpoint, vendor_id, name=f"Device {endpoint.instance}")
        return FoundDevice(info, problem=problem, profile=self._profiles.of(endpoint.address))

    def _learn(self, address: str, properties: Mapping[str, Any]) -> None:
        if LENGTH in properties:
            segmentation = str(properties.get(SEGMENTATION) or "")
            self._profiles.tell(address, int(properties[LENGTH]), segmentation)
        services = _services(properties.get(SERVICES))
        if services:
            self._profiles.tell_services(address, services)

    async def _properties(self, endpoint: Endpoint, names: Sequence[str]) -> dict[str, Any]:
        device = PointAddress("device", endpoint.instance)
        try:
            properties = (await self._texts(endpoint, {device: names}))[device]
        except BadPoint:  # some say it of the whole request
            properties = {}
        if not properties:
            raise BadPoint("does not answer as this instance", endpoint=endpoint)
        return properties

    async def _object_list(self, endpoint: Endpoint) -> list[PointAddress]:
        """Whole where the device can send it, else element by element; without the device itself,
        each once."""
        key = PropertyKey(PointAddress("device", endpoint.instance), "object-list")
        try:
            whole = (await self._reader.read(endpoint, [key], bytes_each=LIST_BYTES))[key]
        except Timeout as error:  # maybe a reply of this length never comes
            whole = ReplyTooLong(error.message, endpoint=endpoint)
        if isinstance(whole, ReplyTooLong):
            whole = await self._elements(endpoint, key)
        if isinstance(whole, ProtocolError):
            raise whole
        listed = [PointAddress(str(kind), int(number)) for kind, number in whole]
        return [one for one in dict.fromkeys(listed) if one.object_type != "device"]

    async def _elements(self, endpoint: Endpoint, key: PropertyKey) -> list[Any]:
        length_key = key._replace(element=0)
        length = (await self._reader.read(endpoint, [length_key], bytes_each=LIST_BYTES))[
            length_key
        ]
        if isinstance(length, ProtocolError):
            raise length
        keys = [key._replace(element=number) for number in range(1, int(length) + 1)]
        elements = await self._reader.read(endpoint, keys, bytes_each=LIST_BYTES)
        listed = [value for value in elements.values() if not isinstance(value, ProtocolError)]
        if len(listed) < len(elements):
            missing = len(elements) - len(listed)
            log.warning("%s does not list %d of its objects", endpoint, missing)
        return listed

    async def _list(
        self, endpoint: Endpoint, addresses: Sequence[PointAddress], holdings: Holdings
    ) -> None:
        """Adds the objects to the holdings, a part at a time."""
        _know_all(addresses)
        for start in range(0, len(addresses), NAMED_AT_ONCE):
            part = addresses[start : start + NAMED_AT_ONCE]
            texts = await self._texts(
                endpoint,
                {
                    one: text_properties(one.object_type) if one.object_type in KINDS else NAMES
                    for one in part
                },
            )
            for one in part:
                if one.object_type in KINDS:
                    holdings.points.append(point_info(one, texts[one]))
                else:
                    holdings.objects.append(object_info(one, texts[one]))

    async def _texts(
        self, endpoint: Endpoint, wanted: Mapping[PointAddress, Sequence[str]]
    ) -> dict[PointAddress, dict[str, Any]]:
        """The properties that each object has; those it lacks are left out."""
        keys = [PropertyKey(address, name) for address, names in wanted.items() for name in names]
        values = await self._reader.read(endpoint, keys, bytes_each=TEXT_BYTES)
        found: dict[PointAddress, dict[str, Any]] = {address: {} for address in wanted}
        for key, value in values.items():
            if not isinstance(value, ProtocolError):
                found[key.object][key.name] = value
        return found


def counted(found: FoundDevice) -> str:
    """What the device holds, by type, for people."""
    held = [one.address for one in found.points] + [one.address for one in found.objects]
    counts = Counter(one.object_type for one in held)
    types = ", ".join(f"{count} {name}" for name, count in counts.items())
    what = "point" if len(found.points) == 1 else "points"
    other = "object" if len(found.objects) == 1 else "objects"
    told = f"{len(found.points):,} {what} and {len(found.objects):,} other {other}"
    return f"{told}: {types}" if types else told


def _info(endpoint: Endpoint, properties: Mapping[str, Any]) -> DeviceInfo:
    def text(name: str) -> str:
        return str(properties.get(name) or "")

    return DeviceInfo(
        endpoint=endpoint,
        vendor_id=int(properties.get("vendor-identifier") or 0),
        name=text("object-name") or f"Device {endpoint.instance}",
        vendor_name=text("vendor-name"),
        model_name=text("model-name"),
        firmware=text("firmware-revision"),
        location=text("location"),
    )


def _services(bits: Any) -> tuple[str, ...]:
    """By their names in the standard (clause 21, BACnetServicesSupported)."""
    if bits is None:
        return ()
    given = list(bits)
    names: dict[str, int] = ServicesSupported._bitstring_names
    return tuple(name for name, bit in names.items() if bit < len(given) and given[bit])


def _know_all(addresses: Iterable[PointAddress]) -> None:
    """bacpypes3 decodes no property of an object whose type it does not know; names and the like
    are the same in all of them."""
    for name in {one.object_type for one in addresses}:
        number = ObjectType(int(name) if name.isdigit() else name)
        if STANDARD_OBJECTS.get_object_class(number) is None:
            STANDARD_OBJECTS.register_object_class(number, Object)
