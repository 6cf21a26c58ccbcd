"""Numbers of object types and properties that we name (135-2020 clause 21)."""

from collections.abc import Mapping
from typing import NamedTuple

from protocols.errors import CodecError
from protocols.types import PointAddress

OBJECT_TYPES: Mapping[str, int] = {
    "analog-input": 0,
    "analog-output": 1,
    "analog-value": 2,
    "binary-input": 3,
    "binary-output": 4,
    "binary-value": 5,
    "device": 8,
    "multi-state-input": 13,
    "multi-state-output": 14,
    "multi-state-value": 19,
    "accumulator": 23,
    "pulse-converter": 24,
    "integer-value": 45,
    "large-analog-value": 46,
    "positive-integer-value": 48,
}

PROPERTIES: Mapping[str, int] = {
    "active-text": 4,
    "application-software-version": 12,
    "description": 28,
    "firmware-revision": 44,
    "inactive-text": 46,
    "location": 58,
    "max-apdu-length-accepted": 62,
    "max-pres-value": 65,
    "min-pres-value": 69,
    "model-name": 70,
    "number-of-states": 74,
    "object-identifier": 75,
    "object-list": 76,
    "object-name": 77,
    "object-type": 79,
    "out-of-service": 81,
    "present-value": 85,
    "priority-array": 87,
    "protocol-object-types-supported": 96,
    "protocol-services-supported": 97,
    "protocol-version": 98,
    "reliability": 103,
    "relinquish-default": 104,
    "segmentation-supported": 107,
    "state-text": 110,
    "status-flags": 111,
    "system-status": 112,
    "units": 117,
    "vendor-identifier": 120,
    "vendor-name": 121,
    "protocol-revision": 139,
    "database-revision": 155,
    "event-state": 36,
}

LARGEST_INSTANCE = 0x3FFFFF


class ObjectId(NamedTuple):
    """An object inside a device: the number of its type (10 bits) and its instance (22 bits)."""

    type: int
    instance: int


def object_id(point: PointAddress) -> ObjectId:
    """Raises CodecError for a type that has no number here."""
    try:
        return ObjectId(OBJECT_TYPES[point.object_type], point.number)
    except KeyError:
        raise CodecError(f"{point.object_type!r} has no number", point=point) from None
