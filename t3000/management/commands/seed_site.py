"""`manage.py seed_site`: a large made-up site."""

import time
from typing import Any

from django.core.management.base import CommandError, CommandParser
from django.utils import timezone

from devices.models import Site
from t3000.domain.seed import POINTS, seed_site
from t3000.management.as_somebody import RecordedCommand

MOST = 10_000


class Command(RecordedCommand):
    help = "Makes a site of T3 panels with 256 points each, which nobody polls: to try many out."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--devices", type=int, default=1000, metavar="N", help=f"1 to {MOST:,}; default: 1000"
        )
        parser.add_argument(
            "--name", default="Seeded site", help='of the new site; default: "Seeded site"'
        )

    def handle(self, *args: Any, **options: Any) -> None:
        devices, name = options["devices"], options["name"]
        if not 1 <= devices <= MOST:
            raise CommandError(f"--devices {devices}: choose 1 to {MOST:,}.")
        if Site.objects.filter(name=name).exists():
            raise CommandError(f'There is a site "{name}" already: choose another --name.')
        began = time.monotonic()
        seed_site(name, devices, timezone.now())
        points = devices * sum(POINTS.values())
        seconds = time.monotonic() - began
        self.stdout.write(f'"{name}": {devices:,} panels, {points:,} points in {seconds:.1f} s.')
