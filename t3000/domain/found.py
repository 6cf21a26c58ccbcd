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
from t3000.models import Point

log = logging.getLogger(__name__)


@transaction.atomic
def take(scan: Scan, found: FoundDevice) -> None:
    """A device that a search heard of, as a whole or not at all."""
    network, info = scan.network, found.info
    device = discovery.known_at(network, info)
    if device is not None:
        findings.heard(device)
    namesake = discovery.of_serial(network, info)
    is_same = False
    if discovery.registers_itself(network, info):
        is_same = _register(scan, device or namesake, found)
    elif discovery.contradicts(device, namesake, info):
        pass  # it says so
    elif device is not None:
        is_same = _compare(scan, device, found)
    else:
        _wait(scan, namesake, found)
    scans.count_described(scan, is_same=is_same)
    if found.problem:
        log.warning("%s: not all of it could be read: %s", device or info.endpoint, found.problem)
        discovery.postpone(network.pk, discovery.SOON)


def _register(scan: Scan, known: Device | None, found: FoundDevice) -> bool:
    """It registers itself. Whether it is as it was known. What it does not describe any more stays
    until somebody approves that it goes. One of a doubled instance waits for the end: it may be
    another that has moved."""
    if known is None and findings.namesakes(scan.network, found):
        findings.record(scan, FindingKind.NEW, found)
        return False
    was_at = known and known.endpoint
    told = different.of_device(known, found.info) if known is not None else []
    device = discovery.register(scan.network, found.info)
    if device is None:  # it is not who it says, which is told by those that are
        return False
    comparison = points.compare(device, found.points, is_whole=not found.problem)
    gone = points.gone_differences(comparison)
    told += [*comparison.differences, *objects.differences(device, found)]
    told = [one for one in told if one not in gone]
    store(device, comparison, found)
    kind = FindingKind.CHANGED
    if known is None or was_at != device.endpoint:
        kind = FindingKind.NEW if known is None else FindingKind.MOVED
    if known is None or kind == FindingKind.MOVED or told:
        shown = [] if known is None else told
        state = FindingState.REGISTERED
        findings.record(scan, kind, found, device=device, differences=shown, state=state)
    if gone:
        findings.record(scan, FindingKind.CHANGED, found, device=device, differences=gone)
    return known is not None and kind == FindingKind.CHANGED and not told and not gone


def _compare(scan: Scan, device: Device, found: FoundDevice) -> bool:
    """It waits for approval if anything is otherwise than it is known. Whether all is the same.
    Who added it has approved what it describes at first."""
    comparison = points.compare(device, found.points, is_whole=not found.problem)
    told = [
        *different.of_device(device, found.info),
        *comparison.differences,
        *objects.differences(device, found),
    ]
    if not told:
        store(device, comparison, found)
        return True
    is_first = not Point.objects.filter(device=device).exists() and not device.listed.exists()
    if is_first:
        discovery.bring_up_to_date(device, found.info)
        store(device, comparison, found)
    else:
        points.note_seen(comparison)
    state = FindingState.REGISTERED if is_first else FindingState.OPEN
    findings.record(scan, FindingKind.CHANGED, found, device=device, differences=told, state=state)
    return False


def _wait(scan: Scan, namesake: Device | None, found: FoundDevice) -> None:
    """It is not known where it answers."""
    if namesake is None:
        findings.record(scan, FindingKind.NEW, found)
    else:
        told = _all_differences(namesake, found)
        findings.record(scan, FindingKind.MOVED, found, device=namesake, differences=told)


def _all_differences(device: Device, found: FoundDevice) -> list[different.Difference]:
    comparison = points.compare(device, found.points, is_whole=not found.problem)
    return [
        *different.of_device(device, found.info),
        *comparison.differences,
        *objects.differences(device, found),
    ]


def store(device: Device, comparison: points.Comparison, found: FoundDevice) -> None:
    """Takes over what the device describes."""
    points.take_over(comparison)
    objects.take_over(device, found)
    profiles.take_over(device, found)
    asked = Link.objects.filter(pk=device.pk, state=LinkState.UNKNOWN)
    outdate(list(asked.select_related("device__network")))  # it may have moved


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
        if len(silent) == 1:
            findings.has_moved(finding, silent[0], _all_differences(silent[0], found))
            moved.append(silent[0].pk)
        elif discovery.registers_itself(scan.network, found.info):
            device = discovery.add(scan.network, found.info)
            store(device, points.compare(device, found.points), found)
            findings.has_registered(finding, device)
    return moved
