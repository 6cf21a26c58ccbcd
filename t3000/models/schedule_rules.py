"""What the entries of a schedule must be: in T3 panels, elsewhere, and by the type of values."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from datetime import time
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _

from devices.models.parts import of
from protocols.t3 import products, references
from t3000.enums import ScheduleDay, ScheduleValueType

if TYPE_CHECKING:
    from t3000.models.schedule import Schedule

TIMES = 8  # of a day in a T3 panel
HOLIDAYS = products.counts(0).holidays
Told = Iterator[tuple[str, str]]
LARGEST_REAL = 3.4028235e38
LARGEST_DOUBLE = 1.7976931348623157e308
WHOLE = {  # from, to
    ScheduleValueType.BINARY: (0, 1),
    ScheduleValueType.UNSIGNED: (0, 2**32 - 1),
    ScheduleValueType.ENUMERATED: (0, 2**32 - 1),
    ScheduleValueType.INTEGER: (-(2**31), 2**31 - 1),
}
NUMBERS = {ScheduleValueType.REAL: LARGEST_REAL, ScheduleValueType.DOUBLE: LARGEST_DOUBLE}
LONGEST = 255  # characters of a text


def of_panel(schedule: "Schedule") -> Told:
    """Eight times a day, each later than the one before it, so that 00:00 can only be the first;
    and annual schedules that the panel has."""
    for name in ("holiday1", "holiday2"):
        if _number(getattr(schedule, name)) >= HOLIDAYS:
            yield name, _("This panel has HOL1 to HOL%(most)d.") % {"most": HOLIDAYS}
    before: dict[int, time] = {}
    counts: Counter[int] = Counter()
    for number, entry in enumerate(of(schedule, "entries")):
        day, here = entry.day, f"entries.{number}"
        counts[day] += 1
        if counts[day] > TIMES:
            yield here, _("%(day)s has %(most)d times already; a panel has room for no more.") % {
                "day": ScheduleDay(day).label, "most": TIMES
            }  # fmt: skip
        if entry.time.second or entry.time.microsecond:
            yield f"{here}.time", _("A panel switches at whole minutes: write it as 08:00.")
        if day in before and entry.time <= before[day]:
            yield (
                f"{here}.time",
                _("%(time)s is not later than %(before)s, the time before it on %(day)s.")
                % {"time": entry.time, "before": before[day], "day": ScheduleDay(day).label},
            )
        if entry.value is None:
            yield f"{here}.value", _("A panel has no NULL; write 0 (off) or 1 (on).")
        before[day] = entry.time


def _number(reference: str) -> int:
    """From 0. Nothing is wrong with none, and what cannot be read the field refuses."""
    try:
        return references.parse(reference).number
    except ValueError:
        return 0


def of_another(schedule: "Schedule") -> Told:
    """Seven days, and each time of a day once."""
    for number, entry in enumerate(of(schedule, "entries")):
        if entry.day > ScheduleDay.SUNDAY:
            yield f"entries.{number}.day", _("Only T3 panels have columns for holidays: 0 to 6.")
    yield from _once("entries", of(schedule, "entries"))
    for number, exception in enumerate(of(schedule, "exceptions")):
        yield from _once(f"exceptions.{number}.entries", of(exception, "entries"))


def of_type(schedule: "Schedule") -> Told:
    """Every value by the type of all."""
    if schedule.value_type not in ScheduleValueType:
        return
    kind = ScheduleValueType(schedule.value_type)
    wrong = [(where, kind_problem(kind, value)) for where, value in _values(schedule)]
    wrong = [(where, message) for where, message in wrong if message]
    yield from wrong
    if wrong:
        yield (
            "value_type",
            _("Values of this schedule are of another type: %(where)s.")
            % {"where": ", ".join(where for where, _message in wrong[:3])},
        )


def kind_problem(kind: ScheduleValueType, value: Any) -> str:
    """What is wrong with a value that is to be of this type; "" if nothing."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if kind in WHOLE:
        low, high = WHOLE[kind]
        is_right = is_number and value == value // 1 and low <= value <= high
        right = _("a whole number from %(low)d to %(high)d") % {"low": low, "high": high}
    elif kind in NUMBERS:
        is_right = is_number and abs(value) <= NUMBERS[kind]
        right = _("a number such as 21.5")
    elif kind == ScheduleValueType.BOOLEAN:
        is_right, right = isinstance(value, bool), _("true or false")
    else:
        is_right = isinstance(value, str) and len(value) <= LONGEST
        right = _("a text of at most %(most)d characters") % {"most": LONGEST}
    return "" if is_right or value is None else _("Write %(right)s.") % {"right": right}


def _values(schedule: "Schedule") -> Iterator[tuple[str, Any]]:
    yield "default", schedule.default
    for number, entry in enumerate(of(schedule, "entries")):
        yield f"entries.{number}.value", entry.value
    for number, exception in enumerate(of(schedule, "exceptions")):
        for inner, entry in enumerate(of(exception, "entries")):
            yield f"exceptions.{number}.entries.{inner}.value", entry.value


def _once(where: str, entries: Iterable[Any]) -> Told:
    seen: dict[Any, set[time]] = defaultdict(set)
    for number, entry in enumerate(entries):
        day = getattr(entry, "day", None)
        if entry.time in seen[day]:
            yield f"{where}.{number}.time", _("%(time)s is there twice.") % {"time": entry.time}
        seen[day].add(entry.time)
