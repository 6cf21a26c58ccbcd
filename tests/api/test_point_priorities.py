"""Priority arrays, out-of-service and several writes at a time, by REST."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from devices.api.throttling import CommandThrottle
from devices.enums import NetworkProtocol, Role
from devices.models import Command
from protocols.types import Quality
from t3000.models import Point, PriorityArray
from tests.factories import NOW, make_device, make_network, make_point, make_site, make_value

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(program: Callable[..., Client]) -> Client:
    return program(Role.OPERATOR)


@pytest.fixture
def engineer(program: Callable[..., Client]) -> Client:
    return program(Role.ENGINEER)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int]]]:
    """What goes to the field's queue: the task, and its ids."""
    found: list[tuple[str, list[int]]] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, args, **options: found.append((name, args[0]))
    )
    return found


@pytest.fixture(autouse=True)
def no_one_is_counted() -> None:
    CommandThrottle.cache.clear()


def make_output(device: Any = None, **fields: Any) -> Point:
    known = {"writable": True, "commandable": True, "low": 0, "high": 100}
    point = make_point(device or make_device(), kind="output", **{**known, **fields})
    make_value(point, 20.0, time=timezone.now())
    return point


def post(client: Client, path: str, body: Any = None, status: int = 202, **options: Any) -> Any:
    given = {"content_type": "application/json", **options}
    response = client.post(f"/api/t3000/{path}", body, **given)
    assert response.status_code == status, response.content
    return response.json()


def get(client: Client, path: str, status: int = 200) -> Any:
    response = client.get(f"/api/t3000/{path}")
    assert response.status_code == status, response.content
    return response.json()


# Priority arrays.


def test_all_slots_are_told_with_the_one_that_wins(reader: Client) -> None:
    point = make_output()
    slots = {"5": 20.0, "8": 55.0, "9": None}
    PriorityArray.objects.create(point=point, slots=slots, relinquish_default=1.0, read_at=NOW)
    told = get(reader, f"points/{point.pk}/priorities")
    assert [slot["priority"] for slot in told["slots"]] == list(range(1, 17))
    assert told["slots"][4] == {
        "priority": 5,
        "name": "Critical equipment",
        "state": "filled",
        "value": 20.0,
        "wins": True,
    }
    assert [told["slots"][place]["state"] for place in (0, 7, 8)] == [
        "empty",
        "filled",
        "unreadable",
    ]
    assert (told["winner"], told["priority"], told["value"]) == ("priority", 5, 20.0)
    assert told["relinquish_default"] == 1.0
    assert told["read_at"] is not None


def test_what_was_never_read_says_so(reader: Client) -> None:
    told = get(reader, f"points/{make_output().pk}/priorities")
    assert (told["winner"], told["read_at"]) == ("unknown", None)
    assert {slot["state"] for slot in told["slots"]} == {"unknown"}


def test_a_point_without_an_array_has_none_to_tell(operator: Client) -> None:
    panel = make_device(network=make_network(protocol=NetworkProtocol.MODBUS))
    point = make_output(panel, address="output,1", has_priorities=False)
    for ask in (get, post):
        told = ask(operator, f"points/{point.pk}/priorities", status=404)
        assert "it knows Auto and Manual only" in told["detail"]


def test_an_operator_has_it_read_anew(operator: Client, sent: list[Any]) -> None:
    point = make_output()
    told = post(operator, f"points/{point.pk}/priorities")
    assert sent == [("devices.tasks.read_priorities", [point.pk])]
    assert told["read_at"] is None
    assert not Command.objects.exists()


def test_a_viewer_looks_and_has_nothing_read(reader: Client, sent: list[Any]) -> None:
    post(reader, f"points/{make_output().pk}/priorities", status=403)
    assert sent == []


def test_an_operator_of_another_site_has_nothing_read(
    program: Callable[..., Client], sent: list[Any]
) -> None:
    here, there = make_site(), make_site()
    point = make_output(make_device(network=make_network(site=here)))
    post(program(Role.OPERATOR, there), f"points/{point.pk}/priorities", status=404)
    assert sent == []


def test_what_is_switched_off_is_not_read(operator: Client, sent: list[Any]) -> None:
    point = make_output(make_device(enabled=False))
    told = post(operator, f"points/{point.pk}/priorities", status=409)
    assert "switched off" in told["detail"]
    assert sent == []


# Out of service.


@pytest.mark.parametrize(("out", "kind"), [(True, "out_of_service"), (False, "in_service")])
def test_an_engineer_takes_a_point_out_of_service_and_back(
    engineer: Client,
    sent: list[Any],
    out: bool,
    kind: str,
    django_capture_on_commit_callbacks: Any,
) -> None:
    point = make_point()
    with django_capture_on_commit_callbacks(execute=True):
        told = post(
            engineer,
            f"points/{point.pk}/out-of-service",
            {"out_of_service": out, "note": "sensor"},
        )
    command = Command.objects.get()
    assert sent == [("devices.tasks.execute_commands", [command.pk])]
    assert (told["kind"], told["priority"], told["value"]) == (kind, None, None)
    assert (told["point"], told["note"], told["state"]) == (point.pk, "sensor", "pending")


def test_an_operator_does_not(operator: Client) -> None:
    told = post(
        operator, f"points/{make_point().pk}/out-of-service", {"out_of_service": True}, status=403
    )
    assert "engineer" in told["detail"]
    assert not Command.objects.exists()


def test_where_the_protocol_has_no_such_thing_it_is_refused(engineer: Client) -> None:
    panel = make_device(network=make_network(protocol=NetworkProtocol.MODBUS))
    point = make_point(panel, address="input,1")
    path = f"points/{point.pk}/out-of-service"
    told = post(engineer, path, {"out_of_service": True}, status=409)
    assert "its protocol knows Auto and Manual only" in told["detail"]
    assert not Command.objects.exists()


@pytest.mark.parametrize("body", [{}, {"out_of_service": 1}, {"out_of_service": None}, {"x": 1}])
def test_what_is_no_wish_is_refused(engineer: Client, body: dict[str, Any]) -> None:
    post(engineer, f"points/{make_point().pk}/out-of-service", body, status=400)
    assert not Command.objects.exists()


def test_asked_again_with_the_same_key_it_is_one_command(engineer: Client) -> None:
    path, key = f"points/{make_point().pk}/out-of-service", {"HTTP_IDEMPOTENCY_KEY": "k1"}
    first = post(engineer, path, {"out_of_service": True}, **key)
    assert post(engineer, path, {"out_of_service": True}, **key) == first
    post(engineer, path, {"out_of_service": False}, status=409, **key)
    assert Command.objects.count() == 1


def test_an_input_is_written_only_while_it_is_out_of_service(operator: Client) -> None:
    point = make_point(held={"label": "P1"})
    value = make_value(point, 20.0, time=timezone.now())
    told = post(operator, f"points/{point.pk}/value", {"value": 33}, status=409)
    assert "it is read only while it is in service" in told["detail"]
    value.quality = Quality.OUT_OF_SERVICE
    value.save()
    assert post(operator, f"points/{point.pk}/value", {"value": 33})["kind"] == "write"
    told = post(operator, f"points/{point.pk}/value", {"value": None}, status=400)
    assert "cannot be released" in told["detail"]


# Several at a time.


def writes(*points: Point, **fields: Any) -> dict[str, Any]:
    return {"create": [{"point": point.pk, "value": 55, **fields} for point in points]}


def test_several_points_are_written_by_one_request(
    operator: Client, sent: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    device = make_device()
    points = [make_output(device) for _ in range(3)]
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    with django_capture_on_commit_callbacks(execute=True):
        told = post(operator, "commands/bulk", writes(*points, until=until, note="frost"))
    made = list(Command.objects.order_by("pk"))
    assert sent == [("devices.tasks.execute_commands", [one.pk for one in made])]
    assert [one["id"] for one in told["commands"]] == [one.pk for one in made]
    assert [one["point"] for one in told["commands"]] == [point.pk for point in points]
    assert {(one.value, one.note, one.old_value) for one in made} == {(55.0, "frost", 20.0)}


def test_what_is_wrong_with_any_is_told_and_none_is_stored(operator: Client) -> None:
    points = [make_output() for _ in range(3)]
    body = writes(*points)
    body["create"][0]["value"] = 120
    body["create"][2]["priority"] = 6
    told = post(operator, "commands/bulk", body, status=400)
    assert {one["field"] for one in told["errors"]} == {"create.0.value", "create.2.priority"}
    assert not Command.objects.exists()


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "create"),
        ({"create": []}, "create"),
        ({"create": [{"value": 1}]}, "create.0.point"),
        ({"create": [{"point": 999_999, "value": 1}]}, "create.0.point"),
        ({"create": [{"point": 1, "value": 1}] * 101}, "create"),
        ({"create": [5]}, "create.0"),
    ],
    ids=str,
)
def test_what_is_no_list_of_writes_is_refused(
    operator: Client, body: dict[str, Any], field: str
) -> None:
    told = post(operator, "commands/bulk", body, status=400)
    assert any(one["field"].startswith(field) for one in told["errors"])


def test_one_that_cannot_be_written_stops_all(operator: Client) -> None:
    told = post(operator, "commands/bulk", writes(make_output(), make_point()), status=409)
    assert "IN1 P1 cannot be written" in told["detail"]
    assert not Command.objects.exists()


def test_a_point_of_another_site_is_not_there(program: Callable[..., Client]) -> None:
    here, there = make_site(), make_site()
    mine, foreign = (
        make_output(make_device(network=make_network(site=site))) for site in (here, there)
    )
    told = post(program(Role.OPERATOR, here), "commands/bulk", writes(mine, foreign), status=400)
    assert [one["field"] for one in told["errors"]] == ["create.1.point"]
    assert not Command.objects.exists()


def test_each_write_counts_as_a_command(operator: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CommandThrottle, "THROTTLE_RATES", {"commands": "5/min"})
    points = [make_output() for _ in range(4)]
    post(operator, "commands/bulk", writes(*points))
    post(operator, "commands/bulk", writes(*points), status=429)
    assert Command.objects.count() == 4


def test_many_writes_cost_as_many_queries_as_two(
    operator: Client, django_assert_num_queries: Any
) -> None:
    device = make_device()
    points = [make_output(device) for _ in range(30)]
    post(operator, "commands/bulk", writes(*points[:2]))
    with CaptureQueriesContext(connection) as queries:
        post(operator, "commands/bulk", writes(*points[:2]))
    with django_assert_num_queries(len(queries)):
        post(operator, "commands/bulk", writes(*points))
