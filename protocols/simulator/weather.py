"""Simulated time, weather and occupancy, as pure functions of time.

Every process computes the same from the same moment, so the devices of a building agree without
talking to each other. A moment is a number of simulated seconds since a Monday, 00:00. There are
no seasons: it is always a week in March, when heating, sun and fresh air all have work to do.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from zlib import crc32

MINUTE = 60.0
HOUR = 3600.0
DAY = 86400.0

# Monday 2024-01-01 00:00 UTC. Fixed, so that a restarted device comes back into the same weather.
ANCHOR = 1704067200.0


@dataclass(frozen=True, slots=True)
class Clock:
    """Turns wall time into simulated time, `speed` times as fast."""

    speed: float = 60.0
    wall: Callable[[], float] = time.time

    def now(self) -> float:
        return (self.wall() - ANCHOR) * self.speed


def clamp(value: float, low: float, high: float) -> float:
    return max(low, min(value, high))


def approach(value: float, target: float, dt: float, time_constant: float) -> float:
    """Where a first-order lag is after `dt` seconds. Exact, so never unstable for a long dt."""
    return target + (value - target) * math.exp(-dt / time_constant)


def hour_of_day(moment: float) -> float:
    return moment % DAY / HOUR


def occupied(moment: float) -> bool:
    """Whether the building is in use: weekdays from 7 to 18."""
    return moment // DAY % 7 < 5 and 7 <= hour_of_day(moment) < 18


def people(moment: float) -> float:
    """The share of people who are in, 0 to 1: they come from 7 to 9, leave from 16 to 18."""
    if not occupied(moment):
        return 0.0
    hour = hour_of_day(moment)
    lunch = 0.4 * math.exp(-(((hour - 12.5) / 0.5) ** 2))
    return clamp(min((hour - 7) / 2, (18 - hour) / 2), 0, 1) * (1 - lunch)


def clouds(moment: float) -> float:
    """Cloud cover, 0 to 1."""
    slow = math.sin(math.tau * moment / (1.3 * DAY) + 1)
    fast = math.sin(math.tau * moment / (5.1 * HOUR))
    return clamp(0.5 + 0.4 * slow + 0.2 * fast, 0, 1)


def outdoor_temperature(moment: float) -> float:
    """Degrees Celsius, from -5 to 15: coldest at 3, warmest at 15 o'clock."""
    day_curve = 4 * math.cos(math.tau * (hour_of_day(moment) - 15) / 24)
    drift = 4 * math.sin(math.tau * moment / (4.3 * DAY))
    drift += 2 * math.sin(math.tau * moment / (1.7 * DAY) + 2)
    return 5 + day_curve + drift


def outdoor_humidity(moment: float) -> float:
    """Percent, falling as the air warms."""
    return clamp(72 - 2 * (outdoor_temperature(moment) - 5) + 14 * (clouds(moment) - 0.5), 25, 100)


def dew_point(temperature: float, humidity: float) -> float:
    """Degrees Celsius, by Magnus' formula."""
    gamma = math.log(max(humidity, 1) / 100) + 17.62 * temperature / (243.12 + temperature)
    return 243.12 * gamma / (17.62 - gamma)


def sunshine(moment: float) -> float:
    """Watts per square metre on the level ground."""
    height = math.sin(math.pi * (hour_of_day(moment) - 6.5) / 11.5)
    daytime = 6.5 <= hour_of_day(moment) <= 18
    return 650 * height * (1 - 0.75 * clouds(moment)) if daytime else 0.0


def rain(moment: float) -> float:
    """Millimetres per hour, from thick clouds only."""
    return max(0.0, clouds(moment) - 0.8) * 12


def wind_speed(moment: float) -> float:
    """Metres per second."""
    gusts = math.sin(math.tau * moment / (40 * MINUTE))
    return 4 + 2 * math.sin(math.tau * moment / (0.9 * DAY)) + gusts


def wind_direction(moment: float) -> float:
    """Degrees from north; mostly a west wind."""
    return 250 + 60 * math.sin(math.tau * moment / (2.1 * DAY))


def air_pressure(moment: float) -> float:
    """Hectopascals."""
    return 1008 + 9 * math.sin(math.tau * moment / (3.7 * DAY) + 4)


def heating_curve(outdoor: float, cold: float, warm: float) -> float:
    """The flow temperature for an outdoor one: `cold` at -10 degrees, `warm` at +15."""
    return warm + (cold - warm) * clamp((15 - outdoor) / 25, 0, 1)


def nominal_flow_temperature(moment: float) -> float:
    """The heating water as the boiler house delivers it when nobody has touched its setpoints.

    Zones and air handler use this, as their processes cannot see the boiler's.
    """
    return heating_curve(outdoor_temperature(moment), cold=70, warm=38)


def heat_demand(moment: float) -> float:
    """How much heat the building takes, 0 to 1, most of it in the morning."""
    base = clamp((19 - outdoor_temperature(moment)) / 30, 0, 1)
    morning = 0.25 * math.exp(-(((hour_of_day(moment) - 7.5) / 1.5) ** 2))
    return clamp(base * (0.8 if occupied(moment) else 0.6) + morning, 0, 1)


def wobble(label: str, seconds: float) -> float:
    """Smooth sensor noise from -1 to 1, different for every label and the same for everybody."""
    phase = crc32(label.encode()) / 2**32 * math.tau
    waves = ((0.5, 11.0), (0.3, 29.0), (0.2, 71.0))
    return sum(part * math.sin(math.tau * seconds / period + phase) for part, period in waves)
