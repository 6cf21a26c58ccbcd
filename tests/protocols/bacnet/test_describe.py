"""What a device of bacpypes3's own tells of objects of many types."""

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from bacpypes3.app import Application
from bacpypes3.basetypes import Prescale, Scale
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.local.object import Object as LocalObject
from bacpypes3.object import (
    AccumulatorObject,
    CalendarObject,
    IntegerValueObject,
    LargeAnalogValueObject,
    Object,
    PositiveIntegerValueObject,
    ProgramObject,
    PulseConverterObject,
)
from bacpypes3.primitivedata import ObjectType

from protocols.bacnet.driver import BacnetDriver
from protocols.types import Endpoint, NetworkSettings, ObjectInfo, PointAddress, PointKind

ADDRESS = "127.0.0.71"


class Proprietary(LocalObject, Object):
    objectType = ObjectType(200)  # noqa: N815 - bacpypes3's


class Accumulator(LocalObject, AccumulatorObject): ...


class PulseConverter(LocalObject, PulseConverterObject): ...


class IntegerValue(LocalObject, IntegerValueObject): ...


class PositiveInteger(LocalObject, PositiveIntegerValueObject): ...


class LargeAnalog(LocalObject, LargeAnalogValueObject): ...


class Program(LocalObject, ProgramObject): ...


class Calendar(LocalObject, CalendarObject): ...


HEALTHY = {"statusFlags": [0, 0, 0, 0], "eventState": "normal", "outOfService": False}


@pytest.fixture
async def endpoint(free_port: Callable[[], int]) -> AsyncIterator[Endpoint]:
    port = free_port()
    device = DeviceObject(
        objectIdentifier=("device", 71),
        objectName="Odd",
        vendorIdentifier=148,
        maxApduLengthAccepted=1476,
        segmentationSupported="segmented-both",
    )
    objects = [
        Accumulator(
            objectIdentifier=("accumulator", 1),
            objectName="Meter",
            presentValue=1234,
            units="kilowatt-hours",
            scale=Scale(integerScale=-1),
            prescale=Prescale(multiplier=1, moduloDivide=1),
            maxPresValue=99999,
            **HEALTHY,
        ),
        PulseConverter(
            objectIdentifier=("pulse-converter", 1),
            objectName="Power",
            presentValue=2.5,
            units="kilowatts",
            **HEALTHY,
        ),
        IntegerValue(
            objectIdentifier=("integer-value", 1),
            objectName="Shift",
            presentValue=-7,
            units="minutes",
            statusFlags=[0, 0, 0, 0],
        ),
        PositiveInteger(
            objectIdentifier=("positive-integer-value", 1),
            objectName="Count",
            presentValue=7,
            units="no-units",
            statusFlags=[0, 0, 0, 0],
        ),
        LargeAnalog(
            objectIdentifier=("large-analog-value", 1),
            objectName="Energy",
            presentValue=1e12,
            units="joules",
            statusFlags=[0, 0, 0, 0],
        ),
        Program(objectIdentifier=("program", 3), objectName="AHU", description="Air handler"),
        Calendar(objectIdentifier=("calendar", 1), objectName="Holidays", presentValue=False),
        Proprietary(objectIdentifier=(200, 5), objectName="Secret"),
    ]
    network_port = NetworkPortObject(
        f"{ADDRESS}/8:{port}", objectIdentifier=("network-port", 1), objectName="Port"
    )
    application = Application.from_object_list([device, network_port, *objects])
    yield Endpoint(f"{ADDRESS}:{port}", 71)
    application.close()
    await asyncio.sleep(0)


@pytest.fixture
async def driver(free_port: Callable[[], int]) -> AsyncIterator[BacnetDriver]:
    made = BacnetDriver(NetworkSettings("127.0.0.1/8", free_port(), timeout=10.0))
    await made.connect()
    yield made
    await made.disconnect()


async def test_counters_and_numbers_are_points_and_the_rest_is_listed(
    endpoint: Endpoint, driver: BacnetDriver
) -> None:
    found = await driver.describe(endpoint)
    assert found.problem == ""
    assert {one.name: (one.kind, one.units, one.writable) for one in found.points} == {
        "Meter": (PointKind.INPUT, "×0.1 kWh", False),
        "Power": (PointKind.INPUT, "kW", False),
        "Shift": (PointKind.VARIABLE, "min", True),
        "Count": (PointKind.VARIABLE, "", True),
        "Energy": (PointKind.VARIABLE, "joules", True),
    }
    assert set(found.objects) == {
        ObjectInfo(PointAddress("network-port", 1), "Port"),
        ObjectInfo(PointAddress("program", 3), "AHU", "Air handler"),
        ObjectInfo(PointAddress("calendar", 1), "Holidays"),
        ObjectInfo(PointAddress("200", 5), "Secret"),
    }


async def test_their_values_are_read(endpoint: Endpoint, driver: BacnetDriver) -> None:
    found = await driver.describe(endpoint)
    readings = await driver.read(endpoint, [one.address for one in found.points])
    names = {one.address: one.name for one in found.points}
    assert {names[one.address]: one.value for one in readings} == {
        "Meter": 1234.0,
        "Power": 2.5,
        "Shift": -7.0,
        "Count": 7.0,
        "Energy": 1e12,
    }
    assert {one.quality.name for one in readings} == {"GOOD"}


@pytest.mark.parametrize(
    ("point", "value"),
    [("integer-value,1", -3.0), ("positive-integer-value,1", 3.0), ("large-analog-value,1", 0.5)],
)
async def test_numbers_are_written(
    point: str, value: float, endpoint: Endpoint, driver: BacnetDriver
) -> None:
    place = PointAddress.parse(point)
    await driver.write(endpoint, place, value)
    held = await driver.read_held(endpoint, place)
    assert (held.reading.value, held.slots) == (value, None)
