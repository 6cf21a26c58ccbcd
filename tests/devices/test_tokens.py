"""Tokens: how long they hold, when they were last used, and that noting it is in nobody's way."""

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from hashlib import sha512
from importlib import import_module
from typing import Any

import psycopg
import pytest
from django.apps import apps
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import connection
from django.test import Client
from django.utils import timezone

from devices.domain import last_seen, tokens
from devices.enums import Action, Origin
from devices.models import ApiToken, AuditEntry
from devices.models.acting import Actor, acting
from t3000.environment import POSTGRESQL
from tests.factories import NOW, make_user

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def forgetful(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Makes this process forget what it noted, as another process would not know it."""
    return last_seen._tried.clear


def ask(token: str, address: str = "192.0.2.7") -> int:
    client = Client(REMOTE_ADDR=address)
    header = {"Authorization": f"Token {token}"}
    return client.get("/api/t3000/points", headers=header).status_code


def test_a_token_holds_for_ninety_days_unless_told() -> None:
    token = tokens.make(make_user(), now=NOW)
    assert ApiToken.objects.get().expires_at == NOW + timedelta(days=90)
    assert tokens.find(token, NOW + timedelta(days=90, seconds=-1)) is not None
    assert tokens.find(token, NOW + timedelta(days=90)) is None


def test_until_revoked_is_said() -> None:
    token = tokens.make(make_user(), lifetime=tokens.UNTIL_REVOKED, now=NOW)
    assert tokens.find(token, NOW + timedelta(days=36500)) is not None
    tokens.revoke(ApiToken.objects.get())
    assert tokens.find(token, NOW) is None


def test_a_token_is_random_and_only_its_hash_is_stored() -> None:
    user = make_user()
    made = [tokens.make(user) for _ in range(3)]
    assert len(set(made)) == 3
    for token in made:
        assert tokens.SHAPE.fullmatch(token)
        assert token not in str(list(ApiToken.objects.values()))
        assert ApiToken.objects.get(digest=sha512(token.encode()).hexdigest()).user == user


def test_its_last_use_is_noted_with_the_address() -> None:
    token = tokens.make(make_user())
    before = timezone.now()
    assert ask(token) == 200
    row = ApiToken.objects.get()
    assert row.used_at is not None
    assert before <= row.used_at <= timezone.now()
    assert row.used_from == "192.0.2.7"


def test_it_is_noted_once_a_minute(forgetful: Callable[[], None]) -> None:
    token = tokens.make(make_user(), now=NOW)
    for seconds, noted in [(0, 0), (30, 0), (59, 0), (60, 60), (61, 60), (300, 300)]:
        forgetful()  # many processes
        tokens.find(token, NOW + timedelta(seconds=seconds), "192.0.2.7")
        assert ApiToken.objects.get().used_at == NOW + timedelta(seconds=noted)


def test_a_process_asks_the_database_once_a_minute(django_assert_num_queries: Any) -> None:
    token = tokens.make(make_user(), now=NOW)
    tokens.find(token, NOW)
    ApiToken.objects.update(used_at=None)  # as if it could not be written
    with django_assert_num_queries(1):
        tokens.find(token, NOW)


def test_a_clock_that_was_set_back_is_followed(forgetful: Callable[[], None]) -> None:
    token = tokens.make(make_user(), now=NOW)
    tokens.find(token, NOW)
    forgetful()
    tokens.find(token, NOW - timedelta(hours=1))
    assert ApiToken.objects.get().used_at == NOW - timedelta(hours=1)


def test_a_wrong_token_notes_nothing() -> None:
    tokens.make(make_user())
    assert ask("0" * 64) == 401
    assert ApiToken.objects.get().used_at is None


@contextmanager
def somebody_writes(token: ApiToken) -> Iterator[None]:
    """Another connection holds what the note would have to change."""
    database = settings.DATABASES["default"]
    if database["ENGINE"] == POSTGRESQL:
        told = connection.get_connection_params()
        with psycopg.connect(
            dbname=told["dbname"], host=told.get("host"), port=told.get("port"),
            user=told.get("user"), password=told.get("password"),
        ) as other:  # fmt: skip
            other.execute("SELECT 1 FROM devices_apitoken WHERE id = %s FOR UPDATE", [token.pk])
            yield
            other.rollback()
        return
    other_file = sqlite3.connect(connection.settings_dict["NAME"], isolation_level=None)
    try:
        other_file.execute("BEGIN IMMEDIATE")
        yield
        other_file.execute("ROLLBACK")
    finally:
        other_file.close()


@pytest.mark.django_db(transaction=True)
def test_who_asks_does_not_wait_for_the_note(
    caplog: pytest.LogCaptureFixture, forgetful: Callable[[], None]
) -> None:
    token = tokens.make(make_user())
    with caplog.at_level("INFO", "devices"), somebody_writes(ApiToken.objects.get()):
        assert ask(token) == 200
    assert "API token: not noted when it was last seen" in caplog.text
    assert ApiToken.objects.get().used_at is None
    forgetful()
    assert ask(token) == 200
    assert ApiToken.objects.get().used_at is not None
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout")
            assert cursor.fetchone() == (20_000,)  # as the settings say


def test_an_address_that_is_none_fails_no_request() -> None:
    token = tokens.make(make_user())
    for address in ("", "unix:/run/t3000.sock", "fe80::1%eth0"):
        last_seen._tried.clear()
        assert ask(token, address) == 200


def test_a_user_has_a_bounded_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 2)
    user = make_user()
    tokens.make(user, lifetime=timedelta(days=1), now=NOW)
    tokens.make(user, now=NOW)
    with pytest.raises(tokens.TooMany, match="at most 2 tokens"):
        tokens.make(user, now=NOW)
    tokens.make(make_user(), now=NOW)
    tokens.make(user, now=NOW + timedelta(days=32))  # the first ended a month ago
    assert tokens.list_for(user).count() == 2


def test_names_are_cleaned(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", "devices")
    anna = Actor(make_user("anna"), Origin.PAGE)
    with acting(anna):
        tokens.make(make_user("bms"), name="  a\nb\x00\u202e " + "x" * 100)
    row = ApiToken.objects.get()
    assert row.name.startswith("a b")
    assert len(row.name) == 60
    assert row.name.isprintable()
    with acting(anna):
        tokens.revoke(row)
    made, revoked = [one.getMessage() for one in caplog.records]
    assert re.fullmatch(r"anna made the token \d+ 'a b x+' of bms, until \d{4}-\d\d-\d\d", made)
    assert re.fullmatch(r"anna revoked the token \d+ 'a b x+' of bms", revoked)


def test_the_audit_trail_has_it_and_no_use_of_it() -> None:
    user = make_user("bms")
    ask(tokens.make(user, name="Report"))
    (digest,) = ApiToken.objects.values_list("digest", flat=True)
    tokens.revoke_all(user)
    entries = AuditEntry.objects.filter(kind="apitoken").order_by("pk")
    assert [(one.action, one.name) for one in entries] == [
        (Action.CREATE, "Report"),
        (Action.DELETE, "Report"),
    ]
    assert digest not in str([one.changes for one in entries])


def test_the_log_tells_no_token(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    user = make_user()
    token = tokens.make(user)
    ask(token)
    tokens.revoke_all(user)
    others = [one.getMessage() for one in caplog.records if one.name != "django.db.backends"]
    assert token not in str(others)
    assert sha512(token.encode()).hexdigest() not in str(others)


# manage.py api_token


@pytest.fixture
def command(capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    def run(*arguments: str) -> str:
        call_command("api_token", *arguments)
        return capsys.readouterr().out

    return run


def test_the_command_makes_lists_and_ends(command: Callable[..., str]) -> None:
    user = make_user("bms")
    first = command("bms", "--name", "Energy report").strip()
    second = command("bms", "--days", "3").strip()
    third = command("bms", "--until-revoked").strip()
    assert ask(first) == ask(second) == ask(third) == 200
    ApiToken.objects.filter(name="").update(used_at=None, used_from=None)
    listed = command("bms", "--list")
    head, *lines = listed.splitlines()
    assert head.split() == ["number", "made", "ends", "last", "used", "name"]
    assert len(lines) == 3
    assert "when it is revoked" in lines[0]
    assert "never" in lines[1]
    assert lines[2].endswith("Energy report (last used from 192.0.2.7)")
    assert not {first, second, third} & set(listed.split())
    number = lines[2].split()[0]
    assert command("bms", "--revoke", number) == f"Ended the token {number} of bms.\n"
    assert (ask(first), ask(second)) == (401, 200)
    assert command("bms", "--revoke") == "Ended 2 tokens of bms.\n"
    assert not tokens.list_for(user).exists()


def test_it_ends_only_tokens_of_the_user(command: Callable[..., str]) -> None:
    make_user("bms")
    tokens.make(make_user())
    number = str(ApiToken.objects.get().pk)
    with pytest.raises(CommandError, match=f"bms has no token {number}; --list"):
        command("bms", "--revoke", number)
    assert ApiToken.objects.exists()


# From before


@pytest.mark.django_db(transaction=True)
def test_tokens_of_knox_go_on_opening() -> None:
    migration = import_module("devices.migrations.0012_tokens_of_knox")
    user = make_user()
    known, ended = "a1" * 32, "b2" * 32
    with connection.schema_editor() as editor:
        migration.take_over(apps, editor)  # on a new site there is no such table
        editor.execute(
            "CREATE TABLE knox_authtoken (digest varchar(128) PRIMARY KEY, token_key varchar(25) "
            "NOT NULL, user_id integer NOT NULL, created timestamp NOT NULL, expiry timestamp)"
        )
    try:
        with connection.cursor() as cursor:
            for token, expiry in ((known, None), (ended, timezone.now())):
                cursor.execute(
                    "INSERT INTO knox_authtoken VALUES (%s, %s, %s, %s, %s)",
                    [sha512(token.encode()).hexdigest(), "", user.pk, timezone.now(), expiry],
                )
        with connection.schema_editor() as editor:
            migration.take_over(apps, editor)
        assert [ask(known), ask(ended)] == [200, 401]
        with connection.schema_editor() as editor:
            migration.give_back(apps, editor)
        assert ask(known) == 401
        with connection.schema_editor() as editor:
            migration.take_over(apps, editor)
        assert ask(known) == 200
    finally:
        with connection.schema_editor() as editor:
            editor.execute("DROP TABLE knox_authtoken")
