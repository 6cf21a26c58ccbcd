"""What is told live, a row for each thing that changed, and how it is written: by columns for
browsers (docs/live.md), row by row between processes."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple, get_args, get_type_hints

import orjson


class PointChange(NamedTuple):
    """A point's new value as people see it. `time` in ms UTC; None: there never was a value."""

    point_id: int
    value: float | None
    text: str
    quality: int
    time: int | None


class DeviceStatus(NamedTuple):
    """Whether a device answers. Times in ms UTC; `state` as in devices.enums.LinkState."""

    device_id: int
    state: str
    last_seen: int | None
    since: int | None


class CommandStatus(NamedTuple):
    """How far a command to a point is. `until` in ms UTC; `kind` and `state` as in devices.enums;
    `holds`: what it wrote holds the point now."""

    command_id: int
    device_id: int
    point: str  # the protocol's own address
    kind: str
    state: str
    value: float | None
    priority: int | None  # None: it has none, as out of service
    until: int | None
    by: str
    note: str
    message: str
    holds: bool


class Ended(NamedTuple):
    """The sockets of a user are closed. `code`: CLOSE_CHANGED where the user has other roles now,
    CLOSE_AGAIN where a session or token ended, and whoever has another one comes back."""

    user_id: int
    code: int


@dataclass(slots=True)
class Changes:
    """The latest of each point, device and command, in order of arrival."""

    points: dict[int, PointChange] = field(default_factory=dict)
    devices: dict[int, DeviceStatus] = field(default_factory=dict)
    commands: dict[int, CommandStatus] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.points or self.devices or self.commands)

    def merge(self, other: "Changes") -> None:
        self.points |= other.points
        self.devices |= other.devices
        self.commands |= other.commands

    def body(self) -> str:
        """The events of a frame, without its brackets and number."""
        events: dict[str, Any] = {}
        if self.points:
            events["point_update"] = point_columns(self.points.values())
        if self.devices:
            events["device_status"] = [status._asdict() for status in self.devices.values()]
        if self.commands:
            events["command_status"] = [status._asdict() for status in self.commands.values()]
        return orjson.dumps(events).decode()[1:-1]


def point_columns(changes: Iterable[PointChange]) -> dict[str, Sequence[Any]]:
    """Columns: a third of the bytes and of the time of one object per point."""
    columns = list(zip(*changes, strict=True)) or [()] * len(PointChange._fields)
    return dict(zip(("ids", "values", "texts", "qualities", "times"), columns, strict=True))


KINDS: dict[str, type[Any]] = {
    "points": PointChange,
    "devices": DeviceStatus,
    "commands": CommandStatus,
    "ended": Ended,
}
_TYPES = {
    kind: [get_args(hint) or (hint,) for hint in get_type_hints(row).values()]
    for kind, row in KINDS.items()
}


def encode(**kinds: Sequence[tuple[Any, ...]]) -> bytes:
    """What one process tells the others: rows by their kind."""
    return orjson.dumps({kind: [tuple(row) for row in rows] for kind, rows in kinds.items()})


def decode(message: bytes) -> dict[str, list[Any]]:
    """The opposite. Raises ValueError for what `encode` does not write."""
    kinds = orjson.loads(message)
    if not isinstance(kinds, dict) or kinds.keys() != KINDS.keys():
        raise ValueError(f"not by kind: {message[:80]!r}")
    if not all(isinstance(rows, list) for rows in kinds.values()):
        raise ValueError(f"not lists of rows: {message[:80]!r}")
    return {kind: [_row(kind, row) for row in rows] for kind, rows in kinds.items()}


def _row(kind: str, row: Any) -> Any:
    types = _TYPES[kind]
    if not isinstance(row, list) or len(row) != len(types):
        raise ValueError(f"{kind}: {row!r} has not {len(types)} fields")
    for value, allowed in zip(row, types, strict=True):
        # JSON does not tell 21 from 21.0.
        if type(value) not in allowed and not (type(value) is int and float in allowed):
            raise ValueError(f"{kind}: {value!r} in {row!r} is of the wrong type")
    return KINDS[kind](*row)
