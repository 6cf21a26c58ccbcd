"""Tagged values (135-2020 clause 20.2).

What is decoded: Null as None, Boolean as bool, Unsigned and Integer as int, Real and Double as
float, OctetString as bytes, CharacterString as str, BitString as a tuple of bool, Enumerated as
Enumerated, Date and Time as such with 255 for "any", ObjectIdentifier as ObjectId; what has a
context tag as Context.
"""

import struct
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from protocols.bacnet.codec.names import LARGEST_INSTANCE, ObjectId
from protocols.errors import CodecError

DEEPEST = 16  # of values inside values
OPENING, CLOSING = 6, 7  # in the place of the length
CONTEXT = 0x08


class Enumerated(int):
    """A number that stands for a word."""

    __slots__ = ()


class Date(NamedTuple):
    year: int  # since 1900
    month: int
    day: int
    weekday: int


class Time(NamedTuple):
    hour: int
    minute: int
    second: int
    hundredth: int


class Context(NamedTuple):
    """What only the service or the property knows how to read: the octets, or values inside."""

    number: int
    content: "bytes | tuple[Any, ...]"


class Tag(NamedTuple):
    """`length` is None of an opening tag and of a closing one, which `is_closing` tells apart; of
    an application Boolean it is the value."""

    number: int
    is_context: bool
    length: int | None
    is_closing: bool
    start: int  # of the content


def tag(data: bytes, at: int, end: int) -> Tag:
    """The tag at a place; its content lies within `end`. Raises CodecError."""
    if at >= end:
        raise CodecError("a value is cut off")
    octet = data[at]
    number, is_context, length = octet >> 4, bool(octet & CONTEXT), octet & 7
    at += 1
    if number == 15:
        number, at = _octets(data, at, end, 1)
    if length in (OPENING, CLOSING):
        if not is_context:
            raise CodecError(f"octet {octet:#04x} is no tag")
        return Tag(number, is_context, None, length == CLOSING, at)
    if not is_context and number == 1:
        return Tag(number, is_context, length, False, at)
    if length == 5:
        length, at = _octets(data, at, end, 1)
        if length >= 254:
            length, at = _octets(data, at, end, 2 if length == 254 else 4)
    if at + length > end:
        raise CodecError("a value is longer than what is there")
    return Tag(number, is_context, length, False, at)


def values(data: bytes, at: int, end: int, closing: int | None = None, depth: int = 0) -> Any:
    """All values from a place to the closing tag of this number, or to `end` without: the tuple of
    them and the place behind. Raises CodecError."""
    if depth > DEEPEST:
        raise CodecError("values are nested too deeply")
    found: list[Any] = []
    while closing is not None or at < end:
        head = tag(data, at, end)
        if head.length is None:
            if head.is_closing:
                if head.number != closing:
                    raise CodecError(f"closing tag {head.number} where none was opened")
                return tuple(found), head.start
            inside, at = values(data, head.start, end, head.number, depth + 1)
            found.append(Context(head.number, inside))
        elif head.is_context:
            at = head.start + head.length
            found.append(Context(head.number, data[head.start : at]))
        elif head.number == 1:
            if head.length > 1:
                raise CodecError(f"{head.length} is no Boolean")
            at = head.start
            found.append(bool(head.length))
        else:
            at = head.start + head.length
            found.append(primitive(head.number, data[head.start : at]))
    return tuple(found), at


def primitive(number: int, content: bytes) -> Any:
    """The value of an application tag, but Boolean's. Raises CodecError."""
    decode = _PRIMITIVES.get(number)
    if decode is None:
        raise CodecError(f"there is no application tag {number}")
    return decode(content)


def unsigned(content: bytes) -> int:
    if not 1 <= len(content) <= 8:
        raise CodecError(f"an Unsigned has 1 to 8 octets, not {len(content)}")
    return int.from_bytes(content, "big")


def object_identifier(content: bytes) -> ObjectId:
    if len(content) != 4:
        raise CodecError(f"an ObjectIdentifier has 4 octets, not {len(content)}")
    number = int.from_bytes(content, "big")
    return ObjectId(number >> 22, number & LARGEST_INSTANCE)


def _octets(data: bytes, at: int, end: int, count: int) -> tuple[int, int]:
    if at + count > end:
        raise CodecError("a tag is cut off")
    return int.from_bytes(data[at : at + count], "big"), at + count


def _null(content: bytes) -> None:
    if content:
        raise CodecError("a Null has no content")


def _integer(content: bytes) -> int:
    if not 1 <= len(content) <= 8:
        raise CodecError(f"an Integer has 1 to 8 octets, not {len(content)}")
    return int.from_bytes(content, "big", signed=True)


def _real(content: bytes) -> float:
    if len(content) != 4:
        raise CodecError(f"a Real has 4 octets, not {len(content)}")
    value: float = _REAL.unpack(content)[0]
    return value


def _double(content: bytes) -> float:
    if len(content) != 8:
        raise CodecError(f"a Double has 8 octets, not {len(content)}")
    value: float = _DOUBLE.unpack(content)[0]
    return value


def _character_string(content: bytes) -> str:
    """Clause 20.2.9: the first octet is the character set. What a device wrote in another one than
    it says is shown as well as can be: a name must not keep a device from being found."""
    if not content:
        raise CodecError("a CharacterString lacks its character set")
    charset, text = content[0], content[1:]
    if charset == 1:  # DBCS: two octets of the code page first
        if len(text) < 2:
            raise CodecError("a CharacterString lacks its code page")
        return _decoded(text[2:], _CODE_PAGES.get(int.from_bytes(text[:2], "big"), "latin-1"))
    if charset not in _CHARSETS:
        raise CodecError(f"there is no character set {charset}")
    return _decoded(text, _CHARSETS[charset])


def _decoded(text: bytes, charset: str) -> str:
    try:
        return text.decode(charset)
    except UnicodeDecodeError:
        return text.decode("latin-1")


def _bit_string(content: bytes) -> tuple[bool, ...]:
    if not content or content[0] > 7 or (len(content) == 1 and content[0]):
        raise CodecError("a BitString counts its unused bits wrongly")
    count = 8 * (len(content) - 1) - content[0]
    if len(content) == 2:
        return _SHORT_BITS[content[0]][content[1]]
    return _bits(content, count)


def _bits(content: bytes, count: int) -> tuple[bool, ...]:
    bits = int.from_bytes(content[1:], "big") >> content[0]
    return tuple(bool(bits >> place & 1) for place in range(count - 1, -1, -1))


# By the count of unused bits and the octet: status flags come with every value.
_SHORT_BITS = tuple(
    tuple(_bits(bytes((unused, octet)), 8 - unused) for octet in range(256)) for unused in range(8)
)


def _enumerated(content: bytes) -> Enumerated:
    return Enumerated(unsigned(content))


def _date(content: bytes) -> Date:
    if len(content) != 4:
        raise CodecError(f"a Date has 4 octets, not {len(content)}")
    return Date(*content)


def _time(content: bytes) -> Time:
    if len(content) != 4:
        raise CodecError(f"a Time has 4 octets, not {len(content)}")
    return Time(*content)


_REAL, _DOUBLE = struct.Struct(">f"), struct.Struct(">d")
_CHARSETS = {0: "utf-8", 3: "utf-32-be", 4: "utf-16-be", 5: "latin-1"}
_CODE_PAGES = {850: "cp850", 852: "cp852", 932: "cp932", 936: "gbk", 949: "cp949", 950: "big5"}
_PRIMITIVES: dict[int, Callable[[bytes], Any]] = {
    0: _null,
    2: unsigned,
    3: _integer,
    4: _real,
    5: _double,
    6: bytes,
    7: _character_string,
    8: _bit_string,
    9: _enumerated,
    10: _date,
    11: _time,
    12: object_identifier,
}
# By the octet of an application tag, of values of up to four octets.
SHORT = {
    number << 4 | length: decode for number, decode in _PRIMITIVES.items() for length in range(5)
}

# The other way round.


def encode_tag(number: int, length: int, *, is_context: bool = False) -> bytes:
    """The tag in front of `length` octets."""
    kind = CONTEXT if is_context else 0
    more = b""
    if number >= 15:
        number, more = 15, bytes([number])
    if length < 5:
        return bytes([number << 4 | kind | length]) + more
    if length < 254:
        tail = bytes([length])
    elif length < 65536:
        tail = b"\xfe" + length.to_bytes(2, "big")
    else:
        tail = b"\xff" + length.to_bytes(4, "big")
    return bytes([number << 4 | kind | 5]) + more + tail


def context(number: int, content: bytes) -> bytes:
    return encode_tag(number, len(content), is_context=True) + content


def constructed(number: int, inside: bytes) -> bytes:
    """Values between an opening and a closing tag."""
    if number < 15:
        return bytes([number << 4 | CONTEXT | OPENING]) + inside + bytes([number << 4 | 0x0F])
    return bytes([0xFE, number]) + inside + bytes([0xFF, number])


def unsigned_octets(value: int) -> bytes:
    """As few as hold it."""
    return value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big")


def object_octets(identifier: ObjectId) -> bytes:
    return (identifier.type << 22 | identifier.instance).to_bytes(4, "big")


def application(number: int, content: bytes) -> bytes:
    return encode_tag(number, len(content)) + content


def encode_null() -> bytes:
    return b"\x00"


def encode_boolean(value: bool) -> bytes:
    return b"\x11" if value else b"\x10"


def encode_unsigned(value: int) -> bytes:
    return application(2, unsigned_octets(value))


def encode_real(value: float) -> bytes:
    return b"\x44" + _REAL.pack(value)


def encode_character_string(text: str) -> bytes:
    return application(7, b"\x00" + text.encode())


def encode_bit_string(bits: Sequence[bool]) -> bytes:
    unused = -len(bits) % 8
    number = int("".join("1" if bit else "0" for bit in bits) or "0", 2) << unused
    return application(8, bytes([unused]) + number.to_bytes((len(bits) + 7) // 8, "big"))


def encode_enumerated(value: int) -> bytes:
    return application(9, unsigned_octets(value))


def encode_object_identifier(identifier: ObjectId) -> bytes:
    return application(12, object_octets(identifier))
