"""Points of a device: taking over what the device describes, and what to read of it."""

from collections import defaultdict
from collections.abc import Sequence

from django.db import transaction
from django.db.models import Max

from devices.models import Device
from protocols.texts import clean
from protocols.types import PointAddress, PointInfo
from t3000.models import Point

DESCRIBED = [
    *("label", "description", "units", "states"),
    *("writable", "commandable", "has_priorities", "low", "high"),
]


@transaction.atomic
def register(device: Device, described: Sequence[PointInfo]) -> None:
    """Adds the points that are new and brings the texts of the others up to date.

    A point keeps its index for ever: people and programs know it by that. It is the device's own
    number where there is one (IN3 of a T3 controller is IN3). One that the device no
    longer describes stays; reading it says what is wrong.
    """
    known = {point.address: point for point in Point.objects.filter(device=device)}
    highest = Point.objects.filter(device=device).values_list("kind").annotate(Max("index"))
    next_index: dict[str, int] = defaultdict(int, {kind: index + 1 for kind, index in highest})
    added, kept = [], []
    for info in sorted(described, key=lambda info: info.address):
        texts = {
            "label": clean(info.name)[:128] or str(info.address),
            "description": clean(info.description)[:255],
            "units": clean(info.units)[:32],
            "states": [clean(state) for state in info.states],
            "writable": info.writable,
            "commandable": info.commandable,
            "has_priorities": info.has_priorities,
            "low": info.low,
            "high": info.high,
        }
        point = known.get(str(info.address))
        if point is None:
            index = next_index[info.kind] if info.index is None else info.index
            next_index[info.kind] = max(next_index[info.kind], index + 1)
            added.append(
                Point(
                    device=device, kind=info.kind, index=index, address=str(info.address), **texts
                )
            )
        elif any(getattr(point, name) != text for name, text in texts.items()):
            for name, text in texts.items():
                setattr(point, name, text)
            kept.append(point)
    Point.objects.bulk_create(added)
    Point.objects.bulk_update(kept, DESCRIBED, batch_size=500)


def addresses(device_ids: Sequence[int]) -> dict[int, list[PointAddress]]:
    """What to read of each device."""
    found: dict[int, list[PointAddress]] = {device_id: [] for device_id in device_ids}
    points = Point.objects.filter(device_id__in=device_ids).order_by("device_id", "pk")
    for device_id, address in points.values_list("device_id", "address"):
        found[device_id].append(PointAddress.parse(address))
    return found
