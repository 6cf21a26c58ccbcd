"""Makes a token for a program, or ends those that there are."""

from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from devices.domain import tokens

LONGEST = 36500  # days


class Command(BaseCommand):
    help = "Makes a token for the REST API and prints it, once. The program then acts as this user."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "--days", type=int, metavar="N", help="how long it holds; without: until revoked"
        )
        parser.add_argument(
            "--revoke", action="store_true", help="end all tokens of the user instead"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        username, days = options["username"], options["days"]
        if days is not None and not 1 <= days <= LONGEST:
            raise CommandError(f"--days {days}: choose 1 to {LONGEST}.")
        try:
            if options["revoke"]:
                self.stdout.write(f"Ended {tokens.revoke(username)} tokens of {username}.")
            else:
                lifetime = timedelta(days=days) if days is not None else None
                self.stdout.write(tokens.make(tokens.active_user(username), lifetime))
        except tokens.NoSuchUser as error:
            raise CommandError(str(error)) from None
