"""JSON columns of a known shape."""

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from devices.models.shapes import Flag, ListOf, Number, Record, ShapedField, Text, Whole

PAIR = Record(
    name="Pair", members={"x": Whole(low=0, high=9), "y": Number(low=0, high=1, default=0.5)}
)
ALL = Record(
    name="All",
    members={
        "t": Text(longest=2),
        "f": Flag(default=False),
        "l": ListOf(item=PAIR, most=2, least=1),
    },
)


def test_what_was_left_out_has_its_default() -> None:
    whole = {"t": "a", "f": False, "l": [{"x": 1, "y": 0.5}]}
    assert ALL.clean({"t": "a", "l": [{"x": 1}]}) == whole
    assert ALL.clean(whole) == whole


@pytest.mark.parametrize(
    ("value", "told"),
    [
        ([], "This is not an object."),
        ({"l": [{"x": 1}]}, "t: This is required."),
        ({"t": "abc", "l": [{"x": 1}]}, "t: 'abc' is no text of at most 2 characters."),
        ({"t": "\0", "l": [{"x": 1}]}, "is no text"),
        ({"t": "a", "l": []}, "l: These are 0; there can be 1 to 2."),
        ({"t": "a", "l": {}}, "l: This is not a list."),
        ({"t": "a", "l": [{"x": 1}, {"x": 10}]}, "l: 1: x: 10 is no whole number from 0 to 9."),
        ({"t": "a", "l": [{"x": True}]}, "True is no whole number"),
        ({"t": "a", "l": [{"x": 1.0}]}, "1.0 is no whole number"),
        ({"t": "a", "l": [{"x": 1, "y": float("nan")}]}, "'nan' is no number from 0 to 1."),
        ({"t": "a", "f": 1, "l": [{"x": 1}]}, "f: 1 is neither true nor false."),
        ({"t": "a", "l": [{"x": 1}], "z": 0}, "There is no 'z'; there are: t, f, l."),
    ],
)
def test_what_has_another_shape_is_refused(value: Any, told: str) -> None:
    with pytest.raises(ValidationError) as error:
        ALL.clean(value)
    assert told in error.value.messages[0]


@pytest.mark.parametrize("value", ["", {}, None])
def test_nothing_is_no_list(value: Any) -> None:
    field = ShapedField(shape=ListOf(item=PAIR, most=2), blank=True)
    with pytest.raises(ValidationError):
        field.clean(value, None)
    assert field.clean([], None) == []


def test_a_migration_knows_it_as_json() -> None:
    field = ShapedField(shape=PAIR, default=dict)
    for one in (field, field.clone()):
        _, path, _, options = one.deconstruct()
        assert (path, options) == ("django.db.models.JSONField", {"default": dict})
