"""Searches for devices that somebody asked for and wants to see the end of."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction

from devices.domain.commands import NotPossible
from devices.domain.discovery import REPEAT, request_discovery
from devices.domain.rights import Rights
from devices.enums import JobState, Role
from devices.models import Device, Job, JobNetwork, Network

ROLE = Role.ENGINEER
UNSERVED = timedelta(minutes=2)  # without a process that serves the network: nobody looks


class NoSuchNetworks(ValueError):
    """There are no networks of these ids."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = ids
        super().__init__(", ".join(map(str, ids)))


@dataclass(frozen=True, slots=True)
class Part:
    """How far the search of one network is."""

    network: int
    state: JobState
    problem: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `devices`: known on its networks now; `new_devices`: met by this job."""

    state: JobState
    parts: list[Part]
    devices: int
    new_devices: int


@transaction.atomic
def request_search(network_ids: Sequence[int] | None, *, by: User, now: datetime) -> Job:
    """Looks for devices on these networks, or on all of the user's; on those that are switched on.

    Raises NoSuchNetworks or Lacks, or NotPossible if none is switched on; then nothing is stored.
    """
    rights = Rights.of(by)
    if network_ids is None:
        networks = list(rights.visible(Network.objects.all(), ROLE))
    else:
        networks = list(rights.visible(Network.objects.filter(pk__in=set(network_ids))))
        unknown = set(network_ids) - {network.pk for network in networks}
        if unknown:
            raise NoSuchNetworks(sorted(unknown))
        for network in networks:
            rights.require(ROLE, network.site_id)
    enabled = [network for network in networks if network.enabled]
    if not enabled:
        raise NotPossible("There is no network to search: none is switched on.")
    job = Job.objects.create(user=by, username=by.get_username(), asked_at=now)
    JobNetwork.objects.bulk_create(JobNetwork(job=job, network=network) for network in enabled)
    for network in enabled:
        request_discovery(network, now)
    return job


def end_search(network_id: int, now: datetime) -> None:
    """A search of this network is over: the jobs that wait for it are told how it ended."""
    network = Network.objects.filter(pk=network_id).first()
    if network is None or _is_waiting(network, now):  # an earlier search: theirs is still to come
        return
    waiting = JobNetwork.objects.filter(network=network_id, ended_at__isnull=True)
    waiting.update(ended_at=now, problem=network.problem)


def progress(job: Job, now: datetime) -> Progress:
    found = job.parts.select_related("network__lease")
    parts = [_part(part, job.asked_at, now) for part in found]
    ended = [part.ended_at for part in found]
    until = max((time for time in ended if time is not None), default=now)
    devices = Device.objects.filter(network__in=[part.network for part in parts])
    return Progress(
        state=_whole([part.state for part in parts]),
        parts=parts,
        devices=devices.count(),
        new_devices=devices.filter(
            created_at__gte=job.asked_at, created_at__lte=until if all(ended) else now
        ).count(),
    )


def _part(part: JobNetwork, asked_at: datetime, now: datetime) -> Part:
    network = part.network
    if part.ended_at is not None:
        state = JobState.FAILED if part.problem else JobState.FINISHED
        return Part(network.pk, state, part.problem)
    if not network.enabled:
        return Part(network.pk, JobState.FAILED, "the network was switched off")
    lease = getattr(network, "lease", None)
    is_served = lease is not None and lease.expires_at > now
    if now - asked_at > (REPEAT if is_served else UNSERVED):
        return Part(network.pk, JobState.FAILED, "nothing serves the network")
    state = JobState.PENDING if _is_waiting(network, now) else JobState.RUNNING
    return Part(network.pk, state, "")


def _is_waiting(network: Network, now: datetime) -> bool:
    """Asked for and not begun: beginning one plans the next."""
    return network.discovery_due_at is not None and network.discovery_due_at <= now


def _whole(states: Sequence[JobState]) -> JobState:
    if all(state == JobState.FINISHED for state in states):
        return JobState.FINISHED
    if all(state == JobState.PENDING for state in states):
        return JobState.PENDING
    is_open = JobState.PENDING in states or JobState.RUNNING in states
    return JobState.RUNNING if is_open else JobState.FAILED
