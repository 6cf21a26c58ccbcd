"""The head of an APDU (135-2020 clause 20.1): what kind it is, which request it answers."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

from protocols.errors import CodecError

READ_PROPERTY = 12
READ_PROPERTY_MULTIPLE = 14
WRITE_PROPERTY = 15
I_AM = 0
WHO_IS = 8

# Replies of up to 1,476 octets, not in segments (clause 20.1.2.5).
NOT_SEGMENTED_1476 = 0x05


class ConfirmedRequest(NamedTuple):
    invoke_id: int
    service: int
    data: bytes
    longest_reply: int  # octets; what the client takes


class UnconfirmedRequest(NamedTuple):
    service: int
    data: bytes


class SimpleAck(NamedTuple):
    invoke_id: int
    service: int


class ComplexAck(NamedTuple):
    invoke_id: int
    service: int
    data: bytes
    is_segmented: bool


class Error(NamedTuple):
    """`data` is the class and the code, and more with some services."""

    invoke_id: int
    service: int
    data: bytes


class Reject(NamedTuple):
    invoke_id: int
    reason: int


class Abort(NamedTuple):
    invoke_id: int
    reason: int
    from_server: bool


Reply = SimpleAck | ComplexAck | Error | Reject | Abort
Apdu = ConfirmedRequest | UnconfirmedRequest | Reply
LONGEST_REPLY = {0: 50, 1: 128, 2: 206, 3: 480, 4: 1024, 5: 1476}
IN_SEGMENTS = 0x08


def parse(data: bytes) -> Apdu:
    """Raises CodecError; of an answer in segments only the head is read."""
    if not data:
        raise CodecError("an APDU is empty")
    if data[0] >> 4 not in _KINDS:
        raise CodecError(f"no APDU is of kind {data[0] >> 4}")
    shortest, read = _KINDS[data[0] >> 4]
    if len(data) < shortest:
        raise CodecError("an APDU is cut off")
    return read(data)


def _confirmed_request(data: bytes) -> ConfirmedRequest:
    if data[0] & IN_SEGMENTS:
        raise CodecError("a request comes in segments")
    return ConfirmedRequest(data[2], data[3], data[4:], LONGEST_REPLY.get(data[1] & 15, 50))


def _complex_ack(data: bytes) -> ComplexAck:
    if not data[0] & IN_SEGMENTS:
        return ComplexAck(data[1], data[2], data[3:], False)
    if len(data) < 5:
        raise CodecError("a segment is cut off")
    return ComplexAck(data[1], data[4], data[5:], True)


# By the kind: the fewest octets, and how it is read.
_KINDS: Mapping[int, tuple[int, Callable[[bytes], Apdu]]] = {
    0: (4, _confirmed_request),
    1: (2, lambda data: UnconfirmedRequest(data[1], data[2:])),
    2: (3, lambda data: SimpleAck(data[1], data[2])),
    3: (3, _complex_ack),
    5: (3, lambda data: Error(data[1], data[2], data[3:])),
    6: (3, lambda data: Reject(data[1], data[2])),
    7: (3, lambda data: Abort(data[1], data[2], bool(data[0] & 1))),
}


def confirmed_request(service: int, data: bytes, invoke_id: int = 0) -> bytes:
    """The third octet is the invoke id."""
    return bytes([0x00, NOT_SEGMENTED_1476, invoke_id, service]) + data


def unconfirmed_request(service: int, data: bytes) -> bytes:
    return bytes([0x10, service]) + data


def simple_ack(invoke_id: int, service: int) -> bytes:
    return bytes([0x20, invoke_id, service])


def complex_ack(invoke_id: int, service: int, data: bytes) -> bytes:
    return bytes([0x30, invoke_id, service]) + data


def error(invoke_id: int, service: int, error_class: int, error_code: int) -> bytes:
    return bytes([0x50, invoke_id, service]) + error_octets(error_class, error_code)


def error_octets(error_class: int, error_code: int) -> bytes:
    """Both as Enumerated of one octet."""
    return bytes([0x91, error_class, 0x91, error_code])


def reject(invoke_id: int, reason: int) -> bytes:
    return bytes([0x60, invoke_id, reason])


def abort(invoke_id: int, reason: int) -> bytes:
    """Said by a server."""
    return bytes([0x71, invoke_id, reason])
