"""The networks that are open in this process. Lives in the field's loop."""

import asyncio
import logging
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from protocols.driver import Driver
from protocols.errors import ProtocolError, Unreachable
from protocols.registry import open_driver
from protocols.types import NetworkSettings

log = logging.getLogger(__name__)

REOPEN_SECONDS = 5.0  # between two tries to open a network that cannot be opened
AT_ONCE = 64  # devices read at the same time on one network


@dataclass(frozen=True, slots=True)
class NetworkPlan:
    """All that is needed to open one network."""

    network_id: int
    name: str
    protocol: str
    settings: NetworkSettings


@dataclass(slots=True)
class _Open:
    plan: NetworkPlan
    opening: asyncio.Lock = field(default_factory=asyncio.Lock)
    seats: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(AT_ONCE))
    driver: Driver | None = None
    failed_at: float = 0.0
    problem: str = ""


class OpenNetworks:
    """Opens each network when it is first used, again when its settings change."""

    def __init__(self, on_problem: Callable[[int, str], None]) -> None:
        """`on_problem` hears of a network that cannot be opened, and with an empty text that it
        can again."""
        self._networks: dict[int, _Open] = {}
        self._on_problem = on_problem

    async def driver(self, plan: NetworkPlan) -> Driver:
        """The connected driver. Raises Unreachable or Unsupported, the same one for some seconds
        after a failure, so that a network of 1,000 devices is not tried 1,000 times."""
        network = self._networks.setdefault(plan.network_id, _Open(plan))
        async with network.opening:
            if network.plan != plan and network.driver is not None:
                await network.driver.disconnect()
                network.driver, network.failed_at = None, 0.0
            network.plan = plan
            if network.driver is None:
                network.driver = await self._open(network)
            return network.driver

    async def _open(self, network: _Open) -> Driver:
        if network.problem and time.monotonic() - network.failed_at < REOPEN_SECONDS:
            raise Unreachable(network.problem)
        driver = open_driver(network.plan.protocol, network.plan.settings)
        try:
            await driver.connect()
        except ProtocolError as error:
            if network.problem != error.message:
                log.error("network %s cannot be opened: %s", network.plan.name, error)
                self._on_problem(network.plan.network_id, error.message)
            network.problem, network.failed_at = error.message, time.monotonic()
            raise
        log.info(
            "network %s is open on %s port %d",
            network.plan.name, network.plan.settings.interface, network.plan.settings.port,
        )  # fmt: skip
        network.problem = ""
        self._on_problem(network.plan.network_id, "")
        return driver

    def plans(self) -> dict[int, NetworkPlan]:
        """Those that are open, by network."""
        return {
            network_id: network.plan
            for network_id, network in self._networks.items()
            if network.driver is not None
        }

    def seat(self, plan: NetworkPlan) -> asyncio.Semaphore:
        return self._networks[plan.network_id].seats

    async def close(self, network_id: int) -> None:
        """Leaves the network to another process."""
        network = self._networks.get(network_id)
        if network is None:
            return
        async with network.opening:
            driver, network.driver = network.driver, None
            if driver is not None:
                await driver.disconnect()

    async def close_all(self) -> None:
        for network_id in self._networks:
            await self.close(network_id)
