"""Roles at sites, and what they let see and do."""

from pathlib import Path

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError

from devices.domain.rights import Lacks, Rights
from devices.enums import Role
from devices.models import Building, Command, Device, Network, RoleAssignment, Site
from tests.factories import make_command, make_device, make_network, make_room, make_site, make_user
from tests.resources import LISTS

pytestmark = pytest.mark.django_db


def test_somebody_without_a_role_sees_nothing() -> None:
    make_room()
    for user in (make_user(role=None), AnonymousUser(), make_user(is_active=False)):
        rights = Rights.of(user)
        assert rights.sites() == frozenset()
        assert not rights.visible(Site.objects.all()).exists()
        assert not rights.visible(Building.objects.all()).exists()
        assert not rights.anywhere(Role.VIEWER)


def test_a_role_at_a_site_lets_see_what_is_there() -> None:
    here, there = make_site(), make_site()
    for site in (here, there):
        make_command(make_device(network=make_network(site=site), room=make_room(site)))
    rights = Rights.of(make_user(role=Role.OPERATOR, site=here))
    for model in (Site, Building, Network, Device, Command):
        (seen,) = rights.visible(model.objects.all())  # type: ignore[var-annotated]
        assert (
            model.objects.filter(pk=seen.pk).values_list(model.site_path, flat=True)[0] == here.pk
        )
    assert not rights.visible(Device.objects.all(), Role.ENGINEER).exists()
    assert rights.may(Role.OPERATOR, here.pk)
    assert not rights.may(Role.ENGINEER, here.pk)
    assert not rights.may(Role.VIEWER, there.pk)
    assert not rights.may(Role.VIEWER, None)


def test_the_greater_of_two_roles_counts() -> None:
    site, other = make_site(), make_site()
    user = make_user(role=Role.VIEWER)
    RoleAssignment.objects.create(user=user, site=site, role=Role.ENGINEER)
    RoleAssignment.objects.create(user=user, site=other, role=Role.VIEWER)
    rights = Rights.of(user)
    assert (rights.role_at(site.pk), rights.role_at(other.pk)) == (Role.ENGINEER, Role.VIEWER)
    assert rights.sites(Role.ENGINEER) == {site.pk}
    assert rights.sites() is None


def test_a_superuser_is_administrator_of_every_site() -> None:
    rights = Rights.of(make_user(role=None, is_superuser=True))
    assert rights.sites(Role.ADMINISTRATOR) is None
    assert rights.may(Role.ADMINISTRATOR, None)


def test_what_is_lacking_is_told() -> None:
    site = make_site()
    rights = Rights.of(make_user(role=Role.VIEWER, site=site))
    with pytest.raises(Lacks, match="role engineer at this site"):
        rights.require(Role.ENGINEER, site.pk)
    with pytest.raises(Lacks, match="role engineer at all sites"):
        rights.require(Role.ENGINEER, None)
    with pytest.raises(Lacks, match="role engineer at a site"):
        rights.require_somewhere(Role.ENGINEER)


def test_what_has_no_site_is_not_served_by_accident() -> None:
    with pytest.raises(AttributeError):
        Rights(1).visible(make_user()._meta.model.objects.all())


@pytest.mark.parametrize("site", [None, "one"])
def test_a_user_has_one_role_at_a_place(site: str | None) -> None:
    user, where = make_user(role=None), make_site() if site else None
    RoleAssignment.objects.create(user=user, site=where, role=Role.VIEWER)
    with pytest.raises(IntegrityError):
        RoleAssignment.objects.create(user=user, site=where, role=Role.OPERATOR)


def test_the_strongest_priorities() -> None:
    assert [role.strongest_priority for role in Role] == [None, 8, 5, 1]


def test_what_takes_another_role_than_the_engineers_is_documented() -> None:
    guide = (Path(__file__).resolve().parents[2] / "docs" / "rights.md").read_text()
    others = {one.route for one in LISTS if one.view.role != Role.ENGINEER}
    assert {"sites", "users", "email-alarms", "alarms", "boards"} <= others
    assert {route for route in others if f"`{route}`" not in guide} <= {"accounts", "tokens"}
