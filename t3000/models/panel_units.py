"""The texts that panels have of their own, as the ranges of their points need them: those that the
panel holds, where that is known, as its values go by these."""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import Any

from protocols.t3.ranges import DigitalUnit, PanelUnits
from t3000.enums import CustomDigitalDirect, UnitKind
from t3000.models.conversion_table import ConversionTable
from t3000.models.unit import Unit

OFF, ON = "Off", "On"  # of a unit without texts


def panel_units(device_ids: Collection[int]) -> Mapping[int, PanelUnits]:
    """By device. Two questions for all of them."""
    found: dict[int, dict[str, dict[int, Any]]] = defaultdict(lambda: defaultdict(dict))
    for unit in Unit.objects.filter(device__in=device_ids):
        found[unit.device_id][unit.kind][unit.index] = unit
    for table in ConversionTable.objects.filter(device__in=device_ids).defer("pairs"):
        found[table.device_id]["table"][table.index] = table
    return {device_id: _units(records) for device_id, records in found.items()}


def _units(records: Mapping[str, Mapping[int, Any]]) -> PanelUnits:
    return PanelUnits(
        digital=_listed(records[UnitKind.DIGITAL], _digital, DigitalUnit(OFF, ON)),
        tables=_listed(records["table"], _name, ""),
        variables=_listed(records[UnitKind.VARIABLE], _name, ""),
        states=_listed(records[UnitKind.MULTI_STATE], _states, {}),
    )


def _listed(records: Mapping[int, Any], read: Any, missing: Any) -> list[Any]:
    """In the order of their indexes, without a gap."""
    last = max(records, default=-1)
    return [read(records[index]) if index in records else missing for index in range(last + 1)]


def _name(row: Unit | ConversionTable) -> str:
    return str(row.as_held("name"))


def _digital(unit: Unit) -> DigitalUnit:
    inverse = unit.as_held("direct") == CustomDigitalDirect.INVERSE
    return DigitalUnit(unit.as_held("off_text") or OFF, unit.as_held("on_text") or ON, inverse)


def _states(unit: Unit) -> dict[int, str]:
    return {state["value"]: state["name"] for state in unit.as_held("states") if state["used"]}
