"""The path of a value into the database: what changed, stored in one go.

`time` of a stored value is when it was read first; it holds since then until the device was last
seen (Link.last_seen_at), unless its quality says otherwise.
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import NamedTuple

from devices.domain.link import PollResult
from devices.live_rows import PointChange
from devices.models import Link
from protocols.types import PointAddress, Quality
from t3000.domain.queries import time_of
from t3000.domain.text import value_text
from t3000.models import Point, PointValue

GONE = (Quality.STALE, Quality.COMM)


class _Known(NamedTuple):
    """What a reading is compared with."""

    point_id: int
    units: str
    states: list[str]
    value: float | None
    quality: int | None
    time: datetime | None = None


def apply(
    results: Iterable[PollResult],
    revived: Container[int] = (),
    read_back: Mapping[tuple[int, PointAddress], datetime] = MappingProxyType({}),
) -> list[PointChange]:
    """Stores what changed in value or quality; returns what to tell. Call it inside a transaction.

    `read_back` says when points were read back after a command: a poll that was under way then
    brings the value from before it, which is passed over.

    Told is what changed, and everything of the `revived` devices: what was shown as stale only
    because of its age is fresh again without a change. A reading without a value keeps the last
    one, which its quality marks as not usable.
    """
    read = [result for result in results if result.readings]
    known = _known([result.device_id for result in read])
    rows: list[PointValue] = []
    changes: list[PointChange] = []
    for result in read:
        for reading in result.readings:
            was = known.get((result.device_id, str(reading.address)))
            if was is None:  # deleted while it was read
                continue
            proved = read_back.get((result.device_id, reading.address))
            if proved is not None and reading.time < proved:
                continue
            value = was.value if reading.value is None else reading.value
            time = was.time
            if time is None or value != was.value or reading.quality != was.quality:
                time = reading.time
                rows.append(
                    PointValue(
                        point_id=was.point_id, value=value, quality=reading.quality, time=time
                    )
                )
            elif result.device_id not in revived:
                continue
            changes.append(_change(was, reading.address.object_type, value, reading.quality, time))
    PointValue.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["point"],
        update_fields=["value", "quality", "time"],
    )
    return changes


def mark_stale(links: Sequence[Link]) -> list[PointChange]:
    """The values of devices that do not answer: the last ones, and no longer fresh."""
    last_seen = {link.device_id: link.last_seen_at for link in links}
    points = (
        Point.objects.filter(device_id__in=last_seen, current__isnull=False)
        .exclude(current__quality__in=GONE)
        .select_related("current")
    )
    rows: list[PointValue] = []
    changes: list[PointChange] = []
    for point in points:
        row = point.current
        row.quality = Quality.COMM if row.value is None else Quality.STALE
        row.time = last_seen[point.device_id] or row.time
        rows.append(row)
        was = _Known(point.pk, point.units, point.states, row.value, row.quality)
        quality = Quality(row.quality)
        changes.append(_change(was, point.object_type, row.value, quality, row.time))
    PointValue.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["point"],
        update_fields=["quality", "time"],
    )
    return changes


def _known(device_ids: Sequence[int]) -> dict[tuple[int, str], _Known]:
    rows = Point.objects.filter(device_id__in=device_ids).values_list(
        "device_id",
        "address",
        "pk",
        "units",
        "states",
        "current__value",
        "current__quality",
        "current__time",
    )
    return {(device_id, address): _Known(*known) for device_id, address, *known in rows}


def _change(
    point: _Known, object_type: str, value: float | None, quality: Quality, time: datetime
) -> PointChange:
    text = value_text(value, units=point.units, states=point.states, kind_of=object_type)
    return PointChange(point.point_id, value, text, int(quality), time_of(value, time))
