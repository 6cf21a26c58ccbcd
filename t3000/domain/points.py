"""Points of a device: taking over what the device describes, and what to read of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import transaction
from django.db.models import Max

from devices.domain.differences import Difference
from devices.enums import Action
from devices.models import Device
from devices.models.audited import record
from protocols.t3.ranges import PanelUnits
from protocols.texts import clean
from protocols.types import PointAddress, PointInfo
from t3000.models import Point
from t3000.models.panel_units import panel_units
from t3000.models.point_rules import FOLLOW_RANGE

Units = Mapping[int, PanelUnits]
TEXT_LENGTHS = {"label": 128, "description": 255, "units": 32}
FACTS = ("writable", "commandable", "has_priorities")  # as the device has them, whatever we want
BOOKKEEPING = ("held", "state", "problem")
CHANGED = [
    *(*FACTS, *TEXT_LENGTHS, "states", "low", "high"),
    *("range", "digital_analog"),
    *BOOKKEEPING,
]


@dataclass(slots=True)
class Comparison:
    """How what a device describes stands to its points as they are known.

    `changed` are points that are otherwise, with what is told of them now; `seen` those of which
    only what the device holds was noted; `gone` those that it does not describe any more."""

    device: Device
    known: int
    units: Units
    new: list[PointInfo] = field(default_factory=list)
    changed: list[Point] = field(default_factory=list)
    seen: list[Point] = field(default_factory=list)
    gone: list[Point] = field(default_factory=list)
    differences: list[Difference] = field(default_factory=list)


def compare(
    device: Device, described: Sequence[PointInfo], *, is_whole: bool = False
) -> Comparison:
    """`is_whole`: what is not described is gone. A T3 panel has a table of a fixed size: a place
    that it does not describe is empty, and stays. Call it inside a transaction."""
    # Locked as people's edits are (devices.domain.rows): one that is being stored is not lost.
    mine = Point.objects.filter(device=device).order_by("pk")
    locked = mine.select_for_update(of=("self",), no_key=True)
    known = {point.address: point for point in locked}
    units = panel_units([device.pk]) if device.is_panel else {}
    found = Comparison(device, len(known), units)
    for info in described:
        point = known.pop(str(info.address), None)
        if point is None:
            found.new.append(info)
            told = clean(info.name)[: TEXT_LENGTHS["label"]]
            found.differences.append(Difference("point", str(info.address), "", None, told))
        else:
            _compare(found, point, info)
    if is_whole and not device.is_panel:
        found.gone = list(known.values())
        found.differences += gone_differences(found)
    return found


def gone_differences(found: Comparison) -> list[Difference]:
    return [Difference("point", point.address, "", point.label, None) for point in found.gone]


def _compare(found: Comparison, point: Point, info: PointInfo) -> None:
    point.device = found.device
    before = {name: getattr(point, name) for name in CHANGED}
    was_described = point.held is not None
    _take_over(point, info, found.units)
    otherwise = [name for name in CHANGED if getattr(point, name) != before[name]]
    shown = [name for name in otherwise if name not in BOOKKEEPING]
    if shown and was_described:
        found.changed.append(point)
        found.differences += [
            Difference("point", point.address, name, before[name], getattr(point, name))
            for name in shown
        ]
    elif otherwise:
        found.seen.append(point)


@transaction.atomic(savepoint=False)
def take_over(found: Comparison) -> None:
    """Adds the points that are new and takes over what the device says of the others; what somebody
    edited is not overwritten (PanelRow.take_over).

    A point keeps its index for ever: people and programs know it by that. It is the device's own
    number where there is one (IN3 of a T3 controller is IN3). One that the device no
    longer describes stays; reading it says what is wrong.
    """
    Point.objects.bulk_update([*found.changed, *found.seen], CHANGED, batch_size=500)
    if found.new:
        Point.objects.add_as_found(_numbered(found.device, found.new, found.units))
        before, after = found.known, found.known + len(found.new)
        record(Action.UPDATE, [(found.device, {"points": before}, {"points": after})])


def note_seen(found: Comparison) -> None:
    """Keeps what the device was seen to hold of points that are not otherwise."""
    Point.objects.bulk_update(found.seen, CHANGED, batch_size=500)


def _numbered(device: Device, described: Sequence[PointInfo], units: Units) -> list[Point]:
    """New points, each with an index that no other has."""
    highest = Point.objects.filter(device=device).values_list("kind").annotate(Max("index"))
    next_index: dict[str, int] = defaultdict(int, {kind: index + 1 for kind, index in highest})
    found = []
    for info in sorted(described, key=lambda info: info.address):
        index = next_index[info.kind] if info.index is None else info.index
        next_index[info.kind] = max(next_index[info.kind], index + 1)
        point = Point(device=device, kind=info.kind, index=index, address=str(info.address))
        _take_over(point, info, units)
        found.append(point)
    return found


def _take_over(point: Point, info: PointInfo, units: Units) -> None:
    texts = {"label": info.name, "description": info.description, "units": info.units}
    read: dict[str, Any] = {name: clean(text)[: TEXT_LENGTHS[name]] for name, text in texts.items()}
    read["label"] = read["label"] or str(info.address)
    read |= {"states": [clean(one) for one in info.states], "low": info.low, "high": info.high}
    facts = {name: getattr(info, name) for name in FACTS}
    if point.device.is_panel:
        facts |= {name: read.pop(name) for name in FOLLOW_RANGE}
        if info.range_number is not None:
            read |= {"range": info.range_number, "digital_analog": int(not info.is_digital)}
    for name, value in facts.items():
        setattr(point, name, value)
    point.take_over(read)
    point.panel_units = units.get(point.device_id, point.panel_units)
    point.follow_range()


def addresses(device_ids: Sequence[int]) -> dict[int, list[PointAddress]]:
    """What to read of each device."""
    found: dict[int, list[PointAddress]] = {device_id: [] for device_id in device_ids}
    points = Point.objects.filter(device_id__in=device_ids).order_by("device_id", "pk")
    for device_id, address in points.values_list("device_id", "address"):
        found[device_id].append(PointAddress.parse(address))
    return found
