"""The runtime: devices side by side, nothing lost when storing fails, a quick end."""

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest
from django.db import InterfaceError, OperationalError

from devices.domain.link import PollResult
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
    networks,
)
from devices.runtime import runtime as runtime_module
from protocols.errors import Timeout, Unreachable
from protocols.registry import DRIVERS
from protocols.scanning import ScanStep, Search, StepKind
from protocols.types import (
    DeviceInfo,
    Endpoint,
    Held,
    NetworkSettings,
    PointAddress,
    PointInfo,
    PointKind,
    Profile,
    Quality,
)
from tests.fake_driver import FakeDevice, FakeDriver

POINT = PointAddress("analog-input", 1)
NETWORK = NetworkPlan(1, "Plant", "fake", NetworkSettings("127.0.0.1/8", 47810, timeout=0.2))
PATIENCE = 10.0


class FieldDriver(FakeDriver):
    """All drivers of a test see the same devices."""

    field: dict[str, FakeDevice] = {}
    opened: list[NetworkSettings] = []
    closed: list[NetworkSettings] = []
    refuses = False

    async def connect(self) -> None:
        if self.refuses:
            raise Unreachable("UDP port 47810 cannot be opened")
        self.devices = self.field
        self.opened.append(self.settings)
        await super().connect()

    async def disconnect(self) -> None:
        self.closed.append(self.settings)
        await super().disconnect()


class Store:
    """The hooks, remembering what they are given."""

    def __init__(self) -> None:
        self.polls: dict[int, list[PollResult]] = {}
        self.found: list[Found] = []
        self.scan: ScanPlan | None = ScanPlan(7)
        self.steps: list[tuple[int, ScanStep]] = []
        self.ended: list[tuple[int, str]] = []
        self.problems: list[tuple[int, str]] = []
        self.postponed: list[int] = []
        self.released: list[int] = []
        self.plans: dict[int, DevicePlan] = {}
        self.orders: dict[int, Order] = {}
        self.outcomes: list[Outcome] = []
        self.passed_on: list[int] = []
        self.hold_ends: list[int] = []
        self.looks: dict[int, Look] = {}
        self.held_reads: list[tuple[int, Held]] = []
        self.connections: dict[int, ConnectPlan] = {}
        self.begun_elsewhere: set[int] = set()
        self.connected: list[Connected] = []
        self.network = NETWORK
        self.held = True
        self.down = threading.Event()
        self.poison: set[int] = set()
        self.begin: Callable[[int], None] = lambda _: None
        self.hold_end = threading.Event()
        self.hold_end.set()

    def store_polls(self, results: Sequence[PollResult]) -> None:
        if self.down.is_set():
            raise OperationalError("database is locked")
        if self.poison & {result.device_id for result in results}:
            raise ValueError("a row that cannot be stored")
        for result in results:
            self.polls.setdefault(result.device_id, []).append(result)

    def begin_scan(self, network_id: int) -> ScanPlan | None:
        self.begin(network_id)
        return self.scan

    def store_end(self, scan_id: int, problem: str) -> None:
        self.ended.append((scan_id, problem))
        assert self.hold_end.wait(PATIENCE)

    def hooks(self) -> Hooks:
        return Hooks(
            plan_devices=lambda ids: [self.plans[one] for one in ids if one in self.plans],
            plan_network=lambda _: self.network,
            plan_connections=lambda ids: [self.connections[one] for one in ids],
            begin_connections=lambda ids: set(ids) - self.begun_elsewhere,
            hold_network=lambda _: self.held,
            lost_networks=lambda: [] if self.held else [1],
            postpone_discovery=self.postponed.append,
            begin_scan=self.begin_scan,
            release=self.released.extend,
            networks_of_commands=lambda ids: {one: 1 for one in ids if one in self.orders},
            claim_commands=lambda ids: [self.orders.pop(one) for one in ids],
            pass_on_commands=self.passed_on.extend,
            plan_checks=lambda ids: [self.orders[one] for one in ids],
            plan_looks=lambda ids: [self.looks[one] for one in ids],
            store_held=lambda device_id, held: self.held_reads.append((device_id, held)),
            store_outcome=self.outcomes.append,
            store_hold_end=self.hold_ends.append,
            store_polls=self.store_polls,
            store_found=self.found.extend,
            store_connected=self.connected.append,
            store_steps=self.steps.extend,
            store_discovery_end=self.store_end,
            store_network_problem=lambda *problem: self.problems.append(problem),
            close_connections=lambda: None,
        )


@pytest.fixture
def store(monkeypatch: pytest.MonkeyPatch) -> Store:
    monkeypatch.setitem(DRIVERS, "fake", f"{__name__}.FieldDriver")
    monkeypatch.setattr(FieldDriver, "field", {})
    monkeypatch.setattr(FieldDriver, "opened", [])
    monkeypatch.setattr(FieldDriver, "closed", [])
    return Store()


@pytest.fixture
def runtime(store: Store) -> Iterator[FieldRuntime]:
    field = FieldRuntime(store.hooks())
    field.start()
    yield field
    field.stop()


def add(store: Store, device_id: int, *, deadline: float = 5.0, **ways: Any) -> FakeDevice:
    endpoint = Endpoint(f"127.0.0.{device_id}:47809", device_id)
    info = DeviceInfo(endpoint, vendor_id=148, name=f"Device {device_id}")
    point = PointInfo(POINT, PointKind.INPUT, "IN1")
    device = FakeDevice(info, {POINT: point}, {POINT: 21.5}, **ways)
    FieldDriver.field[endpoint.address] = device
    store.plans[device_id] = DevicePlan(device_id, NETWORK, endpoint, [POINT], deadline)
    return device


def wait_for(condition: Callable[[], Any]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, "it did not happen"
        time.sleep(0.01)


def test_a_poll_reads_every_device(store: Store, runtime: FieldRuntime) -> None:
    for device_id in (1, 2, 3):
        add(store, device_id)
    runtime.poll([1, 2, 3])
    wait_for(lambda: len(store.polls) == 3)
    (result,) = store.polls[2]
    assert result.error is None
    assert [(one.value, one.quality) for one in result.readings] == [(21.5, Quality.GOOD)]
    assert len(FieldDriver.opened) == 1


def test_a_slow_device_holds_nobody_up(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1, delay=PATIENCE * 2)
    add(store, 2)
    runtime.poll([1])
    runtime.poll([2])
    wait_for(lambda: 2 in store.polls)
    assert 1 not in store.polls


def test_a_device_over_its_deadline_fails_alone(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1, delay=PATIENCE * 2, deadline=0.1)
    runtime.poll([1])
    wait_for(lambda: 1 in store.polls)
    assert isinstance(store.polls[1][0].error, Timeout)


def test_a_silent_device_is_an_error_not_a_value(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1, silent=True)
    runtime.poll([1])
    wait_for(lambda: 1 in store.polls)
    result = store.polls[1][0]
    assert isinstance(result.error, Timeout)
    assert result.readings == ()


def test_what_is_not_ours_gives_its_claim_back(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1)
    store.held = False
    runtime.poll([1, 99])
    assert store.released == [1, 99]
    assert store.polls == {}


def test_losing_a_network_closes_it(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1)
    runtime.poll([1])
    wait_for(lambda: 1 in store.polls)
    store.held = False
    runtime.poll([1])
    store.held = True
    runtime.poll([1])
    wait_for(lambda: len(store.polls[1]) == 2)
    assert len(FieldDriver.opened) == 2


def test_a_network_that_cannot_be_opened_says_so_for_every_device(
    store: Store, runtime: FieldRuntime, monkeypatch: pytest.MonkeyPatch, caplog: Any
) -> None:
    monkeypatch.setattr(FieldDriver, "refuses", True)
    for device_id in (1, 2, 3):
        add(store, device_id)
    runtime.poll([1, 2, 3])
    wait_for(lambda: len(store.polls) == 3)
    assert {str(results[0].error) for results in store.polls.values()} == {
        "UDP port 47810 cannot be opened"
    }
    lines = [record for record in caplog.records if "cannot be opened" in record.getMessage()]
    assert len(lines) == 1


def test_an_outage_of_the_database_keeps_the_latest_of_each_device(
    store: Store, runtime: FieldRuntime
) -> None:
    device = add(store, 1)
    store.down.set()
    for value in (1.0, 2.0, 3.0):
        device.values[POINT] = value
        runtime.poll([1])
        time.sleep(0.2)
    store.down.clear()
    wait_for(lambda: 1 in store.polls)
    assert store.polls[1][-1].readings[0].value == 3.0


def test_a_row_that_cannot_be_stored_does_not_stop_the_others(
    store: Store, runtime: FieldRuntime
) -> None:
    for device_id in (1, 2):
        add(store, device_id)
    store.poison = {1}
    runtime.poll([1, 2])
    wait_for(lambda: 2 in store.polls)
    assert 1 not in store.polls


def test_discovery_yields_devices_and_its_end(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1)
    add(store, 2, silent=True)
    runtime.discover(1)
    wait_for(lambda: store.ended)
    assert [(one.scan_id, one.device.info.name) for one in store.found] == [(7, "Device 1")]
    assert [(scan_id, step.kind) for scan_id, step in store.steps] == [
        (7, StepKind.ASKED),
        (7, StepKind.HEARD),
        (7, StepKind.ENDED),
    ]
    assert store.ended == [(7, "")]


def test_a_search_asks_whom_it_is_to_ask(store: Store, runtime: FieldRuntime) -> None:
    for device_id in (1, 2, 3):
        add(store, device_id)
    store.scan = ScanPlan(7, Search(instances=range(2, 3)))
    runtime.discover(1)
    wait_for(lambda: store.ended)
    assert [one.device.info.name for one in store.found] == ["Device 2"]


def test_a_network_is_searched_once_at_a_time(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1)
    begun: list[int] = []
    store.begin = begun.append
    store.hold_end.clear()
    runtime.discover(1)
    wait_for(lambda: store.ended)
    runtime.discover(1)
    assert begun == [1]
    store.hold_end.set()
    wait_for(lambda: runtime.discover(1) or len(store.ended) == 2)


def test_what_cannot_begin_is_no_search(store: Store, runtime: FieldRuntime) -> None:
    begun: list[int] = []
    store.begin, store.scan = begun.append, None
    runtime.discover(1)
    runtime.discover(1)
    assert begun == [1, 1]
    assert FieldDriver.opened == []


def test_a_network_says_why_it_cannot_be_served_and_that_it_can_again(
    store: Store, runtime: FieldRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(networks, "REOPEN_SECONDS", 0.0)
    monkeypatch.setattr(FieldDriver, "refuses", True)
    runtime.discover(1)
    wait_for(lambda: store.ended)
    assert store.problems == [(1, "UDP port 47810 cannot be opened")]
    assert store.ended == [(7, "UDP port 47810 cannot be opened")]
    monkeypatch.setattr(FieldDriver, "refuses", False)
    wait_for(lambda: runtime.discover(1) or len(store.ended) == 2)
    assert store.problems[1:] == [(1, "")]


def test_a_discovery_on_a_network_of_another_is_put_off(
    store: Store, runtime: FieldRuntime
) -> None:
    store.held = False
    runtime.discover(1)
    assert store.postponed == [1]
    assert store.ended == []


def test_a_lease_that_is_lost_closes_the_network(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "KEEP_SECONDS", 0.05)
    field = FieldRuntime(store.hooks())
    field.start()
    add(store, 1)
    field.poll([1])
    wait_for(lambda: 1 in store.polls)
    store.held = False
    wait_for(lambda: FieldDriver.closed)
    field.stop()


def test_leases_are_kept_whatever_happened_to_the_connection(
    store: Store, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(runtime_module, "KEEP_SECONDS", 0.01)
    answers: list[Any] = [InterfaceError("connection already closed"), KeyError("a bug")]

    def lost_networks() -> Sequence[int]:
        if answers:
            raise answers.pop(0)
        return [1]

    field = FieldRuntime(replace(store.hooks(), lost_networks=lost_networks))
    field.start()
    add(store, 1)
    field.poll([1])
    wait_for(lambda: FieldDriver.opened and not answers)
    wait_for(lambda: FieldDriver.closed)
    field.stop()
    said = [one.getMessage() for one in caplog.records]
    assert "leases cannot be renewed: connection already closed" in said
    assert "a bug while keeping the networks" in said


def test_a_network_that_is_changed_is_opened_anew_though_nothing_is_polled(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(runtime_module, "KEEP_SECONDS", 0.05)
    field = FieldRuntime(store.hooks())
    field.start()
    add(store, 1)
    field.poll([1])
    wait_for(lambda: 1 in store.polls)
    elsewhere = replace(NETWORK.settings, port=47811)
    store.network = replace(NETWORK, settings=elsewhere)
    wait_for(lambda: FieldDriver.opened[-1] == elsewhere)
    assert FieldDriver.closed == [NETWORK.settings]
    field.stop()


def connect(store: Store, field: FieldRuntime, device_id: int, instance: int) -> Connected:
    endpoint = Endpoint(f"127.0.0.{device_id}:47809", instance)
    store.connections[device_id] = ConnectPlan(device_id, NETWORK, endpoint)
    field.connect([device_id])
    wait_for(lambda: store.connected)
    return store.connected.pop()


def test_a_device_is_asked_who_it_is(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1)
    answer = connect(store, runtime, 1, 1)
    assert answer.device is not None
    assert (answer.job_id, answer.problem, answer.device.info.name) == (1, "", "Device 1")
    assert [point.address for point in answer.device.points] == [POINT]


def test_who_is_another_or_silent_or_has_a_bug_ends_with_the_reason(
    store: Store, runtime: FieldRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, 1)
    add(store, 2, silent=True)
    add(store, 3, delay=PATIENCE * 2)
    monkeypatch.setattr(runtime_module, "CONNECT_SECONDS", 0.4)
    told = [connect(store, runtime, *asked) for asked in ((1, 7), (2, 2), (3, 3))]
    assert [one.device for one in told] == [None, None, None]
    assert [one.problem for one in told] == [
        "does not answer as this instance", "no answer", "not described within 0 s",
    ]  # fmt: skip
    monkeypatch.setattr(FieldDriver, "describe", None)
    assert connect(store, runtime, 1, 1).problem.startswith("internal error")


def test_a_device_of_another_process_is_not_asked(store: Store, runtime: FieldRuntime) -> None:
    add(store, 1)
    endpoint = Endpoint("127.0.0.1:47809", 1)
    store.connections = {1: ConnectPlan(1, NETWORK, endpoint), 2: ConnectPlan(2, NETWORK, endpoint)}
    store.begun_elsewhere = {2}
    runtime.connect([1, 2])
    wait_for(lambda: store.connected)
    store.held = False
    runtime.connect([1])
    runtime.poll([])
    assert [one.job_id for one in store.connected] == [1]


def test_stop_is_quick_with_work_in_flight_and_writes_what_was_read(store: Store) -> None:
    field = FieldRuntime(store.hooks())
    field.start()
    add(store, 1, delay=60, deadline=60)
    add(store, 2)
    field.poll([1, 2])
    time.sleep(0.2)
    began = time.monotonic()
    field.stop()
    assert time.monotonic() - began < 4
    assert 2 in store.polls
    field.poll([2])
    assert store.released == [2]


def test_a_task_that_comes_while_the_field_ends_is_let_go(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(store, 1)
    field = FieldRuntime(store.hooks())
    field.start()
    hooks = store.hooks()

    def plan_and_stop(ids: Sequence[int]) -> Sequence[DevicePlan]:
        field.stop()
        return hooks.plan_devices(ids)

    monkeypatch.setattr(field, "_hooks", replace(hooks, plan_devices=plan_and_stop))
    field.poll([1])
    assert store.polls == {}


class LearningDriver(FieldDriver):
    """It finds out that no device takes more than 206 octets."""

    recalled: list[tuple[Endpoint, Profile]] = []
    learnt = Profile(max_apdu=206)

    def profile(self, endpoint: Endpoint) -> Profile:
        return self.learnt

    def recall(self, endpoint: Endpoint, profile: Profile) -> None:
        self.recalled.append((endpoint, profile))


def test_what_was_learnt_is_recalled_and_what_is_new_is_stored(
    store: Store, runtime: FieldRuntime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(DRIVERS, "fake", f"{__name__}.LearningDriver")
    monkeypatch.setattr(LearningDriver, "recalled", [])
    add(store, 1)
    runtime.poll([1])
    wait_for(lambda: 1 in store.polls)
    assert store.polls[1][0].learnt == Profile(max_apdu=206)
    assert LearningDriver.recalled == []
    store.plans[1] = replace(store.plans[1], profile=Profile(max_apdu=206))
    runtime.poll([1])
    wait_for(lambda: len(store.polls[1]) == 2)
    assert store.polls[1][1].learnt is None
    assert LearningDriver.recalled == [(store.plans[1].endpoint, Profile(max_apdu=206))]
