"""Accounts as pages: what an administrator sees and does there."""

import html
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from devices.domain import tokens
from devices.enums import Role
from devices.models import RoleAssignment, Session, Site
from tests import rows
from tests.factories import make_site, make_user

pytestmark = pytest.mark.django_db
GOOD = "correct-horse-battery"


@pytest.fixture
def here() -> Site:
    return make_site(name="Harbour")


@pytest.fixture
def chief(client: Client) -> Client:
    client.force_login(make_user("chief", role=Role.ADMINISTRATOR))
    return client


@pytest.fixture
def local(here: Site) -> Client:
    client = Client()
    client.force_login(make_user("local", role=Role.ADMINISTRATOR, site=here))
    return client


def text(response: Any) -> str:
    return html.unescape(response.content.decode())


def roles(name: str) -> dict[int | None, int]:
    found = RoleAssignment.objects.filter(user__username=name)
    return dict(found.values_list("site", "role"))


def test_an_account_is_added_with_roles(chief: Client, here: Site) -> None:
    asked = {
        "username": "anna",
        "name": "Anna Kowalski",
        "password": GOOD,
        "active": "on",
        "role_all": "viewer",
        f"role_{here.pk}": "engineer",
    }
    page = chief.post("/accounts/new", asked, follow=True)
    assert "anna has an account now." in text(page)
    assert "Anna Kowalski" in text(page)
    assert roles("anna") == {None: Role.VIEWER, here.pk: Role.ENGINEER}
    assert Client().login(username="anna", password=GOOD)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"username": ""}, "Write a user name, such as anna."),
        ({"username": "chief"}, "A user with that username already exists."),
        ({"email": "anna"}, "Write an address such as anna@example.org."),
        ({"password": ""}, "This is required."),
        ({"password": "short"}, "at least 10"),
        ({"role_all": "king"}, "Choose one of the roles."),
    ],
)
def test_what_is_wrong_is_said_beside_it(
    chief: Client, wrong: dict[str, str], message: str
) -> None:
    response = chief.post("/accounts/new", {"username": "anna", "password": GOOD, **wrong})
    assert response.status_code == 422
    assert message in text(response)
    assert GOOD not in text(response)
    assert not User.objects.filter(username="anna").exists()


def test_the_form_shows_what_is_and_changes_it(chief: Client, here: Site) -> None:
    user = make_user("anna", role=Role.OPERATOR, site=here, first_name="Anna")
    path = f"/accounts/{user.pk}/"
    page = text(chief.get(path))
    assert 'value="Anna"' in page
    assert '<option value="operator" selected>' in page
    asked = {"username": "anna", "name": "Anna K.", "active": "on", f"role_{here.pk}": "engineer"}
    assert chief.post(path, asked).status_code == 302
    user.refresh_from_db()
    assert (user.first_name, roles("anna")) == ("Anna K.", {here.pk: Role.ENGINEER})
    assert user.check_password(GOOD)
    chief.post(path, {**asked, "password": GOOD + "2"})
    user.refresh_from_db()
    assert user.check_password(GOOD + "2")


def test_who_may_not_sign_in_any_more_is_out(chief: Client) -> None:
    user = make_user("anna")
    browser = Client()
    browser.force_login(user)
    chief.post(f"/accounts/{user.pk}/", {"username": "anna", "role_all": "viewer"})
    assert browser.get("/").status_code == 302
    assert "inactive" in text(chief.get("/accounts/"))


def test_the_last_administrator_stays(chief: Client) -> None:
    last = User.objects.get(username="chief")
    response = chief.post(f"/accounts/{last.pk}/", {"username": "chief", "active": "on"})
    assert response.status_code == 422
    assert "last administrator of all sites" in text(response)
    assert roles("chief") == {None: Role.ADMINISTRATOR}
    page = text(chief.post(f"/accounts/{last.pk}/delete", follow=True))
    assert "last administrator of all sites" in page
    assert User.objects.filter(pk=last.pk).exists()


def test_an_account_is_deleted(chief: Client) -> None:
    user = make_user("anna")
    assert "anna is deleted" in text(chief.post(f"/accounts/{user.pk}/delete", follow=True))
    assert not User.objects.filter(username="anna").exists()


def test_sessions_are_ended_one_or_all(chief: Client, here: Site) -> None:
    user = make_user("anna")
    first, *_others = [rows.make(Session, here, user=user) for _ in range(3)]
    path = f"/accounts/{user.pk}/end-sessions"
    assert "Unknown browser" in text(chief.get(f"/accounts/{user.pk}/"))
    chief.post(path, {"session": first.pk})
    assert Session.objects.filter(user=user).count() == 2
    assert chief.post(path, {"session": "x"}).status_code == 404
    chief.post(path)
    assert not Session.objects.filter(user=user).exists()


def test_tokens_are_listed_and_revoked(chief: Client, local: Client, here: Site) -> None:
    user, shared = make_user("anna", site=here), make_user("shared", site=here)
    shared.roles.create(site=make_site(), role=Role.VIEWER)
    for owner in (user, shared):
        for name in ("Energy report", "Old report"):
            tokens.make(owner, name=name)
    old = tokens.list_for(user).get(name="Old report")
    path = f"/accounts/{user.pk}/"
    page = text(chief.get(path))
    assert page.count("Revoke Energy report?") == 1
    assert f'action="{path}revoke-token"' in page
    assert f'name="token" value="{old.pk}"' in page
    assert local.post(f"{path}revoke-token", {"token": old.pk}).status_code == 302
    assert "Old report" not in text(local.get(path))
    assert [one.name for one in tokens.list_for(user)] == ["Energy report"]
    others = tokens.list_for(shared).first()
    assert others is not None
    for number in (others.pk, "x", "9" * 30, ""):
        assert chief.post(f"{path}revoke-token", {"token": number}).status_code == 404
    foreign = f"/accounts/{shared.pk}/"
    assert "Energy report" not in text(local.get(foreign))
    assert local.post(f"{foreign}revoke-token", {"token": others.pk}).status_code == 404
    assert tokens.list_for(shared).count() == 2


def test_an_administrator_of_a_site_sees_and_changes_roles_there(local: Client, here: Site) -> None:
    there = make_site(name="Airport")
    make_user("stranger", site=there)
    shared = make_user("shared", site=here)
    shared.roles.create(site=there, role=Role.VIEWER)
    page = text(local.get("/accounts/"))
    assert "shared" in page
    assert "stranger" not in page
    assert "Airport" not in page
    page = text(local.get(f"/accounts/{shared.pk}/"))
    assert "you can change the roles at yours only" in page
    assert "Airport" not in page
    assert 'name="username"' not in page
    assert 'name="role_all"' not in page
    asked = {f"role_{here.pk}": "operator", "username": "other", f"role_{there.pk}": "viewer"}
    assert local.post(f"/accounts/{shared.pk}/", asked).status_code == 302
    assert roles("shared") == {here.pk: Role.OPERATOR, there.pk: Role.VIEWER}
    assert local.post(f"/accounts/{shared.pk}/delete").status_code == 404
    assert local.post(f"/accounts/{shared.pk}/end-sessions").status_code == 404
    asked = {"username": "new", "password": GOOD, "active": "on"}
    response = local.post("/accounts/new", asked)
    assert response.status_code == 422
    assert "Give a role at one of your sites." in text(response)
    local.post("/accounts/new", {**asked, f"role_{here.pk}": "viewer"})
    assert roles("new") == {here.pk: Role.VIEWER}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR, Role.ENGINEER])
def test_it_is_for_administrators(client: Client, role: Role) -> None:
    user = make_user(role=role)
    client.force_login(user)
    assert "/accounts/" not in client.get("/").content.decode()
    for path in ("/accounts/", "/accounts/new", f"/accounts/{user.pk}/"):
        assert client.get(path).status_code == 403
    assert client.post("/accounts/new", {"username": "x", "password": GOOD}).status_code == 403
    assert client.post(f"/accounts/{user.pk}/", {"role_all": "administrator"}).status_code == 403
    assert roles(user.username) == {None: role}
