"""What becomes of what a search for devices finds. Temco's devices register themselves where their
network says so; everything else that differs from what is known is a finding, which waits for
somebody's approval (t3000.domain.approval). Nothing is deleted here."""

import logging
from datetime import datetime

from django.db import transaction

from devices.domain import differences as different
from devices.domain import discovery, findings, objects, profiles, scans
from devices.enums import FindingKind, FindingState, LinkState
from devices.models import Device, Finding, Link, Scan
from protocols.types import FoundDevice
from t3000.domain import points
from t3000.domain.devices import outdate

log = logging.getLogger(__name__)


@transaction.atomic
def take(scan: Scan, found: FoundDevice) -> bool:
    """A device that a search heard of, as a whole or not at all. Whether it is as it was known."""
    network, info = scan.network, found.info
    device = discovery.known_at(network, info)
    if device is not None:
        findings.note_heard(device)
    if found.problem:
        log.warning("%s: not all of it could be read: %s", device or info.endpoint, found.problem)
        discovery.postpone(network.pk, discovery.SOON)
    namesake = discovery.of_serial(network, info)
    if discovery.contradicts(device, namesake, info):
        return False  # those that are known say so
    if discovery.registers_itself(network, info):
        return _register(scan, device, namesake, found)
    if device is not None:
        return _compare(scan, device, found)
    kind = FindingKind.NEW if namesake is None else FindingKind.MOVED
    told = [] if namesake is None else _otherwise(namesake, found)[1]
    findings.record([findings.draft(scan, kind, found, device=namesake, differences=told)])
    return False


def _register(scan: Scan, at: Device | None, namesake: Device | None, found: FoundDevice) -> bool:
    """It registers itself. What it does not describe any more stays until somebody approves that it
    goes. One of a doubled instance waits for the end: it may be another that has moved."""
    known = at or namesake
    if known is None:
        if findings.namesakes(scan.network, found):
            findings.record([findings.draft(scan, FindingKind.NEW, found)])
            return False
        device = discovery.add(scan.network, found.info)
        findings.note_heard(device)
        store(device, points.compare(device, found.points), found)
        kind, state = FindingKind.NEW, FindingState.REGISTERED
        findings.record([findings.draft(scan, kind, found, device=device, state=state)])
        return False
    comparison, told = _otherwise(known, found)
    gone = points.gone_differences(comparison)
    own = [one for one in told if one not in gone]
    if at is None:
        discovery.move(known, found.info)
        findings.note_heard(known)
    if own or at is None or discovery.is_unnamed(known):
        discovery.bring_up_to_date(known, found.info)
    store(known, comparison, found)
    drafts = []
    if own or at is None:
        kind = FindingKind.CHANGED if at is not None else FindingKind.MOVED
        state = FindingState.REGISTERED
        drafts += [findings.draft(scan, kind, found, device=known, differences=own, state=state)]
    if gone:
        kind = FindingKind.CHANGED
        drafts += [findings.draft(scan, kind, found, device=known, differences=gone)]
    findings.record(drafts)
    return not drafts


def _compare(scan: Scan, device: Device, found: FoundDevice) -> bool:
    """It waits for approval if anything is otherwise than it is known. Who added it has approved
    what it describes at first."""
    comparison, told = _otherwise(device, found)
    if not told:
        store(device, comparison, found)
        return True
    is_first = not comparison.known and not device.listed.exists()
    if is_first:
        discovery.bring_up_to_date(device, found.info)
        store(device, comparison, found)
    else:
        points.note_seen(comparison)
    kind = FindingKind.CHANGED
    state = FindingState.REGISTERED if is_first else FindingState.OPEN
    findings.record(
        [findings.draft(scan, kind, found, device=device, differences=told, state=state)]
    )
    return False


def _otherwise(
    device: Device, found: FoundDevice
) -> tuple[points.Comparison, list[different.Difference]]:
    """What it tells otherwise than is known."""
    comparison = points.compare(device, found.points, is_whole=not found.problem)
    listed = objects.differences(device, found)
    return comparison, [
        *different.of_device(device, found.info),
        *comparison.differences,
        *listed,
    ]


def store(device: Device, comparison: points.Comparison, found: FoundDevice) -> None:
    """Takes over what the device describes. What it had where it was before is not fresh."""
    points.take_over(comparison)
    objects.take_over(device, found)
    profiles.take_over(device, found)
    if comparison.known and device.link.state == LinkState.UNKNOWN:
        asked = Link.objects.filter(pk=device.pk, state=LinkState.UNKNOWN)
        outdate(list(asked.select_related("device__network")))


def conclude(scan: Scan, problem: str, now: datetime) -> None:
    """The search is over: only now it is known who did not answer."""
    with transaction.atomic():
        if not problem:
            moved = _tell_doubled(scan)
            findings.record_gone(scan, moved)
        findings.supersede_outdated(scan)
        scans.end(scan, problem, now)


def _tell_doubled(scan: Scan) -> list[int]:
    """Of devices that answered where they are not known, and have an instance that is known
    elsewhere: moved, if that one is silent. Returns the ids of those that moved."""
    moved = []
    new = Finding.objects.filter(scan=scan, kind=FindingKind.NEW, state=FindingState.OPEN)
    for finding in findings.of_known_instances(new):
        found = findings.described(finding)
        silent = [
            one for one in findings.namesakes(scan.network, found) if findings.is_silent(one, scan)
        ]
        if len(silent) == 1 and silent[0].pk not in moved:
            findings.has_moved(finding, silent[0], _otherwise(silent[0], found)[1])
            moved.append(silent[0].pk)
        elif discovery.registers_itself(scan.network, found.info):
            device = discovery.add(scan.network, found.info)
            findings.note_heard(device)
            store(device, points.compare(device, found.points), found)
            findings.has_registered(finding, device)
    return moved
