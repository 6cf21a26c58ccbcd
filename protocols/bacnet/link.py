"""Our UDP port and the BACnet/IP link on it (135-2020 annex J).

bacpypes3's own (0.0.110) tries for ever and in silence to bind a port, shares it with any other
program, keeps for itself whatever goes to a loopback address on its own port, does not count, and
says nothing on its own subnet while it is a foreign device.
"""

import asyncio
import ipaddress
import logging
import os
import socket
from dataclasses import dataclass, replace
from typing import Any

from bacpypes3.comm import Server, bind
from bacpypes3.ipv4.bvll import BVLLCodec, DistributeBroadcastToNetwork, ForwardedNPDU, Result
from bacpypes3.ipv4.service import BIPNormal, UDPMultiplexer
from bacpypes3.pdu import PDU, IPv4Address, LocalBroadcast

from protocols.bacnet.foreign import Registration

log = logging.getLogger(__name__)

# A thousand devices answer a Who-Is at once; the kernel gives what it allows.
RECEIVE_BUFFER = 4 * 1024 * 1024
HEARS_BROADCASTS_ANYWAY = os.name == "nt"  # elsewhere a port of its own hears them
LONGEST_NETWORK = 30  # beyond it there is no broadcast address


@dataclass(slots=True)
class Traffic:
    """Datagrams since the port is open. `echoed` are our own broadcasts as we hear them, which are
    not among `received`; `results` are among them, what a BBMD says of our registration;
    `refusal` is why this machine did not send one, "" if it sent all."""

    sent: int = 0
    received: int = 0
    echoed: int = 0
    results: int = 0
    refused: int = 0
    refusal: str = ""

    def since(self, before: "Traffic") -> "Traffic":
        """What came after that."""
        refused = self.refused - before.refused
        return Traffic(
            sent=self.sent - before.sent,
            received=self.received - before.received,
            echoed=self.echoed - before.echoed,
            results=self.results - before.results,
            refused=refused,
            refusal=self.refusal if refused else "",
        )

    def copy(self) -> "Traffic":
        return replace(self)


class _Ear(asyncio.DatagramProtocol):
    def __init__(self, port: "UdpPort", destination: Any) -> None:
        self.port = port
        self.destination = destination

    def datagram_received(self, data: bytes, source: tuple[str, int]) -> None:
        self.port.take(data, source, self.destination)

    def error_received(self, error: Exception) -> None:
        self.port.traffic.refused += 1
        self.port.traffic.refusal = getattr(error, "strerror", None) or str(error)


class UdpPort(Server[PDU]):  # type: ignore[misc]
    """One UDP port of one interface, its broadcasts included. `deaf`: why those are not heard, ""
    if they are."""

    def __init__(self, interface: ipaddress.IPv4Interface, port: int) -> None:
        super().__init__()
        self.own = (str(interface.ip), port)
        self.broadcast: tuple[str, int] | None = None
        if interface.network.prefixlen <= LONGEST_NETWORK:
            self.broadcast = (str(interface.network.broadcast_address), port)
        self.deaf = "" if self.broadcast else "the network has no broadcast address"
        self.traffic = Traffic()
        self._own_address = IPv4Address(self.own)
        self._transports: list[asyncio.DatagramTransport] = []
        self._tasks: set[asyncio.Task[None]] = set()

    async def open(self) -> None:
        """Raises OSError if somebody has the port, or this machine has no such address. That
        broadcasts cannot be heard is no error: who is asked by his address answers all the same."""
        await self._bind(self.own, self._own_address, reuse_port=None)
        if self.broadcast is None or HEARS_BROADCASTS_ANYWAY:
            return
        try:  # several programs may hear the same broadcasts
            await self._bind(self.broadcast, LocalBroadcast(), reuse_port=True)
        except OSError as error:
            self.deaf = error.strerror or str(error)
            log.warning("broadcasts to %s:%d cannot be heard: %s", *self.broadcast, self.deaf)

    async def _bind(
        self, place: tuple[str, int], destination: Any, *, reuse_port: bool | None
    ) -> None:
        transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: _Ear(self, destination),
            local_addr=place,
            allow_broadcast=True,
            reuse_port=reuse_port,
        )
        bound: socket.socket = transport.get_extra_info("socket")
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
        self._transports.append(transport)

    def close(self) -> None:
        for transport in self._transports:
            transport.close()
        self._transports.clear()

    async def indication(self, pdu: PDU) -> None:
        """Sends it. Like every loss on the way, what this machine refuses to send is no error."""
        place = pdu.pduDestination
        target = self.broadcast if isinstance(place, LocalBroadcast) else place.addrTuple
        if target is None or not self._transports:
            self.traffic.refused += 1
            self.traffic.refusal = self.deaf or "the port is closed"
            return
        refused = self.traffic.refused
        self._transports[0].sendto(bytes(pdu.pduData), target)
        self.traffic.sent += self.traffic.refused == refused

    def take(self, data: bytes, source: tuple[str, int], destination: Any) -> None:
        if source == self.own:
            self.traffic.echoed += 1
            return
        self.traffic.received += 1
        pdu = PDU(data, source=IPv4Address(source), destination=destination)
        task = asyncio.create_task(self._up(pdu))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _up(self, pdu: PDU) -> None:
        try:
            await self.response(pdu)
        except Exception as error:  # noqa: BLE001  anybody can send anything to a UDP port
            log.debug("a datagram of %s makes no sense: %r", pdu.pduSource, error)


class Link(BIPNormal):  # type: ignore[misc]
    """A device of its own subnet, and where `registration` is set a foreign device as well: what is
    broadcast goes to both, so that a BBMD that is down costs nobody the devices that are near."""

    registration: Registration | None = None

    def __init__(self, port: UdpPort) -> None:
        super().__init__()
        self.port = port
        self.codec = BVLLCodec()
        self.multiplexer = UDPMultiplexer()
        bind(self, self.codec, self.multiplexer.annexJ)
        bind(self.multiplexer, port)

    def close(self) -> None:
        if self.registration is not None:
            self.registration.close()
        self.port.close()

    async def indication(self, pdu: PDU) -> None:
        await super().indication(pdu)
        registration = self.registration
        is_broadcast = isinstance(pdu.pduDestination, LocalBroadcast)
        if is_broadcast and registration is not None and registration.is_valid:
            await self.request(DistributeBroadcastToNetwork(pdu, destination=registration.address))

    async def confirmation(self, lpdu: Any) -> None:
        if isinstance(lpdu, Result):
            self.port.traffic.results += 1
            if self.registration is not None:
                self.registration.hear(lpdu.pduSource, int(lpdu.bvlciResultCode))
        elif isinstance(lpdu, ForwardedNPDU) and lpdu.bvlciAddress.addrTuple == self.port.own:
            self.port.traffic.received -= 1  # our own broadcast, as a BBMD repeats it
            self.port.traffic.echoed += 1
        else:
            await super().confirmation(lpdu)
