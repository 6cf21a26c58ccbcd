"""The panel of these tests: nothing moves in it, what is read is what was set."""

from functools import partial

from protocols.simulator.flat import Drift
from protocols.simulator.spec import ObjectType, Point, Switch

STILL = partial(Drift, sensed=(), commanded=())
UNIT = 31
POINTS = (
    Point(ObjectType.ANALOG_INPUT, "RMTEMP", "Room temperature", 23.456, units="degrees-celsius"),
    Point(ObjectType.BINARY_INPUT, "WINDOW", "Window", 1, states=("Close", "Open")),
    Point(ObjectType.ANALOG_INPUT, "FROST", "Frost", -5.25, units="degrees-celsius"),
    Point(ObjectType.ANALOG_OUTPUT, "VALVE", "Valve", 45.5, units="percent"),
    Point(ObjectType.BINARY_OUTPUT, "LIGHT", "Light", 0, states=("Off", "On")),
    Point(ObjectType.ANALOG_OUTPUT, "BYHAND", "By hand", units="percent", switch=Switch.HAND),
    Point(ObjectType.BINARY_OUTPUT, "OFF", "Off", 1, states=("Off", "On"), switch=Switch.OFF),
    Point(ObjectType.ANALOG_VALUE, "SETP", "Setpoint", 21.5, units="degrees-celsius"),
    Point(ObjectType.BINARY_VALUE, "OCC", "Occupied", 1, states=("No", "Yes")),
)
