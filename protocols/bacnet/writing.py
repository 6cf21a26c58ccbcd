"""Writes to devices, each sent once: whatever becomes of a request, nobody here sends it again.

WriteProperty, and WritePropertyMultiple for several points of a device (135-2020 clauses 15.9 and
15.10). They go through the device's gate ahead of what is read.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from bacpypes3.apdu import (
    ErrorRejectAbortNack,
    RejectPDU,
    WritePropertyMultipleError,
    WritePropertyMultipleRequest,
    WritePropertyRequest,
)
from bacpypes3.basetypes import PropertyIdentifier, PropertyValue, WriteAccessSpecification
from bacpypes3.errors import DecodingError
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import Boolean, ObjectIdentifier

from protocols.bacnet.application import ClientApplication
from protocols.bacnet.failures import ReplyTooLong, translate
from protocols.bacnet.gates import Gates
from protocols.bacnet.objects import KINDS
from protocols.bacnet.profiles import Profiles
from protocols.bacnet.values import encoded
from protocols.driver import not_sent
from protocols.errors import CodecError, ProtocolError, Refused, Timeout, Unreachable, Unsupported
from protocols.types import MINIMUM_ON_OFF, Endpoint, PointAddress, PointKind, PointWrite

HEAD = 4  # octets of a confirmed request in front of its data
SERVICE = "write-property-multiple"


@dataclass(frozen=True, slots=True)
class Attempt:
    """A write that fits: `place` is its place among those that were asked for."""

    place: int
    write: PointWrite
    value: Any  # in the object's datatype
    priority: int | None

    @property
    def specification(self) -> WriteAccessSpecification:
        value = PropertyValue(
            propertyIdentifier=PropertyIdentifier("present-value"),
            value=self.value,
            priority=self.priority,
        )
        return WriteAccessSpecification(
            objectIdentifier=_object(self.write.point), listOfProperties=[value]
        )

    @property
    def octets(self) -> int:
        """Of a WritePropertyMultiple request."""
        request = WritePropertyMultipleRequest(listOfWriteAccessSpecs=[self.specification])
        return len(request.encode().pduData)


class PropertyWriter:
    """Writes to the devices of one network, from the network's own port."""

    def __init__(self, application: ClientApplication, gates: Gates, profiles: Profiles) -> None:
        self._application = application
        self._gates = gates
        self._profiles = profiles
        self._one_by_one: set[str] = set()  # addresses that rejected WritePropertyMultiple

    async def write(self, endpoint: Endpoint, write: PointWrite) -> None:
        await self._write(endpoint, _attempt(endpoint, 0, write))

    async def _write(self, endpoint: Endpoint, attempt: Attempt) -> None:
        point = attempt.write.point
        request = _write_property(point, "present-value", attempt.value, attempt.priority)
        await self._ask(endpoint, point, request)

    async def switch_service(self, endpoint: Endpoint, point: PointAddress, *, out: bool) -> None:
        await self._ask(endpoint, point, _write_property(point, "out-of-service", Boolean(out)))

    async def _ask(self, endpoint: Endpoint, point: PointAddress, request: Any) -> None:
        try:
            reply = await self._send(endpoint, request)
        except ProtocolError as error:
            error.point = point
            raise
        if isinstance(reply, ErrorRejectAbortNack):
            raise translate(reply, endpoint, point)

    async def _send(self, endpoint: Endpoint, request: Any) -> Any:
        """What is answered, be it an error. Raises Timeout for an answer that makes no sense: the
        device may have acted."""
        request.pduDestination = Address(endpoint.address)
        try:
            async with self._gates.of(endpoint.address).turn(urgent=True):
                return await self._application.request(request)
        except ErrorRejectAbortNack as error:
            return error
        except (DecodingError, ValueError, TypeError, AttributeError) as error:
            raise Timeout("its answer makes no sense", endpoint=endpoint) from error

    async def write_many(
        self, endpoint: Endpoint, writes: Sequence[PointWrite]
    ) -> list[ProtocolError | None]:
        """In as few requests as the device can take.

        A device works a request off from its front and stops at the first write that it refuses,
        which it names: those before it were written, it was not, and those behind it were never
        tried (clause 15.10.2). They go out in a further request, which repeats nothing. Where no
        answer comes, any of the request may have been written: all of it is in doubt. A device
        that rejects the request has written nothing of it, and gets the writes one by one.
        """
        run = _Run(endpoint, writes)
        while run.left:
            batch = self._batch(endpoint, run.left)
            if len(batch) == 1:
                await self._write_first(run)
            else:
                await self._write_batch(run, batch)
        return run.outcomes

    def _batch(self, endpoint: Endpoint, attempts: Sequence[Attempt]) -> Sequence[Attempt]:
        """The first ones that fit into a request. No point is in it twice: a device names what it
        refuses by its object."""
        if not self._takes_many(endpoint.address):
            return attempts[:1]
        room = self._profiles.of(endpoint.address).max_apdu - HEAD
        batch: list[Attempt] = []
        points: set[PointAddress] = set()
        for attempt in attempts:
            room -= attempt.octets
            if batch and (room < 0 or attempt.write.point in points):
                break
            batch.append(attempt)
            points.add(attempt.write.point)
        return batch

    def _takes_many(self, address: str) -> bool:
        """Where it does not tell its services, it is tried."""
        services = self._profiles.of(address).services
        return address not in self._one_by_one and (not services or SERVICE in services)

    async def _write_first(self, run: "_Run") -> None:
        (attempt,) = run.take(1)
        try:
            await self._write(run.endpoint, attempt)
        except ProtocolError as error:
            run.end([attempt], error)

    async def _write_batch(self, run: "_Run", batch: Sequence[Attempt]) -> None:
        specifications = [attempt.specification for attempt in batch]
        request = WritePropertyMultipleRequest(listOfWriteAccessSpecs=specifications)
        try:
            reply = await self._send(run.endpoint, request)
        except ProtocolError as error:
            run.end(run.take(len(batch)), error)
            return
        if isinstance(reply, RejectPDU):
            await self._divide(run, batch, translate(reply, run.endpoint))
        elif isinstance(reply, WritePropertyMultipleError):
            _stopped(run, batch, reply)
        elif isinstance(reply, ErrorRejectAbortNack):
            told = translate(reply, run.endpoint)
            if not isinstance(told, (Timeout, Unreachable)):  # an Abort: it stopped somewhere
                told = Timeout(told.message, endpoint=run.endpoint)
            run.end(run.take(len(batch)), told)
        else:
            run.take(len(batch))

    async def _divide(self, run: "_Run", batch: Sequence[Attempt], error: ProtocolError) -> None:
        """The device rejected the request as a whole (clause 15.10.2: nothing was written)."""
        if isinstance(error, Unsupported):
            self._one_by_one.add(run.endpoint.address)
        elif isinstance(error, ReplyTooLong) and len(batch) > 2:
            await self._write_batch(run, batch[: len(batch) // 2])
        else:
            for _ in batch:
                await self._write_first(run)
                if not run.left:  # nobody answers any more
                    return


class _Run:
    """Writes under way: `left` are those that were not sent yet."""

    def __init__(self, endpoint: Endpoint, writes: Sequence[PointWrite]) -> None:
        self.endpoint = endpoint
        self.outcomes: list[ProtocolError | None] = [None] * len(writes)
        self.left: list[Attempt] = []
        for place, write in enumerate(writes):
            try:
                self.left.append(_attempt(endpoint, place, write))
            except (CodecError, Refused) as error:
                self.outcomes[place] = error

    def take(self, count: int) -> list[Attempt]:
        """The first ones: they are sent."""
        taken, self.left = self.left[:count], self.left[count:]
        return taken

    def end(self, attempts: Sequence[Attempt], error: ProtocolError) -> None:
        """How they ended. Behind what nobody answered nothing more is sent."""
        for attempt in attempts:
            self.outcomes[attempt.place] = _same(error, attempt.write.point)
        if isinstance(error, (Timeout, Unreachable)):
            for attempt in self.take(len(self.left)):
                self.outcomes[attempt.place] = not_sent(self.endpoint, attempt.write)


def _stopped(run: _Run, batch: Sequence[Attempt], error: WritePropertyMultipleError) -> None:
    """The device wrote up to the one that it names. Whom it does not name is in doubt."""
    failed = error.firstFailedWriteAttempt.objectIdentifier
    objects = [_object(attempt.write.point) for attempt in batch]
    if failed not in objects:
        told = Timeout("it refused one of several and did not say which", endpoint=run.endpoint)
        run.end(run.take(len(batch)), told)
        return
    *_, refused = run.take(objects.index(failed) + 1)
    run.end([refused], translate(error, run.endpoint, refused.write.point))


def _same(error: ProtocolError, point: PointAddress) -> ProtocolError:
    """An error of a request, for one of its points."""
    told = type(error)(error.message, endpoint=error.endpoint, point=point)
    told.__cause__ = error.__cause__
    return told


def _attempt(endpoint: Endpoint, place: int, write: PointWrite) -> Attempt:
    """Raises CodecError for a value that does not fit, Refused for a priority; nothing is sent.

    An input has no priorities: only while it is out of service it takes a value at all.
    """
    if write.priority is not None and (
        write.priority not in range(1, 17) or write.priority == MINIMUM_ON_OFF
    ):
        told = f"priority {write.priority} cannot be written; 1 to 16 can, but for {MINIMUM_ON_OFF}"
        raise Refused(told, endpoint=endpoint, point=write.point)
    kind = KINDS.get(write.point.object_type)
    if kind is None:
        told = f"{write.point.object_type} is no type of point that can be written"
        raise Refused(told, endpoint=endpoint, point=write.point)
    is_input = kind is PointKind.INPUT
    if is_input and write.value is None:
        raise Refused("an input has no priorities to release", endpoint=endpoint, point=write.point)
    value = encoded(endpoint, write.point, write.value)
    return Attempt(place, write, value, None if is_input else write.priority)


def _write_property(
    point: PointAddress, name: str, value: Any, priority: int | None = None
) -> WritePropertyRequest:
    return WritePropertyRequest(
        objectIdentifier=_object(point),
        propertyIdentifier=PropertyIdentifier(name),
        propertyValue=value,
        priority=priority,
    )


def _object(point: PointAddress) -> ObjectIdentifier:
    return ObjectIdentifier((point.object_type, point.number))
