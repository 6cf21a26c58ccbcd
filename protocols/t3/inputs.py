"""What a panel does to an input's signal before it is a value: counts, tables, calibration, filter.

Everything is in thousandths of the range's unit, as the panel stores it. Source: the firmware's
inputs.c and store.c. The thermistors' curves are the panel's own and not here.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from protocols.errors import CodecError
from protocols.t3.octets import byte
from protocols.t3.ranges import Range
from protocols.t3.values import HIGHEST, LOWEST, SCALE

COUNTS = 1 << 10  # of the converter
LINEAR = frozenset({11, 12, 13, 14, 16, 17, 19})
CURRENT_LOOP = 18
DEAD = 204  # counts at 4 mA
MAX_PAIRS = 16
MAX_CALIBRATION = 0xFFFF
MAX_WEIGHT = 255
STEP = 100  # a change from which on the filter lets half of it through
NORMAL, OPEN, SHORTED = 0, 1, 2


def from_counts(found: Range, counts: int) -> int:
    """The value of a linear input (ranges 11 to 14 and 16 to 19) from the converter's 10 bits, in
    thousandths. What range 19 spans depends on the board; here it is 10 V. Raises ValueError."""
    if not 0 <= counts < COUNTS:
        raise ValueError(f"{counts} does not fit the converter; counts go from 0 to {COUNTS - 1}")
    if found.number == CURRENT_LOOP:
        return max(0, 100 * SCALE * (counts - DEAD) // (4 * DEAD))
    if found.number not in LINEAR or found.high is None:
        raise ValueError(f"range {found.number} is not linear; linear are 11 to 14 and 16 to 19")
    return counts * int(found.high) * SCALE >> 10


def calibration(high: int, low: int, sign: int) -> float:
    """The offset of the two bytes (a word of tenths, high byte first) and the sign (1 is minus), in
    the input's unit. -6553.5 to 6553.5, exact. Raises CodecError for what is no byte or sign."""
    if sign not in (0, 1):
        raise CodecError(f"the sign of a calibration is {sign}; it can be 0 (added) or 1")
    word = byte(high) << 8 | byte(low)
    return -word / 10 if sign and word else word / 10


def calibration_bytes(offset: float) -> tuple[int, int, int]:
    """High byte, low byte and sign of an offset, to the nearest tenth; 0 is added. Raises
    ValueError."""
    most = MAX_CALIBRATION / 10
    if not -most <= offset <= most:
        raise ValueError(f"a calibration of {offset} does not fit; it goes from -{most} to {most}")
    word = round(abs(offset) * 10)
    return word >> 8, word & 0xFF, int(offset < 0 and word > 0)


def calibrated(thousandths: int, offset: float) -> int:
    """The value that the panel makes of a reading: analog inputs in Auto with a range only."""
    return thousandths + round(offset * 10) * 100


def filtered(old: int, new: int, weight: int) -> int:
    """The next value of an input that read `new`: halfway where it moved by 100 thousandths or
    more, else with `old` counting `weight` times. 0 does not smooth small changes. Divisions are
    C's and cut towards zero."""
    if not 0 <= weight <= MAX_WEIGHT:
        raise ValueError(f"a filter of {weight} does not fit; it goes from 0 to {MAX_WEIGHT}")
    if abs(new - old) >= STEP:
        return _quotient(old + new, 2)
    return _quotient(weight * old + new, weight + 1)


def decom(status: int, signal: int) -> int:
    """The byte of an input's status (0 normal, 1 open, 2 shorted) and signal type (0 to 5)."""
    if status not in (NORMAL, OPEN, SHORTED):
        raise ValueError(f"a status of {status} is none; 0 normal, 1 open, 2 shorted")
    if not 0 <= signal <= 5:
        raise ValueError(f"a signal type of {signal} is none; they go from 0 to 5")
    return signal << 4 | status


def split_decom(value: int) -> tuple[int, int]:
    """Status and signal type. Raises CodecError for a byte that holds none."""
    signal, status = divmod(byte(value), 16)
    try:
        decom(status, signal)
    except ValueError as error:
        raise CodecError(f"{value} is no status of an input: {error}") from None
    return status, signal


def shown_status(found: Range, status: int, *, manual: bool) -> int:
    """The status that means something: what is not measured is normal."""
    measured = not found.is_digital and not manual and found.is_used
    return status if measured else NORMAL


@dataclass(frozen=True, slots=True)
class Table:
    """A conversion table of input ranges 20 to 24: up to 16 pairs of volts and value, volts
    ascending.

    The panel stores tenths of a volt and whole values, or hundredths of both where the name ends in
    the byte EF (`fine`), which firmware 66.02 does not look at."""

    pairs: tuple[tuple[float, float], ...]
    fine: bool = False

    def value(self, volts: float) -> float:
        """On the line between two pairs. Before the first and beyond the last it stays at theirs,
        as in T3000's preview; the firmware goes on with the last line there."""
        if not self.pairs:
            raise ValueError("the table has no pairs; it needs one at least")
        if volts <= self.pairs[0][0]:
            return self.pairs[0][1]
        for (below, low), (above, high) in pairwise(self.pairs):
            if volts <= above:
                return low + (volts - below) / (above - below) * (high - low)
        return self.pairs[-1][1]

    @classmethod
    def from_stored(cls, rows: Sequence[tuple[int, int]], *, fine: bool = False) -> "Table":
        """From the sixteen stored pairs, those at the end that are all 0 left out. Raises
        CodecError where they do not ascend."""
        used = list(rows)
        while used and used[-1] == (0, 0):
            used.pop()
        if any(above <= below for (below, _), (above, _) in pairwise(used)):
            raise CodecError("the volts of a conversion table do not ascend; each must be higher")
        volts, value = (100, 100) if fine else (10, 1)
        return cls(tuple((x / volts, y / value) for x, y in used), fine)

    def stored(self) -> list[tuple[int, int]]:
        """The sixteen pairs to store. Raises ValueError, saying what would fit."""
        if len(self.pairs) > MAX_PAIRS:
            raise ValueError(f"{len(self.pairs)} pairs are too many; a table has up to 16")
        if not all(math.isfinite(number) for pair in self.pairs for number in pair):
            raise ValueError("a pair of a conversion table is two numbers: volts and value")
        volts, value = (100, 100) if self.fine else (10, 1)
        rows = [(round(x * volts), round(y * value)) for x, y in self.pairs]
        if any(above <= below for (below, _), (above, _) in pairwise(rows)):
            raise ValueError(f"the volts must ascend by at least {1 / volts:g}")
        for x, y in rows:
            if not (0 <= x <= 0xFFFF and LOWEST <= y <= HIGHEST):
                raise ValueError(f"the pair {x / volts:g} V, {y / value:g} does not fit")
        return rows + [(0, 0)] * (MAX_PAIRS - len(rows))


def _quotient(number: int, by: int) -> int:
    return number // by if number >= 0 else -(-number // by)
