"""Rows that tests build on. Everything not given is plausible and unique."""

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.utils import timezone

from devices.domain import descriptions, tokens
from devices.enums import CommandKind, CommandState, FindingKind, LinkState, Origin, Role
from devices.models import (
    Building,
    Command,
    Device,
    Finding,
    Floor,
    Link,
    Network,
    RoleAssignment,
    Room,
    Scan,
    Site,
)
from protocols.types import DeviceInfo, Endpoint, FoundDevice, Quality
from t3000.models import Point, PointValue

NOW = datetime(2026, 11, 23, 10, 42, 18, tzinfo=UTC)
_numbers = itertools.count(1)


def make_site(**fields: Any) -> Site:
    return Site.objects.create(**{"name": f"Site {next(_numbers)}", **fields})


def make_room(site: Site | None = None, **fields: Any) -> Room:
    building = Building.objects.create(site=site or make_site(), name=f"Building {next(_numbers)}")
    floor = Floor.objects.create(building=building, name="Floor 1", level=1)
    return Room.objects.create(**{"floor": floor, "name": f"Room {next(_numbers)}", **fields})


def make_network(**fields: Any) -> Network:
    number = next(_numbers)
    defaults = {
        "name": f"Network {number}",
        "interface": "127.0.0.1/8",
        "port": 40000 + number,
        "poll_interval": 10.0,
        "timeout": 0.5,
    }
    site = fields.pop("site", None) or make_site()
    return Network.objects.create(site=site, **{**defaults, **fields})


def make_scan(network: Network | None = None, **fields: Any) -> Scan:
    """A search that began and runs."""
    return Scan.objects.create(network=network or make_network(), **{"started_at": NOW, **fields})


def make_finding(scan: Scan | None = None, **fields: Any) -> Finding:
    """A device that nobody knows, unless fields say otherwise."""
    number = next(_numbers)
    scan = scan or make_scan()
    defaults = {
        "kind": FindingKind.NEW,
        "found_at": NOW,
        "instance": number,
        "address": f"127.0.2.{number % 250 + 1}:47809",
        "name": f"Found {number}",
        "vendor_id": 999,
    }
    fields = {**defaults, **fields}
    place = Endpoint(str(fields["address"]), int(fields["instance"]))
    told = FoundDevice(DeviceInfo(place, int(fields["vendor_id"]), name=str(fields["name"])))
    fields.setdefault("description", descriptions.to_json(told))
    return Finding.objects.create(scan=scan, network=scan.network, **fields)


def make_device(*, link: dict[str, Any] | None = None, **fields: Any) -> Device:
    number = next(_numbers)
    network = fields.pop("network", None) or make_network()
    device = Device.objects.create(
        network=network,
        **{
            "instance": number,
            "address": f"127.0.1.{number % 250 + 1}:47809",
            "name": f"Device {number}",
            **fields,
        },
    )
    defaults = {"state": LinkState.ONLINE, "last_seen_at": NOW, "since": NOW, "due_at": NOW}
    Link.objects.create(device=device, **{**defaults, **(link or {})})
    return device


def make_panel(**fields: Any) -> Device:
    """A T3 panel."""
    return make_device(**{"serial_number": 237_000 + next(_numbers), **fields})


def make_point(device: Device | None = None, **fields: Any) -> Point:
    device = device or make_device()
    kind = fields.setdefault("kind", "input")
    index = fields.setdefault("index", Point.objects.filter(device=device, kind=kind).count())
    object_type = {"input": "analog-input", "output": "analog-output"}.get(kind, "analog-value")
    return Point.objects.create(
        device=device,
        **{"address": f"{object_type},{index + 1}", "label": f"P{index + 1}", **fields},
    )


def make_value(point: Point, value: float | None = 21.5, **fields: Any) -> PointValue:
    return PointValue.objects.create(
        point=point, value=value, **{"quality": Quality.GOOD, "time": NOW, **fields}
    )


def make_command(device: Device | None = None, **fields: Any) -> Command:
    """A write that was confirmed, unless fields say otherwise."""
    device = device or make_device()
    value = fields.pop("value", 21.5)
    defaults: dict[str, Any] = {
        "point": "analog-output,1",
        "kind": CommandKind.RELEASE if value is None else CommandKind.WRITE,
        "payload": {} if value is None else {"value": value},
        "priority": 8,
        "username": "anna",
        "origin": Origin.PAGE,
        "state": CommandState.CONFIRMED,
        "created_at": NOW,
        "queued_at": NOW,
        "send_by": NOW + timedelta(seconds=30),
    }
    return Command.objects.create(device=device, device_name=device.name, **{**defaults, **fields})


def make_user(
    username: str = "", *, role: Role | None = Role.VIEWER, site: Site | None = None, **fields: Any
) -> Any:
    """Somebody with a role at the site, without one at all sites. Added with others, and so not in
    the audit trail: tests look at what comes then."""
    (user,) = User.objects.bulk_create(
        [
            User(
                username=username or f"user{next(_numbers)}",
                password=make_password("correct-horse-battery"),
                **fields,
            )
        ]
    )
    if role is not None:
        RoleAssignment.objects.create(user=user, site=site, role=role)
    return user


def make_token(user: Any) -> str:
    """Its use is noted already, so that every request with it makes the same queries."""
    token = tokens.make(user)
    tokens.find(token, timezone.now())
    return token
