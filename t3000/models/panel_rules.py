"""What holds for the tables of a T3 panel: so many rows and no more, and labels and descriptions
that no two rows share, because programs go by them. T3000 looks at the same when somebody edits.

Panels in the field break these rules, so they are no constraints: only what people write is held
to them. Other devices have any number of rows, of any name.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from string import ascii_lowercase, ascii_uppercase
from typing import Any

from django.apps import apps
from django.db.models import F, Value
from django.db.models.functions import Upper

from devices.models import Device, parts

Problem = tuple[Any, str, str]
ASCII_CAPITALS = str.maketrans(ascii_lowercase, ascii_uppercase)
Panels = Mapping[int, Device]


def panels_of(rows: Iterable[Any]) -> Panels:
    """The T3 panels among the devices of rows, by id."""
    known = Device.objects.select_related("product", "hardware")  # which tell how much it has
    devices = known.in_bulk({row.device_id for row in rows})
    return {pk: device for pk, device in devices.items() if device.is_panel}


def beyond_the_table(rows: Iterable[Any], panels: Panels) -> Iterable[Problem]:
    for row in rows:
        places = row.places if row.device_id in panels else None
        if places is not None and row.index >= places:
            told = f"This panel has {places} {row.kinds}: the index goes from 0 to {places - 1}."
            yield row, "index", told if places else f"This panel has no {row.kinds}."


def lacking(rows: Iterable[Any], panels: Panels) -> Iterable[Problem]:
    """What is wanted of a device that has no such thing."""
    for row in rows:
        for name in row.panels_lack if row.device_id in panels else row.others_lack:
            if name in row.parts:
                is_wanted = bool(parts.of(row, name))
            else:
                is_wanted = getattr(row, name) != row._meta.get_field(name).get_default()
            if is_wanted:
                yield row, name, "The device has nothing of the kind; leave it out."


def too_long(rows: Iterable[Any], panels: Panels) -> Iterable[Problem]:
    for row in rows:
        for name, most in row.lengths.items() if row.device_id in panels else ():
            length = len(getattr(row, name))
            if length > most:
                yield row, name, f"These are {length} characters; a panel has room for {most}."


def doubled_names(rows: Sequence[Any], panels: Panels) -> Iterable[Problem]:
    """Rows whose label or description another row of the panel has, of whatever table."""
    named = [row for row in rows if row.device_id in panels]
    for field in named[0].named if named else ():
        known = _who_has(field, named)
        for row in named:
            name = _folded(field, getattr(row, field))
            others = known[row.device_id, name] if name else {}
            other = next((told for who, told in others.items() if who != _who(row)), None)
            if other:
                yield (
                    row,
                    field,
                    (
                        f"The panel's {other} has this {field} already; programs could not tell "
                        "them apart."
                    ),
                )


Known = Mapping[tuple[int, str], dict[tuple[str, int], str]]


def _who_has(field: str, rows: Sequence[Any]) -> Known:
    """By device and name: the rows that have it, those that are written as they will be."""
    names = {name for row in rows if (name := getattr(row, field))}
    known: dict[tuple[int, str], dict[tuple[str, int], str]] = defaultdict(dict)
    written = {_who(row) for row in rows}
    for model, pk, device_id, index, kind, name in _stored(
        field, {row.device_id for row in rows}, names
    ):
        if (model, pk) not in written:
            row = apps.get_model(model)(index=index, **({"kind": kind} if kind else {}))
            known[device_id, _folded(field, name)][model, pk] = str(row)
    for row in rows:
        known[row.device_id, _folded(field, getattr(row, field))][_who(row)] = str(row)
    return known


def _stored(field: str, devices: set[int], names: set[str]) -> Iterable[Any]:
    """(model, id, device, index, kind, name as it is stored), in one question over all tables."""
    if not names:
        return ()
    is_label = field == "label"
    if is_label:
        names = {one for name in names for one in _capitals(name)}
    first, *others = (
        model._base_manager.order_by()
        .annotate(
            model_of=Value(model._meta.label_lower),
            kind_of=F("kind") if hasattr(model, "kind") else Value(""),
            name_of=Upper(field) if is_label else F(field),
        )
        .filter(device__in=devices, name_of__in=names)
        .values_list("model_of", "pk", "device_id", "index", "kind_of", field)
        for model in apps.get_models()
        if field in getattr(model, "named", ())
    )
    found: Iterable[Any] = first.union(*others, all=True)
    return found


def _capitals(name: str) -> Iterable[str]:
    """What databases make of a name in capitals: one folds every letter, the other ASCII's only."""
    return (name.upper(), *(one.translate(ASCII_CAPITALS) for one in (name, name.lower())))


def _who(row: Any) -> tuple[str, int]:
    return row._meta.label_lower, row.pk or -id(row)


def _folded(field: str, name: str) -> str:
    """T3000 writes labels in capitals, and descriptions as they are typed."""
    return name.upper() if field == "label" else name


def beyond_the_total(
    rows: Sequence[Any], panels: Panels, field: str, count: Callable[[Any], int], most: int
) -> Iterable[Problem]:
    """Rows of panels where what all rows of the table count together is more than there is room."""
    here = [row for row in rows if row.device_id in panels]
    totals: dict[int, int] = defaultdict(int)
    if here:
        others = type(here[0])._base_manager.filter(device__in={row.device_id for row in here})
        for device_id, value in others.exclude(pk__in=[row.pk for row in here]).values_list(
            "device", field
        ):
            totals[device_id] += count(value)
    for row in here:
        totals[row.device_id] += count(getattr(row, field))
    for row in here:
        if totals[row.device_id] > most:
            kinds = row._meta.verbose_name_plural
            yield (
                row,
                field,
                (
                    f"The {kinds} of this panel would come to {totals[row.device_id]:,} together; "
                    f"there is room for {most:,}."
                ),
            )
