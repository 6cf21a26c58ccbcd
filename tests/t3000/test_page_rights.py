"""Pages tell and offer what the user's roles allow, and nothing of other sites."""

import pytest
from django.contrib.auth.models import User
from django.db import models
from django.test import Client
from django.urls import URLPattern

from devices.enums import Role
from devices.models import Building, Command, Device, Network, Site
from t3000.models import Point
from tests import rows
from tests.factories import (
    make_device,
    make_network,
    make_point,
    make_room,
    make_site,
    make_user,
    make_value,
)
from tests.resources import PAGES

pytestmark = pytest.mark.django_db
PAGE_ROWS: dict[str, type[models.Model]] = {
    "device_id": Device,
    "network_id": Network,
    "point_id": Point,
    "user_id": User,
}
UNSEEN = "Not for strangers"


@pytest.fixture
def here() -> Site:
    return make_site(name="Harbour", time_zone="Europe/Berlin")


@pytest.fixture
def there() -> Site:
    return make_site(name=UNSEEN, time_zone="Asia/Tokyo")


def client_of(role: Role | None, site: Site | None = None) -> Client:
    client = Client()
    client.force_login(make_user(role=role, site=site))
    return client


def path_of(page: URLPattern, site: Site) -> str:
    path = f"/{page.pattern}".replace("<slug:tab>", "inputs")
    for name in page.pattern.converters.keys() - {"tab"}:
        path = path.replace(f"<int:{name}>", str(rows.make(PAGE_ROWS[name], site).pk))
    return path


ALL = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


@ALL
def test_a_page_tells_nothing_of_another_site(page: URLPattern, there: Site, here: Site) -> None:
    stranger, everybody = client_of(Role.ADMINISTRATOR, here), client_of(Role.ADMINISTRATOR)
    rows.make(Device, there)
    path = path_of(page, there)
    Device.objects.update(name=UNSEEN)
    Network.objects.filter(pk=Network.objects.values("pk")[:1]).update(name=UNSEEN)
    is_page = everybody.get(path, headers={"HX-Request": "true"}).status_code == 200
    response = stranger.get(path)
    if page.pattern.converters:
        assert response.status_code == (404 if is_page else 405)
        assert stranger.post(path, {"value": "1"}).status_code in (404, 405)
    else:
        assert response.status_code == (200 if is_page else 405)
    assert UNSEEN not in response.content.decode()


@ALL
def test_without_a_role_there_is_a_clear_page(page: URLPattern, here: Site) -> None:
    response = client_of(None).get(path := path_of(page, here))
    if response.status_code == 405:
        response = client_of(None).post(path)
    assert response.status_code == 403
    assert "You have no role yet" in response.content.decode()
    assert "Harbour" not in response.content.decode()


def test_without_a_role_one_has_an_account() -> None:
    assert client_of(None).get("/account/").status_code == 200


def test_without_a_role_nothing_is_changed(here: Site) -> None:
    point = rows.make(Point, here)
    nobody = client_of(None)
    assert nobody.post(f"/points/{point.pk}/write", {"value": "1"}).status_code == 403
    assert nobody.post("/devices/discover").status_code == 403
    assert not Command.objects.exists()
    assert not Network.objects.filter(discovery_due_at__isnull=False).exists()


def test_the_shell_counts_and_names_what_is_visible(here: Site, there: Site) -> None:
    make_device(network=make_network(site=here))
    for _ in range(2):
        make_device(network=make_network(site=there))
    page = client_of(Role.VIEWER, here).get("/").content.decode()
    assert "Overview · Harbour" in page
    assert "1 device," in page
    assert 'data-zone="Europe/Berlin"' in page
    page = client_of(Role.VIEWER).get("/").content.decode()
    assert "Overview · 2 sites" in page
    assert "3 devices," in page


def test_a_time_is_told_on_the_clock_of_its_place(here: Site, there: Site) -> None:
    """10:42:18 UTC is 19:42 in Tokyo, and no day of anybody's today."""
    device = make_device(network=make_network(site=there))
    make_value(make_point(device), quality=4)
    page = client_of(Role.VIEWER).get("/").content.decode()
    assert "19:42 Tokyo</time>" in page
    assert 'data-zone="Asia/Tokyo"' in page
    page = client_of(Role.VIEWER).get(f"/devices/{device.pk}/").content.decode()
    assert "19:42</time>" in page
    assert "<time data-clock" in page
    assert 'data-zone="Asia/Tokyo">' in page


def test_a_building_may_have_a_clock_of_its_own(here: Site) -> None:
    device = make_device(network=make_network(site=here), room=make_room(here))
    Building.objects.update(time_zone="Asia/Tokyo")
    page = client_of(Role.VIEWER).get(f"/devices/{device.pk}/").content.decode()
    assert 'title="Asia/Tokyo"' in page


OFFERED = {  # where: what a role is offered there that the one below is not
    Role.OPERATOR: ["data-writes", "data-write-dialog"],
    Role.ENGINEER: ["Add a network", "Discover"],
}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ENGINEER])
def test_what_a_role_may_not_do_is_not_offered(role: Role, here: Site) -> None:
    point = rows.make(Point, here)
    user = client_of(role, here)
    pages = user.get("/devices/").content + user.get(f"/devices/{point.device_id}/outputs/").content
    for needed, words in OFFERED.items():
        for word in words:
            assert (word in pages.decode()) is (role >= needed), word


def test_a_role_counts_at_its_site_only(here: Site, there: Site) -> None:
    """Operator here, viewer there."""
    mine, others = rows.make(Point, here), rows.make(Point, there)
    user = make_user(role=Role.OPERATOR, site=here)
    user.roles.create(site=there, role=Role.VIEWER)
    client = Client()
    client.force_login(user)
    assert (
        client.post(
            f"/points/{mine.pk}/write", {"value": "1", "until": "1h", "priority": "8"}
        ).status_code
        == 204
    )
    refused = client.post(
        f"/points/{others.pk}/write", {"value": "1", "until": "1h", "priority": "8"}
    )
    assert refused.status_code == 403
    assert "You need the role operator at this site" in refused.content.decode()
    assert "data-writes" not in client.get(f"/devices/{others.device_id}/outputs/").content.decode()


def test_only_networks_of_an_engineer_are_searched(here: Site, there: Site) -> None:
    mine, others = make_network(site=here), make_network(site=there)
    user = make_user(role=Role.ENGINEER, site=here)
    user.roles.create(site=there, role=Role.OPERATOR)
    client = Client()
    client.force_login(user)
    client.post("/devices/discover")
    mine.refresh_from_db()
    others.refresh_from_db()
    assert mine.discovery_due_at is not None
    assert others.discovery_due_at is None
