"""What an output's value is at the terminals. Source: the firmware's Set_AO_raw and
check_output_priority_HOA; T3000's columns Low V and High V.
"""

from protocols.t3.octets import byte
from protocols.t3.ranges import Range
from protocols.t3.values import SCALE, thousandths

FULL = 1000  # thousandths of what the hardware can give
MAX_TENTHS = 120


def per_mille(found: Range, value: float) -> int:
    """The thousandths of full scale that the hardware is set to for an analog value, cut as the
    firmware cuts and kept within 0 and 1000. Raises ValueError for a range without a scale."""
    full = hand_value(found)
    over_base = int(thousandths(value) * (FULL - found.base) / (full * SCALE))
    return min(FULL, max(0, found.base + over_base))


def value_of(found: Range, output: int) -> float:
    """The value at so many thousandths of full scale, to a thousandth of it. Raises ValueError."""
    if not found.base <= output <= FULL:
        raise ValueError(f"{output} does not fit; it goes from {found.base} to {FULL}")
    return hand_value(found) * (output - found.base) / (FULL - found.base)


def volts(output: int) -> float:
    """What so many thousandths are at the terminals of a 0 to 10 V output."""
    return output / 100


def hand_value(found: Range) -> float:
    """What the switch at the panel's front gives when it is on: the full scale."""
    if found.is_digital:
        return 1.0
    if found.high is None:
        raise ValueError(f"output range {found.number} has no scale; analog ones are 1 to 8")
    return found.high


def limit(tenths: int) -> float:
    """Volts of the Low V and High V columns: tenths, 0 where not set or beyond 12.0 V."""
    return tenths / 10 if byte(tenths) <= MAX_TENTHS else 0.0


def limit_byte(low_or_high: float) -> int:
    """To the nearest tenth of a volt. Raises ValueError."""
    most = MAX_TENTHS / 10
    if not 0 <= low_or_high <= most:
        raise ValueError(f"{low_or_high} V does not fit; it goes from 0 to {most}")
    return round(low_or_high * 10)
