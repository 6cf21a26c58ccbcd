"""The port from which devices are polled: datagrams out, answers back to who waits for them.

An answer belongs to a request if it comes from the same place with the same invoke id for the same
service (135-2020 clause 5.4); what comes late, twice or from elsewhere is dropped and counted.
"""

import asyncio
import logging
import socket
from contextlib import suppress
from typing import NamedTuple

from protocols.addresses import BACNET_PORT
from protocols.bacnet.codec import apdu, frames
from protocols.bacnet.codec.frames import Station
from protocols.bacnet.gates import Gate
from protocols.errors import CodecError, Unreachable

log = logging.getLogger(__name__)

RECEIVE_BUFFER = 4 * 1024 * 1024  # octets that we ask the system for; it may give less
OVERHEAD = 1024  # octets that the system counts for each datagram beside its own
INVOKE_IDS = 256


class Peer(NamedTuple):
    """Where a device is asked: the socket address of it or of its router, and who it is there."""

    place: tuple[str, int]
    station: Station | None = None


class Request:
    """A request whose octets were made once; each try has another invoke id. `reply_octets` is what
    its answer takes at most, about."""

    __slots__ = ("_head", "_tail", "peer", "reply_octets", "service")

    def __init__(self, peer: Peer, service: int, data: bytes, reply_octets: int) -> None:
        self.peer = peer
        self.service = service
        self.reply_octets = reply_octets
        asked = apdu.confirmed_request(service, data)
        datagram = frames.wrap(asked, to=peer.station, expects_reply=True)
        place = len(datagram) - len(asked) + 2  # of the invoke id
        self._head, self._tail = datagram[:place], datagram[place + 1 :]

    def datagram(self, invoke_id: int) -> bytes:
        return self._head + bytes((invoke_id,)) + self._tail


class Poller(asyncio.DatagramProtocol):
    """One UDP socket. Not for writes: nothing here says whether a lost request was carried out."""

    def __init__(self, timeout: float) -> None:
        self.timeout = timeout
        self.dropped = 0  # answers that nobody waited for
        self._transport: asyncio.DatagramTransport | None = None
        self._waiting: dict[tuple[Peer, int], tuple[int, asyncio.Future[apdu.Reply | None]]] = {}
        self._last_id: dict[Peer, int] = {}
        self._in_flight = Gate()

    async def open(self, host: str) -> None:
        """Binds any free port. Raises Unreachable."""
        try:
            sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
            sock.setblocking(False)
            with suppress(OSError):
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER)
            sock.bind((host, 0))
        except OSError as error:
            sock.close()
            raise Unreachable(f"no UDP port on {host} can be opened: {error.strerror}") from error
        # Answers that come all at once must find room: half of what the system gives.
        self._in_flight.width = sock.getsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF) // 2
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=sock)

    def close(self) -> None:
        """Whoever waits hears that the network is closed."""
        transport, self._transport = self._transport, None
        if transport is not None:
            transport.close()
        for _, future in self._waiting.values():
            if not future.done():
                future.set_exception(Unreachable("the network is closed"))

    async def ask(self, request: Request) -> apdu.Reply | None:
        """One try: the answer, or None if none came in time. Raises Unreachable once closed."""
        async with self._in_flight.turn(weight=request.reply_octets + OVERHEAD):
            if self._transport is None:
                raise Unreachable("the network is closed")
            invoke_id = self._free_id(request.peer)
            loop = asyncio.get_running_loop()
            future: asyncio.Future[apdu.Reply | None] = loop.create_future()
            key = request.peer, invoke_id
            self._waiting[key] = request.service, future
            timer = loop.call_later(self.timeout, _expire, future)
            try:
                self._transport.sendto(request.datagram(invoke_id), request.peer.place)
                return await future
            finally:
                timer.cancel()
                del self._waiting[key]

    def _free_id(self, peer: Peer) -> int:
        """The next one, so that a late answer to an earlier request meets none for long."""
        invoke_id = self._last_id.get(peer, -1)
        for _ in range(INVOKE_IDS):
            invoke_id = (invoke_id + 1) % INVOKE_IDS
            if (peer, invoke_id) not in self._waiting:
                self._last_id[peer] = invoke_id
                return invoke_id
        raise Unreachable(f"{INVOKE_IDS} requests to {peer.place[0]} wait for an answer")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        try:
            frame = frames.unwrap(data)
            reply = None if frame is None else apdu.parse(frame.apdu)
        except CodecError as error:
            self.dropped += 1
            log.debug("%s:%d sent what makes no sense: %s", *addr, error)
            return
        if frame is None or isinstance(reply, (apdu.ConfirmedRequest, apdu.UnconfirmedRequest)):
            return
        assert reply is not None  # noqa: S101  for the type
        waiting = self._waiting.get((Peer(addr, frame.source), reply.invoke_id))
        if waiting is None or not _belongs(reply, waiting[0]) or waiting[1].done():
            self.dropped += 1
            return
        waiting[1].set_result(reply)

    def error_received(self, exc: Exception) -> None:
        """What could not be sent gets no answer: the time-out says it."""
        log.debug("a request could not be sent: %s", exc)


def _belongs(reply: apdu.Reply, service: int) -> bool:
    """Reject and Abort do not name the service."""
    return isinstance(reply, (apdu.Reject, apdu.Abort)) or reply.service == service


def _expire(future: "asyncio.Future[apdu.Reply | None]") -> None:
    if not future.done():
        future.set_result(None)


def direct_peer(address: str) -> Peer | None:
    """Of a device on the network itself; None of one behind a router."""
    host, _, port = address.partition(":")
    return Peer((host, int(port or BACNET_PORT))) if "." in host else None


def routed_station(address: str) -> Station:
    """Of "2001:12", "2001:0x0102" or "2001:192.168.1.5:47808", as bacpypes3 writes them."""
    network, _, station = address.partition(":")
    if station.startswith("0x"):
        return Station(int(network), bytes.fromhex(station[2:]))
    if "." in station:
        host, _, port = station.partition(":")
        return Station(
            int(network), socket.inet_aton(host) + int(port or BACNET_PORT).to_bytes(2, "big")
        )
    return Station(int(network), bytes([int(station)]))
