"""The audit trail as a resource: who reads what of it, found by what, and never written."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.enums import Origin, Role
from devices.models import AuditEntry, Building, Network
from devices.models.acting import Actor, acting
from tests.api.conftest import client_of
from tests.factories import make_device, make_network, make_site, make_user

pytestmark = pytest.mark.django_db
PATH = "/api/t3000/audit"


def told(client: Client, **query: Any) -> list[dict[str, Any]]:
    response = client.get(PATH, query)
    assert response.status_code == 200, response.content
    rows: list[dict[str, Any]] = response.json()["results"]
    return rows


@pytest.fixture
def auditor() -> Client:
    return client_of(make_user(is_superuser=True))


def test_an_entry_carries_these_members_in_this_order(auditor: Client) -> None:
    anna = make_user("anna")
    with acting(Actor(anna, Origin.PAGE, "10.0.0.7")):
        site = make_site(name="Harbour")
        site.name = "Harbour East"
        site.save()
    entry, _created = told(auditor, kind="site")
    assert list(entry) == [
        *("id", "time", "user", "username", "origin", "client_address", "action", "kind"),
        *("row", "name", "site", "device", "changes"),
    ]
    assert entry["changes"] == {"name": ["Harbour", "Harbour East"]}
    assert (entry["user"], entry["username"]) == (anna.pk, "anna")
    assert (entry["origin"], entry["client_address"]) == ("page", "10.0.0.7")
    assert (entry["action"], entry["kind"], entry["row"]) == ("update", "site", site.pk)
    assert (entry["site"], entry["device"]) == (site.pk, None)
    assert auditor.get(f"{PATH}/{entry['id']}").json() == entry


def test_what_is_changed_by_the_api_is_put_down_to_who_asked(auditor: Client) -> None:
    user = make_user("bms", role=Role.ADMINISTRATOR)
    response = client_of(user).post(
        "/api/t3000/sites", {"name": "Harbour"}, content_type="application/json"
    )
    (entry,) = told(auditor, kind="site", row=response.json()["id"])
    assert (entry["user"], entry["username"], entry["origin"]) == (user.pk, "bms", "api")
    assert entry["client_address"] == "127.0.0.1"


def test_a_part_of_a_device_is_found_by_the_device(auditor: Client) -> None:
    device, _other = make_device(), make_device()
    device.name = "AHU-1"
    device.save()
    entries = told(auditor, device=device.pk)
    assert [(one["kind"], one["action"]) for one in entries] == [
        ("device", "update"),
        ("device", "create"),
    ]


def test_entries_are_found_by_what_who_and_when(auditor: Client) -> None:
    anna = make_user("anna")
    site = make_site(name="Harbour")
    with acting(Actor(anna, Origin.SHELL)):
        building = Building.objects.create(site=site, name="Tower")
        building.delete()
    AuditEntry.objects.create(
        time=timezone.now() - timedelta(days=9),
        username="old",
        origin="page",
        action="create",
        kind="room",
        row_id=1,
        name="Attic",
        site_id=site.pk,
    )

    def names(**query: Any) -> list[str]:
        return [f"{one['action']} {one['name']}" for one in told(auditor, **query)]

    assert names(kind="building") == ["delete Tower", "create Tower"]
    assert names(user=anna.pk, action="delete") == ["delete Tower"]
    assert names(origin="shell", kind="building", action="create") == ["create Tower"]
    assert names(search="TOW") == ["delete Tower", "create Tower"]
    assert names(search="OLD") == ["create Attic"]
    assert names(until=(timezone.now() - timedelta(days=8)).isoformat()) == ["create Attic"]
    since = (timezone.now() - timedelta(days=8)).isoformat()
    assert "create Attic" not in names(since=since)
    assert len(names(since=since)) > 2
    (error,) = auditor.get(PATH, {"kind": "foo"}).json()["errors"]
    assert error["field"] == "kind"
    assert '"foo" is not known; write one of ' in error["detail"]
    assert ", device, " in error["detail"]
    assert names(kind="session") == []


def test_the_latest_comes_first_and_a_cursor_goes_on_from_what_is_known(auditor: Client) -> None:
    for number in range(5):
        make_site(name=f"S{number}")
    assert [one["name"] for one in told(auditor, kind="site")] == ["S4", "S3", "S2", "S1", "S0"]
    first = auditor.get(PATH, {"kind": "site", "cursor": 0, "page_size": 3}).json()
    assert [one["name"] for one in first["results"]] == ["S0", "S1", "S2"]
    rest = auditor.get(first["next"]).json()
    assert [one["name"] for one in rest["results"]] == ["S3", "S4"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("role", "is_here", "seen"),
    [
        (Role.VIEWER, True, set()),
        (Role.OPERATOR, True, {"here"}),
        (Role.ADMINISTRATOR, True, {"here"}),
        (Role.VIEWER, False, set()),
        (Role.OPERATOR, False, {"here", "there"}),
        (Role.ENGINEER, False, {"here", "there"}),
        (Role.ADMINISTRATOR, False, {"here", "there", "nowhere"}),
    ],
)
def test_operators_read_what_was_done_at_their_sites(
    role: Role, is_here: bool, seen: set[str]
) -> None:
    """`is_here`: the role is one at that site; else at all."""
    here, there = make_site(), make_site()
    user = make_user(role=role, site=here if is_here else None)
    for name, site_id in (("here", here.pk), ("there", there.pk), ("nowhere", None)):
        AuditEntry.objects.create(
            username="x", origin="api", action="create", kind="user", row_id=1, name=name,
            site_id=site_id,
        )  # fmt: skip
    assert {one["name"] for one in told(client_of(user), kind="user")} == seen


def test_of_what_was_deleted_it_is_still_told(auditor: Client) -> None:
    network = make_network()
    operator = client_of(make_user(role=Role.OPERATOR, site=network.site))
    network.delete()
    entry = told(operator, kind="network")[0]
    assert (entry["action"], entry["site"]) == ("delete", network.site_id)
    assert entry["changes"]["port"] == [network.port, None]
    assert not Network.objects.exists()


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_it_is_not_written_by_anybody(method: str, auditor: Client) -> None:
    make_site()
    entry = told(auditor)[0]
    for path in (PATH, f"{PATH}/{entry['id']}"):
        response = getattr(auditor, method)(path, {"name": "x"}, content_type="application/json")
        assert response.status_code == 405
    assert auditor.get(f"{PATH}/{entry['id']}").json() == entry


def test_what_is_asked_for_wrongly_says_what_would_be_right(auditor: Client) -> None:
    response = auditor.get(PATH, {"since": "yesterday"})
    assert response.status_code == 400
    assert "write one as 2026-11-23T18:00:00Z" in response.json()["detail"]
