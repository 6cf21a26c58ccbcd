"""What is written into a point of each object type: its datatype, and what fits (135-2020 clause
12; the numbers are ours: a Real's largest, 32 bits of a whole one)."""

import math
from typing import Any

from bacpypes3.primitivedata import Double, Enumerated, Integer, Null, Real, Unsigned

from protocols.errors import CodecError
from protocols.types import Endpoint, PointAddress

LARGEST_REAL = 3.4028234663852886e38
WHOLE = {
    "binary": (0, 1),
    "multi-state": (1, 2**32 - 1),
    "integer-value": (-(2**31), 2**31 - 1),
    "positive-integer-value": (0, 2**32 - 1),
    "accumulator": (0, 2**32 - 1),
}
TYPES = {"binary": Enumerated, "integer-value": Integer}


def encoded(endpoint: Endpoint, point: PointAddress, value: float | None) -> Any:
    """The value in the object's datatype. Raises CodecError that says what would fit."""
    if value is None:
        return Null(())
    if not math.isfinite(value):
        raise _misfit(f"{value} is no number that can be written", endpoint, point)
    kind = _kind(point.object_type)
    if kind == "large-analog-value":
        return Double(value)
    if kind not in WHOLE:
        if abs(value) > LARGEST_REAL:
            told = f"{value:g} is too large for a Real; {LARGEST_REAL:.3g} is the most"
            raise _misfit(told, endpoint, point)
        return Real(value)
    number, (low, high) = int(value), WHOLE[kind]
    if number != value:
        raise _misfit(f"{value} is not a whole number", endpoint, point)
    if not low <= number <= high:
        raise _misfit(_outside(kind, number, low, high), endpoint, point)
    return TYPES.get(kind, Unsigned)(number)


def _kind(object_type: str) -> str:
    """Inputs, outputs and values of a kind have the same datatype."""
    for kind in ("binary", "multi-state"):
        if object_type.startswith(kind):
            return kind
    return object_type


def _outside(kind: str, number: int, low: int, high: int) -> str:
    if kind == "binary":
        return f"{number} is neither 0 nor 1"
    if kind == "multi-state" and number < low:
        return f"states count from 1, not {number}"
    if number < low:
        return f"{number} is below {low}"
    return f"{number} is above {high}"


def _misfit(told: str, endpoint: Endpoint, point: PointAddress) -> CodecError:
    return CodecError(told, endpoint=endpoint, point=point)
