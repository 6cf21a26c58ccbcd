"""Present values and status flags of many points: what is read again and again, so it is made once.

The requests of a device are encoded when its plan is made; each reply is read by the layout that
it had the last time, else tag by tag. What a device refuses is asked in smaller pieces, in the end
each point alone, and the plan stays so; what our codec cannot read is left to bacpypes3. What was
found out of the device as a whole is learnt (`profiles`).
"""

import asyncio
import math
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import repeat
from operator import attrgetter
from typing import Any, NamedTuple

from bacpypes3.basetypes import Reliability

from protocols.backoff import retry_pause
from protocols.bacnet.codec import apdu, services
from protocols.bacnet.codec.layout import Layout
from protocols.bacnet.codec.names import PROPERTIES, ObjectId, object_id
from protocols.bacnet.codec.services import PropertyError, PropertyRef, PropertyResult
from protocols.bacnet.failures import ReplyTooLong, is_unknown_point, refusal
from protocols.bacnet.gates import Gates
from protocols.bacnet.objects import quality, reading
from protocols.bacnet.poller import Peer, Poller, Request, direct_peer, routed_station
from protocols.bacnet.profiles import Profiles
from protocols.errors import (
    BadPoint,
    CodecError,
    ProtocolError,
    Refused,
    Timeout,
    Unreachable,
    Unsupported,
)
from protocols.types import Endpoint, Path, PointAddress, Profile, Quality, Reading

VALUE, FLAGS = (PropertyRef(PROPERTIES[name]) for name in ("present-value", "status-flags"))
IDENTIFIER = PropertyRef(PROPERTIES["object-identifier"])
RELIABILITY = PropertyRef(PROPERTIES["reliability"])
WANTED = (VALUE, FLAGS)
HEAD = 3  # octets of a ComplexAck in front of its data
# Octets of a reply for one point: the object, and both properties in their tags with their values.
OCTETS = {"binary": 20, "multi-state": 21, "large-analog": 28}
MOST_OCTETS = 23
RELIABILITY_OCTETS = 12
SILENCES = 3
SPLIT_SECONDS = 3600.0
IN_FAULT = (False, True, False, False)
QUALITIES = tuple(
    quality((octet & 0x80, octet & 0x40, octet & 0x20, octet & 0x10)) for octet in range(256)
)
QUALITY = attrgetter("quality")
make_reading: Callable[[Any], Reading] = partial(tuple.__new__, Reading)  # from its four fields


@dataclass(slots=True)
class Batch:
    """Points that are read together: by one ReadPropertyMultiple, or one point by two
    ReadProperty."""

    points: Sequence[PointAddress]
    requests: Sequence[Request]
    layout: Layout | None = None


@dataclass(slots=True)
class Plan:
    """How the points of one device are read, as long as nothing changes."""

    points: Sequence[PointAddress]
    peer: Peer
    profile: Profile
    batches: list[Batch]
    silences: int = 0  # reads in a row that long replies did not come to, and short ones did
    split_at: float | None = None  # since when some are asked in pieces, by the loop's clock
    is_refused: bool = False  # a point alone, in this read


class Again(NamedTuple):
    """In the place of readings: the batch must be asked in these pieces. None: all that is left
    must be planned anew, by what was learnt."""

    pieces: list[Batch] | None


class LiveReader:
    """Reads the devices of one network. `router` names the address of the router to a network;
    `by_main` reads by bacpypes3 from the network's own port."""

    def __init__(
        self,
        poller: Poller,
        gates: Gates,
        profiles: Profiles,
        *,
        retries: int,
        router: Callable[[int], tuple[str, int] | None],
        by_main: Callable[[Endpoint, Sequence[PointAddress]], Any],
    ) -> None:
        self._poller = poller
        self._gates = gates
        self._profiles = profiles
        self._tries = retries + 1
        self._router = router
        self._by_main = by_main
        self._plans: dict[str, Plan] = {}
        self._have_answered: set[str] = set()

    async def read(self, endpoint: Endpoint, points: Sequence[PointAddress]) -> list[Reading]:
        """A reading for each point, in their order. Raises Timeout, Unreachable, Busy."""
        address = endpoint.address
        self._profiles.relax(address)
        peer = self._peer(address)
        if self._profiles.of(address).path is Path.MAIN or peer is None:
            found: list[Reading] = await self._by_main(endpoint, points)
            return found
        plan = self._plan(address, peer, points)
        try:
            if address not in self._have_answered:
                await self._meet(endpoint, peer)
            return await self._follow(endpoint, plan)
        except Timeout:
            is_known = address in self._have_answered or self._profiles.of(address).pinned
            if is_known and not plan.silences:
                self._have_answered.discard(address)
                raise
        found = await self._by_main(endpoint, points)
        if plan.silences:
            return found
        try:
            await self._ask(endpoint, _alone(plan))  # was only a packet lost?
        except Timeout:
            self._profiles.answers_main_only(address)
        return found

    async def _meet(self, endpoint: Endpoint, peer: Peer) -> None:
        """Who has not answered so far, or not the last time, may be another device by now: its
        values must not be taken for those of this one. Raises Unreachable."""
        device = object_id(PointAddress("device", endpoint.instance))
        asked = services.encode_read_property(device, IDENTIFIER)
        reply = await self._ask(endpoint, Request(peer, apdu.READ_PROPERTY, asked, MOST_OCTETS))
        if isinstance(reply, apdu.Error) and isinstance(refusal(reply, endpoint), BadPoint):
            self._have_answered.discard(endpoint.address)
            told = f"another device answers here, not device {endpoint.instance}"
            raise Unreachable(told, endpoint=endpoint)

    def _peer(self, address: str) -> Peer | None:
        """None: behind a router that nobody has heard of; bacpypes3 looks for it."""
        direct = direct_peer(address)
        if direct is not None:
            return direct
        station = routed_station(address)
        router = self._router(station.network)
        return None if router is None else Peer(router, station)

    def _plan(self, address: str, peer: Peer, points: Sequence[PointAddress]) -> Plan:
        profile = self._profiles.of(address)
        plan = self._plans.get(address)
        if (
            plan is None
            or plan.peer != peer
            or plan.profile != profile
            or (plan.points is not points and list(plan.points) != list(points))
        ):
            self._gates.widen(address, profile.window)
            batches = self._batches(address, peer, points)
            plan = self._plans[address] = Plan(points, peer, profile, batches)
        return plan

    def _batches(self, address: str, peer: Peer, points: Sequence[PointAddress]) -> list[Batch]:
        if not self._profiles.of(address).has_rpm:
            return [_one_by_one(peer, point) for point in points]
        room = self._profiles.reply_octets(address)
        batches: list[Batch] = []
        begin, octets = 0, HEAD
        for place, point in enumerate(points):
            if place > begin and octets + _octets(point) > room:
                batches.append(_together(peer, points[begin:place], octets))
                begin, octets = place, HEAD
            octets += _octets(point)
        if points:
            batches.append(_together(peer, points[begin:], octets))
        return batches

    async def _follow(self, endpoint: Endpoint, plan: Plan) -> list[Reading]:
        readings: list[Reading] = []
        done = 0
        plan.is_refused = False
        while done < len(plan.batches):
            group = plan.batches[done : done + max(1, plan.profile.window)]
            if len(group) == 1:
                answers = [await self._read(endpoint, plan, group[0])]
            else:
                answers = await self._read_all(endpoint, plan, group)
            for answer in answers:
                if isinstance(answer, Again):  # what else came in the group is asked once more
                    self._replan(endpoint.address, plan, done, answer)
                    break
                readings += answer
                done += 1
        if plan.split_at is not None and self._may_be_whole(plan):
            self._plans.pop(endpoint.address, None)
        return await self._with_reasons(endpoint, plan.peer, readings)

    def _may_be_whole(self, plan: Plan) -> bool:
        """Nobody is refused any more (a device that starts refuses everything for a while), or it
        was long ago."""
        now = asyncio.get_running_loop().time()
        return not plan.is_refused or now - (plan.split_at or now) > SPLIT_SECONDS

    async def _read_all(
        self, endpoint: Endpoint, plan: Plan, group: Sequence[Batch]
    ) -> list[list[Reading] | Again]:
        """At the same time; also where one fails, none is left under way."""
        asked = (self._read(endpoint, plan, batch) for batch in group)
        answers = await asyncio.gather(*asked, return_exceptions=True)
        for answer in answers:
            if isinstance(answer, BaseException):
                raise answer
        return [answer for answer in answers if not isinstance(answer, BaseException)]

    def _replan(self, address: str, plan: Plan, done: int, again: Again) -> None:
        if again.pieces is not None:
            plan.batches[done : done + 1] = again.pieces
            plan.split_at = plan.split_at or asyncio.get_running_loop().time()
        else:  # for this time: the next read finds another profile than its plan was made for
            left = [point for batch in plan.batches[done:] for point in batch.points]
            plan.batches[done:] = self._batches(address, plan.peer, left)

    async def _read(self, endpoint: Endpoint, plan: Plan, batch: Batch) -> list[Reading] | Again:
        """Its readings, or in what smaller pieces it must be asked."""
        time = datetime.now(UTC)
        try:
            readings = await self._ask_and_decode(endpoint, batch, time)
        except Timeout as error:
            if not await self._is_silent_at_length(endpoint, plan, batch):
                raise
            failure: ProtocolError = error
            self._profiles.too_long(endpoint.address, batch.requests[0].reply_octets)
            if self._profiles.of(endpoint.address) != plan.profile:
                return Again(None)
        except (ReplyTooLong, Unsupported) as error:
            failure = error
            if self._learns(endpoint.address, batch, error):
                return Again(None)
        except (BadPoint, Refused, CodecError) as error:
            failure = error
        else:
            plan.silences = 0
            return readings
        if len(batch.points) > 1:
            return Again(_halves(plan.peer, batch))
        plan.is_refused = True
        if isinstance(failure, CodecError):
            found: list[Reading] = await self._by_main(endpoint, batch.points)
            return found
        worst = Quality.CONFIG if isinstance(failure, BadPoint) else Quality.FAULT
        return [Reading(batch.points[0], None, worst, time)]

    async def _is_silent_at_length(self, endpoint: Endpoint, plan: Plan, batch: Batch) -> bool:
        """Whether it is long replies alone that do not come: a device without room for them, or a
        way that loses long packets. A lost packet looks the same, so it takes some reads in a row.
        """
        if len(batch.points) == 1 or endpoint.address not in self._have_answered:
            return False
        async with self._gates.of(endpoint.address).turn():
            is_there = await self._poller.ask(_alone(plan)) is not None
        plan.silences = plan.silences + 1 if is_there else 0
        return plan.silences >= SILENCES

    def _learns(self, address: str, batch: Batch, error: ReplyTooLong | Unsupported) -> bool:
        """Whether that was new."""
        was = self._profiles.of(address)
        if isinstance(error, ReplyTooLong) and len(batch.points) > 1:
            self._profiles.too_long(address, batch.requests[0].reply_octets)
        else:
            self._profiles.lacks_rpm(address)
        return self._profiles.of(address) != was

    async def _ask_and_decode(
        self, endpoint: Endpoint, batch: Batch, time: datetime
    ) -> list[Reading]:
        """Raises what the device refused, or CodecError."""
        if len(batch.requests) == 1:
            reply = await self._ask(endpoint, batch.requests[0])
            if not isinstance(reply, apdu.ComplexAck) or reply.is_segmented:
                raise refusal(reply, endpoint)
            return _readings(batch, reply.data, time)
        results: list[PropertyResult] = []
        for wanted, request in zip(WANTED, batch.requests, strict=True):
            reply = await self._ask(endpoint, request)
            if isinstance(reply, apdu.ComplexAck) and not reply.is_segmented:
                results.append(services.decode_property_value(reply.data))
            elif isinstance(reply, apdu.Error):
                why = services.decode_error(reply.data)
                point = object_id(batch.points[0])
                results.append(PropertyResult(point, wanted.property, None, why, 0, 0))
            else:
                raise refusal(reply, endpoint)
        return _decoded(batch.points, results, time)

    async def _ask(self, endpoint: Endpoint, request: Request) -> apdu.Reply:
        """Asked again, after a pause, while nobody answers: reading changes nothing. Who has never
        answered this port is asked once: the network's own port may be the only one it answers."""
        gate = self._gates.of(endpoint.address)
        most = self._tries if endpoint.address in self._have_answered else 1
        for tries in range(1, most + 1):
            async with gate.turn():
                reply = await self._poller.ask(request)
            if reply is not None:
                self._have_answered.add(endpoint.address)
                self._profiles.alive.add(endpoint.address)
                return reply
            if tries < most:
                await asyncio.sleep(retry_pause(tries, timeout=self._poller.timeout))
        raise Timeout("no answer", endpoint=endpoint)

    async def _with_reasons(
        self, endpoint: Endpoint, peer: Peer, readings: list[Reading]
    ) -> list[Reading]:
        """Of points in fault it is asked why: one that is out of its range still has a value."""
        if Quality.FAULT not in map(QUALITY, readings):
            return readings
        faulty = [
            one.address
            for one in readings
            if one.quality is Quality.FAULT and one.value is not None
        ]
        if not faulty or not self._profiles.of(endpoint.address).has_rpm:
            return readings
        reasons: dict[ObjectId, str] = {}
        most = max(1, (self._profiles.reply_octets(endpoint.address) - HEAD) // RELIABILITY_OCTETS)
        for start in range(0, len(faulty), most):
            asked = [(object_id(one), (RELIABILITY,)) for one in faulty[start : start + most]]
            data = services.encode_read_property_multiple(asked)
            octets = HEAD + len(asked) * RELIABILITY_OCTETS
            request = Request(peer, apdu.READ_PROPERTY_MULTIPLE, data, octets)
            with suppress(Timeout):  # the values are true without their reasons
                reply = await self._ask(endpoint, request)
                if isinstance(reply, apdu.ComplexAck) and not reply.is_segmented:
                    reasons |= _reasons(reply.data)
        known = {one: quality(IN_FAULT, reasons.get(object_id(one))) for one in set(faulty)}
        return [
            one if one.value is None else one._replace(quality=known.get(one.address, one.quality))
            for one in readings
        ]


def _octets(point: PointAddress) -> int:
    kind, _, _ = point.object_type.rpartition("-")
    return OCTETS.get(kind, MOST_OCTETS)


def _together(peer: Peer, points: Sequence[PointAddress], octets: int) -> Batch:
    data = services.encode_read_property_multiple([(object_id(one), WANTED) for one in points])
    return Batch(points, [Request(peer, apdu.READ_PROPERTY_MULTIPLE, data, octets)])


def _alone(plan: Plan) -> Request:
    """The shortest question of a plan, to see whether anybody answers."""
    return _one_by_one(plan.peer, plan.points[0]).requests[0]


def _one_by_one(peer: Peer, point: PointAddress) -> Batch:
    requests = [
        Request(
            peer,
            apdu.READ_PROPERTY,
            services.encode_read_property(object_id(point), wanted),
            MOST_OCTETS,
        )
        for wanted in WANTED
    ]
    return Batch([point], requests)


def _halves(peer: Peer, batch: Batch) -> list[Batch]:
    middle = len(batch.points) // 2
    halves = batch.points[:middle], batch.points[middle:]
    return [_together(peer, half, HEAD + sum(map(_octets, half))) for half in halves]


def _readings(batch: Batch, data: bytes, time: datetime) -> list[Reading]:
    """Raises CodecError."""
    if batch.layout is not None:
        read = batch.layout.read(data)
        if read is not None and math.isfinite(sum(read[0])):
            values = map(float, read[0])
            qualities = map(QUALITIES.__getitem__, read[1])
            return list(
                map(make_reading, zip(batch.points, values, qualities, repeat(time), strict=False))
            )
    results = services.decode_results(data)
    if [(one.object, one.property) for one in results] == [
        (object_id(point), wanted.property) for point in batch.points for wanted in WANTED
    ]:
        batch.layout = Layout.of(data, results)
    return _decoded(batch.points, results, time)


def _decoded(
    points: Sequence[PointAddress], results: Sequence[PropertyResult], time: datetime
) -> list[Reading]:
    """In whatever order the device told the properties, and whichever it left out."""
    told = {(one.object, one.property): one.values for one in results}
    return [_one(point, told, time) for point in points]


def _one(
    point: PointAddress,
    told: Mapping[tuple[ObjectId, int], tuple[Any, ...] | PropertyError],
    time: datetime,
) -> Reading:
    identifier = object_id(point)
    value = told.get((identifier, VALUE.property))
    flags = told.get((identifier, FLAGS.property))
    if value is None or (isinstance(value, PropertyError) and is_unknown_point(value.error_code)):
        return Reading(point, None, Quality.CONFIG, time)
    if isinstance(value, PropertyError) or len(value) != 1:
        return Reading(point, None, Quality.FAULT, time)
    told_flags = None if isinstance(flags, PropertyError) or not flags else flags[0]
    has_flags = isinstance(told_flags, tuple) and len(told_flags) == 4
    return reading(point, value[0], told_flags if has_flags else None, time)


def _reasons(data: bytes) -> dict[ObjectId, str]:
    """The reliability that each object tells; what cannot be read tells nothing."""
    try:
        results = services.decode_results(data)
    except CodecError:
        return {}
    return {
        one.object: str(Reliability(one.values[0]))
        for one in results
        if not isinstance(one.values, PropertyError)
        and one.values
        and isinstance(one.values[0], int)
    }
