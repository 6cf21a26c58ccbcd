"""Makes a token for a program, lists those that there are, or ends them."""

from datetime import datetime, timedelta
from typing import Any

from django.core.management.base import CommandError, CommandParser

from devices.domain import tokens
from t3000.management.as_somebody import RecordedCommand

ALL = -1


class Command(RecordedCommand):
    help = "Makes a token for the REST API and prints it, once. The program then acts as this user."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("--name", default="", help="which program it is for")
        parser.add_argument(
            "--days",
            type=int,
            default=tokens.LIFETIME.days,
            metavar="N",
            help=f"how long it holds; {tokens.LIFETIME.days} unless told",
        )
        parser.add_argument(
            "--until-revoked", action="store_true", help="it holds until it is revoked"
        )
        parser.add_argument("--list", action="store_true", help="list the tokens of the user")
        parser.add_argument(
            "--revoke",
            type=int,
            nargs="?",
            const=ALL,
            metavar="NUMBER",
            help="end this token of the user, by its number in the list; without one: all",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            if options["list"]:
                self._list(options["username"])
            elif options["revoke"] is not None:
                self._revoke(options["username"], options["revoke"])
            else:
                self._make(options)
        except (tokens.NoSuchUser, tokens.TooMany) as error:
            raise CommandError(str(error)) from None

    def _make(self, options: dict[str, Any]) -> None:
        days = options["days"]
        if not 1 <= days <= tokens.LONGEST:
            raise CommandError(
                f"--days {days}: choose 1 to {tokens.LONGEST}, or --until-revoked instead."
            )
        lifetime = tokens.UNTIL_REVOKED if options["until_revoked"] else timedelta(days=days)
        user = tokens.active_user(options["username"])
        made = tokens.make(user, name=options["name"], lifetime=lifetime)
        self.stdout.write(made)

    def _list(self, username: str) -> None:
        found = tokens.list_for(tokens.known_user(username))
        line = "{:>6}  {:<20}  {:<20}  {:<20}  {}"
        self.stdout.write(line.format("number", "made", "ends", "last used", "name").rstrip())
        for token in found:
            ends = _moment(token.expires_at) or "when it is revoked"
            used = _moment(token.used_at) or "never"
            where = f" (last used from {token.used_from})" if token.used_from else ""
            made = _moment(token.created_at)
            self.stdout.write(line.format(token.pk, made, ends, used, token.name + where).rstrip())

    def _revoke(self, username: str, number: int) -> None:
        user = tokens.known_user(username)
        if number == ALL:
            self.stdout.write(f"Ended {tokens.revoke_all(user)} tokens of {username}.")
            return
        token = tokens.list_for(user).filter(pk=number).first()
        if token is None:
            raise CommandError(f"{username} has no token {number}; --list tells their numbers.")
        tokens.revoke(token)
        self.stdout.write(f"Ended the token {number} of {username}.")


def _moment(when: datetime | None) -> str:
    return f"{when:%Y-%m-%d %H:%M} UTC" if when else ""
