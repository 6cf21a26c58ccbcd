"""Simulated devices as a BACnet client sees them: real processes, real datagrams."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from bacpypes3.apdu import AbortPDU, AbortReason, Error, ErrorRejectAbortNack, RejectPDU
from bacpypes3.app import Application
from bacpypes3.basetypes import PropertyIdentifier
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import Null, ObjectIdentifier
from bacpypes3.vendor import get_vendor_info

from protocols.simulator.demo import demo_building
from protocols.simulator.flat import flat_device
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import DeviceSpec, Protocol
from tests.ports import any_port

AIR_HANDLER, FLOOR_1, FLOOR_2, BOILER_HOUSE, WEATHER_STATION = 237201, 237544, 237560, 237330, 80001
DEMO_INSTANCES = {AIR_HANDLER, FLOOR_1, FLOOR_2, BOILER_HOUSE, WEATHER_STATION}
SLOW, PLAIN = 101, 102
REPLY_DELAY = 0.5
DEADLINE = 20.0


@pytest.fixture(scope="module")
def building() -> Iterator[SimulatedBuilding]:
    port = any_port()
    specs = (
        *(spec for spec in demo_building(port=port) if spec.protocol is Protocol.BACNET),
        flat_device("Slow", SLOW, "127.0.0.21", port, points=8, reply_delay=REPLY_DELAY),
        flat_device("Plain", PLAIN, "127.0.0.22", port, points=8, supports_rpm=False),
    )
    with SimulatedBuilding(specs) as started:
        yield started


class Client:
    """Reads and writes by label."""

    def __init__(self, application: Application, building: SimulatedBuilding) -> None:
        self.application = application
        self.building = building

    def address(self, instance: int) -> Address:
        return Address(self.building.specs[instance].place)

    async def read_many(
        self, instance: int, wanted: dict[str, list[str]]
    ) -> dict[tuple[str, str], Any]:
        """The properties of objects ("analog-input,1"), by object and property."""
        parameters: list[Any] = []
        for target, properties in wanted.items():
            parameters += [ObjectIdentifier(target), properties]
        results = await self.application.read_property_multiple(
            self.address(instance), parameters, vendor_info=get_vendor_info(0)
        )
        return {(str(target), str(name)): value for target, name, _index, value in results}

    async def present_values(self, instance: int) -> dict[str, float]:
        identifiers = object_identifiers(self.building.specs[instance])
        values: dict[str, float] = {}
        for start in range(0, len(identifiers), 20):
            some = dict(list(identifiers.items())[start : start + 20])
            read = await self.read_many(instance, {one: ["present-value"] for one in some.values()})
            values |= {label: float(read[one, "present-value"]) for label, one in some.items()}
        return values

    async def read(self, instance: int, target: str, name: str) -> Any:
        return await self.application.read_property(
            self.address(instance), ObjectIdentifier(target), name
        )

    async def write(
        self, instance: int, label: str, value: float | None, priority: int | None = 8
    ) -> None:
        target = object_identifiers(self.building.specs[instance])[label]
        answer = await self.application.write_property(
            self.address(instance),
            ObjectIdentifier(target),
            "present-value",
            Null(()) if value is None else value,
            priority=priority,
        )
        if answer is not None:
            raise answer

    async def until(
        self, instance: int, condition: Callable[[dict[str, float]], bool]
    ) -> dict[str, float]:
        """The present values as soon as the condition holds."""
        deadline = time.monotonic() + DEADLINE
        while time.monotonic() < deadline:
            values = await self.present_values(instance)
            if condition(values):
                return values
            await asyncio.sleep(0.3)
        raise AssertionError(values)


def object_identifiers(spec: DeviceSpec) -> dict[str, str]:
    """The object of each label: each type counts from 1."""
    found: dict[str, str] = {}
    for place, point in enumerate(spec.points):
        earlier = sum(other.type is point.type for other in spec.points[:place])
        found[point.label] = f"{point.type},{earlier + 1}"
    return found


@pytest.fixture
async def client(building: SimulatedBuilding) -> AsyncIterator[Client]:
    device = DeviceObject(
        objectIdentifier=("device", 4194000),
        objectName="client",
        vendorIdentifier=999,
        apduTimeout=3000,
        numberOfApduRetries=1,
        maxApduLengthAccepted=1476,
        segmentationSupported="segmented-both",
    )
    # Its port must not be the simulators': bacpypes3 takes all of loopback on its port for itself.
    port = NetworkPortObject(
        f"127.0.0.1/8:{any_port()}", objectIdentifier=("network-port", 1), objectName="port"
    )
    application = Application.from_object_list([device, port])
    yield Client(application, building)
    application.close()
    await asyncio.sleep(0)  # lets the transports close


async def test_every_device_answers_who_is(client: Client) -> None:
    port = client.building.specs[AIR_HANDLER].port
    application = client.application
    wildcard = Address(f"127.255.255.255:{port}")
    heard: dict[int, Any] = {}
    original = application.do_IAmRequest

    async def hear(apdu: Any) -> None:
        heard[apdu.iAmDeviceIdentifier[1]] = apdu
        await original(apdu)

    application.do_IAmRequest = hear
    deadline = time.monotonic() + DEADLINE
    while set(heard) != {*DEMO_INSTANCES, SLOW, PLAIN} and time.monotonic() < deadline:
        application.who_is(address=wildcard, timeout=0.1)
        await asyncio.sleep(0.3)
    assert set(heard) == {*DEMO_INSTANCES, SLOW, PLAIN}
    panel, station = heard[AIR_HANDLER], heard[WEATHER_STATION]
    assert (panel.vendorID, panel.maxAPDULengthAccepted) == (148, 600)
    assert str(panel.segmentationSupported) == "no-segmentation"
    assert (station.vendorID, station.maxAPDULengthAccepted) == (999, 1476)
    assert str(station.segmentationSupported) == "segmented-both"
    assert str(panel.pduSource) == client.building.specs[AIR_HANDLER].place


@pytest.mark.parametrize("instance", sorted(DEMO_INSTANCES))
async def test_device_says_who_it_is(client: Client, instance: int) -> None:
    spec = client.building.specs[instance]
    target = f"device,{instance}"
    names = ["object-name", "vendor-name", "model-name", "firmware-revision", "description"]
    read = await client.read_many(instance, {target: names})
    assert [read[target, name] for name in names] == [
        spec.name,
        spec.vendor_name,
        spec.model_name,
        spec.firmware,
        spec.description,
    ]
    listed = {str(one) for one in await client.read(instance, target, "object-list")}
    assert listed == {target, "network-port,1", *object_identifiers(spec).values()}


@pytest.mark.parametrize("instance", sorted(DEMO_INSTANCES))
async def test_points_describe_themselves(client: Client, instance: int) -> None:
    spec = client.building.specs[instance]
    for point in spec.points:
        target = object_identifiers(spec)[point.label]
        kind = "analog" if point.type.is_analog else "binary" if point.type.is_binary else "multi"
        texts = {
            "analog": ["units"],
            "binary": ["inactive-text", "active-text"],
            "multi": ["number-of-states", "state-text"],
        }[kind]
        common = ["object-name", "description", "status-flags", "event-state", "reliability"]
        read = await client.read_many(instance, {target: [*common, "out-of-service", *texts]})
        values = [read[target, name] for name in (*common, "out-of-service", *texts)]
        assert not any(isinstance(value, Error) or hasattr(value, "errorCode") for value in values)
        assert values[:2] == [point.label, point.description]
        assert list(values[2]) == [0, 0, 0, 0]
        assert [str(value) for value in values[3:5]] == ["normal", "no-fault-detected"]
        expected = {
            "analog": [point.units],
            "binary": list(point.states),
            "multi": [str(len(point.states)), str(list(point.states))],
        }[kind]
        assert [str(value) for value in values[6:]] == expected


async def test_every_analog_input_moves(client: Client) -> None:
    for instance in DEMO_INSTANCES:
        spec = client.building.specs[instance]
        inputs = {point.label for point in spec.points if point.type.value == "analog-input"}
        before = await client.present_values(instance)
        await client.until(
            instance,
            lambda now, old=before, these=inputs: all(now[one] != old[one] for one in these),
        )


async def test_flat_device_moves_as_a_whole(client: Client) -> None:
    before = await client.present_values(SLOW)
    await client.until(SLOW, lambda now: all(now[label] != before[label] for label in before))


async def test_priority_write_is_obeyed_until_relinquished(client: Client) -> None:
    values = await client.until(BOILER_HOUSE, lambda now: now["P1-STAT"] == 1)
    assert values["P1-CMD"] == 1
    await client.write(BOILER_HOUSE, "P1-CMD", 0)
    values = await client.until(BOILER_HOUSE, lambda now: now["P1-STAT"] == 0)
    assert values["P1-CMD"] == 0
    target = object_identifiers(client.building.specs[BOILER_HOUSE])["P1-CMD"]
    commanded = await client.read(BOILER_HOUSE, target, "priority-array")
    assert int(commanded[7].enumerated) == 0
    assert int(commanded[15].enumerated) == 1  # what the program would like
    await client.write(BOILER_HOUSE, "P1-CMD", None)
    await client.until(BOILER_HOUSE, lambda now: now["P1-STAT"] == 1 == now["P1-CMD"])


async def test_setpoint_written_by_an_operator_reaches_the_program(client: Client) -> None:
    await client.write(FLOOR_1, "F1-MODE", 3, priority=None)  # night
    await client.write(FLOOR_1, "Z101-SPN", 12.5)
    await client.until(FLOOR_1, lambda now: now["Z101-SPE"] == 12.5)
    await client.write(FLOOR_1, "Z101-SPN", None)
    await client.until(FLOOR_1, lambda now: now["Z101-SPE"] == 17 == now["Z102-SPE"])


async def test_commandable_states_can_be_written(client: Client) -> None:
    await client.write(FLOOR_2, "F2-OCC", 1)
    await client.write(FLOOR_2, "F2-MODE", 4)
    values = await client.until(FLOOR_2, lambda now: now["Z201-SPE"] == 8)
    assert (values["F2-OCC"], values["F2-MODE"]) == (1, 4)
    await client.write(FLOOR_2, "F2-OCC", None)
    await client.write(FLOOR_2, "F2-MODE", None)
    await client.until(FLOOR_2, lambda now: now["F2-MODE"] == 1)


@pytest.mark.parametrize(
    ("instance", "label", "value", "code"),
    [
        (AIR_HANDLER, "OA-DMP", 101, "value-out-of-range"),
        (AIR_HANDLER, "AHU-MODE", 4, "value-out-of-range"),
        (AIR_HANDLER, "AHU-MODE", 0, "value-out-of-range"),
        (AIR_HANDLER, "SA-T", 20, "write-access-denied"),
        (AIR_HANDLER, "SF-STAT", 1, "write-access-denied"),
    ],
)
async def test_write_that_makes_no_sense_is_refused(
    client: Client, instance: int, label: str, value: float, code: str
) -> None:
    with pytest.raises(ErrorRejectAbortNack) as refusal:
        await client.write(instance, label, value)
    assert str(refusal.value.errorCode) == code


async def test_input_out_of_service_keeps_what_is_written(client: Client) -> None:
    spec = client.building.specs[WEATHER_STATION]
    target = ObjectIdentifier(object_identifiers(spec)["BARO"])
    address = client.address(WEATHER_STATION)
    write = client.application.write_property
    assert await write(address, target, "out-of-service", True) is None
    await client.write(WEATHER_STATION, "BARO", 900, priority=None)
    await asyncio.sleep(1.5)  # longer than the model's step
    assert (await client.present_values(WEATHER_STATION))["BARO"] == 900
    flags = await client.read(WEATHER_STATION, str(target), "status-flags")
    assert list(flags) == [0, 0, 0, 1]
    assert await write(address, target, "out-of-service", False) is None
    await client.until(WEATHER_STATION, lambda now: now["BARO"] > 950)


def everything(spec: DeviceSpec) -> dict[str, list[str]]:
    names = ["present-value", "object-name", "description", "status-flags", "event-state"]
    return dict.fromkeys(object_identifiers(spec).values(), names)


async def test_panel_aborts_a_reply_that_is_too_long_for_it(client: Client) -> None:
    with pytest.raises(AbortPDU) as refusal:
        await client.read_many(AIR_HANDLER, everything(client.building.specs[AIR_HANDLER]))
    assert refusal.value.apduAbortRejectReason == AbortReason.segmentationNotSupported


async def test_panel_sends_a_reply_up_to_its_length(client: Client) -> None:
    wanted = everything(client.building.specs[AIR_HANDLER])
    some = dict(list(wanted.items())[:6])
    assert len(await client.read_many(AIR_HANDLER, some)) == 30


async def test_panel_does_not_hear_a_request_that_is_too_long(client: Client) -> None:
    client.application.device_object.apduTimeout = 300
    client.application.device_object.numberOfApduRetries = 0
    # Above the 600 octets of the panel, below the 1024 that the client takes it for.
    names = ["present-value", "object-name", "description", "status-flags", "event-state"]
    parameters: list[Any] = [ObjectIdentifier("analog-input,1"), names * 60]
    with pytest.raises(AbortPDU) as silence:
        await client.application.read_property_multiple(
            client.address(AIR_HANDLER), parameters, vendor_info=get_vendor_info(0)
        )
    assert silence.value.apduAbortRejectReason == AbortReason.noResponse


async def test_segmenting_device_sends_a_long_reply(client: Client) -> None:
    spec = client.building.specs[WEATHER_STATION]
    wanted = {target: names * 4 for target, names in everything(spec).items()}
    parameters: list[Any] = []
    for target, names in wanted.items():
        parameters += [ObjectIdentifier(target), names]
    results = await client.application.read_property_multiple(
        client.address(WEATHER_STATION), parameters, vendor_info=get_vendor_info(0)
    )
    assert len(results) == len(spec.points) * 20


async def test_slow_device_answers_after_its_delay(client: Client) -> None:
    began = time.monotonic()
    name = await client.read(SLOW, f"device,{SLOW}", "object-name")
    assert name == "Slow"
    assert time.monotonic() - began >= REPLY_DELAY


async def test_device_without_rpm_rejects_it_and_says_so(client: Client) -> None:
    with pytest.raises(RejectPDU) as refusal:
        await client.read_many(PLAIN, {"analog-input,1": ["present-value"]})
    assert str(refusal.value.apduAbortRejectReason) == "unrecognized-service"
    assert 0 <= float(await client.read(PLAIN, "analog-input,1", "present-value")) <= 100
    for instance, expected in ((PLAIN, 0), (AIR_HANDLER, 1)):
        services = await client.read(
            instance, f"device,{instance}", str(PropertyIdentifier.protocolServicesSupported)
        )
        assert services[services.readPropertyMultiple] == expected
