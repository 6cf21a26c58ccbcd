"""Commands that people type and that change what is recorded."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.db import DatabaseError
from django.utils.text import capfirst

from devices.models.acting import acting, at_shell
from t3000.database_errors import NO_TABLES, lasting_problem


class RecordedCommand(BaseCommand):
    """What it changes is put down to who types it. Of a database without tables it says what to
    do."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        try:
            with acting(at_shell()):
                return super().execute(*args, **options)
        except DatabaseError as error:
            if lasting_problem(error) != NO_TABLES:
                raise
            said = str(error).partition("\n")[0]
            raise CommandError(f"{capfirst(NO_TABLES)} first: {said}") from None
