"""How a search for devices goes: it begins, tells its steps, and ends."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Greatest
from django.utils import timezone

from devices.domain import discovery
from devices.domain.lease import LEASE
from devices.enums import FindingState, JobKind
from devices.models import JobNetwork, Network, Scan
from devices.models import ScanStep as StepRow
from devices.models.scan import PROBLEM_LENGTH, STEP_LENGTH, asked
from protocols.scanning import EVERYBODY, ScanStep, StepKind
from protocols.texts import clean

KEPT = 20  # searches of a network that are kept
CUT_OFF = "the process that searched ended before it was done"


@transaction.atomic
def begin(network_id: int, now: datetime) -> Scan | None:
    """The search that is made of the network now: what was asked for first, for all who asked the
    same, else the hourly one. None: the network is gone. Call it where none of this network runs:
    one that did not end was cut off."""
    network = Network.objects.select_for_update().filter(pk=network_id).first()
    if network is None:
        return None
    for one in Scan.objects.filter(network=network_id, ended_at__isnull=True):
        _cut_off(one, now)
    waiting = list(_waiting(network_id).select_related("job").order_by("pk"))
    search = waiting[0].job.search if waiting else EVERYBODY
    alike = [part for part in waiting if part.job.search == search]
    scan = Scan.objects.create(
        network=network,
        username=alike[0].job.username if alike else "",
        started_at=now,
        **asked(search),
    )
    JobNetwork.objects.filter(pk__in=[part.pk for part in alike]).update(scan=scan)
    if scan.asks_everybody:
        discovery.forget_conflicts([network_id])
    discovery.plan_next(network_id, now)
    return scan


def record_steps(steps: Sequence[tuple[int, ScanStep]]) -> None:
    """Stores steps of searches, and how far those are by them."""
    by_scan: dict[int, list[ScanStep]] = defaultdict(list)
    for scan_id, step in steps:
        by_scan[scan_id].append(step)
    with transaction.atomic():
        there = Scan.objects.select_for_update().filter(pk__in=by_scan).order_by("pk")
        for scan in there:
            _count(scan, by_scan[scan.pk])
            scan.save(update_fields=["sent", "received", "heard"])
        known = {scan.pk for scan in there}
        StepRow.objects.bulk_create(
            StepRow(
                scan_id=scan_id,
                kind=step.kind,
                time=step.time,
                text=clean(step.text)[:STEP_LENGTH],
                place=clean(step.place)[:64],
                is_problem=step.is_problem,
                sent=step.sent,
                received=step.received,
            )
            for scan_id, step in steps
            if scan_id in known
        )


def _count(scan: Scan, steps: Sequence[ScanStep]) -> None:
    """What ends a search counts its packets as a whole."""
    for step in steps:
        if step.kind == StepKind.ENDED:
            scan.sent, scan.received = step.sent, step.received
        else:
            scan.sent, scan.received = scan.sent + step.sent, scan.received + step.received
        scan.heard += step.kind == StepKind.HEARD


def count_described(scan_id: int, described: int, same: int) -> None:
    """So many more devices told what they are, and so many of them are as they were known."""
    counts = {"described": F("described") + described, "same": F("same") + same}
    Scan.objects.filter(pk=scan_id).update(**counts)


@transaction.atomic
def end(scan: Scan, problem: str, now: datetime) -> None:
    """It is over, for the jobs that wait for it, too. Where others wait, it is looked again."""
    problem = problem[:PROBLEM_LENGTH]
    heard = Greatest("heard", "described")  # not every driver tells both
    Scan.objects.filter(pk=scan.pk).update(ended_at=now, problem=problem, heard=heard)
    parts = JobNetwork.objects.filter(scan=scan, ended_at__isnull=True)
    parts.update(ended_at=now, problem=problem)
    Network.objects.filter(pk=scan.network_id).update(discovered_at=now)
    if _waiting(scan.network_id).exists():
        Network.objects.filter(pk=scan.network_id).update(discovery_due_at=now)
    _drop_old(scan.network_id)


def _cut_off(scan: Scan, now: datetime) -> None:
    """Whoever asked for it still waits: for the next one."""
    Scan.objects.filter(pk=scan.pk).update(ended_at=now, problem=CUT_OFF)
    JobNetwork.objects.filter(scan=scan, ended_at__isnull=True).update(scan=None)


def is_waiting(network: Network, now: datetime) -> bool:
    """Whether a search is asked for and has not begun. The first one of a network, which nobody
    need ask for, is on its way for a moment after it was due."""
    due = network.discovery_due_at
    on_its_way = discovery.AGAIN if network.discovered_at is None else timedelta()
    is_due = network.enabled and due is not None and due <= now + on_its_way
    return is_due or _waiting(network.pk).exists()


def is_served(network: Network) -> bool:
    """Whether a process serves the network now."""
    lease = getattr(network, "lease", None)
    return lease is not None and lease.expires_at > timezone.now()


def sweep(now: datetime | None = None) -> None:
    """Ends searches whose process is gone, and begins anew those that somebody asked for."""
    now = now or timezone.now()
    is_dead = Q(network__lease__isnull=True) | Q(network__lease__expires_at__lte=now)
    running = Scan.objects.filter(ended_at__isnull=True, started_at__lte=now - LEASE)
    for scan in running.filter(is_dead):
        with transaction.atomic():
            _cut_off(scan, now)
            if _waiting(scan.network_id).exists():
                Network.objects.filter(pk=scan.network_id).update(discovery_due_at=now)


def _waiting(network_id: int) -> QuerySet[JobNetwork]:
    """Searches of the network that were asked for and have not begun."""
    return JobNetwork.objects.filter(
        network=network_id, job__kind=JobKind.SEARCH, scan__isnull=True, ended_at__isnull=True
    )


def _drop_old(network_id: int) -> None:
    """All but the last ones; what is still to be decided is kept with its search."""
    ended = Scan.objects.filter(network=network_id, ended_at__isnull=False)
    kept = list(ended.order_by("-pk").values_list("pk", flat=True)[:KEPT])
    old = ended.exclude(pk__in=kept).exclude(findings__state=FindingState.OPEN)
    old.delete()
