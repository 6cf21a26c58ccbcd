"""How what searches find differs from what is known, until somebody decides. Of each place there is
at most one open finding: a later search tells it anew."""

import logging
from collections.abc import Collection, Iterable, Iterator, Sequence

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from devices.domain import descriptions, rows
from devices.domain.differences import Difference
from devices.domain.errors import NotPossible
from devices.domain.rights import Rights
from devices.enums import Action, FindingKind, FindingState, LinkState, NetworkProtocol, Role
from devices.models import Device, Finding, Link, Network, Scan, acting
from devices.models.audited import record as record_entries
from devices.models.scan import PROBLEM_LENGTH
from protocols.addresses import canonical
from protocols.texts import clean
from protocols.types import FoundDevice

log = logging.getLogger(__name__)

ROLE = Role.ENGINEER
MOST = 100  # decided at once: nobody else can write meanwhile
UNDECIDED = (FindingState.OPEN, FindingState.DISMISSED)
SHOWN = 3  # reasons that are told in full
TOLD = ("kind", "device_id", "name", "vendor_id", "model_name", "differences")


def note_heard(device: Device) -> None:
    """It answered a search."""
    Link.objects.filter(pk=device.pk).update(heard_at=timezone.now())


def draft(
    scan: Scan,
    kind: FindingKind,
    found: FoundDevice,
    *,
    device: Device | None = None,
    differences: Sequence[Difference] = (),
    state: FindingState = FindingState.OPEN,
) -> Finding:
    """What was found, to be stored by `record`."""
    info = found.info
    return Finding(
        scan=scan,
        network=scan.network,
        kind=kind,
        state=state,
        found_at=timezone.now(),
        instance=info.endpoint.instance,
        address=info.endpoint.address,
        name=clean(info.name)[:128],
        vendor_id=info.vendor_id,
        vendor_name=clean(info.vendor_name)[:128],
        model_name=clean(info.model_name)[:128],
        points=len(found.points),
        problem=clean(found.problem)[:PROBLEM_LENGTH],
        device=device,
        differences=[one.as_json() for one in differences],
        description=descriptions.to_json(found) if state == FindingState.OPEN else {},
    )


def record(findings: Sequence[Finding]) -> None:
    """Stores findings of one network instead of those that were undecided at their places. What
    somebody dismissed stays dismissed while it is the same."""
    if not findings:
        return
    places = {(one.instance, one.address) for one in findings}
    at = Finding.objects.filter(
        network=findings[0].network_id, instance__in={one for one, _ in places}
    )
    before = {
        (one.instance, one.address): one
        for one in at.filter(state__in=UNDECIDED).defer("description").order_by("pk")
        if (one.instance, one.address) in places
    }
    for finding in findings:
        last = before.get((finding.instance, finding.address))
        if last is None or finding.state != FindingState.OPEN:
            continue
        if last.state == FindingState.DISMISSED and _is_same(last, finding):
            _stay_dismissed(finding, last)
    _supersede(Finding.objects.filter(pk__in=[one.pk for one in before.values()]))
    Finding.objects.bulk_create(findings)


def _stay_dismissed(finding: Finding, last: Finding) -> None:
    finding.state, finding.user_id = FindingState.DISMISSED, last.user_id
    finding.decided_by, finding.decided_at = last.decided_by, last.decided_at


def _is_same(last: Finding, now: Finding) -> bool:
    return all(getattr(last, name) == getattr(now, name) for name in TOLD)


def _supersede(findings: QuerySet[Finding]) -> None:
    findings.update(state=FindingState.SUPERSEDED, description={})


def supersede_outdated(scan: Scan) -> None:
    """What earlier searches found and this one saw to be otherwise: devices that are as they were
    known, and places that are known by now."""
    earlier = Finding.objects.filter(network=scan.network_id, scan__lt=scan.pk, state__in=UNDECIDED)
    known = Device.objects.filter(
        network=scan.network_id, instance=OuterRef("instance"), address=OuterRef("address")
    )
    answered = Q(device__link__heard_at__gte=scan.started_at)
    seen = earlier.filter(answered | Q(Exists(known), kind=FindingKind.NEW))
    _supersede(Finding.objects.filter(pk__in=list(seen.values_list("pk", flat=True))))


def namesakes(network: Network, found: FoundDevice) -> list[Device]:
    """Devices of the same BACnet instance that are known elsewhere on the network: it should be
    there once."""
    if network.protocol != NetworkProtocol.BACNET or found.info.panel is not None:
        return []
    place = found.info.endpoint
    known = Device.objects.filter(network=network, instance=place.instance)
    return list(known.exclude(address=place.address).select_related("link"))


def of_known_instances(found: QuerySet[Finding]) -> QuerySet[Finding]:
    """Those whose BACnet instance is known at another place of their network."""
    others = Device.objects.filter(network=OuterRef("network"), instance=OuterRef("instance"))
    elsewhere = Exists(others.exclude(address=OuterRef("address")))
    return found.filter(elsewhere, network__protocol=NetworkProtocol.BACNET)


def described(finding: Finding) -> FoundDevice:
    """What the device told of itself."""
    return descriptions.from_json(finding.description)


def has_moved(finding: Finding, device: Device, differences: Sequence[Difference]) -> None:
    """What was found new is this device, which was known elsewhere."""
    finding.kind, finding.device = FindingKind.MOVED, device
    finding.differences = [one.as_json() for one in differences]
    before = Finding.objects.filter(
        network=finding.network_id, instance=finding.instance, address=finding.address
    )
    last = before.filter(pk__lt=finding.pk).order_by("-pk").first()
    if last is not None and last.decided_at and _is_same(last, finding):
        _stay_dismissed(finding, last)
    finding.save()


def has_registered(finding: Finding, device: Device) -> None:
    """What was found new is no other that has moved, and registers itself."""
    finding.device, finding.state = device, FindingState.REGISTERED
    finding.description = {}
    finding.save()


def is_silent(device: Device, scan: Scan) -> bool:
    """Whether it neither answered the search nor is read. Whom searches reach otherwise is silent
    before its polls tell: it was last read before this one began."""
    link = device.link
    if link.heard_at is not None and link.heard_at >= scan.started_at:
        return False
    if link.state != LinkState.ONLINE:
        return True
    was_read = link.last_seen_at is not None and link.last_seen_at >= scan.started_at
    was_asked = not scan.object_name and _was_asked(scan, device)
    return link.heard_at is not None and was_asked and not was_read


def record_gone(scan: Scan, moved: Collection[int]) -> None:
    """Devices that the search asked for, that answered before, and that neither answered it nor
    are read. Where nobody answers at all, the network is the matter, and none of them is gone."""
    if scan.object_name or not scan.described:
        return
    candidates = Device.objects.filter(
        network=scan.network_id,
        enabled=True,
        link__state=LinkState.OFFLINE,
        link__last_seen_at__isnull=False,
    ).exclude(pk__in=moved)
    silent = candidates.filter(
        Q(link__heard_at__isnull=True) | Q(link__heard_at__lt=scan.started_at)
    )
    now = timezone.now()
    record(
        [
            Finding(
                scan=scan,
                network=scan.network,
                kind=FindingKind.GONE,
                found_at=now,
                instance=device.instance,
                address=device.address,
                name=device.name,
                vendor_id=device.vendor_id,
                vendor_name=device.vendor_name,
                model_name=device.model_name,
                device=device,
            )
            for device in silent
            if _was_asked(scan, device)
        ]
    )


def _was_asked(scan: Scan, device: Device) -> bool:
    search = scan.search
    if search.instances is not None and device.instance not in search.instances:
        return False
    network, colon, _station = device.address.partition(":")
    if search.networks and "." not in network:
        return bool(colon) and int(network) in search.networks
    if scan.network.protocol != NetworkProtocol.MODBUS:
        return not search.networks
    port = scan.network.port
    targets = {canonical("modbus", one, port=port) for one in scan.network.targets}
    return device.address in targets


def visible(rights: Rights) -> QuerySet[Finding]:
    return rights.visible(Finding.objects.all())


def in_parts(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    """As many at a time as are decided at once."""
    return (ids[start : start + MOST] for start in range(0, len(ids), MOST))


def to_decide(ids: Iterable[int], *, by: Rights) -> list[Finding]:
    """These findings, which nobody else decides on until we are done. Raises rows.NoSuchRows,
    Lacks, or NotPossible where somebody has decided already."""
    wanted = list(dict.fromkeys(ids))
    seen = visible(by).filter(pk__in=wanted).order_by("pk")
    related = seen.select_related("network", "scan", "device__link", "device__network")
    found = list(related.select_for_update(of=("self",)))
    missing = set(wanted) - {one.pk for one in found}
    if missing:
        raise rows.NoSuchRows(sorted(missing))
    for site_id in {one.network.site_id for one in found}:
        by.require(ROLE, site_id)
    refuse([(one, why) for one in found if (why := _decided(one))])
    return found


def _decided(finding: Finding) -> str:
    """Why it is not to be decided any more."""
    state = FindingState(finding.state)
    if state in UNDECIDED:
        return ""
    who = f" by {finding.decided_by}" if finding.decided_by else ""
    words = {
        FindingState.APPROVED: f"was approved{who} already",
        FindingState.REGISTERED: "registered itself",
    }
    return words.get(state, "was found otherwise by a later search; look at the newest")


def refuse(problems: Sequence[tuple[Finding, str]]) -> None:
    """Raises NotPossible where there are some."""
    if not problems:
        return
    shown = [f"{one}: {why}." for one, why in problems[:SHOWN]]
    more = len(problems) - len(shown)
    raise NotPossible(" ".join([*shown, *([f"And {more} more."] if more else [])]))


@transaction.atomic
def dismiss(ids: Iterable[int], *, by: Rights) -> list[Finding]:
    """They stay as they are: not taken over, and not told again while they are the same. Raises as
    to_decide."""
    found = to_decide(ids, by=by)
    decide(found, FindingState.DISMISSED)
    return found


def decide(found: Sequence[Finding], state: FindingState) -> None:
    """Notes what was decided, and by whom: whoever acts."""
    actor, now = acting.current(), timezone.now()
    before = [(one, {"state": one.state}) for one in found]
    for one in found:
        one.state, one.decided_at = state, now
        one.user, one.decided_by = actor.user, actor.name[:150]
        if state == FindingState.APPROVED:
            one.description = {}
    columns = ["state", "decided_at", "user", "decided_by", "description", "device"]
    Finding.objects.bulk_update(found, columns, batch_size=500)
    record_entries(Action.UPDATE, [(one, was, {"state": one.state}) for one, was in before])
