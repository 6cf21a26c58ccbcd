"""The tenant's rooms and the meters: the pieces of the building that its Modbus panels look after.

Pure, as `building` is.
"""

from collections.abc import Mapping

from protocols.simulator import weather
from protocols.simulator.building import PiLoop, Zone, pieces
from protocols.simulator.weather import HOUR, MINUTE, approach, clamp

WINDOW_LIGHT = 1.6  # lux in the room per W/m² outside
LAMPS = 420.0  # lux


class TenantRooms:
    """Two offices with heating and ventilation; lights come on with people, not in full sun."""

    ROOMS = ("E1", "E2")
    DARK, BRIGHT = 350.0, 700.0  # lux between which the lights stay as they are

    def __init__(self, moment: float) -> None:
        start = 21.2 if weather.occupied(moment) else 18.5
        self.zones = {
            "E1": Zone("E1", temperature=start, glazing=0.9, desks=1.2),
            "E2": Zone("E2", temperature=start, glazing=0.5, desks=0.8),
        }
        self.loops = {room: PiLoop(gain=25, reset=HOUR) for room in self.ROOMS}
        self.lit = dict.fromkeys(self.ROOMS, False)

    def program(self, dt: float, moment: float, points: Mapping[str, float]) -> dict[str, float]:
        occupied = bool(points["E-OCC"])
        setpoint = points["E-SPO"] if occupied else points["E-SPN"]
        commands = {"E-OCC": float(weather.occupied(moment)), "E-SPE": setpoint}
        for room in self.ROOMS:
            error = points["E-SPE"] - self.zones[room].temperature
            commands[f"{room}-VLV"] = self.loops[room].output(error, dt)
            daylight = self._daylight(room, moment)
            if not self._present(room, moment):
                commands[f"{room}-LGT"] = 0.0
            elif daylight < self.DARK or daylight > self.BRIGHT:
                commands[f"{room}-LGT"] = float(daylight < self.DARK)
        co2 = max(zone.co2 for zone in self.zones.values())
        commands["E-VAV"] = clamp(25 + (co2 - 600) / 5, 25, 100) if occupied else 0.0
        return commands

    def step(self, dt: float, moment: float, points: Mapping[str, float]) -> None:
        damper = clamp(points["E-VAV"] / 100, 0, 1)
        for room, zone in self.zones.items():
            self.lit[room] = bool(points[f"{room}-LGT"])
            valve = clamp(points[f"{room}-VLV"] / 100, 0, 1)
            for piece in pieces(dt):
                zone.step(piece, moment, valve=valve, damper=damper)

    def sense(self, moment: float) -> dict[str, float]:
        seen = {}
        for room, zone in self.zones.items():
            seen[f"{room}-T"] = zone.temperature
            seen[f"{room}-CO2"] = zone.co2
            lamps = LAMPS if self.lit[room] else 0.0
            seen[f"{room}-LUX"] = self._daylight(room, moment) + lamps
            seen[f"{room}-OCC"] = float(self._present(room, moment))
        return seen

    def _daylight(self, room: str, moment: float) -> float:
        return WINDOW_LIGHT * weather.sunshine(moment) * self.zones[room].glazing

    @staticmethod
    def _present(room: str, moment: float) -> bool:
        """Somebody is in: most of the working day, not all of it."""
        return weather.people(moment) > 0.15 and weather.wobble(room, moment / 300) > -0.6


class Meters:
    """The main switchboard: three phases, the tenants' energy meters, and what is shed when the
    building takes too much."""

    VOLTS = 231.0
    FLOORS = {"E-EAST": 0.4, "E-WEST": 0.6}  # whose share of the people's power

    def __init__(self, moment: float) -> None:
        # Meters were read before: a restart carries on about where they were.
        hours = moment % 1e8 / HOUR
        self.energy = {"E-EAST": 4.1 * hours, "E-WEST": 5.3 * hours}
        self.temperature = 23.0
        self.power = self._power(moment)

    def program(self, _dt: float, moment: float, points: Mapping[str, float]) -> dict[str, float]:
        total = sum(self.power.values())
        too_much = bool(points["SHED-EN"]) and total > points["LIM-KW"]
        enough = total < 0.85 * points["LIM-KW"]
        shed = {"SHED-1": 1.0} if too_much else {"SHED-1": 0.0} if enough else {}
        return {
            **{meter: round(energy, 1) for meter, energy in self.energy.items()},
            **shed,
            "P-KW": total,
            "FAN": float(self.temperature > points["FAN-SP"]),
        }

    def step(self, dt: float, moment: float, points: Mapping[str, float]) -> None:
        self.power = self._power(moment)
        if points["SHED-1"]:
            self.power["E-WEST"] *= 0.7
        for meter, kilowatts in self.power.items():
            self.energy[meter] += kilowatts * dt / HOUR
        cooled = 6.0 if points["FAN"] else 0.0
        balance = 21.0 + 0.35 * sum(self.power.values()) - cooled
        self.temperature = approach(self.temperature, balance, dt, 20 * MINUTE)

    def _power(self, moment: float) -> dict[str, float]:
        people = weather.people(moment)
        dark = clamp(1 - weather.sunshine(moment) / 400, 0, 1)
        return {
            meter: 2.2 + share * people * (26 + 9 * dark) + 0.6 * weather.wobble(meter, moment / 60)
            for meter, share in self.FLOORS.items()
        }

    def sense(self, moment: float) -> dict[str, float]:
        amps = sum(self.power.values()) * 1000 / 3 / self.VOLTS
        phases = {"L1-A": 1.04, "L2-A": 0.97, "L3-A": 0.99}
        return {
            **{phase: amps * share for phase, share in phases.items()},
            "MR-T": self.temperature,
            "LEAK": 0.0,
        }
