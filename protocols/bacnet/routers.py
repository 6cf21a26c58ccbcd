"""BACnet routers (135-2020 clause 6): which networks are behind which of them, as they told."""

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from bacpypes3.netservice import NetworkServiceElement
from bacpypes3.npdu import IAmRouterToNetwork, WhoIsRouterToNetwork
from bacpypes3.pdu import Address

GLOBAL = 65535  # the network number that stands for all


class Routers(NetworkServiceElement):  # type: ignore[misc]
    """Asks for routers and remembers their answers. `ways` are the addresses that are asked, `wait`
    the seconds for which they may think.

    bacpypes3 asks its own subnet alone, and its search for a network ends with an exception when
    two routers answer.
    """

    on_told: Callable[[str, frozenset[int]], None] | None = None

    def __init__(self, ways: Sequence[Address], *, wait: float) -> None:
        super().__init__()
        self.ways = tuple(ways)
        self._wait = wait
        self.behind: dict[str, frozenset[int]] = {}  # by the address of the router
        self._searches: dict[int, asyncio.Task[list[Any]]] = {}
        self._waiting: dict[int, asyncio.Future[list[Any]]] = {}

    def router_to(self, network: int) -> str | None:
        """The address of a router that told of the network."""
        return next((router for router, behind in self.behind.items() if network in behind), None)

    async def ask(self, network: int | None = None) -> None:
        """Who-Is-Router-To-Network: to this one, or to any."""
        (adapter,) = self.elementService.adapters.values()
        for way in self.ways:
            await self.request(adapter, WhoIsRouterToNetwork(network, destination=way))

    async def IAmRouterToNetwork(self, adapter: Any, npdu: IAmRouterToNetwork) -> None:  # noqa: N802 - bacpypes3's
        await super().IAmRouterToNetwork(adapter, npdu)
        router, networks = str(npdu.pduSource), frozenset(npdu.iartnNetworkList)
        self.behind[router] = self.behind.get(router, frozenset()) | networks
        for network in networks:
            waiting = self._waiting.get(network)
            if waiting is not None and not waiting.done():
                waiting.set_result([(adapter, npdu)])
        if self.on_told is not None:
            self.on_told(router, networks)

    def who_is_router_to_network(
        self, adapter: Any = None, destination: Any = None, network: int | None = None
    ) -> asyncio.Future[list[Any]]:
        """As bacpypes3 asks before it sends to a network for the first time."""
        if network is None:
            raise ValueError("bacpypes3 itself asks for one network only")
        search = self._searches.get(network)
        if search is None:
            search = self._searches[network] = asyncio.create_task(self._search(network))
            search.add_done_callback(lambda _: self._searches.pop(network))
        return asyncio.shield(search)

    async def _search(self, network: int) -> list[Any]:
        waiting: asyncio.Future[list[Any]] = asyncio.get_running_loop().create_future()
        self._waiting[network] = waiting
        try:
            await self.ask(network)
            async with asyncio.timeout(self._wait):
                return await waiting
        except TimeoutError:
            return []
        finally:
            del self._waiting[network]
