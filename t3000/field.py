"""The composition of the field: what the runtime is given, and the order in which a value goes on.

apply -> publish; alarms and history take their places behind, here and nowhere else.
"""

import logging
import os
import socket
import time
import uuid
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime

from django.db import DatabaseError, IntegrityError, InterfaceError, connections, transaction
from django.db.models import Q
from django.utils import timezone

from devices import live, runtime
from devices.domain import (
    commands,
    connecting,
    discovery,
    lease,
    link,
    overrides,
    polling,
    profiles,
    scans,
)
from devices.domain.link import PollResult
from devices.enums import CommandKind, LinkState, Origin
from devices.models import Command, Device, Link, Network, Scan
from devices.models.acting import Actor, acting
from devices.runtime import (
    Connected,
    ConnectPlan,
    DevicePlan,
    FieldRuntime,
    Found,
    Hooks,
    Look,
    NetworkPlan,
    Order,
    Outcome,
    ScanPlan,
)
from protocols.types import Endpoint, NetworkSettings, PointAddress, Reading
from t3000.domain import found as taking
from t3000.domain import points, priorities, values
from t3000.domain.devices import outdate, tell
from t3000.models import Point

log = logging.getLogger(__name__)

BY_FIELD = Actor(None, Origin.FIELD)  # what devices say of themselves is put down to the field
OWNER = f"{socket.gethostname()}:{os.getpid()}:{uuid.uuid4().hex[:8]}"  # containers share pids
DEADLINE_INTERVALS = 3  # a read that takes longer is given up ...
SHORTEST_DEADLINE = 30.0  # ... but a slow trunk gets so many seconds

_lease_renewed: dict[int, float] = {}
_queues: set[str] = set()
# When points were read back after a command. Both sides of it live in the writer's thread.
_read_back: dict[tuple[int, PointAddress], datetime] = {}
MOST_READ_BACK = 1000  # the oldest are forgotten: their polls are long over


def start(queues: Collection[str] = ()) -> FieldRuntime:
    """Starts the runtime of this process, which serves the networks of these queues; without: all
    whose tasks come here."""
    _queues.update(queues)
    field = FieldRuntime(
        Hooks(
            plan_devices=plan_devices,
            plan_network=plan_network,
            plan_connections=plan_connections,
            begin_connections=begin_connections,
            hold_network=hold_network,
            lost_networks=lost_networks,
            postpone_discovery=discovery.postpone,
            begin_scan=begin_scan,
            release=polling.release,
            networks_of_commands=commands.networks,
            claim_commands=claim_commands,
            pass_on_commands=pass_on_commands,
            plan_checks=plan_checks,
            plan_looks=plan_looks,
            store_outcome=store_outcome,
            store_held=priorities.store,
            store_hold_end=store_hold_end,
            store_polls=store_polls,
            store_found=store_found,
            store_connected=store_connected,
            store_steps=scans.record_steps,
            store_discovery_end=store_discovery_end,
            store_network_problem=store_network_problem,
            close_connections=connections.close_all,
        )
    )
    runtime.install(field)
    live.begin()
    field.start()
    return field


def stop(field: FieldRuntime) -> None:
    """Stops the runtime and leaves nothing claimed that another process would wait for."""
    field.stop()
    runtime.install(None)
    try:
        polling.give_up(list(_lease_renewed))
        lease.give_up(OWNER)
    except (DatabaseError, InterfaceError) as error:
        log.warning("leases and claims end by themselves, they cannot be given up: %s", error)
    _lease_renewed.clear()
    _queues.clear()


def plan_devices(device_ids: Sequence[int]) -> list[DevicePlan]:
    devices = list(Device.objects.filter(pk__in=device_ids).select_related("network", "profile"))
    addresses = points.addresses([device.pk for device in devices])
    return [
        DevicePlan(
            device_id=device.pk,
            network=_network_plan(device.network),
            endpoint=device.endpoint,
            points=addresses[device.pk],
            deadline=max(SHORTEST_DEADLINE, DEADLINE_INTERVALS * device.network.poll_interval),
            profile=profiles.of(device),
        )
        for device in devices
    ]


def plan_network(network_id: int) -> NetworkPlan | None:
    network = Network.objects.filter(pk=network_id).first()
    return _network_plan(network) if network else None


def plan_connections(job_ids: Sequence[int]) -> list[ConnectPlan]:
    wanted = connecting.sought(job_ids)
    networks = dict(wanted.values_list("job", "job__parts__network"))
    plans = {one.pk: _network_plan(one) for one in Network.objects.filter(pk__in=networks.values())}
    return [
        ConnectPlan(one.job_id, plans[networks[one.job_id]], Endpoint(one.address, one.instance))
        for one in wanted
    ]


def begin_scan(network_id: int) -> ScanPlan | None:
    scan = scans.begin(network_id, timezone.now())
    return ScanPlan(scan.pk, scan.search) if scan is not None else None


def begin_connections(job_ids: Sequence[int]) -> set[int]:
    return connecting.begin(job_ids, timezone.now())


def _network_plan(network: Network) -> NetworkPlan:
    return NetworkPlan(
        network_id=network.pk,
        name=network.name,
        protocol=network.protocol,
        settings=NetworkSettings(
            interface=network.interface,
            port=network.port,
            targets=tuple(network.targets),
            timeout=network.timeout,
            retries=network.retries,
            bbmd=network.bbmd,
            bbmd_lifetime=network.bbmd_lifetime,
        ),
    )


def claim_commands(command_ids: Sequence[int]) -> Iterator[Order]:
    """Each is claimed when it is asked for: what comes after it cannot keep it from being sent."""
    for command, is_new in commands.claim(command_ids, timezone.now()):
        if command.device is not None:
            yield _order(command, command.device, only_read_back=not is_new)


def plan_checks(command_ids: Sequence[int]) -> list[Order]:
    return [
        _order(command, command.device, only_read_back=True)
        for command in overrides.to_check(command_ids)
        if command.device is not None
    ]


def plan_looks(point_ids: Sequence[int]) -> list[Look]:
    found = Point.objects.filter(pk__in=point_ids).select_related("device__network")
    return [
        Look(
            point.device_id,
            _network_plan(point.device.network),
            point.device.endpoint,
            PointAddress.parse(point.address),
        )
        for point in found
    ]


def _order(command: Command, device: Device, *, only_read_back: bool) -> Order:
    return Order(
        command_id=command.pk,
        device_id=device.pk,
        network=_network_plan(device.network),
        endpoint=device.endpoint,
        point=PointAddress.parse(command.point),
        value=command.value,
        priority=command.priority,
        only_read_back=only_read_back,
        out=_switch(command),
    )


def _switch(command: Command) -> bool | None:
    """Whether it takes the point out of service; None: it is about something else."""
    kind = CommandKind(command.kind)
    return kind == CommandKind.OUT_OF_SERVICE if kind.switches_service else None


def store_hold_end(command_id: int) -> None:
    overrides.end_hold(command_id, timezone.now())


def pass_on_commands(command_ids: Sequence[int]) -> None:
    commands.pass_on(command_ids, timezone.now())


def store_outcome(outcome: Outcome) -> None:
    """How a command ended, and the value that was read back with it."""
    command = Command.objects.filter(pk=outcome.command_id).first()
    if command is None:
        return
    reading = outcome.reading
    with transaction.atomic():
        if reading is not None and _is_online(outcome.device_id):
            _remember(outcome.device_id, reading)
            readings = PollResult(outcome.device_id, reading.time, 0, [reading])
            tell(values.apply([readings]), [])
        if outcome.held is not None:
            priorities.store(outcome.device_id, outcome.held)
        commands.finish(
            command, outcome.state, outcome.message, new_value=reading.value if reading else None
        )


def _is_online(device_id: int) -> bool:
    """Of a device that counts as silent all values are stale until it is polled whole."""
    online = Link.objects.filter(pk=device_id, state=LinkState.ONLINE)
    return online.select_for_update().first() is not None  # nobody deletes it meanwhile


def _remember(device_id: int, reading: Reading) -> None:
    _read_back.pop((device_id, reading.address), None)  # to the end
    _read_back[device_id, reading.address] = reading.time
    if len(_read_back) > MOST_READ_BACK:
        del _read_back[next(iter(_read_back))]


def hold_network(network_id: int) -> bool:
    """Whether this process may open the network. Asks the database when the lease is half over."""
    renewed = _lease_renewed.get(network_id, float("-inf"))
    if time.monotonic() - renewed < lease.LEASE.total_seconds() / 2:
        return True
    if lease.hold(network_id, OWNER, timezone.now()):
        _lease_renewed[network_id] = time.monotonic()
        return True
    if _lease_renewed.pop(network_id, None) is not None:
        log.warning("network %d is served by another process now", network_id)
    return False


def lost_networks() -> list[int]:
    """Renews the leases of what this process serves; what it may serve no longer."""
    served = list(_lease_renewed)
    in_use = set(
        Network.objects.filter(pk__in=served, enabled=True)
        .filter(Q(queue__in=_queues) if _queues else Q())
        .values_list("pk", flat=True)
    )
    lost = [one for one in served if one not in in_use or not hold_network(one)]
    for network_id in lost:
        _lease_renewed.pop(network_id, None)
    return lost


def store_polls(results: Sequence[PollResult]) -> None:
    """What was read, into the database and to the browsers, in one transaction: few devices share
    one, because nobody else can write meanwhile."""
    latest = list({result.device_id: result for result in results}.values())
    with transaction.atomic():
        edges = link.record_polls(latest)
        latest = [result for result in latest if result.device_id not in edges.outdated]
        there = {one.device_id for one in edges.links}
        for result in latest:
            if result.learnt is not None and result.device_id in there:
                profiles.learn(result.device_id, result.learnt)
        changes = values.apply(latest, edges.revived, _read_back) + values.mark_stale(edges.fell)
        tell(changes, edges.links)


def sweep_silent(now: datetime | None = None) -> None:
    """Marks as stale what nobody reads any more."""
    with transaction.atomic():
        outdate(link.fall_silent(now or timezone.now()))


def store_found(found: Sequence[Found]) -> None:
    """What becomes of devices that searches heard of, each as a whole or not at all."""
    known = Scan.objects.select_related("network").in_bulk({one.scan_id for one in found})
    described: Counter[int] = Counter()
    same: Counter[int] = Counter()
    try:
        for one in found:
            scan = known.get(one.scan_id)
            if scan is not None:  # its network was not deleted meanwhile
                with acting(BY_FIELD):
                    same[scan.pk] += taking.take(scan, one.device)
                described[scan.pk] += 1
    finally:
        for scan_id, count in described.items():
            scans.count_described(scan_id, count, same[scan_id])


def store_connected(connected: Connected) -> None:
    """The device with its points, as a whole or not at all."""
    found = connected.device
    if found is None:
        connecting.refuse(connected.job_id, connected.problem)
        return
    try:
        with transaction.atomic():
            device = connecting.accept(connected.job_id, found.info)
            if device is not None:
                taking.store(device, points.compare(device, found.points), found)
    except IntegrityError:  # in this very moment
        connecting.refuse(connected.job_id, "Somebody else has added or changed it meanwhile.")
        return
    if device is not None and found.problem:
        log.warning("%s: not all of it could be read: %s", device, found.problem)
        discovery.postpone(connected.network_id, discovery.SOON)


def store_discovery_end(scan_id: int, problem: str) -> None:
    scan = Scan.objects.select_related("network").filter(pk=scan_id).first()
    if scan is not None:
        with acting(BY_FIELD):
            taking.conclude(scan, problem, timezone.now())


def store_network_problem(network_id: int, problem: str) -> None:
    Network.objects.filter(pk=network_id).update(problem=problem[:200])
