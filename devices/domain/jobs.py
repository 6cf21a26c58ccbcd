"""What somebody asked the field to do and wants to see the end of: searches for devices, and
connections to one (devices.domain.connecting)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from devices.domain.discovery import REPEAT, request_discovery
from devices.domain.errors import NotPossible
from devices.domain.rights import Rights
from devices.enums import JobKind, JobState, Role
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
    """How far the work on one network is."""

    network: int
    state: JobState
    problem: str


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `devices`: known on its networks now; `new_devices`: met by this job;
    `device`: the id of that which it connected to."""

    state: JobState
    parts: list[Part]
    devices: int
    new_devices: int
    device: int | None


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
    request_discovery(*enabled, now=now)
    return job


def end_search(network_id: int, now: datetime) -> None:
    """A search of this network is over: the jobs that wait for it are told how it ended."""
    network = Network.objects.filter(pk=network_id).first()
    if network is None or _is_waiting(network, now):  # an earlier search: theirs is still to come
        return
    waiting = JobNetwork.objects.filter(
        network=network_id, job__kind=JobKind.SEARCH, ended_at__isnull=True
    )
    waiting.update(ended_at=now, problem=network.problem)


def visible(rights: Rights) -> QuerySet[Job]:
    """Those that the user asked for, and those on networks that the user may see."""
    seen = rights.visible(Network.objects.all())
    parts = JobNetwork.objects.filter(job=OuterRef("pk"), network__in=seen)
    return Job.objects.filter(Q(user=rights.user_id) | Exists(parts))


def progress(found: Sequence[Job], rights: Rights, now: datetime) -> list[Progress]:
    """Of each job, as far as the user may see its networks."""
    parts: dict[int, list[JobNetwork]] = defaultdict(list)
    seen = rights.visible(Network.objects.all())
    of_jobs = JobNetwork.objects.filter(job__in=found, network__in=seen).select_related(
        "network__lease", "job__sought"
    )
    for part in of_jobs.order_by("network"):
        parts[part.job_id].append(part)
    networks = {part.network_id for one in parts.values() for part in one}
    devices = Device.objects.filter(network__in=networks).values_list("network", "created_at")
    added: dict[int, list[datetime]] = defaultdict(list)
    for network, created_at in devices:
        added[network].append(created_at)
    return [_progress(job, parts[job.pk], added, now) for job in found]


def _progress(
    job: Job, found: Sequence[JobNetwork], added: Mapping[int, Sequence[datetime]], now: datetime
) -> Progress:
    parts = [_part(part, job.asked_at, now) for part in found]
    ended = [part.ended_at for part in found if part.ended_at is not None]
    until = max(ended) if ended and len(ended) == len(found) else now
    times = [time for part in found for time in added.get(part.network_id, ())]
    device = found[0].job.sought.device_id if found and job.kind == JobKind.CONNECT else None
    met = sum(job.asked_at <= time <= until for time in times)
    connected = int(device is not None)
    return Progress(
        state=_whole([part.state for part in parts]),
        parts=parts,
        devices=len(times) if job.kind == JobKind.SEARCH else connected,
        new_devices=met if job.kind == JobKind.SEARCH else connected,
        device=device,
    )


def _part(part: JobNetwork, asked_at: datetime, now: datetime) -> Part:
    network = part.network
    if part.ended_at is not None:
        state = JobState.FAILED if part.problem else JobState.FINISHED
        return Part(network.pk, state, part.problem)
    if not network.enabled:
        return Part(network.pk, JobState.FAILED, "the network was switched off")
    if part.job.kind == JobKind.CONNECT:
        begun = part.job.sought.begun_at is not None
        return Part(network.pk, JobState.RUNNING if begun else JobState.PENDING, "")
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
    """Of no network that may be seen: it is over, for whoever asks."""
    if all(state == JobState.FINISHED for state in states):
        return JobState.FINISHED
    if all(state == JobState.PENDING for state in states):
        return JobState.PENDING
    is_open = JobState.PENDING in states or JobState.RUNNING in states
    return JobState.RUNNING if is_open else JobState.FAILED
