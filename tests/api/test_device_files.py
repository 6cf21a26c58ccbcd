"""How a device does, and all its points in one file."""

import csv
import io
from datetime import timedelta
from typing import Any

import orjson
import pytest
from asgiref.sync import sync_to_async
from django.db import connections
from django.test import AsyncClient, Client
from django.utils import timezone

from devices.domain import tokens
from devices.enums import SyncState
from protocols.types import Quality
from t3000.domain import export
from t3000.models import Point, WifiSettings
from tests.factories import make_device, make_point, make_user, make_value

pytestmark = pytest.mark.django_db
PATH = "/api/t3000/devices"


def body(response: Any) -> bytes:
    assert response.status_code == 200
    return b"".join(response.streaming_content)


def lines(response: Any) -> list[dict[str, str]]:
    text = body(response).decode("utf-8-sig")
    return list(csv.DictReader(io.StringIO(text, newline="")))


def test_a_device_tells_how_it_does(reader: Client) -> None:
    now = timezone.now()
    link = {"last_seen_at": now, "overruns": 2, "failures": 1, "cycle_ms": 43}
    device = make_device(link=link, conflict="Somebody else is here.")
    for quality in (Quality.GOOD, Quality.GOOD, Quality.OVERRIDDEN, Quality.FAULT):
        make_value(make_point(device), quality=quality)
    make_point(device)  # never read
    make_value(make_point())
    WifiSettings.objects.create(device=device, state=SyncState.CONFLICT)
    told = reader.get(f"{PATH}/{device.pk}/status").json()
    assert told["points"] == {
        "good": 2, "overridden": 1, "stale": 0, "out_of_range": 0, "fault": 1, "comm": 1,
        "out_of_service": 0, "config": 0,
    }  # fmt: skip
    assert (told["state"], told["overruns"], told["failures"], told["cycle_ms"]) == (
        "online", 2, 1, 43,
    )  # fmt: skip
    assert (told["conflict"], told["enabled"]) == ("Somebody else is here.", True)
    assert told["configuration"] == {"in_sync": 0, "pending": 5, "refused": 0, "conflict": 1}
    device.link.last_seen_at = now - timedelta(minutes=1)
    device.link.save()
    points = reader.get(f"{PATH}/{device.pk}/status").json()["points"]
    assert (points["good"], points["overridden"], points["stale"], points["fault"]) == (0, 0, 3, 1)


def test_all_points_are_told_with_what_is_configured_and_their_values(reader: Client) -> None:
    device = make_device(name="AHU 1/Ost", link={"last_seen_at": timezone.now()})
    point = make_point(device, label="ZN-T", units="°C", states=[], low=0.5)
    make_value(point, -5.25)
    make_point(device, kind="output")
    response = reader.get(f"{PATH}/{device.pk}/export")
    assert response["Content-Type"] == "application/json"
    name = f"AHU-1-Ost-{device.pk}.json"
    assert response["Content-Disposition"] == f'attachment; filename="{name}"'
    told = orjson.loads(body(response))
    assert told["device"]["name"] == "AHU 1/Ost"
    first, second = told["points"]
    assert {"id": point.pk, "label": "ZN-T", "units": "°C", "low": 0.5, "value": -5.25,
            "quality": "good"}.items() <= first.items()  # fmt: skip
    assert (second["kind"], second["value"], second["quality"]) == ("output", None, "comm")
    (row, _) = lines(reader.get(f"{PATH}/{device.pk}/export", {"format": "csv"}))
    assert (row["label"], row["units"], row["value"], row["low"]) == ("ZN-T", "°C", "-5.25", "0.5")
    assert row["writable"] == str(first["writable"]).lower()
    assert row["updated_at"] == first["updated_at"]
    assert row["updated_at"].endswith("Z")


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "a\r\n=1", '"=1'])
def test_no_text_is_a_formula(reader: Client, text: str) -> None:
    device = make_device()
    Point.objects.filter(pk=make_point(device).pk).update(label=text)
    (row,) = lines(reader.get(f"{PATH}/{device.pk}/export", {"format": "csv"}))
    is_formula = text.startswith(export.FORMULA)
    assert row["label"] == (f"'{text}" if is_formula else text)


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ('a"; filename="x', "a-filename-x"),
        ("../../etc/passwd", "etc-passwd"),
        ("Lüftung\r\nSet-Cookie: x", "L-ftung-Set-Cookie-x"),
        ("暖房", "device"),
        ("x" * 128, "x" * 60),
    ],
)
def test_the_name_of_the_file_is_safe(reader: Client, name: str, safe: str) -> None:
    device = make_device(name=name)
    response = reader.get(f"{PATH}/{device.pk}/export", {"format": "csv"})
    told = f'attachment; filename="{safe}-{device.pk}.csv"'
    assert response["Content-Disposition"] == told


def test_few_points_are_in_memory_at_a_time(
    monkeypatch: pytest.MonkeyPatch, django_assert_num_queries: Any
) -> None:
    monkeypatch.setattr(export, "AT_ONCE", 4)
    device = make_device()
    made = [make_point(device).pk for _ in range(10)]
    rows = export.rows(device, timezone.now())
    with django_assert_num_queries(5):  # the ids; of four points the rows, states, links, commands
        first = next(rows)
    assert [first["id"], *(row["id"] for row in rows)] == made


@pytest.mark.parametrize(
    ("query", "status", "right"),
    [
        ({"format": "xlsx"}, 400, "write one of json, csv"),
        ({"page": "1"}, 400, "there are: format"),
    ],
)
def test_another_format_is_refused(
    reader: Client, query: dict[str, str], status: int, right: str
) -> None:
    response = reader.get(f"{PATH}/{make_device().pk}/export", query)
    assert (response.status_code, right in response.json()["detail"]) == (status, True)


@pytest.mark.parametrize("accepted", ["text/csv", "application/json", "*/*"])
def test_a_program_may_ask_for_csv_in_its_header(reader: Client, accepted: str) -> None:
    path = f"{PATH}/{make_device().pk}/export?format=csv"
    assert reader.get(path, headers={"Accept": accepted}).status_code == 200
    missing = reader.get(f"{PATH}/999/export?format=csv", headers={"Accept": accepted})
    assert (missing.status_code, missing["Content-Type"]) == (404, "application/problem+json")


@pytest.mark.django_db(transaction=True)
async def test_a_file_is_streamed_by_an_asynchronous_server_too() -> None:
    """Django would read all of it first, and say so: warnings are errors here."""
    device = await sync_to_async(make_device)()
    for _ in range(3):
        await sync_to_async(make_point)(device)
    token = await sync_to_async(lambda: tokens.make(make_user()))()
    headers = {"Authorization": f"Token {token}"}
    response = await AsyncClient().get(f"{PATH}/{device.pk}/export", headers=headers)
    assert response.status_code == 200, response.content
    chunks = [chunk async for chunk in response]
    assert len(orjson.loads(b"".join(chunks))["points"]) == 3
    assert len(chunks) == 5
    await sync_to_async(connections.close_all)()  # those of the thread that served it


@pytest.mark.parametrize(
    ("accepted", "told"),
    [
        ("text/csv", "text/csv"),
        ("*/*", "application/json"),
        ("application/json", "application/json"),
    ],
)
def test_without_a_format_the_header_decides(reader: Client, accepted: str, told: str) -> None:
    path = f"{PATH}/{make_device().pk}/export"
    response = reader.get(path, headers={"Accept": accepted})
    assert response["Content-Type"].startswith(told)
