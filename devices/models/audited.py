"""Rows whose every change is recorded (AuditEntry), by whichever way it is made.

It is done where rows are written, not where people ask: a page, the API, the admin, an import and
a shell all end here. Writing a row and its entry is one transaction. Only what goes past the models
is not seen: SQL, and `loaddata`.
"""

import base64
import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db import NotSupportedError, models, router, transaction
from django.db.models.deletion import Collector

from devices.enums import Action
from devices.models import acting
from devices.models.audit import AuditEntry, plain
from devices.models.secret import Secret

BATCH = 1000

Values = dict[str, Any]


class AuditedQuerySet(models.QuerySet[Any]):
    """Records what it changes."""

    def bulk_create(self, objs: Iterable[Any], *args: Any, **options: Any) -> list[Any]:
        if options.get("ignore_conflicts") or options.get("update_conflicts"):
            raise NotSupportedError("What is recorded must be known to be created, or changed.")
        with transaction.atomic(using=self.db, savepoint=False):
            created = super().bulk_create(objs, *args, **options)
            record(Action.CREATE, [(row, {}, values(row)) for row in created])
        return created

    def add_as_found(self, rows: Iterable[Any]) -> None:
        """Adds what a device described: hundreds at a time, told by the entry of the device."""
        super().bulk_create(rows, batch_size=BATCH)

    def update_as_learnt(self, **changes: Any) -> int:
        """What a device showed, many times a day: no person's choice, and told by no entry."""
        return super().update(**changes)

    def update(self, **changes: Any) -> int:
        fields = {self.model._meta.get_field(name).name for name in changes if name != "pk"}
        if not fields & self.model.audited_fields().keys():
            return super().update(**changes)
        rows = self.model._base_manager.using(self.db)
        with transaction.atomic(using=self.db, savepoint=False):
            # Plain rows: PostgreSQL locks nothing that is grouped or distinct, and what this query
            # set defers would be read after the change.
            chosen = rows.filter(pk__in=self.order_by().values("pk")).order_by("pk")
            before = {
                row.pk: values(row) for row in chosen.select_for_update(of=("self",), no_key=True)
            }
            ids, updated = list(before), 0
            for start in range(0, len(ids), BATCH):
                batch = self.order_by().filter(pk__in=ids[start : start + BATCH])
                updated += super(AuditedQuerySet, batch).update(**changes)
            after = rows.in_bulk(ids)
            record(Action.UPDATE, [(row, before[pk], values(row)) for pk, row in after.items()])
        return updated

    def delete(self) -> tuple[int, dict[str, int]]:
        return _delete(self.order_by(), self.db, self.model)

    update_as_learnt.alters_data = True  # type: ignore[attr-defined]
    update.alters_data = delete.alters_data = True  # type: ignore[attr-defined]
    delete.queryset_only = True  # type: ignore[attr-defined]  # as Django's: no manager deletes all


class Audited(models.Model):
    """A row that people configure. `site_path` leads from it to its site: "" for what belongs to
    none. `unaudited` are fields that the program keeps for itself.

    People's changes go through devices.domain.rows, which asks the hooks below."""

    site_path: ClassVar[str] = ""
    unaudited: ClassVar[frozenset[str]] = frozenset()
    related: ClassVar[tuple[str, ...]] = ()  # rows that its hooks look at
    derived: ClassVar[frozenset[str]] = frozenset()  # fields that settle() sets
    parts: ClassVar[tuple[str, ...]] = ()  # lists of rows that belong to it (devices.models.parts)

    objects = AuditedQuerySet.as_manager()

    class Meta:
        abstract = True
        base_manager_name = "objects"  # related managers write through it

    def save(self, *args: Any, **options: Any) -> None:
        using = options.get("using") or router.db_for_write(type(self), instance=self)
        with transaction.atomic(using=using, savepoint=False):
            known = type(self)._base_manager.using(using)
            rows = known.filter(pk=self.pk).select_for_update(of=("self",), no_key=True)
            was = None if self.pk is None else rows.first()
            super().save(*args, **options)
            if was is None:
                record(Action.CREATE, [(self, {}, values(self))])
            else:  # what it is now is asked again: not every field need be stored, nor be a value
                record(Action.UPDATE, [(self, values(was), values(known.get(pk=self.pk)))])

    def full_clean(self, *args: Any, **options: Any) -> None:
        """As forms ask: with what is wrong beside other rows."""
        super().full_clean(*args, **options)
        wrong: dict[str, list[str]] = {}
        for _row, name, message in type(self).problems([self]):
            wrong.setdefault(name or NON_FIELD_ERRORS, []).append(message)
        if wrong:
            raise ValidationError(wrong)

    def delete(self, using: Any = None, keep_parents: bool = False) -> tuple[int, dict[str, int]]:
        using = using or router.db_for_write(type(self), instance=self)
        return _delete([self], using, self)

    @classmethod
    def tidy(cls, rows: "Sequence[Any]") -> None:
        """Brings what people wrote into its one form, before it is looked at; it asks the database
        once for all rows. What has no right form stays as it is, for `problems`."""

    @classmethod
    def problems(cls, rows: "Sequence[Any]") -> Iterable[tuple[Any, str, str]]:
        """What is wrong with rows as they stand beside the others: (row, field, message). Asked
        for all rows that are written together; it asks the database once for all of them."""
        return ()

    @property
    def audit_name(self) -> str:
        """What the audit trail calls it."""
        return str(self)

    @property
    def its_device_id(self) -> int | None:
        """Of the device that it is a part of, for the audit trail."""
        return getattr(self, "device_id", None)

    def refusals(self, changes: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        """What may not become of the row as it is: (field, message). Asked before a change."""
        return ()

    def settle(self, changed: Collection[str]) -> None:
        """Called before what people changed is stored: for fields that follow from others."""

    @classmethod
    def stored(cls, rows: "Sequence[Any]") -> None:
        """Called when what people changed is stored, or is gone: for rows of other models that
        follow from it. It asks the database as often for many rows as for one."""

    def clear(self) -> bool:
        """What deleting means where a row is a place in a fixed table: it is emptied and stays.
        False: it may go."""
        return False

    @classmethod
    def audited_fields(cls) -> "dict[str, models.Field[Any, Any]]":
        fields = cls._meta.concrete_fields
        return {f.name: f for f in fields if not f.primary_key and f.name not in cls.unaudited}


def record(action: Action, rows: Sequence[tuple[Any, Values, Values]]) -> None:
    """Writes down what became of rows: (row, values before, values after). An update that changed
    nothing is none."""
    changed = [
        (row, changes)
        for row, before, after in rows
        if (changes := _difference(before, after)) or action != Action.UPDATE
    ]
    if not changed:
        return
    actor = acting.current()
    sites = _sites([row for row, _ in changed])
    AuditEntry.objects.bulk_create(
        (
            AuditEntry.by(
                actor,
                action=action,
                kind=row._meta.model_name,
                row_id=row.pk,
                name=row.audit_name,
                site_id=sites.get((type(row), row.pk)),
                device_id=row.its_device_id,
                changes=changes,
            )
            for row, changes in changed
        ),
        batch_size=BATCH,
    )


def values(row: Audited) -> Values:
    """What a row holds, as JSON can hold it; of secrets only whether there is one."""
    return {
        name: _plain(field, field.value_from_object(row))
        for name, field in row.audited_fields().items()
    }


def _plain(field: "models.Field[Any, Any]", value: Any) -> Any:
    if isinstance(value, Secret):
        return value  # so that a change can be seen; nobody is told from what to what
    if isinstance(value, bytes | memoryview):
        return base64.b64encode(value).decode()
    return plain(value)


def _difference(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, list[Any]]:
    names = dict.fromkeys([*before, *after])
    return {
        name: [_told(before.get(name)), _told(after.get(name))]
        for name in names
        if before.get(name) != after.get(name)
    }


def _told(value: Any) -> Any:
    return str(value) if isinstance(value, Secret) else value


def _sites(rows: Iterable[Audited]) -> dict[tuple[type[Any], int], int | None]:
    found: dict[tuple[type[Any], int], int | None] = {}
    for kind, group in itertools.groupby(rows, type):
        model: Any = kind
        ids = [row.pk for row in group]
        if model.site_path:
            for start in range(0, len(ids), BATCH):
                known = model._base_manager.filter(pk__in=ids[start : start + BATCH])
                for pk, site_id in known.values_list("pk", model.site_path):
                    found[model, pk] = site_id
    return found


def _delete(rows: Any, using: str, origin: Any) -> tuple[int, dict[str, int]]:
    """Deletes rows and what hangs on them, and records each that is recorded at all."""
    collector = Collector(using=using, origin=origin)
    collector.collect(rows)
    with transaction.atomic(using=using, savepoint=False):
        gone = [*collector.data.values(), *collector.fast_deletes]
        record(Action.DELETE, [(row, values(row), {}) for rows in gone for row in _whole(rows)])
        for (field, value), groups in collector.field_updates.items():
            record(
                Action.UPDATE,
                [
                    (row, was := values(row), {**was, field.name: value})
                    for rows in groups
                    for row in _whole(rows)
                ],
            )
        return collector.delete()


def recorded_cascade(collector: Any, field: Any, rows: Any, using: str) -> None:
    """What goes with a row that does not record itself, as a user does not: on_delete."""
    record(Action.DELETE, [(row, values(row), {}) for row in _whole(rows)])
    models.CASCADE(collector, field, rows, using)


def _whole(rows: Any) -> Sequence[Audited]:
    """Those of the rows that are recorded, with all fields: the collector leaves most out."""
    model = rows.model if isinstance(rows, models.QuerySet) else type(next(iter(rows), None))
    if not issubclass(model, Audited):
        return []
    return list(model._base_manager.in_bulk([row.pk for row in rows]).values())
