"""What points of T3 panels have beyond others, and what may be written of it.

T3_FIELDS is the one table of which fields belong to which kind of point.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from devices.enums import NetworkProtocol
from devices.models import Device
from protocols import point_addresses, types
from protocols.t3 import products, ranges
from protocols.t3.products import Firmware
from protocols.t3.ranges import PanelUnits, Range
from protocols.t3.values import HIGHEST, LOWEST, SCALE
from t3000.enums import DigitalAnalog, PointKind
from t3000.models.panel_rules import Problem

COMMON = {"range": 0, "digital_analog": DigitalAnalog.ANALOG}
EXPANSION = {"sub_id": 0, "sub_product": 0, "sub_number": 0}
# By kind the fields that its points have, and what they hold in a place that is empty.
T3_FIELDS: Mapping[PointKind, Mapping[str, Any]] = {
    PointKind.INPUT: {
        **COMMON,
        "calibration": 0.0,
        "filter": 5,
        "signal_type": 0,
        **EXPANSION,
    },
    PointKind.OUTPUT: {
        **COMMON,
        "low_voltage": 0.0,
        "high_voltage": 0.0,
        "pwm_period": 0,
        "out_of_service": False,
        "relinquish_default": None,
        **EXPANSION,
    },
    PointKind.VARIABLE: COMMON,
    PointKind.PRIVATE_VARIABLE: COMMON,
}
ALL_T3_FIELDS = frozenset(name for names in T3_FIELDS.values() for name in names)
FOLLOW_RANGE = ("units", "states", "low", "high")  # what a panel's range says of its points
VALUES = (PointKind.VARIABLE, PointKind.PRIVATE_VARIABLE)  # what BACnet's values are
NO_LABEL = "-."  # T3000 makes _ of them: programs could not name the point
UNITS_LENGTH = 32
# The numbers of ranges whose texts are records of the panel's own.
OF_RECORDS = frozenset(
    one.number
    for kind in types.PointKind
    for digital in (True, False)
    for one in ranges.known(kind, digital=digital)
    if one.record is not None
)


def fields_of(kind: str) -> Mapping[str, Any]:
    return T3_FIELDS.get(kind, {})  # type: ignore[call-overload,no-any-return]  # a text is equal


def room(device: Device) -> Mapping[str, int]:
    """How many points of each kind a panel has, by its product, its firmware and what it says."""
    try:
        firmware = Firmware.parse(device.firmware)
    except ValueError:
        firmware = None  # taken for the oldest
    said = getattr(device, "hardware", None)
    counts = products.counts(
        device.product.number if device.product else 0,
        firmware,
        max_in=(said and said.max_inputs) or 0,
        max_out=(said and said.max_outputs) or 0,
        max_var=(said and said.max_variables) or 0,
    )
    return {
        PointKind.INPUT: counts.inputs,
        PointKind.OUTPUT: counts.outputs,
        PointKind.VARIABLE: counts.variables,
        PointKind.PRIVATE_VARIABLE: counts.private_variables,
    }


def range_of(row: Any, units: PanelUnits) -> Range | None:
    """What the range that the panel holds means: the values are in the units of that one, whatever
    we want. None while it is not known."""
    held = row.held or {}
    number, shape = held.get("range"), held.get("digital_analog")
    if number is None or not 0 <= number <= 255:
        return None
    kind = PointKind(row.kind).of_ranges
    found = ranges.find(kind, number, digital=shape == DigitalAnalog.DIGITAL)
    return ranges.resolve(found, units)


def following(found: Range) -> dict[str, Any]:
    """What follows from a range."""
    is_number = not found.is_digital
    return {
        "units": found.unit[:UNITS_LENGTH],
        "states": list(found.hardware_states),
        "low": LOWEST / SCALE if is_number else None,
        "high": HIGHEST / SCALE if is_number else None,
    }


def problems(rows: Sequence[Any]) -> Iterable[Problem]:
    """What is wrong with points by their kind, range and address. The devices are there."""
    for row in rows:
        if row.device.is_panel:
            yield from _of_other_kinds(row)
            yield from _wrong_range(row)
            yield from _wrong_label(row)
        elif row.low is not None and row.high is not None and row.low > row.high:
            told = f"low is above high: {row.low:.10g} to {row.high:.10g} is no range."
            yield row, "low", told
            yield row, "high", told
        if wrong := _wrong_address(row):
            yield row, "address", wrong


def _of_other_kinds(row: Any) -> Iterable[Problem]:
    for name in ALL_T3_FIELDS.difference(fields_of(row.kind)):
        if getattr(row, name) is not None:
            told = str(row._meta.get_field(name).verbose_name)
            told = told[0].upper() + told[1:]
            has = [kind.plural.lower() for kind in PointKind if name in fields_of(kind)]
            owners, here = " and ".join(has), PointKind(row.kind).plural.lower()
            yield row, name, f"{told} belongs to {owners}, not to {here}; leave it out."


def _wrong_range(row: Any) -> Iterable[Problem]:
    if row.range is not None:
        digital = row.digital_analog == DigitalAnalog.DIGITAL
        kind = PointKind(row.kind)
        numbers = [one.number for one in ranges.known(kind.of_ranges, digital=digital)]
        if row.range not in numbers:
            shape = "digital" if digital else "analog"
            told = f"{shape.capitalize()} {kind.label.lower()}s have no range {row.range}; "
            told += f"they have {_spans(numbers)}."
            yield row, "range", told
            if not row._state.adding:  # that one may be what was changed
                yield row, "digital_analog", told
            return
    found = range_of(row, row.panel_units)
    usual = following(found) if found else {"units": "", "states": [], "low": None, "high": None}
    for name in FOLLOW_RANGE:
        if getattr(row, name) not in (usual[name], row._meta.get_field(name).get_default()):
            yield row, name, "A panel's point has what its range says; change the range."


def _spans(numbers: Sequence[int]) -> str:
    """0 to 30 and 101 to 104"""
    spans: list[list[int]] = []
    for number in sorted(numbers):
        if spans and number == spans[-1][1] + 1:
            spans[-1][1] = number
        else:
            spans.append([number, number])
    return " and ".join(f"{low} to {high}" if high > low else str(low) for low, high in spans)


def _wrong_label(row: Any) -> Iterable[Problem]:
    if any(sign in row.label for sign in NO_LABEL):
        told = "A label has no - and no . in it, programs could not name the point; write _."
        yield row, "label", told


def address_in_panel(row: Any) -> str:
    """The only one that a panel's point can have by Modbus; "" where it is not known."""
    if not row.device.is_panel or row.device.network.protocol != NetworkProtocol.MODBUS:
        return ""
    is_place = row.kind in point_addresses.T3_TABLES and isinstance(row.index, int)
    return f"{row.kind},{row.index + 1}" if is_place else ""


def _wrong_address(row: Any) -> str:
    own = address_in_panel(row)
    if own and row.address != own:
        return f"{row} of a panel is {own}; leave the address out."
    if not row.address:
        example = point_addresses.EXAMPLES.get(row.device.network.protocol, "analog-input,3")
        return f"This is required here; write one such as {example}."
    try:
        point_addresses.canonical(row.device.network.protocol, row.address)
    except ValueError as error:
        return str(error)
    kinds = _kinds_at(row.address)
    if kinds and row.kind not in kinds:
        owners, here = kinds[0].plural.lower(), PointKind(row.kind).plural.lower()
        return f"{row.address} belongs to {owners}, not to {here}."
    return ""


def _kinds_at(address: str) -> Sequence[PointKind]:
    """What a point at an address can be; none: anything."""
    table = address.partition(",")[0]
    if table in point_addresses.BACNET_TYPES:
        use = point_addresses.BACNET_TYPES[table]
        return VALUES if use == "value" else [PointKind(use)]
    return [PointKind(table)] if table in point_addresses.T3_TABLES else ()
