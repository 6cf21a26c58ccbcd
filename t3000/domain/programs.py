"""Programs and their versions: what is written to a program is a version of it from then on, and
no version is ever changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Max

from devices.domain import rows
from devices.domain.rights import Rights
from devices.enums import Role
from devices.models import acting
from t3000.enums import VersionOrigin
from t3000.models import Program, ProgramVersion

Values = Mapping[str, Any]
Written = tuple[str, bytes | None]  # source and code
NOTHING: Written = ("", b"")
HOW = ("origin", "note")  # of a version: not the program's


@transaction.atomic
def create(values: Sequence[Values], *, by: Rights, role: Role) -> list[Program]:
    """Adds programs. Beside its columns a row may tell `origin` and `note` of what was written."""
    whole = [_completed(_of_row(one), NOTHING) for one in values]
    made = rows.create(Program, whole, by=by, role=role)
    keep_versions(zip(made, values, strict=True), {})
    return made


@transaction.atomic
def update(changes: Mapping[int, Values], *, by: Rights, role: Role) -> list[Program]:
    """Changes programs, by id; the former versions stay."""
    before = _written(changes)
    whole = {
        pk: _completed(_of_row(values), before.get(pk, NOTHING)) for pk, values in changes.items()
    }
    changed = rows.update(Program, whole, by=by, role=role)
    keep_versions(((program, changes[program.pk]) for program in changed), before)
    return changed


@transaction.atomic
def delete(ids: Sequence[int], *, by: Rights, role: Role) -> None:
    """Deletes programs, with their versions; those of a panel are emptied and keep them."""
    before = _written(ids)
    rows.delete(Program, ids, by=by, role=role)
    emptied = Program.objects.filter(pk__in=ids)
    keep_versions(((program, {"note": "Cleared."}) for program in emptied), before)


def keep_versions(
    programs: Iterable[tuple[Program, Values]], before: Mapping[int, Written]
) -> None:
    """Adds a version of each program that is not as it was before."""
    changed = [
        (program, how)
        for program, how in programs
        if (program.source, _bytes(program.code)) != before.get(program.pk, NOTHING)
    ]
    ids = [program.pk for program, _ in changed]
    last = ProgramVersion.objects.filter(program__in=ids).order_by().values_list("program")
    numbers = dict(last.annotate(last=Max("number")))
    who = acting.current()
    ProgramVersion.objects.bulk_create(
        ProgramVersion(
            program=program,
            number=numbers.get(program.pk, 0) + 1,
            user_id=who.user.pk if who.user else None,
            username=who.name[:150],
            origin=how.get("origin", VersionOrigin.TYPED),
            note=how.get("note", ""),
            source=program.source,
            code=_bytes(program.code),
        )
        for program, how in changed
    )


def _written(ids: Iterable[int]) -> dict[int, Written]:
    """What is written in programs now; nobody else writes to them until we are done."""
    found = Program.objects.filter(pk__in=[*ids]).order_by("pk").select_for_update(no_key=True)
    return {
        pk: (source, _bytes(code)) for pk, source, code in found.values_list("pk", "source", "code")
    }


def _of_row(values: Values) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in HOW}


def _completed(values: dict[str, Any], before: Written) -> dict[str, Any]:
    """Source and code go together: a new source has no code until it was compiled, and the source
    of a new code nobody knows."""
    source, code = before
    if "source" in values and "code" not in values:
        values["code"] = code if values["source"] == source else None
    elif "code" in values and "source" not in values:
        values["source"] = source if values["code"] == code else ""
    return values


def _bytes(code: Any) -> bytes | None:
    """PostgreSQL gives a memoryview."""
    return None if code is None else bytes(code)
