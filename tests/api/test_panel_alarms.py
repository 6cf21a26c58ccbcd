"""Alarms that panels raise, and when points are in alarm."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from devices.enums import Role
from devices.models import AuditEntry, Device
from t3000.enums import AlarmCondition
from t3000.models import AlarmSetting, PanelAlarm
from tests.factories import NOW
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def alarm(panel: Device) -> PanelAlarm:
    alarm = PanelAlarm(device=panel, index=0)
    alarm.take_over(
        {
            "point": "144IN3",
            "message": "Zone too cold",
            "time": NOW.isoformat(),
            "active": True,
            "program": 255,
            "panel": 144,
            "destinations": [{"panel": 255, "state": 1}],
            "acknowledged": False,
            "deleted": False,
        }
    )
    alarm.save()
    return alarm


def test_an_operator_acknowledges_and_deletes(
    alarm: PanelAlarm, program: Callable[..., Client]
) -> None:
    operator = program(Role.OPERATOR)
    path = f"alarms/{alarm.pk}"
    row = operator.get(f"{API}/{path}").json()
    assert (row["message"], row["time"], row["active"]) == (
        "Zone too cold", "2026-11-23T10:42:18Z", True,
    )  # fmt: skip
    assert row["held"] == {"acknowledged": False, "deleted": False}
    assert row["state"] == "in_sync"
    changed = send(operator, "patch", path, {"acknowledged": True}).json()
    assert (changed["acknowledged"], changed["state"]) == (True, "pending")
    entry = AuditEntry.objects.filter(kind="panelalarm").latest("pk")
    assert entry.changes == {"acknowledged": [False, True]}
    refusal = wrong(send(operator, "patch", path, {"acknowledged": False}))
    assert "cannot be undone" in refusal["acknowledged"]
    identity = {"device": row["device"], "index": 0}
    gone = send(operator, "put", path, {**identity, "acknowledged": True, "deleted": True})
    assert gone.json()["deleted"] is True
    refusal = wrong(send(operator, "put", path, identity))
    assert refusal.keys() == {"acknowledged", "deleted"}


def test_a_panel_raises_alarms_and_a_client_does_not(
    alarm: PanelAlarm, engineer: Client, reader: Client
) -> None:
    path = f"alarms/{alarm.pk}"
    assert send(engineer, "post", "alarms", {"device": alarm.device_id}).status_code == 405
    assert send(engineer, "delete", path).status_code == 405
    for part in ({"create": [{"device": alarm.device_id}]}, {"delete": [alarm.pk]}):
        refusal = wrong(send(engineer, "post", "alarms/bulk", part))
        assert "by clients" in refusal[next(iter(part))]
    assert "read only" in wrong(send(engineer, "patch", path, {"message": "x"}))["message"]
    assert send(reader, "patch", path, {"acknowledged": True}).status_code == 403
    both = {"update": [{"id": alarm.pk, "acknowledged": True}]}
    assert send(engineer, "post", "alarms/bulk", both).json()["updated"] == [alarm.pk]


def test_alarms_are_found_by_what_became_of_them(alarm: PanelAlarm, reader: Client) -> None:
    PanelAlarm.objects.create(device=alarm.device, index=1, acknowledged=True)
    for query, index in (
        ({"active": "true"}, 0),
        ({"acknowledged": "true"}, 1),
        ({"acknowledged": "false", "deleted": "false"}, 0),
        ({"search": "cold"}, 0),
    ):
        found = reader.get(f"{API}/alarms", query).json()["results"]
        assert [row["index"] for row in found] == [index], query


def test_a_panel_may_tell_of_another_alarm_at_the_same_place(alarm: PanelAlarm) -> None:
    alarm.acknowledged = True
    alarm.settle({"acknowledged"})
    alarm.take_over({"message": "Fan fault", "acknowledged": False, "deleted": False})
    assert (alarm.message, alarm.acknowledged, alarm.state) == ("Fan fault", True, "pending")
    alarm.take_over({"acknowledged": True})
    assert alarm.state == "in_sync"


LIMITS = {"way_low": -5, "low": 10.5, "normal": 20, "high": 30, "way_high": 2_147_483.647}


def post(client: Client, device: Device, **members: Any) -> Any:
    return send(client, "post", "alarm-settings", {"device": device.pk, "index": 0, **members})


def test_a_setting_is_told_as_it_was_written(engineer: Client, panel: Device) -> None:
    body = {"point": "144IN3", "reference": "VAR7", "condition": 4, "delay": 255, "message": 3,
            "count": 1, **LIMITS}  # fmt: skip
    row = post(engineer, panel, **body).json()
    assert {name: row[name] for name in body} == body
    assert engineer.get(f"{API}/alarm-settings/{row['id']}").json() == row


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"condition": 1}, "low", "0.0 is not below 0.0. What is left out is 0."),
        ({"condition": 1, **LIMITS, "low": 20}, "low", "low must be below normal"),
        ({"condition": 2, "high": 5, "way_high": 4}, "high", "high must be below way_high"),
        ({"condition": 3, "normal": 5, "low": 4, "way_low": 4}, "way_low", "way_low must be below"),
        ({"condition": 4, **LIMITS}, "reference", "needs a reference"),
        ({"condition": 6}, "condition", "5 (Other than normal)"),
        ({"index": 16}, "index", "16 alarm settings"),
        ({"point": "here"}, "point", "144IN3"),
        ({"high": 2_147_483.648}, "high", "2147483.647"),
        ({"low": 20.0005}, "low", "at most 3 digits after the point"),
        ({"delay": 256}, "delay", "255"),
    ],
)
def test_what_does_not_fit_is_told(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"device": panel.pk, "index": 0, **members}
    assert told in wrong(send(engineer, "post", "alarm-settings", body))[field]
    assert not AlarmSetting.objects.exists()


def test_one_fault_is_told_once(engineer: Client, panel: Device) -> None:
    limits = {"way_low": 5, "low": 10, "high": 30, "way_high": 40}
    refused = wrong(post(engineer, panel, condition=1, **limits))
    told = "low must be below normal: 10.0 is not below 0.0. What is left out is 0."
    assert refused == {"low": told}


def test_only_limits_that_count_are_looked_at(engineer: Client, panel: Device) -> None:
    assert post(engineer, panel, condition=2, high=5, way_high=6).status_code == 201
    row = AlarmSetting.objects.get()
    path = f"alarm-settings/{row.pk}"
    assert "high must be below" in wrong(send(engineer, "patch", path, {"high": 6}))["high"]
    assert "way_low" not in wrong(send(engineer, "patch", path, {"condition": 1}))["condition"]
    AlarmSetting.objects.update(high=7)  # as a panel may hold it
    assert send(engineer, "patch", path, {"delay": 5}).status_code == 200
    assert send(engineer, "patch", path, {"condition": 0, "high": 9}).status_code == 200


def test_conditions_go_by_their_limits() -> None:
    assert [len(one.limits) for one in AlarmCondition] == [0, 5, 3, 3, 5, 0]
    assert [one.needs_reference for one in AlarmCondition].count(True) == 1
