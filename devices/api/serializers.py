"""Rows as clients write them, strictly: a member that is not known, a text for a number or a
number for a text is refused, never guessed."""

from collections.abc import Sequence
from typing import Any

from django.db import models
from django.db.backends.base.operations import BaseDatabaseOperations
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.validators import UniqueValidator

from devices.api.fields import (
    JsonAddress,
    JsonBoolean,
    JsonChoice,
    JsonId,
    JsonInteger,
    JsonNumber,
    JsonText,
    Moment,
)
from devices.api.queries import refuse_unknown
from devices.api.shapes import shaped, usual_options
from devices.models.shapes import ShapedField


class RowSerializer(serializers.ModelSerializer[Any]):
    """What may be written of a row, by the model's own fields: their bounds, defaults and help
    texts. What needs the database is looked at for all rows at once (devices.domain.rows)."""

    serializer_choice_field = JsonChoice
    serializer_field_mapping = {
        **serializers.ModelSerializer.serializer_field_mapping,
        models.BooleanField: JsonBoolean,
        models.CharField: JsonText,
        models.TextField: JsonText,
        models.DateTimeField: Moment,
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
        refuse_unknown(data, self._writable(), "member")
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
        """The values by the model's column. A whole row has the defaults for what is not told.
        Raises ValidationError."""
        self.partial = not is_whole
        values: dict[str, Any] = dict(self.run_validation(data))
        if is_whole:
            for name in self._writable():
                source = str(self.fields[name].source or name)
                if source not in values and self.fields[name].default is empty:
                    field = _column(self.Meta.model, source)
                    if field is not None:
                        values[source] = field.get_default()
        return values


def _column(model: type[models.Model], name: str) -> Any:
    columns = {field.attname: field for field in model._meta.concrete_fields}
    return columns.get(name)


def serializer_of(
    model: type[models.Model],
    members: Sequence[str],
    *,
    read_only: tuple[str, ...] = (),
    write_only: tuple[str, ...] = (),
    base: type[RowSerializer] = RowSerializer,
    name: str = "",
) -> type[RowSerializer]:
    """The serializer of a model's rows with these members; `name`: where it is not the model's."""
    meta = type(
        "Meta",
        (),
        {
            "model": model,
            "fields": (*members, *write_only),
            "read_only_fields": read_only,
            "extra_kwargs": {name: {"write_only": True} for name in write_only},
        },
    )
    name = f"{name or model.__name__}Serializer"
    return type(name, (base,), {"Meta": meta, "__doc__": model.__doc__, "__module__": __name__})
