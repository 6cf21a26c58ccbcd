"""Which devices are due to be read. Who claims a device reads it; nobody else does meanwhile."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Case, ExpressionWrapper, F, QuerySet, Value, When

from devices.models import Link

log = logging.getLogger(__name__)

CLAIM_INTERVALS = 3  # a claim ends by itself after so many poll intervals ...
CLAIM_MARGIN = timedelta(seconds=30)  # ... and so much more


def claim_due(now: datetime) -> dict[str, list[int]]:
    """Claims every due device: ids by queue. What is due but still being read is an overrun."""
    claimed: dict[str, list[int]] = defaultdict(list)
    with transaction.atomic():
        due = (
            Link.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(due_at__lte=now, device__enabled=True, device__network__enabled=True)
            .values_list(
                "device_id",
                "claimed_until",
                "device__network__queue",
                "device__network__poll_interval",
            )
        )
        by_interval: dict[tuple[float, bool], list[int]] = defaultdict(list)
        for device_id, claimed_until, queue, seconds in due:
            is_free = claimed_until is None or claimed_until <= now
            by_interval[seconds, is_free].append(device_id)
            if is_free:
                claimed[queue].append(device_id)
        for (seconds, is_free), device_ids in by_interval.items():
            interval = timedelta(seconds=seconds)
            links = Link.objects.filter(pk__in=device_ids)
            if is_free:
                claim_ends = now + CLAIM_INTERVALS * interval + CLAIM_MARGIN
                _move_on(links, now, interval, claimed_until=claim_ends)
            else:
                _move_on(links, now, interval, overruns=F("overruns") + 1)
    return dict(claimed)


def _move_on(links: QuerySet[Link], now: datetime, interval: timedelta, **changes: object) -> None:
    """One interval on, so that each device keeps its place in the period; from now if late."""
    step = ExpressionWrapper(
        F("due_at") + Value(interval), output_field=Link._meta.get_field("due_at")
    )
    links.update(
        due_at=Case(When(due_at__gt=now - interval, then=step), default=Value(now + interval)),
        **changes,
    )


def release(device_ids: Sequence[int]) -> None:
    """Gives claims back that will not be worked off."""
    Link.objects.filter(pk__in=device_ids).update(claimed_until=None)
