"""The register map of a product, as its TOML file describes it. No I/O but reading that file."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

from protocols.types import PointAddress, PointKind


@dataclass(frozen=True, slots=True)
class Text:
    """Bytes of a block that hold a text, or a plain number."""

    offset: int
    length: int

    def of(self, block: bytes) -> bytes:
        return block[self.offset : self.offset + self.length]


@dataclass(frozen=True, slots=True)
class Block:
    """Where the descriptions of a kind's points lie: one item after the other."""

    first: int
    registers: int  # per item
    size: int  # bytes of an item, one less than its registers hold where that is odd
    description: Text
    label: Text
    digital_analog: int  # offsets of bytes
    range_number: int


@dataclass(frozen=True, slots=True)
class Area:
    """The registers of one kind of points, each the first of an array over all points."""

    kind: PointKind
    prefix: str
    count: int
    value: int
    auto_manual: int
    range_number: int
    block: Block
    digital_analog: int | None = None  # None: in the high byte of the range
    switch: int | None = None  # of outputs: the switch at the panel

    def live(self, number: int) -> list[range]:
        """All registers that a reading of the point (from 1) is made of."""
        place = number - 1
        singles = [self.auto_manual, self.range_number, self.digital_analog, self.switch]
        return [
            self.value_registers(number),
            *(range(first + place, first + place + 1) for first in singles if first is not None),
        ]

    def value_registers(self, number: int) -> range:
        first = self.value + 2 * (number - 1)
        return range(first, first + 2)

    def item(self, number: int) -> range:
        """The registers that describe the point."""
        first = self.block.first + self.block.registers * (number - 1)
        return range(first, first + self.block.registers)


@dataclass(frozen=True, slots=True)
class Family:
    """Products that share the registers beyond the identity. `counts`: by kind, the register that
    says how many points there are; without it there are as many as the map has."""

    name: str
    products: frozenset[int]
    firmware: str  # a format of major and minor
    counts: Mapping[PointKind, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Identity:
    """Registers that say what a device is, the same in every family."""

    registers: range
    serial: tuple[int, ...]
    firmware_minor: int
    firmware_major: int
    unit: int
    product: int


@dataclass(frozen=True, slots=True)
class Settings:
    """The block of the panel's settings. `numbers` are plain ones, low byte first; of the block
    only the parts with these are read, by registers."""

    first: int
    parts: tuple[range, ...]
    panel_name: Text
    board: Text
    serial: Text
    numbers: Mapping[str, Text]
    network_number: tuple[Text, Text]  # its low and its high byte

    def block(self, registers: Mapping[int, int]) -> bytes:
        """As bytes, 0 where it was not read."""
        words = range(self.first, max(part.stop for part in self.parts))
        return b"".join(registers.get(one, 0).to_bytes(2, "big") for one in words)

    def numbers_of(self, block: bytes, *, serial: int) -> dict[str, int]:
        """By name, those that can be. None of a block that is another one than we take it for: it
        would have the panel's serial number."""
        if _number(block, self.serial) != serial:
            return {}
        found = {name: _number(block, text) for name, text in self.numbers.items()}
        found["network_number"] = _number(block, *self.network_number)
        return {name: number for name, number in found.items() if number in POSSIBLE[name]}


POSSIBLE = {
    "panel_number": range(1, 255),
    "object_instance": range(4_194_303),
    "modbus_port": range(1, 65536),
    "network_number": range(1, 65536),
    "mstp_mac": range(255),
    "hardware_version": range(256),
}


def _number(block: bytes, *places: Text) -> int:
    return int.from_bytes(b"".join(place.of(block) for place in places), "little")


@dataclass(frozen=True, slots=True)
class Product:
    """All of one file."""

    vendor_id: int
    vendor: str
    model: str  # of a board that nobody knows
    most: int
    bridge: int
    identity: Identity
    settings: Settings
    families: tuple[Family, ...]
    areas: Mapping[str, Area]  # by the name of the kind, which is the object type of its points

    def family(self, product: int) -> Family | None:
        return next((one for one in self.families if product in one.products), None)

    def area(self, point: PointAddress) -> Area | None:
        """The area of an address such as input,3; None if it is no point of this product."""
        area = self.areas.get(point.object_type)
        return area if area is not None and 1 <= point.number <= area.count else None


@cache
def load(name: str) -> Product:
    """The product of products/NAME.toml."""
    text = (files("protocols.modbus.products") / f"{name}.toml").read_text("utf-8")
    return parse(tomllib.loads(text))


def parse(table: dict[str, Any]) -> Product:
    identity, settings = table["identity"], table["settings"]
    first = identity["first"]
    return Product(
        vendor_id=table["vendor_id"],
        vendor=table["vendor"],
        model=table["model"],
        most=table["reading"]["most"],
        bridge=table["reading"]["bridge"],
        identity=Identity(
            registers=range(first, first + identity["count"]),
            serial=tuple(identity["serial"]),
            firmware_minor=identity["firmware_minor"],
            firmware_major=identity["firmware_major"],
            unit=identity["unit"],
            product=identity["product"],
        ),
        settings=Settings(
            first=settings["first"],
            parts=tuple(range(start, stop) for start, stop in settings["parts"]),
            panel_name=Text(**settings["panel_name"]),
            board=Text(**settings["board"]),
            serial=Text(**settings["serial"]),
            numbers={name: Text(**place) for name, place in settings["numbers"].items()},
            network_number=(
                Text(**settings["network_number"]["low"]),
                Text(**settings["network_number"]["high"]),
            ),
        ),
        families=tuple(_family(one) for one in table["classes"]),
        areas={kind.value: _area(kind, table["kinds"][kind]) for kind in PointKind},
    )


def _family(table: dict[str, Any]) -> Family:
    return Family(
        name=table["name"],
        products=frozenset(table["products"]),
        firmware=table["firmware"],
        counts={PointKind(kind): register for kind, register in table.get("counts", {}).items()},
    )


def _area(kind: PointKind, table: dict[str, Any]) -> Area:
    texts = {name: Text(**table["block"][name]) for name in ("description", "label")}
    return Area(kind=kind, **{**table, "block": Block(**{**table["block"], **texts})})
