"""A PID loop's numbers. Source: T3000's BacnetController.cpp; the firmware's pid_controller."""

from protocols.errors import CodecError
from protocols.t3.octets import byte
from protocols.t3.values import SCALE

FULL = 100 * SCALE  # of an output in thousandths of a percent
MAX_PROPORTIONAL = 0xFFFF
MAX_RATE = 2.0
REVERSE, DIRECT = 0, 1  # heating, cooling; the firmware's header has it the wrong way round


def proportional(low: int, high: int) -> int:
    """The range of the input over which the output goes from 0 to 100 %, in the input's unit; 0 is
    no proportional part. T3000 edits the low byte only."""
    return byte(high) << 8 | byte(low)


def proportional_bytes(value: int) -> tuple[int, int]:
    """Low and high byte. Raises ValueError."""
    if not 0 <= value <= MAX_PROPORTIONAL:
        raise ValueError(f"{value} does not fit; it goes from 0 to {MAX_PROPORTIONAL}")
    return value & 0xFF, value >> 8


def rate(hundredths: int) -> float:
    """The derivative part, 0.00 to 2.00. Raises CodecError for more."""
    if hundredths > MAX_RATE * 100:
        raise CodecError(
            f"a rate of {hundredths} hundredths is none; it goes from 0.00 to {MAX_RATE:.2f}"
        )
    return byte(hundredths) / 100


def rate_byte(value: float) -> int:
    """To the nearest hundredth. Raises ValueError."""
    if not 0 <= value <= MAX_RATE:
        raise ValueError(f"a rate of {value} does not fit; it goes from 0.00 to {MAX_RATE:.2f}")
    return round(value * 100)


def output_text(thousandths: int) -> str:
    """As T3000 shows it: 20000 -> 20.0 %."""
    return f"{thousandths / SCALE:.1f} %"


def setpoint_text(thousandths: int) -> str:
    return f"{thousandths / SCALE:.1f}"


def proportional_part(action: int, thousandths_off: int, proportional: int) -> int:
    """What the proportional part alone gives for an input that is so far above the setpoint, in
    thousandths of a percent. Only the upper end is cut, as the firmware does."""
    if proportional == 0:
        return 0
    part = int(100 * thousandths_off / proportional)
    return min(FULL, part if action == DIRECT else -part)
