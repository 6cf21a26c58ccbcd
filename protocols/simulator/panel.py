"""The memory of a T3 panel as its registers show it (ESP32 firmware 66.02).

Written from the description of the firmware and from nothing that a client of ours uses, so that
one can show the other's faults.
"""

import struct
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import ClassVar, NamedTuple
from zlib import crc32

from protocols.simulator.spec import DeviceSpec, Point, Switch

PRODUCT_ESP32 = 88
BOARDS = {"T3-BB": 5, "T3-LB": 6, "T3-TB": 7, "T3-Nano": 8, "TSTAT10": 9}
LOWEST, HIGHEST = -(2**31), 2**31 - 1

DIGITAL_RANGES = (
    ("Off", "On"),
    ("Close", "Open"),
    ("Stop", "Start"),
    ("Disable", "Enable"),
    ("Normal", "Alarm"),
    ("Normal", "High"),
    ("Normal", "Low"),
    ("No", "Yes"),
    ("Cool", "Heat"),
    ("Unoccupied", "Occupied"),
    ("Low", "High"),
)
INVERSE = range(12, 23)  # the same eleven with the contact turned


class Cell:
    """One point of the panel; the subclasses know their struct. `value` is the engineering value
    x 1000, of a digital point 0 or 1000 beside `control`."""

    LAYOUT: ClassVar[struct.Struct]
    FIELDS: ClassVar[tuple[str, ...]]
    RANGES: ClassVar[dict[str, int]]

    def __init__(self) -> None:
        self.description = self.label = b""
        self.value = self.auto_manual = self.control = self.range = 0
        self.digital_analog = 0
        self.switch = int(Switch.AUTO)
        self.filter = 5
        self.unused = 0

    def describe(self, point: Point) -> None:
        self.label = point.label.encode()
        self.description = point.description.encode()
        self.digital_analog = int(point.type.is_analog)
        self.switch = int(point.switch)
        if point.type.is_analog:
            self.range = 0 if point.units == "no-units" else self.RANGES[point.units]
        else:
            low, high = point.states
            self.range = DIGITAL_RANGES.index((low, high)) + 1
        self.set(point.initial)

    @property
    def is_digital(self) -> bool:
        return not self.digital_analog and self.range != 0

    def get(self) -> float:
        """The engineering value, or the state as Modbus shows it: turned back where inverse."""
        if self.is_digital:
            return float(self.control ^ (self.range in INVERSE))
        return self.value / 1000

    def set(self, value: float) -> None:
        if self.is_digital:
            self.control = int(value >= 0.5) ^ (self.range in INVERSE)
            self.value = self.control * 1000
        else:
            self.value = max(LOWEST, min(HIGHEST, round(value * 1000)))

    @property
    def words(self) -> tuple[int, int]:
        raw = int(self.get()) if self.is_digital else self.value
        return raw >> 16 & 0xFFFF, raw & 0xFFFF

    def set_words(self, high: int, low: int) -> None:
        if self.is_digital:
            self.set(low)
        else:
            (self.value,) = struct.unpack(">i", struct.pack(">HH", high, low))

    def pack(self) -> bytes:
        return self.LAYOUT.pack(*(getattr(self, name) for name in self.FIELDS))

    def unpack(self, raw: bytes) -> None:
        for name, value in zip(self.FIELDS, self.LAYOUT.unpack(raw), strict=True):
            if name not in ("switch", "unused"):
                setattr(self, name, value.rstrip(b"\0") if isinstance(value, bytes) else value)


class Output(Cell):
    LAYOUT = struct.Struct("<19sBB9siBBBBBBBBBBB")
    FIELDS = (
        *("description", "unused", "unused", "label", "value", "auto_manual", "digital_analog"),
        *("switch", "control", "unused", "unused", "range", "unused", "unused", "unused"),
        "unused",
    )
    RANGES = {"volts": 1, "pounds-force-per-square-inch": 3, "percent": 4, "milliamperes": 6}
    FULL = {1: 10.0, 3: 20.0, 6: 20.0}

    def obey_switch(self) -> None:
        """What the switch at the panel says goes before everything."""
        if self.switch == Switch.OFF:
            self.set(0)
        elif self.switch == Switch.HAND:
            self.set(1 if self.is_digital else self.FULL.get(self.range, 100.0))


class Input(Cell):
    LAYOUT = struct.Struct("<21s9siBBBBBBBBBBBB")
    FIELDS = (
        *("description", "label", "value", "filter", "unused", "unused", "unused", "control"),
        *("auto_manual", "digital_analog", "unused", "unused", "unused", "unused", "range"),
    )
    RANGES = {
        "degrees-celsius": 3,
        "degrees-fahrenheit": 4,
        "amperes": 12,
        "milliamperes": 13,
        "percent": 16,
        "volts": 19,
        "hertz": 26,
        "percent-relative-humidity": 27,
        "parts-per-million": 28,
        "luxes": 34,
    }


class Variable(Cell):
    LAYOUT = struct.Struct("<21s9siBBBBB")
    FIELDS = (
        *("description", "label", "value", "auto_manual", "digital_analog", "control", "unused"),
        "range",
    )
    RANGES = {
        "degrees-celsius": 1,
        "degrees-fahrenheit": 2,
        "pascals": 4,
        "watts": 8,
        "kilowatts": 9,
        "kilowatt-hours": 10,
        "volts": 11,
        "amperes": 13,
        "minutes": 17,
        "hours": 18,
        "percent": 22,
        "percent-relative-humidity": 23,
        "parts-per-million": 24,
    }


class Words(NamedTuple):
    """An array of single registers, one of each cell."""

    first: int
    cells: Sequence[Cell]
    get: Callable[[Cell], int]
    set: Callable[[Cell, int], None] | None = None


class Structs(NamedTuple):
    first: int
    width: int
    cells: Sequence[Cell]


class Values(NamedTuple):
    """An array of register pairs."""

    first: int
    cells: Sequence[Cell]


def _field(name: str) -> tuple[Callable[[Cell], int], Callable[[Cell, int], None]]:
    return lambda cell: int(getattr(cell, name)), lambda cell, word: setattr(cell, name, word)


def _set_output_mode(cell: Cell, word: int) -> None:
    if cell.switch == Switch.AUTO:
        cell.auto_manual = word


def _set_input_range(cell: Cell, word: int) -> None:
    cell.digital_analog, cell.range = word >> 8, word & 0xFF


@dataclass
class Panel:
    """Reads and writes registers; is the front of the model behind it."""

    spec: DeviceSpec
    cells: dict[str, Cell] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.outputs = [Output() for _ in range(64)]
        self.inputs = [Input() for _ in range(64)]
        self.variables = [Variable() for _ in range(128)]
        inputs: Iterator[Cell] = iter(self.inputs)
        outputs: Iterator[Cell] = iter(self.outputs)
        variables: Iterator[Cell] = iter(self.variables)
        for point in self.spec.points:
            kind = point.type
            free = inputs if kind.is_input else outputs if kind.is_output else variables
            cell = next(free)
            cell.describe(point)
            self.cells[point.label] = cell
        self._lay_out()
        self._obey_switches()

    def _lay_out(self) -> None:
        outputs, inputs, variables = self.outputs, self.inputs, self.variables
        self._values = [Values(7100, outputs), Values(7484, inputs), Values(8092, variables)]
        self._structs = [
            Structs(10000, 23, outputs),
            Structs(11472, 23, inputs),
            Structs(12944, 20, variables),
        ]
        self._words = [
            Words(7228, outputs, _field("switch")[0]),
            Words(7292, outputs, *_field("range")),
            Words(7356, outputs, _field("auto_manual")[0], _set_output_mode),
            Words(7420, outputs, *_field("digital_analog")),
            Words(7612, inputs, *_field("filter")),
            Words(
                7804, inputs, lambda cell: cell.digital_analog << 8 | cell.range, _set_input_range
            ),
            Words(7868, inputs, *_field("auto_manual")),
            Words(8348, variables, *_field("auto_manual")),
            Words(8532, variables, *_field("range")),
            Words(8660, variables, *_field("digital_analog")),
        ]
        self._system = _system_registers(self.spec)

    # Registers.

    def read(self, first: int, count: int) -> list[int]:
        """Registers that mean nothing read 0."""
        packed: dict[int, bytes] = {}
        return [self._read(register, packed) for register in range(first, first + count)]

    def _read(self, register: int, packed: dict[int, bytes]) -> int:
        for values in self._values:
            place, word = divmod(register - values.first, 2)
            if 0 <= place < len(values.cells):
                return values.cells[place].words[word]
        for words in self._words:
            if 0 <= register - words.first < len(words.cells):
                return words.get(words.cells[register - words.first]) & 0xFFFF
        for structs in self._structs:
            place, word = divmod(register - structs.first, structs.width)
            if 0 <= place < len(structs.cells):
                start = register - word
                if start not in packed:
                    packed[start] = structs.cells[place].pack() + b"\0"
                return int.from_bytes(packed[start][2 * word : 2 * word + 2], "big")
        return self._system.get(register, 0)

    def write_one(self, register: int, word: int) -> str:
        """Function 06. Returns what went wrong, as the device itself never says."""
        for values in self._values:
            place, half = divmod(register - values.first, 2)
            if 0 <= place < len(values.cells):
                cell = values.cells[place]
                if isinstance(cell, Variable):  # swapped base addresses: it lands elsewhere
                    return "damaged memory"
                if half:
                    cell.set_words(0, word)
                    if isinstance(cell, Output):
                        _set_output_mode(cell, 1)
                self._obey_switches()
                return ""
        for words in self._words:
            if 0 <= register - words.first < len(words.cells) and words.set is not None:
                words.set(words.cells[register - words.first], word)
                self._obey_switches()
        return ""

    def write_many(self, first: int, words: Sequence[int]) -> str:
        """Function 16: exactly one value, one whole struct, or single registers."""
        for values in self._values:
            place, half = divmod(first - values.first, 2)
            if 0 <= place < len(values.cells):
                if half or len(words) != 2:
                    return "not exactly one value"
                values.cells[place].set_words(*words)
                self._obey_switches()
                return ""
        for structs in self._structs:
            place, word = divmod(first - structs.first, structs.width)
            if 0 <= place < len(structs.cells):
                if word or len(words) != structs.width:
                    return "not exactly one struct"
                cell = structs.cells[place]
                cell.unpack(struct.pack(f">{len(words)}H", *words)[: cell.LAYOUT.size])
                return ""
        for offset, word in enumerate(words):
            self.write_one(first + offset, word)
        return ""

    def _obey_switches(self) -> None:
        for output in self.outputs:
            output.obey_switch()

    # What the model sees and does.

    def commanded(self) -> dict[str, float]:
        return {
            label: cell.get() for label, cell in self.cells.items() if not isinstance(cell, Input)
        }

    def command(self, label: str, value: float) -> None:
        """The program reaches points in Auto only."""
        if not self.cells[label].auto_manual:
            self.cells[label].set(value)
            self._obey_switches()

    def measure(self, label: str, value: float) -> None:
        self.command(label, value)


def _system_registers(spec: DeviceSpec) -> dict[int, int]:
    """Identity, addresses and the settings block."""
    major, minor = (int(part) for part in spec.firmware.split("."))
    serial = crc32(f"{spec.place} {spec.instance}".encode()) if spec.serial is None else spec.serial
    ip = [int(part) for part in spec.address.split(".")]
    board = BOARDS.get(spec.model_name, BOARDS["T3-BB"])
    registers = {place: serial >> 8 * place & 0xFF for place in range(4)}
    registers |= {4: minor, 5: major, 6: spec.instance, 7: PRODUCT_ESP32, 8: 3, 22: 4}
    registers |= {34: board, 36: spec.instance, 66: 0, 81: spec.port}
    registers |= dict(enumerate(ip, start=67))
    registers |= {100: 128, 101: 64, 102: 64}
    settings = bytearray(400)
    settings[0:4] = bytes(ip)
    settings[19] = board
    settings[22], settings[23] = major, minor
    settings[52:72] = spec.name.encode()[:20].ljust(20, b"\0")
    settings[73] = settings[197] = spec.instance
    settings[177:181] = serial.to_bytes(4, "little")
    settings[195:197] = spec.port.to_bytes(2, "little")
    registers |= {
        9800 + place: int.from_bytes(settings[2 * place : 2 * place + 2], "big")
        for place in range(200)
    }
    return registers
