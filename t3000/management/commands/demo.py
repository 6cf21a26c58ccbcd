"""`manage.py demo`: the simulated building, and the site that shows it."""

from typing import Any

from django.db import DatabaseError, connection

from protocols.simulator.processes import SimulatedBuilding
from t3000.domain.demo import create_demo_site
from t3000.management.commands.simulate import Command as Simulate


class Command(Simulate):
    help = f"{Simulate.help} Makes the demo site, which finds them."

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
