"""Reads any properties of one device by bacpypes3, in as few requests as it can take.

ReadPropertyMultiple sized to the device's reply length; on a too-long reply the rest is asked in
halves, and where the service is missing ReadProperty takes over.
"""

import asyncio
from collections.abc import Sequence
from typing import Any, NamedTuple

from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.basetypes import ErrorType, PropertyIdentifier, PropertyReference
from bacpypes3.errors import DecodingError
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from bacpypes3.vendor import get_vendor_info

from protocols.backoff import retry_pause
from protocols.bacnet.application import ClientApplication
from protocols.bacnet.failures import ReplyTooLong, translate
from protocols.bacnet.gates import Gates
from protocols.bacnet.profiles import Profiles
from protocols.errors import BadPoint, CodecError, FieldError, Refused, Timeout, Unsupported
from protocols.planning import Requests
from protocols.types import Endpoint, NetworkSettings, PointAddress

STANDARD_OBJECTS = get_vendor_info(0)


class PropertyKey(NamedTuple):
    """One property of one object; `element` for one element of an array, 0 for its length."""

    object: PointAddress
    name: str
    element: int | None = None


class PropertyReader:
    """Reads the devices of one network, from the network's own port."""

    def __init__(
        self,
        application: ClientApplication,
        gates: Gates,
        profiles: Profiles,
        settings: NetworkSettings,
    ) -> None:
        self._application = application
        self._gates = gates
        self._profiles = profiles
        self._timeout = settings.timeout
        self._tries = settings.retries + 1

    async def read(
        self,
        endpoint: Endpoint,
        keys: Sequence[PropertyKey],
        *,
        bytes_each: int,
        urgent: bool = False,
    ) -> dict[PropertyKey, Any]:
        """Every key with its value, or with the FieldError that the device gave for it.
        `bytes_each`: about what each takes of the reply; `urgent`: ahead of what else waits.

        Raises Timeout, Unreachable or Busy when the device as a whole fails.
        """
        address = endpoint.address
        requests = Requests(keys)
        found: dict[PropertyKey, Any] = {}
        while requests:
            batch = requests.next(self._profiles.reply_octets(address) // bytes_each)
            if not self._profiles.of(address).has_rpm or len(batch) == 1:
                for key in batch:
                    found[key] = await self._read_one(endpoint, key, urgent=urgent)
                requests.done()
                continue
            try:
                found |= await self._read_batch(endpoint, batch, urgent=urgent)
                requests.done()
            except Unsupported:
                self._profiles.lacks_rpm(address)
                if self._profiles.of(address).has_rpm:  # somebody pinned what is not true
                    raise
            except (ReplyTooLong, CodecError):
                # Texts are of any length, and one may not be decoded: found out this time only.
                requests.halve()
            except Timeout:  # maybe long replies alone do not come
                is_there = address in self._profiles.alive
                if not is_there or not await self._answers(endpoint, batch[0], urgent=urgent):
                    raise
                requests.halve()
        return found

    async def _read_batch(
        self, endpoint: Endpoint, keys: Sequence[PropertyKey], *, urgent: bool
    ) -> dict[PropertyKey, Any]:
        requests: list[Any] = []
        by_object: dict[PointAddress, list[PropertyReference]] = {}
        for key in keys:
            by_object.setdefault(key.object, []).append(
                PropertyReference(
                    propertyIdentifier=PropertyIdentifier(key.name),
                    propertyArrayIndex=key.element,
                )
            )
        for address, references in by_object.items():
            requests += [_object_identifier(address), references]
        reply = await self._ask(
            endpoint,
            None,
            lambda: self._application.read_property_multiple(
                Address(endpoint.address), list(requests), vendor_info=STANDARD_OBJECTS
            ),
            tries=self._tries,
            urgent=urgent,
        )
        values = {
            (str(identifier), str(name), element): value
            for identifier, name, element, value in reply
        }
        return {
            key: _property(
                values.get((str(key.object), key.name, key.element), _MISSING), endpoint, key
            )
            for key in keys
        }

    async def _read_one(
        self, endpoint: Endpoint, key: PropertyKey, *, urgent: bool, tries: int | None = None
    ) -> Any:
        try:
            return await self._ask(
                endpoint,
                key.object,
                lambda: self._application.read_property(
                    Address(endpoint.address),
                    _object_identifier(key.object),
                    PropertyIdentifier(key.name),
                    key.element,
                ),
                tries=tries or self._tries,
                urgent=urgent,
            )
        except (BadPoint, Refused, Unsupported, ReplyTooLong, CodecError) as error:
            return error

    async def _answers(self, endpoint: Endpoint, key: PropertyKey, *, urgent: bool) -> bool:
        """Whether anything comes back to a short question, asked once."""
        try:
            await self._read_one(endpoint, key, urgent=urgent, tries=1)
        except Timeout:
            return False
        return True

    async def _ask(
        self,
        endpoint: Endpoint,
        point: PointAddress | None,
        request: Any,
        *,
        tries: int,
        urgent: bool,
    ) -> Any:
        """One request, tried again on a time-out only. `request` is called for each try."""
        for attempt in range(1, tries + 1):
            try:
                async with self._gates.of(endpoint.address).turn(urgent=urgent):
                    reply = await request()
            except ErrorRejectAbortNack as error:
                failure = translate(error, endpoint, point)
                if isinstance(failure, Timeout) and attempt < tries:
                    await asyncio.sleep(retry_pause(attempt, timeout=self._timeout))
                    continue
                raise failure from None
            except (DecodingError, ValueError, TypeError, AttributeError) as error:
                # bacpypes3 casts what the device sent; any of these is the device's bytes.
                raise CodecError(
                    "the reply makes no sense", endpoint=endpoint, point=point
                ) from error
            if isinstance(reply, ErrorRejectAbortNack):
                raise translate(reply, endpoint, point) from None
            self._profiles.alive.add(endpoint.address)
            return reply
        raise AssertionError("unreachable: the last try returns or raises")


_MISSING = object()


def _property(value: Any, endpoint: Endpoint, key: PropertyKey) -> Any:
    """The value, or the error inside a ReadPropertyMultiple reply as a FieldError."""
    if value is _MISSING:
        return BadPoint(f"{key.name} is not in the reply", endpoint=endpoint, point=key.object)
    if isinstance(value, ErrorType):
        kind: type[FieldError] = (
            BadPoint if str(value.errorCode).startswith("unknown-") else Refused
        )
        return kind(f"{key.name}: {value.errorCode}", endpoint=endpoint, point=key.object)
    return value


def _object_identifier(address: PointAddress) -> ObjectIdentifier:
    return ObjectIdentifier((address.object_type, address.number))
