"""`manage.py rotate_secrets`: another key for the stored secrets."""

from typing import Any

from django.core.management.base import CommandError, CommandParser

from devices import keyring
from devices.domain import secrets
from t3000.management.as_somebody import RecordedCommand


class Command(RecordedCommand):
    help = "Makes a new key and encrypts every stored secret with it."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--lost",
            action="store_true",
            help="the key is lost for good: empty the secrets that nobody can read any more",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            done = secrets.give_up() if options["lost"] else self._rotate()
        except keyring.KeyProblem as error:
            raise CommandError(str(error)) from None
        for name, count in done.encrypted.items():
            self.stdout.write(f"{name}: {count} encrypted anew")
        for name, count in done.lost.items():
            self.stdout.write(f"{name}: {count} lost; they have to be entered again")
        self.stdout.write(
            f"The secrets are encrypted with the first key of {keyring.place()} "
            f"(fingerprint {keyring.fingerprints()[0]}). Back it up, apart from the database."
        )

    def _rotate(self) -> secrets.Rotation:
        if not keyring.is_a_file() and len(keyring.keys()) < 2:
            raise CommandError(
                f"{keyring.VARIABLE} holds one key, which the secrets are encrypted with. Put a "
                "new one and a comma before it, wherever it is set, and start this again: "
                f"{keyring.VARIABLE}=NEW,OLD. docs/secrets.md says how to make one."
            )
        return secrets.rotate()
