"""A monitor's interval, its longest time and how much its samples take.

Source: T3000's Str_monitor_point and Str_MISC.
"""

from protocols.errors import CodecError
from protocols.t3.octets import byte

MAX_INTERVAL = 255 * 3600 + 59 * 60 + 59
BLOCK = 400  # bytes
MAX_LENGTH = 63
UNITS = (0, 1, 2, 3)  # none, minutes, hours, days


def interval(hours: int, minutes: int, seconds: int) -> int:
    """In seconds; 0 is a monitor that is not set up. Raises CodecError for what is no time."""
    if not (0 <= minutes <= 59 and 0 <= seconds <= 59):
        raise CodecError(f"{minutes} minutes and {seconds} seconds are no time; both go to 59")
    return byte(hours) * 3600 + minutes * 60 + seconds


def interval_parts(seconds: int) -> tuple[int, int, int]:
    """Hours, minutes and seconds. Raises ValueError."""
    if not 0 <= seconds <= MAX_INTERVAL:
        raise ValueError(f"{seconds} s does not fit; intervals go from 0 to {MAX_INTERVAL} s")
    return seconds // 3600, seconds // 60 % 60, seconds % 60


def length(packed: int) -> tuple[int, int]:
    """The unit (0 none, 1 minutes, 2 hours, 3 days) and the number of a longest time."""
    return byte(packed) >> 6, packed & MAX_LENGTH


def length_byte(unit: int, number: int) -> int:
    """Raises ValueError."""
    if unit not in UNITS:
        raise ValueError(f"{unit} is no unit; 1 minutes, 2 hours, 3 days, 0 none")
    if not 0 <= number <= MAX_LENGTH:
        raise ValueError(f"{number} does not fit; it goes from 0 to {MAX_LENGTH}")
    return unit << 6 | number


def size(analog_blocks: int, digital_blocks: int) -> float:
    """What the samples take, in thousands of bytes, as T3000 shows it."""
    return (analog_blocks + digital_blocks) * BLOCK / 1000


def digital_sample(packed: int) -> tuple[int, int]:
    """The number of a point, from 0, and its state."""
    return byte(packed) & 0x7F, packed >> 7


def digital_sample_byte(number: int, state: int) -> int:
    """Raises ValueError."""
    if not (0 <= number <= 0x7F and state in (0, 1)):
        raise ValueError(f"point {number}, state {state} does not fit; 0 to 127, 0 or 1")
    return state << 7 | number
