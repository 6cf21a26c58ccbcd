"""A subnet whose broadcasts stay inside, and its BBMD; all in one process.

Linux takes 127.0.5.255 for an address like any other, so that of several sockets bound to it one
would get a datagram. One socket, the wire, listens there and hands each to all.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from bacpypes3.ipv4.bvll import RegisterForeignDevice
from bacpypes3.ipv4.link import BBMDLinkLayer
from bacpypes3.pdu import PDU, IPv4Address, LocalBroadcast

from protocols.simulator.addresses import check_free
from protocols.simulator.device import SimulatedDevice, live, open_port
from protocols.simulator.hosts import Registration, Subnet
from protocols.simulator.weather import Clock

NOT_REGISTERED = 0x0030  # Register-Foreign-Device NAK; annex J.2.1
OWN_ADDRESS_ONLY = 32  # with this prefix length bacpypes3 listens to no broadcasts


class Wire(asyncio.DatagramProtocol):
    """What is broadcast in the subnet: one gets it, all hear it."""

    def __init__(self, address: tuple[str, int]) -> None:
        self.address = address
        self._servers: list[Any] = []
        self._deliveries: set[asyncio.Task[None]] = set()

    def join(self, server: Any) -> None:
        """bacpypes3's server of one device's port: it broadcasts to the wire and hears it."""
        server.broadcast_address = self.address
        self._servers.append(server)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        for server in self._servers:  # the sender's own drops it
            pdu = PDU(data, source=IPv4Address(addr), destination=LocalBroadcast())
            delivery = asyncio.ensure_future(server.confirmation(pdu))
            self._deliveries.add(delivery)
            delivery.add_done_callback(self._deliveries.discard)


class RefusingLink(BBMDLinkLayer):  # type: ignore[misc]
    def register_foreign_device(self, addr: Any, ttl: int) -> int:
        return NOT_REGISTERED


class UnansweringLink(BBMDLinkLayer):  # type: ignore[misc]
    async def confirmation(self, lpdu: Any) -> None:
        if not isinstance(lpdu, RegisterForeignDevice):
            await super().confirmation(lpdu)


LINKS = {
    Registration.ACCEPTED: BBMDLinkLayer,
    Registration.REFUSED: RefusingLink,
    Registration.UNANSWERED: UnansweringLink,
}


async def serve(subnet: Subnet, clock: Clock, started: Callable[[], None]) -> None:
    """Is the BBMD and its subnet, for ever. Calls `started` once they answer; raises
    AddressTakenError."""
    broadcast = (str(subnet.network.broadcast_address), subnet.bbmd.port)
    for host, port in (*((spec.address, spec.port) for spec in subnet.devices), broadcast):
        check_free(host, port)
    wire = Wire(broadcast)
    await asyncio.get_running_loop().create_datagram_endpoint(lambda: wire, local_addr=broadcast)
    bbmd = SimulatedDevice(subnet.bbmd, clock)
    link = LINKS[subnet.registration]
    wire.join(await open_port(bbmd.application, prefix_length=OWN_ADDRESS_ONLY, make_link=link))
    (layer,) = bbmd.application.link_layers.values()
    layer.add_peer(layer.bbmdAddress)  # itself, so that it broadcasts in its own subnet
    others = [SimulatedDevice(spec, clock) for spec in subnet.others]
    for device in others:
        wire.join(await open_port(device.application, prefix_length=OWN_ADDRESS_ONLY))
    started()
    await live([bbmd, *others])
