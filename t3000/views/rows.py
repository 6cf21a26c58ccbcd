"""Points and devices as the pages show them: plain values, formatted, in one query each."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from devices.domain.link import STALE_INTERVALS
from devices.domain.places import zone_of
from devices.domain.rights import Rights
from devices.enums import FindingState, JobKind, LinkState, NetworkProtocol, Role, SyncState
from devices.live_rows import CommandStatus
from devices.models import Command, Device, JobNetwork, Network, Scan, Site
from t3000.domain.commands import can_be_out_of_service
from t3000.domain.queries import live_value, milliseconds, with_values
from t3000.domain.text import state_texts, usual_decimals
from t3000.enums import PointKind, Quality, Shape
from t3000.models import Point
from t3000.views.command_rows import NONE, PointCommands, Progress, commands_of
from t3000.views.states import DEVICE_STATES, POINT_STATES, State, point_state

URGENCY = [
    Quality.FAULT,
    Quality.COMM,
    Quality.CONFIG,
    Quality.OUT_OF_RANGE,
    Quality.OUT_OF_SERVICE,
    Quality.OVERRIDDEN,
    Quality.STALE,
    Quality.GOOD,
]
Buildings = Mapping[int, int]  # how many there are at each site that the user sees
NO_ANSWER = "no answer"  # of the drivers: pages say already that a device does not answer
LOOKING_AT_MOST = timedelta(minutes=2)  # by then nobody will begin


@dataclass(frozen=True, slots=True)
class PointRow:
    """A point with its present value. `time` in ms UTC: when it was read; None: there is none."""

    id: int
    device_id: int
    address: str
    kind: str
    number: str
    label: str
    description: str
    text: str
    units: str
    on: bool | None  # None: not a binary, or no value
    quality: Quality
    link: str  # the state of its device's
    time: int | None
    takes_commands: bool  # some, to anybody
    writable: bool  # now
    may_write: bool  # who looks at it, or may do more
    commandable: bool
    decimals: int
    states: dict[int, str]  # texts by value; none for a number
    sync: str  # how what is wanted stands to what is shown, which the device holds; empty: in sync
    wanted: str
    commands: PointCommands

    @property
    def hold(self) -> CommandStatus | None:
        return self.commands.hold

    @property
    def progress(self) -> Progress | None:
        return self.commands.progress

    @property
    def states_json(self) -> str:
        return orjson.dumps(self.states, option=orjson.OPT_NON_STR_KEYS).decode()

    @property
    def name(self) -> str:
        """The full label first; the short one where there is no other."""
        return self.description or self.label

    @property
    def badge(self) -> State:
        return point_state(self.quality, self.link)

    @property
    def mode(self) -> str:
        """Auto or manual, as far as the quality tells."""
        return {Quality.GOOD: "auto", Quality.OVERRIDDEN: "manual"}.get(self.quality, "unknown")

    @property
    def keys(self) -> set[str]:
        """What filters go by. A point that a write of ours holds is a manual one."""
        return {self.badge.key, self.mode} | ({"manual"} if self.hold else set())

    @property
    def urgency(self) -> int:
        is_just_held = self.hold is not None and self.quality == Quality.GOOD
        return URGENCY.index(Quality.OVERRIDDEN if is_just_held else self.quality)

    @property
    def tab(self) -> str:
        return PointKind(self.kind).tab


@dataclass(frozen=True, slots=True)
class DeviceRow:
    """A device with its link. Times in ms UTC."""

    id: int
    name: str
    state: LinkState
    place: str
    site: str  # empty where the user sees one only
    vendor: str
    model: str
    serial: int | None  # of a T3 panel
    firmware: str
    protocol: str
    address: str
    instance: int
    network: str
    points: int
    stale_after: float  # seconds without an answer until its values are not shown as fresh
    last_seen: int | None
    since: int | None
    problem: str
    conflict: str
    cycle_ms: int | None
    overruns: int
    zone: str  # IANA name: its times are told in it

    @property
    def badge(self) -> State:
        return DEVICE_STATES[self.state]

    @property
    def keys(self) -> set[str]:
        return {self.badge.key}


@dataclass(frozen=True, slots=True)
class NetworkRow:
    """A network and how far the search for its devices is. Times in ms UTC."""

    id: int
    name: str
    protocol: str
    interface: str
    enabled: bool
    is_looking: bool
    looked: int | None
    problem: str
    to_decide: int  # findings of its searches

    @property
    def badge(self) -> State:
        return POINT_STATES[Quality.FAULT]

    @property
    def keys(self) -> set[str]:
        return {self.badge.key}


def point_rows(points: QuerySet[Point], now: datetime, rights: Rights) -> list[PointRow]:
    """Those of the points that are at the user's sites."""
    found = list(with_values(rights.visible(points)))
    commands_by_point = commands_of(found)
    return [
        _point_row(point, commands_by_point.get(point.pk, NONE), now, rights) for point in found
    ]


def _point_row(
    point: Point, point_commands: PointCommands, now: datetime, rights: Rights
) -> PointRow:
    site_id, units = point.device.network.site_id, point.as_held("units")
    live = live_value(point, now)
    has_service = can_be_out_of_service(point)
    is_out = has_service and live.quality == Quality.OUT_OF_SERVICE
    is_writable = point.writable or is_out
    return PointRow(
        id=point.pk,
        device_id=point.device_id,
        address=point.address,
        kind=point.kind,
        number=point.number,
        label=point.as_held("label"),
        description=point.as_held("description"),
        text=live.text,
        units=units,
        on=bool(live.value) if _has_lamp(point, live.value) else None,
        quality=Quality(live.quality),
        link=point.device.link.state,
        time=live.time,
        takes_commands=point.writable or has_service,
        writable=is_writable,
        may_write=rights.may(Role.OPERATOR if is_writable else Role.ENGINEER, site_id)
        and (is_writable or has_service),
        commandable=point.commandable,
        decimals=usual_decimals(units),
        states=state_texts(states=point.states, kind_of=point.object_type),
        sync="" if point.state == SyncState.IN_SYNC else str(SyncState(point.state).label),
        wanted=_wanted_text(point),
        commands=point_commands,
    )


def _wanted_text(point: Point) -> str:
    """What is configured and not in the device."""
    if point.state == SyncState.IN_SYNC:
        return ""
    if point.held is None:
        return "Wanted; its device was not read to have it"
    told = ", ".join(_wish(point, name, value) for name, value in point.waiting().items())
    return ". ".join(filter(None, (point.problem, f"Wanted: {told}" if told else "")))


def _wish(point: Point, name: str, value: Any) -> str:
    field: Any = point._meta.get_field(name)
    if value in ("", None, []):
        return f"no {field.verbose_name}"
    if isinstance(value, list):
        value = ", ".join(value)
    return f"{field.verbose_name} {dict(field.flatchoices).get(value, value)}"


def _has_lamp(point: Point, value: float | None) -> bool:
    return point.shape is Shape.BINARY and value is not None


def device_rows(devices: QuerySet[Device], rights: Rights) -> list[DeviceRow]:
    """Those of the devices that are at the user's sites."""
    related = rights.visible(devices).select_related(
        "link", "network__site", "room__floor__building", "product"
    )
    buildings = _buildings(rights)
    # Counting drops the model's own order.
    counted = related.annotate(point_count=Count("points")).order_by("name", "instance")
    return [_device_row(device, buildings) for device in counted]


def _buildings(rights: Rights) -> Buildings:
    sites = rights.visible(Site.objects.all()).order_by()
    return dict(sites.annotate(count=Count("buildings")).values_list("pk", "count"))


def _device_row(device: Device, buildings: Buildings) -> DeviceRow:
    link = device.link
    return DeviceRow(
        id=device.pk,
        name=device.name,
        state=LinkState(link.state),
        place=place_text(device, buildings),
        site=device.network.site.name if len(buildings) > 1 else "",
        vendor=device.vendor_name,
        model=device.model_name or (device.product.name if device.product else ""),
        serial=device.serial_number,
        firmware=device.firmware,
        protocol=device.network.get_protocol_display(),
        address=device.address,
        instance=device.instance,
        network=device.network.name,
        points=device.point_count,  # type: ignore[attr-defined]  # annotated above
        stale_after=STALE_INTERVALS * device.network.poll_interval,
        last_seen=milliseconds(link.last_seen_at) if link.last_seen_at else None,
        since=milliseconds(link.since) if link.since else None,
        problem="" if link.problem == NO_ANSWER else link.problem,
        conflict=device.conflict,
        cycle_ms=link.cycle_ms,
        overruns=link.overruns,
        zone=zone_of(device),
    )


def network_rows(now: datetime, rights: Rights) -> list[NetworkRow]:
    running = Scan.objects.filter(network=OuterRef("pk"), ended_at__isnull=True)
    waiting = JobNetwork.objects.filter(
        network=OuterRef("pk"), job__kind=JobKind.SEARCH, scan__isnull=True, ended_at__isnull=True
    )
    to_decide = Count("findings", filter=Q(findings__state=FindingState.OPEN))
    networks = rights.visible(Network.objects.all()).annotate(
        is_running=Exists(running), is_waiting=Exists(waiting), to_decide=to_decide
    )
    return [
        NetworkRow(
            id=network.pk,
            name=network.name,
            protocol=network.get_protocol_display(),
            interface=_interface_text(network),
            enabled=network.enabled,
            is_looking=_is_looking(network, now),
            looked=milliseconds(network.discovered_at) if network.discovered_at else None,
            problem=network.problem,
            to_decide=network.to_decide,
        )
        for network in networks.order_by("name")
    ]


def _interface_text(network: Network) -> str:
    ip = network.interface.partition("/")[0]
    if network.protocol == NetworkProtocol.MODBUS:  # the port is theirs
        return f"{ip} to TCP port {network.port}"
    return f"{ip}:{network.port}"


def _is_looking(network: Any, now: datetime) -> bool:
    """Whether a search is under way, or was asked for not long ago."""
    if network.is_running:
        return True
    due = network.discovery_due_at
    is_due = due is not None and due <= now and now - due < LOOKING_AT_MOST
    return bool(network.enabled and (is_due or network.is_waiting))


def place_text(device: Device, buildings: Buildings) -> str:
    """Where it is: the room and its floor, else what the device says of itself; the building and
    the site where there are several."""
    site, room = device.network.site, device.room
    names = [device.location]
    if room is not None:
        names = [room.name, room.floor.name]
        if buildings.get(site.pk, 0) > 1:
            names.append(room.floor.building.name)
    if len(buildings) > 1:
        names.append(site.name)
    return ", ".join(filter(None, names))


def needs_attention(now: datetime, rights: Rights) -> list[PointRow]:
    """Points that cannot be trusted or are manual, the most urgent first. Of devices that do not
    answer only what is held by hand: for the rest the device is the matter."""
    abnormal = ~Q(current__quality=Quality.GOOD) & Q(current__isnull=False)
    unread = Q(device__link__state=LinkState.UNKNOWN, current__quality=Quality.COMM)
    answering = ~Q(device__link__state=LinkState.OFFLINE) & ~unread
    holding = Command.objects.held().filter(device=OuterRef("device"), point=OuterRef("address"))
    by_hand = Q(Exists(holding), commandable=True)
    rows = point_rows(Point.objects.filter(abnormal & answering | by_hand), now, rights)
    return sorted(rows, key=lambda row: row.urgency)


def by_device(rows: Iterable[PointRow]) -> dict[int, list[PointRow]]:
    found: dict[int, list[PointRow]] = {}
    for row in rows:
        found.setdefault(row.device_id, []).append(row)
    return found


def headline(
    device_ids: Sequence[int], now: datetime, rights: Rights, most: int = 4
) -> dict[int, list[PointRow]]:
    """The first points of each device: what says at a glance how it does."""
    points = Point.objects.filter(device_id__in=device_ids, index__lt=most, kind="input")
    return by_device(point_rows(points, now, rights))
