"""Our codec: any bytes give a value or CodecError, what is encoded is decoded, and bacpypes3 reads
the same."""

import math
import struct
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from bacpypes3.apdu import APDU, ComplexAckPDU, ReadPropertyMultipleACK, ReadPropertyMultipleRequest
from bacpypes3.basetypes import (
    ErrorType,
    PropertyIdentifier,
    ReadAccessResult,
    ReadAccessResultElement,
    ReadAccessResultElementChoice,
)
from bacpypes3.constructeddata import Any as AnyValue
from bacpypes3.primitivedata import (
    BitString,
    Boolean,
    CharacterString,
    Date,
    Double,
    Enumerated,
    Integer,
    Null,
    ObjectIdentifier,
    ObjectType,
    OctetString,
    Real,
    TagList,
    Time,
    Unsigned,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.bacnet.codec import apdu, frames, services, tags
from protocols.bacnet.codec.frames import Station
from protocols.bacnet.codec.layout import Layout
from protocols.bacnet.codec.names import OBJECT_TYPES, PROPERTIES, ObjectId
from protocols.bacnet.codec.services import PropertyError, PropertyRef
from protocols.errors import CodecError
from protocols.point_addresses import BACNET_TYPES

DECODERS: list[Callable[[bytes], Any]] = [
    apdu.parse,
    frames.unwrap,
    services.decode_results,
    services.decode_property_value,
    services.decode_read_property,
    services.decode_read_property_multiple,
    services.decode_write_property,
    services.decode_who_is,
    services.decode_error,
    lambda data: tags.values(data, 0, len(data)),
]
floats32 = st.floats(width=32, allow_nan=False)
texts = st.text(st.characters(codec="utf-8"), max_size=40)
objects = st.builds(ObjectId, st.integers(0, 1023), st.integers(0, 4194303))
# Each: the value as we decode it, and as bacpypes3 makes it.
primitives = st.one_of(
    st.just((None, Null(()))),
    st.booleans().map(lambda one: (one, Boolean(one))),
    st.integers(0, 2**32 - 1).map(lambda one: (one, Unsigned(one))),
    st.integers(-(2**31), 2**31 - 1).map(lambda one: (one, Integer(one))),
    floats32.map(lambda one: (one, Real(one))),
    st.floats(allow_nan=False).map(lambda one: (one, Double(one))),
    st.binary(max_size=300).map(lambda one: (one, OctetString(one))),
    texts.map(lambda one: (one, CharacterString(one))),
    st.lists(st.booleans(), max_size=20).map(
        lambda bits: (tuple(bits), BitString([int(bit) for bit in bits]))
    ),
    st.integers(0, 65535).map(lambda one: (one, Enumerated(one))),
    st.tuples(*[st.integers(0, 255)] * 4).map(lambda one: (tags.Date(*one), Date(one))),
    st.tuples(*[st.integers(0, 255)] * 4).map(lambda one: (tags.Time(*one), Time(one))),
    objects.map(lambda one: (one, ObjectIdentifier((ObjectType(one.type), one.instance)))),
)
errors = st.tuples(st.integers(0, 7), st.integers(0, 200)).map(lambda one: PropertyError(*one))
references = st.tuples(
    st.sampled_from([*PROPERTIES.values(), 512, 4194303]),
    st.none() | st.integers(0, 2**32 - 1),
)
answers = st.tuples(references, errors | st.lists(primitives, max_size=5))
replies = st.lists(st.tuples(objects, st.lists(answers, max_size=5)), max_size=8)


def test_names_are_the_standards() -> None:
    assert {name: int(ObjectType(name)) for name in OBJECT_TYPES} == OBJECT_TYPES
    assert {name: int(PropertyIdentifier(name)) for name in PROPERTIES} == PROPERTIES


def test_every_point_can_be_polled() -> None:
    assert set(BACNET_TYPES) <= set(OBJECT_TYPES)


@given(st.binary(max_size=200))
@settings(max_examples=500)
def test_any_bytes_are_a_value_or_a_codec_error(data: bytes) -> None:
    for decode in DECODERS:
        with suppress(CodecError):
            decode(data)


@given(replies, st.data())
@settings(max_examples=200)
def test_a_damaged_reply_is_a_value_or_a_codec_error(reply: Any, data: st.DataObject) -> None:
    """Close to what devices send, so that it gets deep into the decoder."""
    encoded = bytearray(_by_bacpypes3(reply))
    if not encoded:
        return
    at = data.draw(st.integers(0, len(encoded) - 1))
    if data.draw(st.booleans()):
        encoded = encoded[:at]
    else:
        encoded[at] = data.draw(st.integers(0, 255))
    with suppress(CodecError):
        services.decode_results(bytes(encoded))


@given(replies)
@settings(max_examples=1000, deadline=None)
def test_any_mix_of_properties_is_what_bacpypes3_encoded(reply: Any) -> None:
    encoded = _by_bacpypes3(reply)
    expected = [
        (identifier, *reference, _ours(answer))
        for identifier, answers in reply
        for reference, answer in answers
    ]
    found = services.decode_results(encoded)
    assert [one[:4] for one in found] == expected
    for one, (*_, answer) in zip(found, expected, strict=True):
        if not isinstance(answer, PropertyError):
            again, _ = tags.values(encoded, one.start, one.stop)
            assert again == answer


def _ours(answer: Any) -> Any:
    return answer if isinstance(answer, PropertyError) else tuple(one for one, _ in answer)


def _by_bacpypes3(reply: Any) -> bytes:
    results = []
    for identifier, answers in reply:
        elements = []
        for (number, element), answer in answers:
            if isinstance(answer, PropertyError):
                choice = ReadAccessResultElementChoice(
                    propertyAccessError=ErrorType(
                        errorClass=answer.error_class, errorCode=answer.error_code
                    )
                )
            else:
                every = TagList([tag for _, value in answer for tag in value.encode()])
                choice = ReadAccessResultElementChoice(propertyValue=AnyValue(every))
            elements.append(
                ReadAccessResultElement(
                    propertyIdentifier=PropertyIdentifier(number),
                    propertyArrayIndex=element,
                    readResult=choice,
                )
            )
        results.append(
            ReadAccessResult(
                objectIdentifier=ObjectIdentifier(
                    (ObjectType(identifier.type), identifier.instance)
                ),
                listOfResults=elements,
            )
        )
    ack = ReadPropertyMultipleACK(listOfReadAccessResults=results)
    encoded = ack.encode().pduData
    return bytes(encoded)


@given(
    st.lists(
        st.tuples(
            objects,
            st.lists(references.map(lambda one: PropertyRef(*one)), min_size=1, max_size=4),
        ),
        min_size=1,
        max_size=6,
    )
)
@settings(deadline=None)
def test_bacpypes3_understands_what_is_asked(wanted: Any) -> None:
    data = services.encode_read_property_multiple(wanted)
    assert services.decode_read_property_multiple(data) == wanted
    request = apdu.confirmed_request(apdu.READ_PROPERTY_MULTIPLE, data, 7)
    decoded = ReadPropertyMultipleRequest.decode(_pdu(request))
    assert [
        (
            ObjectId(int(one.objectIdentifier[0]), one.objectIdentifier[1]),
            [
                PropertyRef(int(ref.propertyIdentifier), ref.propertyArrayIndex)
                for ref in one.listOfPropertyReferences
            ],
        )
        for one in decoded.listOfReadAccessSpecs
    ] == wanted


def _pdu(data: bytes) -> Any:
    from bacpypes3.pdu import PDU

    return APDU.decode(PDU(data))


@given(replies)
def test_what_is_answered_is_decoded(reply: Any) -> None:
    told = [
        (
            identifier,
            [
                (PropertyRef(*reference), _encoded(answer))
                for reference, answer in answers
                if isinstance(answer, PropertyError) or _can_encode(answer)
            ],
        )
        for identifier, answers in reply
    ]
    decoded = services.decode_results(services.encode_results(told))
    assert [(one.object, one.property, one.element) for one in decoded] == [
        (identifier, *reference) for identifier, answers in told for reference, _ in answers
    ]


def _can_encode(answer: Any) -> bool:
    return all(type(value) in ENCODERS for _, value in answer)


ENCODERS: dict[type, Callable[[Any], bytes]] = {
    Null: lambda _: tags.encode_null(),
    Boolean: lambda one: tags.encode_boolean(bool(one)),
    Unsigned: lambda one: tags.encode_unsigned(int(one)),
    Real: lambda one: tags.encode_real(float(one)),
    CharacterString: lambda one: tags.encode_character_string(str(one)),
    BitString: lambda one: tags.encode_bit_string([bool(bit) for bit in one]),
    Enumerated: lambda one: tags.encode_enumerated(int(one)),
    ObjectIdentifier: lambda one: tags.encode_object_identifier(ObjectId(int(one[0]), int(one[1]))),
}


def _encoded(answer: Any) -> bytes | PropertyError:
    if isinstance(answer, PropertyError):
        return answer
    return b"".join(ENCODERS[type(value)](value) for _, value in answer)


@given(primitives)
def test_a_primitive_is_encoded_as_bacpypes3_does(one: Any) -> None:
    value, theirs = one
    encoded = bytes(theirs.encode().encode().pduData)
    assert tags.values(encoded, 0, len(encoded)) == ((value,), len(encoded))
    if type(theirs) in ENCODERS:
        assert ENCODERS[type(theirs)](theirs) == encoded


def test_what_is_wrong_is_told() -> None:
    for data, told in (
        (b"", "is empty"),
        (b"\x30\x01", "is cut off"),
        (b"\xf0\x01\x02", "no APDU is of kind 15"),
    ):
        with pytest.raises(CodecError, match=told):
            apdu.parse(data)
    with pytest.raises(CodecError, match="nested too deeply"):
        tags.values(b"\x3e" * 40, 0, 40)
    with pytest.raises(CodecError, match="longer than what is there"):
        tags.values(b"\x75\xff\xff\xff\xff\xff\x00", 0, 7)
    with pytest.raises(CodecError, match="no BACnet/IP"):
        frames.unwrap(b"GET / HTTP/1.1\r\n\r\n")


@given(
    st.binary(min_size=1, max_size=50),
    st.none() | st.builds(Station, st.integers(1, 65535), st.binary(max_size=7)),
    st.booleans(),
)
def test_a_frame_carries_its_apdu(data: bytes, to: Station | None, is_broadcast: bool) -> None:
    datagram = frames.wrap(data, to=to, expects_reply=True, is_broadcast=is_broadcast)
    assert datagram.endswith(data)
    assert frames.unwrap(datagram) == frames.Frame(data, None, None, is_broadcast)


def test_a_frame_from_behind_a_router() -> None:
    """As a router passes it on: SNET 2001, SADR 12."""
    datagram = bytes.fromhex("810a000c0108 07d1 01 0c 2000".replace(" ", ""))
    frame = frames.unwrap(datagram)
    assert frame is not None
    assert frame.source == Station(2001, b"\x0c")
    assert frame.apdu == b"\x20\x00"


def test_a_message_between_routers_is_no_apdu() -> None:
    assert frames.unwrap(bytes.fromhex("810b0007018000")) is None


def test_a_forwarded_frame_names_its_sender() -> None:
    frame = frames.unwrap(bytes.fromhex("8104000e 7f000105bac0 0100 1008".replace(" ", "")))
    assert frame is not None
    assert (frame.sender, frame.apdu, frame.is_broadcast) == (
        ("127.0.1.5", 47808), b"\x10\x08", True,
    )  # fmt: skip


live_values = st.one_of(
    floats32.map(tags.encode_real),
    st.integers(0, 2**32 - 1).map(tags.encode_unsigned),
    st.integers(0, 300).map(tags.encode_enumerated),
    st.floats(allow_nan=False).map(lambda one: b"\x55\x08" + struct.pack(">d", one)),
)
flags = st.lists(st.booleans(), min_size=4, max_size=4).map(tags.encode_bit_string)
VALUE, FLAGS = PropertyRef(PROPERTIES["present-value"]), PropertyRef(PROPERTIES["status-flags"])


def _live(points: Any) -> bytes:
    return services.encode_results(
        (identifier, [(VALUE, value), (FLAGS, state)]) for identifier, value, state in points
    )


@given(st.lists(st.tuples(objects, live_values, flags), min_size=1, max_size=12), st.data())
@settings(max_examples=300)
def test_a_known_layout_reads_what_the_decoder_reads(points: Any, data: st.DataObject) -> None:
    """Also of other values, as long as they have the same sizes."""
    reply = _live(points)
    layout = Layout.of(reply, services.decode_results(reply))
    has_odd_size = any(value[0] in (0x23, 0x33, 0x93) for _, value, _ in points)
    assert (layout is None) == has_odd_size  # three octets: struct has no such number
    if layout is None:
        return
    changed = [
        (identifier, value[:-1] + bytes([data.draw(st.integers(0, 255))]), data.draw(flags))
        for identifier, value, _ in points
    ]
    reply = _live(changed)
    results = services.decode_results(reply)
    read = layout.read(reply)
    assert read is not None
    for decoded, value in zip(results[0::2], read[0], strict=True):
        expected = decoded.values[0]
        assert value == expected or (math.isnan(value) and math.isnan(expected))
    assert [tuple(bool(octet >> bit & 1) for bit in (7, 6, 5, 4)) for octet in read[1]] == [
        one.values[0] for one in results[1::2]
    ]


@given(st.lists(st.tuples(objects, live_values, flags), min_size=1, max_size=4), st.data())
def test_another_layout_is_not_read(points: Any, data: st.DataObject) -> None:
    """Whatever is not a value or a flag is as it was, or nothing is read."""
    reply = _live(points)
    layout = Layout.of(reply, services.decode_results(reply))
    if layout is None:
        return
    damaged = bytearray(reply)
    damaged[data.draw(st.integers(0, len(reply) - 1))] = data.draw(st.integers(0, 255))
    read = layout.read(bytes(damaged))
    try:
        results = services.decode_results(bytes(damaged))
    except CodecError:
        assert read is None
        return
    if read is not None:
        assert [one[:3] for one in results] == [
            (identifier, *reference) for identifier, *_ in points for reference in (VALUE, FLAGS)
        ]
    assert layout.read(reply + b"\x00") is None


def test_no_layout_without_flags() -> None:
    reply = services.encode_results(
        [(ObjectId(0, 1), [(VALUE, tags.encode_real(1.0)), (FLAGS, PropertyError(2, 32))])]
    )
    assert Layout.of(reply, services.decode_results(reply)) is None


def test_an_error_tells_its_class_and_code() -> None:
    assert services.decode_error(apdu.error_octets(2, 32)) == PropertyError(2, 32)
    wrapped = tags.constructed(0, apdu.error_octets(1, 31)) + tags.context(1, b"\x01")
    assert services.decode_error(wrapped) == PropertyError(1, 31)


def test_a_complex_ack_is_bacpypes3s() -> None:
    encoded = apdu.complex_ack(9, apdu.READ_PROPERTY, b"\x0c")
    assert apdu.parse(encoded) == apdu.ComplexAck(9, 12, b"\x0c", False)
    assert isinstance(_pdu(encoded), ComplexAckPDU)
