"""Rows that are part of another and have no life of their own: the entries of a schedule, the
inputs of a monitor. They are told, written, compared and taken away with their whole, which names
them in `parts` by the accessor of their foreign key. A part may have parts.

A whole in memory carries the parts that are wanted of it; `store` makes the database hold them and
leaves alone what did not change, so that the audit trail tells what did.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.db import models

from devices.models.audited import Audited, values

POSITION = "position"


class Part(Audited):
    """A row of a whole. Beside the foreign key to it, it refers to no other row."""

    # What tells it from the others of its whole, and their order. A position is its place in the
    # list, and set by it.
    key: ClassVar[tuple[str, ...]] = (POSITION,)

    class Meta:
        abstract = True


def kinds(model: type[Audited]) -> "dict[str, tuple[type[Part], models.ForeignKey[Any, Any]]]":
    """The models of a model's parts, with their foreign keys to it."""
    relations: Any = {name: model._meta.get_field(name) for name in model.parts}
    return {name: (one.related_model, one.field) for name, one in relations.items()}


def of(row: Audited, name: str) -> list[Any]:
    """The parts that are wanted of a row, in their order."""
    known: dict[str, list[Any]] = vars(row).setdefault("_parts", {})
    if name not in known:
        load([row])
    return known[name]


def load(rows: Sequence[Audited]) -> None:
    """Reads the parts of rows of one model that carry none yet: as often for many as for one."""
    for name, (kind, whole) in kinds(type(rows[0])).items() if rows else ():
        found: dict[int, list[Any]] = defaultdict(list)
        ids = [row.pk for row in rows if row.pk is not None]
        stored = kind._base_manager.filter(**{f"{whole.name}__in": ids}) if ids else ()
        for part in sorted(stored, key=_order):
            found[getattr(part, whole.attname)].append(part)
        for row in rows:
            vars(row).setdefault("_parts", {}).setdefault(name, found[row.pk])
        load([part for parts in found.values() for part in parts])


def assign(row: Audited, name: str, given: Iterable[Mapping[str, Any]]) -> None:
    """What is wanted of the row from now on: the values of each part, and within them those of its
    own parts. It is not looked at whether they are right."""
    kind, _ = kinds(type(row))[name]
    made = []
    for number, told in enumerate(given):
        part = kind()
        for field_name, value in told.items():
            if field_name not in kind.parts:
                field: Any = kind._meta.get_field(field_name)
                setattr(part, field.attname, field.to_python(value))
        if POSITION in kind.key:
            setattr(part, POSITION, number)
        for inner in kind.parts:
            assign(part, inner, told.get(inner, ()))
        made.append(part)
    vars(row).setdefault("_parts", {})[name] = made


def plain(row: Audited) -> dict[str, list[dict[str, Any]]]:
    """The parts that are wanted of a row, as JSON, in one order whoever wrote them."""
    told: dict[str, list[dict[str, Any]]] = {}
    for name, (kind, whole) in kinds(type(row)).items():
        kept = kind.audited_fields().keys() - {whole.name, POSITION}
        told[name] = [
            {**{one: value for one, value in values(part).items() if one in kept}, **plain(part)}
            for part in sorted(of(row, name), key=_order)
        ]
    return told


def store(rows: Sequence[Audited], names: Collection[str]) -> None:
    """Makes the database hold these parts of the rows as they are wanted."""
    wanted = [name for name in (type(rows[0]).parts if rows else ()) if name in names]
    for name in wanted:
        kind, whole = kinds(type(rows[0]))[name]
        parts = [(row, part) for row in rows for part in of(row, name)]
        _store(kind, whole, rows, parts)
        store([part for _, part in parts], kind.parts)


def _store(
    kind: type[Part],
    whole: "models.ForeignKey[Any, Any]",
    rows: Sequence[Audited],
    parts: Iterable[tuple[Audited, Part]],
) -> None:
    known: dict[tuple[Any, ...], list[Part]] = defaultdict(list)
    there = kind._base_manager.filter(**{f"{whole.name}__in": [row.pk for row in rows]})
    for part in there.order_by("pk"):
        known[getattr(part, whole.attname), *_key(part)].append(part)
    new, changed = [], []
    for row, part in parts:
        setattr(part, whole.attname, row.pk)
        same = known[row.pk, *_key(part)]
        if not same:
            new.append(part)
            continue
        before = same.pop(0)
        part.pk = before.pk
        if values(part) != values(before):
            changed.append(part)
    gone = [part.pk for rest in known.values() for part in rest]
    if gone:
        kind.objects.filter(pk__in=gone).delete()
    if changed:
        kind.objects.bulk_update(changed, kind.audited_fields().keys())
    if new:
        kind.objects.bulk_create(new)


def _key(part: Part) -> tuple[Any, ...]:
    return tuple(getattr(part, name) for name in part.key)


def _order(part: Part) -> tuple[Any, ...]:
    return (*_key(part), part.pk or 0)
