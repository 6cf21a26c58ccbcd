"""BACnet objects as points: object types as kinds, properties as readings and texts."""

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from protocols.types import (
    ObjectInfo,
    PointAddress,
    PointInfo,
    PointKind,
    Quality,
    Reading,
)

KINDS: Mapping[str, PointKind] = {
    "analog-input": PointKind.INPUT,
    "binary-input": PointKind.INPUT,
    "multi-state-input": PointKind.INPUT,
    "accumulator": PointKind.INPUT,
    "pulse-converter": PointKind.INPUT,
    "analog-output": PointKind.OUTPUT,
    "binary-output": PointKind.OUTPUT,
    "multi-state-output": PointKind.OUTPUT,
    "analog-value": PointKind.VARIABLE,
    "binary-value": PointKind.VARIABLE,
    "multi-state-value": PointKind.VARIABLE,
    "integer-value": PointKind.VARIABLE,
    "positive-integer-value": PointKind.VARIABLE,
    "large-analog-value": PointKind.VARIABLE,
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

NAMES = ("object-name", "description")
PRIORITIES = range(1, 17)
LIVE_PROPERTIES = ("present-value", "status-flags")
# Faults that say more than that there is one (135-2020 clause 21, BACnetReliability).
RELIABILITIES: Mapping[str, Quality] = {
    "over-range": Quality.OUT_OF_RANGE,
    "under-range": Quality.OUT_OF_RANGE,
}


def text_properties(object_type: str) -> tuple[str, ...]:
    """The properties that describe a point of this type."""
    common: tuple[str, ...] = NAMES
    if KINDS[object_type] is PointKind.VARIABLE:
        # There exactly where the object has a priority array, and much shorter than that.
        common += ("relinquish-default",)
    if object_type.startswith("binary"):
        return (*common, "inactive-text", "active-text")
    if object_type.startswith("multi-state"):
        return (*common, "state-text")
    if object_type == "accumulator":
        return (*common, "units", "scale", "max-pres-value")
    if object_type == "pulse-converter":
        return (*common, "units")
    return (*common, "units", "min-pres-value", "max-pres-value")


def point_info(address: PointAddress, properties: Mapping[str, Any]) -> PointInfo:
    """A point from its text properties; those that the device lacks are absent."""
    kind = KINDS[address.object_type]
    return PointInfo(
        address=address,
        kind=kind,
        name=str(properties.get("object-name") or address),
        description=str(properties.get("description") or ""),
        units=_units(properties),
        states=_states(address.object_type, properties),
        writable=kind is not PointKind.INPUT,
        commandable=kind is PointKind.OUTPUT or "relinquish-default" in properties,
        low=finite(properties.get("min-pres-value")),
        high=finite(properties.get("max-pres-value")),
    )


def object_info(address: PointAddress, properties: Mapping[str, Any]) -> ObjectInfo:
    """An object that is no point; what is not in the standard has its number for a type."""
    return ObjectInfo(
        address,
        str(properties.get("object-name") or address),
        str(properties.get("description") or ""),
    )


def _units(properties: Mapping[str, Any]) -> str:
    """With its factor, of a counter that does not count in the unit itself (clause 12.1.9)."""
    units = str(properties.get("units") or "no-units")
    symbol = UNIT_SYMBOLS.get(units, units.replace("-", " "))
    scale = properties.get("scale")
    choice = getattr(scale, "_choice", None)
    number = finite(getattr(scale, choice)) if choice else None
    if number is None:
        return symbol
    factor = 10.0**number if choice == "integerScale" else number
    return symbol if factor == 1.0 else f"×{factor:g} {symbol}".rstrip()


def _states(object_type: str, properties: Mapping[str, Any]) -> tuple[str, ...]:
    if object_type.startswith("binary"):
        return (
            str(properties.get("inactive-text") or "Off"),
            str(properties.get("active-text") or "On"),
        )
    if object_type.startswith("multi-state"):
        return tuple(str(text) for text in properties.get("state-text") or ())
    return ()


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
            value = finite(getattr(element, choice)) if choice else None
            filled[priority] = math.nan if value is None else value
    return filled


def reading(
    address: PointAddress,
    present_value: Any,
    status_flags: Any,
    time: datetime,
    reliability: Any = None,
) -> Reading:
    """A reading from the live properties. `status_flags` None: the device has none."""
    value = finite(present_value)
    if value is None:
        return Reading(address, None, Quality.FAULT, time)
    return Reading(address, value, quality(status_flags, reliability), time)


def finite(present_value: Any) -> float | None:
    """None for what is no finite one."""
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
