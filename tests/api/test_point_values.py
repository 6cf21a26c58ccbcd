"""A point's value: told, and asked to be another. What is refused is neither stored nor sent."""

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import rest_framework.views  # noqa: F401  it imports ours, by the settings, and wants to be first
from celery import current_app
from django.db import connection
from django.test import Client
from django.utils import timezone

from devices.api import waiting
from devices.api.throttling import CommandThrottle
from devices.domain import commands
from devices.enums import CommandState, Role
from devices.models import Command, Network, RequestKey
from t3000.models import Point
from tests.api.conftest import client_of
from tests.factories import make_command, make_device, make_point, make_user, make_value

pytestmark = pytest.mark.django_db


@pytest.fixture
def operator(program: Callable[..., Client]) -> Client:
    return program(Role.OPERATOR)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The commands whose messages went to the field's queue."""
    found: list[int] = []
    monkeypatch.setattr(
        current_app, "send_task", lambda name, args, **options: found.extend(args[0])
    )
    return found


@pytest.fixture(autouse=True)
def no_one_is_counted() -> None:
    CommandThrottle.cache.clear()


def make_output(**fields: Any) -> Point:
    now = timezone.now()
    device = make_device(link={"last_seen_at": now})
    known = {"writable": True, "commandable": True, "low": 0, "high": 100, "units": "%"}
    point = make_point(device, kind="output", **{**known, **fields})
    make_value(point, 20.0, time=now)
    return point


def path(point: Point) -> str:
    return f"/api/t3000/points/{point.pk}/value"


def post(client: Client, point: Point, body: Any, status: int = 202, **options: Any) -> Any:
    response = client.post(path(point), body, content_type="application/json", **options)
    assert response.status_code == status, response.content
    return response.json()


def test_a_value_is_told_with_its_quality_and_commands(reader: Client) -> None:
    point = make_output()
    make_command(point.device, point=point.address, state=CommandState.REFUSED)
    holding = make_command(point.device, point=point.address, state=CommandState.CONFIRMED)
    response = reader.get(path(point))
    value = response.json()
    assert list(value) == [
        "value", "text", "units", "quality", "updated_at", "auto_manual", "commands",
    ]  # fmt: skip
    assert (value["value"], value["units"], value["quality"]) == (20.0, "%", "good")
    assert [(command["id"], command["holds"]) for command in value["commands"]] == [
        (holding.pk, True)
    ]
    assert response["ETag"].startswith('"')


def test_a_write_is_a_command_on_its_way(
    operator: Client, reader: Client, sent: list[int], django_capture_on_commit_callbacks: Any
) -> None:
    point = make_output()
    until = timezone.now() + timedelta(hours=1)
    body = {"value": 55, "priority": 9, "until": until.isoformat(), "note": "too cold"}
    with django_capture_on_commit_callbacks(execute=True):
        response = operator.post(path(point), body, content_type="application/json")
    assert response.status_code == 202
    told = response.json()
    command = Command.objects.get()
    assert sent == [command.pk]
    assert response["Location"] == f"/api/t3000/commands/{command.pk}"
    assert reader.get(response["Location"]).json() == told
    assert (command.origin, command.client_address) == ("api", "127.0.0.1")
    assert (command.priority, command.until, command.note) == (9, until, "too cold")
    assert told["by"] == command.username
    expected = {
        "id": command.pk,
        "device": point.device_id,
        "point": point.pk,
        "address": point.address,
        "kind": "write",
        "value": 55.0,
        "state": "pending",
        "old_value": 20.0,
        "new_value": None,
        "holds": False,
        "finished_at": None,
    }
    assert {name: told[name] for name in expected} == expected


def test_null_releases_at_the_operators_priority(operator: Client) -> None:
    told = post(operator, make_output(), {"value": None})
    assert (told["kind"], told["value"], told["priority"]) == ("release", None, 8)


@pytest.mark.parametrize(
    ("body", "field", "right"),
    [
        ({}, "value", "required"),
        ({"value": "55"}, "value", "write one such as 21.5"),
        ({"value": True}, "value", "write one such as 21.5"),
        ({"value": [1]}, "value", "write one such as 21.5"),
        ({"value": 120}, "value", "120 is out of range; write 0 to 100"),
        ({"value": 10**30}, "value", "write 0 to 100"),
        ({"value": 5, "priority": 0}, "priority", "the smallest is 1"),
        ({"value": 5, "priority": 17}, "priority", "the largest is 16"),
        ({"value": 5, "priority": 6}, "priority", "8 is the hand"),
        ({"value": 5, "priority": "8"}, "priority", "write one such as 8"),
        ({"value": 5, "priority": 8.5}, "priority", "write one such as 8"),
        ({"value": 5, "priority": None}, "priority", "cannot be null"),
        ({"value": 5, "until": "tomorrow"}, "until", "write one as 2026-11-23T18:00:00Z"),
        ({"value": 5, "until": "2036-01-01T00:00:00"}, "until", "its distance from UTC"),
        ({"value": 5, "until": "2026-02-30T00:00:00Z"}, "until", "write one as"),
        ({"value": 5, "until": 1795430538}, "until", "write one as"),
        ({"value": 5, "until": "2020-01-01T00:00:00Z"}, "until", "must lie in the future"),
        ({"value": 5, "until": "0001-01-01T00:00:00+14:00"}, "until", ""),
        ({"value": 5, "note": 7}, "note", "not a text"),
        ({"value": 5, "note": "x" * 201}, "note", "200 characters"),
        ({"value": 5, "note": "a\0b"}, "note", "Null characters"),
        ({"value": 5, "prority": 8}, "prority", "there are: value, priority, until, note"),
        ([5], "body", "object"),
    ],
    ids=range(23),
)
def test_a_wrong_wish_says_what_would_be_right(
    operator: Client, sent: list[int], body: Any, field: str, right: str
) -> None:
    (error,) = post(operator, make_output(), body, 400)["errors"]
    assert error["field"] == field
    assert right in error["detail"]
    assert (Command.objects.count(), sent) == (0, [])


def test_a_priority_that_a_point_of_auto_and_manual_lacks(
    operator: Client, sent: list[int]
) -> None:
    point = make_output(address="output,1", has_priorities=False)
    (error,) = post(operator, point, {"value": 5, "priority": 9}, 400)["errors"]
    assert error["field"] == "priority"
    assert "leave the priority out, or write 8" in error["detail"]
    assert (Command.objects.count(), sent) == (0, [])


@pytest.mark.parametrize(
    "body", ["", "{", '{"value": NaN}', '{"value": 1e999}', "[" * 5000, b"\xff", '{"value": 1}x']
)
def test_what_is_no_json_is_400(operator: Client, sent: list[int], body: Any) -> None:
    post(operator, make_output(), body, 400)
    assert (Command.objects.count(), sent) == (0, [])


def test_only_json_is_taken(operator: Client) -> None:
    response = operator.post(path(make_output()), {"value": 5})
    assert response.status_code == 415
    assert response["Content-Type"] == "application/problem+json"
    assert not Command.objects.exists()


def test_a_body_that_is_too_large_is_413(operator: Client, settings: Any) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    post(operator, make_output(), {"value": 5, "note": "x" * 200}, 413)
    assert not Command.objects.exists()


@pytest.mark.parametrize("wait", ["x", "-1", "10.1", "nan", "1_0", ""])
def test_a_wrong_wait_is_refused_before_anything_is_stored(operator: Client, wait: str) -> None:
    point = make_output()
    response = operator.post(
        f"{path(point)}?wait={wait}", {"value": 5}, content_type="application/json"
    )
    assert response.status_code == 400
    assert response.json()["errors"][0]["field"] == "wait"
    assert not Command.objects.exists()


def test_an_input_is_read_only(operator: Client) -> None:
    problem = post(operator, make_output(writable=False, held={}), {"value": 5}, 409)
    assert "read only" in problem["detail"]
    assert not Command.objects.exists()


def test_what_is_switched_off_is_not_commanded(operator: Client) -> None:
    point = make_output()
    Network.objects.update(enabled=False)
    assert "switched off" in post(operator, point, {"value": 5}, 409)["detail"]
    assert not Command.objects.exists()


def test_too_little_right_is_403(reader: Client, program: Callable[..., Client]) -> None:
    point = make_output()
    for client in (reader, program(None)):
        assert "role operator" in post(client, point, {"value": 5}, 403)["detail"]
    assert not Command.objects.exists()


def test_nobody_writes_nothing() -> None:
    post(Client(), make_output(), {"value": 5}, 401)
    assert not Command.objects.exists()


def test_a_session_needs_its_csrf_token() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(is_superuser=True))
    assert "CSRF" in post(client, make_output(), {"value": 5}, 403)["detail"]
    assert not Command.objects.exists()


@pytest.mark.parametrize("wrong", ["0", "999999", str(2**63), "x"])
def test_an_unknown_point_is_404(operator: Client, wrong: str) -> None:
    for method in (operator.get, operator.post):
        response = (
            method(
                f"/api/t3000/points/{wrong}/value", {"value": 1}, content_type="application/json"
            )
            if method == operator.post
            else method(f"/api/t3000/points/{wrong}/value")
        )
        assert response.status_code == 404


def test_a_write_may_ask_that_nothing_changed_since(operator: Client) -> None:
    point = make_output()
    etag = operator.get(path(point))["ETag"]
    assert operator.get(path(point))["ETag"] == etag
    first = post(operator, point, {"value": 5}, headers={"If-Match": etag})
    problem = post(operator, point, {"value": 6}, 412, headers={"If-Match": etag})
    assert problem["status"] == 412
    assert [command.pk for command in Command.objects.all()] == [first["id"]]
    etag = operator.get(path(point))["ETag"]
    post(operator, point, {"value": 6}, headers={"If-Match": f'"other", {etag}'})
    post(operator, point, {"value": 7}, headers={"If-Match": "*"})


@pytest.mark.parametrize("change", [{"value": 21.0}, {"quality": 4}])
def test_another_value_or_quality_is_another_etag(operator: Client, change: Any) -> None:
    point = make_output()
    etag = operator.get(path(point))["ETag"]
    type(point.current).objects.update(**change)
    post(operator, point, {"value": 5}, 412, headers={"If-Match": etag})
    assert not Command.objects.exists()


@pytest.mark.parametrize("header", ["nonsense", '"', 'W/"x"', ","])
def test_another_if_match_is_412(operator: Client, header: str) -> None:
    post(operator, make_output(), {"value": 5}, 412, headers={"If-Match": header})
    assert not Command.objects.exists()


def test_a_request_with_a_key_is_carried_out_once(operator: Client) -> None:
    point = make_output()
    key: Any = {"headers": {"Idempotency-Key": "7f3a-01"}}
    first = post(operator, point, {"value": 5}, **key)
    again = post(operator, point, {"value": 5.0, "priority": 8}, **key)
    assert again["id"] == first["id"]
    assert [command.pk for command in Command.objects.all()] == [first["id"]]
    problem = post(operator, point, {"value": 6}, 409, **key)
    assert "choose a new one" in problem["detail"]
    post(operator, make_output(), {"value": 5}, 409, **key)
    assert Command.objects.count() == 1


def test_a_key_is_the_users_own_and_ends_after_a_day(operator: Client) -> None:
    point = make_output()
    key: Any = {"headers": {"Idempotency-Key": "1"}}
    first = post(operator, point, {"value": 5}, **key)
    other = post(client_of(make_user(is_superuser=True)), point, {"value": 5}, **key)
    RequestKey.objects.update(created_at=timezone.now() - timedelta(days=1, seconds=1))
    later = post(operator, point, {"value": 5}, **key)
    assert len({first["id"], other["id"], later["id"]}) == 3


def test_a_refused_request_leaves_its_key_free(operator: Client) -> None:
    point = make_output()
    key: Any = {"headers": {"Idempotency-Key": "1"}}
    post(operator, point, {"value": 500}, 400, **key)
    assert not RequestKey.objects.exists()
    post(operator, point, {"value": 50}, **key)


@pytest.mark.parametrize("key", ["", "a b", "x" * 101, "ä", '"1"'])
def test_a_wrong_key_says_what_would_be_right(operator: Client, key: str) -> None:
    headers = {"Idempotency-Key": key}
    (error,) = post(operator, make_output(), {"value": 5}, 400, headers=headers)["errors"]
    assert error["field"] == "Idempotency-Key"
    assert "1 to 100 letters" in error["detail"]
    assert not Command.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_requests_with_one_key_at_the_same_time_are_one(operator: Client, sent: list[int]) -> None:
    point = make_output()
    answers: list[int] = []

    def ask() -> None:
        try:
            told = post(operator, point, {"value": 5}, headers={"Idempotency-Key": "1"})
            answers.append(told["id"])
        finally:
            connection.close()

    asking = [threading.Thread(target=ask) for _ in range(5)]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join()
    assert len(answers) == 5
    assert len(set(answers)) == 1
    assert sent == answers[:1]


def test_a_program_that_has_lost_its_way_is_told_to_wait(
    operator: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CommandThrottle, "THROTTLE_RATES", {"commands": "2/min"})
    point = make_output()
    for value in (1, 2):
        post(operator, point, {"value": value})
    response = operator.post(path(point), {"value": 3}, content_type="application/json")
    assert response.status_code == 429
    assert 1 <= int(response["Retry-After"]) <= 60
    assert response.json()["title"] == "Too Many Requests"
    assert Command.objects.count() == 2
    assert operator.get(path(point)).status_code == 200
    post(client_of(make_user(is_superuser=True)), point, {"value": 3})


@pytest.mark.django_db(transaction=True)
def test_a_write_may_wait_for_its_end(operator: Client, sent: list[int]) -> None:
    point = make_output()
    answers: list[Any] = []

    def ask() -> None:
        try:
            answers.append(
                operator.post(
                    f"{path(point)}?wait=10", {"value": 55}, content_type="application/json"
                )
            )
        finally:
            connection.close()

    asking = threading.Thread(target=ask)
    asking.start()
    while not sent:
        asking.join(0.01)
        assert asking.is_alive()
    ((command, _is_new),) = commands.claim(sent, timezone.now())
    commands.finish(command, CommandState.CONFIRMED, new_value=55.0)
    asking.join()
    told = answers[0].json()
    assert answers[0].status_code == 202
    assert (told["state"], told["new_value"], told["holds"]) == ("confirmed", 55.0, True)


def test_a_wait_that_is_over_tells_how_far_it_is(operator: Client, sent: list[int]) -> None:
    point = make_output()
    response = operator.post(
        f"{path(point)}?wait=0.01", {"value": 55}, content_type="application/json"
    )
    assert (response.status_code, response.json()["state"]) == (202, "pending")


def test_who_finds_no_seat_to_wait_is_answered_at_once(
    operator: Client, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = make_output()

    def look() -> None:
        raise AssertionError("it waits")

    with monkeypatch.context() as patch:
        patch.setattr(waiting.time, "sleep", lambda _seconds: look())
        for _ in range(waiting.MOST_WAITING):
            assert waiting._seats.acquire(blocking=False)
        try:
            response = operator.post(
                f"{path(point)}?wait=10", {"value": 55}, content_type="application/json"
            )
        finally:
            waiting._seats.release(waiting.MOST_WAITING)
    assert (response.status_code, response.json()["state"]) == (202, "pending")


def test_who_waited_leaves_the_seat_and_looked_ever_more_rarely(
    operator: Client, sent: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    point = make_output()
    pauses: list[float] = []

    def sleep(seconds: float) -> None:
        pauses.append(seconds)
        if len(pauses) == 6:
            Command.objects.update(state=CommandState.CONFIRMED)

    monkeypatch.setattr(waiting.time, "sleep", sleep)
    operator.post(f"{path(point)}?wait=10", {"value": 5}, content_type="application/json")
    assert pauses == [0.02, 0.04, 0.08, 0.16, 0.25, 0.25]
    for _ in range(waiting.MOST_WAITING):
        assert waiting._seats.acquire(blocking=False)
    waiting._seats.release(waiting.MOST_WAITING)


def test_commands_are_listed_and_filtered(
    reader: Client, django_assert_max_num_queries: Any
) -> None:
    point = make_output()
    own = make_command(point.device, point=point.address)
    other = make_command(state=CommandState.REFUSED, kind="release", payload={})

    def ids(**query: Any) -> list[int]:
        rows = reader.get("/api/t3000/commands", query).json()["results"]
        return [row["id"] for row in rows]

    with django_assert_max_num_queries(4):
        assert ids() == [other.pk, own.pk]
    assert ids(device=point.device_id) == ids(point=point.pk) == [own.pk]
    assert ids(point=point.pk + 1) == []
    assert ids(state="confirmed") == [own.pk]
    assert ids(kind="release") == ids(state="refused") == [other.pk]
    response = reader.get("/api/t3000/commands", {"state": "done"})
    assert response.status_code == 400
    assert "confirmed" in response.json()["detail"]


def test_a_command_outlives_its_point(reader: Client) -> None:
    command = make_command()
    command.device.delete()
    told = reader.get(f"/api/t3000/commands/{command.pk}").json()
    assert (told["device"], told["point"]) == (None, None)
