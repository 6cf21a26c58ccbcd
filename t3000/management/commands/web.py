"""`manage.py web`: pages and sockets alone, for a site of several processes."""

from argparse import ArgumentParser
from typing import Any

from django.core.management import CommandError
from django.core.management.base import BaseCommand


class Command(BaseCommand):
    help = "Serves pages and live sockets. The field, worker and beat processes do the rest."
    requires_system_checks = ()  # `manage.py prepare` made them

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR")

    def handle(self, *args: Any, **options: Any) -> None:
        # daphne installs Twisted's reactor when it is imported: only a server process may.
        from t3000.server import check_port, make_server, url_of

        bind, port = options["bind"], options["port"]
        try:
            check_port(bind, port)
        except ValueError as error:
            raise CommandError(str(error)) from error
        server = make_server(
            bind, port, on_ready=lambda: self.stdout.write(f"Serving on {url_of(bind, port)}")
        )
        server.run()
        if not server.listening_addresses:
            raise CommandError(f"Port {port} on {bind} could not be opened.")
