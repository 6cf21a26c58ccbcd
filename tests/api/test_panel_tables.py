"""What is special to tables of a panel: annual schedules, monitors, what it has of others."""

from typing import Any

import pytest
from django.test import Client

from devices.models import parts
from protocols.t3 import times
from t3000.models import (
    ExpansionIo,
    Holiday,
    Monitor,
    RemoteDevice,
    RemotePoint,
    TstatSchedule,
)
from tests.factories import make_device, make_panel
from tests.sending import send, wrong

pytestmark = pytest.mark.django_db
API = "/api/t3000"
ANALOG = {"point": "IN1", "digital_analog": 1, "range": 3}
DIGITAL = {"point": "3OUT2", "digital_analog": 0, "range": 1}
LAST = {"holidays": 3, "monitors": 11, "remote-points": 127, "remote-devices": 63,
        "expansion-io": 11, "tstat-schedules": 239}  # fmt: skip

MODELS = {"holidays": Holiday, "monitors": Monitor, "remote-points": RemotePoint,
          "remote-devices": RemoteDevice, "expansion-io": ExpansionIo,
          "tstat-schedules": TstatSchedule}  # fmt: skip


def add(client: Client, table: str, device: Any = None, **members: Any) -> Any:
    device = device or make_panel()
    return send(client, "post", f"{API}/{table}", {"device": device.pk, "index": 0, **members})


@pytest.mark.parametrize(("table", "last"), LAST.items())
def test_a_panel_has_a_table_of_so_many_rows(engineer: Client, table: str, last: int) -> None:
    assert add(engineer, table, index=last).status_code == 201
    assert f"0 to {last}" in wrong(add(engineer, table, index=last + 1))["index"]
    assert add(engineer, table, make_device(), index=last + 1).status_code == 201


def test_the_days_of_a_year_are_told_as_they_were_written(engineer: Client) -> None:
    days = ["01-01", "02-29", "03-01", "12-25"]
    made = add(engineer, "holidays", label="XMAS", days=days)
    assert made.json()["days"] == days
    assert made.json()["value"] is None
    assert send(engineer, "patch", made["Location"], {"days": []}).json()["days"] == []


def test_the_first_of_march_is_one_day_in_every_year(engineer: Client) -> None:
    add(engineer, "holidays", days=["03-01", "12-25"])
    days = [(int(day[:2]), int(day[3:])) for day in Holiday.objects.get().days]
    bitmap = times.bitmap(days)
    assert (bitmap[7], bitmap[44]) == (1 << 4, 1 << 7)
    assert [f"{month:02}-{day:02}" for month, day in times.days(bitmap)] == ["03-01", "12-25"]


def test_days_may_come_in_any_order(engineer: Client) -> None:
    made = add(engineer, "holidays", days=["01-01", "12-25", "02-29"])
    assert made.json()["days"] == ["01-01", "02-29", "12-25"]
    changed = send(engineer, "patch", made["Location"], {"days": ["05-01", "01-01"]})
    assert changed.json()["days"] == ["01-01", "05-01"]


@pytest.mark.parametrize(
    ("days", "told"),
    [
        (["02-30"], "02-30"),
        (["13-01"], "12-25"),
        (["12/25"], "12-25"),
        ([1225], "12-25"),
        (["12-25", "01-01", "12-25"], "12-25 is there twice"),
        ("12-25", "list"),
    ],
)
def test_what_is_no_day_of_a_year_is_refused(engineer: Client, days: Any, told: str) -> None:
    (detail,) = wrong(add(engineer, "holidays", days=days)).values()
    assert told in detail


def test_a_monitor_is_told_with_its_inputs(engineer: Client) -> None:
    made = add(engineer, "monitors", inputs=[ANALOG, DIGITAL], length=7, length_unit=3)
    row = made.json()
    assert row["inputs"] == [ANALOG, DIGITAL]
    assert (row["interval"], row["status"], row["next_sample_time"]) == (900, 0, None)
    moved = [{**ANALOG, "point": "IN2"}, *row["inputs"]]
    assert send(engineer, "patch", made["Location"], {"inputs": moved}).json()["inputs"] == moved


def test_a_monitor_that_was_read_is_in_sync_until_its_inputs_change(engineer: Client) -> None:
    path = add(engineer, "monitors", inputs=[ANALOG, DIGITAL])["Location"]
    row = Monitor.objects.get()
    row.take_over(row.wanted())
    row.save()
    assert row.held is not None
    assert row.held["inputs"] == [ANALOG, DIGITAL]
    assert send(engineer, "patch", path, {"inputs": [ANALOG]}).json()["state"] == "pending"
    assert send(engineer, "patch", path, {"inputs": [ANALOG, DIGITAL]}).json()["state"] == "in_sync"
    row = Monitor.objects.get()
    row.take_over({"inputs": []})
    row.save()
    parts.store([row], row.parts)
    assert engineer.get(path).json()["inputs"] == []


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"inputs": [DIGITAL, ANALOG]}, "inputs.1.digital_analog", "before digital"),
        ({"inputs": [ANALOG] * 15}, "inputs", "14"),
        ({"inputs": [{"point": "IN"}]}, "inputs.0.point", "144IN3"),
        ({"inputs": [ANALOG, {**ANALOG, "point": "OUT65"}]}, "inputs.1.point", "OUT1 to OUT64"),
        ({"inputs": [{}]}, "inputs.0.point", "required"),
        ({"inputs": [{**ANALOG, "point": ""}]}, "inputs.0.point", "blank"),
        ({"inputs": [{**ANALOG, "range": 256}]}, "inputs.0.range", "255"),
        ({"inputs": [{**ANALOG, "position": 1}]}, "inputs.0.position", "no such member"),
        ({"interval": 255 * 3600 + 3600}, "interval", "921599"),
        ({"length": 64}, "length", "63"),
        ({"length_unit": 0}, "length_unit", "Days"),
        ({"label": "NINECHARS"}, "label", "8"),
        ({"status": 2}, "status", "On"),
        ({"next_sample_time": None}, "next_sample_time", "read only"),
    ],
)
def test_what_a_monitor_cannot_be_is_refused(
    engineer: Client, members: dict[str, Any], field: str, told: str
) -> None:
    assert told in wrong(add(engineer, "monitors", **members))[field]


@pytest.mark.parametrize("point", ["3IN2", "144.7HR40001", "1001:AV5", "2VAR128", ""])
def test_a_remote_point_may_be_anywhere(engineer: Client, point: str) -> None:
    assert add(engineer, "remote-points", point=point).json()["point"] == point
    assert RemotePoint.objects.get().wanted()["point"] == point


@pytest.mark.parametrize(
    ("table", "members", "field"),
    [
        ("remote-points", {"point": "1001:IN5"}, "point"),
        ("remote-points", {"instance": 4_194_303}, "instance"),
        ("remote-points", {"read_write": 2}, "read_write"),
        ("remote-devices", {"modbus_id": 255}, "modbus_id"),
        ("remote-devices", {"protocol": 2}, "protocol"),
        ("tstat-schedules", {"name": "n" * 16}, "name"),
        ("tstat-schedules", {"schedule": 9}, "schedule"),
        ("tstat-schedules", {"day_setpoint": 65_536}, "day_setpoint"),
        ("expansion-io", {"serial_number": 2**32}, "serial_number"),
        ("expansion-io", {"port": 3}, "port"),
        ("expansion-io", {"input_start": 9, "input_end": 8}, "input_end"),
        ("expansion-io", {"index": 1, "product_id": 43, "input_start": 1, "input_end": 8},
         "input_end"),
        ("expansion-io", {"index": 1, "product_id": 43, "output_start": 1, "output_end": 1},
         "output_end"),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_refused(
    engineer: Client, table: str, members: dict[str, Any], field: str
) -> None:
    assert field in wrong(add(engineer, table, **members))


def test_two_modules_do_not_share_rows_of_the_panel(engineer: Client) -> None:
    device = make_panel()
    first = {"product_id": 44, "input_start": 9, "input_end": 16,
             "output_start": 11, "output_end": 24}  # fmt: skip
    second = {"product_id": 46, "input_start": 17, "input_end": 28}
    assert add(engineer, "expansion-io", device, index=1, **first).status_code == 201
    refused = add(engineer, "expansion-io", device, index=2, **{**second, "input_start": 16,
                  "input_end": 27})  # fmt: skip
    assert "row 1" in wrong(refused)["input_start"]
    assert add(engineer, "expansion-io", device, index=2, **second).status_code == 201
    assert ExpansionIo.objects.count() == 2


@pytest.mark.parametrize(("table", "model"), MODELS.items())
def test_a_row_that_the_panel_holds_is_emptied_and_stays(
    engineer: Client, table: str, model: Any
) -> None:
    path = add(engineer, table)["Location"]
    fresh = engineer.get(path).json()
    row = model.objects.get()
    row.take_over(row.wanted())
    row.save()
    assert engineer.get(path).json()["state"] == "in_sync"
    assert engineer.delete(path).status_code == 204
    emptied = engineer.get(path).json()
    assert {**emptied, "held": None, "state": "pending"} == fresh


def test_an_emptied_monitor_has_no_inputs(engineer: Client) -> None:
    path = add(engineer, "monitors", inputs=[ANALOG], label="AHU")["Location"]
    row = Monitor.objects.get()
    row.take_over(row.wanted())
    row.save()
    assert engineer.delete(path).status_code == 204
    told = engineer.get(path).json()
    assert (told["inputs"], told["label"], told["state"]) == ([], "", "pending")
