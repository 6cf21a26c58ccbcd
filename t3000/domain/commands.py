"""Commands to points: what a point takes. The rest is the ledger's (devices.domain.commands)."""

import math
from datetime import datetime
from typing import Any

from devices.domain import commands
from devices.domain.commands import BadCommand, Wish
from devices.domain.errors import NotPossible
from devices.enums import CommandKind, CommandState, NetworkProtocol
from devices.live_rows import CommandStatus
from devices.models import Command
from devices.models.acting import Actor
from protocols.types import MANUAL, Quality
from t3000.enums import PointKind, Shape
from t3000.models import Point, PointValue

LARGEST = 3.4028234663852886e38  # a BACnet Real (135-2020 clause 20.2.6)


def request_write(point: Point, value: float | None, *, by: Actor, **asked: Any) -> Command:
    """Asks for the point to be written, or with None released, at the priority.

    Raises BadCommand, which names the field and what would be right, Lacks or NotPossible; then
    nothing is stored and nothing sent.
    """
    (command,) = commands.request_all([wish_of(point, value, **asked)], by=by)
    return command


def wish_of(
    point: Point,
    value: float | None,
    *,
    priority: int = MANUAL,
    until: datetime | None = None,
    note: str = "",
) -> Wish:
    """A write of the point, or with None a release, if it can take that. Raises as request_write,
    but for what depends on who asks."""
    if not (point.writable or (is_out_of_service(point) and can_be_out_of_service(point))):
        name = f"{point.number} {point.label}".strip()
        raise NotPossible(f"{name} cannot be written: {why_read_only(point)}.")
    _check_priority(point, priority)
    if value is None or until is not None:
        _check_release(point, value)
    return Wish.of_value(
        point.device,
        point.address,
        None if value is None else check_value(point, value),
        priority=priority,
        until=until,
        note=note,
        old_value=_held_value(point),
        point_name=point.label,
    )


def request_service(point: Point, *, out: bool, by: Actor, note: str = "") -> Command:
    """Asks for the point to be taken out of service, or back. Raises as request_write."""
    if not can_be_out_of_service(point):
        name = f"{point.number} {point.label}".strip()
        raise NotPossible(f"{name} cannot be taken out of service: {why_always_in_service(point)}.")
    wish = Wish(
        point.device,
        point.address,
        CommandKind.OUT_OF_SERVICE if out else CommandKind.IN_SERVICE,
        priority=None,
        note=note,
        old_value=_held_value(point),
        point_name=point.label,
    )
    (command,) = commands.request_all([wish], by=by)
    return command


def can_be_out_of_service(point: Point) -> bool:
    protocol = NetworkProtocol(point.device.network.protocol)
    return bool(point.address) and protocol.has_out_of_service


def why_always_in_service(point: Point) -> str:
    """Of one that cannot be taken out of service."""
    if not NetworkProtocol(point.device.network.protocol).has_out_of_service:
        return "its protocol knows Auto and Manual only"
    return "it has no address"


def is_out_of_service(point: Point) -> bool:
    """Whether it is now, as far as is known: as it was last read, or as we were told of our last
    switch where something worse is told of its value."""
    current = _current(point)
    if current is not None and current.quality == Quality.OUT_OF_SERVICE:
        return True
    if current is not None and Quality(current.quality).usable:
        return False
    switched = Command.objects.filter(
        device=point.device_id,
        point=point.address,
        priority=None,
        state=CommandState.CONFIRMED,
        over_at__isnull=True,
    )
    return switched.filter(kind=CommandKind.OUT_OF_SERVICE).exists()


def why_read_only(point: Point) -> str:
    """Of one that is not writable."""
    if point.held is None:
        return "whether it can be is not known until its device has described it"
    if point.kind == PointKind.INPUT and can_be_out_of_service(point):
        return "it is read only while it is in service"
    return "it is read only"


def check_value(point: Point, value: float) -> float:
    """The value, if the point can take it. Raises BadCommand."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise BadCommand("value", "Not a number; write one such as 21.5, or null to release.")
    if point.shape is Shape.NUMBER:
        _check_between(value, *_bounds(point))
    elif point.shape is Shape.BINARY:
        if value not in (0, 1):
            raise BadCommand("value", f"Write {_named(point, 0)} or {_named(point, 1)}.")
    elif value % 1 or not 1 <= value <= max(len(point.states), 1):
        states = ", ".join(_named(point, number) for number in range(1, len(point.states) + 1))
        raise BadCommand("value", f"Write one of its states: {states or '1'}.")
    return float(value)


def holds(point: Point) -> list[CommandStatus]:
    """The writes of ours that hold the point, the strongest first: what can be released."""
    if not point.commandable:
        return []
    held = Command.objects.held().filter(device=point.device_id, point=point.address)
    return [commands.status(one) for one in held.order_by("priority")]


def _check_priority(point: Point, priority: int) -> None:
    if not point.has_priorities and priority != MANUAL:
        raise BadCommand(
            "priority",
            f"This point knows Auto and Manual only: leave the priority out, or write {MANUAL}.",
        )


def _check_release(point: Point, value: float | None) -> None:
    if point.commandable:
        return
    if value is None:
        raise BadCommand("value", "This point cannot be released: it has no priority array.")
    raise BadCommand("until", "This point cannot be released by itself: it has no priority array.")


def _bounds(point: Point) -> tuple[float, float]:
    low = -LARGEST if point.low is None else point.low
    high = LARGEST if point.high is None else point.high
    return low, high


def _check_between(value: float, low: float, high: float) -> None:
    if not low <= value <= high:
        raise BadCommand("value", f"{value:.10g} is out of range; write {low:.10g} to {high:.10g}.")


def _named(point: Point, number: int) -> str:
    position = number if point.shape is Shape.BINARY else number - 1
    text = point.states[position] if position < len(point.states) else ""
    return f"{number} ({text})" if text else str(number)


def _held_value(point: Point) -> float | None:
    current = _current(point)
    return current.value if current and Quality(current.quality).usable else None


def _current(point: Point) -> PointValue | None:
    return getattr(point, "current", None)
