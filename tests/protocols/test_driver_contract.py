"""The contract of a driver: every driver, on real traffic, and the tests' fake."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from protocols.driver import Driver, SwitchesService, Writes, require, write_many
from protocols.errors import BadPoint, CodecError, Timeout, Unreachable
from protocols.modbus.driver import ModbusDriver
from protocols.registry import DRIVERS, open_driver
from protocols.simulator.flat import flat_device
from protocols.simulator.spec import Protocol
from protocols.types import (
    MANUAL,
    DeviceInfo,
    Endpoint,
    NetworkSettings,
    PointAddress,
    PointInfo,
    PointKind,
    PointWrite,
    Quality,
)
from tests.fake_driver import FakeDevice, FakeDriver
from tests.searching import devices_found

NO_ANSWER = (Timeout, Unreachable)  # over TCP a machine can say that nobody is there
THINKS = 0.05  # seconds before an answer, of a slow device
POINTS = 12  # six inputs, three outputs, three variables
SPEAKS = {"bacnet": Protocol.BACNET, "modbus": Protocol.MODBUS}


@dataclass(frozen=True)
class Addresses:
    """How the protocol calls the first point of each kind, and one that is not there."""

    input: PointAddress
    output: PointAddress
    variable: PointAddress
    missing: PointAddress
    unfit: tuple[PointAddress, float]


BACNET = Addresses(
    PointAddress("analog-input", 1),
    PointAddress("analog-output", 1),
    PointAddress("analog-value", 1),
    PointAddress("analog-input", 999),
    (PointAddress("binary-value", 1), 0.5),
)
T3 = Addresses(
    PointAddress("input", 1),
    PointAddress("output", 1),
    PointAddress("variable", 1),
    PointAddress("input", 999),
    (PointAddress("variable", 1), 3_000_000.0),
)


@dataclass
class Field:
    """A driver with one device that answers and an address where nobody is."""

    driver: Driver
    endpoint: Endpoint
    nobody: Endpoint
    at: Addresses = BACNET
    model: str = "T3-FLAT"


def _fake(settings: NetworkSettings, reply_delay: float) -> Field:
    endpoint = Endpoint("127.0.0.31:47809", 31)
    points = [
        PointInfo(PointAddress(f"analog-{name}", number + 1), kind, f"{kind}{number}")
        for name, kind, count in (
            ("input", PointKind.INPUT, 6),
            ("output", PointKind.OUTPUT, 3),
            ("value", PointKind.VARIABLE, 3),
        )
        for number in range(count)
    ]
    driver = FakeDriver(settings)
    driver.devices[endpoint.address] = FakeDevice(
        DeviceInfo(endpoint, vendor_id=148, name="Flat", model_name="T3-FLAT"),
        {point.address: point for point in points},
        {point.address: 20.0 for point in points},
        delay=reply_delay,
    )
    return Field(driver, endpoint, Endpoint("127.0.0.99:47809", 99))


@pytest.fixture(params=[*DRIVERS, "fake"])
def make_field(
    request: pytest.FixtureRequest, simulate: Callable, free_port: Callable[[], int]
) -> Callable[..., Field]:
    def make(*, reply_delay: float = 0.0, timeout: float = 1.0) -> Field:
        port = free_port()
        is_modbus = request.param == "modbus"
        targets = [f"127.0.0.31:{port}", "127.0.0.99"] if is_modbus else [f"127.255.255.255:{port}"]
        settings = NetworkSettings("127.0.0.1/8", free_port(), tuple(targets), timeout, retries=0)
        if request.param == "fake":
            return _fake(settings, reply_delay)
        speaks = SPEAKS[request.param]
        ways = {"protocol": speaks, "reply_delay": reply_delay}
        simulate(flat_device("Flat", 31, "127.0.0.31", port, POINTS, **ways))
        made = Field(
            open_driver(request.param, settings),
            Endpoint(f"127.0.0.31:{port}", 31),
            Endpoint(f"127.0.0.99:{port}", 99),
        )
        if is_modbus:
            made.at, made.model = T3, "T3-BB"
        return made

    return make


async def _opened(made: Field) -> AsyncIterator[Field]:
    await made.driver.connect()
    yield made
    await made.driver.disconnect()


@pytest.fixture
async def field(make_field: Callable[..., Field]) -> AsyncIterator[Field]:
    async for opened in _opened(make_field()):
        yield opened


@pytest.fixture
async def slow(make_field: Callable[..., Field]) -> AsyncIterator[Field]:
    """Its device thinks before each answer; nobody runs out of patience."""
    async for opened in _opened(make_field(reply_delay=THINKS, timeout=20.0)):
        yield opened


async def test_connect_and_disconnect_may_be_repeated(field: Field) -> None:
    assert field.driver.is_connected
    await field.driver.connect()
    await field.driver.disconnect()
    await field.driver.disconnect()
    assert not field.driver.is_connected
    with pytest.raises(Unreachable, match="not open"):
        await field.driver.read(field.endpoint, [field.at.input])
    await field.driver.connect()
    assert len(await field.driver.read(field.endpoint, [field.at.input])) == 1


async def test_discover_finds_the_device_whole(field: Field) -> None:
    found = await devices_found(field.driver)
    assert [one.info.endpoint for one in found] == [field.endpoint]
    assert found[0].problem == ""
    assert found[0].info.vendor_id == 148
    assert len(found[0].points) == POINTS


async def test_read_device_info(field: Field) -> None:
    info = await field.driver.read_device_info(field.endpoint)
    assert (info.endpoint, info.name, info.model_name) == (field.endpoint, "Flat", field.model)


async def test_list_points_gives_kinds(field: Field) -> None:
    listed = await field.driver.list_points(field.endpoint)
    kinds = [info.kind for info in listed]
    assert {kind: kinds.count(kind) for kind in PointKind} == {
        PointKind.INPUT: 6,
        PointKind.OUTPUT: 3,
        PointKind.VARIABLE: 3,
    }


async def test_read_answers_every_address_in_order(field: Field) -> None:
    wanted = [field.at.variable, field.at.input, field.at.output, field.at.input]
    before = datetime.now(UTC)
    readings = await field.driver.read(field.endpoint, wanted)
    assert [reading.address for reading in readings] == wanted
    assert all(reading.quality is Quality.GOOD for reading in readings)
    assert all(isinstance(reading.value, float) for reading in readings)
    assert all(
        timedelta(0) <= reading.time - before < timedelta(seconds=30) for reading in readings
    )


async def test_a_reading_is_from_when_it_was_asked_for(slow: Field) -> None:
    """However busy the machine: the first answer came no sooner than the device's delay after the
    first request, and the end of the read after that."""
    latest = timedelta(seconds=THINKS)
    (reading,) = await slow.driver.read(slow.endpoint, [slow.at.input])
    assert reading.time <= datetime.now(UTC) - latest
    held = await require(slow.driver, Writes).read_held(slow.endpoint, slow.at.variable)
    assert held.reading.time <= datetime.now(UTC) - latest


async def test_read_by_kind_and_all(field: Field) -> None:
    assert len(await field.driver.read_inputs(field.endpoint)) == 6
    assert len(await field.driver.read_outputs(field.endpoint)) == 3
    assert len(await field.driver.read_variables(field.endpoint)) == 3
    assert len(await field.driver.read_all(field.endpoint)) == POINTS


async def test_read_marks_a_point_that_the_device_lacks(field: Field) -> None:
    missing, known = await field.driver.read(field.endpoint, [field.at.missing, field.at.input])
    assert (missing.value, missing.quality) == (None, Quality.CONFIG)
    assert known.quality is Quality.GOOD


@pytest.mark.parametrize("names", [["input"], ["input", "output", "variable"], [], ["missing"]])
async def test_read_raises_when_nobody_answers(field: Field, names: list[str]) -> None:
    with pytest.raises(NO_ANSWER) as caught:
        await field.driver.read(field.nobody, [getattr(field.at, name) for name in names])
    assert caught.value.endpoint == field.nobody
    assert caught.value.retryable


async def test_write_is_read_back_and_released(field: Field) -> None:
    driver = require(field.driver, Writes)
    await driver.write(field.endpoint, field.at.variable, 77.5, priority=MANUAL)
    held = await driver.read_held(field.endpoint, field.at.variable)
    assert held.reading.value == 77.5
    assert held.slots is not None
    assert held.slots[MANUAL] == 77.5
    await driver.write(field.endpoint, field.at.variable, None, priority=MANUAL)
    held = await driver.read_held(field.endpoint, field.at.variable)
    assert held.slots is not None
    assert MANUAL not in held.slots


async def test_read_held_raises_when_nobody_answers(field: Field) -> None:
    with pytest.raises(NO_ANSWER):
        await require(field.driver, Writes).read_held(field.nobody, field.at.variable)


async def test_write_to_a_missing_point_is_refused(field: Field) -> None:
    with pytest.raises(BadPoint) as caught:
        await require(field.driver, Writes).write(field.endpoint, field.at.missing, 1.0)
    assert caught.value.point == field.at.missing


async def test_write_to_nobody_times_out(field: Field) -> None:
    with pytest.raises(NO_ANSWER):
        await require(field.driver, Writes).write(field.nobody, field.at.variable, 1.0)


async def test_write_refuses_what_does_not_fit_before_any_io(field: Field) -> None:
    point, value = field.at.unfit
    with pytest.raises((CodecError, BadPoint)):
        await require(field.driver, Writes).write(field.endpoint, point, value)


async def test_several_writes_end_each_for_itself(field: Field) -> None:
    driver = require(field.driver, Writes)
    point, value = field.at.unfit
    asked = [
        PointWrite(field.at.output, 33.0, MANUAL),
        PointWrite(point, value, MANUAL),
        PointWrite(field.at.missing, 1.0, MANUAL),
        PointWrite(field.at.variable, 44.0, MANUAL),
    ]
    ended = await write_many(driver, field.endpoint, asked)
    assert [one is None for one in ended] == [True, False, False, True]
    assert isinstance(ended[1], (CodecError, BadPoint))
    assert isinstance(ended[2], BadPoint)
    for place, written in ((field.at.output, 33.0), (field.at.variable, 44.0)):
        held = await driver.read_held(field.endpoint, place)
        assert held.slots is not None
        assert held.slots[MANUAL] == written


async def test_several_writes_to_nobody_are_not_all_sent(field: Field) -> None:
    asked = [PointWrite(place, 1.0, MANUAL) for place in (field.at.output, field.at.variable)]
    ended = await write_many(require(field.driver, Writes), field.nobody, asked)
    assert all(isinstance(one, NO_ANSWER) for one in ended)
    assert [one.point for one in ended if one] == [field.at.output, field.at.variable]


async def test_writes_need_an_open_network(field: Field) -> None:
    await field.driver.disconnect()
    asked = [PointWrite(field.at.output, 1.0, MANUAL)] * 2
    ended = await write_many(require(field.driver, Writes), field.endpoint, asked)
    assert all(isinstance(one, Unreachable) for one in ended)


async def test_a_point_goes_out_of_service_and_back(field: Field) -> None:
    driver = field.driver
    if not isinstance(driver, SwitchesService):
        assert isinstance(driver, ModbusDriver)
        return
    await driver.switch_service(field.endpoint, field.at.input, out=True)
    reading, is_out = await driver.read_service(field.endpoint, field.at.input)
    assert (is_out, reading.quality) == (True, Quality.OUT_OF_SERVICE)
    await require(driver, Writes).write(field.endpoint, field.at.input, 12.5)
    (reading,) = await driver.read(field.endpoint, [field.at.input])
    assert reading.value == 12.5
    await driver.switch_service(field.endpoint, field.at.input, out=False)
    reading, is_out = await driver.read_service(field.endpoint, field.at.input)
    assert (is_out, reading.quality) == (False, Quality.GOOD)


async def test_switching_the_service_of_what_does_not_answer_raises(field: Field) -> None:
    driver = field.driver
    if not isinstance(driver, SwitchesService):
        assert isinstance(driver, ModbusDriver)
        return
    with pytest.raises(BadPoint):
        await driver.switch_service(field.endpoint, field.at.missing, out=True)
    with pytest.raises(NO_ANSWER):
        await driver.switch_service(field.nobody, field.at.input, out=True)
    with pytest.raises(NO_ANSWER):
        await driver.read_service(field.nobody, field.at.input)
