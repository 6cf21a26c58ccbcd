"""What a device holds of a point: its reading, its priority array, whether it is out of service."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from protocols.bacnet.failures import ReplyTooLong
from protocols.bacnet.objects import KINDS, LIVE_PROPERTIES, PRIORITIES, finite, reading, slots
from protocols.bacnet.properties import PropertyKey, PropertyReader
from protocols.errors import BadPoint, CodecError, FieldError, ProtocolError
from protocols.types import Endpoint, Held, PointAddress, PointKind, Quality, Reading

# Bytes of a ReadPropertyMultiple reply per property, rounded up (clause 20.2).
LIVE_BYTES = 14
HELD_BYTES = 34  # on the average of six, one of which is an array of sixteen
TOLD = (*LIVE_PROPERTIES, "reliability")
ARRAY, DEFAULT, SERVICE = "priority-array", "relinquish-default", "out-of-service"

Values = Mapping[PropertyKey, Any]


async def read_held(reader: PropertyReader, endpoint: Endpoint, point: PointAddress) -> Held:
    """The array whole where the reply fits, else element by element; inputs have none."""
    has_array = KINDS.get(point.object_type) is not PointKind.INPUT
    names = (*TOLD, ARRAY, DEFAULT) if has_array else TOLD
    started, values = await _read(reader, endpoint, point, names)
    told = reading_of(point, values, started)
    if not has_array:
        return Held(told, None)
    key = PropertyKey(point, ARRAY)
    array = values[key]
    if isinstance(array, (ReplyTooLong, CodecError)):  # too long, or one of them is odd
        keys = [key._replace(element=priority) for priority in PRIORITIES]
        elements = await reader.read(endpoint, keys, bytes_each=LIVE_BYTES, urgent=True)
        array = [elements[key] for key in keys]
    if isinstance(array, ProtocolError):
        return Held(told, None)
    return Held(told, slots(array), finite(values[PropertyKey(point, DEFAULT)]))


async def read_service(
    reader: PropertyReader, endpoint: Endpoint, point: PointAddress
) -> tuple[Reading, bool | None]:
    started, values = await _read(reader, endpoint, point, (*TOLD, SERVICE))
    told = finite(values[PropertyKey(point, SERVICE)])
    return reading_of(point, values, started), None if told is None else bool(told)


async def _read(
    reader: PropertyReader, endpoint: Endpoint, point: PointAddress, names: tuple[str, ...]
) -> tuple[datetime, Values]:
    """With the time at which it was asked: somebody waits, and polls do not."""
    started = datetime.now(UTC)
    keys = [PropertyKey(point, name) for name in names]
    return started, await reader.read(endpoint, keys, bytes_each=HELD_BYTES, urgent=True)


def reading_of(point: PointAddress, values: Values, time: datetime) -> Reading:
    """From the live properties, or what the device said instead of them."""
    present_value, flags = (values[PropertyKey(point, name)] for name in LIVE_PROPERTIES)
    if isinstance(present_value, (BadPoint, CodecError)):
        return Reading(point, None, Quality.CONFIG, time)
    if isinstance(present_value, FieldError):
        return Reading(point, None, Quality.FAULT, time)
    if isinstance(flags, ProtocolError):
        flags = None
    return reading(point, present_value, flags, time, values.get(PropertyKey(point, "reliability")))
