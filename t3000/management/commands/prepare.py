"""`manage.py prepare`: what must be in order before any process of the site starts."""

import os
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core import checks
from django.core.exceptions import ValidationError
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from devices import keyring, relay
from devices.domain.accounts import ADMINISTRATOR, create_first_administrator
from devices.domain.secrets import ready_key
from t3000.domain.demo import pause_demo_site
from t3000.management.as_somebody import RecordedCommand


class Command(RecordedCommand):
    help = "Checks the installation, brings the database up to date, makes the administrator."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--no-demo", dest="demo", action="store_false", help="the demo site rests"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        os.umask(0o077)  # the database holds password hashes
        self.check(fail_level=checks.WARNING)
        self._check_servers()
        self._close_to_others()
        self.stdout.write("Bringing the database up to date")
        call_command("migrate", verbosity=0)
        self._ready_key()
        self._make_administrator()
        if not options["demo"]:
            pause_demo_site()

    def _check_servers(self) -> None:
        try:
            connection.ensure_connection()
        except OperationalError as error:
            raise CommandError(f"DATABASE_URL: the database cannot be used. {error}") from error
        problem = relay.problem()
        if problem:
            raise CommandError(f"REDIS_URL: Redis cannot be used. {problem}")

    def _close_to_others(self) -> None:
        """A database that was copied back from a backup may be open to all."""
        if connection.vendor != "sqlite":
            return
        database = str(connection.settings_dict["NAME"])
        for path in (Path(database), Path(f"{database}-wal"), Path(f"{database}-shm")):
            if not path.is_file() or not path.stat().st_mode & 0o077:
                continue
            try:
                path.chmod(0o600)
            except OSError as error:
                raise CommandError(f"Others may read {path}: chmod 600 it. {error}") from error
            self.stdout.write(f"Others on this machine could read {path}; now they cannot.")

    def _ready_key(self) -> None:
        try:
            problem = ready_key()
        except keyring.KeyProblem as error:
            raise CommandError(str(error)) from error
        if problem:
            self.stderr.write(f"The site is served, but stored secrets cannot be used. {problem}")
        if keyring.is_open_to_others():
            self.stderr.write(f"Others on this machine may read {keyring.place()}: chmod 600 it.")

    def _make_administrator(self) -> None:
        given = os.environ.get("T3000_ADMIN_PASSWORD", "")
        try:
            password = create_first_administrator(given)
        except ValidationError as error:
            raise CommandError(f"T3000_ADMIN_PASSWORD: {' '.join(error.messages)}") from error
        if password and given:
            self.stdout.write(f"Made the administrator {ADMINISTRATOR} with the password given")
        elif password:
            self.stdout.write(
                f"Made the administrator. Sign in as  {ADMINISTRATOR}  with the password  "
                f"{password}  (shown this once)"
            )
