"""Writing rows: all or nothing, everything wrong named, as many questions for many as for one."""

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from devices.domain import rows
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks, Rights
from devices.domain.rows import BadRows, NoSuchRows
from devices.enums import Role
from devices.models import AuditEntry, Building, Device, Network, RoleAssignment, Site
from t3000.models import Tag
from tests.factories import make_device, make_network, make_room, make_site, make_user
from tests.rows import make as make_row

pytestmark = pytest.mark.django_db


@pytest.fixture
def chief() -> Rights:
    return Rights.of(make_user(role=Role.ADMINISTRATOR))


def problems(error: pytest.ExceptionInfo[BadRows]) -> list[tuple[int, str]]:
    return [(one.row, one.field) for one in error.value.problems]


def create(by: Rights, *values: dict[str, Any]) -> list[Building]:
    return rows.create(Building, values, by=by, role=Role.ENGINEER)


def test_everything_wrong_is_named_and_nothing_stored(chief: Rights) -> None:
    site = make_site()
    with pytest.raises(BadRows) as error:
        create(
            chief,
            {"site_id": site.pk, "name": "A"},
            {"site_id": site.pk + 1, "name": "B"},
            {"name": "", "time_zone": "Mars/Olympus"},
        )
    assert problems(error) == [(1, "site"), (2, "site"), (2, "name"), (2, "time_zone")]
    assert "There is no site" in str(error.value)
    assert "Europe/Berlin" in str(error.value)
    assert not Building.objects.exists()
    assert not AuditEntry.objects.filter(kind="building").exists()


def test_what_must_be_unique_is_so_among_old_and_new(chief: Rights) -> None:
    site, other = make_site(), make_site()
    create(chief, {"site_id": site.pk, "name": "A"})
    with pytest.raises(BadRows) as error:
        create(
            chief,
            {"site_id": site.pk, "name": "A"},
            {"site_id": other.pk, "name": "A"},
            {"site_id": other.pk, "name": "A"},
        )
    assert problems(error) == [(0, "name"), (2, "name")]
    assert "already" in error.value.problems[0].message
    assert error.value.problems[1].message == (
        f"Row 1 of these has site {other.pk}, name A, too; rows count from 0."
    )
    with pytest.raises(BadRows):
        rows.create(Site, [{"name": site.name}], by=chief, role=Role.ADMINISTRATOR)


def test_a_row_may_keep_its_own_name(chief: Rights) -> None:
    (building,) = create(chief, {"site_id": make_site().pk, "name": "A"})
    rows.update(
        Building, {building.pk: {"name": "A", "time_zone": "UTC"}}, by=chief, role=Role.ENGINEER
    )
    building.refresh_from_db()
    assert building.time_zone == "UTC"


def test_names_may_be_exchanged_in_one_go(chief: Rights) -> None:
    site = make_site()
    one, two = create(chief, {"site_id": site.pk, "name": "A"}, {"site_id": site.pk, "name": "B"})
    rows.update(
        Building, {one.pk: {"name": "C"}, two.pk: {"name": "A"}}, by=chief, role=Role.ENGINEER
    )
    assert list(Building.objects.order_by("pk").values_list("name", flat=True)) == ["C", "A"]


def test_of_a_row_only_what_is_changed_is_looked_at(chief: Rights) -> None:
    building = Building.objects.create(site=make_site(), name="A", time_zone="as it was")
    rows.update(Building, {building.pk: {"name": "B"}}, by=chief, role=Role.ENGINEER)
    building.refresh_from_db()
    assert building.name == "B"


def test_what_is_of_another_site_is_not_there(chief: Rights) -> None:
    here, there = make_site(), make_site()
    foreign = Building.objects.create(site=there, name="A")
    by = Rights.of(make_user(role=Role.ENGINEER, site=here))
    with pytest.raises(NoSuchRows):
        rows.update(Building, {foreign.pk: {"name": "B"}}, by=by, role=Role.ENGINEER)
    with pytest.raises(NoSuchRows):
        rows.delete(Building, [foreign.pk], by=by, role=Role.ENGINEER)
    with pytest.raises(BadRows, match="There is no site"):
        create(by, {"site_id": there.pk, "name": "B"})
    own = Building.objects.create(site=here, name="A")
    with pytest.raises(BadRows, match="There is no site"):
        rows.update(Building, {own.pk: {"site_id": there.pk}}, by=by, role=Role.ENGINEER)


def test_too_little_a_role_is_told(chief: Rights) -> None:
    site, other = make_site(), make_site()
    user = make_user(role=Role.VIEWER)
    RoleAssignment.objects.create(user=user, site=other, role=Role.ENGINEER)
    by = Rights.of(user)
    building = Building.objects.create(site=site, name="A")
    own = Building.objects.create(site=other, name="A")
    for refused in (
        lambda: create(by, {"site_id": site.pk, "name": "B"}),
        lambda: rows.update(Building, {building.pk: {}}, by=by, role=Role.ENGINEER),
        lambda: rows.delete(Building, [building.pk], by=by, role=Role.ENGINEER),
        lambda: rows.update(Building, {own.pk: {"site_id": site.pk}}, by=by, role=Role.ENGINEER),
        lambda: rows.create(Site, [{"name": "S"}], by=by, role=Role.ADMINISTRATOR),
    ):
        with pytest.raises(Lacks):
            refused()
    create(by, {"site_id": other.pk, "name": "B"})


def test_what_a_row_refers_to_is_at_one_site(chief: Rights) -> None:
    room, device = make_room(), make_device()
    with pytest.raises(BadRows, match="different sites") as error:
        rows.update(Device, {device.pk: {"room_id": room.pk}}, by=chief, role=Role.ENGINEER)
    assert error.value.problems[0].field in ("network", "room")


def test_a_row_stays_at_its_site(chief: Rights) -> None:
    network, other = make_network(), make_site()
    with pytest.raises(BadRows, match="stays at its site"):
        rows.update(Network, {network.pk: {"site_id": other.pk}}, by=chief, role=Role.ENGINEER)


def test_what_is_hidden_is_not_named() -> None:
    own, _hidden = make_site(), make_site(name="Bunker")
    by = Rights.of(make_user(role=Role.ADMINISTRATOR, site=own))
    with pytest.raises(BadRows, match="in use already") as error:
        rows.update(Site, {own.pk: {"name": "Bunker"}}, by=by, role=Role.ADMINISTRATOR)
    assert "Bunker" not in error.value.problems[0].message


def test_two_networks_that_come_together_are_not_on_one_port(chief: Rights) -> None:
    site = make_site()
    twins = [
        {"site_id": site.pk, "name": name, "interface": "127.0.0.1/8", "port": 47000}
        for name in "AB"
    ]
    with pytest.raises(BadRows, match="in use") as error:
        rows.create(Network, twins, by=chief, role=Role.ENGINEER)
    assert problems(error) == [(1, "port")]


def test_what_is_still_needed_stays(chief: Rights) -> None:
    network = make_network()
    for _ in range(2):
        make_device(network=network)
    with pytest.raises(NotPossible, match="still needed by 2 devices"):
        rows.delete(Network, [network.pk], by=chief, role=Role.ENGINEER)
    assert Network.objects.exists()


def test_fifty_rows_ask_as_often_as_one(chief: Rights) -> None:
    site = make_site()

    def work(count: int) -> None:
        made = create(chief, *({"site_id": site.pk, "name": f"{count}-{n}"} for n in range(count)))
        changes = {row.pk: {"time_zone": "UTC"} for row in made}
        rows.update(Building, changes, by=chief, role=Role.ENGINEER)
        rows.delete(Building, changes, by=chief, role=Role.ENGINEER)

    counts = []
    for count in (1, 50):  # more are several statements on SQLite
        with CaptureQueriesContext(connection) as captured:
            work(count)
        counts.append(len(captured))
    assert counts[0] == counts[1]


def test_a_row_that_is_left_without_what_it_belongs_to_is_refused(chief: Rights) -> None:
    tag = make_row(Tag, make_site())
    nothing = dict.fromkeys(("site_id", "building_id", "device_id", "point_id"))
    with pytest.raises(BadRows):
        rows.update(Tag, {tag.pk: nothing}, by=chief, role=Role.ENGINEER)
