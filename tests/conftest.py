"""What all tests share: addresses that no other worker uses, and real simulated devices."""

import asyncio
import os
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db import connection
from hypothesis import settings

from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import DeviceSpec
from tests.servers import RedisServer

# No timed tests: a machine that is busy is no bug. Failures are found again by the same seed.
settings.register_profile("t3000", deadline=None, derandomize=True)
settings.load_profile("t3000")


def pytest_report_header() -> str:
    engine = django_settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    return f"stack: {engine}, {'Redis' if django_settings.REDIS_URL else 'no Redis'}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Of tests with one id xdist runs one, and says nothing of the others."""
    many = [name for name, times in Counter(item.nodeid for item in items).items() if times > 1]
    if many:
        raise pytest.UsageError(f"Several tests have the same id: {', '.join(many)}")


def _free_port() -> int:
    """A UDP port that nobody has now. Each xdist worker draws from a range of its own."""
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    for port in range(20000 + worker * 1000, 21000 + worker * 1000):
        if port in _given:
            continue
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
        _given.add(port)
        return port
    raise RuntimeError("no free UDP port")


_given: set[int] = set()


@pytest.fixture
def free_port() -> Callable[[], int]:
    """Draws UDP ports on loopback."""
    return _free_port


@pytest.fixture
def simulate() -> Iterator[Callable[..., SimulatedBuilding]]:
    """Starts simulated devices; they end with the test."""
    buildings: list[SimulatedBuilding] = []

    def start(*specs: DeviceSpec) -> SimulatedBuilding:
        building = SimulatedBuilding(specs)
        buildings.append(building)
        building.start()
        return building

    yield start
    for building in buildings:
        building.stop()


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A Redis of the test's own, which it may stop and start."""
    server = RedisServer()
    try:
        server.start()
        yield server
    finally:
        server.remove()


async def _until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  nobody could set an event
            await asyncio.sleep(0.01)


@pytest.fixture
def until() -> Callable[[Callable[[], object]], Awaitable[None]]:
    """Waits for what other threads, processes or servers do."""
    return _until


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """Tests that commit are cleaned up by deleting all rows, also those that the database is told
    to keep. test_audited.py puts the rule back for itself."""
    rule = {"sqlite": "audit_no_delete", "postgresql": "audit_no_truncate ON devices_auditentry"}
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER {rule[connection.vendor]}")
