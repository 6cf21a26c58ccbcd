"""ReadProperty, ReadPropertyMultiple, WriteProperty, Who-Is and I-Am (135-2020 clauses 15, 16 and
21): what is asked and what is answered."""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from protocols.bacnet.codec import tags
from protocols.bacnet.codec.names import ObjectId
from protocols.bacnet.codec.tags import Context, Enumerated
from protocols.errors import CodecError

ALL, REQUIRED, OPTIONAL = 8, 105, 80  # instead of a property in ReadPropertyMultiple


class PropertyRef(NamedTuple):
    """A property, or one element of an array; 0 is its length."""

    property: int
    element: int | None = None


class PropertyError(NamedTuple):
    """Why a property could not be read (clause 18)."""

    error_class: int
    error_code: int


class PropertyResult(NamedTuple):
    """What was answered for one property. `start` and `stop` are the places of its values in what
    was decoded."""

    object: ObjectId
    property: int
    element: int | None
    values: "tuple[Any, ...] | PropertyError"
    start: int
    stop: int


class WriteRequest(NamedTuple):
    object: ObjectId
    property: int
    element: int | None
    values: tuple[Any, ...]
    priority: int | None


Wanted = Sequence[tuple[ObjectId, Sequence[PropertyRef]]]


def encode_read_property(identifier: ObjectId, wanted: PropertyRef) -> bytes:
    data = tags.context(0, tags.object_octets(identifier))
    return data + _encode_reference(wanted, first=1)


def encode_read_property_multiple(wanted: Wanted) -> bytes:
    return b"".join(
        tags.context(0, tags.object_octets(identifier))
        + tags.constructed(1, b"".join(_encode_reference(one, first=0) for one in references))
        for identifier, references in wanted
    )


def _encode_reference(wanted: PropertyRef, *, first: int) -> bytes:
    data = tags.context(first, tags.unsigned_octets(wanted.property))
    if wanted.element is not None:
        data += tags.context(first + 1, tags.unsigned_octets(wanted.element))
    return data


def decode_read_property(data: bytes) -> tuple[ObjectId, PropertyRef]:
    """What a client asks. Raises CodecError."""
    identifier, at = _identifier(data, 0)
    wanted, at = _reference(data, at, first=1)
    _nothing_behind(data, at)
    return identifier, wanted


def decode_read_property_multiple(data: bytes) -> list[tuple[ObjectId, list[PropertyRef]]]:
    """What a client asks. Raises CodecError."""
    at, asked = 0, []
    while at < len(data):
        identifier, at = _identifier(data, at)
        at = _expect(data, at, 0x1E)
        references = []
        while not _is(data, at, 0x1F):
            wanted, at = _reference(data, at, first=0)
            references.append(wanted)
        asked.append((identifier, references))
        at += 1
    return asked


def encode_property_value(identifier: ObjectId, wanted: PropertyRef, value: bytes) -> bytes:
    """The answer to ReadProperty; `value` is tagged."""
    return encode_read_property(identifier, wanted) + tags.constructed(3, value)


def encode_results(
    results: Iterable[tuple[ObjectId, Iterable[tuple[PropertyRef, bytes | PropertyError]]]],
) -> bytes:
    """The answer to ReadPropertyMultiple; values are tagged."""
    return b"".join(
        tags.context(0, tags.object_octets(identifier))
        + tags.constructed(1, b"".join(_encode_result(*one) for one in answers))
        for identifier, answers in results
    )


def _encode_result(wanted: PropertyRef, answer: bytes | PropertyError) -> bytes:
    reference = _encode_reference(wanted, first=2)
    if isinstance(answer, PropertyError):
        inside = tags.encode_enumerated(answer.error_class)
        inside += tags.encode_enumerated(answer.error_code)
        return reference + tags.constructed(5, inside)
    return reference + tags.constructed(4, answer)


def decode_property_value(data: bytes) -> PropertyResult:
    """The answer to ReadProperty. Raises CodecError."""
    identifier, at = _identifier(data, 0)
    wanted, at = _reference(data, at, first=1)
    start = _expect(data, at, 0x3E)
    found, stop = tags.values(data, start, len(data), 3)
    _nothing_behind(data, stop)
    return PropertyResult(identifier, wanted.property, wanted.element, found, start, stop - 1)


def decode_results(data: bytes) -> list[PropertyResult]:
    """The answer to ReadPropertyMultiple, in its order. Raises CodecError."""
    at, end = 0, len(data)
    results: list[PropertyResult] = []
    while at < end:
        identifier, at = _identifier(data, at)
        at = _expect(data, at, 0x1E)
        while not _is(data, at, 0x1F):
            at = _short_results(data, at, end - 8, identifier, results)
            if not _is(data, at, 0x1F):
                at = _any_result(data, at, end, identifier, results)
        at += 1
    return results


def _short_results(
    data: bytes, at: int, last: int, identifier: ObjectId, results: list[PropertyResult]
) -> int:
    """What nearly all answers are made of, as far as they are: a property that is named by one
    octet and has one value of up to four. Past `last` it does not look."""
    while at < last and data[at] == 0x29 and data[at + 2] == 0x4E:
        head = data[at + 3]
        decode = tags.SHORT.get(head)
        start = at + 3
        stop = start + 1 + (head & 7)
        if decode is None or data[stop] != 0x4F:
            break
        value = decode(data[start + 1 : stop])
        results.append(PropertyResult(identifier, data[at + 1], None, (value,), start, stop))
        at = stop + 1
    return at


def _any_result(
    data: bytes, at: int, end: int, identifier: ObjectId, results: list[PropertyResult]
) -> int:
    (number, element), at = _reference(data, at, first=2)
    found: tuple[Any, ...] | PropertyError
    if _is(data, at, 0x5E):
        start = at + 1
        inside, at = tags.values(data, start, end, 5)
        found = property_error(inside)
    else:
        start = _expect(data, at, 0x4E)
        found, at = tags.values(data, start, end, 4)
    results.append(PropertyResult(identifier, number, element, found, start, at - 1))
    return at


def decode_error(data: bytes) -> PropertyError:
    """The class and the code of an Error APDU; some services wrap them. Raises CodecError."""
    found, _ = tags.values(data, 0, len(data))
    if found and isinstance(found[0], Context) and isinstance(found[0].content, tuple):
        found = found[0].content
    return property_error(found[:2])


def property_error(found: tuple[Any, ...]) -> PropertyError:
    if len(found) != 2 or not all(isinstance(one, Enumerated) for one in found):
        raise CodecError("an error is not told by its class and code")
    return PropertyError(int(found[0]), int(found[1]))


def decode_write_property(data: bytes) -> WriteRequest:
    """What a client asks. Raises CodecError."""
    identifier, at = _identifier(data, 0)
    wanted, at = _reference(data, at, first=1)
    found, at = tags.values(data, _expect(data, at, 0x3E), len(data), 3)
    priority = None
    if at < len(data):
        head = tags.tag(data, at, len(data))
        if not head.is_context or head.number != 4 or head.length is None:
            raise CodecError("behind the value stands no priority")
        at = head.start + head.length
        priority = tags.unsigned(data[head.start : at])
    _nothing_behind(data, at)
    return WriteRequest(identifier, wanted.property, wanted.element, found, priority)


def encode_i_am(instance: int, max_apdu: int, segmentation: int, vendor: int) -> bytes:
    return (
        tags.encode_object_identifier(ObjectId(8, instance))
        + tags.encode_unsigned(max_apdu)
        + tags.encode_enumerated(segmentation)
        + tags.encode_unsigned(vendor)
    )


def decode_who_is(data: bytes) -> range | None:
    """Which instances are asked; None: all. Raises CodecError."""
    found, _ = tags.values(data, 0, len(data))
    if not found:
        return None
    limits = [one.content for one in found if isinstance(one, Context)]
    if len(found) != 2 or len(limits) != 2 or not all(isinstance(one, bytes) for one in limits):
        raise CodecError("a Who-Is has two limits or none")
    low, high = (tags.unsigned(one) for one in limits)  # type: ignore[arg-type]
    return range(low, high + 1)


def _identifier(data: bytes, at: int) -> tuple[ObjectId, int]:
    """An object of context tag 0."""
    if not _is(data, at, 0x0C) or at + 5 > len(data):
        raise CodecError("an object does not say which it is")
    number = int.from_bytes(data[at + 1 : at + 5], "big")
    return ObjectId(number >> 22, number & 0x3FFFFF), at + 5


def _reference(data: bytes, at: int, *, first: int) -> tuple[PropertyRef, int]:
    """A property of context tag `first`, and maybe an element of the next one."""
    head = tags.tag(data, at, len(data))
    if not head.is_context or head.number != first or head.length is None:
        raise CodecError("a property does not say which it is")
    at = head.start + head.length
    number, element = tags.unsigned(data[head.start : at]), None
    if at < len(data):
        head = tags.tag(data, at, len(data))
        if head.is_context and head.number == first + 1 and head.length is not None:
            at = head.start + head.length
            element = tags.unsigned(data[head.start : at])
    return PropertyRef(number, element), at


def _is(data: bytes, at: int, octet: int) -> bool:
    if at >= len(data):
        raise CodecError("it is cut off")
    return data[at] == octet


def _expect(data: bytes, at: int, octet: int) -> int:
    if not _is(data, at, octet):
        raise CodecError(f"octet {at} is {data[at]:#04x}, not {octet:#04x}")
    return at + 1


def _nothing_behind(data: bytes, at: int) -> None:
    if at != len(data):
        raise CodecError(f"{len(data) - at} octets more than make sense")
