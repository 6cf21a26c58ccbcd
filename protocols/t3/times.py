"""Days and clocks of a panel: annual schedules, time zones, alarm times.

Source: T3000's structs and dialogs; the firmware counts days of the year where it should count days
of a leap year, which is right in leap years only.
"""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from protocols.errors import CodecError

DAYS = 366
BITMAP = 46  # bytes, the last two bits of which are no day
LEAP = 2000
SECONDS_PER_HUNDREDTH = 36  # of an hour
WEST, EAST = -1200, 1300  # hundredths of an hour, the ends of T3000's list
ALARMS_FROM, ALARMS_UNTIL = 1420041600, 2051193600  # 2015 to 2035: what T3000 shows

Day = tuple[int, int]  # month and day of the month


def day_index(month: int, day: int) -> int:
    """The day's place in a year of 366 days, from 0: 1 March is 60 in every year. Raises
    ValueError."""
    try:
        return (date(LEAP, month, day) - date(LEAP, 1, 1)).days
    except ValueError:
        raise ValueError(f"there is no day {day} in month {month}; write 12, 25") from None


def day_at(index: int) -> Day:
    """Month and day of a place in a year of 366 days. Raises ValueError."""
    if not 0 <= index < DAYS:
        raise ValueError(f"{index} is no day; days go from 0 to {DAYS - 1}")
    found = date(LEAP, 1, 1) + timedelta(days=index)
    return found.month, found.day


def days(bitmap: bytes) -> tuple[Day, ...]:
    """The days of an annual schedule, in order: bit n % 8 of byte n // 8 is day n. Raises
    CodecError for another length and for bits that are no day."""
    if len(bitmap) != BITMAP:
        raise CodecError(f"the days of an annual schedule are {BITMAP} bytes, not {len(bitmap)}")
    bits = int.from_bytes(bitmap, "little")
    if bits >> DAYS:
        raise CodecError("the last two bits of an annual schedule are no days and must be 0")
    return tuple(day_at(index) for index in range(DAYS) if bits >> index & 1)


def bitmap(chosen: Iterable[Day]) -> bytes:
    """The 46 bytes of an annual schedule. Raises ValueError for what is no day."""
    bits = 0
    for month, day in chosen:
        bits |= 1 << day_index(month, day)
    return bits.to_bytes(BITMAP, "little")


def zone(hundredths: int) -> timedelta:
    """The offset from UTC of a time zone in hundredths of an hour. Raises CodecError."""
    if not WEST <= hundredths <= EAST:
        raise CodecError(f"a time zone of {hundredths} is none; they go from {WEST} to {EAST}")
    return timedelta(seconds=hundredths * SECONDS_PER_HUNDREDTH)


def zone_hundredths(offset: timedelta) -> int:
    """Raises ValueError for what can't be stored, such as parts of a hundredth of an hour."""
    hundredths, rest = divmod(offset, timedelta(seconds=SECONDS_PER_HUNDREDTH))
    if rest or not WEST <= hundredths <= EAST:
        raise ValueError(
            f"{offset} does not fit; time zones are hundredths of an hour from "
            f"{WEST / 100} to {EAST / 100} h"
        )
    return hundredths


def alarm_time(seconds: int) -> datetime | None:
    """When an alarm came, None for what T3000 leaves blank as it can't be true."""
    if not ALARMS_FROM <= seconds <= ALARMS_UNTIL:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def alarm_seconds(moment: datetime | None) -> int:
    """Seconds since 1970, 0 for None. Raises ValueError for a time that T3000 would not show."""
    if moment is None:
        return 0
    seconds = int(moment.timestamp())
    if alarm_time(seconds) is None:
        raise ValueError(f"{moment} does not fit; times of alarms are from 2015 to 2034")
    return seconds
