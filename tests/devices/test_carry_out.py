"""Carrying out: one write, the proof by reading back, and an honest word where there is none."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from typing import Any

import pytest

from devices.enums import CommandState
from devices.runtime import FieldRuntime, Look, Order, Outcome
from protocols.errors import ProtocolError, Refused, Timeout, Unreachable
from protocols.types import Endpoint, Held, PointAddress, PointInfo, PointKind, PointWrite, Quality
from tests.devices.test_runtime import NETWORK, FieldDriver, Store, add, store, wait_for
from tests.fake_driver import FakeDevice

__all__ = ["store"]

OUTPUT = PointAddress("analog-output", 1)


@pytest.fixture
def runtime(store: Store) -> Iterator[FieldRuntime]:
    field = FieldRuntime(store.hooks())
    field.start()
    yield field
    field.stop()


@pytest.fixture
def device(store: Store) -> FakeDevice:
    made = add(store, 1)
    made.points[OUTPUT] = PointInfo(OUTPUT, PointKind.OUTPUT, "OUT1", writable=True)
    made.values[OUTPUT] = 10.0
    return made


@pytest.fixture
def command(store: Store, runtime: FieldRuntime, device: FakeDevice) -> Callable[..., Outcome]:
    """Carries one command out; returns how it ended."""

    def run(value: float | None = 55.0, **changes: Any) -> Outcome:
        fields: dict[str, Any] = {
            "command_id": 7,
            "device_id": 1,
            "network": NETWORK,
            "endpoint": device.info.endpoint,
            "point": OUTPUT,
            "value": value,
            "priority": 8,
            "only_read_back": False,
        }
        store.orders[7] = Order(**{**fields, **changes})
        runtime.command([7])
        wait_for(lambda: store.outcomes)
        return store.outcomes.pop()

    return run


def test_a_write_is_proved_by_its_slot(command: Callable[..., Outcome], device: FakeDevice) -> None:
    outcome = command(55.0)
    assert (outcome.state, outcome.message) == (CommandState.CONFIRMED, "")
    assert outcome.reading is not None
    assert outcome.reading.value == 55.0
    assert device.writes == [(OUTPUT, 55.0, 8)]


def test_commands_to_one_point_are_proved_one_after_the_other(
    store: Store, runtime: FieldRuntime, device: FakeDevice
) -> None:
    device.delay = 0.01
    for number in range(10):
        store.orders[number] = Order(
            number, 1, NETWORK, device.info.endpoint, OUTPUT, float(number % 2), 8, False
        )
    for number in range(10):
        runtime.command([number])
    wait_for(lambda: len(store.outcomes) == 10)
    assert {outcome.state for outcome in store.outcomes} == {CommandState.CONFIRMED}


def test_a_weaker_write_is_confirmed_and_told_who_has_the_point(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.overrides[OUTPUT] = {3: 0.0}
    outcome = command(55.0)
    assert outcome.state == CommandState.CONFIRMED
    assert outcome.message == "priority 3 has the point"
    assert outcome.reading is not None
    assert outcome.reading.value == 0.0


def test_a_release_is_proved_by_its_empty_slot(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.overrides[OUTPUT] = {8: 55.0}
    assert command(None).state == CommandState.CONFIRMED
    assert device.overrides[OUTPUT] == {}


def test_a_slot_that_cannot_be_read_proves_no_release(
    command: Callable[..., Outcome], device: FakeDevice, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def read_held(self: FieldDriver, endpoint: Endpoint, point: PointAddress) -> Held:
        (reading,) = await self.read(endpoint, [point])
        return Held(reading, {8: float("nan")})

    monkeypatch.setattr(FieldDriver, "read_held", read_held)
    assert command(None).state == CommandState.UNKNOWN


def test_a_stronger_slot_that_cannot_be_read_is_not_said_to_have_the_point(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.overrides[OUTPUT] = {3: float("nan")}
    outcome = command(55.0)
    assert (outcome.state, outcome.message) == (CommandState.CONFIRMED, "")


def test_a_refusal_is_the_devices_word(command: Callable[..., Outcome], device: FakeDevice) -> None:
    device.refuses = "value-out-of-range"
    outcome = command(500.0)
    assert (outcome.state, outcome.message) == (CommandState.REFUSED, "value-out-of-range")
    assert device.writes == []


def test_a_lost_reply_is_settled_by_reading_back_and_not_sent_twice(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.loses_replies = True
    assert command(55.0).state == CommandState.CONFIRMED
    assert len(device.writes) == 1


def test_what_the_device_does_not_hold_is_unknown(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.forgets = True
    outcome = command(55.0)
    assert outcome.state == CommandState.UNKNOWN
    assert outcome.message == "the device accepted it; it holds 10 now"


def test_a_silent_device_leaves_it_unknown(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.silent = True
    outcome = command(55.0)
    assert outcome.state == CommandState.UNKNOWN
    assert "no answer" in outcome.message
    assert device.writes == []


def test_a_network_that_cannot_be_opened_sends_nothing(
    command: Callable[..., Outcome], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FieldDriver, "refuses", True)
    outcome = command(55.0)
    assert outcome.state == CommandState.REFUSED
    assert outcome.message == "not sent: UDP port 47810 cannot be opened"


@pytest.mark.parametrize(("held", "state"), [(55.0, "confirmed"), (10.0, "unknown")])
def test_what_somebody_else_sent_is_only_read_back(
    command: Callable[..., Outcome], device: FakeDevice, held: float, state: str
) -> None:
    device.overrides[OUTPUT] = {8: held}
    outcome = command(55.0, only_read_back=True)
    assert outcome.state == state
    assert device.writes == []


def test_a_command_does_not_wait_for_a_poll_of_the_network(
    command: Callable[..., Outcome], store: Store, runtime: FieldRuntime
) -> None:
    slow = [add(store, number, delay=30.0) for number in range(2, 100)]
    runtime.poll(range(2, 2 + len(slow)))
    assert command(55.0).state == CommandState.CONFIRMED
    assert not store.polls.get(2)


def test_a_network_of_another_is_not_commanded(
    store: Store, runtime: FieldRuntime, device: FakeDevice
) -> None:
    store.held = False
    order = Order(7, 1, NETWORK, Endpoint("127.0.0.1:47809", 1), OUTPUT, 1.0, 8, False)
    store.orders[7] = order
    runtime.command([7])
    assert store.orders == {7: order}


def check_and_wait(store: Store, runtime: FieldRuntime, device: FakeDevice) -> None:
    """Until what the check found is stored: another command to the point has its turn behind it,
    and polls are written behind what was found."""
    store.orders[8] = replace(store.orders[7], command_id=8)
    runtime.check_overrides([7])
    runtime.command([8])
    wait_for(lambda: store.outcomes)
    for count in (1, 2):
        runtime.poll([1])
        wait_for(lambda count=count: len(store.polls.get(1, [])) == count)


@pytest.mark.parametrize(
    ("slots", "ended"),
    [({8: 55.0}, []), ({}, [7]), ({8: 10.0}, [7]), ({8: float("nan")}, []), ({3: 1.0}, [7])],
)
def test_what_the_device_holds_no_more_is_told(
    store: Store,
    runtime: FieldRuntime,
    device: FakeDevice,
    slots: dict[int, float],
    ended: list[int],
) -> None:
    device.overrides[OUTPUT] = dict(slots)
    store.orders[7] = Order(7, 1, NETWORK, device.info.endpoint, OUTPUT, 55.0, 8, True)
    check_and_wait(store, runtime, device)
    assert store.hold_ends == ended
    assert device.writes == []


def test_a_silent_device_does_not_say_that_it_holds_no_more(
    store: Store, runtime: FieldRuntime, device: FakeDevice
) -> None:
    device.silent = True
    store.orders[7] = Order(7, 1, NETWORK, device.info.endpoint, OUTPUT, 55.0, 8, True)
    check_and_wait(store, runtime, device)
    assert store.hold_ends == []


def order(device: FakeDevice, command_id: int, point: PointAddress, **changes: Any) -> Order:
    fields: dict[str, Any] = {"value": 55.0, "priority": 8, "only_read_back": False, **changes}
    return Order(command_id, 1, NETWORK, device.info.endpoint, point, **fields)


@pytest.fixture
def outputs(device: FakeDevice) -> list[PointAddress]:
    """More of them."""
    made = [PointAddress("analog-output", number) for number in range(1, 5)]
    for point in made:
        device.points[point] = PointInfo(point, PointKind.OUTPUT, str(point), writable=True)
        device.values[point] = 10.0
    return made


def all_at_once(store: Store, runtime: FieldRuntime, *orders: Order) -> dict[int, Outcome]:
    """In one message."""
    store.orders.update({one.command_id: one for one in orders})
    runtime.command([one.command_id for one in orders])
    wait_for(lambda: len(store.outcomes) == len(orders))
    return {one.command_id: one for one in store.outcomes}


def test_commands_of_one_message_to_a_device_go_out_together(
    store: Store,
    runtime: FieldRuntime,
    device: FakeDevice,
    outputs: list[PointAddress],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    calls: list[list[PointWrite]] = []

    async def write_many(
        self: FieldDriver, endpoint: Endpoint, writes: Sequence[PointWrite]
    ) -> list[ProtocolError | None]:
        calls.append(list(writes))
        for write in writes[:2]:
            await self.write(endpoint, write.point, write.value, priority=write.priority)
        return [None, Timeout("no answer"), Refused("value-out-of-range"), Unreachable("not sent")]

    monkeypatch.setattr(FieldDriver, "write_many", write_many, raising=False)
    orders = [order(device, number, point) for number, point in enumerate(outputs)]
    ended = all_at_once(store, runtime, *orders)
    assert calls == [[PointWrite(point, 55.0, 8) for point in outputs]]
    assert [ended[number].state for number in range(4)] == [
        CommandState.CONFIRMED,
        CommandState.CONFIRMED,  # read back: it had acted
        CommandState.REFUSED,
        CommandState.REFUSED,
    ]
    assert ended[2].message == "value-out-of-range"


def test_each_of_several_commands_has_its_own_end(
    store: Store, runtime: FieldRuntime, device: FakeDevice, outputs: list[PointAddress]
) -> None:
    missing = PointAddress("analog-output", 99)
    ended = all_at_once(
        store,
        runtime,
        order(device, 1, outputs[0]),
        order(device, 2, missing),
        order(device, 3, outputs[1], only_read_back=True),
        order(device, 4, outputs[2], value=None),
    )
    assert [ended[number].state for number in (1, 2, 3, 4)] == [
        CommandState.CONFIRMED,
        CommandState.REFUSED,
        CommandState.UNKNOWN,
        CommandState.CONFIRMED,
    ]
    assert device.writes == [(outputs[0], 55.0, 8), (outputs[2], None, 8)]


def test_commands_to_a_point_in_one_message_stay_in_their_order(
    store: Store, runtime: FieldRuntime, device: FakeDevice, outputs: list[PointAddress]
) -> None:
    device.delay = 0.01
    orders = [
        order(device, number, point, value=float(number))
        for number, point in enumerate([*outputs, *outputs, *outputs])
    ]
    ended = all_at_once(store, runtime, *orders)
    assert {outcome.state for outcome in ended.values()} == {CommandState.CONFIRMED}
    assert [device.overrides[point][8] for point in outputs] == [8.0, 9.0, 10.0, 11.0]


@pytest.mark.parametrize("out", [True, False])
def test_a_switch_of_service_is_proved_by_reading_it_back(
    command: Callable[..., Outcome], device: FakeDevice, out: bool
) -> None:
    device.out_of_service = set() if out else {OUTPUT}
    outcome = command(None, priority=None, out=out)
    assert (outcome.state, outcome.message) == (CommandState.CONFIRMED, "")
    assert device.switches == [(OUTPUT, out)]
    assert outcome.reading is not None
    assert outcome.reading.quality == (Quality.OUT_OF_SERVICE if out else Quality.GOOD)


def test_a_switch_that_the_device_forgets_is_unknown(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.forgets = True
    outcome = command(None, priority=None, out=True)
    assert outcome.state == CommandState.UNKNOWN
    assert outcome.message == "the device accepted it; it is in service now"


def test_a_lost_reply_to_a_switch_is_settled_by_reading_back(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.loses_replies = True
    assert command(None, priority=None, out=True).state == CommandState.CONFIRMED
    assert len(device.switches) == 1


def test_a_driver_that_cannot_switch_refuses_it(command: Callable[..., Outcome]) -> None:
    network = replace(NETWORK, network_id=2, protocol="modbus")
    outcome = command(None, priority=None, out=True, network=network)
    assert outcome.state == CommandState.REFUSED
    assert "SwitchesService" in outcome.message


def test_what_was_held_comes_with_the_proof(
    command: Callable[..., Outcome], device: FakeDevice
) -> None:
    device.overrides[OUTPUT] = {3: 1.0}
    outcome = command(55.0)
    assert outcome.held is not None
    assert (outcome.held.slots, outcome.held.relinquish_default) == ({3: 1.0, 8: 55.0}, 10.0)


def test_priorities_are_read_when_somebody_asks(
    store: Store, runtime: FieldRuntime, device: FakeDevice
) -> None:
    device.overrides[OUTPUT] = {5: 7.0}
    store.looks[3] = Look(1, NETWORK, device.info.endpoint, OUTPUT)
    runtime.read_priorities([3])
    wait_for(lambda: store.held_reads)
    ((device_id, held),) = store.held_reads
    assert (device_id, held.slots) == (1, {5: 7.0})
    assert device.writes == []


def test_a_network_of_another_is_not_looked_at(
    store: Store, runtime: FieldRuntime, device: FakeDevice, command: Callable[..., Outcome]
) -> None:
    store.looks[3] = Look(1, NETWORK, device.info.endpoint, OUTPUT)
    store.held = False
    runtime.read_priorities([3])
    store.held = True
    assert command(55.0).state == CommandState.CONFIRMED
    assert store.held_reads == []
