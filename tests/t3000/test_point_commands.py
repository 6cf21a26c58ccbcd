"""What a point takes: refused before anything is stored or sent."""

from datetime import timedelta
from typing import Any

import pytest

from devices.domain.commands import BadCommand
from devices.domain.errors import NotPossible
from devices.enums import Origin
from devices.models import AuditEntry, Command
from devices.models.acting import Actor
from t3000.domain.commands import request_write
from t3000.models import Point
from tests.factories import NOW, make_point, make_value

pytestmark = pytest.mark.django_db

ANNA = Actor(None, Origin.PAGE)


def make_output(**fields: Any) -> Point:
    return make_point(kind="output", **{"writable": True, "commandable": True, **fields})


def test_a_write_carries_the_value_that_it_replaces() -> None:
    point = make_output(low=0, high=100)
    make_value(point, 20.0)
    command = request_write(point, 55, by=ANNA)
    assert (command.point, command.value, command.old_value) == (point.address, 55.0, 20.0)
    assert command.device == point.device


def test_the_ledger_and_the_audit_trail_name_the_point_as_people_know_it() -> None:
    point = make_output(label="SF-SPD")
    command = request_write(point, 55, by=ANNA)
    point.delete()
    command.refresh_from_db()
    assert command.name == f"{command.device_name} SF-SPD"
    assert AuditEntry.objects.get(kind="command").name == command.name


def test_a_point_of_a_t3_takes_what_its_range_says() -> None:
    assert request_write(make_output(address="output,1"), 45.5, by=ANNA).value == 45.5
    relay = make_output(address="output,2", states=["Off", "On"])
    assert request_write(relay, 1, by=ANNA).value == 1.0


def test_a_value_that_was_not_true_is_not_called_the_old_one() -> None:
    point = make_output()
    make_value(point, 20.0, quality=2)
    assert request_write(point, 55.0, by=ANNA).old_value is None


@pytest.mark.parametrize(
    ("fields", "value", "told"),
    [
        ({}, float("nan"), "Not a number"),
        ({}, float("inf"), "Not a number"),
        ({}, True, "Not a number"),
        ({}, 1e39, "out of range"),
        ({"low": 0, "high": 100}, 100.5, "100.5 is out of range; write 0 to 100."),
        (
            {"address": "binary-output,1", "states": ["Off", "On"]},
            2,
            "Write 0 (Off) or 1 (On).",
        ),
        ({"address": "binary-output,1", "states": ["Off", "On"]}, 0.5, "0 (Off) or 1 (On)"),
        (
            {"address": "multi-state-output,1", "states": ["Off", "Low", "High"]},
            0,
            "Write one of its states: 1 (Off), 2 (Low), 3 (High).",
        ),
        ({"address": "multi-state-output,1", "states": ["Off", "Low"]}, 3, "one of its states"),
        ({"address": "multi-state-output,1", "states": ["Off", "Low"]}, 1.5, "one of its states"),
        ({"address": "output,1", "states": ["Off", "On"]}, 2, "Write 0 (Off) or 1 (On)."),
        ({"commandable": False}, None, "cannot be released"),
    ],
)
def test_a_value_that_the_point_cannot_take(
    fields: dict[str, Any], value: float | None, told: str
) -> None:
    with pytest.raises(BadCommand) as caught:
        request_write(make_output(**fields), value, by=ANNA)
    assert caught.value.field == "value"
    assert told in caught.value.message
    assert not Command.objects.exists()


def test_an_end_needs_a_point_that_can_be_released() -> None:
    with pytest.raises(BadCommand) as caught:
        request_write(make_output(commandable=False), 1.0, by=ANNA, until=NOW + timedelta(hours=1))
    assert caught.value.field == "until"


@pytest.mark.parametrize("value", [1.0, None])
@pytest.mark.parametrize("priority", [1, 7, 9, 16])
def test_a_point_without_priorities_takes_manual_only(value: float | None, priority: int) -> None:
    point = make_output(address="output,1", has_priorities=False)
    with pytest.raises(BadCommand) as caught:
        request_write(point, value, by=ANNA, priority=priority)
    assert caught.value.field == "priority"
    assert caught.value.message == (
        "This point knows Auto and Manual only: leave the priority out, or write 8."
    )
    assert not Command.objects.exists()
    assert request_write(point, value, by=ANNA, priority=8).priority == 8
    assert request_write(point, value, by=ANNA).priority == 8


def test_an_input_is_read_only() -> None:
    with pytest.raises(NotPossible, match="read only"):
        request_write(make_point(held={}), 1.0, by=ANNA)
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("address", "states", "value"),
    [
        ("analog-output,1", [], -12.5),
        ("binary-output,1", ["Off", "On"], 1),
        ("multi-state-output,1", ["Off", "Low"], 2),
    ],
)
def test_what_fits_is_taken(address: str, states: list[str], value: float) -> None:
    assert request_write(make_output(address=address, states=states), value, by=ANNA).value == value


@pytest.mark.parametrize(
    ("held", "why"), [(None, "not known until its device"), ({}, "it is read only")]
)
def test_what_was_never_described_is_not_said_to_be_read_only(held: Any, why: str) -> None:
    point = make_point(kind="output", held=held)
    with pytest.raises(NotPossible, match=why):
        request_write(point, 1.0, by=Actor(None, Origin.PAGE))
