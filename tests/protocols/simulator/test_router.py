"""A router with an MS/TP trunk behind it, as a BACnet client on the IP side sees it."""

import asyncio
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from bacpypes3.netservice import NetworkServiceElement
from bacpypes3.npdu import RejectMessageToNetwork
from bacpypes3.pdu import Address, RemoteStation
from bacpypes3.settings import settings

from protocols.simulator.flat import flat_device
from protocols.simulator.hosts import Trunk
from protocols.simulator.processes import SimulatedBuilding
from tests.ports import any_port

NETWORK = 2010
THINKS, TURN, DAWDLES = 0.05, 1.0, 3.0  # the second station takes less than a turn, the third more
NAME = ("analog-input,1", "object-name")


@pytest.fixture(scope="module")
def trunk() -> Iterator[Trunk]:
    place = ("127.1.1.1", any_port())
    delays = (0.0, THINKS, DAWDLES)
    stations = tuple(
        flat_device(f"Station {mac}", 700 + mac, *place, 40, max_apdu=480, reply_delay=delay)
        for mac, delay in enumerate(delays, start=1)
    )
    trunk = Trunk(
        router=flat_device("Router", 700, *place, 8),
        stations=stations,
        network=NETWORK,
        baud=115200,
        turn=TURN,
    )
    with SimulatedBuilding([trunk]):
        yield trunk


@pytest.fixture
def route_aware() -> Iterator[None]:
    """Lets bacpypes3 send to a network by way of a router that it is told."""
    settings.route_aware = True
    yield
    settings.route_aware = False


async def networks_behind(client: Any, router: Address, network: int | None = None) -> Any:
    told: list[Any] = []
    while not told:  # bacpypes3 waits 2 s, no more
        told = await client.nse.who_is_router_to_network(destination=router, network=network)
    assert [str(answer.pduSource) for _adapter, answer in told] == [str(router)]
    return [answer.iartnNetworkList for _adapter, answer in told]


async def test_the_router_tells_of_its_network(trunk: Trunk, open_client: Callable) -> None:
    client, router = open_client(), Address(trunk.router.place)
    assert await networks_behind(client, router) == [[NETWORK]]
    assert await networks_behind(client, router, NETWORK) == [[NETWORK]]


@pytest.mark.parametrize("to", ["everybody", "the trunk"])
async def test_stations_answer_a_broadcast_through_the_router(
    to: str, trunk: Trunk, open_client: Callable, route_aware: None, until: Callable
) -> None:
    client = open_client()
    broadcast = "*:*" if to == "everybody" else f"{NETWORK}:*"
    client.who_is(address=Address(f"{broadcast}@{trunk.router.place}"), timeout=1)
    await until(lambda: {701, 702, 703} <= {instance for instance, _ in client.found})
    sources = {apdu.iAmDeviceIdentifier[1]: apdu.pduSource for apdu in client.heard}
    assert {number: sources[700 + number].addrNet for number in (1, 2, 3)} == dict.fromkeys(
        (1, 2, 3), NETWORK
    )
    assert [sources[700 + number].addrAddr for number in (1, 2, 3)] == [b"\1", b"\2", b"\3"]
    assert {int(apdu.maxAPDULengthAccepted) for apdu in client.heard[-3:]} == {480}
    assert (700 in sources) == (to == "everybody")


async def test_a_station_is_read_and_written_through_the_router(
    trunk: Trunk, open_client: Callable
) -> None:
    client = open_client()
    await networks_behind(client, Address(trunk.router.place), NETWORK)  # it remembers the way
    place = RemoteStation(NETWORK, 1)
    await client.write(place, "analog-value,1", 12.5)
    assert await client.read(place, "analog-value,1", "present-value") == 12.5
    assert await client.read(place, "device,701", "object-name") == "Station 1"
    assert await client.read(trunk.router.place, "device,700", "object-name") == "Router"
    assert len(await client.read(place, "device,701", "object-list")) == 41


async def test_the_trunk_carries_one_request_at_a_time(trunk: Trunk, open_client: Callable) -> None:
    """Whoever asks a station that thinks keeps the others waiting; not for longer than a turn."""
    client = open_client()
    await networks_behind(client, Address(trunk.router.place), NETWORK)
    order: list[int] = []

    async def ask(mac: int) -> None:
        await client.read(RemoteStation(NETWORK, mac), *NAME)
        order.append(mac)

    await asyncio.gather(ask(2), ask(1))
    assert order == [2, 1]
    order.clear()
    await asyncio.gather(ask(3), ask(1))
    assert order == [1, 3]


async def test_a_network_that_is_not_there_is_rejected(
    trunk: Trunk, open_client: Callable, monkeypatch: pytest.MonkeyPatch, route_aware: None
) -> None:
    rejected: asyncio.Future[RejectMessageToNetwork] = asyncio.Future()

    async def remember(self: Any, adapter: Any, npdu: RejectMessageToNetwork) -> None:
        rejected.set_result(npdu)

    monkeypatch.setattr(NetworkServiceElement, "RejectMessageToNetwork", remember)
    client = open_client()
    client.who_is(address=Address(f"4711:*@{trunk.router.place}"), timeout=1)
    async with asyncio.timeout(20):
        told = await rejected
    assert (told.rmtnRejectionReason, told.rmtnDNET) == (1, 4711)


@pytest.mark.parametrize(
    ("wrong", "problem"),
    [
        ({"network": 0}, "network numbers go from 1 to 65534, not 0"),
        ({"network": 1}, "both sides of R are network 1"),
        ({"stations": 128}, "a trunk has at most 127 stations, not 128"),
    ],
)
def test_a_trunk_that_makes_no_sense_is_refused(wrong: dict[str, int], problem: str) -> None:
    router = flat_device("R", 1, "127.1.1.1", 47999, 4)
    count = wrong.pop("stations", 1)
    with pytest.raises(ValueError, match=problem):
        Trunk(router=router, stations=(router,) * count, **wrong)
