"""PID loops: what fits into them."""

from typing import Any

import pytest
from django.test import Client

from devices.models import Device
from t3000.models import PidLoop
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db
LOOP = {
    "input": "IN3",
    "setpoint": "144VAR7",
    "units": 1,
    "auto_manual": 1,
    "action": 1,
    "time_unit": 0,
    "sample_time": 10,
    "proportional": 65_535,
    "reset": 255,
    "bias": 100,
    "rate": 1.25,
}


def test_a_loop_is_told_as_it_was_written(engineer: Client, panel: Device) -> None:
    body = {"device": panel.pk, "index": 15, **LOOP}
    row = send(engineer, "post", "pid-loops", body).json()
    assert engineer.get(f"{API}/pid-loops/{row['id']}").json() == row
    assert {name: row[name] for name in body} == body
    live = ("input_value", "setpoint_value", "output")
    assert [row[name] for name in live] == [None] * 3


def test_a_loop_begins_as_in_t3000(engineer: Client, panel: Device) -> None:
    row = send(engineer, "post", "pid-loops", {"device": panel.pk, "index": 0}).json()
    told = {name: row[name] for name in LOOP}
    assert told == {**dict.fromkeys(LOOP, 0), "input": "", "setpoint": "", "time_unit": 1,
                    "sample_time": 10}  # fmt: skip


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"index": 16}, "index", "16 PID loops"),
        ({"input": "144IN3"}, "input", "Only points of the panel itself"),
        ({"input": "in3"}, "input", "Write it as IN3."),
        ({"input": "IN0"}, "input", "1 to"),
        ({"input": "IN65"}, "input", "This panel has 64 inputs: IN1 to IN64."),
        ({"setpoint": "VAR129"}, "setpoint", "This panel has 128 variables: VAR1 to VAR128."),
        ({"setpoint": "SCH1"}, "setpoint", "another kind of point"),
        ({"setpoint": "FAN"}, "setpoint", "144IN3"),
        ({"units": 39}, "units", "38"),
        ({"proportional": 65_536}, "proportional", "65535"),
        ({"reset": 256}, "reset", "255"),
        ({"bias": 101}, "bias", "100"),
        ({"rate": 2.01}, "rate", "2"),
        ({"rate": -0.01}, "rate", "0"),
        ({"rate": 0.125}, "rate", "at most 2 digits after the point"),
        ({"action": 2}, "action", "0 (Reverse (heating)), 1 (Direct (cooling))"),
        ({"output": 50}, "output", "read only"),
    ],
)
def test_what_does_not_fit_is_told(
    engineer: Client, panel: Device, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"device": panel.pk, "index": 0, **members}
    assert told in wrong(send(engineer, "post", "pid-loops", body))[field]
    assert not PidLoop.objects.exists()


def test_what_the_panel_computes_is_no_edit_and_no_conflict(
    engineer: Client, panel: Device
) -> None:
    loop = PidLoop(device=panel, index=0)
    loop.take_over({**LOOP, "input_value": 21.5, "output": 40.0})
    loop.save()
    assert (loop.state, loop.input_value) == ("in_sync", 21.5)
    etag = engineer.get(f"{API}/pid-loops/{loop.pk}")["ETag"]
    loop.take_over({**LOOP, "input_value": 22.0, "output": 35.0})
    loop.save()
    response = engineer.get(f"{API}/pid-loops/{loop.pk}")
    row = response.json()
    assert (response["ETag"], row["output"], row["state"]) == (etag, 35.0, "in_sync")
    assert row["held"] == LOOP
    path = f"pid-loops/{loop.pk}"
    assert send(engineer, "patch", path, {"bias": 50}).json()["state"] == "pending"
    loop.refresh_from_db()
    loop.take_over({**LOOP, "input_value": 22.5})
    assert (loop.state, loop.input_value, loop.bias) == ("pending", 22.5, 50)
    loop.take_over({**LOOP, "reset": 1})
    assert (loop.state, loop.bias) == ("conflict", 50)
    assert send(engineer, "patch", path, {"bias": 100}).json()["state"] == "in_sync"


def test_a_loop_of_a_panel_is_emptied(engineer: Client, panel: Device) -> None:
    loop = PidLoop(device=panel, index=0)
    loop.take_over(LOOP)
    loop.save()
    assert send(engineer, "delete", f"pid-loops/{loop.pk}").status_code == 204
    row = engineer.get(f"{API}/pid-loops/{loop.pk}").json()
    assert (row["input"], row["proportional"], row["state"]) == ("", 0, "pending")
    assert row["held"] == LOOP


@pytest.mark.parametrize("setpoint", ["IN64", "144IN99", "12.7IN99", "REG2000"])
def test_what_other_panels_have_is_theirs_to_know(
    engineer: Client, panel: Device, setpoint: str
) -> None:
    Device.objects.filter(pk=panel.pk).update(panel_number=12)
    body = {"device": panel.pk, "index": 0, "setpoint": setpoint}
    assert send(engineer, "post", "pid-loops", body).status_code == 201
    body = {**body, "index": 1, "setpoint": "12IN99"}
    assert "64 inputs" in wrong(send(engineer, "post", "pid-loops", body))["setpoint"]


def test_a_reference_that_nobody_could_write_hinders_no_other_edit(
    engineer: Client, panel: Device
) -> None:
    loop = PidLoop(device=panel, index=0)
    loop.take_over({**LOOP, "setpoint": "point 3 of type 14 of panel 5"})
    loop.save()
    path = f"pid-loops/{loop.pk}"
    assert send(engineer, "patch", path, {"bias": 50}).status_code == 200
    assert "setpoint" in wrong(send(engineer, "patch", path, {"setpoint": "IN99"}))
