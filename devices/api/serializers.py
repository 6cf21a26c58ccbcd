"""Rows as clients write them, strictly: a member that is not known, a text for a number or a
number for a text is refused, never guessed."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any, cast

from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.fields import empty
from rest_framework.validators import UniqueValidator

from devices.api.fields import (
    JsonAddress,
    JsonBoolean,
    JsonChoice,
    JsonDate,
    JsonId,
    JsonInteger,
    JsonNumber,
    JsonText,
    Moment,
    TimeOfDay,
)
from devices.api.queries import NO_OBJECT, refuse_unknown
from devices.api.shapes import shaped, usual_options
from devices.models.shapes import ShapedField


class RowSerializer(serializers.ModelSerializer[Any]):
    """What may be written of a row, by the model's own fields: their bounds, defaults and help
    texts. What needs the database is looked at for all rows at once (devices.domain.rows)."""

    default_error_messages = NO_OBJECT
    serializer_choice_field = JsonChoice
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BooleanField: JsonBoolean,
        models.CharField: JsonText,
        models.TextField: JsonText,
        models.DateField: JsonDate,
        models.DateTimeField: Moment,
        models.TimeField: TimeOfDay,
        models.FloatField: JsonNumber,
        models.GenericIPAddressField: JsonAddress,
        models.IntegerField: JsonInteger,
        models.SmallIntegerField: JsonInteger,
        models.BigIntegerField: JsonInteger,
        models.PositiveIntegerField: JsonInteger,
        models.PositiveSmallIntegerField: JsonInteger,
        models.PositiveBigIntegerField: JsonInteger,
    }

    def to_internal_value(self, data: Any) -> Any:
        refuse_unknown(data, self._writable(), "member", self.fields)
        return super().to_internal_value(data)

    def _writable(self) -> list[str]:
        return [name for name, field in self.fields.items() if not field.read_only]

    def build_standard_field(self, field_name: str, model_field: Any) -> tuple[Any, dict[str, Any]]:
        if isinstance(model_field, ShapedField):
            return shaped(model_field), usual_options(field_name, model_field)
        field_class, options = super().build_standard_field(field_name, model_field)
        validators = options.get("validators")
        if validators is not None:
            kept = [one for one in validators if not isinstance(one, UniqueValidator)]
            options["validators"] = kept
        if issubclass(field_class, JsonInteger) and not options.get("read_only"):
            # What a column can hold on every database; SQLite's can hold more.
            low, high = BaseDatabaseOperations.integer_field_ranges[model_field.get_internal_type()]
            options["min_value"] = max(options.get("min_value", low), low)
            options["max_value"] = min(options.get("max_value", high), high)
        return field_class, options

    def build_relational_field(self, field_name: str, relation_info: Any) -> tuple[Any, Any]:
        """A reference is an id. Whether there is such a row is looked at for all rows at once."""
        field = relation_info.model_field
        options: dict[str, Any] = {"source": field.attname, "help_text": field.help_text}
        if not field.editable:
            return JsonId, {**options, "read_only": True}
        if field.null:
            options |= {"allow_null": True, "required": False}
        return JsonId, options

    def get_uniqueness_extra_kwargs(self, *args: Any) -> Any:
        return args[-1], {}

    def get_validators(self) -> list[Any]:
        return []

    def read(self, data: Any, *, is_whole: bool) -> dict[str, Any]:
        """The values by the model's column. A whole row has the defaults for what is not told, but
        for secrets, which nobody could tell again. Raises ValidationError."""
        self.partial = not is_whole
        values: dict[str, Any] = dict(self.run_validation(data))
        if is_whole:
            for name in self._writable():
                told = self.fields[name]
                source = str(told.source or name)
                if source not in values and told.default is empty and not told.write_only:
                    field = _column(self.Meta.model, source)
                    if field is not None:
                        values[source] = field.get_default()
        return values


def _column(model: type[models.Model], name: str) -> Any:
    columns = {field.attname: field for field in model._meta.concrete_fields}
    return columns.get(name)


class PartsSerializer(serializers.ListSerializer[Any]):
    """The parts of a row (devices.models.parts), each whole also where the row is not."""

    max_length: int | None

    @cached_property
    def reader(self) -> RowSerializer:
        """Of all parts. Not the child: that is as partial as the row."""
        return cast("type[RowSerializer]", type(self.child))()

    def to_internal_value(self, data: Any) -> list[Any]:
        if not isinstance(data, list):
            raise ValidationError(["This is not a list."])
        if self.max_length is not None and len(data) > self.max_length:
            raise ValidationError([f"These are {len(data)}; there can be {self.max_length}."])
        read: list[Any] = []
        wrong: dict[Any, Any] = {}
        for number, one in enumerate(data):
            try:
                read.append(self.reader.read(one, is_whole=True))
            except ValidationError as error:
                wrong[number] = error.detail
        if wrong:
            raise ValidationError(wrong)
        return read


@dataclass(frozen=True)
class Parts:
    """What is told of the parts of a row, by its accessor: `members`, in this order. `most`: how
    many there can be, whatever the device is."""

    members: tuple[str, ...]
    most: int
    base: type[RowSerializer] = RowSerializer
    parts: "Mapping[str, Parts]" = field(default_factory=dict)
    help_text: str = ""


def _list_of(model: type[models.Model], name: str, one: Parts) -> Any:
    relation: Any = model._meta.get_field(name)
    kind: Any = serializer_of(relation.related_model, one.members, base=one.base, parts=one.parts)
    return kind(many=True, default=list, max_length=one.most, help_text=one.help_text)


def serializer_of(
    model: type[models.Model],
    members: Sequence[str],
    *,
    read_only: tuple[str, ...] = (),
    write_only: tuple[str, ...] = (),
    base: type[RowSerializer] = RowSerializer,
    parts: Mapping[str, Parts] = MappingProxyType({}),
    name: str = "",
) -> type[RowSerializer]:
    """The serializer of a model's rows with these members, of which `parts` are lists of rows;
    `name`: where it is not the model's."""
    meta = type(
        "Meta",
        (),
        {
            "model": model,
            "fields": (*members, *write_only),
            "read_only_fields": read_only,
            "extra_kwargs": {name: {"write_only": True} for name in write_only},
            "list_serializer_class": PartsSerializer,
        },
    )
    nested = {name: _list_of(model, name, one) for name, one in parts.items()}
    own = {"Meta": meta, "__doc__": model.__doc__, "__module__": __name__}
    return type(f"{name or model.__name__}Serializer", (base,), {**own, **nested})
