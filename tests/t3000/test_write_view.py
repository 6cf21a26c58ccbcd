"""Writing from the page: what is offered, what is refused, and that nothing comes of refusals."""

import re
import zoneinfo
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.http import HttpResponse
from django.test import Client
from django.utils import timezone

from devices.enums import CommandKind, CommandState, Origin, Role
from devices.models import Command
from t3000.enums import Quality
from t3000.models import Point, PointValue, PriorityArray
from t3000.views import priority_rows
from tests.factories import (
    make_command,
    make_device,
    make_network,
    make_point,
    make_site,
    make_user,
    make_value,
)

pytestmark = pytest.mark.django_db
HTMX = {"HTTP_HX_REQUEST": "true", "HTTP_HX_REQUEST_TYPE": "partial"}
ASKED = {"value": "55", "until": "1h", "priority": "8", "note": ""}


@pytest.fixture
def anna(client: Client) -> Client:
    user = make_user("anna", role=Role.OPERATOR)
    client.force_login(user)
    return client


def make_output(**fields: Any) -> Point:
    defaults = {"kind": "output", "writable": True, "commandable": True, "low": 0, "high": 100}
    point = make_point(fields.pop("device", None), **{**defaults, "units": "%", **fields})
    make_value(point, 20.0, time=timezone.now())
    point.device.link.last_seen_at = timezone.now()
    point.device.link.save()
    return point


def make_mode(**fields: Any) -> Point:
    states = ["Off", "Auto", "On"]
    return make_output(
        kind="variable", address="multi-state-value,1", states=states, low=None, high=None, **fields
    )


def path(point: Point) -> str:
    return f"/points/{point.pk}/write"


def text(response: Any) -> str:
    return str(response.content.decode())


def post(client: Client, point: Point, **changes: str) -> HttpResponse:
    return client.post(path(point), {**ASKED, **changes}, **HTMX)  # type: ignore[return-value]


def refused(response: Any, *told: str, status: int = 422) -> None:
    assert response.status_code == status
    for words in told:
        assert words in text(response).replace("&#x27;", "'")
    assert not Command.objects.exists()


def test_the_form_offers_the_value_with_its_unit_and_bounds(anna: Client) -> None:
    html = text(anna.get(path(make_output()), **HTMX))
    assert 'type="number"' in html
    assert 'value="20.0"' in html
    assert 'min="0.0"' in html
    assert 'max="100.0"' in html
    assert "0 to 100 %" in html
    assert 'value="1h" data-until-seconds="3600" checked' in html
    assert '<option value="8" selected>8 Manual operator</option>' in html
    assert '<option value="6"' not in html
    assert "Release to Auto" not in html


def test_the_form_offers_the_states_of_a_multi_state(anna: Client) -> None:
    html = text(anna.get(path(make_mode()), **HTMX))
    for number, state in ((1, "Off"), (2, "Auto"), (3, "On")):
        assert f'name="value" value="{number}"' in html
        assert f"<span>{state}</span>" in html
    assert 'type="number"' not in html


def test_a_point_without_priorities_has_no_end(anna: Client) -> None:
    point = make_output(commandable=False)
    html = text(anna.get(path(point), **HTMX))
    assert 'name="until"' not in html
    assert 'name="priority"' not in html
    assert "nothing can be released" in html
    assert anna.post(path(point), {"value": "55"}, **HTMX).status_code == 204
    assert Command.objects.get().until is None


def test_a_point_of_auto_and_manual_has_an_end_and_no_choice_of_priority(anna: Client) -> None:
    point = make_output(address="output,1", has_priorities=False)
    html = text(anna.get(path(point), **HTMX))
    assert 'name="until"' in html
    assert 'name="priority"' not in html
    asked = {name: said for name, said in ASKED.items() if name != "priority"}
    assert anna.post(path(point), asked, **HTMX).status_code == 204
    command = Command.objects.get()
    assert (command.priority, command.until is not None) == (8, True)


def test_a_write_is_asked_for_with_who_from_where_and_until_when(anna: Client) -> None:
    point = make_output()
    before = timezone.now()
    assert post(anna, point, value="55.5", note="frost test").status_code == 204
    command = Command.objects.get()
    assert (command.device, command.point, command.value) == (point.device, point.address, 55.5)
    assert (command.username, command.client_address) == ("anna", "127.0.0.1")
    assert (command.origin, command.note) == (Origin.PAGE, "frost test")
    assert command.old_value == 20.0
    assert command.until is not None
    assert timedelta(minutes=60) <= command.until - before < timedelta(minutes=61)


@pytest.mark.parametrize(
    ("until", "span"), [("15m", 15 * 60), ("4h", 4 * 3600), ("8h", 8 * 3600), ("none", None)]
)
def test_the_ends_that_can_be_chosen(anna: Client, until: str, span: int | None) -> None:
    assert post(anna, make_output(), until=until).status_code == 204
    command = Command.objects.get()
    if span is None:
        assert command.until is None
    else:
        assert command.until is not None
        assert abs((command.until - command.created_at).total_seconds() - span) < 60


def test_the_day_ends_at_midnight_on_the_sites_clock(anna: Client) -> None:
    zone = "Pacific/Auckland"
    network = make_network(site=make_site(time_zone=zone))
    point = make_output(device=make_device(network=network))
    assert post(anna, point, until="day").status_code == 204
    until = Command.objects.get().until
    assert until is not None
    local = until.astimezone(zoneinfo.ZoneInfo(zone))
    assert (local.hour, local.minute) == (0, 0)
    assert timedelta(0) < until - timezone.now() <= timedelta(hours=25)


@pytest.mark.parametrize("value", ["", "warm", "nan", "inf", "1e400", "12,5,5"])
def test_what_is_no_number_is_refused(anna: Client, value: str) -> None:
    refused(post(anna, make_output(), value=value), "Not a number; write one such as 21.5.")


@pytest.mark.parametrize("value", ["-0.1", "100.5", "1e30"])
def test_a_value_out_of_range_is_told_its_bounds(anna: Client, value: str) -> None:
    refused(
        post(anna, make_output(), value=value),
        "out of range; write 0 to 100.",
        'aria-invalid="true"',
        f'value="{value}"',
    )


@pytest.mark.parametrize("value", ["0", "4", "1.5", ""])
def test_a_state_that_there_is_not_is_refused(anna: Client, value: str) -> None:
    refused(post(anna, make_mode(), value=value), "one of")


@pytest.mark.parametrize("priority", ["0", "17", "-1", "high", "", "8.5"])
def test_a_wrong_priority_is_refused(anna: Client, priority: str) -> None:
    response = post(anna, make_output(), priority=priority)
    refused(response, "A priority is a whole number from 1, strongest, to 16.", "<details open>")


def test_the_controllers_own_priority_is_refused(anna: Client) -> None:
    refused(post(anna, make_output(), priority="6"), "Priority 6 belongs to the controller")


@pytest.mark.parametrize("until", ["", "tomorrow", "99h"])
def test_another_end_is_refused(anna: Client, until: str) -> None:
    refused(post(anna, make_output(), until=until), "Choose one of the ends.")


def test_a_note_that_is_too_long_is_refused(anna: Client) -> None:
    refused(post(anna, make_output(), note="x" * 201), "at most 200 characters; this has 201")


def test_a_read_only_point_is_refused(anna: Client) -> None:
    point = make_output(writable=False, held={})
    refused(post(anna, point), "read only", status=409)
    refused(anna.get(path(point), **HTMX), "read only", status=200)
    assert "<input" not in text(anna.get(path(point), **HTMX))


def test_a_device_that_is_switched_off_here_is_not_commanded(anna: Client) -> None:
    point = make_output(device=make_device(enabled=False))
    refused(post(anna, point), "switched off here", status=409)


def test_what_does_not_exist_is_404(anna: Client) -> None:
    assert anna.get("/points/999999/write", **HTMX).status_code == 404
    assert anna.post("/points/999999/write", ASKED, **HTMX).status_code == 404


def test_a_stranger_is_led_to_the_login(client: Client) -> None:
    point = make_output()
    for response in (client.get(path(point)), post(client, point)):
        assert response.status_code == 302
        assert response["Location"].startswith("/login/")
    assert not Command.objects.exists()


def test_who_may_not_write_gets_neither_form_nor_control(client: Client) -> None:
    client.force_login(make_user("viewer"))
    point = make_output()
    assert client.get(path(point), **HTMX).status_code == 403
    assert post(client, point).status_code == 403
    assert not Command.objects.exists()
    html = text(client.get(f"/devices/{point.device_id}/outputs/"))
    assert "data-point=" in html
    assert path(point) not in html
    assert "<dialog" not in html


def test_writing_needs_the_token_of_the_page() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(is_superuser=True))
    assert post(client, make_output()).status_code == 403
    assert not Command.objects.exists()


def test_without_the_page_around_it_the_form_leads_to_its_row(anna: Client) -> None:
    point = make_output()
    response = anna.get(path(point))
    assert response["Location"] == f"/devices/{point.device_id}/outputs/#point-{point.pk}"


def test_only_get_and_post(anna: Client) -> None:
    assert anna.delete(path(make_output())).status_code == 405


def test_what_holds_more_strongly_than_one_may_write_is_not_offered(anna: Client) -> None:
    point = make_output()
    make_command(point.device, point=point.address, priority=5, username="jo", note="frost test")
    html = text(anna.get(path(point), **HTMX))
    assert "To release priority 5 takes the role engineer." in html
    assert 'name="release"' not in html
    assert '<option value="8"' in html
    assert '<option value="7"' not in html
    for asked in ({"release": "5"}, {**ASKED, "priority": "5"}):
        response = anna.post(path(point), asked, **HTMX)
        assert response.status_code == 422
        assert "You need the role engineer at this site for priority 5" in text(response)


def test_what_holds_a_point_can_be_released_at_its_priority(client: Client) -> None:
    point = make_output()
    client.force_login(make_user("anna", role=Role.ENGINEER))
    anna = client
    make_command(point.device, point=point.address, priority=5, username="jo", note="frost test")
    html = text(anna.get(path(point), **HTMX))
    assert "no end, by jo, priority 5" in html
    assert "frost test" in html
    assert 'name="release" value="5"' in html
    assert anna.post(path(point), {"release": "5"}, **HTMX).status_code == 204
    release = Command.objects.first()
    assert release is not None
    assert (release.kind, release.priority) == (CommandKind.RELEASE, 5)


def test_a_point_that_is_manual_by_another_hand_can_be_released(anna: Client) -> None:
    point = make_output()
    point.current.quality = 1
    point.current.save()
    html = text(anna.get(path(point), **HTMX))
    assert "Not by a write from here" in html
    assert 'name="release" value="8"' in html


@pytest.mark.parametrize("priority", ["0", "17", "6", "all", ""])
def test_a_release_of_no_priority_is_refused(anna: Client, priority: str) -> None:
    response = anna.post(path(make_output()), {"release": priority}, **HTMX)
    refused(response, "riority")


def test_what_cannot_be_released_says_so(anna: Client) -> None:
    point = make_output(commandable=False)
    refused(anna.post(path(point), {"release": "8"}, **HTMX), "no priority array")


def row_of(client: Client, point: Point) -> str:
    html = text(client.get(f"/devices/{point.device_id}/{point.kind}s/"))
    _, _, rest = html.partition(f'<tr id="point-{point.pk}"')
    return rest.partition("</tr>")[0]


def test_a_row_says_who_holds_its_point_and_until_when(anna: Client) -> None:
    site = make_site(time_zone="Europe/Berlin")
    point = make_output(device=make_device(network=make_network(site=site)))
    end = (timezone.now() + timedelta(days=3)).replace(hour=17, minute=5)
    make_command(point.device, point=point.address, until=end, username="jo", note="frost test")
    local = end.astimezone(zoneinfo.ZoneInfo("Europe/Berlin"))
    row = row_of(anna, point)
    assert 'data-held="manual"' in row
    assert f"until {local.day} {local:%b} {local:%H:%M} by jo" in row
    assert 'title="frost test; priority 8"' in row


def test_the_strongest_of_several_holds_is_the_one_that_is_told(anna: Client) -> None:
    point = make_output()
    make_command(point.device, point=point.address, priority=10, username="weak")
    make_command(point.device, point=point.address, priority=3, username="strong")
    make_command(point.device, point=point.address, priority=8, username="middle")
    assert "by strong" in row_of(anna, point)


def test_a_point_without_priorities_is_never_in_hand(anna: Client) -> None:
    point = make_output(commandable=False)
    make_command(point.device, point=point.address)
    assert "data-held" not in row_of(anna, point)


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"state": CommandState.PENDING, "value": 21.25}, "21.25</span> pending"),
        ({"state": CommandState.SENT, "value": 1234.0}, "1,234</span> pending"),
        ({"state": CommandState.PENDING, "value": None}, "release</span> pending"),
        ({"state": CommandState.UNKNOWN, "value": -5.0, "message": "no answer"}, ": no answer"),
    ],
)
def test_a_row_says_what_is_under_way(anna: Client, fields: dict[str, Any], told: str) -> None:
    point = make_output()
    make_command(point.device, point=point.address, **fields)
    assert told in row_of(anna, point)


@pytest.mark.parametrize("state", [CommandState.REFUSED, CommandState.EXPIRED])
def test_what_came_to_nothing_is_not_told_anew(anna: Client, state: CommandState) -> None:
    point = make_output()
    make_command(point.device, point=point.address, state=state, message="no")
    row = row_of(anna, point)
    assert "data-command-state" not in row
    assert "data-held" not in row


def test_commands_of_another_point_or_device_are_not_told(anna: Client) -> None:
    point = make_output()
    make_command(point.device, point="analog-output,99")
    make_command(make_device(), point=point.address)
    assert "data-held" not in row_of(anna, point)


def test_the_overview_lists_what_is_overridden_by_hand(anna: Client) -> None:
    held, free = make_output(), make_output()
    make_command(held.device, point=held.address, username="jo")
    make_command(free.device, point=free.address, over_at=timezone.now())
    html = text(anna.get("/"))
    assert f'id="attention-point-{held.pk}"' in html
    assert "no end, by jo" in html
    assert f'id="attention-point-{free.pk}"' not in html
    assert "Manual <span data-filter-count>1</span>" in html


def test_the_words_of_others_are_escaped(anna: Client) -> None:
    point = make_output()
    make_command(
        point.device, point=point.address, username="<b>jo</b>", note='"><i>', message="<u>",
        state=CommandState.UNKNOWN,
    )  # fmt: skip
    for html in (row_of(anna, point), text(anna.get("/")), text(anna.get(path(point), **HTMX))):
        for bad in ("<b>jo", '"><i>', "<u>"):
            assert bad not in html


# Priorities and service.


@pytest.fixture
def edda(client: Client) -> Client:
    client.force_login(make_user("edda", role=Role.ENGINEER))
    return client


def read(point: Point, slots: dict[str, float | None], default: float | None = 1.0) -> None:
    now = timezone.now()
    PriorityArray.objects.create(point=point, slots=slots, relinquish_default=default, read_at=now)


def test_the_form_tells_who_has_the_point(anna: Client) -> None:
    point = make_output()
    read(point, {"5": 20.0, "8": 55.0, "9": None})
    shown = text(anna.get(path(point), **HTMX))
    assert "Priority 5 has the point: your" in shown
    assert "<span data-own-priority>8</span> takes effect when it is released" in shown
    rows = re.findall(
        r"<tr( data-wins)?><th scope=\"row\">(\d+|Default) .*?number\">(.*?)</td>", shown
    )
    assert rows == [
        (" data-wins", "5", "20.0 %"),
        ("", "8", "55.0 %"),
        ("", "9", "cannot be read"),
        ("", "Default", "1.0 %"),
    ]
    assert "Priorities as read at" in shown


def test_nobody_stronger_and_nothing_is_said(anna: Client) -> None:
    point = make_output()
    read(point, {"8": 55.0, "16": 3.0})
    assert "takes effect when it is released" not in text(anna.get(path(point), **HTMX))


def test_an_empty_array_is_the_defaults(anna: Client) -> None:
    point = make_output()
    read(point, {})
    shown = text(anna.get(path(point), **HTMX))
    assert re.search(r"<tr data-wins><th scope=\"row\">Default", shown)


def test_an_array_that_was_never_read_says_so(anna: Client) -> None:
    assert "Its priorities were not read yet" in text(anna.get(path(make_output()), **HTMX))


def test_auto_and_manual_is_no_array(anna: Client) -> None:
    shown = text(anna.get(path(make_output(has_priorities=False)), **HTMX))
    assert "This point has no priority array: it knows Auto and Manual only." in shown


def test_priorities_are_read_again_from_the_form(
    anna: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    point = make_output()
    sent: list[Any] = []

    def answer(name: str, args: tuple[list[int]], **_: Any) -> None:
        """The field, which is quick."""
        sent.append((name, args[0]))
        read(point, {"3": 77.0})

    monkeypatch.setattr(current_app, "send_task", answer)
    shown = text(anna.post(f"/points/{point.pk}/priorities", {"own": "9"}, **HTMX))
    assert sent == [("devices.tasks.read_priorities", [point.pk])]
    assert "77.0 %" in shown
    assert "Priority 3 has the point: your <span data-own-priority>9</span>" in shown
    assert not Command.objects.exists()


def test_a_device_that_does_not_tell_in_time_is_told(
    anna: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(priority_rows, "PATIENCE", 0)
    monkeypatch.setattr(current_app, "send_task", lambda *_, **__: None)
    shown = text(anna.post(f"/points/{make_output().pk}/priorities", **HTMX))
    assert "The device has not answered yet." in shown


def test_an_engineer_takes_a_point_out_of_service_and_back(edda: Client) -> None:
    point = make_output()
    assert "Take out of service" in text(edda.get(path(point), **HTMX))
    assert edda.post(path(point), {"service": "out"}, **HTMX).status_code == 204
    assert Command.objects.get().kind == CommandKind.OUT_OF_SERVICE
    PointValue.objects.filter(point=point).update(quality=Quality.OUT_OF_SERVICE)
    assert "Put back in service" in text(edda.get(path(point), **HTMX))
    assert edda.post(path(point), {"service": "in"}, **HTMX).status_code == 204
    assert Command.objects.first().kind == CommandKind.IN_SERVICE  # type: ignore[union-attr]


def test_an_operator_does_not(anna: Client) -> None:
    point = make_output()
    assert "out of service" not in text(anna.get(path(point), **HTMX)).lower()
    response = anna.post(path(point), {"service": "out"}, **HTMX)
    assert response.status_code == 422
    assert "engineer" in text(response)
    assert not Command.objects.exists()


def test_where_there_is_no_such_service_it_is_not_offered(edda: Client) -> None:
    panel = make_device(network=make_network(protocol="modbus"))
    point = make_output(device=panel, address="output,1", has_priorities=False)
    assert "out of service" not in text(edda.get(path(point), **HTMX)).lower()
    assert edda.post(path(point), {"service": "out"}, **HTMX).status_code == 409


def test_an_input_is_written_while_it_is_out_of_service(client: Client) -> None:
    point = make_point(held={"label": "P1"})
    value = make_value(point, 20.0, time=timezone.now())
    point.device.link.last_seen_at = timezone.now()
    point.device.link.save()
    users = [make_user(role=role) for role in (Role.OPERATOR, Role.ENGINEER)]
    tab = f"/devices/{point.device_id}/inputs/"
    buttons = {}
    for quality in (Quality.GOOD, Quality.OUT_OF_SERVICE):
        value.quality = quality
        value.save()
        for user in users:
            client.force_login(user)
            buttons[quality, user.pk] = "value-button" in text(client.get(tab))
    assert list(buttons.values()) == [False, True, True, True]
    client.force_login(users[0])
    shown = text(client.get(path(point), **HTMX))
    assert "It keeps what is written until it is back in service." in shown
    assert client.post(path(point), {"value": "33"}, **HTMX).status_code == 204
    assert Command.objects.get().value == 33.0


def test_a_row_says_that_its_point_goes_out_of_service(edda: Client) -> None:
    point = make_output()
    fields = {"kind": CommandKind.OUT_OF_SERVICE, "payload": {}, "priority": None}
    make_command(point.device, point=point.address, state=CommandState.SENT, **fields)
    shown = text(edda.get(f"/devices/{point.device_id}/outputs/"))
    assert 'title="out of service pending, by anna"' in shown
