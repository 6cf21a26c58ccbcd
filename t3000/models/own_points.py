"""References of a panel's rows to the panel's own points: there are so many, and no more."""

from collections.abc import Iterable, Mapping
from typing import Any

from devices.models import Device, parts
from protocols.t3 import references
from t3000.enums import PointKind, PointType
from t3000.models.panel_rules import Panels, Problem
from t3000.models.point_rules import room
from t3000.models.reference import ReferenceField

KINDS = {
    PointType.INPUT: PointKind.INPUT,
    PointType.OUTPUT: PointKind.OUTPUT,
    PointType.VARIABLE: PointKind.VARIABLE,
}


def beyond_the_points(rows: Iterable[Any], panels: Panels) -> Iterable[Problem]:
    """Of other panels it is not known here what they have."""
    rooms = {pk: room(panel) for pk, panel in panels.items()}
    for row in rows:
        for name, text in _references(row) if row.device_id in panels else ():
            if wrong := _wrong(text, panels[row.device_id], rooms[row.device_id]):
                yield row, name, wrong


def _references(row: Any) -> Iterable[tuple[str, str]]:
    """Of the row and its parts, by the place where they are told."""
    yield from _own(row)
    for name in row.parts:
        for number, part in enumerate(parts.of(row, name)):
            for field, text in _own(part):
                yield f"{name}.{number}.{field}", text


def _own(row: Any) -> Iterable[tuple[str, str]]:
    for field in row._meta.fields:
        if isinstance(field, ReferenceField) and (text := getattr(row, field.attname)):
            yield field.name, text


def _wrong(text: str, panel: Device, counts: Mapping[str, int]) -> str:
    try:
        point = references.parse(text)
    except ValueError:  # as the panel holds it; what people write is looked at by the field
        return ""
    is_own = point.instance is None and point.panel in (0, panel.panel_number)
    is_behind = point.sub_panel not in (0, point.panel)
    if point.kind not in KINDS or not is_own or is_behind or point.is_register:
        return ""
    kind = KINDS[PointType(point.kind)]
    count = counts[kind]
    if point.number < count:
        return ""
    return f"This panel has {count} {kind.plural.lower()}: {kind.prefix}1 to {kind.prefix}{count}."
