"""Carrying a command out: one write, then the proof by reading back. Lives in the field's loop."""

import asyncio
import math
from dataclasses import dataclass

from devices.domain.commands import CARRY_OUT_SECONDS
from devices.enums import CommandState
from devices.runtime.networks import NetworkPlan, OpenNetworks
from protocols.driver import Writes, require
from protocols.errors import ProtocolError, Timeout
from protocols.types import Endpoint, Held, PointAddress, Reading

# Controllers hold Reals of 24 bits or thousandths of a unit, rounded.
RELATIVE = 1e-6
ABSOLUTE = 5.01e-4


@dataclass(frozen=True, slots=True)
class Order:
    """All that is needed to carry a command out. Value None releases; `only_read_back`: somebody
    sent it before and did not say how it ended."""

    command_id: int
    device_id: int
    network: NetworkPlan
    endpoint: Endpoint
    point: PointAddress
    value: float | None
    priority: int
    only_read_back: bool


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a command ended. `reading`: what was read back, if anything was."""

    command_id: int
    device_id: int
    state: CommandState
    message: str = ""
    reading: Reading | None = None


async def carry_out(networks: OpenNetworks, order: Order, turn: asyncio.Lock) -> Outcome:
    """Never raises what a device or a network can cause. `turn` is the point's: another write
    between ours and its proof would leave both in doubt."""
    is_begun = False
    try:
        async with asyncio.timeout(CARRY_OUT_SECONDS), turn:
            is_begun = True
            return await _carry_out(networks, order)
    except TimeoutError:
        if is_begun or order.only_read_back:
            message = f"not done within {CARRY_OUT_SECONDS:.0f} s"
            return _outcome(order, CommandState.UNKNOWN, message)
        return _outcome(order, CommandState.REFUSED, "not sent: others to this point took too long")


async def _carry_out(networks: OpenNetworks, order: Order) -> Outcome:
    doubt = "this server stopped before the device had answered" if order.only_read_back else ""
    try:
        driver = require(await networks.driver(order.network), Writes)  # type: ignore[type-abstract]
    except ProtocolError as error:
        state = CommandState.UNKNOWN if order.only_read_back else CommandState.REFUSED
        what = "not read back" if order.only_read_back else "not sent"
        return _outcome(order, state, f"{what}: {error.message}")
    try:
        if not order.only_read_back:
            await driver.write(order.endpoint, order.point, order.value, priority=order.priority)
    except Timeout as error:  # the device may have acted all the same
        doubt = error.message
    except ProtocolError as error:
        return _outcome(order, CommandState.REFUSED, error.message)
    try:
        held = await driver.read_held(order.endpoint, order.point)
    except ProtocolError as error:
        told = doubt or "the device accepted it"
        return _outcome(order, CommandState.UNKNOWN, f"{told}; not read back: {error.message}")
    return _judge(order, held, doubt)


async def still_holds(networks: OpenNetworks, order: Order, turn: asyncio.Lock) -> bool | None:
    """Whether the device holds what was written before; None if it does not tell."""
    try:
        async with asyncio.timeout(CARRY_OUT_SECONDS), turn:
            driver = require(await networks.driver(order.network), Writes)  # type: ignore[type-abstract]
            held = await driver.read_held(order.endpoint, order.point)
    except (TimeoutError, ProtocolError):
        return None
    if math.isnan((held.slots or {}).get(order.priority, 0.0)):
        return None
    # Without a priority array nothing holds a point: whoever writes next sets its value.
    return held.slots is not None and is_proved(order, held)


def _judge(order: Order, held: Held, doubt: str) -> Outcome:
    if is_proved(order, held):
        told = [priority for priority, value in (held.slots or {}).items() if not math.isnan(value)]
        stronger = min(told, default=order.priority)
        message = f"priority {stronger} has the point" if stronger < order.priority else ""
        return _outcome(order, CommandState.CONFIRMED, message, held.reading)
    value = "no value" if held.reading.value is None else f"{held.reading.value:g}"
    message = f"{doubt or 'the device accepted it'}; it holds {value} now"
    return _outcome(order, CommandState.UNKNOWN, message, held.reading)


def is_proved(order: Order, held: Held) -> bool:
    """Whether the device holds what was written. Without a priority array its value must."""
    if order.value is None:
        return held.slots is not None and order.priority not in held.slots
    slots = held.slots
    value = held.reading.value if slots is None else slots.get(order.priority)
    return value is not None and math.isclose(
        value, order.value, rel_tol=RELATIVE, abs_tol=ABSOLUTE
    )


def _outcome(
    order: Order, state: CommandState, message: str = "", reading: Reading | None = None
) -> Outcome:
    return Outcome(order.command_id, order.device_id, state, message, reading)
