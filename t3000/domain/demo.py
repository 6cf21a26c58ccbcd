"""The demo site: the places and the network of the simulated building. Its devices are found by
discovery like any others."""

from django.db import transaction
from django.utils import timezone

from devices.models import Building, Floor, Network, Room, Site

SITE = "Demo site"
NETWORK = "Demo building BACnet"
ROOMS = {  # named as the devices say where they are
    ("Basement", -1): ["Boiler room"],
    ("Floor 1", 1): ["Corridor 1"],
    ("Floor 2", 2): ["Corridor 2"],
    ("Roof", 3): ["Roof plant room", "Weather mast"],
}


SIMULATOR_PORT = 47809  # UDP, of all simulated devices


@transaction.atomic
def create_demo_site(simulator_port: int = SIMULATOR_PORT) -> None:
    """Makes the site where it is not there yet, and asks for a discovery."""
    site, created = Site.objects.get_or_create(name=SITE, defaults={"time_zone": "Europe/Berlin"})
    if created:
        building = Building.objects.create(site=site, name="Main building")
        for (name, level), rooms in ROOMS.items():
            floor = Floor.objects.create(building=building, name=name, level=level)
            Room.objects.bulk_create(Room(floor=floor, name=room) for room in rooms)
    network = Network.objects.filter(site=site, name=NETWORK).first() or Network(
        site=site, name=NETWORK, timeout=1.0, poll_interval=5.0
    )
    network.interface = "127.0.0.1/8"
    # bacpypes3 answers itself for any 127.x.x.x on its own port: another one than theirs.
    network.port = simulator_port + 1
    network.targets = [f"127.255.255.255:{simulator_port}"]
    network.enabled = True
    network.discovery_due_at = timezone.now()
    network.save()


def pause_demo_site() -> None:
    """Without the simulator nobody answers: its network rests."""
    Network.objects.filter(site__name=SITE, name=NETWORK).update(enabled=False)
