"""Which devices are due to be read. Who claims a device reads it; nobody else does meanwhile.

A claim ends with the read, or by itself, or when the lease of the network was not renewed: then
whoever read there has died.
"""

import logging
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet
from django.utils import timezone

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
                "device__network__lease__expires_at",
            )
        )
        alike: dict[tuple[timedelta, int, bool], list[int]] = defaultdict(list)
        for device_id, due_at, claimed_until, queue, seconds, leased_until in due:
            interval = timedelta(seconds=seconds)
            periods = (now - due_at) // interval + 1
            has_died = leased_until is not None and leased_until <= now
            is_free = claimed_until is None or claimed_until <= now or has_died
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
    """Gives claims back that cannot be worked off here. The devices do not lose their turn for it:
    the next tick may reach the process that serves their network."""
    with transaction.atomic():
        links = _in_order(Link.objects.filter(pk__in=device_ids))
        links.update(claimed_until=None, due_at=timezone.now())


def give_up(network_ids: Sequence[int]) -> None:
    """Ends all claims on these networks: whoever held them stops."""
    with transaction.atomic():
        _in_order(Link.objects.filter(device__network__in=network_ids)).update(claimed_until=None)


def _in_order(links: QuerySet[Link]) -> QuerySet[Link]:
    """Locked one after the other as everybody does it: else two of us may wait for each other."""
    locked = links.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True)
    return Link.objects.filter(pk__in=list(locked))
