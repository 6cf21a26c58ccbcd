"""JSON columns of a known shape: the shape is told once, by it rows are refused and the API is
described. No I/O."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

REQUIRED: Any = object()


@dataclass(frozen=True, kw_only=True)
class Shape(ABC):
    """What a value may be. In a record one with a default may be left out."""

    default: Any = field(default=REQUIRED, hash=False)
    help_text: str = ""

    @abstractmethod
    def clean(self, value: Any) -> Any:
        """The value, with defaults for what was left out. Raises ValidationError."""


@dataclass(frozen=True, kw_only=True)
class Whole(Shape):
    low: int
    high: int

    def clean(self, value: Any) -> Any:
        if type(value) is not int or not self.low <= value <= self.high:
            raise _wrong(_("{value!r} is no whole number from {low} to {high}."), self, value)
        return value


@dataclass(frozen=True, kw_only=True)
class Number(Shape):
    low: float
    high: float

    def clean(self, value: Any) -> Any:
        if type(value) not in (int, float) or not self.low <= value <= self.high:
            raise _wrong(_("{value!r} is no number from {low} to {high}."), self, value)
        return value


@dataclass(frozen=True, kw_only=True)
class Text(Shape):
    longest: int

    def clean(self, value: Any) -> Any:
        if not isinstance(value, str) or len(value) > self.longest or "\0" in value:
            message = _("{value!r} is no text of at most {longest} characters.")
            raise _wrong(message, self, value)
        return value


@dataclass(frozen=True, kw_only=True)
class Flag(Shape):
    def clean(self, value: Any) -> Any:
        if not isinstance(value, bool):
            raise _wrong(_("{value!r} is neither true nor false."), self, value)
        return value


@dataclass(frozen=True, kw_only=True)
class ListOf(Shape):
    item: "AnyShape"
    most: int
    least: int = 0

    def clean(self, value: Any) -> Any:
        if not isinstance(value, list):
            raise ValidationError(_("This is not a list."))
        if not self.least <= len(value) <= self.most:
            allowed = self.most if self.least == self.most else f"{self.least} to {self.most}"
            raise ValidationError(
                _("These are %(count)d; there can be %(allowed)s.")
                % {"count": len(value), "allowed": allowed}
            )
        return [_inside(str(number), self.item, one) for number, one in enumerate(value)]


@dataclass(frozen=True, kw_only=True)
class Record(Shape):
    name: str  # in the API's description
    members: "Mapping[str, AnyShape]" = field(hash=False)

    def clean(self, value: Any) -> Any:
        if not isinstance(value, dict):
            raise ValidationError(_("This is not an object."))
        for name in value:
            if name not in self.members:
                known = ", ".join(self.members)
                raise ValidationError(
                    _("There is no %(name)r; there are: %(known)s.")
                    % {"name": name, "known": known}
                )
        whole = {}
        for name, shape in self.members.items():
            if name not in value and shape.default is REQUIRED:
                raise ValidationError(f"{name}: {_('This is required.')}")
            whole[name] = _inside(name, shape, value.get(name, shape.default))
        return whole


AnyShape = Whole | Number | Text | Flag | ListOf | Record


class ShapedField(models.JSONField):
    """A JSON column that holds nothing but its shape."""

    shape: AnyShape
    empty_values: list[Any] = []  # an empty text is no list

    def __init__(self, *args: Any, shape: AnyShape | None = None, **options: Any) -> None:
        super().__init__(*args, **options)
        if shape is not None:  # migrations know none
            self.shape = shape

    def deconstruct(self) -> Any:
        """To the database any JSON is the same."""
        name, _path, args, options = super().deconstruct()
        return name, "django.db.models.JSONField", args, options

    def clean(self, value: Any, model_instance: models.Model | None) -> Any:
        value = super().clean(value, model_instance)
        return None if value is None else self.shape.clean(value)


def _inside(where: str, shape: AnyShape, value: Any) -> Any:
    try:
        return shape.clean(value)
    except ValidationError as error:
        raise ValidationError([f"{where}: {message}" for message in error.messages]) from None


def _wrong(message: str, shape: Any, value: Any) -> ValidationError:
    told = value if not isinstance(value, float) or math.isfinite(value) else str(value)
    return ValidationError(message.format(value=told, **vars(shape)))
