"""Readings out of a reply whose layout was seen before.

A device answers the same request by the same octets but for the values. What is between them is
compared as a whole, the values are taken out by one `struct`: some twenty times as fast as decoding
each tag.
"""

import struct
from collections.abc import Callable, Sequence
from itertools import pairwise
from operator import itemgetter
from typing import Any

from protocols.bacnet.codec.services import PropertyResult

# By the octet of the tag: Unsigned, Integer, Real, Double and Enumerated of a size that struct has.
CODES = {
    0x21: "B", 0x22: "H", 0x24: "I",
    0x31: "b", 0x32: "h", 0x34: "i",
    0x44: "f",
    0x91: "B", 0x92: "H", 0x94: "I",
}  # fmt: skip
FLAGS = b"\x82\x04"  # a BitString of four bits; its octet follows
FLAGS_LENGTH = 3


class Layout:
    """The layout of one reply: a value and status flags for each of some objects, in order."""

    def __init__(self, codes: Sequence[tuple[int, str]], data: bytes) -> None:
        """`codes` are places in `data` and how the octets there are read."""
        parts, variable, end = [], [], 0
        for place, code in codes:
            parts += [f"{place - end}s", code]
            variable.append(len(parts) - 1)
            end = place + struct.calcsize(f">{code}")
        parts.append(f"{len(data) - end}s")
        self._struct = struct.Struct(">" + "".join(parts))
        self._between = itemgetter(*range(0, len(parts), 2))
        self._expected = self._between(self._struct.unpack(data))
        self._values: Callable[[Any], tuple[float, ...]] = _taker(variable[0::2])
        self._flags: Callable[[Any], tuple[int, ...]] = _taker(variable[1::2])

    @classmethod
    def of(cls, data: bytes, results: Sequence[PropertyResult]) -> "Layout | None":
        """The layout of a reply that was decoded into these: values and flags by turns. None: it
        has something else in it than values of a fixed size."""
        codes: list[tuple[int, str]] = []
        for number, result in enumerate(results):
            content = data[result.start : result.stop]
            if number % 2:
                if len(content) != FLAGS_LENGTH or not content.startswith(FLAGS):
                    return None
                codes.append((result.start + 2, "B"))
            else:
                code = _code(content)
                if code is None:
                    return None
                codes.append((result.stop - struct.calcsize(f">{code}"), code))
        places = [place for place, _ in codes]
        if len(results) % 2 or not results or any(a >= b for a, b in pairwise(places)):
            return None
        return cls(codes, data)

    def read(self, data: bytes) -> tuple[tuple[float, ...], tuple[int, ...]] | None:
        """The values, and the octet of each one's status flags (in its upper half). None: the reply
        has another layout."""
        if len(data) != self._struct.size:
            return None
        fields = self._struct.unpack(data)
        if self._between(fields) != self._expected:
            return None
        return self._values(fields), self._flags(fields)


def _code(content: bytes) -> str | None:
    """How one value is read; None if it is not one value of a fixed size."""
    if content[:2] == b"\x55\x08":  # a Double's length stands behind its tag
        return "d" if len(content) == 10 else None
    code = CODES.get(content[0]) if content else None
    return code if code and len(content) == 1 + struct.calcsize(f">{code}") else None


def _taker(places: Sequence[int]) -> Callable[[Any], tuple[Any, ...]]:
    if len(places) == 1:  # itemgetter would give the item itself
        (place,) = places
        return lambda fields: (fields[place],)
    return itemgetter(*places)
