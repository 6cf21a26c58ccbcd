"""How much is under way at once: requests to one device or one trunk, octets of awaited replies."""

import asyncio
from collections import deque
from contextlib import suppress

Waiter = tuple["asyncio.Future[None]", int]


class Gate:
    """Lets in as much as `width`; the others wait in their order, the urgent before the rest.

    What is heavier than the whole width goes in alone.
    """

    def __init__(self, width: int = 1) -> None:
        self.width = width
        self._held = 0
        self._urgent: deque[Waiter] = deque()
        self._patient: deque[Waiter] = deque()

    def turn(self, *, weight: int = 1, urgent: bool = False) -> "Turn":
        """`async with` waits to be let in, and is out again at the end."""
        return Turn(self, weight, self._urgent if urgent else self._patient)

    async def enter(self, weight: int, queue: deque[Waiter]) -> None:
        if not (self._urgent or self._patient) and self._has_room(weight):
            self._held += weight
            return
        waiter: Waiter = asyncio.get_running_loop().create_future(), weight
        queue.append(waiter)
        try:
            await waiter[0]
        except asyncio.CancelledError:
            if waiter[0].cancelled():
                with suppress(ValueError):
                    queue.remove(waiter)
            else:  # let in at the very moment at which it gave up
                self._held -= weight
            self._let_in()
            raise

    def leave(self, weight: int) -> None:
        self._held -= weight
        self._let_in()

    def _has_room(self, weight: int) -> bool:
        return self._held == 0 or self._held + weight <= self.width

    def _let_in(self) -> None:
        for queue in (self._urgent, self._patient):
            while queue:
                future, weight = queue[0]
                if future.done():  # cancelled
                    queue.popleft()
                elif self._has_room(weight):
                    queue.popleft()
                    self._held += weight
                    future.set_result(None)
                else:
                    return


class Turn:
    """One stay behind a gate."""

    __slots__ = ("_gate", "_queue", "_weight")

    def __init__(self, gate: Gate, weight: int, queue: deque[Waiter]) -> None:
        self._gate, self._weight, self._queue = gate, weight, queue

    async def __aenter__(self) -> None:
        await self._gate.enter(self._weight, self._queue)

    async def __aexit__(self, *_: object) -> None:
        self._gate.leave(self._weight)


class Gates:
    """The gates of one network, by address: whatever asks a device, by whichever port, goes through
    its gate. Devices on one trunk behind a router share one: a trunk carries one frame at a time.
    """

    def __init__(self) -> None:
        self._gates: dict[str, Gate] = {}

    def of(self, address: str) -> Gate:
        gate = self._gates.get(address)
        if gate is None:
            gate = self._gates[address] = self._gates.setdefault(trunk(address), Gate())
        return gate

    def widen(self, address: str, width: int) -> None:
        """So many requests to this device may be in flight. A trunk stays with one."""
        if trunk(address) == address:
            self.of(address).width = width


def trunk(address: str) -> str:
    """What the device shares its wire with: the number of a network whose stations have one octet
    (MS/TP, ARCNET), "2001" of "2001:12"; else the device alone, its address."""
    network, colon, station = address.partition(":")
    is_single = station.isdecimal() or (station.startswith("0x") and len(station) <= 4)
    return network if colon and is_single and "." not in network else address
