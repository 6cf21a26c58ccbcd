"""Finding devices: when to look, and what becomes of what was found."""

import logging
import random
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from devices.models import Device, Link, Network, Room
from protocols.texts import clean
from protocols.types import DeviceInfo

log = logging.getLogger(__name__)

REPEAT = timedelta(hours=1)
SOON = timedelta(minutes=1)  # for a device that could not be described whole
RETRY = timedelta(seconds=5)  # for a network that another process still holds


def request_discovery(network: Network, now: datetime | None = None) -> None:
    """Looks for devices with the next tick."""
    Network.objects.filter(pk=network.pk).update(discovery_due_at=now or timezone.now())


def postpone(network_id: int, delay: timedelta = RETRY) -> None:
    """Looks again after the delay, for what could not be done or was not done whole."""
    Network.objects.filter(pk=network_id).update(discovery_due_at=timezone.now() + delay)


def claim_due(now: datetime) -> list[tuple[str, int]]:
    """(queue, network id) of the networks to look at now; each is planned anew for later."""
    due = Network.objects.filter(enabled=True, discovery_due_at__lte=now)
    return [
        (queue, network_id)
        for network_id, queue in due.values_list("pk", "queue")
        if due.filter(pk=network_id).update(discovery_due_at=now + REPEAT)
    ]


@transaction.atomic
def register(network: Network, info: DeviceInfo) -> Device:
    """Adds the device, or brings what it says of itself up to date. Its name and place, once
    given, are the operator's and stay."""
    name = clean(info.name)[:128] or f"Device {info.endpoint.instance}"
    location = clean(info.location)
    device, created = Device.objects.get_or_create(
        network=network,
        instance=info.endpoint.instance,
        address=info.endpoint.address,
        defaults={
            "name": name,
            # Who cannot say where it is (Modbus) is often named after its room.
            "room": _room_named(network, location or name),
        },
    )
    if not created and device.name == f"Device {device.instance}":  # nobody named it so far
        Device.objects.filter(pk=device.pk).update(name=name)
    Device.objects.filter(pk=device.pk).update(
        vendor_id=info.vendor_id,
        vendor_name=clean(info.vendor_name)[:128],
        model_name=clean(info.model_name)[:128],
        firmware=clean(info.firmware)[:64],
        location=location[:128],
    )
    if created:
        # Somewhere in the period, so that devices found together are not read together.
        wait = timedelta(seconds=random.uniform(0, network.poll_interval))  # noqa: S311  no secret
        Link.objects.create(device=device, due_at=timezone.now() + wait)
        log.info("found %s (%s) on %s", device.name, info.endpoint, network)
    return device


def _room_named(network: Network, name: str) -> Room | None:
    """The room that the device names, if the site has exactly one of this name."""
    rooms = list(Room.objects.filter(floor__building__site=network.site_id, name=name)[:2])
    return rooms[0] if len(rooms) == 1 else None
