"""The Modbus driver on a simulated T3 panel: what its points mean, and what a write does."""

import asyncio
import math
import struct
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from protocols.errors import BadPoint, CodecError, Refused, Timeout, Unreachable, Unsupported
from protocols.modbus.driver import ModbusDriver
from protocols.modbus.product import load
from protocols.simulator.spec import DeviceSpec
from protocols.types import (
    MANUAL,
    Endpoint,
    NetworkSettings,
    PointAddress,
    PointKind,
    Quality,
)
from tests.protocols.modbus.installed import POINTS, UNIT
from tests.protocols.modbus.relay import Relay
from tests.searching import devices_found

ROOM, WINDOW, FROST = (PointAddress("input", number) for number in (1, 2, 3))
VALVE, LIGHT, BY_HAND, OFF = (PointAddress("output", number) for number in (1, 2, 3, 4))
SETPOINT, OCCUPIED = (PointAddress("variable", number) for number in (1, 2))


async def values(driver: ModbusDriver, endpoint: Endpoint, *points: PointAddress) -> list:
    return [reading.value for reading in await driver.read(endpoint, points)]


async def test_values_are_signed_thousandths_and_digital_states(
    driver: ModbusDriver, endpoint: Endpoint
) -> None:
    read = await values(driver, endpoint, ROOM, WINDOW, FROST, VALVE, SETPOINT, OCCUPIED)
    assert read == [23.456, 1, -5.25, 45.5, 21.5, 1]


async def test_points_are_described_with_units_and_state_texts(
    driver: ModbusDriver, endpoint: Endpoint
) -> None:
    listed = {info.address: info for info in await driver.list_points(endpoint)}
    assert len(listed) == len(POINTS)
    room, window = listed[ROOM], listed[WINDOW]
    assert (room.name, room.description, room.units) == ("RMTEMP", "Room temperature", "°C")
    assert (window.kind, window.states, window.units) == (PointKind.INPUT, ("Close", "Open"), "")
    assert listed[VALVE].units == "%"
    assert listed[OCCUPIED].states == ("No", "Yes")
    assert all(info.writable and info.commandable for info in listed.values())
    assert not any(info.has_priorities for info in listed.values())  # Auto and Manual
    assert (room.low, room.high) == (-2_147_483.648, 2_147_483.647)  # what its registers hold
    assert (window.low, window.high) == (None, None)


async def test_a_device_says_who_it_is(driver: ModbusDriver, endpoint: Endpoint) -> None:
    info = await driver.read_device_info(endpoint)
    assert (info.name, info.vendor_id, info.vendor_name) == ("Panel", 148, "Temco Controls")
    assert (info.model_name, info.firmware) == ("T3-BB", "66.02")


async def test_what_is_by_hand_is_overridden(driver: ModbusDriver, endpoint: Endpoint) -> None:
    await driver.write(endpoint, SETPOINT, 19.0)
    points = [SETPOINT, BY_HAND, OFF, VALVE]
    readings = await driver.read(endpoint, points)
    assert [(reading.value, reading.quality) for reading in readings] == [
        (19.0, Quality.OVERRIDDEN),
        (100.0, Quality.OVERRIDDEN),
        (0.0, Quality.OVERRIDDEN),
        (45.5, Quality.GOOD),
    ]


@pytest.mark.parametrize("point", [ROOM, VALVE, SETPOINT])
@pytest.mark.parametrize("value", [-2147483.647, -0.001, 0, 65.536, 2147483.647])
async def test_a_write_is_manual_and_its_value_then_a_release_is_auto(
    driver: ModbusDriver, endpoint: Endpoint, point: PointAddress, value: float
) -> None:
    await driver.write(endpoint, point, value, priority=MANUAL)
    held = await driver.read_held(endpoint, point)
    assert (held.reading.value, held.reading.quality) == (value, Quality.OVERRIDDEN)
    assert held.slots == {MANUAL: value}
    await driver.write(endpoint, point, None)
    held = await driver.read_held(endpoint, point)
    assert (held.slots, held.reading.quality) == ({}, Quality.GOOD)


async def test_a_reading_is_from_before_its_first_request(
    driver: ModbusDriver, relay: Relay
) -> None:
    endpoint = Endpoint(relay.address, UNIT)
    answered: list[datetime] = []

    async def note(request: bytes, reply: bytes) -> bytes:
        answered.append(datetime.now(UTC))
        return reply

    relay.on_reply = note
    (reading,) = await driver.read(endpoint, [ROOM])
    assert reading.time <= answered[0]  # which said who it is
    answered.clear()
    held = await driver.read_held(endpoint, SETPOINT)
    assert held.reading.time <= answered[0]


async def test_manual_without_a_value_does_not_look_released(
    driver: ModbusDriver, relay: Relay
) -> None:
    endpoint = Endpoint(relay.address, UNIT)
    await driver.write(endpoint, SETPOINT, 25.0)
    digital = {8092: "0000 61a8", 8532: "0001", 8660: "0000"}  # Off/On, and in the state 25000

    async def spoil(request: bytes, reply: bytes) -> bytes:
        (first,) = struct.unpack_from(">H", request, 8)
        return reply[:9] + bytes.fromhex(digital[first]) if first in digital else reply

    relay.on_reply = spoil
    held = await driver.read_held(endpoint, SETPOINT)
    assert (held.reading.value, held.reading.quality) == (None, Quality.FAULT)
    assert held.slots is not None
    assert math.isnan(held.slots[MANUAL])


async def test_a_write_is_one_request_for_the_mode_and_one_for_the_value(
    driver: ModbusDriver, endpoint: Endpoint, written: Callable[[], list[str]]
) -> None:
    await driver.write(endpoint, SETPOINT, 23.456)
    assert written() == ["06 8348 1", "16 8092 0 23456"]
    await driver.write(endpoint, SETPOINT, 22.0)  # in manual already
    await driver.write(endpoint, LIGHT, 1)
    await driver.write(endpoint, SETPOINT, None)
    await driver.write(endpoint, SETPOINT, None)  # in auto already
    assert written()[2:] == ["16 8092 0 22000", "06 7357 1", "16 7102 0 1", "06 8348 0"]


@pytest.mark.parametrize(("point", "says"), [(BY_HAND, "stands at hand"), (OFF, "stands at off")])
@pytest.mark.parametrize("value", [1.0, None])
async def test_an_output_whose_switch_is_not_in_auto_is_refused(
    driver: ModbusDriver,
    endpoint: Endpoint,
    written: Callable[[], list[str]],
    point: PointAddress,
    says: str,
    value: float | None,
) -> None:
    with pytest.raises(Refused, match=says) as caught:
        await driver.write(endpoint, point, value)
    assert (caught.value.endpoint, caught.value.point) == (endpoint, point)
    assert written() == []


@pytest.mark.parametrize("value", [math.nan, math.inf, 2147483.648, -2147483.649, 1e300])
async def test_a_value_that_no_register_holds_is_refused_before_any_io(value: float) -> None:
    driver = ModbusDriver(NetworkSettings("127.0.0.1/8", 502))
    await driver.connect()
    with pytest.raises(CodecError):
        await driver.write(Endpoint("127.0.0.99:1", 1), SETPOINT, value)
    await driver.disconnect()


@pytest.mark.parametrize("priority", [1, 7, 9, 16])
async def test_another_priority_than_manual_is_refused_before_any_io(priority: int) -> None:
    driver = ModbusDriver(NetworkSettings("127.0.0.1/8", 502))
    await driver.connect()
    with pytest.raises(Refused, match=f"priority 8 or none, not {priority}"):
        await driver.write(Endpoint("127.0.0.99:1", 1), SETPOINT, 20.0, priority=priority)
    await driver.disconnect()


@pytest.mark.parametrize("value", [2, 0.5, -1])
async def test_a_digital_point_takes_0_and_1_only(
    driver: ModbusDriver, endpoint: Endpoint, written: Callable[[], list[str]], value: float
) -> None:
    with pytest.raises(CodecError, match="neither 0 nor 1"):
        await driver.write(endpoint, LIGHT, value)
    assert written() == []


@pytest.mark.parametrize(
    "point",
    [PointAddress("output", 0), PointAddress("output", 65), PointAddress("analog-value", 1)],
)
async def test_a_point_that_no_panel_has(
    driver: ModbusDriver, endpoint: Endpoint, point: PointAddress
) -> None:
    with pytest.raises(BadPoint, match="IN1 to 64, OUT1 to 64, VAR1 to 128"):
        await driver.write(endpoint, point, 1.0)
    held = await driver.read_held(endpoint, point)
    assert (held.reading.quality, held.slots) == (Quality.CONFIG, None)


async def test_all_points_of_the_map_are_read_in_order(
    driver: ModbusDriver, endpoint: Endpoint
) -> None:
    everything = [
        PointAddress(kind, number)
        for kind, count in (("variable", 128), ("input", 64), ("output", 64))
        for number in range(count, 0, -1)
    ]
    readings = await driver.read(endpoint, everything)
    assert [reading.address for reading in readings] == everything
    found = {reading.address: reading.value for reading in readings}
    assert (found[ROOM], found[SETPOINT], found[VALVE]) == (23.456, 21.5, 45.5)


async def test_a_changed_range_changes_how_a_point_is_read_not_its_address(
    driver: ModbusDriver, endpoint: Endpoint, panel: DeviceSpec
) -> None:
    host, port = panel.place.split(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    # Function 06: the range of IN2 from Close/Open (2) to the turned Open/Close (13).
    writer.write(bytes.fromhex("0001 0000 0006 1f 06 1e7d 000d"))
    assert await reader.readexactly(12)
    (turned,) = [info for info in await driver.list_points(endpoint) if info.address == WINDOW]
    assert turned.states == ("Close", "Open")  # the register is turned back
    assert await values(driver, endpoint, WINDOW) == [0]
    writer.write(bytes.fromhex("0002 0000 0006 1f 06 1e7d 0103"))  # analog, degrees
    assert await reader.readexactly(12)
    assert await values(driver, endpoint, WINDOW) == [1.0]  # 1000 thousandths
    writer.close()
    await writer.wait_closed()


async def test_discovery_asks_unit_255_and_takes_the_devices_own_address(
    driver: ModbusDriver, endpoint: Endpoint
) -> None:
    (found,) = await devices_found(driver)
    assert (found.info.endpoint, found.problem) == (endpoint, "")
    assert len(found.points) == len(POINTS)


async def test_discovery_is_not_stopped_by_those_who_are_not_there(panel: DeviceSpec) -> None:
    targets = ("127.0.0.98", panel.address, panel.place, "127.0.0.99:1")
    driver = ModbusDriver(NetworkSettings("127.0.0.1/8", panel.port, targets, timeout=5.0))
    await driver.connect()
    assert [one.info.endpoint.instance for one in await devices_found(driver)] == [UNIT]
    await driver.disconnect()


async def test_another_unit_than_the_panels_does_not_answer(
    hasty: ModbusDriver, panel: DeviceSpec
) -> None:
    with pytest.raises(Timeout):
        await hasty.read(Endpoint(panel.place, UNIT + 1), [ROOM])
    with pytest.raises(CodecError, match="from 1 to 255"):
        await hasty.read(Endpoint(panel.place, 70000), [ROOM])


@pytest.mark.parametrize(
    ("interface", "message"),
    [("eth0", "write this machine's address"), ("192.0.2.1/24", "no address of this machine")],
)
async def test_an_interface_that_is_not_ours_is_told(interface: str, message: str) -> None:
    with pytest.raises(Unreachable, match=message):
        await ModbusDriver(NetworkSettings(interface, 502)).connect()


async def test_a_device_that_is_no_t3_is_neither_read_nor_written(
    panel: DeviceSpec, driver: ModbusDriver, endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(driver._product), "family", lambda *_: None)
    for attempt in (driver.read(endpoint, [ROOM]), driver.write(endpoint, SETPOINT, 1.0)):
        with pytest.raises(Unsupported, match="no T3 controller: product number 88"):
            await attempt
    (found,) = await devices_found(driver)
    assert "no T3 controller" in found.problem


async def test_a_panel_says_who_it_is_among_panels(
    driver: ModbusDriver, endpoint: Endpoint, panel: DeviceSpec
) -> None:
    told = (await driver.read_device_info(endpoint)).panel
    assert told is not None
    assert (told.product, told.board, told.modbus_port) == (88, 5, panel.port)
    assert (told.modbus_address, told.panel_number) == (panel.instance, panel.instance)
    assert told.network_number is None  # 0 is none
    assert told.serial_number > 0


async def test_whoever_is_there_is_described_under_its_own_unit(
    driver: ModbusDriver, endpoint: Endpoint
) -> None:
    found = await driver.describe(Endpoint(endpoint.address, 255))
    assert found.info.endpoint == endpoint
    assert len(found.points) == len(POINTS)
    assert found.problem == ""


async def test_another_panel_than_the_one_that_is_expected_is_not_read(
    driver: ModbusDriver, endpoint: Endpoint
) -> None:
    """Also behind the connection on which it was described."""
    told = (await driver.describe(endpoint)).info.panel
    assert told is not None
    point = PointAddress("input", 1)
    for serial in (None, told.serial_number):
        assert await driver.read(replace(endpoint, serial=serial), [point])
    with pytest.raises(Unreachable, match=f"serial {told.serial_number}, not 7"):
        await driver.read(replace(endpoint, serial=7), [point])


def test_numbers_of_a_block_of_somebody_else_are_not_taken() -> None:
    settings = load("t3").settings
    block = bytearray(400)
    block[73], block[177] = 12, 5
    assert settings.numbers_of(bytes(block), serial=6) == {}
    told = settings.numbers_of(bytes(block), serial=5)
    assert (told["panel_number"], told["object_instance"]) == (12, 0)
    assert "modbus_port" not in told
