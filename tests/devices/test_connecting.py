"""Connecting to a device that somebody named: what is stored, and what is refused with a reason."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.utils import timezone

from devices.domain import connecting, field_messages
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks, Rights
from devices.domain.rows import BadRows
from devices.enums import LinkState, Origin, Role
from devices.models import AuditEntry, Device, Job, JobDevice, JobNetwork, Network
from devices.models.acting import Actor
from protocols.types import DeviceInfo, Endpoint, FoundDevice, PanelInfo, PointInfo, PointKind
from t3000 import field
from t3000.models import Point
from tests.factories import make_device, make_network, make_room, make_user
from tests.fake_driver import PointAddress

pytestmark = pytest.mark.django_db
POINT = PointInfo(PointAddress("analog-input", 1), PointKind.INPUT, "IN1")


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any) -> list[Any]:
    """The messages: (task, job ids, queue, priority)."""
    told: list[Any] = []

    def send(task: str, args: Any, *, queue: str, priority: int, **_: Any) -> None:
        told.append((task, args[0], queue, priority))

    monkeypatch.setattr(current_app, "send_task", send)
    return told


@pytest.fixture
def network() -> Network:
    return make_network(port=47809)


@pytest.fixture
def ask(network: Network, django_capture_on_commit_callbacks: Any) -> Callable[..., Job]:
    user = make_user(role=Role.ENGINEER)

    def request(by: Any = user, **values: Any) -> Job:
        place = {"network_id": network.pk, "address": "127.0.0.11:47809", "instance": 11}
        with django_capture_on_commit_callbacks(execute=True):
            return connecting.request(
                {**place, **values}, by=Actor(by, Origin.API, "10.0.0.9"), rights=Rights.of(by)
            )

    return request


def info(instance: int = 11, **said: Any) -> DeviceInfo:
    endpoint = Endpoint("127.0.0.11:47809", instance)
    return DeviceInfo(endpoint, vendor_id=148, **{"name": "AHU-1", "firmware": "66.02", **said})


def answer(job: Job, said: DeviceInfo | None, problem: str = "") -> str:
    """What the job says when this was the answer."""
    found = FoundDevice(said, (POINT,), problem) if said else None
    network_id = JobNetwork.objects.get(job=job).network_id
    reason = "" if said else problem
    field.store_connected(field.Connected(job.pk, network_id, found, reason))
    part = JobNetwork.objects.get(job=job)
    assert part.ended_at is not None
    return str(part.problem)


def test_the_field_is_asked_first_of_all(ask: Callable[..., Job], sent: list[Any]) -> None:
    job = ask()
    assert sent == [(connecting.CONNECT, [job.pk], "field", 0)]
    assert not Device.objects.exists()
    (plan,) = field.plan_connections([job.pk])
    assert plan.endpoint == Endpoint("127.0.0.11:47809", 11)
    assert field.begin_connections([job.pk]) == {job.pk}
    assert field.begin_connections([job.pk]) == set()


def test_what_answers_is_added_with_its_points_and_read_at_once(ask: Callable[..., Job]) -> None:
    job = ask()
    assert answer(job, info()) == ""
    device = Device.objects.get()
    assert (device.name, device.firmware, device.vendor_id) == ("AHU-1", "66.02", 148)
    assert (device.link.state, device.link.due_at <= timezone.now()) == (LinkState.UNKNOWN, True)
    assert Point.objects.get(device=device).label == "IN1"
    assert JobDevice.objects.get(job=job).device == device
    entry = AuditEntry.objects.get(kind="device", action="create")
    assert (entry.username, entry.origin, entry.client_address) == (
        job.username, Origin.API, "10.0.0.9",
    )  # fmt: skip


def test_what_people_gave_goes_before_what_it_says(
    ask: Callable[..., Job], network: Network
) -> None:
    room = make_room(network.site)
    answer(ask(name="Roof", room_id=room.pk, panel_number=3, enabled=False), info())
    device = Device.objects.get()
    assert (device.name, device.room, device.panel_number) == ("Roof", room, 3)
    assert not device.enabled


def test_who_does_not_answer_is_not_added(ask: Callable[..., Job]) -> None:
    assert answer(ask(), None, "no answer") == "no answer"
    assert not Device.objects.exists()


def test_who_stops_midway_is_added_and_looked_at_again(
    ask: Callable[..., Job], network: Network
) -> None:
    assert answer(ask(), info(), "no answer") == ""
    network.refresh_from_db()
    assert Device.objects.count() == 1
    assert network.discovery_due_at is not None


def test_another_panel_than_was_named_is_refused(ask: Callable[..., Job]) -> None:
    job = ask(serial_number=5)
    said = answer(job, info(panel=PanelInfo(serial_number=6, product=88)))
    assert said == "Another panel answers there: serial number 6, not 5."
    assert not Device.objects.exists()


def test_a_panel_that_is_known_elsewhere_is_not_known_twice(
    ask: Callable[..., Job], network: Network
) -> None:
    make_device(network=network, serial_number=6, name="Cellar", address="127.0.0.9", instance=9)
    said = answer(ask(), info(panel=PanelInfo(serial_number=6, product=88)))
    assert said == "It is known already, by its serial number 6: Cellar at 127.0.0.9, unit 9."


def test_it_is_looked_at_again_when_it_is_stored(ask: Callable[..., Job], network: Network) -> None:
    """What was right may have become wrong meanwhile."""
    room = make_room(network.site)
    job = ask(room_id=room.pk)
    room.delete()
    assert "There is no room" in answer(job, info())
    job, user = ask(), make_user(role=Role.ENGINEER)
    other = ask(by=user)
    user.delete()
    assert answer(other, info()) == "Whoever asked is gone."
    assert answer(job, info(5)) == ""  # as whoever is there calls itself
    assert "already" in answer(ask(), info(5))


def test_an_answer_that_comes_too_late_adds_nothing(ask: Callable[..., Job]) -> None:
    job = ask()
    connecting.sweep(timezone.now() + connecting.GIVE_UP)
    assert answer(job, info()) == "Nothing serves its network."
    assert not Device.objects.exists()


def test_what_is_lost_on_the_way_is_sent_again(ask: Callable[..., Job], sent: list[Any]) -> None:
    job = ask()
    sent.clear()
    now = timezone.now()
    connecting.sweep(now)
    assert sent == []
    connecting.sweep(now + field_messages.AGAIN)
    assert sent == [(connecting.CONNECT, [job.pk], "field", 0)]
    connecting.begin([job.pk], now)
    connecting.sweep(now + 3 * field_messages.AGAIN)
    assert len(sent) == 1  # somebody works on it
    connecting.sweep(now + connecting.TAKE_OVER + timedelta(seconds=1))
    assert len(sent) == 2  # and has died
    assert connecting.begin([job.pk], now + connecting.TAKE_OVER) == {job.pk}


@pytest.mark.parametrize(
    ("values", "name", "right"),
    [
        ({"address": "boiler"}, "address", "write one such as"),
        ({"instance": 4194303}, "instance", "go from 0 to 4,194,302"),
        ({"network_id": 999}, "network", "There is no network 999."),
        ({"panel_number": 255}, "panel_number", "less than or equal to 254"),
    ],
)
def test_what_cannot_be_right_is_not_asked(
    ask: Callable[..., Job], sent: list[Any], values: dict[str, Any], name: str, right: str
) -> None:
    with pytest.raises(BadRows) as refusal:
        ask(**values)
    (wrong,) = refusal.value.problems
    assert (wrong.field, right in wrong.message) == (name, True), wrong
    assert (sent, Job.objects.exists()) == ([], False)


def test_nobody_is_asked_on_a_network_that_is_off(
    ask: Callable[..., Job], network: Network, sent: list[Any]
) -> None:
    job = ask()
    Network.objects.update(enabled=False)
    assert field.plan_connections([job.pk]) == []
    assert connecting.begin([job.pk], timezone.now()) == set()
    sent.clear()
    with pytest.raises(NotPossible, match="switched off"):
        ask(address="127.0.0.12")
    with pytest.raises(Lacks):
        ask(by=make_user(role=Role.OPERATOR), address="127.0.0.12")
    assert sent == []


def test_a_known_place_is_told_at_once(ask: Callable[..., Job], network: Network) -> None:
    make_device(network=network, address="127.0.0.11:47809", instance=11)
    with pytest.raises(BadRows, match="already"):
        ask(address=" 127.0.0.11:47809 ")


def test_the_usual_port_is_the_drivers_form(ask: Callable[..., Job]) -> None:
    job = ask(address="127.0.0.11:47808")
    assert JobDevice.objects.get(job=job).address == "127.0.0.11"
    answer(job, replace(info(), endpoint=Endpoint("127.0.0.11", 11)))
    assert Device.objects.get().address == "127.0.0.11"
