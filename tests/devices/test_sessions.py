"""Sessions that can be seen and ended, and that end by themselves."""

import logging
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from django.contrib.auth.models import User
from django.contrib.sessions.backends.base import UpdateError
from django.test import Client
from django.utils import timezone

from devices import live
from devices.domain import accounts, last_seen, sessions, tokens
from devices.domain.accounts import Wish
from devices.domain.rights import Rights
from devices.enums import Origin, Role
from devices.live_rows import Ended
from devices.models import ApiToken, Session
from devices.models.acting import Actor, acting
from devices.session_store import SessionStore
from tests.factories import make_user

pytestmark = pytest.mark.django_db
RIGHT = "correct-horse-battery"
HOUR = timedelta(hours=1)


@pytest.fixture
def forgetful() -> Callable[[], None]:
    """Makes this process forget what it noted, as another process would not know it."""
    return last_seen._tried.clear


@pytest.fixture
def anna() -> User:
    made: User = make_user("anna")
    return made


def browser_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def enter(address: str = "192.0.2.7", agent: str = "Firefox", **options: Any) -> Client:
    """Signs anna in as people do."""
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=agent)
    client.cookies.update(options.get("cookies", {}))
    answer = client.post("/login/", {"username": "anna", "password": RIGHT})
    assert answer.status_code == 302
    return client


def is_in(client: Client) -> bool:
    page, api = client.get("/"), client.get("/api/t3000/points")
    assert (page.status_code, api.status_code) in [(200, 200), (302, 401)]
    return api.status_code == 200


def key(client: Client) -> str:
    return client.cookies["sessionid"].value


def row_of(client: Client) -> Session:
    return Session.objects.get(session_key=key(client))


def test_a_session_tells_who_since_when_and_from_where(anna: User) -> None:
    before = timezone.now()
    client = enter(agent="Fire\u202efox\x00 " + "x" * 300)
    (row,) = sessions.list_for(anna)
    assert row == row_of(client)
    assert before <= row.since <= row.seen_at <= timezone.now()
    assert row.address == "192.0.2.7"
    assert row.user_agent.startswith("Firefox xxx")
    assert len(row.user_agent) == 200
    assert key(client) not in str(row)


def test_the_key_changes_when_somebody_signs_in(anna: User) -> None:
    planted = SessionStore()
    planted["a"] = "what a stranger put there"
    planted.create()
    client = Client(REMOTE_ADDR="192.0.2.8")
    client.cookies["sessionid"] = str(planted.session_key)
    client.post("/login/", {"username": "anna", "password": RIGHT})
    assert key(client) != planted.session_key
    assert not Session.objects.filter(session_key=planted.session_key).exists()
    first = key(client)
    client.post("/logout/")
    assert not Session.objects.exists()
    client.post("/login/", {"username": "anna", "password": RIGHT})
    assert key(client) != first


def test_a_session_that_is_ended_is_a_strangers_at_once(anna: User) -> None:
    here, there = browser_of(anna), browser_of(anna)
    sessions.end(row_of(there))
    assert [is_in(here), is_in(there)] == [True, False]
    assert list(sessions.list_for(anna)) == [row_of(here)]


def test_all_but_one_can_be_ended(anna: User) -> None:
    here, there, another = browser_of(anna), browser_of(anna), browser_of(make_user())
    assert sessions.end_all(anna, except_key=key(here)) == 1
    assert [is_in(here), is_in(there), is_in(another)] == [True, False, True]
    assert sessions.end_all(anna) == 1
    assert [is_in(here), is_in(another)] == [False, True]
    assert sessions.end_all(anna) == 0


def test_what_was_ended_does_not_come_back_with_a_request_that_was_under_way(anna: User) -> None:
    client = browser_of(anna)
    under_way = SessionStore(key(client))
    under_way["a"] = 1
    sessions.end(row_of(client))
    with pytest.raises(UpdateError):
        under_way.save()
    assert not Session.objects.exists()


def test_signing_out_removes_it(anna: User) -> None:
    client = enter()
    client.post("/logout/")
    assert not Session.objects.exists()
    assert not is_in(client)


def test_signing_out_closes_the_sockets_once_the_session_is_gone(
    anna: User, monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    ended: list[tuple[Ended, bool]] = []

    def publish(*, ended: Any = (), told: Any = ended) -> None:
        told.extend((one, Session.objects.exists()) for one in ended)

    client = enter()
    monkeypatch.setattr(live, "publish", publish)
    with django_capture_on_commit_callbacks(execute=True):
        client.post("/logout/")
    assert ended == [(Ended(anna.pk, live.CLOSE_AGAIN), False)]


# By themselves


def test_a_session_holds_for_twelve_hours_and_four_without_its_browser(anna: User) -> None:
    row = row_of(browser_of(anna))
    assert row.ends_at - row.since == pytest.approx(12 * HOUR, abs=timedelta(seconds=60))
    assert row.expire_date - row.since == pytest.approx(4 * HOUR, abs=timedelta(seconds=60))


def test_a_session_whose_time_is_over_opens_nothing(anna: User) -> None:
    client = browser_of(anna)
    Session.objects.update(expire_date=timezone.now())
    assert not sessions.list_for(anna).exists()
    assert not is_in(client)


def test_a_request_says_that_the_browser_is_there(anna: User) -> None:
    client = browser_of(anna)
    long_ago = timezone.now() - 3 * HOUR
    Session.objects.update(seen_at=long_ago, expire_date=long_ago + 4 * HOUR)
    before = timezone.now()
    assert is_in(client)
    row = row_of(client)
    assert before <= row.seen_at <= timezone.now()
    assert row.expire_date == row.seen_at + 4 * HOUR


def test_being_there_does_not_move_the_end(anna: User) -> None:
    client = browser_of(anna)
    long_ago, soon = timezone.now() - HOUR, timezone.now() + HOUR
    Session.objects.update(seen_at=long_ago, expire_date=soon - HOUR / 2, ends_at=soon)
    assert is_in(client)
    assert row_of(client).expire_date == soon
    session = client.session
    session["a"] = 1
    session.save()
    row = row_of(client)
    assert row.expire_date == row.ends_at == soon
    assert SessionStore(key(client))["a"] == 1


def test_it_is_noted_once_a_minute(anna: User, forgetful: Callable[[], None]) -> None:
    client = browser_of(anna)
    recently = timezone.now() - timedelta(seconds=30)
    Session.objects.update(seen_at=recently)
    assert is_in(client)
    forgetful()  # another process
    assert is_in(client)
    assert row_of(client).seen_at == recently


def test_without_an_idle_time_only_the_twelve_hours_count(anna: User, settings: Any) -> None:
    settings.SESSION_IDLE = timedelta(0)
    client = browser_of(anna)
    Session.objects.update(seen_at=timezone.now() - 5 * HOUR)
    assert is_in(client)
    row = row_of(client)
    assert row.expire_date == row.ends_at


def test_signing_in_clears_away_what_has_ended(anna: User) -> None:
    browser_of(anna)
    Session.objects.update(expire_date=timezone.now())
    client = enter()
    assert list(Session.objects.all()) == [row_of(client)]


@pytest.mark.django_db(transaction=True)
async def test_asked_from_a_loop_it_is_the_same() -> None:
    known = await database_sync_to_async(lambda: browser_of(make_user()))()
    await database_sync_to_async(Session.objects.update)(seen_at=timezone.now() - HOUR)
    assert await SessionStore(key(known)).aget("_auth_user_id") is not None
    row = await database_sync_to_async(Session.objects.get)()
    assert timezone.now() - row.seen_at < HOUR
    assert await SessionStore("nothing-such").aget("_auth_user_id") is None


# With passwords and users


def test_a_password_that_is_changed_by_whichever_way_ends_sessions(anna: User) -> None:
    client = browser_of(anna)
    anna.set_password("another-battery")
    anna.save()
    assert not is_in(client)


def test_changing_the_password_ends_all_other_sessions(anna: User) -> None:
    here, there = browser_of(anna), browser_of(anna)
    token = tokens.make(anna)
    accounts.change_password(anna, "another-battery", keep_session=key(here))
    assert list(sessions.list_for(anna)) == [row_of(here)]
    assert not is_in(there)
    assert tokens.find(token, timezone.now()) is not None


def test_who_is_deactivated_is_out_at_once_and_nothing_comes_back(anna: User) -> None:
    client, token = browser_of(anna), tokens.make(anna)
    accounts.update(anna, Wish(active=False), by=Rights(None, Role.ADMINISTRATOR))
    assert not is_in(client)
    assert not Session.objects.exists()
    assert not ApiToken.objects.exists()
    User.objects.update(is_active=True)
    assert not is_in(client)
    assert tokens.find(token, timezone.now()) is None


def test_a_user_takes_the_sessions_along(anna: User) -> None:
    client = browser_of(anna)
    anna.delete()
    assert not Session.objects.exists()
    assert not is_in(client)


def test_the_log_says_who_came_and_went_and_no_key(
    anna: User, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    client = enter()
    known = {key(client), key(enter(address="192.0.2.9"))}
    sessions.end(Session.objects.get(address="192.0.2.9"))
    client.post("/logout/")
    sessions.end_all(anna)
    enter()
    with acting(Actor(make_user("root"), Origin.PAGE)):
        sessions.end_all(anna)
    lines = [one.getMessage() for one in caplog.records if one.name == "devices.domain.sessions"]
    assert lines == [
        "anna signed in from 192.0.2.7",
        "anna signed in from 192.0.2.9",
        "T3000 ended the session of anna from 192.0.2.9",
        "anna signed out from 192.0.2.7",
        "anna signed in from 192.0.2.7",
        "root ended sessions of anna: 1",
    ]
    others = [one.getMessage() for one in caplog.records if one.name != "django.db.backends"]
    assert all(known)
    assert not [one for one in {*known, RIGHT} if one in str(others)]
