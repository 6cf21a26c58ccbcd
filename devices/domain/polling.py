"""Which devices are due to be read. Who claims a device reads it; nobody else does meanwhile."""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from devices.models import Link

log = logging.getLogger(__name__)

CLAIM_INTERVALS = 3  # a claim ends by itself after so many poll intervals ...
CLAIM_MARGIN = timedelta(seconds=60)  # ... and so much more, for the queue and the deadline


def claim_due(now: datetime) -> dict[str, list[int]]:
    """Claims every due device: ids by queue. What is due but still being read is an overrun."""
    claimed: dict[str, list[int]] = defaultdict(list)
    with transaction.atomic():
        due = (
            Link.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(due_at__lte=now, device__enabled=True, device__network__enabled=True)
            .values_list(
                "device_id",
                "due_at",
                "claimed_until",
                "device__network__queue",
                "device__network__poll_interval",
            )
        )
        alike: dict[tuple[timedelta, int, bool], list[int]] = defaultdict(list)
        for device_id, due_at, claimed_until, queue, seconds in due:
            interval = timedelta(seconds=seconds)
            periods = (now - due_at) // interval + 1
            is_free = claimed_until is None or claimed_until <= now
            alike[interval, periods, is_free].append(device_id)
            if is_free:
                claimed[queue].append(device_id)
        for (interval, periods, is_free), device_ids in alike.items():
            # Whole periods on: each device keeps its place in the period, also after a pause.
            changes: dict[str, Any] = {"due_at": F("due_at") + periods * interval}
            if is_free:
                changes["claimed_until"] = now + CLAIM_INTERVALS * interval + CLAIM_MARGIN
            else:
                changes["overruns"] = F("overruns") + 1
            Link.objects.filter(pk__in=device_ids).update(**changes)
    return dict(claimed)


def release(device_ids: Sequence[int]) -> None:
    """Gives claims back that will not be worked off."""
    Link.objects.filter(pk__in=device_ids).update(claimed_until=None)
