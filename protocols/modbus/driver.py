"""The Modbus TCP driver of Temco T3 controllers.

A point is addressed by its kind and T3's own number (input,1 is IN1), whatever its range: a range
may be changed from analog to digital and the point stays the same one.
"""

import asyncio
import ipaddress
import logging
import math
import socket
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from protocols.driver import Driver
from protocols.errors import (
    BadPoint,
    CodecError,
    FieldError,
    ProtocolError,
    Refused,
    Timeout,
    Unreachable,
    Unsupported,
)
from protocols.modbus import points as t3
from protocols.modbus import steps
from protocols.modbus.connection import Connection
from protocols.modbus.product import Area, Family, load
from protocols.planning import blocks
from protocols.scanning import EVERYBODY, ScanStep, Search
from protocols.t3 import products
from protocols.types import (
    MANUAL,
    DeviceInfo,
    Endpoint,
    FoundDevice,
    Held,
    NetworkSettings,
    PanelInfo,
    PointAddress,
    PointInfo,
    Quality,
    Reading,
)

log = logging.getLogger(__name__)

ANYBODY = 255  # the unit that a T3 controller answers whatever its own is
HIGHEST_UNIT = 254
DESCRIBED_AT_ONCE = 8
PLANS_KEPT = 1000


@dataclass(frozen=True, slots=True)
class Identity:
    """What a device says of itself in its first registers. Good for one connection: behind the
    next one may be another device."""

    session: int
    serial: int
    firmware: str
    unit: int
    product: int
    family: Family


class Swapped(Unreachable):
    """Another device answers than before; a search for devices accepts it."""


class ModbusDriver(Driver):
    """Modbus TCP from one interface. Discovers, reads and writes."""

    def __init__(self, settings: NetworkSettings) -> None:
        super().__init__(settings)
        self._product = load("t3")
        self._source: str | None = None  # our own address while the network is open
        self._connections: dict[str, Connection] = {}
        self._identities: dict[Endpoint, Identity] = {}
        self._serials: dict[Endpoint, int] = {}  # who answered first: the same must go on to
        self._plans: dict[tuple[PointAddress, ...], list[range]] = {}
        self._writing: dict[Endpoint, asyncio.Lock] = {}

    async def connect(self) -> None:
        if self._source is None:
            self._source = _own_address(self.settings.interface)

    async def disconnect(self) -> None:
        self._source = None
        for connection in self._connections.values():
            connection.close()
        self._connections.clear()
        self._identities.clear()
        await asyncio.sleep(0)  # asyncio closes the sockets in its next round

    @property
    def is_connected(self) -> bool:
        return self._source is not None

    def _connection(self, endpoint: Endpoint) -> Connection:
        if self._source is None:
            raise Unreachable("the network is not open", endpoint=endpoint)
        connection = self._connections.get(endpoint.address)
        if connection is None:
            host, port = _split(endpoint)
            connection = self._connections[endpoint.address] = Connection(
                host,
                port,
                source=self._source,
                timeout=self.settings.timeout,
                retries=self.settings.retries,
            )
        return connection

    # Who is there.

    async def discover(self, search: Search = EVERYBODY) -> AsyncIterator[FoundDevice | ScanStep]:
        """The search cannot be limited: it asks the targets of the network."""
        if self._source is None:
            raise Unreachable("the network is not open")
        addresses = list(dict.fromkeys(map(self._with_port, self.settings.targets)))
        for step in steps.beginning(self._source, addresses):
            yield step
        seats = asyncio.Semaphore(DESCRIBED_AT_ONCE)
        tasks = [asyncio.create_task(self._describe(address, seats)) for address in addresses]
        answered: list[FoundDevice] = []
        try:
            for done in asyncio.as_completed(tasks):
                found = await done
                if found is not None:
                    answered.append(found)
                    for step in steps.told_of(found):
                        yield step
                    yield found
        finally:
            for task in tasks:
                task.cancel()
        for step in steps.ending(addresses, answered):
            yield step

    def _with_port(self, target: str) -> str:
        return target if ":" in target else f"{target}:{self.settings.port}"

    async def _describe(self, address: str, seats: asyncio.Semaphore) -> FoundDevice | None:
        """The device itself at this address; None if nobody answers."""
        async with seats:
            endpoint = Endpoint(address, ANYBODY)
            info = DeviceInfo(endpoint, self._product.vendor_id, name=f"Device at {address}")
            try:
                identity = await self._identify(endpoint, is_search=True)
                endpoint = Endpoint(address, identity.unit)
                self._serials[endpoint] = identity.serial
                info = DeviceInfo(endpoint, self._product.vendor_id, name=f"Device {identity.unit}")
                info = await self.read_device_info(endpoint)
                return FoundDevice(info, await self.list_points(endpoint))
            except ProtocolError as error:
                if endpoint.instance == ANYBODY and error.retryable:
                    log.info("nobody found: %s", error)
                    return None
                log.info("%s could not be described: %s", endpoint, error)
                return FoundDevice(info, problem=error.message)
            except Exception as bug:  # the scan's outermost guard: one device must not end it
                log.exception("a bug while describing %s", endpoint)
                return FoundDevice(info, problem=f"internal error: {bug}")

    async def _identify(
        self,
        endpoint: Endpoint,
        *,
        again: bool = False,
        is_search: bool = False,
        first: bool = False,
    ) -> Identity:
        """Which product it is, asked once per connection: nothing beyond these registers may be
        read, and certainly not written, in a device whose map is not ours. Nor in another one
        than before, unless we search: what is known of the points is not true of it."""
        connection = self._connection(endpoint)
        known = self._identities.get(endpoint)
        if (
            known is not None
            and known.session == connection.session
            and endpoint.serial in (None, known.serial)
            and not (again or is_search)
        ):
            return known
        self._identities.pop(endpoint, None)
        places = self._product.identity
        registers = await self._registers(endpoint, [places.registers], first=first)
        family = self._product.family(registers[places.product])
        if family is None:
            raise Unsupported(
                f"it is no T3 controller: product number {registers[places.product]}",
                endpoint=endpoint,
            )
        serial = sum((registers[one] & 0xFF) << 8 * n for n, one in enumerate(places.serial))
        if is_search:
            self._serials[endpoint] = serial
        expected = self._serials.setdefault(endpoint, serial)
        if not is_search and endpoint.serial is not None:
            expected = endpoint.serial
        if serial != expected:
            raise Swapped(
                f"another controller answers at this address: serial {serial}, not {expected}; "
                "search for devices again",
                endpoint=endpoint,
            )
        unit = registers[places.unit]
        identity = self._identities[endpoint] = Identity(
            session=connection.sessions,
            serial=serial,
            firmware=family.firmware.format(
                major=registers[places.firmware_major], minor=registers[places.firmware_minor]
            ),
            unit=unit if 1 <= unit <= HIGHEST_UNIT else ANYBODY,
            product=registers[places.product],
            family=family,
        )
        return identity

    async def read_device_info(self, endpoint: Endpoint) -> DeviceInfo:
        identity = await self._identify(endpoint, again=True)
        settings = self._product.settings
        block = settings.block(await self._registers(endpoint, settings.parts))
        board = products.board(settings.board.of(block)[0])
        if endpoint.instance == ANYBODY:
            endpoint = Endpoint(endpoint.address, identity.unit)
        return DeviceInfo(
            endpoint=endpoint,
            vendor_id=self._product.vendor_id,
            name=t3.text(settings.panel_name.of(block)) or f"Device {endpoint.instance}",
            vendor_name=self._product.vendor,
            model_name=self._product.model if board is None else board.name,
            firmware=identity.firmware,
            panel=PanelInfo(
                serial_number=identity.serial,
                product=identity.product,
                board=None if board is None else board.number,
                modbus_address=identity.unit if identity.unit != ANYBODY else None,
                **settings.numbers_of(block, serial=identity.serial),
            ),
        )

    async def describe(self, endpoint: Endpoint) -> FoundDevice:
        """Whoever answers there now: this is a search."""
        await self._identify(endpoint, is_search=True)
        return await super().describe(endpoint)

    async def list_points(self, endpoint: Endpoint) -> tuple[PointInfo, ...]:
        found: list[PointInfo] = []
        for area in self._product.areas.values():
            count = await self._count(endpoint, area)
            items = {number: area.item(number) for number in range(1, count + 1)}
            registers = await self._registers(endpoint, list(items.values()))
            for number, item in items.items():
                block = t3.block_bytes([registers[one] for one in item])
                info = t3.point_info(self._product, area.kind, number, block)
                if info is not None:
                    found.append(info)
        return tuple(found)

    async def _count(self, endpoint: Endpoint, area: Area) -> int:
        """How many points of the kind the device has."""
        identity = await self._identify(endpoint)
        register = identity.family.counts.get(area.kind)
        if register is None:
            return area.count
        registers = await self._registers(endpoint, [range(register, register + 1)])
        return min(registers[register], area.count)

    # Reading.

    async def _registers(
        self, endpoint: Endpoint, spans: Sequence[range], *, first: bool = False
    ) -> dict[int, int]:
        found: dict[int, int] = {}
        connection = self._connection(endpoint)
        if not 1 <= endpoint.instance <= ANYBODY:
            raise CodecError("units go from 1 to 255", endpoint=endpoint)
        for block in blocks(spans, most=self._product.most):
            words = await connection.read(endpoint, block, first=first)
            found.update(zip(block, words, strict=True))
        return found

    async def read(self, endpoint: Endpoint, points: Sequence[PointAddress]) -> list[Reading]:
        known = dict.fromkeys(point for point in points if self._product.area(point) is not None)
        started = datetime.now(UTC)
        await self._identify(endpoint, again=not known)
        states = await self._states(endpoint, tuple(known))
        return [
            state.reading(point, started)
            if isinstance(state := states.get(point), t3.State)
            else Reading(point, None, _without_value(state), started)
            for point in points
        ]

    async def _states(
        self, endpoint: Endpoint, points: tuple[PointAddress, ...], *, first: bool = False
    ) -> dict[PointAddress, t3.State | FieldError]:
        """Every point of the map, or what the device said instead. Raises when it does not
        answer, or is another one since a connection was lost meanwhile."""
        registers: dict[int, int] = {}
        refused: dict[int, FieldError] = {}
        for block in self._plan(points):
            try:
                words = await self._connection(endpoint).read(endpoint, block, first=first)
            except (BadPoint, Refused) as error:
                refused.update(dict.fromkeys(block, error))
                continue
            registers.update(zip(block, words, strict=True))
        await self._identify(endpoint, first=first)
        found: dict[PointAddress, t3.State | FieldError] = {}
        for point in points:
            area = self._product.areas[point.object_type]
            refusal = _refusal(area, point.number, refused) if refused else None
            found[point] = refusal or t3.state(area, point.number, registers)
        return found

    def _plan(self, points: tuple[PointAddress, ...]) -> list[range]:
        """The requests for the points: the same for every poll of a device."""
        planned = self._plans.get(points)
        if planned is None:
            if len(self._plans) >= PLANS_KEPT:
                self._plans.clear()
            spans = [
                span
                for point in points
                for span in self._product.areas[point.object_type].live(point.number)
            ]
            product = self._product
            planned = blocks(spans, most=product.most, bridge=product.bridge)
            self._plans[points] = planned
        return planned

    # Writing.

    async def write(
        self,
        endpoint: Endpoint,
        point: PointAddress,
        value: float | None,
        *,
        priority: int | None = None,
    ) -> None:
        if priority not in (None, MANUAL):
            raise Refused(
                f"a T3 controller knows Auto and Manual only: priority {MANUAL} or none, "
                f"not {priority}",
                endpoint=endpoint,
                point=point,
            )
        if value is not None:
            _encode(endpoint, point, value, is_digital=False)
        area = self._area(endpoint, point)
        async with self._writing.setdefault(endpoint, asyncio.Lock()):
            session, is_manual, words = await self._prepare(endpoint, point, value)
            mode = area.auto_manual + point.number - 1
            connection = self._connection(endpoint)
            half_done = False
            try:
                if is_manual != (value is not None):
                    word = int(value is not None)
                    await connection.write_register(endpoint, mode, word, session=session)
                    half_done = True
                if words:
                    first = area.value_registers(point.number).start
                    await connection.write_registers(endpoint, first, words, session=session)
            except ProtocolError as error:
                error.point = point
                if half_done or isinstance(error, CodecError):  # an answer that makes no sense
                    raise Timeout(error.message, endpoint=endpoint, point=point) from error
                raise

    async def _prepare(
        self, endpoint: Endpoint, point: PointAddress, value: float | None
    ) -> tuple[int, bool, list[int]]:
        """The session of the connection behind which this device is, whether the point is in
        manual, and the registers of the value. Nothing is written yet, and every error says so:
        none is a Timeout."""
        try:
            state = await self._state(endpoint, point)
            session = (await self._identify(endpoint, first=True)).session
        except Swapped as error:
            raise Refused(error.message, endpoint=endpoint, point=point) from None
        except Timeout as error:
            raise Unreachable(
                f"nothing was written: {error.message}", endpoint=endpoint, point=point
            ) from error
        if state.switch != t3.SWITCH_AUTO:
            stands = t3.SWITCH_TEXTS.get(state.switch, str(state.switch))
            raise Refused(
                f"its switch at the panel stands at {stands}, not at auto",
                endpoint=endpoint,
                point=point,
            )
        if value is None:
            return session, state.is_manual, []
        words = _encode(endpoint, point, value, is_digital=state.is_digital)
        return session, state.is_manual, words

    async def read_held(self, endpoint: Endpoint, point: PointAddress) -> Held:
        if self._product.area(point) is None:
            (reading,) = await self.read(endpoint, [point])
            return Held(reading, None)
        started = datetime.now(UTC)
        state = await self._state(endpoint, point)
        value = math.nan if state.value is None else state.value
        return Held(state.reading(point, started), {MANUAL: value} if state.is_manual else {})

    async def _state(self, endpoint: Endpoint, point: PointAddress) -> t3.State:
        """Of a point that somebody commands, who does not wait for the polls of other units."""
        await self._identify(endpoint, first=True)
        self._area(endpoint, point)
        state = (await self._states(endpoint, (point,), first=True))[point]
        if isinstance(state, FieldError):
            state.point = point
            raise state
        return state

    def _area(self, endpoint: Endpoint, point: PointAddress) -> Area:
        area = self._product.area(point)
        if area is None:
            ends = ", ".join(f"{one.prefix}1 to {one.count}" for one in self._areas)
            raise BadPoint(f"a T3 controller has {ends}", endpoint=endpoint, point=point)
        return area

    @property
    def _areas(self) -> Sequence[Area]:
        return list(self._product.areas.values())


def _refusal(area: Area, number: int, refused: Mapping[int, FieldError]) -> FieldError | None:
    return next((refused[one.start] for one in area.live(number) if one.start in refused), None)


def _without_value(error: FieldError | None) -> Quality:
    return Quality.CONFIG if error is None or isinstance(error, BadPoint) else Quality.FAULT


def _encode(
    endpoint: Endpoint, point: PointAddress, value: float, *, is_digital: bool
) -> list[int]:
    try:
        return t3.encode(value, is_digital=is_digital)
    except ValueError as error:
        raise CodecError(str(error), endpoint=endpoint, point=point) from None


def _split(endpoint: Endpoint) -> tuple[str, int]:
    host, colon, port = endpoint.address.rpartition(":")
    if not colon or not port.isdigit() or not 0 < int(port) < 65536:
        raise CodecError(
            f"{endpoint.address!r} is no address of a device; write 192.168.1.5:502",
            endpoint=endpoint,
        )
    return host, int(port)


def _own_address(interface: str) -> str:
    """This machine's address. Raises Unreachable with what is wrong and what would be right."""
    try:
        address = str(ipaddress.IPv4Interface(interface).ip)
    except ValueError:
        raise Unreachable(
            f"{interface!r} is not an interface; write this machine's address with its prefix "
            "length, such as 192.168.1.2/24"
        ) from None
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError as error:
            raise Unreachable(
                f"{address} is no address of this machine: {error.strerror}"
            ) from error
    return address
