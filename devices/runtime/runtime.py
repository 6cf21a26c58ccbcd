"""Reads devices: one asyncio loop in one thread holds all drivers, one writer thread takes the
outcomes and hands them on in batches.

It knows networks, endpoints and addresses, not what the points mean: the composition gives it
`Hooks`. Nothing in the loop touches the database; nothing in the writer touches the network.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any

from django.db import DatabaseError, InterfaceError

from devices.domain.connecting import SECONDS as CONNECT_SECONDS
from devices.domain.link import PollResult
from devices.enums import CommandState
from devices.runtime.commands import (
    Look,
    Order,
    Outcome,
    carry_out,
    read_held,
    still_holds,
    together,
)
from devices.runtime.hooks import (
    Connected,
    ConnectPlan,
    DevicePlan,
    DiscoveryEnd,
    Found,
    HeldRead,
    HoldEnd,
    Hooks,
    NetworkProblem,
    ScanPlan,
    Stepped,
)
from devices.runtime.networks import NetworkPlan, OpenNetworks
from devices.runtime.turns import Turn, Turns
from devices.runtime.writer import Writer
from protocols.driver import Discovers, Driver, Learns, require
from protocols.errors import ProtocolError, Timeout
from protocols.scanning import ScanStep
from protocols.types import Held, Profile, Reading

log = logging.getLogger(__name__)

STOP_SECONDS = 2.0
KEEP_SECONDS = 5.0


class FieldRuntime:
    """Start it once in the process that owns the field. `poll` and `discover` are thread-safe
    and return at once."""

    def __init__(self, hooks: Hooks) -> None:
        self._hooks = hooks
        self._writer = Writer(self._store, _size, hooks.close_connections)
        self._networks = OpenNetworks(
            lambda network_id, problem: self._writer.put(NetworkProblem(network_id, problem))
        )
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="field", daemon=True)
        self._running: set[asyncio.Task[None]] = set()
        self._claiming = threading.Lock()
        self._searched: set[int] = set()  # networks, now
        self._turns = Turns()
        self._stopping = False

    def start(self) -> None:
        self._writer.start()
        self._thread.start()
        self._submit([self._keep_networks()])

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    def stop(self) -> None:
        """Ends what is in flight, closes the networks, writes what is already read."""
        self._stopping = True
        if self._thread.is_alive():
            ending = asyncio.run_coroutine_threadsafe(self._end(), self._loop)
            try:
                ending.result(STOP_SECONDS)
            except TimeoutError:
                log.warning("the field did not end within %.0f s", STOP_SECONDS)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(STOP_SECONDS)
        if not self._thread.is_alive():
            self._loop.close()
        self._writer.stop()

    async def _end(self) -> None:
        """The networks first: bacpypes3 stumbles over an answer to a cancelled request."""
        await self._networks.close_all()
        for task in self._running:
            task.cancel()
        await asyncio.gather(*self._running, return_exceptions=True)

    def poll(self, device_ids: Sequence[int]) -> None:
        """Reads the devices. What cannot be read here gives its claim back."""
        plans = [] if self._stopping else list(self._hooks.plan_devices(device_ids))
        network_ids = {plan.network.network_id for plan in plans}
        held = self._held(network_ids)
        mine = [plan for plan in plans if plan.network.network_id in held]
        others = set(device_ids) - {plan.device_id for plan in mine}
        if others:
            self._hooks.release(sorted(others))
        self._submit([self._poll(plan) for plan in mine])
        self._submit([self._networks.close(network_id) for network_id in network_ids - held])

    def _held(self, network_ids: Iterable[int]) -> set[int]:
        """Those of the networks that this process may open."""
        return {one for one in set(network_ids) if self._hooks.hold_network(one)}

    def command(self, command_ids: Sequence[int]) -> None:
        """Carries the commands out that are for networks of ours, ahead of what is being polled.
        The others are passed on to the process that serves their network."""
        if self._stopping:
            return
        networks = self._hooks.networks_of_commands(command_ids)
        held = self._held(networks.values())
        mine = [one for one in networks if networks[one] in held]
        self._hooks.pass_on_commands([one for one in networks if networks[one] not in held])
        with self._claiming:  # two messages at once must not swap the order of their commands
            claimed: list[Order] = []
            try:
                for order in self._hooks.claim_commands(mine):
                    claimed.append(order)  # noqa: PERF402  it is sent, whatever comes behind it
            finally:
                self._submit([self._command(group) for group in together(claimed)])

    async def _command(self, orders: Sequence[Order]) -> None:
        """Those whose points are free go out together; the others wait, each for its own point."""
        free = [order for order in orders if self._turns.is_free(order.place)]
        waiting = [[order] for order in orders if order not in free]
        groups = [group for group in (free, *waiting) if group]
        turns = [self._turns.queue(*(order.place for order in group)) for group in groups]
        carried = zip(groups, turns, strict=True)
        await asyncio.gather(*(self._carry_out(group, turn) for group, turn in carried))

    async def _carry_out(self, orders: Sequence[Order], turn: Turn) -> None:
        left = {order.command_id: order for order in orders}

        def tell(outcome: Outcome) -> None:
            del left[outcome.command_id]
            self._writer.put_first(outcome)

        try:
            await carry_out(self._networks, orders, turn, tell)
        except Exception as bug:  # the outermost guard: the rows must have an end
            log.exception("a bug while commanding %s", orders[0].endpoint)
            told = f"internal error: {bug}"
            for order in list(left.values()):
                tell(Outcome(order.command_id, order.device_id, CommandState.UNKNOWN, told))

    def check_overrides(self, command_ids: Sequence[int]) -> None:
        """Looks whether the devices still hold what was written."""
        orders = [] if self._stopping else list(self._hooks.plan_checks(command_ids))
        held = self._held(order.network.network_id for order in orders)
        self._submit([self._check(one) for one in orders if one.network.network_id in held])

    async def _check(self, order: Order) -> None:
        held = await self._look(order)
        if still_holds(order, held) is False:
            self._writer.put(HoldEnd(order.command_id))

    def read_priorities(self, point_ids: Sequence[int]) -> None:
        """Reads anew what devices hold of points that somebody commands."""
        looks = [] if self._stopping else list(self._hooks.plan_looks(point_ids))
        held = self._held(look.network.network_id for look in looks)
        self._submit(
            [self._read_priorities(one) for one in looks if one.network.network_id in held]
        )

    async def _read_priorities(self, look: Look) -> None:
        await self._look(look)

    async def _look(self, look: Look | Order) -> Held | None:
        """What the device holds, which is stored whatever it was read for."""
        held = await read_held(self._networks, look, self._turns.queue(look.place))
        if held is not None:
            self._writer.put_first(HeldRead(look.device_id, held))
        return held

    def discover(self, network_id: int) -> None:
        """Looks for devices on the network."""
        plan = None if self._stopping else self._hooks.plan_network(network_id)
        if plan is None:
            return
        if not self._hooks.hold_network(network_id):
            self._hooks.postpone_discovery(network_id)
            return
        with self._claiming:
            if network_id in self._searched:  # it is searched anew when this is over
                return
            self._searched.add(network_id)
        scan = self._hooks.begin_scan(network_id)
        if scan is None:
            self._searched.discard(network_id)
        else:
            self._submit([self._discover(plan, scan)])

    def connect(self, job_ids: Sequence[int]) -> None:
        """Asks devices who they are, ahead of what waits to be stored. What is for networks of
        others is left to them: it is sent again."""
        plans = [] if self._stopping else list(self._hooks.plan_connections(job_ids))
        held = self._held(plan.network.network_id for plan in plans)
        mine = [plan for plan in plans if plan.network.network_id in held]
        begun = self._hooks.begin_connections([plan.job_id for plan in mine])
        self._submit([self._connect(plan) for plan in mine if plan.job_id in begun])

    async def _connect(self, plan: ConnectPlan) -> None:
        device, problem = None, ""
        try:
            async with asyncio.timeout(CONNECT_SECONDS):
                driver = await self._networks.driver(plan.network)
                device = await driver.describe(plan.endpoint)
        except TimeoutError:
            problem = f"not described within {CONNECT_SECONDS:.0f} s"
        except ProtocolError as error:
            problem = error.message
        except Exception as bug:  # the outermost guard: somebody waits for the end
            log.exception("a bug while connecting to %s", plan.endpoint)
            problem = f"internal error: {bug}"
        self._writer.put_first(Connected(plan.job_id, plan.network.network_id, device, problem))

    def _submit(self, coroutines: list[Coroutine[Any, Any, None]]) -> None:
        def start() -> None:
            for coroutine in coroutines:
                task = self._loop.create_task(coroutine)
                self._running.add(task)
                task.add_done_callback(self._done)

        try:
            if coroutines:
                self._loop.call_soon_threadsafe(start)
        except RuntimeError:  # the loop is closed: a task came while we ended
            for coroutine in coroutines:
                coroutine.close()

    def _done(self, task: "asyncio.Task[None]") -> None:
        self._running.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("a bug in the field", exc_info=task.exception())

    async def _keep_networks(self) -> None:
        """Leases must not lapse while a socket is open, however rarely its devices are read."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            try:
                lost, changed = await asyncio.to_thread(self._survey, self._networks.plans())
                for network_id in lost:
                    await self._networks.close(network_id)
                for plan in changed:
                    with suppress(ProtocolError):  # the network says so
                        await self._networks.driver(plan)
            except (DatabaseError, InterfaceError) as error:
                log.warning("leases cannot be renewed: %s", error)
            except Exception:  # the outermost guard: it must not end before the runtime does
                log.exception("a bug while keeping the networks")

    def _survey(
        self, known: Mapping[int, NetworkPlan]
    ) -> tuple[Sequence[int], Sequence[NetworkPlan]]:
        """What must be closed, and what is to be opened anew because its settings were changed,
        also where nothing is polled."""
        try:
            lost = self._hooks.lost_networks()
            plans = (self._hooks.plan_network(one) for one in known if one not in lost)
            changed = [one for one in plans if one is not None and one != known[one.network_id]]
            return lost, changed
        finally:
            self._hooks.close_connections()

    async def _poll(self, plan: DevicePlan) -> None:
        started = time.monotonic()
        readings: Sequence[Reading] = ()
        error: ProtocolError | None = None
        driver: Driver | None = None
        try:
            async with asyncio.timeout(plan.deadline):
                driver = await self._networks.driver(plan.network)
                if plan.profile is not None and isinstance(driver, Learns):
                    driver.recall(plan.endpoint, plan.profile)
                async with self._networks.seat(plan.network):
                    readings = await driver.read(plan.endpoint, plan.points)
        except TimeoutError:
            error = Timeout(f"not read within {plan.deadline:.0f} s", endpoint=plan.endpoint)
        except ProtocolError as failure:
            error = failure
        except Exception as bug:  # the outermost guard: one device must not stop the others
            log.exception("a bug while reading %s", plan.endpoint)
            error = ProtocolError(f"internal error: {bug}", endpoint=plan.endpoint)
        self._writer.put(
            PollResult(
                device_id=plan.device_id,
                finished=datetime.now(UTC),
                seconds=time.monotonic() - started,
                readings=readings,
                error=error,
                place=(plan.network.network_id, plan.endpoint),
                learnt=_learnt(driver, plan),
            )
        )

    async def _discover(self, plan: NetworkPlan, scan: ScanPlan) -> None:
        problem = ""
        try:
            driver = require(await self._networks.driver(plan), Discovers)  # type: ignore[type-abstract]
            async for told in driver.discover(scan.search):
                if isinstance(told, ScanStep):
                    self._writer.put(Stepped(scan.scan_id, told))
                else:
                    self._writer.put(Found(scan.scan_id, told))
        except ProtocolError as error:
            log.warning("no discovery on network %s: %s", plan.name, error)
            problem = error.message
        except Exception as bug:  # the outermost guard, as above
            log.exception("a bug while discovering on network %s", plan.name)
            problem = f"internal error: {bug}"
        self._writer.put(DiscoveryEnd(plan.network_id, scan.scan_id, problem))

    def _store(self, items: Sequence[Any]) -> None:
        """In the writer's thread."""
        polls = [item for item in items if isinstance(item, PollResult)]
        found = [item for item in items if isinstance(item, Found)]
        steps = [(item.scan_id, item.step) for item in items if isinstance(item, Stepped)]
        if steps:
            self._hooks.store_steps(steps)
        if found:
            self._hooks.store_found(found)
        if polls:
            self._hooks.store_polls(polls)
        for item in items:
            self._store_one(item)

    def _store_one(self, item: Any) -> None:
        """What is rare."""
        if isinstance(item, Outcome):
            self._hooks.store_outcome(item)
        elif isinstance(item, HeldRead):
            self._hooks.store_held(item.device_id, item.held)
        elif isinstance(item, HoldEnd):
            self._hooks.store_hold_end(item.command_id)
        elif isinstance(item, Connected):
            self._hooks.store_connected(item)
        elif isinstance(item, DiscoveryEnd):
            self._end_search(item)
        elif isinstance(item, NetworkProblem):
            self._hooks.store_network_problem(item.network_id, item.problem)

    def _end_search(self, item: DiscoveryEnd) -> None:
        """From now on the network may be searched again."""
        try:
            self._hooks.store_discovery_end(item.scan_id, item.problem)
        finally:
            self._searched.discard(item.network_id)


def _learnt(driver: Driver | None, plan: DevicePlan) -> Profile | None:
    """What the device takes, if that is not what was known."""
    if not isinstance(driver, Learns):
        return None
    profile = driver.profile(plan.endpoint)
    return profile if profile != plan.profile else None


def _size(item: object) -> int:
    """How much there is to store."""
    return len(item.readings) if isinstance(item, PollResult) else 1
