"""The demo site: the places and the networks of the simulated building. Its devices are found by
discovery like any others; the one that is not Temco's is approved beforehand."""

from typing import Any

from django.db import transaction
from django.utils import timezone

from devices.enums import NetworkProtocol
from devices.models import Building, Device, Floor, Link, Network, Room, Site

SITE = "Demo site"
BACNET = "Demo building BACnet"
MODBUS = "Demo building Modbus"
PANELS = ("127.0.0.16", "127.0.0.17")  # the simulated devices that speak Modbus TCP
ROOMS = {  # named as the devices say where they are, or as they are named
    ("Basement", -1): ["Boiler room", "Meter room"],
    ("Floor 1", 1): ["Corridor 1", "Tenant east"],
    ("Floor 2", 2): ["Corridor 2"],
    ("Roof", 3): ["Roof plant room", "Weather mast"],
}


STATION = (80001, "127.0.0.15", "Weather mast")  # another maker's: its instance, address, room
SIMULATOR_PORT = 47809  # UDP or TCP, of all simulated devices


@transaction.atomic
def create_demo_site(simulator_port: int = SIMULATOR_PORT) -> None:
    """Makes the site where it is not there yet, and asks for a discovery."""
    site, created = Site.objects.get_or_create(name=SITE, defaults={"time_zone": "Europe/Berlin"})
    if created:
        building = Building.objects.create(site=site, name="Main building")
        for (name, level), rooms in ROOMS.items():
            floor = Floor.objects.create(building=building, name=name, level=level)
            Room.objects.bulk_create(Room(floor=floor, name=room) for room in rooms)
    bacnet, is_new = _open(
        site,
        BACNET,
        protocol=NetworkProtocol.BACNET,
        # bacpypes3 answers itself for any 127.x.x.x on its own port: another one than theirs.
        port=simulator_port + 1,
        targets=[f"127.255.255.255:{simulator_port}"],
    )
    _know_station(bacnet, simulator_port, is_new=is_new)
    _open(
        site,
        MODBUS,
        protocol=NetworkProtocol.MODBUS,
        port=simulator_port,
        targets=list(PANELS),
    )


def _know_station(network: Network, port: int, *, is_new: bool) -> None:
    """Devices that register themselves are Temco's; this one is added, unless somebody deleted it,
    and told as all others by the search."""
    instance, address, room = STATION
    known = Device.objects.filter(network=network, instance=instance)
    if is_new:
        where = Room.objects.filter(floor__building__site=network.site, name=room).first()
        named = {"name": f"Device {instance}", "room": where}
        device = Device.objects.create(network=network, instance=instance, address=address, **named)
        Link.objects.create(device=device, due_at=timezone.now())
    known.update(address=f"{address}:{port}")


def _open(site: Site, name: str, **fields: Any) -> tuple[Network, bool]:
    """Makes the network or brings it up to date; how fast it is read is the operator's."""
    fields |= {"interface": "127.0.0.1/8", "discovery_due_at": timezone.now()}
    return Network.objects.update_or_create(
        site=site,
        name=name,
        defaults={**fields, "enabled": True},
        create_defaults={**fields, "timeout": 1.0, "poll_interval": 5.0},
    )


def pause_demo_site() -> None:
    """Without the simulator nobody answers: its networks rest."""
    Network.objects.filter(site__name=SITE, name__in=(BACNET, MODBUS)).update(enabled=False)
