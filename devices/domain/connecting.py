"""Connecting to one device that somebody named. The process that serves its network asks it who it
is; it is added if it answers and is what was named, else the reason is kept."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from devices.domain import field_messages, rows
from devices.domain.discovery import describe
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks, Rights
from devices.enums import JobKind, Origin, Role
from devices.models import Device, Job, JobDevice, JobNetwork, Link
from devices.models.acting import Actor, acting
from protocols.texts import clean
from protocols.types import DeviceInfo

log = logging.getLogger(__name__)

CONNECT = "devices.tasks.connect_devices"  # by name: tasks are above this layer
ROLE = Role.ENGINEER
SECONDS = 60.0  # to ask the device for all that it is
TAKE_OVER = timedelta(seconds=SECONDS + 5)  # by then whoever began is done or dead
GIVE_UP = timedelta(minutes=3)


@transaction.atomic
def request(values: Mapping[str, Any], *, by: Actor, rights: Rights) -> Job:
    """Asks the field to connect to the device that such a row would be.

    Raises BadRows or Lacks as for a row that is added, or NotPossible where the network is switched
    off; then nothing is stored.
    """
    (device,) = rows.draft(Device, [values], by=rights, role=ROLE)
    if not device.network.enabled:
        raise NotPossible(f"The network {device.network.name} is switched off: nobody asks there.")
    now = timezone.now()
    job = Job.objects.create(
        kind=JobKind.CONNECT,
        user=by.user,
        username=by.name[:150],
        client_address=by.address,
        asked_at=now,
    )
    JobNetwork.objects.create(job=job, network=device.network)
    JobDevice.objects.create(
        job=job,
        instance=device.instance,
        address=device.address,
        wanted={**values, "address": device.address},
        queued_at=now,
    )
    transaction.on_commit(lambda: field_messages.send(device.network.queue, CONNECT, [job.pk]))
    return job


def sought(job_ids: Sequence[int]) -> QuerySet[JobDevice]:
    """The connections of these jobs that are still wanted, where they may be made."""
    return JobDevice.objects.filter(
        job__in=job_ids, job__parts__ended_at__isnull=True, job__parts__network__enabled=True
    )


def begin(job_ids: Sequence[int], now: datetime) -> set[int]:
    """Those that nobody else works on."""
    free = Q(begun_at__isnull=True) | Q(begun_at__lte=now - TAKE_OVER)
    return {one for one in job_ids if sought([one]).filter(free).update(begun_at=now)}


@transaction.atomic
def accept(job_id: int, info: DeviceInfo) -> Device | None:
    """What answered is added. None: it is not what was named, or was asked for too long ago; the
    job says so."""
    wanted = JobDevice.objects.select_for_update(of=("self",)).select_related("job__user")
    connection = wanted.filter(job=job_id).first()
    part = JobNetwork.objects.filter(job=job_id).select_related("network").first()
    if connection is None or part is None or part.ended_at is not None:
        return None
    device = _drafted(connection, part.network_id, info)
    if isinstance(device, str):
        refuse(job_id, device)
        return None
    job = connection.job
    with acting(Actor(job.user, Origin.API, job.client_address)):
        device.save()
    Link.objects.create(device=device, due_at=timezone.now())
    JobDevice.objects.filter(pk=connection.pk).update(device=device)
    _end(job_id, "")
    log.info("%s added %s (%s)", job.username, device, device.endpoint)
    return device


def _drafted(connection: JobDevice, network_id: int, info: DeviceInfo) -> Device | str:
    """The row as it is to be stored, or why it must not be."""
    user, values = connection.job.user, dict(connection.wanted)
    if user is None:
        return "Whoever asked is gone."
    if info.panel is not None:
        serial, expected = info.panel.serial_number, values.get("serial_number")
        if expected is not None and serial != expected:
            return f"Another panel answers there: serial number {serial}, not {expected}."
        namesake = Device.objects.filter(network=network_id, serial_number=serial).first()
        if namesake is not None:
            place = f"{namesake.name} at {namesake.address}, unit {namesake.instance}"
            return f"It is known already, by its serial number {serial}: {place}."
    values |= {"instance": info.endpoint.instance, "address": info.endpoint.address}
    values["name"] = values.get("name") or clean(info.name)[:128]
    try:
        (device,) = rows.draft(Device, [values], by=Rights.of(user), role=ROLE)
    except (rows.BadRows, Lacks) as error:
        wrong = error.problems[0].message if isinstance(error, rows.BadRows) else str(error)
        return f"It answers, but cannot be added: {wrong}"
    describe(device, info)
    return device


def refuse(job_id: int, problem: str) -> None:
    """It ends without a device."""
    if _end(job_id, problem):
        log.info("connection %d ended: %s", job_id, problem)


def _end(job_id: int, problem: str) -> int:
    parts = JobNetwork.objects.filter(job=job_id, ended_at__isnull=True)
    return parts.update(ended_at=timezone.now(), problem=problem[:200])


def sweep(now: datetime) -> None:
    """Once a second: sends again what was lost on the way, ends what nobody serves."""
    open_ones = JobDevice.objects.filter(job__parts__ended_at__isnull=True)
    again: dict[str, list[int]] = defaultdict(list)
    told = open_ones.values_list("job", "job__asked_at", "job__parts__network__queue", "begun_at")
    for job_id, asked_at, queue, begun_at in told.filter(queued_at__lte=now - field_messages.AGAIN):
        if asked_at <= now - GIVE_UP:
            refuse(job_id, "Nothing serves its network.")
        elif begun_at is None or begun_at <= now - TAKE_OVER:
            again[queue].append(job_id)
    for queue, job_ids in again.items():
        JobDevice.objects.filter(pk__in=job_ids).update(queued_at=now)
        field_messages.send(queue, CONNECT, job_ids)
