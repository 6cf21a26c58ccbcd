"""Entries of the audit trail in people's words: who did what to which row, from what to what."""

import json
import zoneinfo
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.dateparse import parse_datetime
from django.utils.text import capfirst

from devices.domain import audit
from devices.enums import Action, Origin
from devices.models import AuditEntry, Device
from t3000.domain.queries import milliseconds

SHOWN = 3  # fields that are told at once; the others unfold, where it is more than one
WHOLE = ("device", "command")  # their names tell the device
IS_WHEN = "created_at"  # the entry has its own time
LONGEST = 120  # characters of a value
NOTHING = "nothing"

Names = Mapping[tuple[type[models.Model], Any], str]


@dataclass(frozen=True, slots=True)
class FieldChange:
    """`old` and `new` in words; `old` is empty where nothing is known of before."""

    label: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """`time` in ms UTC; `device` is the id of the device's page, where there is one, and
    `device_name` what it is called if the entry does not say so itself."""

    id: int
    time: int
    zone: str
    who: str
    how: str
    address: str
    action: str
    kind: str
    name: str
    device: int | None
    site: str
    device_name: str
    changes: list[FieldChange]

    @property
    def shown(self) -> list[FieldChange]:
        return self.changes[: self._at_once]

    @property
    def hidden(self) -> list[FieldChange]:
        return self.changes[self._at_once :]

    @property
    def _at_once(self) -> int:
        """Unfolding takes the line that a single hidden one would."""
        return SHOWN if len(self.changes) > SHOWN + 1 else SHOWN + 1


def change_rows(
    entries: Sequence[AuditEntry],
    zones: Mapping[int | None, str],
    sites: Mapping[int | None, str] = MappingProxyType({}),
) -> list[ChangeRow]:
    """`zones` by site; what belongs to none is told in that of None. `sites`: their names, where
    it is worth saying which."""
    names = _names(entries)
    devices = Device.objects.filter(pk__in={one.device_id for one in entries})
    called: dict[int | None, str] = dict(devices.values_list("pk", "name"))
    return [
        ChangeRow(
            id=entry.pk,
            time=milliseconds(entry.time),
            zone=(zone := zones.get(entry.site_id) or zones[None]),
            who=entry.username,
            how=str(Origin(entry.origin).label),
            address=entry.client_address or "",
            action=str(Action(entry.action).label),
            kind=kind_word(entry.kind),
            name=_name(entry),
            device=entry.device_id if entry.device_id in called else None,
            site=sites.get(entry.site_id, "") if entry.kind != "site" else "",
            device_name=called.get(entry.device_id, "") if entry.kind not in WHOLE else "",
            changes=_changes(entry, names, zone),
        )
        for entry in entries
    ]


def _name(entry: AuditEntry) -> str:
    """Without its kind, which is told before it: "weekly schedule 1" is Weekly schedule 1."""
    kind = kind_word(entry.kind)
    if entry.name[: len(kind)].lower() == kind.lower():
        return entry.name[len(kind) :].lstrip()
    return str(entry.name)


def kind_word(kind: str) -> str:
    model = _models().get(kind)
    return capfirst(str(model._meta.verbose_name) if model else kind)


def kinds() -> list[tuple[str, str]]:
    """What entries are of, by its word."""
    return sorted(((kind, kind_word(kind)) for kind in audit.kinds()), key=lambda one: one[1])


def _changes(entry: AuditEntry, names: Names, zone: str) -> list[FieldChange]:
    """Of a new row what it has, of one that is gone what it had."""
    fields = _fields(entry.kind)
    order = {name: number for number, name in enumerate(fields)}  # PostgreSQL keeps none
    told = []
    for name in sorted(entry.changes.keys() - {IS_WHEN}, key=lambda one: (order.get(one, -1), one)):
        old, new = entry.changes[name]
        field = fields.get(name)
        before, after = _text(field, old, names, zone), _text(field, new, names, zone)
        if entry.action != Action.UPDATE and old in (None, "") and new in (None, ""):
            continue
        told.append(
            FieldChange(
                label=_label(field, name),
                old="" if entry.action == Action.CREATE and old is None else before or NOTHING,
                new="" if entry.action == Action.DELETE else after or NOTHING,
            )
        )
    return told


def _label(field: Any, name: str) -> str:
    return str(field.verbose_name) if field is not None else name.replace("_", " ")


def _text(field: Any, value: Any, names: Names, zone: str) -> str:
    if value is None or value == "":
        return ""
    if isinstance(field, models.ForeignKey):
        return names.get((_target(field), value), f"no. {value}")
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return _plain(value, zone)[:LONGEST]


def _plain(value: Any, zone: str) -> str:
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.10g}"
        case str():
            return _moment(value, zone) or value
        case list() if all(isinstance(one, str | int | float) for one in value):
            return ", ".join(_plain(one, zone) for one in value)
        case list() | dict():
            return json.dumps(value, ensure_ascii=False)
    return str(value)


def _moment(text: str, zone: str) -> str:
    """A time as it was written down, on the clock of its place; empty for any other text."""
    if "T" not in text or len(text) > len("2026-11-23T18:00:00.000000+00:00"):
        return ""
    try:
        when = parse_datetime(text)
    except ValueError:
        return ""
    if when is None or when.tzinfo is None:
        return ""
    local: datetime = when.astimezone(zoneinfo.ZoneInfo(zone))
    return f"{local.day} {local:%b %Y %H:%M}"


def _names(entries: Iterable[AuditEntry]) -> Names:
    """What the rows that entries refer to are called now: one query for each kind."""
    wanted: dict[Any, set[int]] = defaultdict(set)
    for entry in entries:
        fields = _fields(entry.kind)
        for name, pair in entry.changes.items():
            field = fields.get(name)
            if isinstance(field, models.ForeignKey):
                wanted[_target(field)] |= {pk for pk in pair if isinstance(pk, int)}
    return {
        (model, pk): str(row)
        for model, ids in wanted.items()
        for pk, row in model._base_manager.in_bulk(ids).items()
    }


def _target(field: Any) -> type[models.Model]:
    model: type[models.Model] = field.related_model
    return model


def _fields(kind: str) -> dict[str, Any]:
    model = _models().get(kind)
    return {field.name: field for field in model._meta.concrete_fields} if model else {}


def _models() -> dict[str, type[models.Model]]:
    """Ours by the word that entries have; what others call theirs must not take one."""
    found = apps.get_models()
    return {one._meta.model_name or "": one for one in reversed(list(found))}
