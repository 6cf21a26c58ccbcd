"""Everything that is known of a device's points, row by row: for files."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import Any

import orjson
from django.db.models import QuerySet

from devices.models import Device
from t3000.domain.present import present_rows
from t3000.models import Point

AT_ONCE = 500  # points in memory
FORMULA = ("=", "+", "-", "@", "\t", "\r")  # with these a spreadsheet takes a text for a formula
LEFT_OUT = frozenset({"device"})
VALUE = ("value", "text", "quality", "updated_at")
JSON = orjson.OPT_UTC_Z

Row = dict[str, Any]


def rows(device: Device, now: datetime) -> Iterator[Row]:
    """Its points by kind and index: what is configured of each, then its value as it is now."""
    points = Point.objects.filter(device=device)
    for ids in _cut(points.order_by("kind", "index", "pk")):
        chosen = points.filter(pk__in=ids)
        configured = {row["id"]: row for row in chosen.values(*columns())}
        present = {row["id"]: row for row in present_rows(chosen, now, ("id", *VALUE))}
        for pk in ids:
            if pk in configured and pk in present:  # else it was deleted meanwhile
                yield configured[pk] | present[pk]


def columns() -> list[str]:
    fields = (field.attname for field in Point._meta.concrete_fields)
    return [name for name in fields if name.removesuffix("_id") not in LEFT_OUT]


def _cut(points: QuerySet[Point]) -> Iterator[list[int]]:
    ids = list(points.values_list("pk", flat=True))
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]


def as_json(device: Mapping[str, Any], points: Iterator[Row]) -> Iterator[bytes]:
    """{"device": {...}, "points": [...]}, a line for each point."""
    yield b'{"device": ' + orjson.dumps(device, option=JSON) + b', "points": ['
    separator = b"\n"
    for point in points:
        yield separator + orjson.dumps(point, option=JSON)
        separator = b",\n"
    yield b"\n]}\n"


def as_csv(device: Mapping[str, Any], points: Iterator[Row]) -> Iterator[bytes]:
    """RFC 4180 in UTF-8 with a mark that spreadsheets know it by: a line for each point, headed by
    the names of its columns."""
    line = io.StringIO(newline="")
    writer = csv.writer(line)
    names = [*columns(), *VALUE]
    yield "\ufeff".encode() + _line(writer, line, names)
    for point in points:
        yield _line(writer, line, [_cell(point[name]) for name in names])


def _line(writer: Any, line: io.StringIO, cells: list[Any]) -> bytes:
    writer.writerow(cells)
    written = line.getvalue().encode()
    line.seek(0)
    line.truncate()
    return written


def _cell(value: Any) -> Any:
    """A text that no spreadsheet takes for a formula; numbers stay numbers."""
    if isinstance(value, bool | datetime):  # as in JSON
        return orjson.dumps(value, option=JSON).decode().strip('"')
    if value is None or isinstance(value, int | float):
        return value
    if isinstance(value, list | dict):
        value = orjson.dumps(value).decode()
    text = str(value)
    return f"'{text}" if text.startswith(FORMULA) else text


FORMATS: dict[str, Callable[[Mapping[str, Any], Iterator[Row]], Iterator[bytes]]] = {
    "json": as_json,
    "csv": as_csv,
}


def file_name(device: Device, kind: str) -> str:
    """Safe in a header and on every disk."""
    name = re.sub("[^A-Za-z0-9]+", "-", device.name).strip("-")[:60]
    return f"{name or 'device'}-{device.pk}.{kind}"
