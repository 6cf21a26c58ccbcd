"""What is written has the datatype of its object; what does not fit is refused with what would."""

import math

import pytest
from bacpypes3.primitivedata import Double, Enumerated, Integer, Null, Real, Unsigned

from protocols.bacnet.objects import KINDS
from protocols.bacnet.values import encoded
from protocols.errors import CodecError
from protocols.types import Endpoint, PointAddress

NOBODY = Endpoint("192.0.2.1", 1)


@pytest.mark.parametrize(
    ("object_type", "value", "told"),
    [
        ("analog-output", 21.5, Real(21.5)),
        ("analog-input", 21.5, Real(21.5)),
        ("pulse-converter", 21.5, Real(21.5)),
        ("large-analog-value", 1e300, Double(1e300)),
        ("integer-value", -3.0, Integer(-3)),
        ("positive-integer-value", 3.0, Unsigned(3)),
        ("accumulator", 3.0, Unsigned(3)),
        ("multi-state-value", 2.0, Unsigned(2)),
        ("multi-state-input", 1.0, Unsigned(1)),
        ("binary-value", 1.0, Enumerated(1)),
        ("binary-output", 0.0, Enumerated(0)),
    ],
)
def test_a_value_is_written_in_the_objects_type(
    object_type: str, value: float, told: object
) -> None:
    found = encoded(NOBODY, PointAddress(object_type, 1), value)
    assert (type(found), found) == (type(told), told)


@pytest.mark.parametrize("object_type", KINDS)
def test_nothing_is_null_in_every_type(object_type: str) -> None:
    assert type(encoded(NOBODY, PointAddress(object_type, 1), None)) is Null


@pytest.mark.parametrize(
    ("object_type", "value", "told"),
    [
        ("analog-value", 1e300, "too large for a Real; 3.4e\\+38 is the most"),
        ("analog-value", math.inf, "no number"),
        ("integer-value", 0.5, "not a whole number"),
        ("integer-value", -(2.0**31) - 1, "below -2147483648"),
        ("positive-integer-value", -1.0, "below 0"),
        ("positive-integer-value", 2.0**32, "above 4294967295"),
        ("multi-state-value", 0.0, "count from 1"),
        ("binary-value", 2.0, "neither 0 nor 1"),
        ("binary-value", math.nan, "no number"),
    ],
)
def test_a_value_that_does_not_fit_is_refused(object_type: str, value: float, told: str) -> None:
    with pytest.raises(CodecError, match=told):
        encoded(NOBODY, PointAddress(object_type, 1), value)
