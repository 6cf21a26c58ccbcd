"""Accounts by the API: who manages whom, what is told, and that somebody is always left."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client

from devices import live
from devices.domain import tokens
from devices.enums import Role
from devices.live_rows import Ended
from devices.models import ApiToken, AuditEntry, RequestKey, RoleAssignment, Session, Site
from tests import rows
from tests.api.conftest import client_of
from tests.factories import make_site, make_user

pytestmark = pytest.mark.django_db
PATH = "/api/t3000/accounts"
GOOD = "correct-horse-battery"


@pytest.fixture
def chief() -> Client:
    return client_of(make_user("chief", role=Role.ADMINISTRATOR))


@pytest.fixture
def here() -> Site:
    return make_site(name="Harbour")


@pytest.fixture
def local(here: Site) -> Client:
    """The administrator of one site."""
    return client_of(make_user("local", role=Role.ADMINISTRATOR, site=here))


def send(client: Client, method: str, path: str, body: Any, status: int) -> Any:
    ask = getattr(client, method)
    response = ask(path, body, content_type="application/json")
    assert response.status_code == status, response.content
    return response.json() if response.content else None


def of(user: User) -> str:
    return f"{PATH}/{user.pk}"


def roles(user: User) -> dict[int | None, int]:
    return dict(RoleAssignment.objects.filter(user=user).values_list("site", "role"))


def test_an_account_is_made_with_its_roles_and_can_sign_in(chief: Client, here: Site) -> None:
    asked = {
        "username": "anna",
        "name": "Anna Kowalski",
        "email": "anna@example.org",
        "password": GOOD,
        "roles": [{"site": here.pk, "role": "engineer"}, {"site": None, "role": "viewer"}],
    }
    row = send(chief, "post", PATH, asked, 201)
    user = User.objects.get(username="anna")
    assert list(row) == [
        *("id", "username", "name", "email", "active", "roles"),
        *("superuser", "last_login", "created_at"),
    ]
    assert (row["id"], row["name"], row["active"]) == (user.pk, "Anna Kowalski", True)
    told = {one["site"]: one["role"] for one in row["roles"]}
    assert told == {here.pk: "engineer", None: "viewer"}
    assert roles(user) == {here.pk: Role.ENGINEER, None: Role.VIEWER}
    assert Client().login(username="anna", password=GOOD)
    assert GOOD not in chief.get(of(user)).content.decode()


def test_an_account_that_is_asked_for_again_is_made_once(chief: Client) -> None:
    asked = {"username": "anna", "password": GOOD}

    def post(body: Any) -> Any:
        key = {"Idempotency-Key": "a1"}
        return chief.post(PATH, body, content_type="application/json", headers=key)

    first, again = post(asked), post(asked)
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again.headers["Location"] == first.headers["Location"]
    assert User.objects.filter(username="anna").count() == 1
    assert post({**asked, "password": GOOD + "2"}).status_code == 409
    assert GOOD not in str(RequestKey.objects.values())
    User.objects.get(username="anna").delete()
    assert "deleted since" in post(asked).json()["detail"]


@pytest.mark.parametrize(
    ("wrong", "field", "message"),
    [
        ({"username": "chief"}, "username", "already exists"),
        ({"username": "a b"}, "username", "letters, digits and @ . + - _"),
        ({"email": "anna"}, "email", "write one such as anna@example.org"),
        ({"password": "short"}, "password", "at least 10"),
        ({"password": "x" * 200}, "password", "there can be 128 characters"),
        ({"password": "anna-kowalski", "name": "Anna-Kowalski"}, "password", "to the name."),
        ({"password": "1234567890123"}, "password", "numeric"),
        ({"password": None}, "password", "null"),
        ({"roles": [{"site": 999999, "role": "viewer"}]}, "roles", "There is no site 999999"),
        ({"roles": [{"site": None, "role": "king"}]}, "roles.0.role", "write one of viewer"),
        ({"roles": [{"site": None, "role": "viewer"}] * 2}, "roles", "twice"),
        ({"is_superuser": True}, "is_superuser", "no such member"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_made(
    chief: Client, wrong: dict[str, Any], field: str, message: str
) -> None:
    asked = {"username": "anna", "password": GOOD, **wrong}
    problem = send(chief, "post", PATH, asked, 400)
    found = {one["field"]: one["detail"] for one in problem["errors"]}
    assert message in found[field]
    assert not User.objects.filter(username="anna").exists()


def test_a_change_leaves_what_is_not_told_and_is_recorded(chief: Client) -> None:
    user = make_user("anna", first_name="Anna")
    row = send(chief, "patch", of(user), {"email": "a@example.org", "password": GOOD + "2"}, 200)
    assert (row["name"], row["email"]) == ("Anna", "a@example.org")
    told = AuditEntry.objects.filter(kind="user", row_id=user.pk).values_list("changes", flat=True)
    assert list(told) == [
        {"password": ["(secret)", "(secret)"]},
        {"email": ["", "a@example.org"]},
    ]
    send(chief, "put", of(user), {"username": "anna"}, 200)
    user.refresh_from_db()
    assert (user.first_name, user.email, roles(user)) == ("", "", {})
    assert user.check_password(GOOD + "2")


def test_an_etag_makes_a_change_conditional(chief: Client) -> None:
    user = make_user("anna")
    etag = chief.get(of(user)).headers["ETag"]
    send(chief, "patch", of(user), {"name": "A"}, 200)
    late = {"content_type": "application/json", "headers": {"If-Match": etag}}
    assert chief.patch(of(user), {"name": "B"}, **late).status_code == 412
    assert chief.delete(of(user), **late).status_code == 412
    late["headers"] = {"If-Match": chief.get(of(user)).headers["ETag"]}
    assert chief.patch(of(user), {"name": "B"}, **late).status_code == 200


def test_nobody_sees_accounts_but_administrators_and_everybody_their_own(here: Site) -> None:
    make_user("other", site=here)
    user = make_user("anna", role=Role.ENGINEER, site=here)
    found = client_of(user).get(PATH).json()["results"]
    assert [one["username"] for one in found] == ["anna"]
    assert found[0]["roles"] == [{"site": here.pk, "role": "engineer"}]


def test_an_administrator_of_a_site_manages_who_has_roles_there_only(
    local: Client, here: Site
) -> None:
    mine, shared = make_user("mine", site=here), make_user("shared", site=here)
    shared.roles.create(site=make_site(), role=Role.ADMINISTRATOR)
    boss = make_user("boss", role=Role.ADMINISTRATOR)
    seen = {one["username"]: one["roles"] for one in local.get(PATH).json()["results"]}
    assert set(seen) == {"local", "mine", "shared"}
    assert seen["shared"] == [{"site": here.pk, "role": "viewer"}]
    gone = send(local, "patch", of(boss), {"name": "X"}, 404)
    assert gone["detail"] == f"There is no account {boss.pk}."
    send(local, "patch", of(mine), {"name": "Mine", "password": GOOD + "2"}, 200)
    for change in ({"name": "X"}, {"password": GOOD + "2"}, {"active": False}):
        problem = send(local, "patch", of(shared), change, 403)
        assert "administrator" in problem["detail"]
    send(local, "delete", of(shared), {}, 403)
    send(local, "patch", of(shared), {"roles": [{"site": here.pk, "role": "operator"}]}, 200)
    assert roles(shared)[here.pk] == Role.OPERATOR
    send(local, "patch", of(shared), {"roles": []}, 200)
    assert list(roles(shared).values()) == [Role.ADMINISTRATOR]  # at the site that is not theirs
    send(local, "patch", of(shared), {"roles": []}, 404)


def test_an_administrator_of_a_site_gives_roles_there_only(local: Client, here: Site) -> None:
    there, looked_at = make_site(), make_site()
    User.objects.get(username="local").roles.create(site=looked_at, role=Role.ENGINEER)
    asked = {"username": "anna", "password": GOOD}
    for given, status in (
        ([], 400),
        ([{"site": there.pk, "role": "viewer"}], 400),
        ([{"site": None, "role": "viewer"}], 400),
        ([{"site": looked_at.pk, "role": "viewer"}], 403),
    ):
        send(local, "post", PATH, {**asked, "roles": given}, status)
    assert not User.objects.filter(username="anna").exists()
    send(local, "post", PATH, {**asked, "roles": [{"site": here.pk, "role": "administrator"}]}, 201)


def test_superusers_are_managed_by_administrators_of_all_sites_only(
    local: Client, chief: Client, here: Site
) -> None:
    boss = make_user("boss", site=here, is_superuser=True)
    send(local, "patch", of(boss), {"active": False}, 403)
    send(local, "delete", of(boss), {}, 403)
    send(chief, "patch", of(boss), {"active": False}, 200)


@pytest.mark.parametrize("is_superuser", [True, False])
def test_one_administrator_of_all_sites_is_always_left(is_superuser: bool) -> None:
    role = None if is_superuser else Role.ADMINISTRATOR
    last = make_user("last", role=role, is_superuser=is_superuser)
    make_user("gone", role=Role.ADMINISTRATOR, is_active=False)
    make_user("local", role=Role.ADMINISTRATOR, site=make_site())
    client = client_of(last)
    ways: list[tuple[str, Any]] = [("patch", {"active": False}), ("delete", {})]
    if not is_superuser:
        ways += [("patch", {"roles": []}), ("patch", {"roles": [{"site": None, "role": "viewer"}]})]
    for method, body in ways:
        problem = send(client, method, of(last), body, 409)
        assert "last administrator of all sites" in problem["detail"]
    last.refresh_from_db()
    assert last.is_active
    assert ApiToken.objects.filter(user=last).exists()
    other = make_user("other", role=Role.ADMINISTRATOR)
    send(client, "patch", of(other), {"active": False}, 200)
    User.objects.filter(pk=other.pk).update(is_active=True)
    send(client, "delete", of(last), {}, 204)


def test_who_is_made_inactive_is_out_at_once(
    chief: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(live, "publish", lambda **kinds: ended.extend(kinds.get("ended", ())))
    user = make_user("anna")
    program, browser = client_of(user), Client()
    browser.force_login(user)
    assert browser.get("/").status_code == 200
    with django_capture_on_commit_callbacks(execute=True):
        send(chief, "patch", of(user), {"active": False}, 200)
    assert program.get(PATH).status_code == 401
    assert browser.get("/").status_code == 302
    assert not Session.objects.filter(user=user).exists()
    assert not ApiToken.objects.filter(user=user).exists()
    assert Ended(user.pk, live.CLOSE_AGAIN) in ended


def test_other_roles_close_the_live_sockets(
    chief: Client, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    ended: list[Any] = []
    monkeypatch.setattr(live, "publish", lambda **kinds: ended.extend(kinds.get("ended", ())))
    user = make_user("anna")
    with django_capture_on_commit_callbacks(execute=True):
        send(chief, "patch", of(user), {"roles": []}, 200)
    assert ended == [Ended(user.pk, live.CLOSE_CHANGED)]


def test_what_somebody_did_stays_told_when_the_account_is_deleted(chief: Client) -> None:
    user = make_user("anna", role=Role.ADMINISTRATOR)
    send(client_of(user), "post", "/api/t3000/sites", {"name": "Harbour"}, 201)
    send(chief, "delete", of(user), {}, 204)
    assert not User.objects.filter(pk=user.pk).exists()
    assert AuditEntry.objects.get(kind="site").username == "anna"
    gone = AuditEntry.objects.filter(action="delete").values_list("kind", flat=True)
    assert sorted(gone) == ["apitoken", "roleassignment", "user"]


def test_sessions_are_seen_and_ended(chief: Client, local: Client, here: Site) -> None:
    user = make_user("anna", site=here)
    session = rows.make(Session, here, user=user)
    others = rows.make(Session, here, user=make_user("boss", role=Role.ADMINISTRATOR))
    for client in (chief, local, client_of(user)):
        found = client.get(f"{of(user)}/sessions").json()
        assert [one["id"] for one in found["results"]] == [session.pk]
        assert session.session_key not in str(found)
    send(local, "delete", f"/api/t3000/sessions/{others.pk}", {}, 404)
    send(local, "delete", f"/api/t3000/sessions/{session.pk}", {}, 204)
    assert not Session.objects.filter(pk=session.pk).exists()
    entry = AuditEntry.objects.get(kind="session")
    assert (entry.action, entry.row_id, entry.username) == ("delete", session.pk, "local")


def test_a_token_of_ones_own_is_made_told_once_and_revoked() -> None:
    """Without any role: what it may do is what its user may."""
    client = client_of(make_user("anna", role=None))
    made = send(client, "post", "/api/t3000/tokens", {"name": "report", "days": 7}, 201)
    program = Client(headers={"Authorization": f"Token {made['token']}"})
    assert program.get(PATH).status_code == 200
    path = f"/api/t3000/tokens/{made['id']}"
    assert made["token"] not in program.get(path).content.decode()
    assert made["token"] not in str(AuditEntry.objects.filter(kind="apitoken").values("changes"))
    send(client, "delete", path, {}, 204)
    assert program.get(PATH).status_code == 401


def test_a_token_is_made_once_and_not_told_again() -> None:
    user = make_user("anna")
    client = client_of(user)
    before = user.api_tokens.count()
    body, key = {"name": "report"}, {"Idempotency-Key": "t1"}

    def ask() -> Any:
        return client.post("/api/t3000/tokens", body, content_type="application/json", headers=key)

    first, again = ask(), ask()
    assert (first.status_code, again.status_code) == (201, 409)
    assert f"Token {first.json()['id']} was made with this key" in again.json()["detail"]
    assert user.api_tokens.count() == before + 1


def test_a_token_that_is_made_with_a_token_does_not_outlive_it() -> None:
    user = make_user("anna")
    week = timedelta(days=7)
    by_week = Client(headers={"Authorization": f"Token {tokens.make(user, lifetime=week)}"})
    forever = tokens.make(user, lifetime=tokens.UNTIL_REVOKED)
    by_forever = Client(headers={"Authorization": f"Token {forever}"})
    browser = Client()
    browser.force_login(user)

    def ends(client: Client, days: int | None) -> Any:
        return send(client, "post", "/api/t3000/tokens", {"name": "x", "days": days}, 201)[
            "expires_at"
        ]

    end_of_week = min(one["expires_at"] for one in tokens_of(by_week) if one["expires_at"])
    assert ends(by_week, None) == ends(by_week, 90) == end_of_week
    assert ends(by_week, 1) < end_of_week
    assert ends(by_forever, None) is None
    assert ends(by_forever, 90) > end_of_week
    assert ends(browser, None) is None


def tokens_of(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = client.get("/api/t3000/tokens").json()["results"]
    return found


def test_administrators_see_and_revoke_tokens_of_those_they_manage(
    chief: Client, local: Client, here: Site
) -> None:
    mine, boss = make_user("mine", site=here), make_user("boss", role=Role.ADMINISTRATOR)
    for user in (mine, boss):
        tokens.make(user, name=user.username)
    names = {one["name"] for one in local.get("/api/t3000/tokens").json()["results"]}
    assert names == {"", "mine"}  # its own has none
    (row,) = chief.get("/api/t3000/tokens", {"user": boss.pk}).json()["results"]
    send(local, "delete", f"/api/t3000/tokens/{row['id']}", {}, 404)
    send(chief, "delete", f"/api/t3000/tokens/{row['id']}", {}, 204)


@pytest.mark.parametrize("days", [0, 36501, "7", 1.5])
def test_a_token_holds_for_a_number_of_days(chief: Client, days: Any) -> None:
    problem = send(chief, "post", "/api/t3000/tokens", {"name": "x", "days": days}, 400)
    assert problem["errors"][0]["field"] == "days"


def test_accounts_are_found(chief: Client, here: Site) -> None:
    make_user("anna", site=here, first_name="Kowalski")
    make_user("jo", role=None, is_active=False)

    def names(**query: Any) -> list[str]:
        found = chief.get(PATH, query)
        assert found.status_code == 200, found.content
        return [one["username"] for one in found.json()["results"]]

    assert names(search="kowal") == ["anna"]
    assert names(active="false") == ["jo"]
    assert names(site=here.pk) == ["anna", "chief"]
    assert names(ordering="-username") == ["jo", "chief", "anna"]
