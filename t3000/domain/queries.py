"""Reads that pages and sockets share: points with their values, judged at the time of asking."""

from collections.abc import Iterable
from datetime import datetime

from django.db.models import QuerySet

from devices.domain import commands
from devices.domain.link import is_fresh
from devices.domain.rights import Rights
from devices.live_rows import CommandStatus, DeviceStatus, PointChange
from devices.models import Device, Link
from protocols.types import Quality
from t3000.domain.text import value_text
from t3000.models import Point


def with_values(points: QuerySet[Point]) -> QuerySet[Point]:
    """Everything that `live_value` asks of a point, in one query."""
    return points.select_related("current", "device__link", "device__network")


def live_value(point: Point, now: datetime) -> PointChange:
    """The point as it is shown now. Whatever the row says, a value whose device has not been
    heard for too long is stale: the poller that should have said so may be gone."""
    current = getattr(point, "current", None)
    link = point.device.link
    if current is None:
        value, quality, time = None, Quality.COMM, None
    else:
        value, quality, time = current.value, Quality(current.quality), current.time
        if quality.usable and not is_fresh(link, now):
            quality, time = _outdated(current.time, link)
    text = value_text(value, units=point.units, states=point.states, kind_of=point.object_type)
    return PointChange(point.pk, value, text, int(quality), time_of(value, time))


def time_of(value: float | None, time: datetime | None) -> int | None:
    """When a value was read; without one there is no time to tell."""
    return None if value is None or time is None else milliseconds(time)


def _outdated(time: datetime, link: Link) -> tuple[Quality, datetime]:
    return Quality.STALE, link.last_seen_at or time


def device_status(link: Link) -> DeviceStatus:
    return DeviceStatus(
        device_id=link.device_id,
        state=link.state,
        last_seen=milliseconds(link.last_seen_at) if link.last_seen_at else None,
        since=milliseconds(link.since) if link.since else None,
    )


def visible(
    point_ids: Iterable[int], device_ids: Iterable[int], rights: Rights
) -> tuple[frozenset[int], frozenset[int]]:
    """Those of the ids that are at the user's sites. Who sees all sites is told of the others, too:
    there is nothing to tell."""
    if rights.sites() is None:
        return frozenset(point_ids), frozenset(device_ids)
    points = rights.visible(Point.objects.filter(pk__in=point_ids))
    devices = rights.visible(Device.objects.filter(pk__in=device_ids))
    return (
        frozenset(points.order_by().values_list("pk", flat=True)),
        frozenset(devices.order_by().values_list("pk", flat=True)),
    )


def snapshot(
    point_ids: Iterable[int], device_ids: Iterable[int], now: datetime
) -> tuple[list[PointChange], list[DeviceStatus], list[CommandStatus]]:
    """All that a subscription to these would show now; ids that do not exist are left out."""
    points = with_values(Point.objects.filter(pk__in=point_ids))
    links = Link.objects.filter(pk__in=device_ids)
    return (
        [live_value(point, now) for point in points],
        [device_status(link) for link in links],
        commands.current(device_ids),
    )


def milliseconds(time: datetime) -> int:
    return round(time.timestamp() * 1000)
