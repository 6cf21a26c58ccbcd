"""What devices of the same points have in common: their objects, encoded but for the values."""

import math
import struct
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from zlib import crc32

from bacpypes3.basetypes import EngineeringUnits

from protocols.bacnet.codec import tags
from protocols.bacnet.codec.names import OBJECT_TYPES, PROPERTIES, ObjectId
from protocols.simulator.spec import ObjectType, Point

TICKS = 512  # of a second; then all values come again
TOGGLE_TICKS = 32  # how long a binary or a multi-state keeps its state

PRESENT_VALUE = PROPERTIES["present-value"]
PRIORITY_ARRAY = PROPERTIES["priority-array"]
POLARITY = 84
NORMAL = tags.encode_enumerated(0)  # event-state, reliability (no-fault-detected), polarity
# Clause 12: what each object of these types may lack.
OPTIONAL = frozenset(
    PROPERTIES[name]
    for name in (
        "description", "reliability", "min-pres-value", "max-pres-value",
        "inactive-text", "active-text", "state-text",
    )
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Made:
    """One object. `fixed` are its properties that never change, encoded; `arrays` the elements of
    those that are arrays. Its value is the one of `course` at the tick; `tag` and `code` are how it
    is encoded."""

    identifier: ObjectId
    point: Point
    fixed: Mapping[int, bytes]
    arrays: Mapping[int, tuple[bytes, ...]]
    course: tuple[float, ...]
    phase: int
    tag: bytes
    code: str

    @property
    def is_commandable(self) -> bool:
        return not self.point.type.is_input

    def encoded(self, value: float) -> bytes:
        return self.tag + struct.pack(f">{self.code}", value)

    def properties(self) -> list[int]:
        """All that it has, in the order of their numbers."""
        own = {PRESENT_VALUE, PRIORITY_ARRAY} if self.is_commandable else {PRESENT_VALUE}
        return sorted(own | set(self.fixed))


class Catalogue:
    """The objects of devices that have these points."""

    def __init__(self, points: Sequence[Point]) -> None:
        self.objects: dict[ObjectId, Made] = {}
        numbers: Counter[ObjectType] = Counter()
        for point in points:
            numbers[point.type] += 1  # each type counts from 1
            identifier = ObjectId(OBJECT_TYPES[point.type], numbers[point.type])
            self.objects[identifier] = _made(point, identifier)
        self.list = tuple(tags.encode_object_identifier(one) for one in self.objects)


def _made(point: Point, identifier: ObjectId) -> Made:
    fixed = {
        PROPERTIES["object-identifier"]: tags.encode_object_identifier(identifier),
        PROPERTIES["object-type"]: tags.encode_enumerated(identifier.type),
        PROPERTIES["object-name"]: tags.encode_character_string(point.label),
        PROPERTIES["description"]: tags.encode_character_string(point.description),
        PROPERTIES["status-flags"]: tags.encode_bit_string([False] * 4),
        PROPERTIES["event-state"]: NORMAL,
        PROPERTIES["reliability"]: NORMAL,
        PROPERTIES["out-of-service"]: tags.encode_boolean(False),
    }
    arrays = {}
    if point.type.is_analog:
        tag, code = b"\x44", "f"  # Real
        fixed[PROPERTIES["units"]] = tags.encode_enumerated(int(EngineeringUnits(point.units)))
        if point.low is not None and point.high is not None:
            fixed[PROPERTIES["min-pres-value"]] = tags.encode_real(point.low)
            fixed[PROPERTIES["max-pres-value"]] = tags.encode_real(point.high)
    elif point.type.is_binary:
        tag, code = b"\x91", "B"  # Enumerated of one octet
        inactive, active = map(tags.encode_character_string, point.states[:2])
        fixed |= {PROPERTIES["inactive-text"]: inactive, PROPERTIES["active-text"]: active}
        if point.type is not ObjectType.BINARY_VALUE:
            fixed[POLARITY] = NORMAL
    else:
        tag, code = b"\x21", "B"  # Unsigned of one octet
        texts = tuple(map(tags.encode_character_string, point.states))
        arrays[PROPERTIES["state-text"]] = texts
        fixed[PROPERTIES["state-text"]] = b"".join(texts)
        fixed[PROPERTIES["number-of-states"]] = tags.encode_unsigned(len(texts))
    made = Made(
        identifier, point, fixed, arrays, _course(point), crc32(point.label.encode()), tag, code
    )
    if made.is_commandable:
        fixed[PROPERTIES["relinquish-default"]] = made.encoded(made.course[0])
    return made


def _course(point: Point) -> tuple[float, ...]:
    """The values of an input from tick to tick; all others stay as they are commanded."""
    if not point.type.is_input:
        return (point.initial if point.type.is_analog else round(point.initial),) * TICKS
    if point.type.is_analog:
        return _wave(
            0.0 if point.low is None else point.low, 100.0 if point.high is None else point.high
        )
    return _states(0 if point.type.is_binary else 1, len(point.states))


@lru_cache
def _wave(low: float, high: float) -> tuple[float, ...]:
    middle, swing = (low + high) / 2, 0.45 * (high - low)
    return tuple(middle + swing * math.sin(math.tau * tick / TICKS) for tick in range(TICKS))


@lru_cache
def _states(first: int, count: int) -> tuple[int, ...]:
    return tuple(first + tick // TOGGLE_TICKS % count for tick in range(TICKS))
