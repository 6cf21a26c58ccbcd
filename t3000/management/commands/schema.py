"""`manage.py schema > docs/schema.md`: what there is in the database, told by the models."""

import inspect
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from django.apps import apps
from django.core.management.base import BaseCommand
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import CheckConstraint, Field, ForeignKey, UniqueConstraint
from django.db.models.fields import NOT_PROVIDED

APPS = {
    "devices": "What is installed, who may do what, and what was done",
    "t3000": "What panels hold",
    "trendlog": "History",
}
MOST_CHOICES = 12
HEAD = """# Schema

Made by `manage.py schema > docs/schema.md` from the models; a test keeps it true. Arrows lead from
a row to what it belongs to or refers to, dotted ones where there may be nothing. Bounds are those
of the columns; what only holds for T3 panels (counts, lengths, unique labels) is checked when
somebody edits, because a real panel may hold anything.
"""


class Command(BaseCommand):
    help = "Prints the schema of the database as Markdown: docs/schema.md."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write("\n".join(_lines()))


def _lines() -> Iterator[str]:
    yield HEAD
    for label, title in APPS.items():
        found = sorted(apps.get_app_config(label).get_models(), key=_place)
        if not found:
            continue
        yield f"## {title} (`{label}`)\n"
        yield from _picture(found)
        for model in found:
            yield from _model(model)


def _place(model: type[models.Model]) -> tuple[str, int]:
    """By file, and within it as it is written."""
    return model.__module__, inspect.getsourcelines(model)[1]


def _picture(found: list[type[models.Model]]) -> Iterator[str]:
    yield "```mermaid"
    yield "flowchart LR"
    for module, group in groupby(found, lambda model: model.__module__):
        yield f"  subgraph {module.rpartition('.')[2]}"
        yield from (f"    {model.__name__}" for model in group)
        yield "  end"
    for model in found:
        for field in _references(model):
            arrow = "-.->" if field.null else "-->"
            yield f"  {model.__name__} {arrow}|{field.name}| {field.related_model.__name__}"
    yield "```\n"


def _references(model: type[models.Model]) -> list[Any]:
    return [field for field in model._meta.fields if isinstance(field, ForeignKey)]


def _model(model: type[models.Model]) -> Iterator[str]:
    yield f"### {model.__name__}\n"
    if (told := inspect.getdoc(model)) and not told.startswith(f"{model.__name__}("):
        yield f"{told}\n"
    yield "| field | type | default | meaning |\n|---|---|---|---|"
    for field in model._meta.fields:
        if not field.primary_key or field.is_relation:
            yield f"| `{field.name}` | {_type(field)} | {_default(field)} | {_meaning(field)} |"
    rules = [*_rules(model)]
    if rules:
        yield "\n" + "\n".join(f"* {rule}" for rule in rules)
    yield ""


def _type(field: Any) -> str:
    empty = ", may be empty" if field.null or field.blank else ""
    if field.is_relation:
        kind = "one" if field.one_to_one else "id of a"
        return f"{kind} {field.related_model.__name__}{empty}"
    kind = field.get_internal_type().removesuffix("Field")
    if field.max_length:
        kind += f" of {field.max_length}"
    low = max(_limits(field, MinValueValidator), default=None)
    high = min(_limits(field, MaxValueValidator), default=None)
    if low is not None or high is not None:
        kind += f" {'' if low is None else f'{low:g}'}..{'' if high is None else f'{high:g}'}"
    return f"{kind}{empty}"


def _limits(
    field: "Field[Any, Any]", kind: type[MinValueValidator | MaxValueValidator]
) -> list[Any]:
    """Of the field itself: what a database's own columns can hold is not told."""
    return [one.limit_value for one in field._validators if isinstance(one, kind)]  # type: ignore[attr-defined]


def _default(field: "Field[Any, Any]") -> str:
    default = field.default
    if default is NOT_PROVIDED:
        return ""
    if callable(default):
        return f"`{default.__name__}()`"
    value = getattr(default, "value", default)
    return "" if value == "" else f"`{value}`"


def _meaning(field: Any) -> str:
    told = str(field.help_text)
    choices = list(field.flatchoices or ())
    if choices and len(choices) <= MOST_CHOICES:
        told += " " + ", ".join(f"{value} = {label}" for value, label in choices)
    return told.strip().replace("|", "\\|").replace("\n", " ")


def _rules(model: type[models.Model]) -> Iterable[str]:
    for constraint in model._meta.constraints:
        if isinstance(constraint, UniqueConstraint):
            names = ", ".join(f"`{name}`" for name in constraint.fields)
            where = f" where {constraint.condition}" if constraint.condition else ""
            yield f"Unique: {names}{where}"
        elif isinstance(constraint, CheckConstraint):
            yield f"Check `{constraint.name}`"
