"""Weekly schedules: entries as rows, written as lists, of T3 panels and of BACnet devices."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from devices.models import AuditEntry, Device, parts
from t3000.models import Schedule, ScheduleEntry
from tests.factories import make_device, make_panel
from tests.sending import send, wrong

pytestmark = pytest.mark.django_db
API = "/api/t3000/schedules"
WEEK = [{"day": 0, "time": "08:00", "value": 1}, {"day": 0, "time": "18:30", "value": 0}]
HOLIDAY = {
    "kind": "date",
    "year": None,
    "month": 12,
    "day": 24,
    "priority": 3,
    "entries": [{"time": "00:00", "value": 16.5}, {"time": "12:00", "value": None}],
}


def add(client: Client, device: Device, **members: Any) -> Any:
    return send(client, "post", API, {"device": device.pk, "index": 0, **members})


def week(*times: str, day: int = 0) -> list[dict[str, Any]]:
    return [{"day": day, "time": time, "value": n % 2} for n, time in enumerate(times)]


def test_a_schedule_is_told_as_it_was_written(engineer: Client) -> None:
    made = add(engineer, make_panel(), label="OFFICE", holiday1="HOL1", entries=WEEK)
    assert made.status_code == 201, made.content
    row = made.json()
    assert row["entries"] == [
        {"day": 0, "time": "08:00:00", "value": 1},
        {"day": 0, "time": "18:30:00", "value": 0},
    ]
    assert (row["state"], row["held"], row["exceptions"]) == ("pending", None, [])
    assert engineer.get(made["Location"]).json() == row
    body = {name: row[name] for name in ("device", "index", "label", "holiday1", "entries")}
    assert send(engineer, "put", made["Location"], body).json() == row


def test_what_a_bacnet_device_has_is_told_as_it_was_written(engineer: Client) -> None:
    period = {"kind": "week_n_day", "month": 13, "week": 6, "weekday": 4, "entries": []}
    body = {
        "value_type": "real",
        "default": 18,
        "effective_from": "2026-10-01",
        "effective_until": "2027-04-30",
        "priority": 12,
        "targets": ["analog-value,3"],
        "entries": [
            {"day": 6, "time": "22:00", "value": None},
            {"day": 0, "time": "06:00:30.25", "value": 21.5},
        ],
        "exceptions": [HOLIDAY, period, {"kind": "calendar", "calendar": "calendar,1"}],
    }
    row = add(engineer, make_device(), **body).json()
    assert [one["time"] for one in row["entries"]] == ["06:00:30.250000", "22:00:00"]
    told = row["exceptions"]
    assert [one["kind"] for one in told] == ["date", "week_n_day", "calendar"]
    assert told[0]["entries"] == [
        {"time": "00:00:00", "value": 16.5},
        {"time": "12:00:00", "value": None},
    ]
    assert (told[0]["priority"], told[1]["priority"], told[1]["week"]) == (3, 16, 6)
    assert {name: row[name] for name in ("default", "priority", "targets", "effective_from")} == {
        "default": 18,
        "priority": 12,
        "targets": ["analog-value,3"],
        "effective_from": "2026-10-01",
    }


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"entries": week("08:00", "08:00")}, "entries.1.time", "not later"),
        ({"entries": week("08:00", "00:00")}, "entries.1.time", "not later"),
        ({"entries": [{"day": 0, "time": "08:00:01", "value": 1}]}, "entries.0.time", "minutes"),
        ({"entries": week(*(f"0{hour}:00" for hour in range(9)))}, "entries.8", "no more"),
        ({"entries": [{"day": 0, "time": "08:00", "value": 2}]}, "entries.0.value", "0 to 1"),
        ({"entries": [{"day": 0, "time": "08:00", "value": True}]}, "entries.0.value", "0 to 1"),
        ({"entries": [{"day": 0, "time": "08:00", "value": None}]}, "entries.0.value", "NULL"),
        ({"entries": [{"day": 9, "time": "08:00", "value": 1}]}, "entries.0.day", "Holiday 2"),
        ({"entries": [{"day": 0, "time": "24:00", "value": 1}]}, "entries.0.time", "08:00"),
        ({"entries": [{"day": 0, "time": 800, "value": 1}]}, "entries.0.time", "08:00"),
        ({"entries": [{"time": "08:00", "value": 1}]}, "entries.0.day", "required"),
        ({"entries": [{"day": 0, "time": "08:00", "value": [1]}]}, "entries.0.value", "number"),
        ({"entries": [{**WEEK[0], "slot": 1}]}, "entries.0.slot", "no such member"),
        ({"entries": [*WEEK, 7]}, "entries.2", "object"),
        ({"entries": {}}, "entries", "not a list"),
        ({"entries": None}, "entries", "null"),
        ({"exceptions": [HOLIDAY]}, "exceptions", "nothing of the kind"),
        ({"priority": 8}, "priority", "nothing of the kind"),
        ({"value_type": "real"}, "value_type", "nothing of the kind"),
        ({"default": 1}, "default", "nothing of the kind"),
        ({"label": "NINECHARS"}, "label", "room for 8"),
        ({"description": "x" * 21}, "description", "room for 20"),
        ({"index": 8}, "index", "0 to 7"),
        ({"holiday1": "IN1"}, "holiday1", "Annual schedule"),
        ({"holiday1": "hol1"}, "holiday1", "Write it as HOL1"),
        ({"holiday2": "HOL5"}, "holiday2", "This panel has HOL1 to HOL4"),
        ({"holiday2": "7HOL1"}, "holiday2", "panel itself"),
        ({"holiday2": "Christmas"}, "holiday2", "144IN3"),
    ],
)
def test_what_a_panel_cannot_hold_is_refused(
    engineer: Client, members: dict[str, Any], field: str, told: str
) -> None:
    assert told in wrong(add(engineer, make_panel(), **members))[field]
    assert not Schedule.objects.exists()


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"entries": week("08:00", "08:00")}, "entries.1.time", "twice"),
        ({"entries": week("08:00", day=7)}, "entries.0.day", "0 to 6"),
        ({"holiday1": "HOL1"}, "holiday1", "nothing of the kind"),
        ({"auto_manual": 1}, "auto_manual", "nothing of the kind"),
        ({"value_type": "text", "default": 1}, "default", "text"),
        ({"value_type": "boolean", "entries": WEEK}, "entries.1.value", "true or false"),
        ({"value_type": "unsigned", "default": -1}, "default", "from 0"),
        ({"value_type": "integer", "default": 1.5}, "default", "whole number"),
        ({"value_type": "real", "default": 1e39}, "default", "number"),
        ({"value_type": "real", "exceptions": [{"kind": "moon"}]}, "exceptions.0.kind", "moon"),
        ({"exceptions": [HOLIDAY]}, "exceptions.0.entries.0.value", "0 to 1"),
        (
            {"exceptions": [{"kind": "date", "entries": [{"time": "1"}]}]},
            "exceptions.0.entries.0.time",
            "08:00",
        ),
        ({"exceptions": [{"kind": "calendar"}]}, "exceptions.0.calendar", "required"),
        ({"exceptions": [{"kind": "range", "week": 1}]}, "exceptions.0.week", "start, end"),
        (
            {"exceptions": [{"kind": "range", "start": "2026-12-02", "end": "2026-12-01"}]},
            "exceptions.0.end",
            "before",
        ),
        ({"exceptions": [{"kind": "date", "month": 15}]}, "exceptions.0.month", "14"),
        ({"exceptions": [{"kind": "date", "priority": 0}]}, "exceptions.0.priority", "1"),
        ({"effective_from": "2026-12-02", "effective_until": "2026-12-01"}, "effective_until", ""),
        ({"effective_from": "2026-2-1"}, "effective_from", "2026-11-23"),
        ({"targets": ["AV3"]}, "targets.0", "analog-value,3"),
        ({"targets": ["analog-value,3", "analog-value,3"]}, "targets", "twice"),
    ],
)
def test_what_no_schedule_can_be_is_refused(
    engineer: Client, members: dict[str, Any], field: str, told: str
) -> None:
    assert told in wrong(add(engineer, make_device(), **members))[field]


def test_other_devices_have_as_many_and_as_long_as_they_like(engineer: Client) -> None:
    device = make_device()
    entries = week(*(f"{hour:02}:00" for hour in range(24)))
    made = add(engineer, device, index=800, label="A label of BACnet", entries=entries)
    assert made.status_code == 201, made.content
    assert add(engineer, device, index=801, label="A label of BACnet").status_code == 201


def test_all_entries_that_are_wrong_are_named(engineer: Client) -> None:
    entries = [*WEEK, {"day": 0, "time": "x", "value": 1}, {"day": 10, "time": "x", "value": 1}]
    assert wrong(add(engineer, make_panel(), entries=entries)).keys() == {
        "entries.2.time",
        "entries.3.day",
        "entries.3.time",
    }


def test_the_list_is_replaced_and_the_trail_tells_what_changed(engineer: Client) -> None:
    made = add(engineer, make_panel(), entries=[*WEEK, *week("07:00", day=5)])
    before = AuditEntry.objects.latest("pk").pk
    path, etag = made["Location"], made["ETag"]
    entries = [{**WEEK[0], "value": 0}, WEEK[1], *week("07:30", day=5)]
    changed = send(engineer, "patch", path, {"entries": entries})
    assert changed["ETag"] != etag
    trail = AuditEntry.objects.filter(pk__gt=before).order_by("pk")
    assert [(one.kind, one.action, one.name) for one in trail] == [
        ("scheduleentry", "delete", "Saturday 07:00:00"),
        ("scheduleentry", "update", "Monday 08:00:00"),
        ("scheduleentry", "create", "Saturday 07:30:00"),
    ]
    assert trail[1].changes == {"value": [1, 0]}
    assert {one.site_id for one in trail} == {Device.objects.get().network.site_id}
    renamed = send(engineer, "patch", path, {"label": "A"})
    assert renamed.json()["entries"] == changed.json()["entries"]
    assert send(engineer, "patch", path, {"entries": []}).json()["entries"] == []


def test_a_change_of_the_type_looks_at_the_entries_that_stay(engineer: Client) -> None:
    path = add(engineer, make_device(), entries=WEEK)["Location"]
    refused = wrong(send(engineer, "patch", path, {"value_type": "boolean"}))
    assert "entries.0.value" in refused["value_type"]
    assert send(engineer, "patch", path, {"value_type": "real"}).status_code == 200


def read_by_panel(engineer: Client, **members: Any) -> tuple[str, Schedule]:
    """A schedule that was read from its panel, as a driver would have it."""
    path = add(engineer, make_panel(), entries=WEEK, **members)["Location"]
    row = Schedule.objects.get()
    row.take_over(row.wanted())
    row.save()
    parts.store([row], row.parts)
    return path, row


def test_an_edit_of_entries_is_pending_and_edited_back_in_sync(engineer: Client) -> None:
    path, _ = read_by_panel(engineer)
    first = engineer.get(path)
    assert first.json()["state"] == "in_sync"
    assert first.json()["held"]["entries"][0] == {"day": 0, "time": "08:00:00", "value": 1}
    assert "exceptions" not in first.json()["held"]
    later = [{**WEEK[0], "time": "09:00"}, WEEK[1]]
    changed = send(engineer, "patch", path, {"entries": later})
    assert changed.json()["state"] == "pending"
    back = send(engineer, "patch", path, {"entries": WEEK})
    assert (back.json()["state"], back["ETag"]) == ("in_sync", first["ETag"])


def test_what_the_panel_holds_is_taken_over_with_its_entries(engineer: Client) -> None:
    path, _ = read_by_panel(engineer)
    row = Schedule.objects.get()
    row.take_over({"label": "NEW", "entries": [{"day": 7, "time": "10:00:00", "value": 1}]})
    row.save()
    parts.store([row], row.parts)
    told = engineer.get(path).json()
    assert (told["label"], told["state"]) == ("NEW", "in_sync")
    assert told["entries"] == [{"day": 7, "time": "10:00:00", "value": 1}]


def test_an_edit_and_a_change_at_the_panel_are_a_conflict(engineer: Client) -> None:
    path, _ = read_by_panel(engineer)
    send(engineer, "patch", path, {"entries": []})
    row = Schedule.objects.get()
    row.take_over({"entries": [{"day": 7, "time": "10:00:00", "value": 1}]})
    row.save()
    parts.store([row], row.parts)
    told = engineer.get(path).json()
    assert (told["state"], told["entries"]) == ("conflict", [])


def test_a_panel_keeps_the_place_of_a_deleted_schedule(engineer: Client) -> None:
    path, _ = read_by_panel(engineer, label="OFFICE", holiday1="HOL1")
    assert engineer.delete(path).status_code == 204
    told = engineer.get(path).json()
    assert (told["label"], told["holiday1"], told["entries"]) == ("", "", [])
    assert told["state"] == "pending"


def test_emptying_entries_that_were_never_read_is_pending(engineer: Client) -> None:
    path = add(engineer, make_panel(), entries=WEEK)["Location"]
    row = Schedule.objects.get()
    row.take_over({name: value for name, value in row.wanted().items() if name != "entries"})
    row.save()
    assert engineer.delete(path).status_code == 204
    told = engineer.get(path).json()
    assert (told["entries"], told["state"]) == ([], "pending")


def test_a_schedule_that_no_panel_holds_goes_with_its_entries(engineer: Client) -> None:
    path = add(engineer, make_panel(), entries=WEEK)["Location"]
    assert engineer.delete(path).status_code == 204
    assert engineer.get(path).status_code == 404
    assert not ScheduleEntry.objects.exists()
    assert AuditEntry.objects.filter(kind="scheduleentry", action="delete").count() == 2


def test_two_schedules_of_a_panel_have_two_labels(engineer: Client) -> None:
    device = make_panel()
    add(engineer, device, label="A", description="One")
    twice = add(engineer, device, index=1, label="A", description="One")
    assert wrong(twice).keys() == {"label", "description"}
    assert wrong(add(engineer, device, index=1, label="a")).keys() == {"label"}
    assert add(engineer, device, index=1, label="B", description="one").status_code == 201
    assert add(engineer, make_panel(), label="A").status_code == 201


def test_many_are_written_with_as_many_questions_as_one(engineer: Client) -> None:
    device = make_device()

    def create(*numbers: int) -> int:
        rows = [
            {"device": device.pk, "index": n, "entries": WEEK, "value_type": "real",
             "exceptions": [HOLIDAY]}
            for n in numbers
        ]  # fmt: skip
        with CaptureQueriesContext(connection) as seen:
            answer = send(engineer, "post", f"{API}/bulk", {"create": rows})
        assert answer.status_code == 200, answer.content
        ids = answer.json()["created"]
        changes = [{"id": pk, "entries": week("09:00", day=2), "exceptions": []} for pk in ids]
        with CaptureQueriesContext(connection) as changed:
            answer = send(engineer, "post", f"{API}/bulk", {"update": changes})
        assert answer.status_code == 200, answer.content
        return len(seen) + len(changed)

    create(0)  # the first use of a token is noted
    assert create(1) == create(*range(2, 12))


def test_a_list_asks_once_for_all_entries(engineer: Client) -> None:
    device = make_device()
    body = {"value_type": "real", "entries": WEEK, "exceptions": [HOLIDAY]}
    counts = []
    for number in range(5):
        assert add(engineer, device, index=number, **body).status_code == 201
        with CaptureQueriesContext(connection) as seen:
            listed = engineer.get(API).json()["results"]
        counts.append(len(seen))
        assert [len(row["entries"]) for row in listed] == [2] * (number + 1)
        assert [len(row["exceptions"][0]["entries"]) for row in listed] == [2] * (number + 1)
    assert len(set(counts)) == 1
    few = engineer.get(f"{API}?fields=label,entries").json()["results"][0]
    assert few.keys() == {"label", "entries"}


def test_wrong_entries_in_a_bulk_are_named_by_row(engineer: Client) -> None:
    rows = [
        {"device": make_panel().pk, "index": 0, "entries": WEEK},
        {"device": make_panel().pk, "index": 0, "entries": week("10:00", "09:00")},
    ]
    answer = send(engineer, "post", f"{API}/bulk", {"create": rows})
    assert wrong(answer).keys() == {"create.1.entries.1.time"}
    assert not Schedule.objects.exists()
