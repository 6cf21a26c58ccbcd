"""Devices over the API: what people may say of one, where it is, and what becomes of what was read
from it. Connecting to real ones is in tests/test_served_devices.py."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.test import Client
from django.utils import timezone

from devices import live
from devices.domain.link import PollResult
from devices.enums import LinkState, Role
from devices.models import Command, Device, Job, JobDevice, JobNetwork, Link, ProductModel
from protocols.types import PointAddress, Quality, Reading
from t3000 import field
from t3000.models import PointValue
from tests.factories import (
    make_command,
    make_device,
    make_network,
    make_point,
    make_room,
    make_site,
    make_value,
)
from tests.sending import send, wrong

pytestmark = pytest.mark.django_db
PATH = "/api/t3000/devices"


@pytest.fixture(autouse=True)
def sent(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody works off what is asked of the field."""
    monkeypatch.setattr(current_app, "send_task", lambda *_, **__: None)


def online() -> dict[str, Any]:
    return {"state": LinkState.ONLINE, "last_seen_at": timezone.now()}


def body_of(device: Device, **changes: Any) -> dict[str, Any]:
    place = {"network": device.network_id, "address": "127.0.5.5:47809", "instance": 7}
    return {**place, **changes}


def test_force_stores_what_is_told_and_reads_it_at_once(engineer: Client) -> None:
    network = make_network()
    body = {"network": network.pk, "address": "127.0.5.5:47808", "instance": 7}
    response = send(engineer, "post", f"{PATH}?force=true", body)
    assert response.status_code == 201, response.content
    told = response.json()
    assert (told["name"], told["address"], told["state"]) == ("Device 7", "127.0.5.5", "unknown")
    assert response["Location"] == f"{PATH}/{told['id']}"
    assert Link.objects.get(pk=told["id"]).due_at <= timezone.now()
    assert not Job.objects.exists()


def test_many_are_stored_without_being_asked_and_not_read_together(engineer: Client) -> None:
    network = make_network()
    rows = [
        {"network": network.pk, "address": f"127.0.5.{number}", "instance": number}
        for number in range(1, 21)
    ]
    response = send(engineer, "post", f"{PATH}/bulk", {"create": rows})
    assert response.status_code == 200, response.content
    assert len(set(Link.objects.values_list("due_at", flat=True))) == 20


def test_without_an_end_in_time_there_is_a_job(engineer: Client, reader: Client) -> None:
    body = body_of(make_device())
    response = send(engineer, "post", f"{PATH}?wait=0.01", body, Idempotency_Key="a")
    job = response.json()
    assert (response.status_code, response["Location"]) == (202, f"/api/t3000/jobs/{job['id']}")
    assert (job["kind"], job["state"], job["device"]) == ("connect", "pending", None)
    assert (job["devices"], job["new_devices"]) == (0, 0)  # not those that are known there
    assert reader.get(response["Location"]).json() == job
    again = send(engineer, "post", f"{PATH}?wait=0", body, Idempotency_Key="a")
    assert again.json()["id"] == job["id"]
    JobNetwork.objects.update(ended_at=timezone.now(), problem="no answer")
    refused = send(engineer, "post", f"{PATH}?wait=0", body, Idempotency_Key="a")
    why = (
        f"Device {body['instance']} at {body['address']} is not stored: no answer. ?force=true "
        "stores it without asking it."
    )
    assert (refused.status_code, why in refused.json()["detail"]) == (409, True)
    JobDevice.objects.update(address="127.0.5.5")
    refused = send(engineer, "post", f"{PATH}?wait=0", body, Idempotency_Key="a")
    assert "at 127.0.5.5, port 47808, is not stored" in refused.json()["detail"]
    forced = send(engineer, "post", f"{PATH}?force=true", body, Idempotency_Key="a")
    assert forced.status_code == 409  # it is another request
    JobNetwork.objects.all().delete()
    gone = send(engineer, "post", f"{PATH}?wait=0", body, Idempotency_Key="a")
    assert (gone.status_code, "network was deleted" in gone.json()["detail"]) == (409, True)


@pytest.mark.parametrize(
    ("body", "name", "right"),
    [
        ({"address": "boiler"}, "address", "write one such as"),
        ({"instance": 4194303}, "instance", "4,194,302"),
        ({"serial_number": 2**32}, "serial_number", "4294967295"),
        ({"panel_number": 0}, "panel_number", "the smallest is 1"),
        ({"isp_mode": 9}, "isp_mode", "Boot loader"),
        ({"firmware": "66.02"}, "firmware", "read only"),
        ({"room": 999}, "room", "There is no room 999."),
        ({"has_wifi": "yes"}, "has_wifi", "neither true nor false"),
    ],
)
@pytest.mark.parametrize("query", ["?force=true", ""])
def test_what_is_wrong_is_named(
    engineer: Client, query: str, body: dict[str, Any], name: str, right: str
) -> None:
    told = wrong(send(engineer, "post", PATH + query, body_of(make_device(), **body)))
    assert right in told[name]
    assert (Device.objects.count(), Job.objects.count()) == (1, 0)


def test_a_room_of_another_site_is_refused(engineer: Client) -> None:
    device = make_device()
    foreign = make_room(make_site())
    told = wrong(send(engineer, "patch", f"{PATH}/{device.pk}", {"room": foreign.pk}))
    assert "different sites" in " ".join(told.values())


def test_a_device_is_not_behind_itself(engineer: Client) -> None:
    network = make_network()
    first, second, third = (make_device(network=network) for _ in range(3))
    Device.objects.filter(pk=second.pk).update(parent=first)
    Device.objects.filter(pk=third.pk).update(parent=second)
    told = wrong(send(engineer, "patch", f"{PATH}/{first.pk}", {"parent": third.pk}))
    assert "behind itself" in told["parent"]
    told = wrong(send(engineer, "patch", f"{PATH}/{first.pk}", {"parent": first.pk}))
    assert "behind itself" in told["parent"]
    send(engineer, "delete", f"{PATH}/{second.pk}")
    third.refresh_from_db()
    assert third.parent is None


def test_a_panel_number_is_once_in_a_network(engineer: Client) -> None:
    network = make_network()
    make_device(network=network, panel_number=5, name="Roof")
    other = make_device(network=network)
    told = wrong(send(engineer, "patch", f"{PATH}/{other.pk}", {"panel_number": 5}))
    assert told["panel_number"] == "Roof has the panel number 5 already; choose another."
    elsewhere = make_device()
    response = send(engineer, "patch", f"{PATH}/{elsewhere.pk}", {"panel_number": 5})
    assert response.status_code == 200


def test_a_device_keeps_its_protocol(engineer: Client) -> None:
    site = make_site()
    device = make_device(network=make_network(site=site))
    other = make_network(site=site, protocol="modbus", targets=["127.0.0.1"])
    told = wrong(send(engineer, "patch", f"{PATH}/{device.pk}", {"network": other.pk}))
    assert "add it anew" in told["network"]


def test_a_new_address_begins_anew(
    engineer: Client,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Any,
) -> None:
    published: list[Any] = []
    monkeypatch.setattr(live, "publish", lambda *news, **_: published.append(news))
    device = make_device(link={**online(), "failures": 1, "problem": "x"})
    value = make_value(make_point(device), time=timezone.now())
    kept = send(engineer, "patch", f"{PATH}/{device.pk}", {"name": "AHU", "enabled": True}).json()
    assert (kept["state"], published) == ("online", [])
    with django_capture_on_commit_callbacks(execute=True):
        told = send(engineer, "patch", f"{PATH}/{device.pk}", {"address": "127.0.7.7"}).json()
    assert (told["state"], told["last_seen_at"], told["problem"]) == ("unknown", None, "")
    value.refresh_from_db()
    assert (value.quality, value.value) == (Quality.STALE, 21.5)
    changes, statuses = published[-1]
    assert [one.quality for one in changes] == [Quality.STALE]
    assert [(one.state, one.last_seen) for one in statuses] == [("unknown", None)]
    assert Link.objects.get(pk=device.pk).due_at <= timezone.now()


def test_what_is_read_while_it_moves_is_not_its_value(engineer: Client) -> None:
    device = make_device(link=online())
    point = make_point(device)
    read = Reading(PointAddress.parse(point.address), 99.0, Quality.GOOD, timezone.now())
    place = (device.network_id, device.endpoint)
    result = PollResult(device.pk, timezone.now(), 0.1, [read], place=place)
    send(engineer, "patch", f"{PATH}/{device.pk}", {"instance": 4711})
    field.store_polls([result])
    assert not PointValue.objects.exists()
    assert Link.objects.get(pk=device.pk).state == LinkState.UNKNOWN


def test_a_device_that_goes_leaves_its_commands_and_no_trouble(engineer: Client) -> None:
    device = make_device(link=online())
    point = make_point(device)
    make_value(point)
    command = make_command(device, point=point.address)
    read = Reading(PointAddress.parse(point.address), 99.0, Quality.GOOD, timezone.now())
    assert send(engineer, "delete", f"{PATH}/{device.pk}").status_code == 204
    field.store_polls([PollResult(device.pk, timezone.now(), 0.1, [read])])
    field.store_outcome(field.Outcome(command.pk, device.pk, command.state, reading=read))
    assert not Device.objects.exists()
    assert Command.objects.get().device_name == device.name


def test_devices_are_found_by_what_is_known_of_them(reader: Client) -> None:
    product = ProductModel.objects.create(number=250, name="T3")
    first = make_device(serial_number=4294967295, panel_number=5, product=product)
    second = make_device(parent=first, network=first.network, description="Under the roof")

    def ids(**query: Any) -> list[int]:
        response = reader.get(PATH, query)
        assert response.status_code == 200, response.content
        return [row["id"] for row in response.json()["results"]]

    assert ids(serial_number=4294967295) == ids(panel_number=5) == [first.pk]
    assert ids(product=product.pk) == [first.pk]
    assert ids(parent=first.pk) == ids(search="under the") == [second.pk]
    assert ids(ordering="-serial_number", panel_number=5) == [first.pk]
    assert ids(serial_number=1) == []


def test_products_in_use_stay(program: Callable[..., Client]) -> None:
    administrator = program(Role.ADMINISTRATOR)
    product = ProductModel.objects.create(number=250, name="T3")
    make_device(product=product)
    response = send(administrator, "delete", f"/api/t3000/product-models/{product.pk}")
    assert response.status_code == 409
    assert "by 1 device: delete or move that first" in response.json()["detail"]


@pytest.mark.parametrize("resource", ["product-models", "boards", "time-bases"])
def test_what_belongs_to_no_site_is_changed_by_administrators_of_all(
    resource: str, program: Callable[..., Client]
) -> None:
    path = f"/api/t3000/{resource}"
    body = {"key": "9d", "minutes": 12960} if resource == "time-bases" else {
        "number": 251, "name": "Own"
    }  # fmt: skip
    for client in (program(Role.ENGINEER), program(Role.ADMINISTRATOR, make_site())):
        assert send(client, "post", path, body).status_code == 403
        assert client.get(path).status_code == 200
    administrator = program(Role.ADMINISTRATOR)
    row = send(administrator, "post", path, body).json()
    assert send(administrator, "post", path, body).status_code == 400
    assert send(administrator, "delete", f"{path}/{row['id']}").status_code == 204


def test_a_network_with_devices_stays_and_keeps_its_protocol(engineer: Client) -> None:
    network = make_device().network
    path = f"/api/t3000/networks/{network.pk}"
    response = send(engineer, "delete", path)
    assert response.status_code == 409
    assert "by 1 device: delete or move that first" in response.json()["detail"]
    body = {"protocol": "modbus", "targets": ["127.0.0.1"]}
    assert "It has devices" in wrong(send(engineer, "patch", path, body))["protocol"]


def test_devices_are_looked_for_where_a_network_leads_now(engineer: Client) -> None:
    site = make_site()
    body = {"site": site.pk, "name": "Plant", "interface": "127.0.0.1/8", "port": 45000}
    network = send(engineer, "post", "/api/t3000/networks", body).json()
    path = f"/api/t3000/networks/{network['id']}"
    model = make_network()._meta.model
    assert model.objects.get(pk=network["id"]).discovery_due_at <= timezone.now()
    later = timezone.now() + timedelta(hours=1)
    for change, is_led_elsewhere in (
        ({"name": "Plant room", "timeout": 2.0}, False),
        ({"port": 45001}, True),
        ({"targets": ["127.0.0.255"]}, True),
        ({"interface": "127.0.0.2/8"}, True),
        ({"bbmd": "127.0.0.3:45009", "bbmd_lifetime": 60}, True),
        ({"bbmd_lifetime": 90}, False),
        ({"auto_discovery": False}, True),
        ({"enabled": False}, False),
        ({"enabled": True}, True),
    ):
        model.objects.filter(pk=network["id"]).update(discovery_due_at=later)
        assert send(engineer, "patch", path, change).status_code == 200
        due = model.objects.get(pk=network["id"]).discovery_due_at
        assert (due <= timezone.now()) is is_led_elsewhere, change


@pytest.mark.parametrize("what", ["sites", "buildings", "floors", "rooms"])
def test_a_place_with_devices_stays(what: str, program: Callable[..., Client]) -> None:
    """With it would go the room of every device in it, and the clock that it is shown by."""
    room = make_room()
    floor = room.floor
    network = make_network(site=floor.building.site)
    devices = [make_device(network=network, room=room) for _ in range(2)]
    place = {"sites": network.site, "buildings": floor.building, "floors": floor, "rooms": room}
    path = f"/api/t3000/{what}/{place[what].pk}"
    administrator = program(Role.ADMINISTRATOR)
    refused = send(administrator, "delete", path)
    needed = "1 network and 2 devices" if what == "sites" else "2 devices"
    assert refused.status_code == 409
    assert f"needed by {needed}: delete or move those" in refused.json()["detail"]
    bulk = send(administrator, "post", f"/api/t3000/{what}/bulk", {"delete": [place[what].pk]})
    assert bulk.status_code == 409
    for device in devices:
        device.refresh_from_db()
        assert device.room == room
        send(administrator, "patch", f"/api/t3000/devices/{device.pk}", {"room": None})
    if what == "sites":
        for device in devices:
            device.delete()
        network.delete()
    assert send(administrator, "delete", path).status_code == 204
