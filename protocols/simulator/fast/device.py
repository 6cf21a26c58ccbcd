"""One device of many: what it answers to a datagram. No I/O."""

import math
from collections.abc import Iterator

from protocols.bacnet.codec import apdu, frames, services, tags
from protocols.bacnet.codec.names import LARGEST_INSTANCE, OBJECT_TYPES, PROPERTIES, ObjectId
from protocols.bacnet.codec.services import PropertyError, PropertyRef
from protocols.bacnet.codec.tags import Enumerated
from protocols.errors import CodecError
from protocols.simulator.fast.catalogue import (
    OPTIONAL,
    PRESENT_VALUE,
    PRIORITY_ARRAY,
    TICKS,
    Catalogue,
    Made,
)
from protocols.simulator.fast.template import Template
from protocols.simulator.spec import DeviceSpec

DEVICE = OBJECT_TYPES["device"]
OBJECT_LIST = PROPERTIES["object-list"]
NO_SEGMENTATION = 3
UNRECOGNIZED_SERVICE, INVALID_TAG = 9, 4  # reasons of a reject; clause 18.9
SEGMENTATION_NOT_SUPPORTED = 4  # of an abort; clause 18.10
OPERATIONAL = 0  # system-status
# Clause 18: class and code of an error.
UNKNOWN_OBJECT = PropertyError(1, 31)
UNKNOWN_PROPERTY = PropertyError(2, 32)
NO_SUCH_ELEMENT = PropertyError(2, 42)
NO_ARRAY = PropertyError(2, 50)
WRITE_DENIED = PropertyError(2, 40)
WRONG_TYPE = PropertyError(2, 9)
OUT_OF_RANGE = PropertyError(2, 37)
SERVICES = (12, 14, 15, 26, 34)  # bits of protocol-services-supported: RP, RPM, WP, I-Am, Who-Is
SERVICES_BITS, TYPES_BITS = 40, 55
TEMPLATES = 1000  # answers remembered for all devices of the same points
LOWEST = 16  # priority

# The heads of a unicast that no router passed on, with a request that expects an answer.
UNICAST, STRAIGHT = b"\x81\x0a", b"\x01\x04"
SHORTEST = 10  # octets in front of a request's service data
IN_ONE_PIECE = 0xFD  # all of an APDU's first octet but "segmented response accepted" is 0


class Refusal(Exception):
    """What a write is refused with."""

    def __init__(self, answer: PropertyError) -> None:
        super().__init__(answer)
        self.answer = answer


class FastDevice:
    """Shares catalogue and templates with all devices of its points; has commands of its own."""

    def __init__(
        self, spec: DeviceSpec, catalogue: Catalogue, templates: dict[bytes, Template], phase: int
    ) -> None:
        self.spec = spec
        self._catalogue = catalogue
        self._templates = templates
        self._phase = phase
        self._commands: dict[ObjectId, dict[int, float]] = {}
        self._identifier = ObjectId(DEVICE, spec.instance)
        self._fixed = _device_properties(spec, catalogue)
        self.i_am = apdu.unconfirmed_request(
            apdu.I_AM,
            services.encode_i_am(spec.instance, spec.max_apdu, NO_SEGMENTATION, spec.vendor_id),
        )

    def answer(self, datagram: bytes, tick: int) -> bytes | None:
        """The datagram to send back, if any; what makes no sense is dropped."""
        if (
            len(datagram) > SHORTEST
            and datagram[:2] == UNICAST
            and datagram[4:6] == STRAIGHT
            and not datagram[6] & IN_ONE_PIECE
            and datagram[9] == apdu.READ_PROPERTY_MULTIPLE
        ):
            template = self._templates.get(datagram[SHORTEST:])
            if template is not None:
                limit = apdu.LONGEST_REPLY.get(datagram[7] & 15, 50)
                if template.length <= min(limit, self.spec.max_apdu):
                    return template.filled(datagram[8], self._values(template, tick))
        try:
            frame = frames.unwrap(datagram)
            asked = apdu.parse(frame.apdu) if frame is not None else None
        except CodecError:
            return None
        if isinstance(asked, apdu.ConfirmedRequest) and frame is not None:
            return frames.wrap(self._answer(asked, tick), to=frame.source)
        return None

    def _values(self, template: Template, tick: int) -> list[float]:
        now = tick + self._phase
        if not self._commands:
            return [made.course[(now + made.phase) % TICKS] for made in template.objects]
        return [self._value(made, tick) for made in template.objects]

    def _value(self, made: Made, tick: int) -> float:
        slots = self._commands.get(made.identifier)
        if slots:
            return slots[min(slots)]
        return made.course[(tick + self._phase + made.phase) % TICKS]

    def _answer(self, asked: apdu.ConfirmedRequest, tick: int) -> bytes:
        try:
            if asked.service == apdu.READ_PROPERTY:
                reply = self._read_property(asked, tick)
            elif asked.service == apdu.READ_PROPERTY_MULTIPLE:
                reply = self._read_many(asked, tick)
            elif asked.service == apdu.WRITE_PROPERTY:
                reply = self._write(asked)
            else:
                reply = apdu.reject(asked.invoke_id, UNRECOGNIZED_SERVICE)
        except CodecError:
            return apdu.reject(asked.invoke_id, INVALID_TAG)
        if len(reply) > min(asked.longest_reply, self.spec.max_apdu):
            return apdu.abort(asked.invoke_id, SEGMENTATION_NOT_SUPPORTED)
        return reply

    def _read_property(self, asked: apdu.ConfirmedRequest, tick: int) -> bytes:
        identifier, wanted = services.decode_read_property(asked.data)
        identifier = self._meant(identifier)
        value = self._read(identifier, wanted, tick)
        if isinstance(value, PropertyError):
            return apdu.error(asked.invoke_id, asked.service, *value)
        data = services.encode_property_value(identifier, wanted, value)
        return apdu.complex_ack(asked.invoke_id, asked.service, data)

    def _read_many(self, asked: apdu.ConfirmedRequest, tick: int) -> bytes:
        wanted = services.decode_read_property_multiple(asked.data)
        results = []
        for identifier, references in wanted:
            meant = self._meant(identifier)
            answers = [
                (reference, self._read(meant, reference, tick))
                for asked_for in references
                for reference in self._spelt_out(meant, asked_for)
            ]
            results.append((meant, answers))
        data = services.encode_results(results)
        if self._is_alike(results):
            if len(self._templates) >= TEMPLATES:
                self._templates.clear()
            self._templates[asked.data] = Template.of(self._catalogue, data)
        return apdu.complex_ack(asked.invoke_id, asked.service, data)

    def _is_alike(
        self, results: list[tuple[ObjectId, list[tuple[PropertyRef, bytes | PropertyError]]]]
    ) -> bool:
        """Whether all devices of these points answer alike, but for present values."""
        return all(identifier in self._catalogue.objects for identifier, _ in results) and all(
            wanted.property != PRIORITY_ARRAY and not isinstance(value, PropertyError)
            for _, answers in results
            for wanted, value in answers
        )

    def _meant(self, identifier: ObjectId) -> ObjectId:
        wildcard = identifier == (DEVICE, LARGEST_INSTANCE)
        return self._identifier if wildcard else identifier

    def _spelt_out(self, identifier: ObjectId, wanted: PropertyRef) -> Iterator[PropertyRef]:
        if wanted.property not in (services.ALL, services.REQUIRED, services.OPTIONAL):
            yield wanted
            return
        made = self._catalogue.objects.get(identifier)
        if made is not None:
            has = made.properties()
        else:
            has = list(self._fixed) if identifier == self._identifier else [OBJECT_LIST]
        for number in has:
            if wanted.property == services.ALL or (
                (number in OPTIONAL) == (wanted.property == services.OPTIONAL)
            ):
                yield PropertyRef(number)

    def _read(self, identifier: ObjectId, wanted: PropertyRef, tick: int) -> bytes | PropertyError:
        """The value, encoded, or why there is none."""
        made = self._catalogue.objects.get(identifier)
        if made is not None:
            return self._read_point(made, wanted, tick)
        if identifier != self._identifier:
            return UNKNOWN_OBJECT
        if wanted.property == OBJECT_LIST:
            device = tags.encode_object_identifier(self._identifier)
            return _of_array((device, *self._catalogue.list), wanted.element)
        if wanted.property not in self._fixed:
            return UNKNOWN_PROPERTY
        return NO_ARRAY if wanted.element is not None else self._fixed[wanted.property]

    def _read_point(self, made: Made, wanted: PropertyRef, tick: int) -> bytes | PropertyError:
        if wanted.property == PRIORITY_ARRAY and made.is_commandable:
            slots = self._commands.get(made.identifier, {})
            filled = {priority: made.encoded(value) for priority, value in slots.items()}
            array = tuple(
                filled.get(priority, tags.encode_null()) for priority in range(1, LOWEST + 1)
            )
            return _of_array(array, wanted.element)
        if wanted.property in made.arrays:
            return _of_array(made.arrays[wanted.property], wanted.element)
        if wanted.property != PRESENT_VALUE and wanted.property not in made.fixed:
            return UNKNOWN_PROPERTY
        if wanted.element is not None:
            return NO_ARRAY
        if wanted.property == PRESENT_VALUE:
            return made.encoded(self._value(made, tick))
        return made.fixed[wanted.property]

    def _write(self, asked: apdu.ConfirmedRequest) -> bytes:
        request = services.decode_write_property(asked.data)
        try:
            self._command(request)
        except Refusal as refusal:
            return apdu.error(asked.invoke_id, asked.service, *refusal.answer)
        return apdu.simple_ack(asked.invoke_id, asked.service)

    def _command(self, request: services.WriteRequest) -> None:
        made = self._catalogue.objects.get(request.object)
        if made is None:
            known = request.object == self._identifier
            raise Refusal(WRITE_DENIED if known else UNKNOWN_OBJECT)
        if request.property != PRESENT_VALUE or not made.is_commandable:
            known = request.property in made.properties()
            raise Refusal(WRITE_DENIED if known else UNKNOWN_PROPERTY)
        if request.element is not None:
            raise Refusal(NO_ARRAY)
        priority = LOWEST if request.priority is None else request.priority
        if not 1 <= priority <= LOWEST:
            raise Refusal(OUT_OF_RANGE)
        slots = self._commands.setdefault(made.identifier, {})
        if request.values == (None,):
            slots.pop(priority, None)
        else:
            slots[priority] = _checked(made, request.values)


def _checked(made: Made, values: tuple[object, ...]) -> float:
    """The value that is written. Raises Refusal."""
    point = made.point
    wanted = float if point.type.is_analog else Enumerated if point.type.is_binary else int
    if len(values) != 1 or type(values[0]) is not wanted:
        raise Refusal(WRONG_TYPE)
    value = float(values[0]) if point.type.is_analog else int(values[0])
    if point.type.is_analog:
        low = -math.inf if point.low is None else point.low
        high = math.inf if point.high is None else point.high
    else:
        low = 0 if point.type.is_binary else 1
        high = low + len(point.states) - 1
    if not low <= value <= high:
        raise Refusal(OUT_OF_RANGE)
    return value


def _of_array(elements: tuple[bytes, ...], element: int | None) -> bytes | PropertyError:
    if element is None:
        return b"".join(elements)
    if element == 0:
        return tags.encode_unsigned(len(elements))
    return elements[element - 1] if element <= len(elements) else NO_SUCH_ELEMENT


def _device_properties(spec: DeviceSpec, catalogue: Catalogue) -> dict[int, bytes]:
    text, number = tags.encode_character_string, tags.encode_unsigned
    types = {DEVICE, *(identifier.type for identifier in catalogue.objects)}
    named = {
        "object-identifier": tags.encode_object_identifier(ObjectId(DEVICE, spec.instance)),
        "object-name": text(spec.name),
        "object-type": tags.encode_enumerated(DEVICE),
        "system-status": tags.encode_enumerated(OPERATIONAL),
        "vendor-name": text(spec.vendor_name),
        "vendor-identifier": number(spec.vendor_id),
        "model-name": text(spec.model_name),
        "firmware-revision": text(spec.firmware),
        "application-software-version": text(spec.firmware),
        "description": text(spec.description),
        "location": text(spec.location),
        "protocol-version": number(1),
        "protocol-revision": number(12),
        "protocol-services-supported": _bits(SERVICES, SERVICES_BITS),
        "protocol-object-types-supported": _bits(types, TYPES_BITS),
        "max-apdu-length-accepted": number(spec.max_apdu),
        "segmentation-supported": tags.encode_enumerated(NO_SEGMENTATION),
        "database-revision": number(1),
    }
    fixed = {PROPERTIES[name]: encoded for name, encoded in named.items()}
    fixed |= {11: number(3000), 73: number(3), 30: b""}  # APDU time-out, retries, no bindings
    return dict(sorted(fixed.items()))


def _bits(ones: set[int] | tuple[int, ...], count: int) -> bytes:
    return tags.encode_bit_string([place in ones for place in range(count)])
