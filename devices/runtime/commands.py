"""Carrying commands out: each sent once, then its proof by reading back. Lives in the field's loop.

Commands to several points of one device go out together, each with its own proof and end.
"""

import asyncio
import math
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass

from devices.domain.commands import CARRY_OUT_SECONDS
from devices.enums import CommandState
from devices.runtime.networks import NetworkPlan, OpenNetworks
from devices.runtime.turns import Place, Turn
from protocols.driver import SwitchesService, Writes, require, write_many
from protocols.errors import ProtocolError, Timeout
from protocols.types import Endpoint, Held, PointAddress, PointWrite, Reading

# Controllers hold Reals of 24 bits or thousandths of a unit, rounded.
RELATIVE = 1e-6
ABSOLUTE = 5.01e-4
AT_ONCE = 25  # commands to one device that go out together: their proofs have 20 s
STOPPED = "this server stopped before the device had answered"
ACCEPTED = "the device accepted it"


@dataclass(frozen=True, slots=True)
class Look:
    """A point that is to be looked at: what its device holds of it."""

    device_id: int
    network: NetworkPlan
    endpoint: Endpoint
    point: PointAddress

    @property
    def place(self) -> Place:
        return self.device_id, self.point


@dataclass(frozen=True, slots=True)
class Order:
    """All that is needed to carry a command out. Value None releases; `only_read_back`: somebody
    sent it before and did not say how it ended. `out`: it takes the point out of service, or back,
    and has neither value nor priority; None: it does not."""

    command_id: int
    device_id: int
    network: NetworkPlan
    endpoint: Endpoint
    point: PointAddress
    value: float | None
    priority: int | None
    only_read_back: bool
    out: bool | None = None

    @property
    def place(self) -> Place:
        return self.device_id, self.point


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. `reading`: what was read back, if anything was; `held`: all that the
    device holds of the point, if that was."""

    command_id: int
    device_id: int
    state: CommandState
    message: str = ""
    reading: Reading | None = None
    held: Held | None = None


def together(orders: Sequence[Order]) -> list[list[Order]]:
    """Those that go out together: writes to different points of a device. Those to one point stay
    in their order."""
    groups: list[list[Order]] = []
    latest: dict[int, list[Order]] = {}
    for order in orders:
        group = latest.get(order.device_id)
        if group is None or not _joins(order, group):
            group = latest[order.device_id] = []
            groups.append(group)
        group.append(order)
    return groups


def _joins(order: Order, group: Sequence[Order]) -> bool:
    is_write = order.out is None and group[0].out is None
    return is_write and len(group) < AT_ONCE and all(one.point != order.point for one in group)


async def carry_out(
    networks: OpenNetworks, orders: Sequence[Order], turn: Turn, tell: Callable[[Outcome], None]
) -> None:
    """Orders to different points of one device, each told as soon as it has ended. Raises nothing
    that a device or a network can cause. `turn` is at all of the points: another write between
    ours and its proof would leave both in doubt."""
    is_begun = False
    left = {order.command_id: order for order in orders}
    try:
        async with (
            asyncio.timeout(CARRY_OUT_SECONDS),
            turn,
            aclosing(_carry_out(networks, orders)) as outcomes,
        ):
            is_begun = True
            async for outcome in outcomes:
                del left[outcome.command_id]
                tell(outcome)
    except TimeoutError:
        for order in left.values():
            tell(_too_late(order, is_begun=is_begun))


def _too_late(order: Order, *, is_begun: bool) -> Outcome:
    if is_begun or order.only_read_back:
        message = f"not done within {CARRY_OUT_SECONDS:.0f} s"
        return _outcome(order, CommandState.UNKNOWN, message)
    return _outcome(order, CommandState.REFUSED, "not sent: others to this point took too long")


async def _carry_out(networks: OpenNetworks, orders: Sequence[Order]) -> AsyncGenerator[Outcome]:
    try:
        driver = require(await networks.driver(orders[0].network), Writes)  # type: ignore[type-abstract]
    except ProtocolError as error:
        for order in orders:
            yield _not_sent(order, error)
        return
    new = [order for order in orders if not order.only_read_back]
    doubts = {order.command_id: STOPPED for order in orders if order.only_read_back}
    refused: set[int] = set()
    for order, ended in zip(new, await _send(driver, new), strict=True):
        if isinstance(ended, Timeout):  # the device may have acted all the same
            doubts[order.command_id] = ended.message
        elif ended is not None:
            refused.add(order.command_id)
            yield _outcome(order, CommandState.REFUSED, ended.message)
    for order in orders:
        if order.command_id not in refused:
            yield await _prove(driver, order, doubts.get(order.command_id, ""))


def _not_sent(order: Order, error: ProtocolError) -> Outcome:
    if order.only_read_back:
        return _outcome(order, CommandState.UNKNOWN, f"not read back: {error.message}")
    return _outcome(order, CommandState.REFUSED, f"not sent: {error.message}")


async def _send(driver: Writes, orders: Sequence[Order]) -> Sequence[ProtocolError | None]:
    """For each None, or the error: none but a Timeout if nothing was written."""
    if not orders:
        return []
    first = orders[0]
    if first.out is None:
        writes = [PointWrite(order.point, order.value, order.priority) for order in orders]
        return await write_many(driver, first.endpoint, writes)
    try:
        switch = require(driver, SwitchesService)  # type: ignore[type-abstract]
        await switch.switch_service(first.endpoint, first.point, out=first.out)
    except ProtocolError as error:
        return [error]
    return [None]


async def _prove(driver: Writes, order: Order, doubt: str) -> Outcome:
    try:
        if order.out is not None:
            switch = require(driver, SwitchesService)  # type: ignore[type-abstract]
            told = await switch.read_service(order.endpoint, order.point)
            return _judge_service(order, *told, doubt)
        held = await driver.read_held(order.endpoint, order.point)
    except ProtocolError as error:
        message = f"{doubt or ACCEPTED}; not read back: {error.message}"
        return _outcome(order, CommandState.UNKNOWN, message)
    return _judge(order, held, doubt)


async def read_held(networks: OpenNetworks, look: Look | Order, turn: Turn) -> Held | None:
    """What the device holds of a point; None if it does not tell."""
    try:
        async with asyncio.timeout(CARRY_OUT_SECONDS), turn:
            driver = require(await networks.driver(look.network), Writes)  # type: ignore[type-abstract]
            return await driver.read_held(look.endpoint, look.point)
    except (TimeoutError, ProtocolError):
        return None


def still_holds(order: Order, held: Held | None) -> bool | None:
    """Whether the device holds what was written before; None if it does not tell."""
    if held is None or math.isnan((held.slots or {}).get(order.priority or 0, 0.0)):
        return None
    # Without a priority array nothing holds a point: whoever writes next sets its value.
    return held.slots is not None and is_proved(order, held)


def _judge(order: Order, held: Held, doubt: str) -> Outcome:
    if is_proved(order, held):
        told = [priority for priority, value in (held.slots or {}).items() if not math.isnan(value)]
        mine = order.priority or 0
        stronger = min(told, default=mine)
        message = f"priority {stronger} has the point" if stronger < mine else ""
        return _outcome(order, CommandState.CONFIRMED, message, held.reading, held)
    value = "no value" if held.reading.value is None else f"{held.reading.value:g}"
    message = f"{doubt or ACCEPTED}; it holds {value} now"
    return _outcome(order, CommandState.UNKNOWN, message, held.reading, held)


def _judge_service(order: Order, reading: Reading, is_out: bool | None, doubt: str) -> Outcome:
    if is_out == order.out:
        return _outcome(order, CommandState.CONFIRMED, "", reading)
    stands = "out of service" if is_out else "in service"
    now = "it does not tell whether it is in service" if is_out is None else f"it is {stands} now"
    return _outcome(order, CommandState.UNKNOWN, f"{doubt or ACCEPTED}; {now}", reading)


def is_proved(order: Order, held: Held) -> bool:
    """Whether the device holds what was written. Without a priority array its value must."""
    if order.value is None:
        return held.slots is not None and order.priority not in held.slots
    slots = held.slots
    value = held.reading.value if slots is None else slots.get(order.priority or 0)
    return value is not None and math.isclose(
        value, order.value, rel_tol=RELATIVE, abs_tol=ABSOLUTE
    )


def _outcome(
    order: Order,
    state: CommandState,
    message: str = "",
    reading: Reading | None = None,
    held: Held | None = None,
) -> Outcome:
    return Outcome(order.command_id, order.device_id, state, message, reading, held)
