"""The plant room of a building: air handler and boiler house, and the weather station on its roof.

Pure: no clock, no I/O, no BACnet. Each class is the physics and the control program of one
device; the building around it is `weather`'s nominal one, as its process cannot see the others.
"""

import math
from collections.abc import Mapping

from protocols.simulator import weather
from protocols.simulator.building import PiLoop, pieces
from protocols.simulator.weather import DAY, HOUR, MINUTE, approach, clamp

OFF, RUN_AUTO, RUN_ON = 1, 2, 3  # the modes of air handler and boiler


class AirHandler:
    """Fans, mixing dampers and a heating coil that keep duct pressure and supply temperature."""

    FROST_TEMPERATURE = 4.0
    IDLE, HEATING, VENTILATING, FROST_GUARD = 1, 2, 3, 4  # states of AHU-STEP

    def __init__(self, moment: float) -> None:
        running = weather.occupied(moment)
        self.supply_speed = 0.75 if running else 0.0  # of full
        self.return_speed = 0.7 if running else 0.0
        self.mixed = 14.0
        self.supply = 18.5
        self.coil_return = 30.0
        self.pressure_loop = PiLoop(gain=0.05, reset=2 * MINUTE, integral=75.0 if running else 0)
        self.heating_loop = PiLoop(gain=4, reset=5 * MINUTE, integral=20)

    @property
    def pressure(self) -> float:
        """Pascals in the supply duct."""
        return 450 * self.supply_speed**2

    @property
    def airflow(self) -> float:
        """Cubic metres an hour."""
        return 9000 * self.supply_speed

    @staticmethod
    def room_air(moment: float) -> float:
        return 20.5 + 1.5 * weather.people(moment)

    def filter_resistance(self, moment: float) -> float:
        """Pascals at the present airflow. The filters clog for two weeks; then they are new."""
        clogged = moment % (14 * DAY) / (14 * DAY)
        return (80 + 140 * clogged) * math.pow(self.supply_speed, 1.5)

    def program(self, dt: float, moment: float, points: Mapping[str, float]) -> dict[str, float]:
        mode = points["AHU-MODE"]
        run = mode == RUN_ON or (mode == RUN_AUTO and bool(points["AHU-OCC"]))
        freezing = self.supply < self.FROST_TEMPERATURE
        commands = {
            "AHU-OCC": float(weather.occupied(moment)),
            "SA-SPE": points["SA-SP"] + clamp((5 - weather.outdoor_temperature(moment)) / 5, 0, 2),
        }
        commands |= self._fan_program(dt, points, run=run)
        commands |= self._coil_program(dt, moment, points, run=run, freezing=freezing)
        heating = commands["HC-VLV"] > 3
        step = self.IDLE if not run else self.HEATING if heating else self.VENTILATING
        return commands | {"AHU-STEP": float(self.FROST_GUARD if freezing else step)}

    def _fan_program(
        self, dt: float, points: Mapping[str, float], *, run: bool
    ) -> dict[str, float]:
        if not run:
            self.pressure_loop.integral = 0.0
            return {"SF-CMD": 0, "RF-CMD": 0, "SF-SPD": 0, "RF-SPD": 0}
        speed = max(20.0, self.pressure_loop.output(points["SA-P-SP"] - self.pressure, dt))
        return {"SF-CMD": 1, "RF-CMD": 1, "SF-SPD": speed, "RF-SPD": 0.93 * speed}

    def _coil_program(
        self,
        dt: float,
        moment: float,
        points: Mapping[str, float],
        *,
        run: bool,
        freezing: bool,
    ) -> dict[str, float]:
        valve = self.heating_loop.output(points["SA-SPE"] - self.supply, dt) if run else 0.0
        fresh = points["OA-MIN"]
        if valve < 1 and weather.outdoor_temperature(moment) < self.room_air(moment):
            fresh += 8 * max(0.0, self.supply - points["SA-SPE"])  # free cooling
        fresh = clamp(fresh, 0, 100) if run and not freezing else 0.0
        valve = 100.0 if freezing else valve
        cold = weather.outdoor_temperature(moment) < 3
        return {
            "HC-VLV": valve,
            "HC-PMP": float(valve > 3 or cold),
            "OA-DMP": fresh,
            "RA-DMP": 100 - fresh,
            "EA-DMP": fresh,
        }

    def step(self, dt: float, moment: float, points: Mapping[str, float]) -> None:
        supply_target = clamp(points["SF-SPD"] / 100, 0, 1) if points["SF-CMD"] else 0.0
        return_target = clamp(points["RF-SPD"] / 100, 0, 1) if points["RF-CMD"] else 0.0
        for piece in pieces(dt):
            self.supply_speed = approach(self.supply_speed, supply_target, piece, 20)
            self.return_speed = approach(self.return_speed, return_target, piece, 20)
            self._heat(piece, moment, points)

    def _heat(self, dt: float, moment: float, points: Mapping[str, float]) -> None:
        fresh = clamp(points["OA-DMP"], 0, 100)
        room = clamp(points["RA-DMP"], 0, 100)
        share = fresh / (fresh + room) if fresh + room > 0 else 0.0
        outdoor, indoor = weather.outdoor_temperature(moment), self.room_air(moment)
        self.mixed = approach(self.mixed, indoor + share * (outdoor - indoor), dt, 90)
        hot = weather.nominal_flow_temperature(moment)
        valve = clamp(points["HC-VLV"] / 100, 0, 1) if points["HC-PMP"] else 0.0
        coil = 0.45 * valve
        if self.supply_speed > 0.05:
            self.supply = approach(self.supply, self.mixed + coil * (hot - self.mixed), dt, 90)
        else:  # still air takes the temperature of the plant room and a little of the coil's
            self.supply = approach(self.supply, 18 + coil * (hot - 18) / 2, dt, HOUR / 2)
        target = self.mixed + (hot - self.mixed) * (0.35 + 0.4 * valve)
        self.coil_return = approach(self.coil_return, target, dt, 2 * MINUTE)

    def sense(self, moment: float) -> dict[str, float]:
        indoor = self.room_air(moment)
        resistance = self.filter_resistance(moment)
        return {
            "OA-T": weather.outdoor_temperature(moment),
            "MA-T": self.mixed,
            "SA-T": self.supply,
            "RA-T": indoor,
            "EA-T": indoor - 0.3 - 0.5 * self.return_speed,
            "SA-RH": clamp(52 - 1.5 * (self.supply - 18), 10, 95),
            "RA-CO2": 420 + 480 * weather.people(moment) / (0.6 + 0.4 * self.supply_speed),
            "SA-P": self.pressure,
            "FLT-DP": resistance,
            "SA-FLOW": self.airflow,
            "HC-RW-T": self.coil_return,
            "SF-AMP": 0.2 + 11 * self.supply_speed**3,
            "SF-STAT": float(self.supply_speed > 0.1),
            "RF-STAT": float(self.return_speed > 0.1),
            "FLT-DRTY": float(resistance > 130),
            "FRZ-STAT": float(self.supply < self.FROST_TEMPERATURE),
            "SMOKE": 0.0,
        }


class BoilerHouse:
    """A gas boiler that follows the heating curve, two pumps, a mixed circuit and hot water."""

    POWER = 60_000.0  # W
    WATER = 3.0e6  # J/K
    LIMIT_TEMPERATURE = 95.0  # the safety thermostat locks the burner; it unlocks itself 15 K lower
    BOILING = 105.0

    def __init__(self, moment: float) -> None:
        self.setpoint = weather.nominal_flow_temperature(moment)
        self.flow = self.setpoint
        self.returned = self.setpoint - 8
        self.flue = 60.0
        self.mixed = 36.0
        self.tank = 55.0
        self.burning = False
        self.locked = False
        self.turning = (False, False)  # the pumps
        # A five-digit meter that was read before: a restart carries on about where it was.
        self.gas = 2.1 * moment / HOUR % 100_000
        self.mixing_loop = PiLoop(gain=2, reset=10 * MINUTE, integral=50)

    def program(self, dt: float, moment: float, points: Mapping[str, float]) -> dict[str, float]:
        mode = points["BLR-MODE"]
        heating = mode == RUN_ON or (mode == RUN_AUTO and not points["SUMMER"])
        outdoor = weather.outdoor_temperature(moment)
        curve = weather.heating_curve(outdoor, points["CRV-COLD"], points["CRV-WARM"])
        charging = self._charging(points)
        setpoint = max(points["HW-SP"], points["DHW-SP"] + 8 if charging else 0)
        lead, other = ("P1-CMD", "P2-CMD") if points["P-LEAD"] == 1 else ("P2-CMD", "P1-CMD")
        mixing = self.mixing_loop.output(points["MIX-SP"] - self.mixed, dt) if heating else 0.0
        return {
            "HW-SP": curve,
            "SUMMER": float(outdoor > 17),
            "BLR-CMD": float(mode != OFF and self._burner(setpoint, points, wanted=heating)),
            lead: float(heating),
            other: float(heating and outdoor < -2),
            "DHW-PMP": float(charging and self.flow > self.tank),
            "MIX-VLV": mixing,
        }

    def _burner(self, setpoint: float, points: Mapping[str, float], *, wanted: bool) -> bool:
        half = points["HYST"] / 2
        if not wanted and not self._charging(points):
            return False
        if points["BLR-CMD"]:
            return self.flow < setpoint + half
        return self.flow < setpoint - half

    def _charging(self, points: Mapping[str, float]) -> bool:
        margin = 0.0 if points["DHW-PMP"] else 5.0
        return self.tank < points["DHW-SP"] - margin

    def step(self, dt: float, moment: float, points: Mapping[str, float]) -> None:
        self.setpoint = points["HW-SP"]
        self.turning = (bool(points["P1-CMD"]), bool(points["P2-CMD"]))
        for piece in pieces(dt):
            self._burn(piece, wanted=bool(points["BLR-CMD"]))
            self._circulate(piece, moment, charging=bool(points["DHW-PMP"]))
            self._mix(piece, clamp(points["MIX-VLV"] / 100, 0, 1))

    def _burn(self, dt: float, *, wanted: bool) -> None:
        if self.flow >= self.LIMIT_TEMPERATURE:
            self.locked = True
        elif self.flow < self.LIMIT_TEMPERATURE - 15:
            self.locked = False
        self.burning = wanted and not self.locked
        self.flue = approach(self.flue, 145 if self.burning else self.flow - 5, dt, 4 * MINUTE)
        rate = 5.8 if self.burning else 0.3  # cubic metres an hour; the kitchen never sleeps
        self.gas = (self.gas + rate * dt / HOUR) % 100_000

    def _circulate(self, dt: float, moment: float, *, charging: bool) -> None:
        pumps = sum(self.turning)
        load = (0.0, 1.0, 1.2)[pumps] * 1600 * weather.heat_demand(moment)
        tank = 700.0 if charging else 0.0
        conductance = 15 + load + tank  # W/K to the boiler room, the building and the tank
        power = self.POWER if self.burning else 0.0
        balance = ((15 + load) * 20 + tank * self.tank + power) / conductance
        flow = approach(self.flow, balance, dt, self.WATER / conductance)
        self.flow = min(flow, self.BOILING)  # the safety valve blows
        drop = load * (self.flow - 20) / 3350 if pumps else 0.0
        self.returned = approach(self.returned, max(20.0, self.flow - drop), dt, 3 * MINUTE)
        hot_water = 0.3 + weather.people(moment)  # what the taps draw
        supply = 10.0 if charging else 0.0
        target = (hot_water * 12 + supply * self.flow) / (hot_water + supply)
        self.tank = approach(self.tank, target, dt, 12 * HOUR / (hot_water + supply))

    def _mix(self, dt: float, valve: float) -> None:
        # The floor gives back water of 25 degrees; without a pump it just cools.
        target = 25 + valve * (self.flow - 25) if any(self.turning) else 22.0
        self.mixed = approach(self.mixed, target, dt, 3 * MINUTE)

    def sense(self, moment: float) -> dict[str, float]:
        return {
            "OA-T": weather.outdoor_temperature(moment),
            "HW-S-T": self.flow - 0.4,
            "HW-R-T": self.returned,
            "BLR-T": self.flow,
            "FLUE-T": self.flue,
            "MIX-T": self.mixed,
            "DHW-T": self.tank,
            "HW-P": 1.5 + 0.006 * (self.flow - 20),
            "GAS-M3": self.gas,
            "GAS-KW": 62.0 if self.burning else 0.6,
            "BLR-STAT": float(self.burning),
            "BLR-ALM": float(self.locked),
            "P1-STAT": float(self.turning[0]),
            "P2-STAT": float(self.turning[1]),
        }


class WeatherStation:
    """The weather as a roof-top station of another vendor reports it. It has no program."""

    CLEAR, CLOUDY, RAINING = 1, 2, 3  # states of SKY

    def __init__(self, _moment: float) -> None:
        """As every plant is made."""

    def program(self, _dt: float, moment: float, _points: Mapping[str, float]) -> dict[str, float]:
        return {"SIM-HOUR": weather.hour_of_day(moment)}

    def step(self, _dt: float, _moment: float, _points: Mapping[str, float]) -> None:
        """Nothing here has a memory."""

    def sense(self, moment: float) -> dict[str, float]:
        temperature = weather.outdoor_temperature(moment)
        humidity = weather.outdoor_humidity(moment)
        falling = weather.rain(moment)
        cloudy = self.CLOUDY if weather.clouds(moment) > 0.4 else self.CLEAR
        return {
            "OA-T": temperature,
            "OA-RH": humidity,
            "OA-DEW": weather.dew_point(temperature, humidity),
            "SOLAR": weather.sunshine(moment),
            "WIND": max(0.0, weather.wind_speed(moment)),
            "WIND-DIR": weather.wind_direction(moment) % 360,
            "BARO": weather.air_pressure(moment),
            "RAINING": float(falling > 0),
            "DAYLIGHT": float(weather.sunshine(moment) > 5),
            "SKY": float(self.RAINING if falling > 0 else cloudy),
        }
