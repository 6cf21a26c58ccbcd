"""Columns of a known shape (devices.models.shapes) as fields of the API. What was left out and has
a default is put in by the model."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any, assert_never

from rest_framework.utils.field_mapping import get_field_kwargs

from devices.api.fields import JsonBoolean, JsonInteger, JsonList, JsonNumber, JsonText
from devices.api.queries import Closed
from devices.models.shapes import (
    REQUIRED,
    AnyShape,
    Flag,
    ListOf,
    Number,
    Record,
    ShapedField,
    Text,
    Whole,
)


def shaped(column: ShapedField) -> Callable[..., Any]:
    """Makes the field of a column."""
    return partial(_field, column.shape)


def usual_options(name: str, column: ShapedField) -> dict[str, Any]:
    """Those of a field's options that any field takes."""
    options = get_field_kwargs(name, column)
    usual = ("help_text", "required", "allow_null", "read_only")
    return {name: options[name] for name in usual if name in options}


def _field(shape: AnyShape, **options: Any) -> Any:
    field, own = _kind(shape)
    return field(**own, **options)


def _kind(shape: AnyShape) -> tuple[Callable[..., Any], dict[str, Any]]:
    """The class of a shape's field, with its options."""
    match shape:
        case Whole(low=low, high=high):
            return JsonInteger, {"min_value": low, "max_value": high}
        case Number(low=low, high=high):
            return JsonNumber, {"min_value": low, "max_value": high}
        case Text(longest=longest):
            return JsonText, {"max_length": longest, "allow_blank": True, "trim_whitespace": False}
        case Flag():
            return JsonBoolean, {}
        case ListOf(item=item, least=least, most=most):
            own = {"child": _field(item), "min_length": least, "max_length": most}
            return JsonList, own
        case Record():
            return _record(shape), {}
        case _:
            assert_never(shape)


@cache
def _record(shape: Record) -> type[Closed]:
    members = {name: _member(one) for name, one in shape.members.items()}
    return type(f"{shape.name}Serializer", (Closed,), {**members, "__doc__": shape.help_text})


def _member(shape: AnyShape) -> Any:
    return _field(shape, required=shape.default is REQUIRED, help_text=shape.help_text)
