"""A simulated panel and a driver for it, with or without trouble on the way."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from protocols.modbus.driver import ModbusDriver
from protocols.simulator.spec import DeviceSpec, Protocol
from protocols.types import Endpoint, NetworkSettings
from tests.protocols.modbus.installed import POINTS, STILL, UNIT
from tests.protocols.modbus.relay import Relay


@pytest.fixture
def written(tmp_path: Path) -> Callable[[], list[str]]:
    """What the panel was asked to write so far."""
    log = tmp_path / "writes"
    return lambda: log.read_text().splitlines() if log.exists() else []


@pytest.fixture
def panel_spec(free_port: Callable[[], int], tmp_path: Path) -> DeviceSpec:
    return DeviceSpec(
        name="Panel",
        instance=UNIT,
        address="127.0.0.41",
        port=free_port(),
        plant=STILL,
        points=POINTS,
        protocol=Protocol.MODBUS,
        write_log=str(tmp_path / "writes"),
    )


@pytest.fixture
def panel(simulate: Callable, panel_spec: DeviceSpec) -> DeviceSpec:
    simulate(panel_spec)
    return panel_spec


@pytest.fixture
def endpoint(panel_spec: DeviceSpec) -> Endpoint:
    return Endpoint(panel_spec.place, UNIT)


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
