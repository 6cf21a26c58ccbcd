"""Finding devices: when to look, and what becomes of what was found."""

import logging
import random
from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone

from devices.domain import link
from devices.enums import LinkState
from devices.models import Board, Device, Link, Network, ProductModel, Room
from protocols.texts import clean
from protocols.types import DeviceInfo

log = logging.getLogger(__name__)

REPEAT = timedelta(hours=1)
SOON = timedelta(minutes=1)  # for a device that could not be described whole
TOLD_TEXTS = {"vendor_name": 128, "model_name": 128, "firmware": 64, "location": 128}
TOLD_NUMBERS = (
    *("panel_number", "object_instance", "modbus_address", "modbus_port"),
    *("network_number", "mstp_mac", "hardware_version"),
)
RETRY = timedelta(seconds=5)  # for a network that another process still holds
AGAIN = timedelta(minutes=1)  # by then a search that was sent for has begun, or is lost
TEMCO = 148  # its number among BACnet's vendors


def request_discovery(*networks: Network, now: datetime | None = None) -> None:
    """Looks for devices with the next tick."""
    wanted = Network.objects.filter(pk__in=[network.pk for network in networks])
    wanted.update(discovery_due_at=now or timezone.now())


def postpone(network_id: int, delay: timedelta = RETRY) -> None:
    """Looks again after the delay, for what could not be done or was not done whole."""
    Network.objects.filter(pk=network_id).update(discovery_due_at=timezone.now() + delay)


def claim_due(now: datetime) -> list[tuple[str, int]]:
    """(queue, network id) of the networks to look at now; each is sent for again if no search
    begins."""
    due = Network.objects.filter(enabled=True, discovery_due_at__lte=now)
    return [
        (queue, network_id)
        for network_id, queue in due.values_list("pk", "queue")
        if due.filter(pk=network_id).update(discovery_due_at=now + AGAIN)
    ]


def plan_next(network_id: int, now: datetime) -> None:
    """A search begins: the hourly one is an hour from now."""
    Network.objects.filter(pk=network_id).update(discovery_due_at=now + REPEAT)


def registers_itself(network: Network, info: DeviceInfo) -> bool:
    """Whether such a device need not wait for somebody to approve it."""
    return network.auto_discovery and info.vendor_id == TEMCO


def contradicts(device: Device | None, namesake: Device | None, info: DeviceInfo) -> bool:
    """Whether a panel cannot be who it says, `device` being where it answers and `namesake` who has
    its serial number; then those say so.

    A T3 panel is known by its serial number, too. One that was known elsewhere on the network and
    does not answer there any more has moved: its row goes with it. It contradicts what is known
    where it goes on answering where it was known, too, or where its place is another panel's."""
    if namesake is None or namesake == device:
        return False
    if device is None and namesake.link.state != LinkState.ONLINE:
        return False  # it has moved
    _tell_conflict(device, namesake, info)
    return True


def is_unnamed(device: Device) -> bool:
    """Whether nobody named it so far."""
    return bool(device.name == f"Device {device.instance}")


def bring_up_to_date(device: Device, info: DeviceInfo) -> None:
    """Takes over what the device says of itself. Its name and place, once given, are the
    operator's and stay."""
    if is_unnamed(device):
        device.name = _name(info)
    was = device.serial_number
    describe(device, info)
    if was is not None and device.serial_number != was:
        told = "%s: serial number %d answers where %d was: taken for its replacement"
        log.warning(told, device, device.serial_number, was)
    device.save()


def add(network: Network, info: DeviceInfo) -> Device:
    """Adds a device that was found, and reads it from now on."""
    name, location = _name(info), clean(info.location)
    device = Device(
        network=network,
        instance=info.endpoint.instance,
        address=info.endpoint.address,
        name=name,
        # Who cannot say where it is (Modbus) is often named after its room.
        room=_room_named(network, location or name),
    )
    describe(device, info)
    device.save()
    # Somewhere in the period, so that devices found together are not read together.
    wait = timedelta(seconds=random.uniform(0, network.poll_interval))  # noqa: S311  no secret
    device.link = Link.objects.create(device=device, due_at=timezone.now() + wait)
    log.info("found %s (%s) on %s", device.name, info.endpoint, network)
    return device


def describe(device: Device, info: DeviceInfo) -> None:
    """Puts into the row what the device says of itself."""
    device.vendor_id = info.vendor_id or device.vendor_id
    for name, length in TOLD_TEXTS.items():  # who stops answering midway does not take them back
        setattr(device, name, clean(getattr(info, name))[:length] or getattr(device, name))
    panel = info.panel
    if panel is None:
        return
    device.serial_number = panel.serial_number
    device.product = ProductModel.objects.filter(number=panel.product).first()
    if panel.board is not None:
        device.board = Board.objects.filter(number=panel.board).first()
    for name in TOLD_NUMBERS:
        number = getattr(panel, name)
        if number is not None:
            setattr(device, name, number)


def forget_conflicts(network_ids: Collection[int]) -> None:
    """A search that begins looks anew."""
    Device.objects.filter(network__in=network_ids).exclude(conflict="").update(conflict="")


def known_at(network: Network, info: DeviceInfo) -> Device | None:
    """The device that is known there. Nobody deletes it until we are done."""
    rows = Device.objects.select_for_update(of=("self",)).select_related("link", "profile")
    known = rows.filter(network=network)
    return known.filter(instance=info.endpoint.instance, address=info.endpoint.address).first()


def of_serial(network: Network, info: DeviceInfo) -> Device | None:
    if info.panel is None:
        return None
    known = Device.objects.select_for_update(of=("self",)).select_related("link", "profile")
    return known.filter(network=network, serial_number=info.panel.serial_number).first()


def _tell_conflict(device: Device | None, namesake: Device, info: DeviceInfo) -> None:
    number, place = namesake.serial_number, info.endpoint.address
    told = {namesake: f"Its serial number {number} answers at {place}, too."}
    if device is not None:
        told[device] = f"Serial number {number} answers here; that is {namesake.name}."
    for one, conflict in told.items():
        Device.objects.filter(pk=one.pk).update(conflict=conflict[:200])
        log.warning("%s (%s): %s", one, one.endpoint, conflict)


def move(device: Device, info: DeviceInfo) -> None:
    """It answers somewhere else now; it is read there from the next tick on."""
    log.warning("%s moved from %s to %s", device, device.endpoint, info.endpoint)
    device.instance, device.address = info.endpoint.instance, info.endpoint.address
    (device.link,) = link.restart([device.pk])


def _name(info: DeviceInfo) -> str:
    return clean(info.name)[:128] or f"Device {info.endpoint.instance}"


def _room_named(network: Network, name: str) -> Room | None:
    """The room that the device names, if the site has exactly one of this name."""
    rooms = list(Room.objects.filter(floor__building__site=network.site_id, name=name)[:2])
    return rooms[0] if len(rooms) == 1 else None
