"""Commands that people type and that change what is recorded."""

from typing import Any

from django.core.management.base import BaseCommand

from devices.models.acting import acting, at_shell


class RecordedCommand(BaseCommand):
    """What it changes is put down to who types it."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        with acting(at_shell()):
            return super().execute(*args, **options)
