"""What a point's range number means: `find` for the numbers that a panel stores, `resolve` for the
texts of its own custom units. The tables are ranges.toml. No I/O but reading that file.
"""

import enum
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from importlib.resources import files
from typing import Any

from protocols.types import PointKind

DIALOG = 30  # T3000's dialog shows an analog range as so many more than is stored
UNUSED, UNKNOWN = "Unused", "Unknown"


class Values(enum.Enum):
    """What the values of a range are."""

    NUMBER = "number"
    DIGITAL = "digital"  # 0 and 1
    STATES = "states"  # whole numbers, some of which have names
    TIME = "time"  # seconds, shown as HH:MM:SS


@dataclass(frozen=True, slots=True)
class Range:
    """One range of one kind of points.

    `states`: the texts of a digital one for `control` 0 and 1, `()` for all others. `inverted`: the
    contact is turned, so that `control` is 0 where the hardware and BACnet have 1. `record`: which
    of the panel's own records (custom digital unit, conversion table, variable unit, multi-state
    table) has its texts. `low`, `high`: what the sensor can measure or the output can give, in
    `unit`; nobody enforces them. `signal`: the jumper of an input, None where the user chooses it.
    `base`: thousandths of full scale that an output's hardware gives at 0.
    """

    kind: PointKind
    number: int
    values: Values
    label: str
    unit: str = ""
    states: tuple[str, ...] = ()
    inverted: bool = False
    record: int | None = None
    names: Mapping[int, str] = field(default_factory=dict, hash=False)
    low: float | None = None
    high: float | None = None
    signal: int | None = None
    base: int = 0
    decimals: int = 2

    @property
    def is_digital(self) -> bool:
        return self.values is Values.DIGITAL

    @property
    def is_used(self) -> bool:
        """Whether T3000 has a meaning for the number."""
        return self.label not in (UNUSED, UNKNOWN)

    @property
    def hardware_states(self) -> tuple[str, ...]:
        """The texts for 0 and 1 as registers and BACnet have them: `states` turned back."""
        return self.states[::-1] if self.inverted else self.states


@dataclass(frozen=True, slots=True)
class DigitalUnit:
    """One of a panel's eight custom digital units: ranges 23 to 30."""

    off: str
    on: str
    inverse: bool = False


@dataclass(frozen=True, slots=True)
class PanelUnits:
    """The texts that a panel has of its own, each list in the order of its records: eight digital
    units, the names of five conversion tables (which are units), five units of variables, and
    three multi-state tables with the names of those states that are in use."""

    digital: Sequence[DigitalUnit] = ()
    tables: Sequence[str] = ()
    variables: Sequence[str] = ()
    states: Sequence[Mapping[int, str]] = ()


def find(kind: PointKind, number: int, *, digital: bool, product: int | None = None) -> Range:
    """The range of a stored number, with `digital` as `digital_analog` is 0. A number that means
    nothing is a plain number without unit, as T3000 shows it. `product` is the point's own product
    or that of its expansion module: the T3-PT12 has other sensors.

    Raises ValueError for what is no byte."""
    if not 0 <= number <= 255:
        raise ValueError(f"{number} is no range; ranges are bytes, 0 to 255")
    found = _tables()[kind, digital].get(number)
    if found is None:
        return _unused(kind, number)
    label = _labels_of(product).get(number) if kind is PointKind.INPUT and not digital else None
    return found if label is None else replace(found, label=label)


def known(kind: PointKind, *, digital: bool) -> tuple[Range, ...]:
    """All ranges that a point may be given, in the order of their numbers, unused first."""
    table = _tables()[kind, digital]
    return (_unused(kind, 0), *(table[number] for number in sorted(table)))


def resolve(found: Range, units: PanelUnits) -> Range:
    """The same range with the panel's own texts, where it has any."""
    record = found.record
    if record is None:
        return found
    if found.is_digital and record < len(units.digital):
        unit = units.digital[record]
        return replace(found, states=(unit.off, unit.on), inverted=unit.inverse)
    if found.values is Values.STATES and record < len(units.states):
        return replace(found, names=units.states[record])
    texts = units.tables if found.kind is PointKind.INPUT else units.variables
    if found.values is Values.NUMBER and record < len(texts):
        return replace(found, unit=texts[record])
    return found


def stored_number(kind: PointKind, dialog: int) -> int:
    """The stored number of an analog range that T3000's dialog, or the web view's export of outputs
    and variables, calls `dialog`.

    Raises ValueError where it can't be told: variables 31 to 38 are also stored numbers."""
    if kind is PointKind.INPUT:
        raise ValueError(f"inputs are exported with the stored number: {dialog} needs no change")
    if kind is PointKind.VARIABLE and DIALOG < dialog <= _last(kind):
        raise ValueError(
            f"range {dialog} of a variable may be stored as {dialog} or as {dialog - DIALOG}; "
            "read it from the panel"
        )
    if dialog == 0 or DIALOG < dialog <= DIALOG + _last(kind):
        return max(0, dialog - DIALOG)
    raise ValueError(
        f"{dialog} is no range of T3000's dialog; analog ranges of {kind.value}s "
        f"go from {DIALOG + 1} to {DIALOG + _last(kind)} there"
    )


def _last(kind: PointKind) -> int:
    return max(
        number for number, one in _tables()[kind, False].items() if one.values is not Values.STATES
    )


def _unused(kind: PointKind, number: int) -> Range:
    label = UNKNOWN if number else UNUSED
    return Range(kind, number, Values.NUMBER, label, decimals=_decimals(kind))


def _decimals(kind: PointKind) -> int:
    """As T3000 shows numbers: InputDataToString, OutputDataToString, VariableDataToString."""
    return 3 if kind is PointKind.VARIABLE else 2


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((files("protocols.t3") / "ranges.toml").read_text("utf-8"))


@cache
def _labels_of(product: int | None) -> Mapping[int, str]:
    rows = _file()["input_labels"].get(str(product), {})
    return {int(number): label for number, label in rows.items()}


@cache
def _tables() -> Mapping[tuple[PointKind, bool], Mapping[int, Range]]:
    return {
        (kind, digital): _digital(kind) if digital else _analog(kind)
        for kind in PointKind
        for digital in (True, False)
    }


def _digital(kind: PointKind) -> dict[int, Range]:
    table = _file()["digital"]
    pairs = [(off, on) for off, on in table["pairs"]]
    turned = [(on, off) for off, on in pairs]
    found = {
        number: Range(
            kind,
            number,
            Values.DIGITAL,
            "/".join(states),
            states=states,
            inverted=number > len(pairs),
            decimals=0,
        )
        for number, states in enumerate(pairs + turned, start=1)
    }
    custom = table["custom"]
    for record in range(custom["count"]):
        number = custom["first"] + record
        found[number] = Range(
            kind,
            number,
            Values.DIGITAL,
            f"Custom digital {record + 1}",
            states=tuple(custom["states"]),
            record=record,
            decimals=0,
        )
    return found | _multi_state(kind)


def _analog(kind: PointKind) -> dict[int, Range]:
    found = {}
    for text, row in _file()[kind.value].items():
        filled = {"decimals": _decimals(kind), **row, "values": Values(row.get("values", "number"))}
        found[int(text)] = Range(kind, int(text), **filled)
    return found | (_multi_state(kind) if kind is PointKind.VARIABLE else {})


def _multi_state(kind: PointKind) -> dict[int, Range]:
    """The last of those that the lists offer has no room in a panel, and so no record."""
    table = _file()["multi_state"]
    return {
        table["first"] + index: Range(
            kind,
            table["first"] + index,
            Values.STATES,
            f"Multi-state {index + 1}",
            record=index if index < table["tables"] else None,
            decimals=_decimals(kind),
        )
        for index in range(table["offered"])
    }
