"""`manage.py serve`: the whole product in one process, with or without the simulated building."""

import fcntl
import os
import subprocess
import sys
import threading
from argparse import ArgumentParser
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.core.management import CommandError, call_command
from django.core.management.base import BaseCommand

from t3000.domain.demo import SIMULATOR_PORT


class Command(BaseCommand):
    help = "Serves the site, polls the field and runs all tasks in one process."
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=int, default=8000)
        parser.add_argument("--bind", default="127.0.0.1", metavar="ADDR")
        parser.add_argument(
            "--no-demo", dest="demo", action="store_false", help="no simulated building"
        )
        parser.add_argument(
            "--demo-port",
            type=int,
            default=SIMULATOR_PORT,
            help="UDP or TCP port of the simulated devices; the site itself takes the next UDP one",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # daphne installs Twisted's reactor when it is imported: only a server process may.
        from t3000.server import check_port

        os.umask(0o077)  # the database holds password hashes
        try:
            check_port(options["bind"], options["port"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        with _lock_data_dir(settings.DATA_DIR):
            call_command("prepare", demo=options["demo"], stdout=self.stdout)
            self._serve(options["bind"], options["port"], options)

    def _serve(self, bind: str, port: int, options: dict[str, Any]) -> None:
        from t3000.embedded import EmbeddedServer  # as above
        from t3000.server import url_of

        simulator = _Simulator(self, options["demo_port"]) if options["demo"] else None
        server = EmbeddedServer(
            bind=bind,
            port=port,
            on_ready=lambda: self.stdout.write(f"Serving on {url_of(bind, port)}"),
            on_stop=simulator.begin_stop if simulator is not None else lambda: None,
        )
        try:
            server.run()
        finally:
            if simulator is not None:
                simulator.stop()
        if not server.is_listening:
            raise CommandError(f"Port {port} on {bind} could not be opened.")
        self.stdout.write("Stopped")


class _Simulator:
    """The simulated building, in a process of its own that ends with this one however it ends:
    it holds the other side of our pipe."""

    def __init__(self, command: Command, port: int) -> None:
        self._command = command
        self._port = port
        self._stopping = False
        manage = Path(settings.BASE_DIR) / "manage.py"
        self._process = subprocess.Popen(
            [sys.executable, str(manage), "demo", "--stop-on-stdin-eof", "--port", str(port)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,  # Ctrl-C is for us; we end it in its turn
        )
        threading.Thread(target=self._follow, name="simulator", daemon=True).start()

    def _follow(self) -> None:
        for line in self._process.stdout or ():
            self._command.stdout.write(f"Simulator: {line.rstrip()}")
        if self._process.wait() and not self._stopping:
            self._command.stderr.write(
                "The simulated building has ended; the site goes on without it. Does another one "
                "run on this machine? Stop that and start again, or start with --no-demo."
            )

    def begin_stop(self) -> None:
        """Returns at once; the simulator ends by itself when its input does."""
        self._stopping = True
        if self._process.stdin is not None:
            self._process.stdin.close()

    def stop(self) -> None:
        self.begin_stop()
        try:
            self._process.wait(1.0)
        except subprocess.TimeoutExpired:
            self._process.kill()


def _lock_data_dir(folder: Path) -> IO[str]:
    """Held until the process ends. Two of us would take each other's polls: each has a broker of
    its own in memory."""
    lock = (folder / "serve.lock").open("w")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        raise CommandError(
            f"Another process serves the data in {folder}. Stop it, or choose another --data-dir."
        ) from None
    return lock
