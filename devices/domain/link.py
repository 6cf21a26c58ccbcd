"""Whether devices answer: what a poll's outcome does to the link, and the edges worth a line."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from devices.enums import LinkState
from devices.models import Link, Network, NetworkLease
from protocols.backoff import retry_delay
from protocols.errors import ProtocolError
from protocols.types import Endpoint, Profile, Reading

log = logging.getLogger(__name__)

OFFLINE_AFTER = 2  # failed polls in a row: one lost packet is no outage
STALE_INTERVALS = 3  # a value older than so many poll intervals is not shown as fresh


@dataclass(frozen=True, slots=True)
class PollResult:
    """The outcome of reading one device: readings, or the error that ended it."""

    device_id: int
    finished: datetime
    seconds: float
    readings: Sequence[Reading] = ()
    error: ProtocolError | None = None
    place: tuple[int, Endpoint] | None = None  # the network and where on it; None: not told
    learnt: Profile | None = None  # what the device takes, if that is not what was known


@dataclass(slots=True)
class Edges:
    """Links after a batch of polls; those that fell, and by device id those whose values were not
    fresh before and are now."""

    links: list[Link] = field(default_factory=list)
    outdated: set[int] = field(default_factory=set)  # read where they are not any more
    fell: list[Link] = field(default_factory=list)
    revived: set[int] = field(default_factory=set)


CHANGED = ["state", "since", "last_seen_at", "failures", "problem", "cycle_ms", "claimed_until"]


def record_polls(results: Sequence[PollResult]) -> Edges:
    """Writes the outcome into the links and releases their claims; call it inside a transaction.

    A device deleted meanwhile is passed over. Logs the edges, nothing between them.
    """
    by_device = {result.device_id: result for result in results}
    edges = Edges()
    failed: list[Link] = []
    # In one order everywhere: else two processes may wait for each other.
    links = Link.objects.select_for_update(of=("self",)).filter(pk__in=by_device).order_by("pk")
    for link in links.select_related("device__network"):
        result = by_device[link.device_id]
        link.claimed_until = None
        if not _is_there(link, result):
            edges.outdated.add(link.device_id)
        elif result.error is None:
            _succeeded(link, result, edges)
        else:
            _failed(link, result, result.error, edges)
            failed.append(link)
        edges.links.append(link)
    Link.objects.bulk_update(edges.links, CHANGED)
    Link.objects.bulk_update(failed, ["due_at"])
    return edges


def _is_there(link: Link, result: PollResult) -> bool:
    """Whether it was read where it is now: somebody may have changed that meanwhile."""
    device = link.device
    if result.place is None:
        return True
    serial = result.place[1].serial
    is_same = serial == device.serial_number or serial is None
    return result.place == (device.network_id, device.endpoint) and is_same


def _succeeded(link: Link, result: PollResult, edges: Edges) -> None:
    if not is_fresh(link, result.finished):
        edges.revived.add(link.device_id)
    if link.state != LinkState.ONLINE:
        if link.state == LinkState.OFFLINE and link.since is not None:
            silence = (result.finished - (link.last_seen_at or link.since)).total_seconds()
            log.warning("%s answers again after %.0f s", _name(link), silence)
        link.state, link.since = LinkState.ONLINE, result.finished
    link.last_seen_at = result.finished
    link.failures, link.problem = 0, ""
    link.cycle_ms = round(result.seconds * 1000)


def _failed(link: Link, result: PollResult, error: ProtocolError, edges: Edges) -> None:
    link.failures += 1
    link.problem = error.message[:200]
    if link.failures >= OFFLINE_AFTER:  # until then it keeps its turn, to be sure quickly
        wait = retry_delay(link.failures, interval=link.device.network.poll_interval)
        link.due_at = result.finished + timedelta(seconds=wait)
    never_answered = link.state == LinkState.UNKNOWN
    gave_up = link.state == LinkState.ONLINE and link.failures >= OFFLINE_AFTER
    if gave_up or never_answered:
        link.state, link.since = LinkState.OFFLINE, result.finished
        edges.fell.append(link)
        log.warning("%s does not answer: %s", _name(link), error.message)


def restart(device_ids: Sequence[int], now: datetime | None = None) -> list[Link]:
    """What was known of these links is over: they are asked anew, at once, where they are now. What
    was read before is not fresh any more. Call it inside a transaction."""
    now = now or timezone.now()
    locked = Link.objects.select_for_update(of=("self",)).filter(pk__in=device_ids).order_by("pk")
    links = list(locked.select_related("device__network"))
    for link in links:
        link.state, link.since = LinkState.UNKNOWN, now
        link.last_seen_at = link.cycle_ms = link.claimed_until = None
        link.failures, link.overruns, link.problem = 0, 0, ""
        link.due_at = now
    Link.objects.bulk_update(links, [*CHANGED, "due_at", "overruns"])
    return links


def fall_silent(now: datetime) -> list[Link]:
    """Links that count as online but were not read for `STALE_INTERVALS`: now offline.

    This is what is left when the poller itself is gone: no time-out would ever come. One that is
    being read just now, by a process that lives, is slow, not silent: its read ends by its own
    deadline.
    """
    intervals = Network.objects.values_list("poll_interval", flat=True).order_by().distinct()
    too_old = Q(pk__in=[])
    for interval in intervals:
        limit = now - STALE_INTERVALS * timedelta(seconds=interval)
        too_old |= Q(device__network__poll_interval=interval, last_seen_at__lt=limit)
    lives = NetworkLease.objects.filter(network=OuterRef("device__network"), expires_at__gt=now)
    is_read = Q(claimed_until__gt=now) & Exists(lives)
    silent = list(
        Link.objects.select_for_update(of=("self",))
        .filter(too_old, ~is_read | Q(claimed_until__isnull=True))
        .filter(state=LinkState.ONLINE)
        .select_related("device__network")
        .order_by("pk")
    )
    for link in silent:
        link.state, link.since, link.problem = LinkState.OFFLINE, now, "not read any more"
        log.warning("%s is not read any more", _name(link))
    Link.objects.bulk_update(silent, ["state", "since", "problem"])
    return silent


def is_fresh(link: Link, now: datetime) -> bool:
    """Whether what this device last said may be shown as its present state."""
    if link.state != LinkState.ONLINE or link.last_seen_at is None:
        return False
    limit = timedelta(seconds=STALE_INTERVALS * link.device.network.poll_interval)
    return now - link.last_seen_at <= limit


def fresh(now: datetime, device: str = "device__") -> Q:
    """`is_fresh` as the database asks it, of rows from which `device` leads to their device. It
    asks which poll intervals there are: not every database can make times of them."""
    recent = Q(pk__in=[])
    for interval in Network.objects.order_by().values_list("poll_interval", flat=True).distinct():
        limit = now - timedelta(seconds=STALE_INTERVALS * interval)
        recent |= Q(
            (f"{device}network__poll_interval", interval),
            (f"{device}link__last_seen_at__gte", limit),
        )
    return Q((f"{device}link__state", LinkState.ONLINE)) & recent


def _name(link: Link) -> str:
    return f"{link.device.name} ({link.device.endpoint})"
