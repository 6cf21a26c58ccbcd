"""Priority arrays: what a device was last read to hold of a point, and which slot has it."""

import enum
import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from devices.domain import field_messages
from devices.domain.errors import NotPossible
from devices.enums import NetworkProtocol
from protocols.types import MANUAL, MINIMUM_ON_OFF, Held
from t3000.models import Point, PriorityArray

READ = "devices.tasks.read_priorities"  # by name: tasks are above this layer
# Names of 135-2020 table 19-1; the others are free for whoever programs the building.
NAMES = {
    1: _("Manual life safety"),
    2: _("Automatic life safety"),
    5: _("Critical equipment"),
    MINIMUM_ON_OFF: _("Minimum on/off"),
    MANUAL: _("Manual operator"),
}
FREE = _("Available")


class SlotState(enum.StrEnum):
    """What is in a slot."""

    UNKNOWN = "unknown"  # it was never read
    EMPTY = "empty"
    FILLED = "filled"
    UNREADABLE = "unreadable"  # the device does not tell, or not a number


class Winner(enum.StrEnum):
    """Who has the point."""

    UNKNOWN = "unknown"
    PRIORITY = "priority"
    RELINQUISH_DEFAULT = "relinquish_default"


@dataclass(frozen=True, slots=True)
class Slot:
    priority: int
    name: str
    state: SlotState
    value: float | None
    wins: bool


@dataclass(frozen=True, slots=True)
class Priorities:
    """All 16 slots, and which of them has the point: the strongest one that is filled. One that
    cannot be read may be filled, so that none behind it is known to win."""

    slots: Sequence[Slot]
    relinquish_default: float | None
    winner: Winner
    priority: int | None
    value: float | None
    read_at: datetime | None


def of_point(point: Point) -> Priorities:
    """As they were last read. Raises NotPossible for a point that has none."""
    check_has_some(point)
    row = PriorityArray.objects.filter(point=point).first()
    if row is None:
        slots = [_slot(number, SlotState.UNKNOWN) for number in range(1, 17)]
        return Priorities(slots, None, Winner.UNKNOWN, None, None, None)
    filled = row.by_priority
    first = next(iter(filled), None)
    winner, value = Winner.RELINQUISH_DEFAULT, row.relinquish_default
    if first is not None:
        value = filled[first]
        winner = Winner.UNKNOWN if value is None else Winner.PRIORITY
    wins = first if winner is Winner.PRIORITY else None
    slots = [
        _slot(number, _state(number, filled), filled.get(number), wins=number == wins)
        for number in range(1, 17)
    ]
    return Priorities(slots, row.relinquish_default, winner, wins, value, row.read_at)


def _state(number: int, filled: dict[int, float | None]) -> SlotState:
    if number not in filled:
        return SlotState.EMPTY
    return SlotState.UNREADABLE if filled[number] is None else SlotState.FILLED


def _slot(number: int, state: SlotState, value: float | None = None, *, wins: bool = False) -> Slot:
    return Slot(number, str(NAMES.get(number, FREE)), state, value, wins)


def check_has_some(point: Point) -> None:
    """Raises NotPossible with what the point has instead."""
    if not why_none(point):
        return
    raise NotPossible(f"{point.number} {point.label}".strip() + f" {why_none(point)}.")


def why_none(point: Point) -> str:
    """Why the point has no priorities; "" if it has."""
    if point.device.network.protocol == NetworkProtocol.MODBUS or not point.has_priorities:
        return "has no priority array: it knows Auto and Manual only"
    if not point.commandable:
        return "has no priority array: it has the value that was written last"
    return ""


def read_again(point: Point) -> None:
    """Has the array read anew. Raises NotPossible."""
    check_has_some(point)
    device = point.device
    if not (device.enabled and device.network.enabled):
        raise NotPossible(f"{device.name} is switched off here: it is neither read nor commanded.")
    field_messages.send(device.network.queue, READ, [point.pk])


def store(device_id: int, held: Held) -> None:
    """What was read, unless it was read anew since."""
    if held.slots is None:
        return
    known = Point.objects.filter(device=device_id, address=str(held.reading.address))
    point = known.filter(commandable=True, has_priorities=True).first()
    read_at = held.reading.time
    if point is None or PriorityArray.objects.filter(point=point, read_at__gt=read_at).exists():
        return
    slots = {
        str(priority): None if math.isnan(value) else value
        for priority, value in sorted(held.slots.items())
    }
    told = {"slots": slots, "relinquish_default": held.relinquish_default, "read_at": read_at}
    PriorityArray.objects.update_or_create(point=point, defaults=told)
