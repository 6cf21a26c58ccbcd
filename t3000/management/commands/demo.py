"""`manage.py demo`: the simulated building, and the site that shows it."""

from argparse import ArgumentParser
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import DatabaseError, connection

from protocols.simulator.demo import FIRST_ADDRESS, demo_building
from protocols.simulator.hosts import Host
from protocols.simulator.processes import SimulatedBuilding
from t3000.domain.demo import create_demo_site
from t3000.management.commands.simulate import Command as Simulate


class Command(Simulate):
    help = "Simulates the demo building, and makes the demo site, which finds its devices."

    def add_network_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--first-address", default=FIRST_ADDRESS, help="of the first device")

    def network(self, options: Mapping[str, Any]) -> Sequence[Host]:
        return demo_building(port=options["port"], first_address=options["first_address"])

    def handle(self, *args: Any, **options: Any) -> None:
        self._port = options["port"]
        super().handle(*args, **options)

    def _announce(self, building: SimulatedBuilding) -> None:
        super()._announce(building)
        try:
            create_demo_site(self._port)
        except DatabaseError as error:
            self.stderr.write(f"The demo site could not be made: {error}")
        finally:
            connection.close()
