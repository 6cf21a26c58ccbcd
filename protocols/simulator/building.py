"""The rooms of a building: the physics of zones and the program of the floor that heats them.

Pure: no clock, no I/O, no BACnet. What a floor needs of the plant room (heating water, supply
air) it takes from the functions of `weather`, as its process cannot see the others.
"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from protocols.simulator import weather
from protocols.simulator.weather import DAY, HOUR, MINUTE, approach, clamp

AUTO, COMFORT, NIGHT = 1, 2, 3  # a floor's modes; its fourth, off, keeps the frost out only


def pieces(dt: float) -> Iterator[float]:
    """Cuts a long time into steps of a minute at most, short enough for every plant here."""
    steps = max(1, math.ceil(min(dt, DAY) / MINUTE))
    return (min(dt, DAY) / steps for _ in range(steps))


@dataclass(slots=True)
class PiLoop:
    """A proportional-integral controller with an output of 0 to 100 %."""

    gain: float  # percent per unit of error
    reset: float  # seconds
    integral: float = 0.0

    def output(self, error: float, dt: float) -> float:
        # A program that runs seldom must not jump: the integral counts two minutes at most.
        change = self.gain * error * min(dt, 2 * MINUTE) / self.reset
        self.integral = clamp(self.integral + change, 0, 100)
        return clamp(self.gain * error + self.integral, 0, 100)


@dataclass(slots=True)
class Zone:
    """One room: a capacity of heat between outdoors, radiator, supply air, sun and people."""

    number: str
    temperature: float = 21.0
    glazing: float = 0.8  # square metres of window, facing the sun
    desks: float = 1.0  # of what an average room has
    co2: float = 450.0
    heating: PiLoop = field(default_factory=lambda: PiLoop(gain=25, reset=HOUR))

    LOSS = 35.0  # W/K to outdoors
    OPEN_WINDOW = 60.0  # W/K more
    RADIATOR = 30.0  # W/K with the valve open
    FRESH_AIR = 40.0  # W/K with the damper open
    CAPACITY = 1.5e6  # J/K
    OUTDOOR_CO2 = 420.0

    def window_open(self, moment: float) -> bool:
        """Somebody airs the room now and then."""
        return weather.people(moment) > 0.2 and weather.wobble(self.number, moment / 200) > 0.7

    def step(self, dt: float, moment: float, *, valve: float, damper: float) -> None:
        """Lets time pass with valve and damper open to a share of 0 to 1."""
        window = self.OPEN_WINDOW if self.window_open(moment) else 0.0
        flows = (
            (self.LOSS + window, weather.outdoor_temperature(moment)),
            (self.RADIATOR * valve, weather.nominal_flow_temperature(moment)),
            (self.FRESH_AIR * damper, 19.0),
        )
        people = self.desks * weather.people(moment)
        gains = 300 * people + self.glazing * weather.sunshine(moment)
        conductance = sum(share for share, _ in flows)
        balance = (sum(share * there for share, there in flows) + gains) / conductance
        self.temperature = approach(self.temperature, balance, dt, self.CAPACITY / conductance)
        self._breathe(dt, moment, damper + (1.5 if window else 0))

    def _breathe(self, dt: float, moment: float, openness: float) -> None:
        air_changes = 1 + 3 * openness
        balance = self.OUTDOOR_CO2 + 1800 * self.desks * weather.people(moment) / air_changes
        self.co2 = approach(self.co2, balance, dt, 1.5 * HOUR / air_changes)


class Floor:
    """Some zones with one heating circuit. Labels: "Z101-T" of zone 101, "F1-PUMP" of floor 1."""

    FROST_SETPOINT = 8.0

    def __init__(self, moment: float, *, floor: str, zones: Sequence[str]) -> None:
        self.floor = floor
        start = 21.3 if weather.occupied(moment) else 18.5
        # Each room is a little sunnier and a little emptier than the one before it.
        self.zones = [
            Zone(number, temperature=start, glazing=0.4 + 0.35 * place, desks=1.2 - 0.2 * place)
            for place, number in enumerate(zones)
        ]

    def program(self, dt: float, moment: float, points: Mapping[str, float]) -> dict[str, float]:
        occupied = bool(points[f"{self.floor}-OCC"])
        commands = {f"{self.floor}-OCC": float(weather.occupied(moment))}
        for zone in self.zones:
            commands |= self._zone_program(zone, dt, points)
        valves = [points[f"Z{zone.number}-VLV"] for zone in self.zones]
        commands[f"{self.floor}-PUMP"] = float(max(valves) > 5)
        commands[f"{self.floor}-LGT"] = float(occupied)
        return commands

    def _zone_program(self, zone: Zone, dt: float, points: Mapping[str, float]) -> dict[str, float]:
        name = f"Z{zone.number}"
        occupied = bool(points[f"{self.floor}-OCC"])
        error = points[f"{name}-SPE"] - zone.temperature
        airing = clamp(20 + (zone.co2 - 600) / 5, 20, 100) if occupied else 0.0
        return {
            f"{name}-SPE": self._setpoint(name, points),
            f"{name}-VLV": zone.heating.output(error, dt),
            f"{name}-DMP": airing,
        }

    def _setpoint(self, name: str, points: Mapping[str, float]) -> float:
        mode = points[f"{self.floor}-MODE"]
        if mode == COMFORT or (mode == AUTO and points[f"{self.floor}-OCC"]):
            return points[f"{name}-SPO"]
        if mode in (AUTO, NIGHT):
            return points[f"{name}-SPN"]
        return self.FROST_SETPOINT

    def step(self, dt: float, moment: float, points: Mapping[str, float]) -> None:
        pump = points[f"{self.floor}-PUMP"]
        for zone in self.zones:
            valve = clamp(points[f"Z{zone.number}-VLV"] / 100, 0, 1) if pump else 0.0
            damper = clamp(points[f"Z{zone.number}-DMP"] / 100, 0, 1)
            for piece in pieces(dt):
                zone.step(piece, moment, valve=valve, damper=damper)

    def sense(self, moment: float) -> dict[str, float]:
        mean = sum(zone.temperature for zone in self.zones) / len(self.zones)
        seen = {
            f"{self.floor}-FLOW": weather.nominal_flow_temperature(moment) - 1,
            f"{self.floor}-RH": clamp(45 + 0.3 * (weather.outdoor_humidity(moment) - 70), 20, 70)
            - (mean - 20),
        }
        for zone in self.zones:
            seen[f"Z{zone.number}-T"] = zone.temperature
            seen[f"Z{zone.number}-CO2"] = zone.co2
            seen[f"Z{zone.number}-WIN"] = float(zone.window_open(moment))
        return seen
