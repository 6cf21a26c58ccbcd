"""Whoever changes a row, by whichever way, it is recorded with what it was before."""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import DatabaseError, NotSupportedError, connection, transaction
from django.db.models import F

from devices.domain import tokens
from devices.enums import Action, Origin
from devices.models import AuditEntry, Building, Device, Floor, RoleAssignment, Room, Site
from devices.models.acting import Actor, acting
from tests.factories import make_device, make_network, make_room, make_site, make_user

pytestmark = pytest.mark.django_db
migration = import_module("devices.migrations.0008_audit_append_only")
whole = import_module("devices.migrations.0017_audit_kept_whole")


def entries(**filters: Any) -> list[tuple[str, str, dict[str, Any]]]:
    found = AuditEntry.objects.filter(**filters).order_by("pk")
    return [(one.action, one.kind, one.changes) for one in found]


def forget() -> int:
    """Entries from here on are looked at by pk__gt this."""
    latest = AuditEntry.objects.first()
    return latest.pk if latest else 0


def test_a_new_row_is_told_whole() -> None:
    with acting(Actor(make_user("anna"), Origin.PAGE, "10.0.0.7")):
        site = Site.objects.create(name="Harbour", time_zone="Europe/Berlin")
    entry = AuditEntry.objects.get(kind="site", row_id=site.pk)
    assert (entry.username, entry.origin, entry.client_address) == ("anna", "page", "10.0.0.7")
    assert (entry.action, entry.name, entry.site_id) == ("create", "Harbour", site.pk)
    assert entry.changes == {
        "name": [None, "Harbour"],
        "time_zone": [None, "Europe/Berlin"],
    }


def test_without_anybody_it_is_the_program_itself() -> None:
    make_site()
    entry = AuditEntry.objects.get()
    assert (entry.user_id, entry.username, entry.origin) == (None, "T3000", "shell")


def test_a_change_tells_what_was_and_what_is() -> None:
    site = make_site(name="Old")
    since = forget()
    site.name = "New"
    site.save()
    assert entries(pk__gt=since) == [("update", "site", {"name": ["Old", "New"]})]


def test_saving_what_has_not_changed_is_no_change() -> None:
    site = make_site()
    since = forget()
    site.save()
    Site.objects.update(name=F("name"))
    assert entries(pk__gt=since) == []


def test_many_are_created_changed_and_deleted_at_once() -> None:
    site = make_site()
    since = forget()
    Building.objects.bulk_create([Building(site=site, name=name) for name in "AB"])
    buildings = list(Building.objects.order_by("name"))
    for building in buildings:
        building.name *= 2
    Building.objects.bulk_update(buildings, ["name"])
    Building.objects.filter(site=site).update(time_zone="Europe/Berlin")
    Building.objects.all().delete()
    found = entries(pk__gt=since)
    assert [action for action, _, _ in found] == ["create"] * 2 + ["update"] * 4 + ["delete"] * 2
    assert found[2:6] == [
        ("update", "building", {"name": ["A", "AA"]}),
        ("update", "building", {"name": ["B", "BB"]}),
        ("update", "building", {"time_zone": ["", "Europe/Berlin"]}),
        ("update", "building", {"time_zone": ["", "Europe/Berlin"]}),
    ]
    assert found[6][2]["name"] == ["AA", None]


def test_a_reference_that_changes_is_told_by_whichever_way() -> None:
    room = make_room()
    device = make_device(network=make_network(site=room.floor.building.site))
    told = ("update", "device", {"room": [None, room.pk]})
    back = ("update", "device", {"room": [room.pk, None]})
    since = forget()
    device.room = room
    Device.objects.bulk_update([device], ["room_id"])
    Device.objects.update(room_id=None)
    room.devices.add(device)
    room.devices.clear()
    assert entries(pk__gt=since) == [told, back, told, back]


def test_of_what_is_stored_in_part_only_that_is_told() -> None:
    site = make_site(name="A")
    since = forget()
    Site.objects.only("pk").distinct().update(name="B")
    site.name, site.time_zone = "C", "Europe/Berlin"
    site.save(update_fields=["name"])
    told = [changes for _, _, changes in entries(pk__gt=since)]
    assert told == [{"name": ["A", "B"]}, {"name": ["B", "C"]}]


def test_no_manager_deletes_all() -> None:
    with pytest.raises(AttributeError):
        Site.objects.delete()


def test_nothing_is_created_or_changed_without_saying_which() -> None:
    with pytest.raises(NotSupportedError):
        Site.objects.bulk_create([Site(name="A")], ignore_conflicts=True)


def test_what_goes_with_a_row_is_told_too() -> None:
    room = make_room()
    panel = make_device()
    device = make_device(network=panel.network, parent=panel)
    since = forget()
    room.floor.building.delete()
    panel_id = panel.pk
    panel.delete()
    found = entries(pk__gt=since)
    assert sorted(kind for action, kind, _ in found if action == Action.DELETE) == [
        "building",
        "device",
        "floor",
        "room",
    ]
    assert ("update", "device", {"parent": [panel_id, None]}) in found
    device.refresh_from_db()
    assert device.parent is None
    assert not Floor.objects.exists()
    assert not Room.objects.exists()


@pytest.mark.parametrize("is_one", [True, False])
def test_what_goes_with_a_user_is_told_however_the_user_goes(is_one: bool) -> None:
    site = make_site()
    user = make_user("anna", site=site)
    token = tokens.find_row(tokens.make(user, name="report"))
    since = forget()
    pk = user.pk
    (user if is_one else User.objects.filter(pk=pk)).delete()
    gone = AuditEntry.objects.filter(pk__gt=since, action=Action.DELETE).order_by("kind")
    assert list(gone.values_list("kind", "row_id", "name", "site_id")) == [
        ("apitoken", token.pk, "report", None),
        ("roleassignment", gone[1].row_id, f"anna: viewer at {site}", site.pk),
        ("user", pk, "anna", None),
    ]
    assert gone[1].changes["user"] == [pk, None]
    assert not RoleAssignment.objects.exists()


def test_a_row_of_a_site_is_told_at_its_site() -> None:
    device = make_device()
    entry = AuditEntry.objects.get(kind="device")
    assert entry.site_id == device.network.site_id
    device.delete()
    entry = AuditEntry.objects.get(kind="device", action="delete")
    assert entry.site_id == device.network.site_id


def test_what_the_program_keeps_for_itself_is_not_told() -> None:
    network = make_network()
    since = forget()
    type(network).objects.filter(pk=network.pk).update(problem="cable", discovery_due_at=None)
    network.refresh_from_db()
    network.problem = ""
    network.save()
    assert entries(pk__gt=since) == []


def test_what_is_not_stored_is_not_told() -> None:
    since = forget()
    with transaction.atomic():
        make_site()
        transaction.set_rollback(True)
    assert entries(pk__gt=since) == []


def test_what_a_device_describes_is_added_without_an_entry_each() -> None:
    network = make_network()
    since = forget()
    Device.objects.add_as_found(
        Device(network=network, instance=number, address=f"127.0.0.{number}", name="D")
        for number in (1, 2)
    )
    assert Device.objects.count() == 2
    assert entries(pk__gt=since) == []


def test_who_acts_inside_is_put_down_and_then_who_acted_before() -> None:
    with acting(Actor(None, Origin.FIELD)):
        with acting(Actor(None, Origin.ADMIN)):
            make_site()
        make_site()
    origins = AuditEntry.objects.order_by("pk").values_list("origin", flat=True)
    assert list(origins) == ["admin", "field"]


ENTRY = "devices_auditentry"
CHANGES = {
    "sqlite": [
        f"update {ENTRY} set name=''",
        f"delete from {ENTRY}",
        f"replace into {ENTRY} select * from {ENTRY}",
        f"insert or replace into {ENTRY} select * from {ENTRY} limit 1",
        f"update or replace {ENTRY} set id = id + 1",
    ],
    "postgresql": [
        f"update {ENTRY} set name=''",
        f"delete from {ENTRY}",
        f"truncate {ENTRY}",
        f"truncate devices_site, {ENTRY} cascade",
        f"insert into {ENTRY} select * from {ENTRY} on conflict (id) do update set name=''",
    ],
}


@pytest.fixture
def kept_as_on_a_site() -> Iterator[None]:
    """conftest.py takes a rule away, for the flush after each test."""
    rule, back = {
        "sqlite": ("audit_no_delete", migration.SQLITE.format(event="delete", EVENT="DELETE")),
        "postgresql": (f"audit_no_truncate ON {ENTRY}", whole.POSTGRESQL),
    }[connection.vendor]
    with connection.cursor() as cursor:
        cursor.execute(back)
        yield
        cursor.execute(f"DROP TRIGGER {rule}")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("kept_as_on_a_site")
@pytest.mark.parametrize("number", range(5))
def test_the_database_keeps_every_entry(number: int) -> None:
    make_site()
    before = list(AuditEntry.objects.values())
    with pytest.raises(DatabaseError, match="append-only"), connection.cursor() as cursor:
        cursor.execute(CHANGES[connection.vendor][number])
    make_site()
    assert list(AuditEntry.objects.values())[1:] == before
