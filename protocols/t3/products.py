"""Temco's products: their names, the points of their boards, and how many of everything they hold.

The tables are products.toml. No I/O but reading that file.
"""

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from importlib.resources import files
from typing import Any

MAX_COUNT = 255  # the settings have a byte for each
BOARD_BITS = 0x3F
FIRMWARE = re.compile(r"([0-9]{1,3})(?:\.([0-9]{1,3}))?")


@dataclass(frozen=True, slots=True, order=True)
class Firmware:
    """Main and sub number, compared in this order: 66.2 < 66.4 < 66.12. The ESP32 series writes
    66.02, others 66.2, and both are sub 2.

    T3000 compares main x 10 + sub instead, which comes to the same while sub is below 10, and then
    takes 65.15 for newer than 66.4."""

    main: int
    sub: int = 0

    def __str__(self) -> str:
        return f"{self.main}.{self.sub}"

    @classmethod
    def parse(cls, text: str) -> "Firmware":
        """Reads 66.02 and 66.2. Raises ValueError."""
        match = FIRMWARE.fullmatch(text.strip())
        if match is None:
            raise ValueError(f"{text!r} is no firmware; write main and sub number such as 66.2")
        return cls(int(match[1]), int(match[2] or 0))

    @classmethod
    def of_revision(cls, revision: int) -> "Firmware":
        """From the firmware's own SW_REV: 6602 is 66.2. Raises ValueError."""
        if not 0 <= revision <= 0xFFFF:
            raise ValueError(f"{revision} is no revision; main x 100 + sub such as 6602 is")
        return cls(*divmod(revision, 100))


@dataclass(frozen=True, slots=True)
class Board:
    """A controller's board and the points at its terminals, None where no source tells. What is
    beyond them in the tables is virtual or of expansion modules."""

    number: int
    name: str
    ai: int | None = None
    di: int | None = None
    do: int | None = None
    ao: int | None = None

    @property
    def inputs(self) -> int | None:
        return None if self.ai is None or self.di is None else self.ai + self.di

    @property
    def outputs(self) -> int | None:
        return None if self.do is None or self.ao is None else self.do + self.ao


@dataclass(frozen=True, slots=True)
class Counts:
    """How many rows the tables of one controller have."""

    inputs: int
    outputs: int
    variables: int
    private_variables: int
    programs: int
    pid_loops: int
    schedules: int
    holidays: int
    screens: int
    labels: int  # of all screens together, in the old format
    graphic_items: int  # of all screens together, in the new one
    monitors: int
    alarms: int
    alarm_settings: int
    arrays: int
    digital_units: int
    tables: int
    variable_units: int
    state_tables: int
    users: int
    remote_points: int
    remote_devices: int
    tstats: int
    tstat_schedules: int
    expansions: int


def counts(
    product: int,
    firmware: Firmware | None = None,
    *,
    max_in: int = 0,
    max_out: int = 0,
    max_var: int = 0,
) -> Counts:
    """What a product with this firmware (None: not known, taken for the oldest) holds. The three
    bytes of its settings enlarge the tables of points where product and firmware look at them, and
    never make them smaller, as in T3000. Raises ValueError for what is no byte."""
    for given in (max_in, max_out, max_var):
        if not 0 <= given <= MAX_COUNT:
            raise ValueError(f"{given} points do not fit; the settings go from 0 to {MAX_COUNT}")
    fixed = _fixed()
    rule = _file()["counts_of"].get(str(product))
    if rule is None or firmware is None:
        return fixed
    private = rule["private_variables"]
    if firmware >= Firmware.parse(private["from"]):
        fixed = replace(fixed, private_variables=private["count"])
    if firmware < Firmware.parse(rule["settable_from"]):
        return fixed
    return replace(
        fixed,
        inputs=max(fixed.inputs, max_in),
        outputs=max(fixed.outputs, max_out),
        variables=max(fixed.variables, max_var),
    )


def product_name(product: int) -> str:
    """As people call it, with its number where nobody does."""
    return names().get(product, f"Product {product}")


@cache
def names() -> Mapping[int, str]:
    return {int(number): name for number, name in _file()["names"].items()}


@cache
def programmable() -> frozenset[int]:
    """The products that have points, programs and schedules of their own."""
    return frozenset(_file()["programmable"])


def board(mini_type: int) -> Board | None:
    """The board of the number in a controller's settings, whatever its chip; None if unknown."""
    return boards().get(mini_type & BOARD_BITS) or boards().get(mini_type)


@cache
def boards() -> Mapping[int, Board]:
    return {int(number): Board(int(number), **row) for number, row in _file()["boards"].items()}


@cache
def _fixed() -> Counts:
    table = _file()["counts"]
    return Counts(**{one.name: table[one.name] for one in fields(Counts)})


@cache
def _file() -> dict[str, Any]:
    return tomllib.loads((files("protocols.t3") / "products.toml").read_text("utf-8"))
