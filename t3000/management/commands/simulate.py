"""`manage.py simulate`: the demo building's devices, as BACnet/IP and Modbus TCP servers on
this machine.

Needs neither database nor models. The only production code that knows the simulator.
"""

import logging
import os
import signal
import threading
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from protocols.simulator.demo import FIRST_ADDRESS, PORT, demo_building
from protocols.simulator.processes import SimulatedBuilding, StartError
from protocols.simulator.spec import DeviceSpec

logger = logging.getLogger(__name__)

STDIN = 0  # its file descriptor
LOOK_SECONDS = 0.2  # how often the command looks whether it shall stop


class Command(BaseCommand):
    help = (
        "Simulates the demo building: five BACnet/IP and two Modbus TCP controllers on loopback "
        "addresses."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--speed", type=float, default=60.0, help="simulated seconds in a second (60)"
        )
        parser.add_argument("--port", type=int, default=PORT, help=f"UDP or TCP port ({PORT})")
        parser.add_argument(
            "--first-address", default=FIRST_ADDRESS, help=f"of the first device ({FIRST_ADDRESS})"
        )
        parser.add_argument(
            "--stop-on-stdin-eof",
            action="store_true",
            help="stop when the standard input ends: for a parent that holds a pipe",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self._stopping = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        if options["stop_on_stdin_eof"]:
            threading.Thread(target=self._stop_on_stdin_eof, name="stdin", daemon=True).start()
        try:
            specs = demo_building(port=options["port"], first_address=options["first_address"])
            building = SimulatedBuilding(specs, speed=options["speed"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._run(building)

    def _run(self, building: SimulatedBuilding) -> None:
        try:
            with building:
                self._announce(building)
                while not self._stopping:
                    self._log_ended(building)
        except StartError as error:
            raise CommandError(str(error)) from error

    def _announce(self, building: SimulatedBuilding) -> None:
        for spec in building.specs.values():
            self._say(_line(spec))
        points = sum(len(spec.points) for spec in building.specs.values())
        self._say(f"ready: {len(building.specs)} devices, {points} points")

    def _log_ended(self, building: SimulatedBuilding) -> None:
        """A dead device stays dead, as in the field: somebody may be testing just that."""
        for spec, code in building.ended(LOOK_SECONDS):
            if not self._stopping:  # else the signal went to all of us
                logger.warning("the process of %s (%s) ended: %s", spec.name, spec.instance, code)

    def _stop(self, *_signal: object) -> None:
        self._stopping = True

    def _stop_on_stdin_eof(self) -> None:
        # os.read, not sys.stdin: a thread inside its lock would abort the interpreter's exit.
        while os.read(STDIN, 1024):
            pass
        self._stop()

    def _say(self, line: str) -> None:
        try:
            self.stdout.write(line)
            self.stdout.flush()  # the reader may be a pipe
        except BrokenPipeError:  # whoever started us is gone
            self._stopping = True


def _line(spec: DeviceSpec) -> str:
    return (
        f"{spec.name:<18} {spec.place:<17} {spec.instance:>7}  {spec.model_name:<6}"
        f" {spec.protocol:<10}"
        f" {len(spec.points):>3} points"
    )
