"""What is wrong with rows that people write: with their fields, with what they refer to, and beside
the others. The database is asked as often for a thousand rows as for one."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import ForeignKey, UniqueConstraint

from devices.domain.rights import Rights
from devices.enums import Role
from devices.models import parts
from devices.models.audited import Audited

Row = TypeVar("Row", bound=Audited)


@dataclass(frozen=True, slots=True)
class Wrong:
    """What is wrong with a field of a row; `row` counts from 0 as they were given."""

    row: int
    field: str  # "" for the row as a whole
    message: str


def problems_of(
    model: type[Row],
    rows: Sequence[Row],
    given: Sequence[set[str]],
    *,
    by: Rights,
    role: Role,
    is_new: bool = False,
    refused: Iterable[Wrong] = (),
) -> list[Wrong]:
    """All of it; `given`: the fields of each row that were written. Of rows that exist only these
    are looked at: what a device holds may be wrong by our rules, and stays. Raises Lacks where the
    user has not the role."""
    problems = list(_references(model, rows, given, by=by, role=role, is_new=is_new))
    lost = {one.row for one in problems}
    problems += [
        Wrong(number, field, message)
        for number, (row, names) in enumerate(zip(rows, given, strict=True))
        for field, message in _wrong(row, None if is_new else names, is_whole=number not in lost)
    ]
    if not problems:
        problems = [
            *refused,
            *(problem for rule in _unique(model) for problem in _doubled(model, rows, by, *rule)),
            *_rules(model, rows, given, is_new=is_new),
        ]
    return problems


def _wrong(
    row: Audited, names: set[str] | None, *, is_whole: bool = True
) -> Iterable[tuple[str, str]]:
    """What is wrong with a row and its parts by themselves; `names`: with these only. A row that
    is not whole refers to what is not there, so that it cannot be asked about itself."""
    yield from _fields(row, names, is_whole=is_whole)
    for name in row.parts:
        if names is None or name in names:
            for number, part in enumerate(parts.of(row, name)):
                for field, message in _wrong(part, None):
                    yield f"{name}.{number}.{field}".strip("."), message


def _fields(row: Audited, names: set[str] | None, *, is_whole: bool) -> Iterable[tuple[str, str]]:
    """What the fields and the row itself find wrong. References and what must be unique are looked
    at for all rows at once."""
    exclude = {
        field.name
        for field in row._meta.fields
        if field.is_relation or (names is not None and field.name not in names)
    }
    try:
        row.clean_fields(exclude=exclude)
        if is_whole:
            row.clean()
    except ValidationError as error:
        wrong = error.update_error_dict({})
        for name, problems in wrong.items():
            for problem in problems:
                for message in problem.messages:
                    yield ("" if name == NON_FIELD_ERRORS else name), message


def _references(
    model: type[Row],
    rows: Sequence[Row],
    given: Sequence[set[str]],
    *,
    by: Rights,
    role: Role,
    is_new: bool,
) -> Iterable[Wrong]:
    """Whether what the rows refer to is there, at one site, and theirs to change."""
    sites: list[dict[str, int]] = [{} for _ in rows]
    lost: set[int] = set()
    foreign = [field for field in model._meta.fields if isinstance(field, ForeignKey)]
    has_owner = any(getattr(field.related_model, "site_path", "") for field in foreign)
    for field in foreign:
        target: Any = field.related_model
        ids = {getattr(row, field.attname) for row in rows} - {None}
        path = getattr(target, "site_path", "")
        seen = target._base_manager.filter(pk__in=ids) if ids else target._base_manager.none()
        known = dict((by.visible(seen) if path else seen).values_list("pk", path or "pk"))
        for number, row in enumerate(rows):
            pk = getattr(row, field.attname)
            if pk is None:
                if is_new and not field.null:
                    lost.add(number)
                    yield Wrong(number, field.name, "This is required and missing.")
            elif pk not in known:
                name = target._meta.verbose_name
                lost.add(number)
                yield Wrong(number, field.name, f"There is no {name} {pk}.")
            elif path:
                sites[number][field.name] = known[pk]
    whole = [number for number in range(len(rows)) if number not in lost]
    if not is_new:
        whole = [n for n in whole if any(field.attname in given[n] for field in foreign)]
    stood = {} if is_new or not whole else _sites(model, rows)
    for number in whole:
        yield from _at_one_site(number, rows[number], sites[number], stood)
        if sites[number] or not has_owner:
            by.require(role, next(iter(sites[number].values()), None))
        else:  # it belongs to nothing yet, and says itself that it must
            by.require_somewhere(role)


def _at_one_site(
    number: int, row: Audited, sites: Mapping[str, int], stood: Mapping[int, int | None]
) -> Iterable[Wrong]:
    """`sites` of what the row refers to, by field; `stood`: where rows were until now."""
    if not sites:
        return
    if len(set(sites.values())) > 1:
        names = " and ".join(sites)
        yield Wrong(number, next(iter(sites)), f"These are at different sites: {names}.")
    elif stood.get(row.pk) not in (None, *sites.values()):
        # What hangs on it would still refer to what is there.
        what = f"This {row._meta.verbose_name} stays at its site; make another one there."
        yield Wrong(number, next(iter(sites)), what)


def _sites(model: type[Row], rows: Sequence[Row]) -> dict[int, int | None]:
    """The site of each row as it is stored."""
    if not model.site_path:
        return {}
    stored = model._base_manager.filter(pk__in=[row.pk for row in rows])
    return dict(stored.values_list("pk", model.site_path))


def _unique(model: type[Row]) -> Iterable[tuple[tuple[str, ...], str]]:
    """(fields, message) of all that must be unique; where it must under a condition only, the
    model's own problems() say so."""
    for field in model._meta.fields:
        if field.unique and not field.primary_key:
            yield (field.name,), ""
    for one in model._meta.constraints:
        if isinstance(one, UniqueConstraint) and one.fields and not one.condition:
            told, usual = one.violation_error_message, one.default_violation_error_message
            yield tuple(one.fields), "" if told == usual else str(told)


def _doubled(
    model: type[Row], rows: Sequence[Row], by: Rights, names: tuple[str, ...], message: str
) -> Iterable[Wrong]:
    columns = [getattr(model._meta.get_field(name), "attname", name) for name in names]
    keys = [tuple(getattr(row, column) for column in columns) for row in rows]
    groups = {key[0] for key in keys if None not in key}
    own = [row.pk for row in rows if row.pk is not None]
    others = model._base_manager.filter(**{f"{columns[0]}__in": groups}).exclude(pk__in=own)
    taken = set(others.values_list(*columns)) if groups else set()
    # Of what is at a site that one may not see only that it is there, which cannot be hidden.
    hidden = taken.intersection(keys)
    if hidden:
        hidden -= set(by.visible(others).values_list(*columns))
    first: dict[tuple[Any, ...], int] = {}  # of the rows that were given
    for number, key in enumerate(keys):
        if None in key:  # nothing is equal to what is not there
            continue
        if key in taken or key in first:
            value = ", ".join(f"{name} {part}" for name, part in zip(names, key, strict=True))
            kind = model._meta.verbose_name
            usual = f"Another {kind} has {value} already."
            if key in hidden:
                told = "This is in use already; choose another."
            elif key in taken:
                told = message or usual
            else:
                told = f"Row {first[key]} of these has {value}, too; rows count from 0."
            yield Wrong(number, names[-1], told)
        first.setdefault(key, number)


def _rules(
    model: type[Row], rows: Sequence[Row], given: Sequence[set[str]], *, is_new: bool
) -> Iterable[Wrong]:
    """What only holds for rows together: the model's own rules."""
    numbers = {id(row): number for number, row in enumerate(rows)}
    told: set[tuple[int, str]] = set()
    for row, field, message in model.problems(rows):
        number = numbers[id(row)]
        name, _, part = field.partition(".")
        if not (is_new or name in given[number] or f"{name}_id" in given[number]):
            continue
        # What two fields have together is said of the first that was given; of parts each.
        if part or (number, message) not in told:
            told.add((number, message))
            yield Wrong(number, field, message)
