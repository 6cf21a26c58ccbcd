"""Commands: asked for, sent once, proved by reading back.

pending -> sent -> confirmed | refused | unknown;  pending -> expired.

A row becomes `sent` by a conditional update before anything goes on the wire, so whatever dies,
nothing is written twice: a sent row that nobody finishes is only read back. What may be commanded
and what a release means for each kind of point is the table in docs/commands.md.
"""

import logging
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from devices import live
from devices.domain import audit, field_messages
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks, Rights
from devices.enums import OPEN_STATES, Action, CommandKind, CommandState, Origin, Role
from devices.live_rows import CommandStatus
from devices.models import AuditEntry, Command, Device
from devices.models.acting import Actor
from devices.models.command import NOTE_LENGTH, CommandQuerySet
from protocols.types import MANUAL, MINIMUM_ON_OFF

log = logging.getLogger(__name__)

EXECUTE = "devices.tasks.execute_commands"  # by name: tasks are above this layer

CARRY_OUT_SECONDS = 20.0  # for the write and its proof
TAKE_OVER = timedelta(seconds=CARRY_OUT_SECONDS + 5)  # by then whoever sent it is done or dead
GIVE_UP = timedelta(minutes=5)  # nobody could read it back
LONGEST = timedelta(days=366)


class BadCommand(ValueError):
    """What was asked for cannot be right: the field, and what would be."""

    def __init__(self, field: str, message: str) -> None:
        self.field = field
        self.message = message
        super().__init__(f"{field}: {message}")


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody asks for of one point. `priority` None: it has none, as out of service."""

    device: Device
    point: str
    kind: CommandKind
    value: float | None = None
    priority: int | None = MANUAL
    until: datetime | None = None
    note: str = ""
    old_value: float | None = None
    point_name: str = ""

    @classmethod
    def of_value(cls, device: Device, point: str, value: float | None, **asked: Any) -> "Wish":
        """Value None releases the priority."""
        kind = CommandKind.RELEASE if value is None else CommandKind.WRITE
        return cls(device, point, kind, value, **asked)


def request(
    device: Device,
    point: str,
    value: float | None,
    *,
    by: Actor,
    now: datetime | None = None,
    **asked: Any,
) -> Command:
    """One wish for a value, or with None for a release; as `request_all`."""
    (command,) = request_all([Wish.of_value(device, point, value, **asked)], by=by, now=now)
    return command


def request_all(wishes: Sequence[Wish], *, by: Actor, now: datetime | None = None) -> list[Command]:
    """Writes the commands down and sends them to the field, those of a queue in one message.

    Raises BadCommand, Lacks or NotPossible; then nothing is stored.
    """
    now = now or timezone.now()
    rights = Rights.of(by.user) if by.user is not None else None
    for wish in wishes:
        check(wish, now)
        if rights is not None:  # the program itself ends what somebody was allowed to begin
            _check_role(wish, rights)
        if not (wish.device.enabled and wish.device.network.enabled):
            told = f"{wish.device.name} is switched off here: it is neither read nor commanded."
            raise NotPossible(told)
    commands = _store(wishes, by, now)
    tell(commands)
    by_queue: dict[str, list[int]] = defaultdict(list)
    for wish, command in zip(wishes, commands, strict=True):
        by_queue[wish.device.network.queue].append(command.pk)
    transaction.on_commit(lambda: _send(by_queue))
    return commands


def _send(by_queue: Mapping[str, Sequence[int]]) -> None:
    for queue, command_ids in by_queue.items():
        field_messages.send(queue, EXECUTE, command_ids)


@transaction.atomic
def _store(wishes: Sequence[Wish], by: Actor, now: datetime) -> list[Command]:
    """Each with its one entry of the audit trail: what becomes of it, the ledger tells."""
    rows = [_row(wish, by, now) for wish in wishes]
    commands = Command.objects.bulk_create(rows)
    audit.note_all(_entry(command, by) for command in commands)
    for command in commands:
        log.info("%s asks for %s", by.name, command)
    return commands


def _row(wish: Wish, by: Actor, now: datetime) -> Command:
    is_write = wish.kind == CommandKind.WRITE
    return Command(
        device=wish.device,
        device_name=wish.device.name,
        point=wish.point,
        point_name=wish.point_name,
        kind=wish.kind,
        payload={"value": wish.value} if is_write else {},
        priority=wish.priority,
        until=wish.until if is_write else None,
        note=wish.note,
        user=by.user,
        username=by.name[:150],
        origin=by.origin,
        client_address=by.address,
        old_value=wish.old_value,
        created_at=now,
        queued_at=now,
        send_by=now + field_messages.HOLDS,
    )


def _entry(command: Command, by: Actor) -> AuditEntry:
    kind = CommandKind(command.kind)
    if kind.switches_service:
        is_out = kind == CommandKind.OUT_OF_SERVICE
        changes: dict[str, list[Any]] = {"out_of_service": [not is_out, is_out]}
    else:
        changes = {"value": [command.old_value, command.value]}
    asked = {"priority": command.priority, "until": command.until, "note": command.note}
    changes |= {name: [None, value] for name, value in asked.items() if value}
    return audit.entry(
        Action.CREATE, "command", command.pk, command.name, changes, by=by, device=command.device
    )


def _check_role(wish: Wish, rights: Rights) -> None:
    """The one place that says how strongly somebody may write or release, and who may take points
    out of service: their values are true for nobody then."""
    if wish.kind.switches_service:
        needed, what = Role.ENGINEER, "to take points out of service and back"
    else:
        needed = Role.for_priority(wish.priority or MANUAL)
        what = f"for priority {wish.priority}"
    if not rights.may(needed, wish.device.network.site_id):
        raise Lacks(needed, what)


def check(wish: Wish, now: datetime | None = None) -> None:
    """Raises BadCommand for what cannot be right, whatever the point is."""
    priority, until, now = wish.priority, wish.until, now or timezone.now()
    if not wish.kind.switches_service:
        if isinstance(priority, bool) or not isinstance(priority, int) or not 1 <= priority <= 16:
            raise BadCommand("priority", "A priority is a whole number from 1, strongest, to 16.")
        if priority == MINIMUM_ON_OFF:
            told = "Priority 6 belongs to the controller itself; 8 is the hand."
            raise BadCommand("priority", told)
    if until is not None and not now < until <= now + LONGEST:
        raise BadCommand("until", "The end must lie in the future, at most a year ahead.")
    if len(wish.note) > NOTE_LENGTH:
        raise BadCommand("note", f"A note has at most {NOTE_LENGTH} characters.")


def networks(command_ids: Sequence[int]) -> dict[int, int]:
    """The network of each command that is still open and may be carried out."""
    found = Command.objects.filter(
        pk__in=command_ids,
        state__in=OPEN_STATES,
        device__enabled=True,
        device__network__enabled=True,
    )
    return dict(found.values_list("pk", "device__network_id"))


def pass_on(command_ids: Sequence[int], now: datetime) -> None:
    """They came to a process that does not serve their network: the next sweep sends them anew."""
    if command_ids:
        waiting = Command.objects.filter(pk__in=command_ids, state__in=OPEN_STATES)
        waiting.update(queued_at=now - field_messages.AGAIN)


def claim(command_ids: Sequence[int], now: datetime) -> Iterator[tuple[Command, bool]]:
    """Takes commands to carry out, each as it is asked for: (command, is_new). One that is not new
    was sent by somebody who did not finish it; it must only be read back.

    In the order in which they were asked for, and with those of the same points that were asked
    for before and whose messages are late: the last wish must win.
    """
    asked = Command.objects.filter(pk__in=command_ids)
    late = Command.objects.filter(
        state=CommandState.PENDING,
        device__in=asked.values("device"),
        point__in=asked.values("point"),
    )
    for command in (asked | late).select_related("device__network").order_by("pk"):
        is_new = command.state == CommandState.PENDING
        if is_new and _is_outdated_release(command, now):
            _end(command, CommandState.PENDING, CommandState.REFUSED, "a newer write is there", now)
            continue
        claimable = _unsent(now) if is_new else _abandoned(now)
        if claimable.filter(pk=command.pk, sent_at=command.sent_at).update(
            state=CommandState.SENT, sent_at=now
        ):
            command.state, command.sent_at = CommandState.SENT, now
            if is_new:
                tell([command])
            yield command, is_new


def _is_outdated_release(command: Command, now: datetime) -> bool:
    """The end of an override must not end the one that replaced it meanwhile."""
    if command.origin != Origin.EXPIRY:
        return False
    lasting = Q(until__isnull=True) | Q(until__gt=now)
    return slot(command).open_or_held().filter(lasting, kind=CommandKind.WRITE).exists()


def slot(command: Command) -> CommandQuerySet:
    """All commands to the same priority of the same point; those that switch its service, which
    have none, are among themselves."""
    return Command.objects.filter(
        device=command.device_id, point=command.point, priority=command.priority
    )


def _unsent(now: datetime) -> QuerySet[Command]:
    return Command.objects.filter(state=CommandState.PENDING, send_by__gt=now)


def _abandoned(now: datetime) -> QuerySet[Command]:
    return Command.objects.filter(state=CommandState.SENT, sent_at__lte=now - TAKE_OVER)


def finish(
    command: Command,
    state: CommandState,
    message: str = "",
    *,
    new_value: float | None = None,
    now: datetime | None = None,
) -> bool:
    """The end of a command that was sent. False: it had ended already, nothing is changed."""
    now = now or timezone.now()
    message = message[:200]
    with transaction.atomic():
        ended = Command.objects.filter(pk=command.pk, state=CommandState.SENT).update(
            state=state, message=message, new_value=new_value, finished_at=now
        )
        if not ended:
            return False
        command.state, command.message, command.new_value = state, message, new_value
        command.finished_at = now
        replaced = _replace(command, now)
        log.log(
            logging.INFO if state == CommandState.CONFIRMED else logging.WARNING,
            "command %d of %s, %s: %s%s",
            command.pk, command.username, command, state, f" ({message})" if message else "",
        )  # fmt: skip
        tell([command, *replaced])
    return True


def _replace(command: Command, now: datetime) -> list[Command]:
    """Of the writes to one slot only the last one that was proved holds it; returns what is over.
    They are carried out one at a time, in the order in which they were asked for."""
    if command.state == CommandState.CONFIRMED:
        # Of those that hold nothing as well: the index of what holds stays small.
        earlier = slot(command).filter(over_at__isnull=True).exclude(pk=command.pk)
        over = earlier.exclude(state__in=OPEN_STATES)
    elif slot(command).filter(pk__gt=command.pk, state=CommandState.CONFIRMED).exists():
        over = Command.objects.held().filter(pk=command.pk)  # settled too late to be what holds
    else:
        return []
    replaced = [one for one in over if one.holds]
    over.update(over_at=now)
    for one in replaced:
        one.over_at = now
    return replaced


def sweep(now: datetime) -> None:
    """Once a second: what must not be sent any more, and what was lost on the way."""
    unfinished = Command.objects.filter(state__in=OPEN_STATES).select_related("device__network")
    again: dict[str, list[int]] = defaultdict(list)
    for command in unfinished:
        device = command.device
        if device is None:
            _end(command, CommandState.PENDING, CommandState.EXPIRED, "the device is gone", now)
            _end(command, CommandState.SENT, CommandState.UNKNOWN, "the device is gone", now)
        elif command.state == CommandState.PENDING and command.send_by <= now:
            is_on = device.enabled and device.network.enabled
            reason = "nothing serves its network" if is_on else "the device was switched off"
            reason = f"not sent in time: {reason}"
            _end(command, CommandState.PENDING, CommandState.EXPIRED, reason, now)
        elif command.send_by <= now - GIVE_UP:
            reason = "sent, and never read back: nothing serves its network"
            _end(command, CommandState.SENT, CommandState.UNKNOWN, reason, now)
        elif command.queued_at <= now - field_messages.AGAIN and (
            command.sent_at is None or command.sent_at <= now - TAKE_OVER
        ):
            again[device.network.queue].append(command.pk)
    for queue, command_ids in again.items():
        Command.objects.filter(pk__in=command_ids).update(queued_at=now)
        field_messages.send(queue, EXECUTE, command_ids)


def _end(
    command: Command, was: CommandState, state: CommandState, message: str, now: datetime
) -> None:
    """Ends a command that is still in the state; nothing otherwise."""
    with transaction.atomic():
        if Command.objects.filter(pk=command.pk, state=was).update(
            state=state, message=message, finished_at=now
        ):
            command.state, command.message, command.finished_at = state, message, now
            log.warning("command %d, %s: %s (%s)", command.pk, command, state, message)
            tell([command])


def current(device_ids: Iterable[int]) -> list[CommandStatus]:
    """What a page of these devices must know: open commands, and the writes that hold points."""
    found = Command.objects.open_or_held().filter(device__in=device_ids)
    return [status(one) for one in found]


def of_point(device_id: int, point: str) -> CommandQuerySet:
    """Open commands to a point, and the writes that hold it; the latest first."""
    return Command.objects.open_or_held().filter(device=device_id, point=point)


def status(command: Command) -> CommandStatus:
    return CommandStatus(
        command_id=command.pk,
        device_id=command.device_id or 0,
        point=command.point,
        kind=command.kind,
        state=command.state,
        value=command.value,
        priority=command.priority,
        until=round(command.until.timestamp() * 1000) if command.until else None,
        by=command.username,
        note=command.note,
        message=command.message,
        holds=command.holds,
    )


def tell(commands: Sequence[Command]) -> None:
    """Browsers hear of it when it is committed."""
    statuses = [status(command) for command in commands if command.device_id is not None]
    transaction.on_commit(lambda: live.publish(commands=statuses))
