"""When somebody was last here. Written at most once a minute, and never at the cost of whoever is
here: a write that would have to wait for another one, or that fails, is left out."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from django.core.cache.backends.locmem import LocMemCache
from django.db import Error, connection, transaction
from django.db.models import QuerySet

log = logging.getLogger(__name__)

QUIET = timedelta(minutes=1)
LONGEST_WAIT = 100  # ms

_tried = LocMemCache("last seen", {"OPTIONS": {"MAX_ENTRIES": 10_000}})


def note(rows: QuerySet[Any], key: str, **values: Any) -> None:
    """Updates the rows, unless this process did so for this key within the last minute."""
    if not _tried.add(key, True, QUIET.total_seconds()):
        return
    try:
        with _impatient():
            rows.update(**values)
    except Error as error:
        log.info("%s: not noted when it was last seen: %s", rows.model._meta.verbose_name, error)


def is_due(last: datetime | None, now: datetime) -> bool:
    """Whether what was noted is older than a minute, or from a clock that was set back."""
    return last is None or abs(now - last) >= QUIET


@contextmanager
def _impatient() -> Iterator[None]:
    """A transaction that gives up where it would have to wait for a lock."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            with transaction.atomic():
                cursor.execute(f"SET LOCAL lock_timeout = {LONGEST_WAIT}")
                yield
            return
        cursor.execute("PRAGMA busy_timeout")
        (patience,) = cursor.fetchone()
        cursor.execute(f"PRAGMA busy_timeout = {LONGEST_WAIT}")
        try:
            with transaction.atomic():
                yield
        finally:
            cursor.execute(f"PRAGMA busy_timeout = {patience}")
