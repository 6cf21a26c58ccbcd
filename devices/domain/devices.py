"""Devices as people add, change and delete them. What follows for reading them follows here."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from devices.domain import link, rows
from devices.domain.rights import Rights
from devices.enums import Role
from devices.models import Device, Link

ROLE = Role.ENGINEER
Values = Mapping[str, Any]


@transaction.atomic
def add(values: Sequence[Values], *, by: Rights) -> list[Device]:
    """Adds devices that nobody has asked who they are; they are read from now on. Raises as
    rows.create."""
    added = rows.create(Device, values, by=by, role=ROLE)
    now = timezone.now()
    Link.objects.bulk_create(
        Link(device=device, due_at=now + _spread(device, len(added))) for device in added
    )
    return added


def _spread(device: Device, count: int) -> timedelta:
    """Many that come together are not read together."""
    most = device.network.poll_interval if count > 1 else 0
    return timedelta(seconds=random.uniform(0, most))  # noqa: S311  no secret


@transaction.atomic
def change(changes: Mapping[int, Values], *, by: Rights) -> list[Link]:
    """Changes devices. Returns the links of those that are now to be found somewhere else: they
    begin anew. Raises as rows.update."""
    known = Device.objects.filter(pk__in=changes)
    was = {row[0]: row for row in known.values_list("pk", "network", "address", "instance")}
    changed = rows.update(Device, changes, by=by, role=ROLE)
    moved = [
        one.pk
        for one in changed
        if was.get(one.pk) != (one.pk, one.network_id, one.address, one.instance)
    ]
    return link.restart(moved) if moved else []


@transaction.atomic
def remove(ids: Sequence[int], *, by: Rights) -> None:
    """Deletes devices with all that is known of them; their commands stay in the ledger. Raises as
    rows.delete."""
    # In the order in which the field locks what it stores: else one waits for the other.
    for model in (Device, Link):
        list(model._base_manager.filter(pk__in=ids).select_for_update().order_by("pk"))
    rows.delete(Device, ids, by=by, role=ROLE)
