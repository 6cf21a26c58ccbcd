"""The sockets of many devices, one each, in one process."""

import asyncio
import contextlib
import resource
import socket
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from protocols.bacnet.codec import apdu, frames, services
from protocols.errors import CodecError
from protocols.simulator.addresses import check_free
from protocols.simulator.fast.catalogue import Catalogue
from protocols.simulator.fast.device import FastDevice
from protocols.simulator.fast.template import Template
from protocols.simulator.faults import NO_FAULTS
from protocols.simulator.spec import DeviceSpec, Point
from protocols.simulator.trouble import Trouble
from protocols.simulator.weather import Clock

Address = tuple[str, int]

BROADCAST_ADDRESS = "127.255.255.255"
LONGEST = 2048  # octets of a datagram, more than any that makes sense
AT_ONCE = 16  # datagrams of one device before another has its turn
TICK_SECONDS = 60  # of simulated time from one value to the next
# How fast the devices say I-Am: 2,500 in a second, as so many in a real network would at best. All
# at once they would overrun the socket of whoever asks.
I_AMS, PAUSE_SECONDS = 25, 0.01
SPARE_FILES = 64
CONTROL = 5  # the place of the NPDU's control octet


class WhoIs(NamedTuple):
    instances: range | None  # None: everybody
    address: Address  # of who asks
    station: frames.Station | None  # who asks, behind a router at this address


class Member:
    """One device at its socket."""

    def __init__(self, spec: DeviceSpec, device: FastDevice) -> None:
        self.instance = spec.instance
        self._device = device
        self._socket = _bound(spec.address, spec.port)
        faulty = spec.faults != NO_FAULTS
        self._trouble = Trouble(spec.faults, spec.instance) if faulty else None

    def fileno(self) -> int:
        return self._socket.fileno()

    def hear(self, now: Callable[[], float]) -> None:
        """Reads what has come and answers it."""
        tick = int(now()) // TICK_SECONDS
        for datagram, sender in _received(self._socket):
            if self._trouble is not None and not self._trouble.hears(
                confirmed=bool(datagram[CONTROL] & frames.EXPECTS_REPLY), port=sender[1]
            ):
                continue
            answer = self._device.answer(datagram, tick)
            if answer is not None:
                self._send(answer, sender)
            elif (who_is := _who_is(datagram, sender)) is not None:
                self.introduce_to(who_is)

    def introduce_to(self, who_is: WhoIs) -> None:
        """Says I-Am, if it is asked."""
        if who_is.instances is None or self.instance in who_is.instances:
            self._send(frames.wrap(self._device.i_am, to=who_is.station), who_is.address)

    def _send(self, datagram: bytes, to: Address) -> None:
        if self._trouble is not None and not self._trouble.lets_out():
            return
        with contextlib.suppress(OSError):  # nobody there, or no room: UDP promises nothing
            self._socket.sendto(datagram, to)


class Fleet:
    """All members, and the broadcasts that they hear."""

    def __init__(self, specs: Sequence[DeviceSpec], clock: Clock) -> None:
        self._loop = asyncio.get_running_loop()
        self._members = [
            Member(spec, device) for spec, device in zip(specs, _devices(specs), strict=True)
        ]
        self._introductions: set[asyncio.Task[None]] = set()
        for member in self._members:
            self._loop.add_reader(member, member.hear, clock.now)
        for port in {spec.port for spec in specs}:
            broadcasts = _bound(BROADCAST_ADDRESS, port, shared=True)
            self._loop.add_reader(broadcasts, self._hear, broadcasts)

    def _hear(self, broadcasts: socket.socket) -> None:
        for datagram, sender in _received(broadcasts):
            who_is = _who_is(datagram, sender)
            if who_is is not None:
                introduction = self._loop.create_task(self._introduce(who_is))
                self._introductions.add(introduction)
                introduction.add_done_callback(self._introductions.discard)

    async def live(self) -> None:
        await asyncio.Event().wait()  # all is done by the readers

    async def _introduce(self, who_is: WhoIs) -> None:
        for first in range(0, len(self._members), I_AMS):
            for member in self._members[first : first + I_AMS]:
                member.introduce_to(who_is)
            await asyncio.sleep(PAUSE_SECONDS)


def _devices(specs: Sequence[DeviceSpec]) -> Iterator[FastDevice]:
    """Those of the same points share what they have in common."""
    common: dict[tuple[Point, ...], tuple[Catalogue, dict[bytes, Template]]] = {}
    for number, spec in enumerate(specs):
        if spec.points not in common:
            common[spec.points] = Catalogue(spec.points), {}
        yield FastDevice(spec, *common[spec.points], phase=number)


def _bound(address: str, port: int, *, shared: bool = False) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    opened.setblocking(False)
    if shared:
        opened.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    opened.bind((address, port))
    return opened


def _received(opened: socket.socket) -> Iterator[tuple[bytes, Address]]:
    for _ in range(AT_ONCE):
        try:
            datagram, sender = opened.recvfrom(LONGEST)
        except OSError:  # nothing more, or word that an earlier answer reached nobody
            return
        if len(datagram) > CONTROL:
            yield datagram, sender


def _who_is(datagram: bytes, sender: Address) -> WhoIs | None:
    try:
        frame = frames.unwrap(datagram)
        asked = apdu.parse(frame.apdu) if frame is not None else None
        if (
            frame is None
            or not isinstance(asked, apdu.UnconfirmedRequest)
            or asked.service != apdu.WHO_IS
        ):
            return None
        return WhoIs(services.decode_who_is(asked.data), frame.sender or sender, frame.source)
    except CodecError:
        return None


def _allow_sockets(count: int) -> None:
    """Raises the limit of open files as far as it is needed and allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = count + SPARE_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


async def serve(specs: Sequence[DeviceSpec], clock: Clock, started: Callable[[], None]) -> None:
    """Is the devices, for ever. Calls `started` once they answer; raises AddressTakenError."""
    for spec in specs:
        check_free(spec.address, spec.port)
    for port in {spec.port for spec in specs}:
        check_free(BROADCAST_ADDRESS, port, shared=True)
    _allow_sockets(len(specs))
    fleet = Fleet(specs, clock)
    started()
    await fleet.live()
