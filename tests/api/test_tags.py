"""Tags of places, devices and points: at the site of what they belong to."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client

from devices.enums import Role
from devices.models import AuditEntry, Device
from t3000.models import Point, Tag
from tests.factories import make_device, make_network, make_point, make_room, make_site
from tests.sending import API, send, wrong

pytestmark = pytest.mark.django_db


@pytest.fixture
def point() -> Point:
    room = make_room()
    network = make_network(site=room.floor.building.site)
    return make_point(make_device(network=network, room=room))


def owners(point: Point) -> dict[str, Any]:
    device = point.device
    room = device.room
    assert room is not None
    return {
        "site": device.network.site,
        "building": room.floor.building,
        "floor": room.floor,
        "room": room,
        "device": device,
        "point": point,
    }


OWNERS = ("site", "building", "floor", "room", "device", "point")


@pytest.mark.parametrize("owner", OWNERS)
def test_a_tag_is_at_the_site_of_its_owner(
    point: Point, owner: str, program: Callable[..., Client]
) -> None:
    owned = owners(point)[owner]
    site = point.device.network.site
    here, elsewhere = (
        program(Role.ENGINEER, where) for where in (site, make_device().network.site)
    )
    body = {owner: owned.pk, "name": "discharge"}
    assert wrong(send(elsewhere, "post", "tags", body))[owner].startswith("There is no")
    made = send(here, "post", "tags", body)
    assert made.status_code == 201, made.content
    row = made.json()
    nothing = dict.fromkeys(OWNERS)
    assert row == {
        **nothing, "id": row["id"], owner: owned.pk, "scheme": "haystack", "name": "discharge",
        "value": None,
    }  # fmt: skip
    for query in ({}, {"site": site.pk}, {owner: owned.pk}, {"search": "disch"}):
        assert [one["id"] for one in found(here, **query)] == [row["id"]]
        assert found(elsewhere, **query) == []
    assert elsewhere.get(f"{API}/tags/{row['id']}").status_code == 404
    assert send(elsewhere, "delete", f"tags/{row['id']}").status_code == 404
    assert AuditEntry.objects.get(kind="tag").site_id == site.pk
    path, etag = f"tags/{row['id']}", made["ETag"]
    changed = send(here, "patch", path, {"value": "x"}, If_Match=etag)
    assert changed.json()["value"] == "x"
    assert send(here, "delete", path, If_Match=etag).status_code == 412
    assert send(here, "delete", f"tags/{row['id']}").status_code == 204
    sites = AuditEntry.objects.filter(kind="tag").values_list("action", "site_id")
    assert {*sites} == {(action, site.pk) for action in ("create", "update", "delete")}


def found(client: Client, **query: Any) -> list[Any]:
    response = client.get(f"{API}/tags", query)
    assert response.status_code == 200
    return list(response.json()["results"])


def test_a_tag_goes_where_its_device_goes(
    point: Point, program: Callable[..., Client], engineer: Client
) -> None:
    tag = Tag.objects.create(point=point, name="temp")
    other = make_site()
    there = program(Role.VIEWER, other)
    assert found(there) == []
    Device.objects.filter(pk=point.device_id).update(network=make_network(site=other), room=None)
    assert [one["id"] for one in found(there)] == [tag.pk]
    point.device.delete()
    assert not Tag.objects.exists()
    assert AuditEntry.objects.get(kind="tag", action="delete").site_id == other.pk


@pytest.mark.parametrize(
    "value", [None, "", "a text", 21.5, 0, -7, {"ref": "ahu-1"}, {"ref": "brick:a.b~c"}]
)
def test_a_value_is_told_as_it_was_written(engineer: Client, point: Point, value: Any) -> None:
    body = {"point": point.pk, "name": "siteRef", "value": value}
    row = send(engineer, "post", "tags", body).json()
    assert row["value"] == value
    assert engineer.get(f"{API}/tags/{row['id']}").json() == row
    assert send(engineer, "patch", f"tags/{row['id']}", {"value": None}).json()["value"] is None
    assert Tag.objects.filter(value__isnull=True).exists()


@pytest.mark.parametrize(
    ("members", "field", "told"),
    [
        ({"value": True}, "value", 'write null for a marker, a text, a number or {"ref": "id"}'),
        ({"value": [1]}, "value", "no value of a tag"),
        ({"value": {"ref": "a b"}}, "value", "no value of a tag"),
        ({"value": {"ref": "a", "dis": "b"}}, "value", "no value of a tag"),
        ({"value": "x" * 256}, "value", "no value of a tag"),
        ({"value": "\0"}, "value", "no value of a tag"),
        ({"name": "Discharge"}, "name", "no tag of haystack; write one such as discharge"),
        ({"name": "discharge air"}, "name", "no tag of haystack"),
        ({"scheme": "brick", "name": "brick:AHU"}, "name", "Zone_Air_Temperature_Sensor"),
        ({"scheme": "other"}, "scheme", "haystack"),
        ({"point": None}, "body", "belongs to nothing"),
    ],
)
def test_what_is_wrong_is_told(
    engineer: Client, point: Point, members: dict[str, Any], field: str, told: str
) -> None:
    body = {"point": point.pk, "name": "temp", **members}
    assert told in wrong(send(engineer, "post", "tags", body))[field]
    assert not Tag.objects.exists()


def test_a_tag_has_one_owner(engineer: Client, point: Point) -> None:
    body = {"point": point.pk, "device": point.device_id, "name": "temp"}
    refusal = wrong(send(engineer, "post", "tags", body))
    assert "this belongs to device and point" in refusal["body"]
    row = send(engineer, "post", "tags", {"point": point.pk, "name": "temp"}).json()
    path = f"tags/{row['id']}"
    assert (
        "device and point"
        in wrong(send(engineer, "patch", path, {"device": point.device_id}))["body"]
    )
    moved = {"device": point.device_id, "point": None}
    assert send(engineer, "patch", path, moved).status_code == 200
    for broken in ({"name": "a"}, {"name": "a", "point": point, "device": point.device}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Tag.objects.create(**broken)


def test_a_tag_is_on_its_owner_once(engineer: Client, point: Point) -> None:
    def add(**members: Any) -> Any:
        return send(engineer, "post", "tags", {"name": "temp", **members})

    assert add(point=point.pk).status_code == 201
    assert "already" in wrong(add(point=point.pk))["name"]
    assert add(point=point.pk, scheme="brick").status_code == 201
    assert add(device=point.device_id).status_code == 201
    twice = {"create": [{"room": point.device.room_id, "name": "a"}] * 2}
    assert wrong(send(engineer, "post", "tags/bulk", twice)).keys() == {"create.1.name"}


def test_a_tag_of_nothing_is_told_so_to_an_engineer_of_one_site(
    point: Point, program: Callable[..., Client]
) -> None:
    here = program(Role.ENGINEER, point.device.network.site)
    refused = wrong(send(here, "post", "tags", {"name": "ahu"}))
    assert "belongs to nothing" in refused["body"]
    viewer = send(program(Role.VIEWER), "post", "tags", {"name": "ahu"})
    assert "role engineer at a site" in viewer.json()["detail"]


@pytest.mark.parametrize("path", ["sites", "product-models"])
def test_what_is_of_no_site_takes_a_role_at_all_sites(
    path: str, program: Callable[..., Client]
) -> None:
    chief = program(Role.ADMINISTRATOR, make_site())
    refused = send(chief, "post", path, {"name": "A"})
    assert refused.status_code == 403
    assert "role administrator at all sites" in refused.json()["detail"]
