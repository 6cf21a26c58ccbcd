"""Rows of one parent, which the path names."""

from collections.abc import Callable

import pytest
from django.test import Client

from devices.enums import Role
from devices.models import Floor
from tests.factories import make_room, make_site
from tests.sending import send

pytestmark = pytest.mark.django_db


def test_floors_and_rooms_are_those_of_their_parent(engineer: Client) -> None:
    room, other = make_room(), make_room()
    building = room.floor.building
    floors = f"/api/t3000/buildings/{building.pk}/floors"
    rooms = f"/api/t3000/floors/{room.floor.pk}/rooms"
    assert [one["id"] for one in engineer.get(floors).json()["results"]] == [room.floor.pk]
    assert [one["id"] for one in engineer.get(f"{rooms}/").json()["results"]] == [room.pk]
    response = send(engineer, "post", floors, {"name": "Attic", "level": 9})
    assert response.status_code == 201, response.content
    assert response.json() == {
        "id": response.json()["id"], "building": building.pk, "name": "Attic", "level": 9,
    }  # fmt: skip
    assert response["Location"] == f"/api/t3000/floors/{response.json()['id']}"
    assert response["ETag"] == engineer.get(response["Location"])["ETag"]
    assert Floor.objects.filter(building=building).count() == 2
    assert send(engineer, "post", floors, {"name": "Attic"}).status_code == 400
    assert send(engineer, "post", rooms, {"name": other.name}).status_code == 201


def test_the_parent_is_told_by_the_path_alone(engineer: Client) -> None:
    room, other = make_room(), make_room()
    path = f"/api/t3000/floors/{room.floor.pk}/rooms"
    response = send(engineer, "post", path, {"name": "Cellar", "floor": other.floor.pk})
    assert (response.status_code, response.json()["errors"][0]["field"]) == (400, "floor")
    found = engineer.get(path, {"floor": other.floor.pk}).json()
    assert found["results"] == []


def test_a_parent_that_is_not_there_has_no_rows(
    engineer: Client, program: Callable[..., Client]
) -> None:
    room = make_room()
    stranger = program(Role.ADMINISTRATOR, make_site())
    for client, pk in ((engineer, 999), (stranger, room.floor.pk)):
        path = f"/api/t3000/floors/{pk}/rooms"
        for response in (client.get(path), send(client, "post", path, {"name": 1})):
            assert response.status_code == 404
            assert response.json()["detail"] == f"There is no floor {pk}."
    viewer = program(Role.VIEWER)
    path = f"/api/t3000/floors/{room.floor.pk}/rooms"
    assert send(viewer, "post", path, {"name": "Cellar"}).status_code == 403
