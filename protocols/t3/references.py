"""References to points, as blocks hold them and as people write them: 144IN3, input 3 of panel 144.
144.7HR40 is register 40 of unit 7 behind that panel, 1001:AV5 object 5 of the BACnet device 1001.

In bytes: the low byte of the number; the type + 1 in five bits with bits 8 to 10 of the number on
top; the panel. Five-byte references go on with the sub-panel and a network byte. Its top bit says
that its other bits belong to the number (Modbus registers, also those that programs call REG) or,
with panel and sub-panel, are the instance of a BACnet device.

Source: T3000's Point_T3000 and Point_Net, the firmware's use of them, files of T3000's compiler.
"""

import re
from dataclasses import dataclass

from protocols.errors import CodecError

VARIABLE = 2
# What people write before the number, by type.
PREFIXES = {
    0: "OUT", 1: "IN", VARIABLE: "VAR", 3: "PID", 4: "SCH", 5: "HOL", 6: "PRG", 7: "TBL",
    8: "DMON", 9: "MON", 10: "GRP", 11: "AY",
}  # fmt: skip
# The same of points whose number is their own, not counted from 0.
OWN_PREFIXES = {
    20: "BI", 21: "BV", 22: "MSV", 27: "AV", 28: "AI", 29: "AO", 30: "BO",
    23: "COIL", 24: "DI", 25: "IR", 26: "HR",
    32: "HRABCD", 33: "HRCDAB", 34: "HRBADC", 35: "HRDCBA",
    36: "IRABCD", 37: "IRCDAB", 38: "IRBADC", 39: "IRDCBA",
}  # fmt: skip
REGISTER_PREFIX = "REG"
SPELT = {prefix: kind for kind, prefix in (PREFIXES | OWN_PREFIXES).items()}
SPELT |= {"AMON": 9, "CAL": 5, REGISTER_PREFIX: VARIABLE}
BACNET = frozenset({20, 21, 22, 27, 28, 29, 30})
MODBUS = frozenset({23, 24, 25, 26, *range(32, 40)})
KINDS = frozenset(range(18)) | BACNET | MODBUS
TEXT = re.compile(
    r"(?:(?P<instance>[0-9]{1,7}):|(?P<panel>[0-9]{1,3})(?:\.(?P<sub_panel>[0-9]{1,3}))?)?"
    r"(?P<prefix>[A-Z]+)(?P<number>[0-9]{1,5})"
)

SHORT, LONG = 3, 5  # bytes
SHORT_NUMBERS, LONG_NUMBERS = 1 << 11, 1 << 16
REGISTERS = 2000  # a variable from here on is a register, and its number is not counted from 0
EXTENDED = 0x80
INSTANCES = 0x3FFFFF
MAX_PANEL = 254


@dataclass(frozen=True, slots=True)
class Reference:
    """A point somewhere.

    `kind` is T3000's type of points. `number` is as stored: from 0 in panels (IN1 is 0), its own
    number for objects of BACnet, for Modbus and for variables from 2000 on. `instance` is that of
    a BACnet device and takes the place of `panel`, `sub_panel` and `network`. `network` is 0, or 1
    in old files.
    """

    kind: int
    number: int
    panel: int = 0
    sub_panel: int = 0
    network: int = 0
    instance: int | None = None

    def __str__(self) -> str:
        """144IN3, 144.7HR40, 1001:AV5. The sub-panel is told where it is another than the panel."""
        if self.kind in OWN_PREFIXES:
            return f"{self._where}{OWN_PREFIXES[self.kind]}{self.number}"
        prefix = PREFIXES.get(self.kind)
        if prefix is None:
            return f"point {self.number} of type {self.kind} of panel {self.panel}"
        if self.is_register:
            return f"{self._where}{REGISTER_PREFIX}{self.number}"
        return f"{self._where}{prefix}{self.number + 1}"

    @property
    def _where(self) -> str:
        if self.instance is not None:
            return f"{self.instance}:"
        if self.sub_panel not in (0, self.panel):
            return f"{self.panel}.{self.sub_panel}"
        return str(self.panel or "")

    @property
    def is_register(self) -> bool:
        return self.kind == VARIABLE and self.number >= REGISTERS


def parse(text: str, *, panel: int = 0) -> Reference:
    """Reads 144IN3, or IN3 of `panel`. Raises ValueError that says what would be right."""
    match = TEXT.fullmatch(text.strip().upper())
    if match is None or match["prefix"] not in SPELT:
        known = ", ".join((PREFIXES | OWN_PREFIXES).values())
        raise ValueError(
            f"{text!r} is no point; write panel, type and number such as 144IN3; types are {known}"
        )
    kind = SPELT[match["prefix"]]
    number = _number(text, kind, match["prefix"], int(match["number"]))
    if match["instance"] is not None:
        found = Reference(kind, number, instance=int(match["instance"]))
    else:
        panel = panel if match["panel"] is None else int(match["panel"])
        found = Reference(kind, number, panel, int(match["sub_panel"] or 0))
        lowest = 1 if match["sub_panel"] is None else 0
        if match["panel"] is not None and not lowest <= panel <= MAX_PANEL:
            raise ValueError(f"{text!r}: panels go from 1 to {MAX_PANEL}")
    try:
        _check(found)
    except ValueError as error:
        raise ValueError(f"{text!r}: {error}") from None
    return found


def _number(text: str, kind: int, prefix: str, written: int) -> int:
    """As it is stored. Raises ValueError."""
    is_register = prefix == REGISTER_PREFIX and REGISTERS <= written < LONG_NUMBERS
    if is_register or kind in OWN_PREFIXES:
        return written
    highest = REGISTERS if kind == VARIABLE else SHORT_NUMBERS
    if not 1 <= written <= highest:
        raise ValueError(f"{text!r}: numbers go from 1 to {highest}")
    return written - 1


def decode(raw: bytes) -> Reference | None:
    """From three or five bytes; None where the type is 0. Raises CodecError, saying what is
    wrong."""
    if len(raw) not in (SHORT, LONG):
        raise CodecError(f"a reference is {SHORT} or {LONG} bytes, not {len(raw)}")
    low, packed, panel, sub_panel, network = raw.ljust(LONG, b"\0")
    if packed == 0:
        return None
    number = packed >> 5 << 8 | low
    kind = (packed & 0x1F) - 1
    if network & EXTENDED:
        found = _extended(kind, number, (panel, sub_panel, network & ~EXTENDED))
    else:
        found = Reference(kind, number, panel, sub_panel, network)
    try:
        _check(found)
    except ValueError as error:
        raise CodecError(f"{raw.hex(' ')} is no point: {error}") from None
    if found.kind == VARIABLE and found.is_register != (network >= EXTENDED):
        raise CodecError(f"{raw.hex(' ')} is no point: registers go from {REGISTERS}")
    return found


def _extended(kind: int, number: int, rest: tuple[int, int, int]) -> Reference:
    panel, sub_panel, bits = rest
    if kind in BACNET:
        return Reference(kind, number, instance=bits << 16 | panel << 8 | sub_panel)
    whole = (bits & 0x60 | kind + 1) - 1
    if whole not in MODBUS and whole != VARIABLE:
        raise CodecError(f"a point of type {whole} has no longer number; its network byte is wrong")
    return Reference(whole, (bits & 0x1F) << 11 | number, panel, sub_panel)


def encode(reference: Reference | None, size: int = LONG) -> bytes:
    """Three or five bytes, zeros for none. The sub-panel does not fit into three and is left out
    where it is the panel. Raises ValueError, saying what would fit."""
    if size not in (SHORT, LONG):
        raise ValueError(f"a reference is {SHORT} or {LONG} bytes, not {size}")
    if reference is None:
        return bytes(size)
    _check(reference)
    kind, number = reference.kind, reference.number
    panel, sub_panel, network = reference.panel, reference.sub_panel, reference.network
    if reference.instance is not None:
        network, panel, sub_panel = reference.instance.to_bytes(3, "big")
        network |= EXTENDED
    elif _is_long(reference) or (size == LONG and _may_be_long(reference)):
        network = EXTENDED | kind + 1 & 0x60 | number >> 11
    if size == SHORT and (network & EXTENDED or sub_panel not in (0, panel)):
        raise ValueError("three bytes have no room for a sub-panel, a register or a BACnet device")
    packed = number >> 3 & 0xE0 | kind + 1 & 0x1F
    return bytes((number & 0xFF, packed, panel, sub_panel, network))[:size]


def _is_long(reference: Reference) -> bool:
    """Whether it needs the bits of the network byte."""
    is_wide = reference.kind in MODBUS and reference.number >= SHORT_NUMBERS
    return is_wide or reference.is_register or reference.kind > 31


def _may_be_long(reference: Reference) -> bool:
    """T3000 begins before it must."""
    in_modbus = reference.kind in MODBUS and not reference.network
    return in_modbus and reference.number >= REGISTERS


def _check(reference: Reference) -> None:
    """Raises ValueError for what no bytes can say."""
    if reference.kind not in KINDS:
        raise ValueError(f"type {reference.kind} is none; 0 is an output, 1 an input, 2 a variable")
    is_long = _is_long(reference)
    highest = (LONG_NUMBERS if is_long else SHORT_NUMBERS) - 1
    if not 0 <= reference.number <= highest:
        raise ValueError(f"number {reference.number} does not fit; it goes from 0 to {highest}")
    for panel in (reference.panel, reference.sub_panel):
        if not 0 <= panel <= 255:
            raise ValueError(f"panel {panel} does not fit; it goes from 0 to 255")
    if not 0 <= reference.network < (1 if is_long else EXTENDED):
        raise ValueError(f"network {reference.network} does not fit; it is 0")
    if reference.instance is not None:
        _check_instance(reference, reference.instance)


def _check_instance(reference: Reference, instance: int) -> None:
    if not 0 <= instance <= INSTANCES:
        raise ValueError(f"device {instance} does not fit; BACnet's go from 0 to {INSTANCES}")
    if reference.kind not in BACNET:
        raise ValueError(f"a point of type {reference.kind} is not in a BACnet device")
    if reference.panel or reference.sub_panel or reference.network:
        raise ValueError("a BACnet device is told by its instance, without a panel")
