"""A simulated panel and a driver for it, with or without trouble on the way."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from protocols.modbus.driver import ModbusDriver
from protocols.simulator.flat import Drift
from protocols.simulator.spec import DeviceSpec, ObjectType, Point, Protocol, Switch
from protocols.types import Endpoint, NetworkSettings
from tests.protocols.modbus.relay import Relay

UNIT = 31
POINTS = (
    Point(ObjectType.ANALOG_INPUT, "RMTEMP", "Room temperature", 23.456, units="degrees-celsius"),
    Point(ObjectType.BINARY_INPUT, "WINDOW", "Window", 1, states=("Close", "Open")),
    Point(ObjectType.ANALOG_INPUT, "FROST", "Frost", -5.25, units="degrees-celsius"),
    Point(ObjectType.ANALOG_OUTPUT, "VALVE", "Valve", 45.5, units="percent"),
    Point(ObjectType.BINARY_OUTPUT, "LIGHT", "Light", 0, states=("Off", "On")),
    Point(ObjectType.ANALOG_OUTPUT, "BYHAND", "By hand", units="percent", switch=Switch.HAND),
    Point(ObjectType.BINARY_OUTPUT, "OFF", "Off", 1, states=("Off", "On"), switch=Switch.OFF),
    Point(ObjectType.ANALOG_VALUE, "SETP", "Setpoint", 21.5, units="degrees-celsius"),
    Point(ObjectType.BINARY_VALUE, "OCC", "Occupied", 1, states=("No", "Yes")),
)


class Still(Drift):
    """A plant in which nothing moves: what is read is what was set."""

    def __init__(self, moment: float) -> None:
        super().__init__(moment, sensed=(), commanded=())


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], list[str]]:
    """What the panel was asked to write so far."""
    log = tmp_path / "writes"
    return lambda: log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def panel(simulate: Callable, free_port: Callable[[], int], tmp_path: Path) -> DeviceSpec:
    spec = DeviceSpec(
        name="Panel",
        instance=UNIT,
        address="127.0.0.41",
        port=free_port(),
        plant=Still,
        points=POINTS,
        protocol=Protocol.MODBUS,
        write_log=str(tmp_path / "writes"),
    )
    simulate(spec)
    return spec


@pytest.fixture
def endpoint(panel: DeviceSpec) -> Endpoint:
    return Endpoint(panel.place, UNIT)


async def _driver(settings: NetworkSettings) -> AsyncIterator[ModbusDriver]:
    made = ModbusDriver(settings)
    await made.connect()
    yield made
    await made.disconnect()


@pytest.fixture
async def driver(panel: DeviceSpec) -> AsyncIterator[ModbusDriver]:
    """Patient, as a busy machine may be slow; tries once."""
    targets = (panel.place,)
    settings = NetworkSettings("127.0.0.1/8", panel.port, targets, timeout=20.0, retries=0)
    async for made in _driver(settings):
        yield made


@pytest.fixture
async def hasty() -> AsyncIterator[ModbusDriver]:
    """For those who do not answer: waits a moment only and tries once more."""
    async for made in _driver(NetworkSettings("127.0.0.1/8", 502, timeout=1.0, retries=1)):
        yield made


@pytest.fixture
async def relay(panel: DeviceSpec) -> AsyncIterator[Relay]:
    async with Relay(panel.address, panel.port) as made:
        yield made
