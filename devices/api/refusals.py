"""What the domain refuses, as the API says it."""

import logging
from collections import defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError

from devices.api.problems import Conflict
from devices.domain import rows
from devices.domain.accounts import BadAccount
from devices.domain.commands import BadCommand
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks
from devices.domain.row_problems import Wrong
from devices.keyring import KeyProblem

log = logging.getLogger(__name__)


@contextmanager
def refusals(pk: int | None = None, part: str = "", ids: Sequence[int] = ()) -> Iterator[None]:
    """`pk`: of the row that the path names; `part`: the list of a bulk that the rows are in, with
    the `ids` that it names."""
    try:
        yield
    except rows.BadRows as error:
        wrong: Any = {part: _by_row(error.problems)} if part else by_field(error.problems)
        raise ValidationError(wrong) from None
    except rows.NoSuchRows as error:
        if pk is not None:
            raise NotFound(f"There is no row {pk}.") from None
        raise ValidationError({part: _missing(error.ids, part, ids)}) from None
    except BadAccount as error:
        raise ValidationError(dict(error.problems)) from None
    except BadCommand as error:
        raise ValidationError({error.field: [error.message]}) from None
    except Lacks as error:
        raise PermissionDenied(str(error)) from None
    except NotPossible as error:
        raise Conflict(str(error)) from None
    except IntegrityError:
        raise Conflict(
            "Something else was changed at the same moment, or rows exchange what must be unique; "
            "nothing is stored."
        ) from None
    except KeyProblem as error:  # where the key lies is not everybody's to know
        log.error("a secret was not stored: %s", error)
        raise Conflict(
            "Secrets cannot be stored now: their key is missing, or it is another one. The log of "
            "the server says more; nothing is stored."
        ) from None


def by_field(problems: Sequence[Wrong]) -> dict[str, Any]:
    """What is wrong with one row."""
    wrong: dict[str, Any] = {}
    for one in problems:
        wrong.setdefault(one.field or "non_field_errors", []).append(one.message)
    return wrong


def _missing(missing: Sequence[int], part: str, ids: Sequence[int]) -> Any:
    """Each of the rows that are not there, at its place."""
    told = {number: [f"There is no row {pk}."] for number, pk in enumerate(ids) if pk in missing}
    return dict(told) if part == "delete" else {at: {"id": why} for at, why in told.items()}


def _by_row(problems: Sequence[Wrong]) -> dict[int, Any]:
    found: dict[int, list[Wrong]] = defaultdict(list)
    for one in problems:
        found[one.row].append(one)
    return {number: by_field(of_row) for number, of_row in found.items()}
