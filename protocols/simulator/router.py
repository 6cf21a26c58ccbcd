"""A BACnet router with an MS/TP trunk behind it, all in one process.

The trunk is virtual but as slow as a real one: a frame takes its time on the wire, and while a
station is asked nobody else may speak.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from bacpypes3.netservice import NetworkServiceAccessPoint
from bacpypes3.npdu import RejectMessageToNetwork
from bacpypes3.pdu import LocalStation
from bacpypes3.vlan import VirtualNetwork
from bacpypes3.vlan.link import VirtualLinkLayer

from protocols.simulator.device import SimulatedDevice, check_addresses, live, open_port
from protocols.simulator.hosts import Trunk
from protocols.simulator.weather import Clock

LINE = "MS/TP"  # the one trunk of this process
ROUTER_MAC = 0
FRAME_OCTETS = 10  # preamble, header and both checksums; clause 9.3
BITS_PER_OCTET = 10
UNKNOWN_NETWORK = 1  # clause 6.4.4


class Line(VirtualNetwork):  # type: ignore[misc]
    """Carries one frame at a time, and the reply to a request before any other frame."""

    def __init__(self, trunk: Trunk) -> None:
        super().__init__(LINE)
        self._seconds_per_octet = BITS_PER_OCTET / trunk.baud
        self._reply_seconds = trunk.turn
        self._turn = asyncio.Lock()
        self._asked: Any = None  # the station whose reply the line is kept for
        self._replied = asyncio.Event()
        self._deliveries: set[asyncio.Task[None]] = set()

    async def process_pdu(self, pdu: Any) -> None:
        if self._asked is not None and pdu.pduSource == self._asked:
            await self._carry(pdu)
            self._replied.set()
            return
        async with self._turn:
            expects_reply = pdu.pduExpectingReply
            self._replied.clear()
            self._asked = pdu.pduDestination if expects_reply else None
            await self._carry(pdu)
            if expects_reply:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._replied.wait(), self._reply_seconds)
            self._asked = None

    async def _carry(self, pdu: Any) -> None:
        await asyncio.sleep((FRAME_OCTETS + len(pdu.pduData)) * self._seconds_per_octet)
        # A task: a station takes its time, but nobody waits for it longer than a turn.
        delivery = asyncio.ensure_future(super().process_pdu(pdu))
        self._deliveries.add(delivery)
        delivery.add_done_callback(self._deliveries.discard)


class RouterServicePoint(NetworkServiceAccessPoint):  # type: ignore[misc]
    """Says so when there is no way to a network: bacpypes3 would look for one by itself."""

    async def process_npdu(self, adapter: Any, npdu: Any) -> None:
        wanted = npdu.npduDADR and npdu.npduDADR.addrNet
        if wanted and wanted not in self.adapters:
            rejection = RejectMessageToNetwork(UNKNOWN_NETWORK, wanted, destination=npdu.pduSource)
            await adapter.process_npdu(rejection)
            return
        await super().process_npdu(adapter, npdu)


def _join(device: SimulatedDevice, mac: int, network: int | None = None) -> None:
    address = LocalStation(mac)
    device.application.nsap.bind(VirtualLinkLayer(address, LINE), net=network, address=address)


async def serve(trunk: Trunk, clock: Clock, started: Callable[[], None]) -> None:
    """Is the router and its stations, for ever. Calls `started` once they answer; raises
    AddressTakenError."""
    check_addresses([trunk.router])
    Line(trunk)
    router = SimulatedDevice(trunk.router, clock, RouterServicePoint())
    await open_port(router.application, network=trunk.ip_network)
    _join(router, ROUTER_MAC, trunk.network)
    stations = [SimulatedDevice(spec, clock) for spec in trunk.stations]
    for number, station in enumerate(stations, start=1):
        _join(station, number)
    started()
    await live([router, *stations])
