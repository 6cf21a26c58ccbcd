"""Registers as points: what a reading is made of, how a value is written.

Pure. The registers come from a device and may hold anything. What their numbers mean is told by
`protocols.t3`.
"""

import struct
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from protocols.modbus.product import Area, Product
from protocols.t3 import ranges
from protocols.t3.values import HIGHEST, LOWEST, SCALE, binary, thousandths
from protocols.texts import clean
from protocols.types import PointAddress, PointInfo, PointKind, Quality, Reading

AUTO, MANUAL = 0, 1
SWITCH_OFF, SWITCH_AUTO, SWITCH_HAND = 0, 1, 2
SWITCH_TEXTS = {SWITCH_OFF: "off", SWITCH_HAND: "hand"}

Registers = Mapping[int, int]


@dataclass(frozen=True, slots=True)
class State:
    """All that a device holds of one point."""

    value: float | None  # None: what no value can be
    is_digital: bool
    is_manual: bool
    switch: int  # SWITCH_AUTO where there is none

    @property
    def quality(self) -> Quality:
        if self.value is None:
            return Quality.FAULT
        by_hand = self.is_manual or self.switch != SWITCH_AUTO
        return Quality.OVERRIDDEN if by_hand else Quality.GOOD

    def reading(self, address: PointAddress, time: datetime) -> Reading:
        return Reading(address, self.value, self.quality, time)


def state(area: Area, number: int, registers: Registers) -> State:
    """The point from its live registers, all of which must be there."""
    place = number - 1
    is_digital = _range(area, place, registers).is_digital
    first = area.value_registers(number).start
    return State(
        value=_value(registers[first], registers[first + 1], is_digital=is_digital),
        is_digital=is_digital,
        is_manual=registers[area.auto_manual + place] != AUTO,
        switch=SWITCH_AUTO if area.switch is None else registers[area.switch + place],
    )


def _range(area: Area, place: int, registers: Registers) -> ranges.Range:
    word = registers[area.range_number + place]
    if area.digital_analog is None:
        digital = word >> 8 == 0
    else:
        digital = registers[area.digital_analog + place] == 0
    return ranges.find(area.kind, word & 0xFF, digital=digital)


def _value(high: int, low: int, *, is_digital: bool) -> float | None:
    raw = high << 16 | low
    if is_digital:
        return float(raw) if raw in (0, 1) else None
    return (raw - 2**32 if raw > HIGHEST else raw) / SCALE


def encode(value: float, *, is_digital: bool) -> list[int]:
    """The two registers of a value. Raises ValueError, saying what would fit."""
    raw = binary(value) if is_digital else thousandths(value)
    return [raw >> 16 & 0xFFFF, raw & 0xFFFF]


def block_bytes(words: list[int]) -> bytes:
    """The bytes of a block: the first of each pair is in the register's high half."""
    return struct.pack(f">{len(words)}H", *words)


def point_info(product: Product, kind: PointKind, number: int, item: bytes) -> PointInfo | None:
    """A point from its descriptive block, None if nobody uses it."""
    area = product.areas[kind]
    label = text(area.block.label.of(item))
    description = text(area.block.description.of(item))
    range_number = item[area.block.range_number]
    if not (label or description or range_number):
        return None
    digital = item[area.block.digital_analog] == 0
    found = ranges.find(kind, range_number, digital=digital)
    is_digital = found.is_digital
    return PointInfo(
        address=PointAddress(kind.value, number),
        kind=kind,
        name=label or f"{area.prefix}{number}",
        description=description,
        units=found.unit,
        states=found.hardware_states,
        writable=True,
        commandable=True,
        has_priorities=False,
        low=None if is_digital else LOWEST / SCALE,
        high=None if is_digital else HIGHEST / SCALE,
        index=number - 1,
        range_number=range_number,
        is_digital=digital,
    )


def text(raw: bytes) -> str:
    """A text that ends at the first NUL, or not at all when it is full. Flash that was never
    written is all FF."""
    raw = raw.partition(b"\0")[0]
    if raw.startswith(b"\xff"):
        return ""
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        decoded = raw.decode("cp1252", errors="replace")  # T3000 writes what its Windows speaks
    return clean(decoded)
