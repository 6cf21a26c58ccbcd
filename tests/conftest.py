"""What all tests share: addresses that no other worker uses, and real simulated devices."""

import os
import socket
from collections.abc import Callable, Iterator

import pytest
from django.conf import settings as django_settings
from hypothesis import settings

from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.spec import DeviceSpec

# No timed tests: a machine that is busy is no bug. Failures are found again by the same seed.
settings.register_profile("t3000", deadline=None, derandomize=True)
settings.load_profile("t3000")


def pytest_report_header() -> str:
    engine = django_settings.DATABASES["default"]["ENGINE"].rpartition(".")[2]
    return f"stack: {engine}, {'Redis' if django_settings.REDIS_URL else 'no Redis'}"


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
