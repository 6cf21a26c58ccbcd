"""What somebody asked the field to do and wants to see the end of: searches for devices, and
connections to one (devices.domain.connecting)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from django.contrib.auth.models import User
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from devices.domain.discovery import REPEAT, request_discovery
from devices.domain.errors import NotPossible
from devices.domain.rights import Rights
from devices.enums import JobKind, JobState, NetworkProtocol, Role
from devices.models import Device, Job, JobNetwork, Network, acting
from devices.models.acting import Actor
from devices.models.scan import asked
from protocols.scanning import EVERYBODY, Search

ROLE = Role.ENGINEER
UNSERVED = timedelta(minutes=2)  # without a process that serves the network: nobody looks


class OnlyBacnet(NotPossible):
    """Other networks cannot be asked for some of their devices only."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__(
            f"Only BACnet/IP can be searched by instance, network or object name, and "
            f"{', '.join(names)} is not; leave it out."
        )


class NoSuchNetworks(ValueError):
    """There are no networks of these ids."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = ids
        super().__init__(", ".join(map(str, ids)))


@dataclass(frozen=True, slots=True)
class Part:
    """How far the work on one network is. `scan`: the id of its search, once that has begun."""

    network: int
    state: JobState
    problem: str
    scan: int | None


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a job is. `heard` and `described`: devices that answered its searches, and those of
    them that told what they hold; `devices`: known on its networks now; `new_devices`: met by this
    job; `device`: the id of that which it connected to."""

    state: JobState
    parts: list[Part]
    heard: int
    described: int
    devices: int
    new_devices: int
    device: int | None


def request_search(
    network_ids: Sequence[int] | None, search: Search = EVERYBODY, *, by: User, now: datetime
) -> Job:
    """Looks for devices on these networks, or on all of the user's.

    Raises NoSuchNetworks or Lacks, or as `ask`; then nothing is stored.
    """
    rights = Rights.of(by)
    asker = replace(acting.current(), user=by)
    if network_ids is None:
        every = rights.visible(Network.objects.all(), ROLE)
        if search != EVERYBODY:
            every = every.filter(protocol=NetworkProtocol.BACNET)
        return ask(list(every), search, by=asker, now=now)
    networks = list(rights.visible(Network.objects.filter(pk__in=set(network_ids))))
    unknown = set(network_ids) - {network.pk for network in networks}
    if unknown:
        raise NoSuchNetworks(sorted(unknown))
    for network in networks:
        rights.require(ROLE, network.site_id)
    return ask(networks, search, by=asker, now=now)


@transaction.atomic
def ask(networks: Sequence[Network], search: Search, *, by: Actor, now: datetime) -> Job:
    """Looks for devices on those of the networks that are switched on.

    Raises NotPossible if none is, or OnlyBacnet: only there a search can be limited.
    """
    others = [one.name for one in networks if one.protocol != NetworkProtocol.BACNET]
    if others and search != EVERYBODY:
        raise OnlyBacnet(others)
    enabled = [network for network in networks if network.enabled]
    if not enabled:
        raise NotPossible("There is no network to search: none is switched on.")
    job = Job.objects.create(
        user=by.user,
        username=by.name[:150],
        client_address=by.address,
        asked_at=now,
        **asked(search),
    )
    JobNetwork.objects.bulk_create(JobNetwork(job=job, network=network) for network in enabled)
    request_discovery(*enabled, now=now)
    return job


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
        "network__lease", "job__sought", "scan"
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
    scans = [part.scan for part in found if part.scan is not None]
    described = sum(scan.described for scan in scans)
    met = sum(job.asked_at <= time <= until for time in times)
    connected = int(device is not None)
    return Progress(
        state=_whole([part.state for part in parts]),
        parts=parts,
        heard=sum(max(scan.heard, scan.described) for scan in scans),
        described=described,
        devices=len(times) if job.kind == JobKind.SEARCH else connected,
        new_devices=met if job.kind == JobKind.SEARCH else connected,
        device=device,
    )


def _part(part: JobNetwork, asked_at: datetime, now: datetime) -> Part:
    state, problem = _standing(part, asked_at, now)
    return Part(part.network_id, state, problem, part.scan_id)


def _standing(part: JobNetwork, asked_at: datetime, now: datetime) -> tuple[JobState, str]:
    network = part.network
    if part.ended_at is not None:
        return JobState.FAILED if part.problem else JobState.FINISHED, part.problem
    if not network.enabled:
        return JobState.FAILED, "the network was switched off"
    if part.job.kind == JobKind.CONNECT:
        begun = part.job.sought.begun_at is not None
        return JobState.RUNNING if begun else JobState.PENDING, ""
    if part.scan_id is not None:
        return JobState.RUNNING, ""
    lease = getattr(network, "lease", None)
    is_served = lease is not None and lease.expires_at > now
    if now - asked_at > (REPEAT if is_served else UNSERVED):
        return JobState.FAILED, "nothing serves the network"
    return JobState.PENDING, ""


def _whole(states: Sequence[JobState]) -> JobState:
    """Of no network that may be seen: it is over, for whoever asks."""
    if all(state == JobState.FINISHED for state in states):
        return JobState.FINISHED
    if all(state == JobState.PENDING for state in states):
        return JobState.PENDING
    is_open = JobState.PENDING in states or JobState.RUNNING in states
    return JobState.RUNNING if is_open else JobState.FAILED
