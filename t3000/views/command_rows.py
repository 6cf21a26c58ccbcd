"""What rows say of commands: which write holds a point, and how far the newest command to it is."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from devices.domain import commands
from devices.enums import OPEN_STATES, CommandKind, CommandState
from devices.live_rows import CommandStatus
from devices.models import Command
from t3000.domain.commands import can_be_out_of_service
from t3000.domain.text import asked_text
from t3000.models import Point
from t3000.views.states import COMMAND_STATES, State


@dataclass(frozen=True, slots=True)
class Progress:
    """A command under way, or one of which nobody knows how it ended."""

    command_id: int
    what: str
    state: State
    reason: str
    by: str
    priority: int | None

    @property
    def title(self) -> str:
        reason = f": {self.reason}" if self.reason else ""
        said = f"{self.what} {self.state.word}{reason}"
        priority = f", priority {self.priority}" if self.priority else ""
        return f"{said}, by {self.by}{priority}"


@dataclass(frozen=True, slots=True)
class PointCommands:
    """`hold`: the strongest of our writes that hold the point."""

    hold: CommandStatus | None = None
    progress: Progress | None = None


NONE = PointCommands()


def commands_of(points: Sequence[Point]) -> dict[int, PointCommands]:
    """By point, of those that have any; one query, and none where nothing can be commanded."""
    devices = {
        point.device_id for point in points if point.writable or can_be_out_of_service(point)
    }
    if not devices:
        return {}
    by_place: dict[tuple[int, str], list[CommandStatus]] = defaultdict(list)
    for status in commands.current(devices):
        by_place[status.device_id, status.point].append(status)
    return {
        point.pk: _of_point(point, found)
        for point in points
        if (found := by_place.get((point.device_id, point.address)))
    }


def _of_point(point: Point, found: Sequence[CommandStatus]) -> PointCommands:
    holding = [status for status in found if status.holds and point.commandable]
    newest = max(found, key=lambda status: status.command_id)
    is_told = newest.state in OPEN_STATES or (
        newest.state == CommandState.UNKNOWN and point.commandable
    )
    return PointCommands(
        hold=min(holding, key=lambda status: status.priority or 0, default=None),
        progress=_progress(point, newest) if is_told else None,
    )


def _progress(point: Point, status: CommandStatus) -> Progress:
    return Progress(
        command_id=status.command_id,
        what=what_text(point, status),
        state=COMMAND_STATES[CommandState(status.state)],
        reason=status.message,
        by=status.by,
        priority=status.priority,
    )


def what_text(point: Point, asked: CommandStatus | Command) -> str:
    """What a command asks for. commands.js says it alike."""
    kind = CommandKind(asked.kind)
    if kind is not CommandKind.WRITE or asked.value is None:
        return str(kind.label).lower()
    return asked_text(
        asked.value, units=point.units, states=point.states, kind_of=point.object_type
    )
