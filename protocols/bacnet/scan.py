"""One search: who is asked, who answered, and what became of it, told as it happens."""

import asyncio
import logging
from collections import defaultdict
from collections.abc import AsyncGenerator, Coroutine, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from ipaddress import IPv4Interface
from typing import Any

from bacpypes3.apdu import IAmRequest, IHaveRequest
from bacpypes3.pdu import Address, IPv4Address, LocalBroadcast

from protocols.bacnet.advice import Outcome, advise
from protocols.bacnet.application import OWN_INSTANCE, ClientApplication
from protocols.bacnet.describe import Announced, Describer, counted
from protocols.bacnet.foreign import Answer
from protocols.bacnet.gates import trunk
from protocols.bacnet.interfaces import own_addresses
from protocols.bacnet.link import Traffic
from protocols.bacnet.questions import LAST_INSTANCE, named, parts, question_of, within
from protocols.bacnet.routers import GLOBAL
from protocols.errors import ProtocolError
from protocols.scanning import ScanStep, Search, StepKind
from protocols.types import Endpoint, FoundDevice, NetworkSettings

log = logging.getLogger(__name__)

DESCRIBED_AT_ONCE = 32
MANY = 100  # devices that may answer at the same moment


class Scan:
    """To be used once. `steps` is what a driver's `discover` yields."""

    def __init__(
        self,
        application: ClientApplication,
        describer: Describer,
        settings: NetworkSettings,
        search: Search,
    ) -> None:
        self._application = application
        self._describer = describer
        self._settings = settings
        self._search = search
        self._told: asyncio.Queue[FoundDevice | ScanStep | None] = asyncio.Queue()
        self._tasks: set[asyncio.Task[None]] = set()
        self._seats = asyncio.Semaphore(DESCRIBED_AT_ONCE)
        self._trunks: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._heard: dict[Endpoint, Announced | None] = {}
        self._nameless: set[str] = set()
        self._routers: defaultdict[str, set[int]] = defaultdict(set)
        self._problems: list[tuple[Endpoint, str]] = []
        self._answer = Answer.NONE
        self._lost: list[int] = []
        self._traffic = application.port.traffic
        self._before = self._traffic.copy()

    async def steps(self) -> AsyncGenerator[FoundDevice | ScanStep, None]:
        try:
            with self._listening():
                self._opened()
                asking = self._spawn(self._ask())
                while self._tasks or not self._told.empty():
                    told = await self._told.get()
                    if told is not None:
                        yield told
                await asking  # its error, if it ended with one
            for step in await self._end():
                yield step
        finally:
            for task in self._tasks:
                task.cancel()
            await asyncio.gather(*self._tasks, return_exceptions=True)

    @contextmanager
    def _listening(self) -> Iterator[None]:
        application, routers = self._application, self._application.routers
        application.on_i_am, application.on_i_have = self._i_am, self._i_have
        routers.on_told = self._router
        try:
            yield
        finally:
            application.on_i_am = application.on_i_have = routers.on_told = None

    def _spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)
        return task

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        self._told.put_nowait(None)

    def _tell(self, kind: StepKind, text: str, place: str = "", **more: Any) -> None:
        self._told.put_nowait(ScanStep(kind, datetime.now(UTC), text, place, **more))

    # Whom we ask.

    def _opened(self) -> None:
        port = self._application.port
        address, number = port.own
        text = f"UDP port {number} on {address} is open"
        if port.broadcast is not None:
            text += f", broadcasts go to {port.broadcast[0]}"
        if port.deaf:
            text += f" and are not heard: {port.deaf}"
        self._tell(StepKind.OPENED, text, address, is_problem=bool(port.deaf))

    async def _ask(self) -> None:
        """Twice, as UDP loses packets. The second time not as the first: devices that ignore what
        is for all networks hear it on their own, and networks that a router told of are asked by
        their numbers."""
        await self._register()
        question, half = question_of(self._search), self._settings.timeout / 2
        await self._ask_routers()
        if not self._search.networks:
            for way in self._application.ways:
                await self._send(question, way, GLOBAL)
        await asyncio.sleep(half)
        told = set().union(*self._routers.values())
        for network in self._search.networks or sorted(told):
            await self._ask_network(question, network)
        if self._search.networks:
            await asyncio.sleep(half)
        else:
            await self._ask_near(question, half)

    async def _register(self) -> None:
        registration = self._application.registration
        if registration is None:
            return
        self._answer = await registration.register()
        text = {
            Answer.ACCEPTED: f"takes us as a foreign device for {registration.lifetime} s",
            Answer.REFUSED: "refuses to take us as a foreign device",
            Answer.NONE: "does not answer",
        }[self._answer]
        place = str(registration.address)
        is_problem = self._answer is not Answer.ACCEPTED
        self._tell(
            StepKind.REGISTERED, f"The BBMD {place} {text}", place, is_problem=is_problem, sent=1
        )

    async def _ask_routers(self) -> None:
        ways = self._application.ways
        before = self._traffic.copy()
        await self._application.routers.ask()
        text, place = "Who-Is-Router-To-Network", self._way_told(ways[0])
        if len(ways) > 1:
            text, place = f"{text}, to {len(ways):,} addresses", ""
        self._tell_asked(text, place, before)

    async def _ask_near(self, question: Any, seconds: float) -> None:
        """Once more those that need no router; a part at a time where many would answer at once."""
        instances = sorted({one.instance for one in self._heard})
        planned = parts(instances, self._search.instances, most=MANY)
        for part in planned:
            for way in self._application.ways:
                await self._send(within(question, part), way, None)
            await asyncio.sleep(seconds / len(planned))

    async def _ask_network(self, question: Any, network: int) -> None:
        router = self._application.routers.router_to(network)
        if router is None:
            self._lost.append(network)
            text = f"Network {network} is not asked: no router told of it"
            self._tell(StepKind.ASKED, text, is_problem=True)
        else:
            await self._send(question, Address(router), network)

    async def _send(self, question: Any, way: Address, network: int | None) -> None:
        before = self._traffic.copy()
        await self._application.ask_all(question, way, network)
        whom = {None: "", GLOBAL: " of all networks"}.get(network, f" of network {network}")
        self._tell_asked(f"{named(question)}{whom}", self._way_told(way), before)

    def _tell_asked(self, text: str, place: str, before: Traffic) -> None:
        asked = self._traffic.since(before)
        is_problem = bool(asked.refusal)
        self._tell(StepKind.ASKED, text, place, is_problem=is_problem, sent=asked.sent)

    def _way_told(self, way: Address) -> str:
        broadcast = self._application.port.broadcast
        if isinstance(way, LocalBroadcast) and broadcast is not None:
            return str(IPv4Address(broadcast))
        return str(way)

    # Who answered.

    def _router(self, router: str, networks: frozenset[int]) -> None:
        if networks <= self._routers[router]:
            return
        self._routers[router] |= networks
        numbers = ", ".join(map(str, sorted(networks)))
        what = "network" if len(networks) == 1 else "networks"
        self._tell(StepKind.ROUTER, f"Router to {what} {numbers}", router, received=1)

    def _i_am(self, i_am: IAmRequest) -> None:
        if not self._search.object_name:
            announced = Announced.of(i_am)
            told = (
                f"I-Am of vendor {announced.vendor_id}: replies of {announced.max_apdu} octets, "
                f"{announced.segmentation}"
            )
            self._hear(i_am.pduSource, int(i_am.iAmDeviceIdentifier[1]), announced, told)

    def _i_have(self, i_have: IHaveRequest) -> None:
        if self._search.object_name and str(i_have.objectName) == self._search.object_name:
            kind, number = i_have.objectIdentifier
            told = f"I-Have: {i_have.objectName} is {kind},{number}"
            self._hear(i_have.pduSource, int(i_have.deviceIdentifier[1]), None, told)

    def _hear(self, source: Any, instance: int, announced: Announced | None, told: str) -> None:
        endpoint = Endpoint(str(source), instance)
        wanted = self._search.instances
        if endpoint in self._heard or (wanted is not None and instance not in wanted):
            return
        if instance > LAST_INSTANCE:
            if endpoint.address not in self._nameless:
                self._nameless.add(endpoint.address)
                text = f"A device without an instance ({instance}) is left out: give it one"
                self._tell(StepKind.HEARD, text, endpoint.address, is_problem=True, received=1)
            return
        twins = [one.address for one in self._heard if one.instance == instance]
        if instance == OWN_INSTANCE:
            twins.append("this supervisor")
        self._heard[endpoint] = announced
        self._tell(StepKind.HEARD, f"Device {instance}, {told}", endpoint.address, received=1)
        if twins:
            text = f"Device {instance} is at {endpoint.address} and at {', '.join(twins)}"
            self._tell(StepKind.DOUBLED, text, endpoint.address, is_problem=True)
        self._spawn(self._describe(endpoint, announced))

    async def _describe(self, endpoint: Endpoint, announced: Announced | None) -> None:
        async with self._trunks[trunk(endpoint.address)], self._seats:
            try:
                found = await self._describer.found(endpoint, announced)
            except ProtocolError as error:
                log.info("%s could not be described: %s", endpoint, error)
                found = self._describer.undescribed(endpoint, announced, error.message)
            except Exception as bug:  # the scan's outermost guard: one device must not end it
                log.exception("a bug while describing %s", endpoint)
                found = self._describer.undescribed(endpoint, announced, f"internal error: {bug}")
        if found.problem:
            self._problems.append((endpoint, found.problem))
        text = f"Device {endpoint.instance}, {found.info.name}: {counted(found)}"
        if found.problem:
            text += f" ({found.problem})"
        self._tell(StepKind.DESCRIBED, text, endpoint.address, is_problem=bool(found.problem))
        self._told.put_nowait(found)

    # What it means.

    async def _end(self) -> list[ScanStep]:
        now = datetime.now(UTC)
        traffic = self._traffic.since(self._before)
        whole = len(self._heard) - len(self._problems)
        count = f"{len(self._heard)} heard, {whole} described whole"
        packets = "packet" if traffic.sent == 1 else "packets"
        text = f"{traffic.sent:,} {packets} out, {traffic.received:,} in: {count}"
        ended = ScanStep(StepKind.ENDED, now, text, sent=traffic.sent, received=traffic.received)
        port = self._application.port
        outcome = Outcome(
            interface=IPv4Interface(self._settings.interface),
            here=await asyncio.to_thread(own_addresses),
            own_instance=OWN_INSTANCE,
            deaf=port.deaf,
            targets=self._settings.targets,
            bbmd=self._settings.bbmd,
            registration=self._answer,
            search=self._search,
            traffic=traffic,
            port=self._settings.port,
            heard=tuple(self._heard),
            problems=tuple(self._problems),
            ports=_ports(self._settings),
            lost=tuple(self._lost),
        )
        return [
            ended,
            *(
                ScanStep(StepKind.ADVICE, now, one.text, one.place, one.is_problem)
                for one in advise(outcome)
            ),
        ]


def _ports(settings: NetworkSettings) -> frozenset[int]:
    """From where devices answer that answer from where they were asked."""
    asked = [Address(one).addrPort for one in settings.targets] or [settings.port]
    return frozenset([*asked, *([Address(settings.bbmd).addrPort] if settings.bbmd else [])])
