"""Approving what searches found: it is taken over as it was described then; the device is not asked
again."""

from collections.abc import Iterable, Mapping, Sequence

from django.db import transaction

from devices.domain import devices, discovery, findings, rows
from devices.domain.rights import Rights
from devices.enums import FindingKind, FindingState, LinkState
from devices.models import Device, Finding
from protocols.types import FoundDevice
from t3000.domain import points
from t3000.domain.devices import outdate
from t3000.domain.found import store
from t3000.models import Point

Place = tuple[int, int, str]  # network, instance, address


@transaction.atomic
def approve(ids: Iterable[int], *, by: Rights) -> list[Finding]:
    """Takes findings over, all or none: new devices are added, changed ones brought up to date,
    moved ones read where they are now, gone ones switched off. Raises rows.NoSuchRows, Lacks, or
    NotPossible where somebody has decided already, or something else is there meanwhile."""
    wanted = findings.to_decide(ids, by=by)
    known = _known_at(wanted)
    findings.refuse([(one, why) for one in wanted if (why := _obstacle(one, known))])
    gone = []
    for finding in wanted:
        if finding.kind == FindingKind.GONE:
            gone.append(finding.device_id or 0)
        else:
            _take_over(finding, findings.described(finding), by)
    if gone:
        outdate(devices.change({pk: {"enabled": False} for pk in gone}, by=by))
    findings.decide(wanted, FindingState.APPROVED)
    return wanted


def _known_at(found: Sequence[Finding]) -> dict[Place, Device]:
    """Devices that are known at these places now."""
    at = Device.objects.filter(
        network__in={one.network_id for one in found}, instance__in={one.instance for one in found}
    )
    return {(one.network_id, one.instance, one.address): one for one in at}


def _obstacle(finding: Finding, known: Mapping[Place, Device]) -> str:
    """What keeps a finding from being taken over now."""
    at = known.get((finding.network_id, finding.instance, finding.address))
    device = finding.device
    if finding.kind == FindingKind.NEW:
        return f"{at} is known there already" if at is not None else ""
    if device is None:
        return "the device was deleted meanwhile"
    if finding.kind == FindingKind.MOVED:
        if at is not None:
            return f"{at} is known there by now"
        return f"it answers at {device.address} again" if _is_back(finding, device) else ""
    if at != device:
        return f"the device is known at {device.address} by now"
    is_back = finding.kind == FindingKind.GONE and device.link.state == LinkState.ONLINE
    return "it answers again" if is_back else ""


def _is_back(finding: Finding, device: Device) -> bool:
    """Whether it was read where it is known since it was found elsewhere."""
    link = device.link
    was_read = link.last_seen_at is not None and link.last_seen_at > finding.found_at
    return link.state == LinkState.ONLINE and was_read


def _take_over(finding: Finding, found: FoundDevice, by: Rights) -> None:
    namesake = discovery.of_serial(finding.network, found.info)
    if namesake is not None and namesake.pk != finding.device_id:
        serial = namesake.serial_number
        findings.refuse([(finding, f"its serial number {serial} is that of {namesake} by now")])
    device = finding.device
    if device is None:
        finding.device = device = discovery.add(finding.network, found.info)
    else:
        if finding.kind == FindingKind.MOVED:
            discovery.move(device, found.info)
        discovery.bring_up_to_date(device, found.info)
    comparison = points.compare(device, found.points, is_whole=not found.problem)
    store(device, comparison, found)
    if comparison.gone:
        gone = [point.pk for point in comparison.gone]
        rows.delete(Point, gone, by=by, role=findings.ROLE)
