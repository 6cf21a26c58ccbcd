"""Reads many properties of one device in as few requests as it can take.

ReadPropertyMultiple sized to the device's reply length; on a too-long reply the batch is halved,
and where the service is missing ReadProperty takes over. What was learnt is kept per device.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.basetypes import ErrorType, PropertyIdentifier, PropertyReference
from bacpypes3.errors import DecodingError
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from bacpypes3.vendor import get_vendor_info

from protocols.bacnet.application import ClientApplication
from protocols.bacnet.failures import ReplyTooLong, translate
from protocols.errors import BadPoint, CodecError, FieldError, Refused, Timeout, Unsupported
from protocols.planning import Requests
from protocols.types import Endpoint, PointAddress

log = logging.getLogger(__name__)

DEFAULT_MAX_APDU = 480  # until an I-Am says more: what the smallest routers pass on
STANDARD_OBJECTS = get_vendor_info(0)


class PropertyKey(NamedTuple):
    """One property of one object; `element` for one element of an array, 0 for its length."""

    object: PointAddress
    name: str
    element: int | None = None


@dataclass(slots=True)
class Profile:
    """What one device was found to take."""

    max_apdu: int = DEFAULT_MAX_APDU
    has_rpm: bool = True
    most: dict[int, int] = field(default_factory=dict)  # properties that fit, by their size

    def batch(self, bytes_each: int) -> int:
        """Properties per request when each takes about `bytes_each` of the reply."""
        return min(max(1, self.max_apdu // bytes_each), self.most.get(bytes_each, self.max_apdu))


class PropertyReader:
    """All reads of one network go through here: one request in flight per device."""

    def __init__(self, application: ClientApplication, retries: int) -> None:
        self._application = application
        self._tries = retries + 1
        self._profiles: defaultdict[str, Profile] = defaultdict(Profile)
        self._gates: defaultdict[str, asyncio.Lock] = defaultdict(asyncio.Lock)

    def learn_max_apdu(self, address: str, max_apdu: int) -> None:
        self._profiles[address].max_apdu = max(50, max_apdu)

    def gate(self, endpoint: Endpoint) -> asyncio.Lock:
        """Held while a request to this device is in flight."""
        return self._gates[endpoint.address]

    async def read(
        self, endpoint: Endpoint, keys: Sequence[PropertyKey], *, bytes_each: int
    ) -> dict[PropertyKey, Any]:
        """Every key with its value, or with the FieldError that the device gave for it.

        Raises Timeout, Unreachable or Busy when the device as a whole fails.
        """
        profile = self._profiles[endpoint.address]
        requests = Requests(keys)
        found: dict[PropertyKey, Any] = {}
        while requests:
            batch = requests.next(profile.batch(bytes_each))
            if not profile.has_rpm or len(batch) == 1:
                for key in batch:
                    found[key] = await self._read_one(endpoint, key)
                requests.done()
                continue
            try:
                found |= await self._read_batch(endpoint, batch)
                requests.done()
            except Unsupported:
                log.info("%s has no ReadPropertyMultiple: reading one by one", endpoint)
                profile.has_rpm = False
            except ReplyTooLong:
                log.info("%s: %d properties at once are too many", endpoint, len(batch))
                profile.most[bytes_each] = len(batch) // 2
            except CodecError:  # one of them cannot be decoded: find it, this time only
                requests.halve()
        return found

    async def _read_batch(
        self, endpoint: Endpoint, keys: Sequence[PropertyKey]
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

    async def _read_one(self, endpoint: Endpoint, key: PropertyKey) -> Any:
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
            )
        except (BadPoint, Refused, Unsupported, ReplyTooLong, CodecError) as error:
            return error

    async def _ask(self, endpoint: Endpoint, point: PointAddress | None, request: Any) -> Any:
        """One request, tried again on a time-out only. `request` is called for each try."""
        for attempt in range(1, self._tries + 1):
            try:
                async with self.gate(endpoint):
                    reply = await request()
            except ErrorRejectAbortNack as error:
                failure = translate(error, endpoint, point)
                if isinstance(failure, Timeout) and attempt < self._tries:
                    continue
                raise failure from None
            except (DecodingError, ValueError, TypeError, AttributeError) as error:
                # bacpypes3 casts what the device sent; any of these is the device's bytes.
                raise CodecError(
                    "the reply makes no sense", endpoint=endpoint, point=point
                ) from error
            if isinstance(reply, ErrorRejectAbortNack):
                raise translate(reply, endpoint, point) from None
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
