"""BACnet objects as points: object types as kinds, properties as readings and texts."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from protocols.types import PointAddress, PointInfo, PointKind, Quality, Reading

KINDS: Mapping[str, PointKind] = {
    "analog-input": PointKind.INPUT,
    "binary-input": PointKind.INPUT,
    "multi-state-input": PointKind.INPUT,
    "analog-output": PointKind.OUTPUT,
    "binary-output": PointKind.OUTPUT,
    "multi-state-output": PointKind.OUTPUT,
    "analog-value": PointKind.VARIABLE,
    "binary-value": PointKind.VARIABLE,
    "multi-state-value": PointKind.VARIABLE,
}

# EngineeringUnits (135-2020 clause 21) as a technician writes them; others keep their name.
UNIT_SYMBOLS: Mapping[str, str] = {
    "no-units": "",
    "degrees-celsius": "°C",
    "degrees-fahrenheit": "°F",
    "degrees-kelvin": "K",
    "delta-degrees-kelvin": "K",
    "percent": "%",
    "percent-relative-humidity": "% RH",
    "parts-per-million": "ppm",
    "pascals": "Pa",
    "hectopascals": "hPa",
    "kilopascals": "kPa",
    "bars": "bar",
    "pounds-force-per-square-inch": "psi",
    "volts": "V",
    "millivolts": "mV",
    "amperes": "A",
    "milliamperes": "mA",
    "hertz": "Hz",
    "watts": "W",
    "kilowatts": "kW",
    "watts-per-square-meter": "W/m²",
    "kilowatt-hours": "kWh",
    "megawatt-hours": "MWh",
    "cubic-meters": "m³",
    "cubic-meters-per-hour": "m³/h",
    "cubic-feet-per-minute": "cfm",
    "liters-per-second": "L/s",
    "liters-per-minute": "L/min",
    "meters-per-second": "m/s",
    "kilometers-per-hour": "km/h",
    "millimeters": "mm",
    "luxes": "lx",
    "degrees-angular": "°",
    "revolutions-per-minute": "rpm",
    "seconds": "s",
    "minutes": "min",
    "hours": "h",
}

PRIORITIES = range(1, 17)
RELIABILITIES = {
    "over-range": Quality.OUT_OF_RANGE,
    "under-range": Quality.OUT_OF_RANGE,
}
LIVE_PROPERTIES = ("present-value", "status-flags")


def text_properties(object_type: str) -> tuple[str, ...]:
    """The properties that describe a point of this type."""
    common: tuple[str, ...] = ("object-name", "description")
    if object_type.endswith("value"):
        # There exactly where the object has a priority array, and much shorter than that.
        common += ("relinquish-default",)
    if object_type.startswith("analog"):
        return (*common, "units", "min-pres-value", "max-pres-value")
    if object_type.startswith("binary"):
        return (*common, "inactive-text", "active-text")
    return (*common, "state-text")


def point_info(address: PointAddress, properties: Mapping[str, Any]) -> PointInfo:
    """A point from its text properties; those that the device lacks are absent."""
    object_type = address.object_type
    if object_type.startswith("analog"):
        states: tuple[str, ...] = ()
    elif object_type.startswith("binary"):
        states = (
            str(properties.get("inactive-text") or "Off"),
            str(properties.get("active-text") or "On"),
        )
    else:
        states = tuple(str(text) for text in properties.get("state-text") or ())
    units = str(properties.get("units") or "no-units")
    return PointInfo(
        address=address,
        kind=KINDS[object_type],
        name=str(properties.get("object-name") or address),
        description=str(properties.get("description") or ""),
        units=UNIT_SYMBOLS.get(units, units.replace("-", " ")),
        states=states,
        writable=not object_type.endswith("input"),
        commandable=object_type.endswith("output") or "relinquish-default" in properties,
        low=_number(properties.get("min-pres-value")),
        high=_number(properties.get("max-pres-value")),
    )


def slots(priority_array: Any) -> dict[int, float]:
    """The filled slots of a Priority_Array, by priority (135-2020 clause 19.2). Empty is only
    what says so: anything else that is no number, be it an error instead of an element or an
    element that is not there, is NaN."""
    elements = dict(enumerate(priority_array, start=1))
    filled = {}
    for priority in PRIORITIES:
        element = elements.get(priority)
        choice = getattr(element, "_choice", None)
        if choice != "null":
            value = _number(getattr(element, choice)) if choice else None
            filled[priority] = math.nan if value is None else value
    return filled


def reading(
    address: PointAddress, present_value: Any, status_flags: Any, time: datetime
) -> Reading:
    """A reading from the two live properties. `status_flags` None: the device has none."""
    value = _number(present_value)
    if value is None:
        return Reading(address, None, Quality.FAULT, time)
    return Reading(address, value, quality(status_flags), time)


def _number(present_value: Any) -> float | None:
    try:
        value = float(present_value)
    except (TypeError, ValueError):
        return None
    return value if math.isfinite(value) else None


def quality(status_flags: Any, reliability: Any = None) -> Quality:
    """Status_Flags (in-alarm, fault, overridden, out-of-service), the worst first, and of a fault
    its Reliability where somebody read it: what is out of range is still a value.

    An alarm does not make a value less true.
    """
    if status_flags is None:
        return Quality.GOOD
    _in_alarm, fault, overridden, out_of_service = (bool(flag) for flag in list(status_flags)[:4])
    if fault:
        return RELIABILITIES.get(str(reliability), Quality.FAULT)
    if out_of_service:
        return Quality.OUT_OF_SERVICE
    return Quality.OVERRIDDEN if overridden else Quality.GOOD
