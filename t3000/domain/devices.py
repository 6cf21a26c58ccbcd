"""What becomes of a device's points when the device itself is changed, and how it does."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Count, QuerySet

from devices import live
from devices.enums import SyncState
from devices.live_rows import PointChange
from devices.models import Link
from protocols.types import Quality
from t3000.domain.present import judged
from t3000.domain.queries import device_status
from t3000.domain.values import mark_stale
from t3000.models import Point
from t3000.models.panel_row import HeldRow


@dataclass(frozen=True, slots=True)
class Standing:
    """How a device does: its points by quality, its rows of configuration by state."""

    points: dict[Quality, int]
    configuration: dict[SyncState, int]


def standing(device_id: int, now: datetime) -> Standing:
    points = judged(Point.objects.filter(device=device_id), now).order_by()
    qualities = dict(points.values_list("judged_quality").annotate(Count("pk")))
    states: Counter[str] = Counter()
    for state, count in _states(device_id):
        states[state] += count
    return Standing(
        {quality: qualities.get(quality, 0) for quality in Quality},
        {state: states[state] for state in SyncState},
    )


def _states(device_id: int) -> QuerySet[Any, Any]:
    """How many rows of each of its tables and settings are in which state: one query."""
    held: list[Any] = [model for model in apps.get_models() if issubclass(model, HeldRow)]
    first, *others = (
        model._default_manager.filter(device=device_id)
        .order_by()
        .values_list("state")
        .annotate(Count("pk"))
        for model in held
    )
    counts: QuerySet[Any, Any] = first.union(*others, all=True)
    return counts


def outdate(links: Sequence[Link]) -> None:
    """Of devices that are silent, or were not read yet where they are now, no value is fresh. Call
    it inside a transaction."""
    if links:
        tell(mark_stale(links), links)


def tell(changes: Sequence[PointChange], links: Sequence[Link]) -> None:
    """Browsers hear of it when it is committed."""
    statuses = [device_status(link) for link in links]
    transaction.on_commit(lambda: live.publish(changes, statuses))
