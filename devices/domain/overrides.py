"""Writes that hold their points: their end when its time has come, and whether they still do."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q

from devices.domain import commands, field_messages
from devices.enums import OPEN_STATES, LinkState, Origin
from devices.models import Command
from devices.models.acting import Actor
from devices.models.command import CommandQuerySet

log = logging.getLogger(__name__)

CHECK = "devices.tasks.check_overrides"  # by name: tasks are above this layer
CHECK_AGAIN = timedelta(seconds=30)
RELEASE_AGAIN = timedelta(minutes=1)  # an end that was not confirmed, at first


def sweep(now: datetime) -> None:
    """Once a second."""
    _release_due(now)
    _check_due(now)


def _release_due(now: datetime) -> None:
    """Ends overrides whose time has come, again and again until a device confirms it."""
    for override in _answering().filter(until__lte=now).select_related("device__network"):
        device = override.device
        if device is None or not _may_release(override, now):
            continue
        commands.request(
            device,
            override.point,
            None,
            by=Actor(None, Origin.EXPIRY),
            priority=override.priority,
            point_name=override.point_name,
            note=f"end of {override.username}'s override",
            now=now,
        )


def _answering() -> CommandQuerySet:
    """Those of devices that answer: the others can be neither ended nor looked at."""
    return Command.objects.held().filter(
        device__enabled=True,
        device__network__enabled=True,
        device__link__state=LinkState.ONLINE,
    )


def _may_release(override: Command, now: datetime) -> bool:
    """At once the first time, then after 1, 2, 4 ... minutes up to an hour; not while another
    command to the slot is under way."""
    since = commands.slot(override).filter(pk__gt=override.pk)
    if since.filter(state__in=OPEN_STATES).exists():
        return False
    tries = since.filter(origin=Origin.EXPIRY)
    last = tries.first()
    return last is None or now >= last.created_at + RELEASE_AGAIN * 2 ** min(tries.count() - 1, 6)


def _check_due(now: datetime) -> None:
    """Has what holds looked at again: somebody may have ended it at the controller."""
    long_ago = now - CHECK_AGAIN
    is_due = Q(checked_at__lte=long_ago) | Q(checked_at__isnull=True, finished_at__lte=long_ago)
    by_queue: dict[str, list[int]] = defaultdict(list)
    due = _answering().filter(is_due).values_list("pk", "device__network__queue")
    for command_id, queue in due:
        by_queue[queue].append(command_id)
    for queue, command_ids in by_queue.items():
        Command.objects.filter(pk__in=command_ids).update(checked_at=now)
        field_messages.send(queue, CHECK, command_ids, priority=None)


def to_check(command_ids: Sequence[int]) -> list[Command]:
    """Those that hold still, as far as we know."""
    return list(Command.objects.held().filter(pk__in=command_ids).select_related("device__network"))


def end_hold(command_id: int, now: datetime) -> None:
    """The controller does not hold any more what this wrote, and it was not us who ended it."""
    held = Command.objects.held().filter(pk=command_id)
    with transaction.atomic():
        if held.update(over_at=now, message="ended at the controller"):
            command = Command.objects.get(pk=command_id)
            log.info("command %d, %s: ended at the controller", command.pk, command)
            commands.tell([command])
