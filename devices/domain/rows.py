"""Creating, changing and deleting rows that people configure: one or a thousand at a time, all or
nothing, with everything that is wrong named by row and field.

Each step asks the database as often for a thousand rows as for one. What was changed is recorded by
the models themselves (devices.models.audited). The parts of a row (devices.models.parts) are given
as lists of values, and always whole.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import ProtectedError

from devices.domain.errors import NotPossible
from devices.domain.rights import Rights
from devices.domain.row_problems import Row, Wrong, problems_of
from devices.enums import Role
from devices.models import parts
from devices.models.audited import Audited

Values = Mapping[str, Any]
BATCH = 250  # rows that are changed by one statement, which has a case for each row and field


class BadRows(ValueError):
    """Nothing was stored, for these reasons."""

    def __init__(self, problems: Sequence[Wrong]) -> None:
        self.problems = problems
        super().__init__("; ".join(f"{one.row} {one.field}: {one.message}" for one in problems))


class NoSuchRows(LookupError):
    """There are no rows of these ids, or they are not for this user to see."""

    def __init__(self, ids: Sequence[int]) -> None:
        self.ids = ids
        super().__init__(", ".join(map(str, ids)))


@transaction.atomic
def create(model: type[Row], rows: Sequence[Values], *, by: Rights, role: Role) -> list[Row]:
    """Adds rows. Foreign keys are given as `device_id`.

    Raises BadRows, or Lacks where the user has not the role.
    """
    stored = list(model.objects.bulk_create(draft(model, rows, by=by, role=role)))
    parts.store(stored, model.parts)
    model.stored(stored)
    return stored


def draft(model: type[Row], rows: Sequence[Values], *, by: Rights, role: Role) -> list[Row]:
    """The rows that `create` would add, looked at as it does. Nothing is stored."""
    made = [model() for _ in rows]
    for row, values in zip(made, rows, strict=True):
        _put(row, values)
    model.tidy(made)
    given = [set(values) for values in rows]
    if problems := problems_of(model, made, given, by=by, role=role, is_new=True):
        raise BadRows(problems)
    for row, values in zip(made, rows, strict=True):
        row.settle(values)
    return made


@transaction.atomic
def update(model: type[Row], changes: Mapping[int, Values], *, by: Rights, role: Role) -> list[Row]:
    """Changes rows, by id. Raises NoSuchRows, BadRows or Lacks."""
    rows = _locked(model, changes, by, role)
    refused = list(_refused(rows, changes))
    names: set[str] = set()
    for row in rows:
        _put(row, changes[row.pk])
        names.update(changes[row.pk])
    model.tidy(rows)
    given = [set(changes[row.pk]) for row in rows]
    if problems := problems_of(model, rows, given, by=by, role=role, refused=refused):
        raise BadRows(problems)
    for row in rows:
        row.settle(changes[row.pk])
    columns = {_column(model, name) for name in names.difference(model.parts)}
    if names and columns | model.derived:
        model.objects.bulk_update(rows, columns | model.derived, batch_size=BATCH)
    parts.store(rows, names)
    model.stored(rows)
    return rows


@transaction.atomic
def delete(model: type[Row], ids: Iterable[int], *, by: Rights, role: Role) -> None:
    """Deletes rows. Raises NoSuchRows, Lacks, or NotPossible where something still needs them."""
    rows = _locked(model, ids, by, role)
    emptied = [row for row in rows if row.clear()]
    if emptied:
        columns = model.audited_fields().keys() | model.derived
        model.objects.bulk_update(emptied, columns, batch_size=BATCH)
        parts.store(emptied, model.parts)
    kept = {row.pk for row in emptied}
    try:
        model.objects.filter(pk__in=[row.pk for row in rows if row.pk not in kept]).delete()
    except ProtectedError as error:
        raise NotPossible(_still_needed(error)) from None
    model.stored(rows)


def _locked(model: type[Row], ids: Iterable[int], by: Rights, role: Role) -> list[Row]:
    """The rows, which nobody else changes until we are done, in the order of `ids`. They are locked
    in one order, whoever asks: nobody waits for one another."""
    ids = list(ids)
    seen = by.visible(model.objects.filter(pk__in=ids)).order_by("pk")
    rows = list(seen.select_related(*model.related).select_for_update(of=("self",), no_key=True))
    missing = set(ids) - {row.pk for row in rows}
    if missing:
        raise NoSuchRows(sorted(missing))
    for site_id in set(seen.values_list(model.site_path, flat=True)) if model.site_path else {None}:
        by.require(role, site_id)
    parts.load(rows)
    by_id = {row.pk: row for row in rows}
    return [by_id[pk] for pk in dict.fromkeys(ids)]


def _refused(rows: Sequence[Audited], changes: Mapping[int, Values]) -> Iterable[Wrong]:
    """What may not become of the rows as they are."""
    for number, row in enumerate(rows):
        for field, message in row.refusals(changes[row.pk]):
            yield Wrong(number, field, message)


def _put(row: Audited, values: Values) -> None:
    for name, value in values.items():
        if name in row.parts:
            parts.assign(row, name, value)
        else:
            setattr(row, name, value)


def _column(model: type[Audited], name: str) -> str:
    return model._meta.get_field(name).name


def _still_needed(error: ProtectedError) -> str:
    counts = Counter(row._meta for row in error.protected_objects)
    needed = " and ".join(
        sorted(
            f"{count} {meta.verbose_name if count == 1 else meta.verbose_name_plural}"
            for meta, count in counts.items()
        )
    )
    first = "that" if counts.total() == 1 else "those"
    return f"It is still needed by {needed}: delete or move {first} first."
