"""`manage.py simulate`: devices on this machine, as BACnet/IP and Modbus TCP servers; those of the
demo building unless a profile says otherwise.

Needs neither database nor models. The only production code that knows the simulator.
"""

import logging
import os
import signal
import threading
from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from protocols.simulator.demo import FIRST_ADDRESS as DEMO_ADDRESS
from protocols.simulator.demo import PORT
from protocols.simulator.hosts import Host
from protocols.simulator.processes import SimulatedBuilding, StartError
from protocols.simulator.profiles import (
    COUNT,
    DEMO,
    FIRST_ADDRESS,
    POINTS,
    profile_lines,
    simulated_network,
)
from protocols.simulator.spec import DeviceSpec

logger = logging.getLogger(__name__)

STDIN = 0  # its file descriptor
LOOK_SECONDS = 0.2  # how often the command looks whether it shall stop


class Command(BaseCommand):
    help = (
        "Simulates devices on loopback addresses: the demo building of five BACnet/IP and two "
        "Modbus TCP controllers, or a network of another profile."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--speed", type=float, default=60.0, help="simulated seconds in a second (60)"
        )
        parser.add_argument("--port", type=int, default=PORT, help=f"UDP or TCP port ({PORT})")
        parser.add_argument(
            "--stop-on-stdin-eof",
            action="store_true",
            help="stop when the standard input ends: for a parent that holds a pipe",
        )

        self.add_network_arguments(parser)

    def add_network_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--profile", default=DEMO, help=f"what to simulate ({DEMO})")
        parser.add_argument("--count", type=int, help=f"devices of the profile ({COUNT})")
        parser.add_argument("--points", type=int, help=f"points of each device ({POINTS})")
        parser.add_argument(
            "--list-profiles", action="store_true", help="say what there is, and end"
        )
        parser.add_argument(
            "--first-address",
            help=f"of the first device ({DEMO_ADDRESS} of the demo, else {FIRST_ADDRESS})",
        )

    def handle(self, *_args: Any, **options: Any) -> None:
        self._stopping = False
        if options.get("list_profiles"):
            for line in profile_lines():
                self._say(line)
            return
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._stop)
        if options["stop_on_stdin_eof"]:
            threading.Thread(target=self._stop_on_stdin_eof, name="stdin", daemon=True).start()
        try:
            hosts = self.network(options)
            building = SimulatedBuilding(hosts, speed=options["speed"])
        except ValueError as error:
            raise CommandError(str(error)) from error
        self._run(building)

    def network(self, options: Mapping[str, Any]) -> Sequence[Host]:
        return simulated_network(
            options["profile"],
            count=options["count"],
            points=options["points"],
            first_address=options["first_address"],
            port=options["port"],
        )

    def _run(self, building: SimulatedBuilding) -> None:
        try:
            with building:
                self._announce(building)
                while not self._stopping:
                    self._log_ended(building)
        except StartError as error:
            raise CommandError(str(error)) from error

    def _announce(self, building: SimulatedBuilding) -> None:
        devices = 0
        points = 0
        for host in building.specs.values():
            for spec, place in zip(host.devices, host.places, strict=True):
                self._say(_line(spec, place))
                devices += 1
                points += len(spec.points)
        self._say(f"ready: {devices} devices, {points} points")

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


def _line(spec: DeviceSpec, place: str) -> str:
    speaks = spec.protocol if place == spec.place else "MS/TP"
    return (
        f"{spec.name:<18} {place:<17} {spec.instance:>7}  {spec.model_name:<6}"
        f" {speaks:<10}"
        f" {len(spec.points):>3} points"
    )
