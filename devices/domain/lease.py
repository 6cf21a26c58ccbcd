"""Who serves a network: one process at a time, by a row that expires.

Two processes that bind one BACnet port share its datagrams silently, so this is a matter of
correctness, not of load.
"""

from contextlib import suppress
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Q

from devices.models import Network, NetworkLease

LEASE = timedelta(seconds=15)


def hold(network_id: int, owner: str, now: datetime) -> bool:
    """Takes the lease if it is free, ours or expired; renews it. False: somebody else has it."""
    mine_or_free = Q(owner=owner) | Q(expires_at__lte=now)
    taken = NetworkLease.objects.filter(mine_or_free, network_id=network_id).update(
        owner=owner, expires_at=now + LEASE
    )
    if taken:
        return True
    if Network.objects.filter(pk=network_id, lease__isnull=True).exists():
        with suppress(IntegrityError), transaction.atomic():  # somebody was first
            NetworkLease.objects.create(network_id=network_id, owner=owner, expires_at=now + LEASE)
    # Who was first may have been another thread of this process.
    return NetworkLease.objects.filter(network_id=network_id, owner=owner).exists()


def give_up(owner: str) -> None:
    """Ends all leases of this owner, so that the next process need not wait for their end."""
    NetworkLease.objects.filter(owner=owner).delete()
