"""Who came in, who was not let in and who left is in the audit trail, and no secret."""

import json
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from devices.domain import accounts, sessions, tokens
from devices.enums import Origin
from devices.models import AuditEntry, Session
from devices.models.acting import Actor, acting
from protocols.types import DeviceInfo, Endpoint, FoundDevice
from t3000 import field
from tests.factories import make_network, make_scan, make_user

pytestmark = pytest.mark.django_db
RIGHT = "correct-horse-battery"
WRONG = "my-secret-guess"


@pytest.fixture(autouse=True)
def _no_tries() -> Any:
    cache.clear()
    yield
    cache.clear()


def enter(client: Client, username: str, password: str) -> None:
    client.post("/login/", {"username": username, "password": password})


def told() -> list[tuple[str, str, str, str]]:
    found = AuditEntry.objects.exclude(kind="roleassignment").order_by("pk")
    return [(one.username, one.action, one.kind, one.name) for one in found]


def test_coming_and_going_is_told() -> None:
    user, client = make_user("anna"), Client(REMOTE_ADDR="10.0.0.7")
    enter(client, "anna", WRONG)
    enter(client, "nobody\x00", WRONG)
    enter(client, "anna", RIGHT)
    client.post("/logout/")
    assert told() == [
        ("anna", "refuse", "user", "anna"),
        ("anna", "sign_in", "user", "anna"),
        ("anna", "sign_out", "user", "anna"),
    ]
    entries = list(AuditEntry.objects.filter(kind="user").order_by("pk"))
    assert {one.client_address for one in entries} == {"10.0.0.7"}
    assert {one.origin for one in entries} == {"page"}
    assert [one.user_id for one in entries] == [None, user.pk, user.pk]  # a name proves nothing


def test_a_name_that_nobody_has_is_told_clean() -> None:
    enter(Client(), "x\u2028y" + "z" * 100, WRONG)
    ((who, action, _kind, name),) = told()
    assert (who, action) == (name, "refuse")
    assert who.isprintable()
    assert len(who) <= 80


def test_ended_sessions_and_tokens_are_told() -> None:
    chief, anna = make_user("chief"), make_user("anna")
    browser = Client(REMOTE_ADDR="10.0.0.7")
    enter(browser, "anna", RIGHT)
    row = Session.objects.get(user=anna)
    with acting(Actor(chief, Origin.API)):
        sessions.end(row)
        token = tokens.make(anna, name="report")
        tokens.revoke_all(anna)
    assert told()[1:] == [
        ("chief", "delete", "session", "anna, 10.0.0.7"),
        ("chief", "create", "apitoken", "report"),
        ("chief", "delete", "apitoken", "report"),
    ]
    assert token not in everything()


def test_passwords_are_told_without_their_value() -> None:
    anna = make_user("anna")
    browser = Client()
    enter(browser, "anna", WRONG)
    enter(browser, "anna", RIGHT)
    with acting(Actor(anna, Origin.PAGE)):
        accounts.change_password(anna, "another-long-one")
    assert ("anna", "update", "user", "anna") in told()
    entry = AuditEntry.objects.get(kind="user", action="update")
    assert entry.changes == {"password": ["(secret)", "(secret)"]}
    anna.refresh_from_db()
    session = str(browser.session.session_key)
    for secret in (RIGHT, WRONG, "another-long-one", anna.password, session):
        assert secret not in everything()


def test_the_first_administrator_is_told() -> None:
    password = accounts.create_first_administrator()
    entry = AuditEntry.objects.get()
    assert (entry.kind, entry.name, entry.action) == ("user", "admin", "create")
    assert str(password) not in everything()


def everything() -> str:
    return json.dumps(list(AuditEntry.objects.values()), default=str)


def test_what_a_device_says_of_itself_is_put_down_to_the_field() -> None:
    network = make_network()
    info = DeviceInfo(Endpoint("10.0.0.9:47808", 7), vendor_id=148, name="AHU-1")
    field.store_found([field.Found(make_scan(network).pk, FoundDevice(info))])
    origins = AuditEntry.objects.filter(kind="device").values_list("origin", flat=True)
    assert set(origins) == {"field"}
