"""The contract of a driver: every driver, on real traffic, and the tests' fake."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from protocols.driver import Discovers, Driver, Writes, require
from protocols.errors import BadPoint, CodecError, Timeout, Unreachable
from protocols.registry import DRIVERS, open_driver
from protocols.simulator.flat import flat_device
from protocols.types import (
    MANUAL,
    DeviceInfo,
    Endpoint,
    NetworkSettings,
    PointAddress,
    PointInfo,
    PointKind,
    Quality,
)
from tests.fake_driver import FakeDevice, FakeDriver

POINTS = 12  # six inputs, three outputs, three variables
INPUT = PointAddress("analog-input", 1)
OUTPUT = PointAddress("analog-output", 1)
VARIABLE = PointAddress("analog-value", 1)
MISSING = PointAddress("analog-input", 999)


@dataclass
class Field:
    """A driver with one device that answers and an address where nobody is."""

    driver: Driver
    endpoint: Endpoint
    nobody: Endpoint


def _fake(settings: NetworkSettings) -> Field:
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
    )
    return Field(driver, endpoint, Endpoint("127.0.0.99:47809", 99))


@pytest.fixture(params=[*DRIVERS, "fake"])
async def field(
    request: pytest.FixtureRequest, simulate: Callable, free_port: Callable[[], int]
) -> AsyncIterator[Field]:
    port = free_port()
    settings = NetworkSettings(
        "127.0.0.1/8", free_port(), (f"127.255.255.255:{port}",), timeout=1.0, retries=0
    )
    if request.param == "fake":
        made = _fake(settings)
    else:
        simulate(flat_device("Flat", 31, "127.0.0.31", port, POINTS))
        made = Field(
            open_driver(request.param, settings),
            Endpoint(f"127.0.0.31:{port}", 31),
            Endpoint(f"127.0.0.99:{port}", 99),
        )
    await made.driver.connect()
    yield made
    await made.driver.disconnect()


async def test_connect_and_disconnect_may_be_repeated(field: Field) -> None:
    assert field.driver.is_connected
    await field.driver.connect()
    await field.driver.disconnect()
    await field.driver.disconnect()
    assert not field.driver.is_connected
    with pytest.raises(Unreachable, match="not open"):
        await field.driver.read(field.endpoint, [INPUT])
    await field.driver.connect()
    assert len(await field.driver.read(field.endpoint, [INPUT])) == 1


async def test_discover_finds_the_device_whole(field: Field) -> None:
    found = [one async for one in require(field.driver, Discovers).discover()]
    assert [one.info.endpoint for one in found] == [field.endpoint]
    assert found[0].problem == ""
    assert found[0].info.vendor_id == 148
    assert len(found[0].points) == POINTS


async def test_read_device_info(field: Field) -> None:
    info = await field.driver.read_device_info(field.endpoint)
    assert (info.endpoint, info.name, info.model_name) == (field.endpoint, "Flat", "T3-FLAT")


async def test_list_points_gives_kinds(field: Field) -> None:
    listed = await field.driver.list_points(field.endpoint)
    kinds = [info.kind for info in listed]
    assert {kind: kinds.count(kind) for kind in PointKind} == {
        PointKind.INPUT: 6,
        PointKind.OUTPUT: 3,
        PointKind.VARIABLE: 3,
    }


async def test_read_answers_every_address_in_order(field: Field) -> None:
    wanted = [VARIABLE, INPUT, OUTPUT, INPUT]
    before = datetime.now(UTC)
    readings = await field.driver.read(field.endpoint, wanted)
    assert [reading.address for reading in readings] == wanted
    assert all(reading.quality is Quality.GOOD for reading in readings)
    assert all(isinstance(reading.value, float) for reading in readings)
    assert all(
        timedelta(0) <= reading.time - before < timedelta(seconds=30) for reading in readings
    )


async def test_read_by_kind_and_all(field: Field) -> None:
    assert len(await field.driver.read_inputs(field.endpoint)) == 6
    assert len(await field.driver.read_outputs(field.endpoint)) == 3
    assert len(await field.driver.read_variables(field.endpoint)) == 3
    assert len(await field.driver.read_all(field.endpoint)) == POINTS


async def test_read_marks_a_point_that_the_device_lacks(field: Field) -> None:
    missing, known = await field.driver.read(field.endpoint, [MISSING, INPUT])
    assert (missing.value, missing.quality) == (None, Quality.CONFIG)
    assert known.quality is Quality.GOOD


@pytest.mark.parametrize("points", [[INPUT], [INPUT, OUTPUT, VARIABLE], []])
async def test_read_raises_when_nobody_answers(field: Field, points: list[PointAddress]) -> None:
    with pytest.raises(Timeout) as caught:
        await field.driver.read(field.nobody, points)
    assert caught.value.endpoint == field.nobody
    assert caught.value.retryable


async def test_write_is_read_back_and_released(field: Field) -> None:
    driver = require(field.driver, Writes)
    await driver.write(field.endpoint, VARIABLE, 77.5, priority=MANUAL)
    held = await driver.read_held(field.endpoint, VARIABLE)
    assert held.reading.value == 77.5
    assert held.slots is not None
    assert held.slots[MANUAL] == 77.5
    await driver.write(field.endpoint, VARIABLE, None, priority=MANUAL)
    held = await driver.read_held(field.endpoint, VARIABLE)
    assert held.slots is not None
    assert MANUAL not in held.slots


async def test_read_held_raises_when_nobody_answers(field: Field) -> None:
    with pytest.raises(Timeout):
        await require(field.driver, Writes).read_held(field.nobody, VARIABLE)


async def test_write_to_a_missing_point_is_refused(field: Field) -> None:
    with pytest.raises(BadPoint) as caught:
        await require(field.driver, Writes).write(field.endpoint, MISSING, 1.0)
    assert caught.value.point == MISSING


async def test_write_to_nobody_times_out(field: Field) -> None:
    with pytest.raises(Timeout):
        await require(field.driver, Writes).write(field.nobody, VARIABLE, 1.0)


async def test_write_refuses_what_does_not_fit_before_any_io(field: Field) -> None:
    point = PointAddress("binary-value", 1)
    with pytest.raises((CodecError, BadPoint)):
        await require(field.driver, Writes).write(field.endpoint, point, 0.5)
