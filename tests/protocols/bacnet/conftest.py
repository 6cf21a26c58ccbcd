"""Searches by a driver of the test's own."""

from collections.abc import AsyncIterator, Callable

import pytest

from protocols.bacnet.driver import BacnetDriver
from protocols.scanning import EVERYBODY, ScanStep, Search
from protocols.types import FoundDevice, NetworkSettings


@pytest.fixture
async def search(
    free_port: Callable[[], int],
) -> AsyncIterator[Callable[..., tuple[list[FoundDevice], list[ScanStep]]]]:
    """Asks all of loopback at a port, or whom the settings say."""
    drivers: list[BacnetDriver] = []

    async def run(
        port: int, wanted: Search = EVERYBODY, **settings: object
    ) -> tuple[list[FoundDevice], list[ScanStep]]:
        defaults = {"timeout": 1.5, "retries": 2, "targets": (f"127.255.255.255:{port}",)}
        driver = BacnetDriver(
            NetworkSettings("127.0.0.1/8", free_port(), **{**defaults, **settings})
        )
        await driver.connect()
        drivers.append(driver)
        told = [one async for one in driver.discover(wanted)]
        return (
            [one for one in told if isinstance(one, FoundDevice)],
            [one for one in told if isinstance(one, ScanStep)],
        )

    yield run
    for driver in drivers:
        await driver.disconnect()


@pytest.fixture
async def open_driver(
    free_port: Callable[[], int],
) -> AsyncIterator[Callable[..., object]]:
    drivers: list[BacnetDriver] = []

    async def start(port: int, **settings: object) -> BacnetDriver:
        defaults = {"timeout": 1.0, "retries": 1, "targets": (f"127.255.255.255:{port}",)}
        driver = BacnetDriver(
            NetworkSettings("127.0.0.1/8", free_port(), **{**defaults, **settings})
        )
        await driver.connect()
        drivers.append(driver)
        return driver

    yield start
    for driver in drivers:
        await driver.disconnect()
