"""A site of made-up T3 panels, to see how pages and programs do with many. Nobody answers there:
its network is switched off, so that nothing is polled and its values soon are shown as stale.
"""

import math
from collections.abc import Iterator
from datetime import datetime

from django.db import transaction

from devices.enums import LinkState, SyncState
from devices.models import Building, Device, Floor, Link, Network, Room, Site
from protocols.types import Quality
from t3000.enums import PointKind
from t3000.models import Point, PointValue

POINTS = {PointKind.INPUT: 64, PointKind.OUTPUT: 64, PointKind.VARIABLE: 128}
FLOORS, ROOMS = 10, 10  # of a building; a panel in each room
BATCH = 10_000
FIRST_SERIAL = 900_001
QUANTITIES = [("Zone temperature", "°C", 21.0), ("Supply air", "°C", 16.0), ("CO2", "ppm", 700.0)]


@transaction.atomic
def seed_site(name: str, devices: int, now: datetime) -> Site:
    """Makes the site with so many panels of 256 points each. It must be new."""
    site = Site.objects.create(name=name, time_zone="Europe/Berlin")
    network = Network.objects.create(
        site=site, name="Seeded panels", interface="127.0.0.1/8", port=47999, enabled=False
    )
    rooms = _rooms(site, devices)
    panels = [_panel(network, rooms[number], number) for number in range(devices)]
    Device.objects.add_as_found(panels)
    links = (
        Link(device=panel, state=LinkState.ONLINE, since=now, last_seen_at=now, due_at=now)
        for panel in panels
    )
    Link.objects.bulk_create(links, batch_size=BATCH)
    per_batch = BATCH // sum(POINTS.values())
    for start in range(0, devices, per_batch):
        points = [point for panel in panels[start : start + per_batch] for point in _points(panel)]
        Point.objects.add_as_found(points)
        PointValue.objects.bulk_create([_value(point, now) for point in points], batch_size=BATCH)
    return site


def _rooms(site: Site, devices: int) -> list[Room]:
    """A room for each panel, by buildings and floors."""
    on_a_floor, in_a_building = ROOMS, FLOORS * ROOMS
    buildings = [
        Building(site=site, name=f"Building {number + 1}")
        for number in range(math.ceil(devices / in_a_building))
    ]
    Building.objects.add_as_found(buildings)
    floors = [
        Floor(building=buildings[number // FLOORS], name=f"Floor {level}", level=level)
        for number in range(math.ceil(devices / on_a_floor))
        for level in [number % FLOORS]
    ]
    Floor.objects.add_as_found(floors)
    rooms = [
        Room(floor=floors[number // ROOMS], name=f"Room {number % in_a_building + 1}")
        for number in range(devices)
    ]
    Room.objects.add_as_found(rooms)
    return rooms


def _panel(network: Network, room: Room, number: int) -> Device:
    return Device(
        network=network,
        room=room,
        instance=number + 1,
        address=f"127.{number // 65025 + 1}.{number // 255 % 255}.{number % 255 + 1}",
        name=f"Panel {number + 1}",
        serial_number=FIRST_SERIAL + number,
        vendor_id=148,
        vendor_name="Temco Controls",
        model_name="T3-BB",
        location=room.name,
    )


def _points(panel: Device) -> Iterator[Point]:
    for kind, count in POINTS.items():
        for index in range(count):
            what, units, _ = QUANTITIES[index % len(QUANTITIES)]
            label = f"{kind.prefix}{index + 1}"
            yield Point(
                device=panel,
                kind=kind,
                index=index,
                address=f"{kind.value},{index + 1}",
                label=label,
                description=f"{what} {label}"[:18],
                units=units,
                held={"label": label},
                state=SyncState.IN_SYNC,
                writable=kind != PointKind.INPUT,
                commandable=kind != PointKind.INPUT,
                has_priorities=False,
            )


def _value(point: Point, now: datetime) -> PointValue:
    value = QUANTITIES[point.index % len(QUANTITIES)][2] + point.index % 10 / 10
    return PointValue(point=point, value=value, quality=Quality.GOOD, time=now)
