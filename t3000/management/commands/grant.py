"""Gives somebody a role, at a site or at all: also where nobody can sign in who could."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError

from devices.domain import accounts, tokens
from devices.domain.errors import NotPossible
from devices.enums import Role
from devices.models import Site
from t3000.management.as_somebody import RecordedCommand

NONE = "none"
WORDS = [role.word for role in Role]


class Command(RecordedCommand):
    help = "Gives a user a role, at a site or at all of them, instead of the one that there is."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("username")
        parser.add_argument(
            "role", choices=[*WORDS, NONE], help=f"{NONE} takes the role at the site away"
        )
        parser.add_argument("--site", metavar="NAME", help="at this site; without: at all sites")

    def handle(self, *args: Any, **options: Any) -> None:
        word, site = options["role"], self._site(options["site"])
        try:
            user = tokens.known_user(options["username"])
            accounts.grant(user, None if word == NONE else Role.named(word), site)
        except (tokens.NoSuchUser, NotPossible) as error:
            raise CommandError(str(error)) from None
        where = f"at {site}" if site else "at all sites"
        said = f"has no role {where} of its own" if word == NONE else f"is {word} {where}"
        self.stdout.write(f"{user} {said}.")

    def _site(self, name: str | None) -> Site | None:
        if name is None:
            return None
        site: Site | None = Site.objects.filter(name=name).first()
        if site is None:
            names = ", ".join(Site.objects.values_list("name", flat=True)) or "none"
            raise CommandError(f"There is no site {name}; there are: {names}.")
        return site
