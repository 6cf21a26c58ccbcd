"""What becomes of a device's points when the device itself is changed, and how it does."""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Count, QuerySet

from devices import live
from devices.domain.link import is_fresh
from devices.enums import SyncState
from devices.live_rows import PointChange
from devices.models import Link
from protocols.types import Quality
from t3000.domain.queries import device_status
from t3000.domain.values import mark_stale
from t3000.models import Point
from t3000.models.panel_row import PanelRow


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device does: its link, its points by quality, its rows of configuration by state."""

    link: Link
    points: dict[Quality, int]
    configuration: dict[SyncState, int]


def standing(link: Link, now: datetime) -> Standing:
    """Judged now, as everywhere: what was not confirmed for too long is stale."""
    stored = Point.objects.filter(device=link.device_id).order_by().values_list("current__quality")
    points: Counter[Quality] = Counter()
    for number, count in stored.annotate(Count("pk")):
        quality = Quality.COMM if number is None else Quality(number)
        if quality.usable and not is_fresh(link, now):
            quality = Quality.STALE
        points[quality] += count
    configuration: Counter[SyncState] = Counter()
    for state, count in _states(link.device_id):
        configuration[SyncState(state)] += count
    return Standing(
        link,
        {quality: points[quality] for quality in Quality},
        {state: configuration[state] for state in SyncState},
    )


def _states(device_id: int) -> Iterator[tuple[str, int]]:
    """Of all its rows of configuration, whatever they are, how many are in a state: one query."""
    kinds: list[Any] = [model for model in apps.get_models() if issubclass(model, PanelRow)]
    counts: list[QuerySet[Any, Any]] = [
        kind.objects.filter(device=device_id).order_by().values_list("state").annotate(Count("pk"))
        for kind in kinds
    ]
    if counts:
        first, *others = counts
        yield from first.union(*others, all=True) if others else first


def outdate(links: Sequence[Link]) -> None:
    """Of devices that are silent, or were not read yet where they are now, no value is fresh. Call
    it inside a transaction."""
    if links:
        tell(mark_stale(links), links)


def tell(changes: Sequence[PointChange], links: Sequence[Link]) -> None:
    """Browsers hear of it when it is committed."""
    statuses = [device_status(link) for link in links]
    transaction.on_commit(lambda: live.publish(changes, statuses))
