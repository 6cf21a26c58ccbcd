"""Values of points, as a panel stores them and as people read them.

A panel stores a signed 32-bit number of thousandths and a `control` of 0 or 1. Digital points are
told by `control` alone; all others by the number. People read a float in the range's unit: exact to
0.0005, from -2147483.648 to 2147483.647; of digital points 0.0 and 1.0, of times seconds.
Source: T3000's InputDataToString, OutputDataToString and VariableDataToString; the firmware's
inputs.c.
"""

import math
import re
from dataclasses import dataclass

from protocols.errors import CodecError
from protocols.t3.ranges import Range, Values

SCALE = 1000
LOWEST, HIGHEST = -(2**31), 2**31 - 1
TIME = re.compile(r"([-−]?)(\d+):([0-5]?\d):([0-5]?\d)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Stored:
    """A point's value as a panel has it."""

    value: int  # thousandths; 0 or 1000 where digital
    control: int = 0


def thousandths(value: float) -> int:
    """The nearest that can be stored; T3000 cuts off what is beyond the thousandth, which makes
    1.000 of 1.001. Raises ValueError, saying what would fit."""
    if not math.isfinite(value):
        raise ValueError(f"{value} is no number that a controller can hold")
    lowest, highest = LOWEST / SCALE, HIGHEST / SCALE
    if not lowest <= value <= highest:
        raise ValueError(f"{value} does not fit; values go from {lowest} to {highest}")
    return round(value * SCALE)


def binary(value: float) -> int:
    """0 or 1. Raises ValueError for all else."""
    if value not in (0, 1):
        raise ValueError(f"{value:g} is neither 0 nor 1")
    return int(value)


def engineering(found: Range, stored: Stored) -> float:
    """The value in the range's unit. Raises CodecError for what no panel stores."""
    if found.is_digital:
        return float(_control(stored.control))
    if not LOWEST <= stored.value <= HIGHEST:
        raise CodecError(f"{stored.value} is no signed 32-bit number")
    return stored.value / SCALE


def store(found: Range, value: float) -> Stored:
    """What a panel stores for the value. Raises ValueError, saying what would be right."""
    if found.is_digital:
        control = binary(value)
        return Stored(control * SCALE, control)
    return Stored(thousandths(value))


def turned(found: Range, control: int) -> int:
    """`control` of what the hardware, the registers and BACnet have, and the other way round."""
    return _control(control) ^ found.inverted


def text(found: Range, value: float) -> str:
    """The value as T3000 shows it, without its unit. Raises ValueError for what a panel can't
    hold."""
    if found.is_digital:
        return found.states[binary(value)]
    if found.values is Values.TIME:
        return time_text(value)
    stored = thousandths(value)
    if found.values is Values.STATES:
        name = found.names.get(math.trunc(stored / SCALE))
        if name is not None:
            return name
    return f"{stored / SCALE:z.{found.decimals}f}"


def text_with_unit(found: Range, value: float) -> str:
    unit = "" if found.values is Values.TIME else found.unit
    return f"{text(found, value)} {unit}".rstrip()


def parse(found: Range, written: str) -> float:
    """The value of a text such as T3000 shows: a number, a state or HH:MM:SS. Raises ValueError,
    saying what would be right."""
    written = written.strip()
    if found.is_digital:
        return float(_index(found.states, written))
    if found.values is Values.TIME and ":" in written:
        return float(time_seconds(written))
    if found.values is Values.STATES:
        for number, name in found.names.items():
            if name.casefold() == written.casefold():
                return float(number)
    try:
        value = float(written)
    except ValueError:
        raise ValueError(f"{written!r} is no value; write {_examples(found)}") from None
    return thousandths(_within(found, value)) / SCALE


def time_text(seconds: float) -> str:
    """5430 -> 01:30:30. Hours may exceed 24, parts of a second are cut off."""
    whole = abs(math.trunc(thousandths(seconds) / SCALE))
    sign = "-" if seconds < 0 and whole else ""
    return f"{sign}{whole // 3600:02}:{whole // 60 % 60:02}:{whole % 60:02}"


def time_seconds(written: str) -> int:
    """01:30:30 -> 5430. Raises ValueError."""
    match = TIME.fullmatch(written.strip())
    if match is None:
        raise ValueError(f"{written!r} is no time; write HH:MM:SS such as 01:30:30")
    sign, hours, minutes, seconds = match.groups()
    if len(hours) > 3:
        raise ValueError(f"{written!r} does not fit; hours go to 596")
    total = int(hours) * 3600 + int(minutes) * 60 + int(seconds)
    return thousandths(-total if sign else total) // SCALE


def _within(found: Range, value: float) -> float:
    """The ends are shown rounded beyond themselves: 2147483.65."""
    rounded = max(LOWEST / SCALE, min(HIGHEST / SCALE, value))
    return rounded if abs(value - rounded) < 10**-found.decimals else value


def _control(control: int) -> int:
    if control not in (0, 1):
        raise CodecError(f"the state of a digital point is {control}; it can be 0 or 1")
    return control


def _index(states: tuple[str, ...], written: str) -> int:
    for spelt in (states, ("0", "1")):
        for index, one in enumerate(spelt):
            if written.casefold() == one.casefold():
                return index
    raise ValueError(f"{written!r} is no state; write {' or '.join(states)}")


def _examples(found: Range) -> str:
    if found.values is Values.TIME:
        return "HH:MM:SS such as 01:30:30"
    names = ", ".join(found.names.values())
    return f"one of {names}" if names else "a number such as 21.5"
