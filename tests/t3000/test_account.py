"""My account: one's own password, sessions and tokens, and nobody else's."""

import re
from itertools import count
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.utils import timezone

from devices.domain import sessions, sign_in, tokens
from devices.models import ApiToken, Session
from t3000.views.account_rows import browser_name
from tests.factories import make_user

pytestmark = pytest.mark.django_db
RIGHT = "correct-horse-battery"
NEW = "quiet-plant-room-7"
AGENT = "Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0"
ADDRESSES = [
    "/account/password",
    "/account/sessions/end-others",
    "/account/sessions/1/end",
    "/account/tokens",
    "/account/tokens/1/revoke",
]
_numbers = count(1)


@pytest.fixture
def address() -> str:
    """Of this test alone: the cache outlives it."""
    return f"203.0.113.{next(_numbers)}"


@pytest.fixture
def anna() -> User:
    made: User = make_user("anna", first_name="Annabella Schmidt")
    return made


@pytest.fixture
def browser(anna: User, address: str) -> Client:
    return enter(address)


def enter(address: str, password: str = RIGHT) -> Client:
    client = Client(REMOTE_ADDR=address, HTTP_USER_AGENT=AGENT)
    assert client.post("/login/", {"username": "anna", "password": password}).status_code == 302
    return client


def change(browser: Client, current: str = RIGHT, new: str = NEW, again: str | None = None) -> Any:
    answer = {"current": current, "new": new, "again": new if again is None else again}
    return browser.post("/account/password", answer)


def is_in(client: Client) -> bool:
    return client.get("/").status_code == 200


def errors(response: Any) -> list[str]:
    html = response.content.decode()
    return re.findall(r'class="form-error"[^>]*>([^<]*)<', html)


def test_the_page_tells_of_ones_own_only(browser: Client, anna: User, address: str) -> None:
    tokens.make(anna, name="Energy report")
    other = make_user("other")
    tokens.make(other, name="Not yours")
    client = Client()
    client.force_login(other)
    response = browser.get("/account/")
    html = response.content.decode()
    assert "no-store" in response["Cache-Control"]
    for text in ("Firefox on Windows", address, "This browser", "Energy report", "never"):
        assert text in html
    assert "Not yours" not in html
    assert "End all others" not in html
    for row in Session.objects.all():
        assert row.session_key not in html
    assert not ApiToken.objects.filter(digest__in=re.findall(r"\w{128}", html)).exists()


def test_the_menu_leads_there(browser: Client) -> None:
    assert 'href="/account/"' in browser.get("/").content.decode()


@pytest.mark.parametrize("path", ADDRESSES)
def test_an_address_of_a_form_leads_to_the_page(browser: Client, path: str) -> None:
    assert browser.get(path)["Location"] == "/account/"
    stranger = Client().post(path)
    assert stranger["Location"].startswith("/login/")
    careful = Client(enforce_csrf_checks=True)
    careful.cookies.update(browser.cookies)
    assert careful.post(path).status_code == 403


# Password


def test_the_password_is_changed_and_other_sessions_end(
    browser: Client, anna: User, address: str
) -> None:
    there, token = enter(address), tokens.make(anna)
    key = browser.cookies["sessionid"].value
    response = change(browser)
    assert (response.status_code, response["Location"]) == (302, "/account/")
    assert [is_in(browser), is_in(there)] == [True, False]
    assert browser.cookies["sessionid"].value != key
    assert "Your password is changed" in browser.get("/account/").content.decode()
    (row,) = sessions.list_for(anna)
    assert (row.address, row.user_agent) == (address, AGENT)
    assert tokens.find(token, timezone.now()) is not None
    enter(address, NEW)
    anna.refresh_from_db()
    assert not anna.check_password(RIGHT)


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"current": "wrong"}, "This is not your current password."),
        ({"current": ""}, "Write your current password."),
        ({"new": ""}, "Write a new password."),
        ({"again": "another"}, "The two new passwords differ."),
        ({"again": ""}, "Write the new password again."),
        ({"new": RIGHT}, "This is the password that you have; choose another one."),
        ({"new": "short"}, "This password is too short. It must contain at least 10 characters."),
        ({"new": "password123"}, "This password is too common."),
        ({"new": "schmidt-annabella"}, "The password is too similar to the name."),
        ({"new": "8462950173"}, "This password is entirely numeric."),
    ],
    ids=range(10),
)
def test_what_is_wrong_is_said_and_nothing_changes(
    browser: Client, address: str, answer: dict[str, str], message: str
) -> None:
    there = enter(address)
    response = change(browser, **answer)
    assert response.status_code == 422
    assert message in errors(response)
    for secret in (*answer.values(), NEW, RIGHT):
        assert not secret or f'value="{secret}"' not in response.content.decode()
    assert is_in(there)
    enter(address)


@pytest.mark.parametrize("new", ["a b c d e f", "ünïcödé-✓✓✓", "xy z" * 300, "  spaces  around  "])
def test_any_characters_and_any_length_are_taken_as_they_are(
    browser: Client, address: str, new: str
) -> None:
    assert change(browser, new=new).status_code == 302
    enter(address, new)
    with pytest.raises(AssertionError):
        enter(address, new.strip()[:-1])


def test_who_guesses_the_current_password_has_to_wait(
    browser: Client, anna: User, address: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("DEBUG")
    for _ in range(sign_in.TRIES):
        assert change(browser, "guess-guess").status_code == 422
    response = change(browser)
    assert response.status_code == 429
    assert 0 < int(response["Retry-After"]) <= sign_in.WINDOW
    assert errors(response)[0].startswith("Too many failed tries.")
    anna.refresh_from_db()
    assert anna.check_password(RIGHT)
    others = [one.getMessage() for one in caplog.records if one.name != "django.db.backends"]
    assert others.count(f"'anna' could not sign in from {address}") == sign_in.TRIES
    assert not [line for line in others if "guess" in line or NEW in line]


# Sessions


def test_one_session_is_ended(browser: Client, anna: User, address: str) -> None:
    there, another = enter(address), enter(address)
    row = Session.objects.get(session_key=there.cookies["sessionid"].value)
    response = browser.post(f"/account/sessions/{row.pk}/end", follow=True)
    assert "The session is ended." in response.content.decode()
    assert [is_in(browser), is_in(there), is_in(another)] == [True, False, True]


def test_all_other_sessions_are_ended(browser: Client, address: str) -> None:
    there, another = enter(address), enter(address)
    assert "End all others" in browser.get("/account/").content.decode()
    response = browser.post("/account/sessions/end-others", follow=True)
    assert "2 other sessions are ended." in response.content.decode()
    assert [is_in(browser), is_in(there), is_in(another)] == [True, False, False]


def test_other_peoples_are_not_found(browser: Client) -> None:
    other, client = make_user(), Client()
    client.force_login(other)
    tokens.make(other)
    row = Session.objects.get(user=other)
    assert browser.post(f"/account/sessions/{row.pk}/end").status_code == 404
    token = ApiToken.objects.get()
    assert browser.post(f"/account/tokens/{token.pk}/revoke").status_code == 404
    assert is_in(client)
    assert ApiToken.objects.exists()


# Tokens


def test_a_token_is_made_shown_once_and_revoked(browser: Client) -> None:
    response = browser.post("/account/tokens", {"name": "Energy report", "days": "30"})
    assert response.status_code == 201
    assert "no-store" in response["Cache-Control"]
    found = re.search(r'id="made-token"[^>]*value="([0-9a-f]{64})"', response.content.decode())
    assert found is not None
    token = tokens.find(found[1], timezone.now())
    assert token is not None
    assert token.expires_at is not None
    assert (token.name, (token.expires_at - token.created_at).days) == ("Energy report", 30)
    assert found[1] not in browser.get("/account/").content.decode()
    said = browser.post(f"/account/tokens/{token.pk}/revoke", follow=True).content.decode()
    assert "The token Energy report is revoked." in said
    assert tokens.find(found[1], timezone.now()) is None


def test_until_revoked_is_chosen_and_never_guessed(browser: Client) -> None:
    browser.post("/account/tokens", {"name": "Forever", "days": ""})
    assert ApiToken.objects.get().expires_at is None
    assert "when revoked" in browser.get("/account/").content.decode()
    response = browser.post("/account/tokens", {"name": "Forgotten"})
    assert response.status_code == 422
    assert ApiToken.objects.count() == 1


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"name": "", "days": "90"}, "Write which program it is for"),
        ({"name": "\u202e", "days": "90"}, "Write which program it is for"),
        ({"name": "x" * 61, "days": "90"}, "At most 60 characters; this has 61."),
        ({"name": "Report", "days": "5000"}, "Choose one of these times."),
    ],
    ids=range(4),
)
def test_a_token_that_is_wrong_is_not_made(
    browser: Client, answer: dict[str, str], message: str
) -> None:
    response = browser.post("/account/tokens", answer)
    assert response.status_code == 422
    (said,) = errors(response)
    assert said.startswith(message)
    assert not ApiToken.objects.exists()


def test_enough_is_enough(browser: Client, anna: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tokens, "MOST", 1)
    tokens.make(anna)
    response = browser.post("/account/tokens", {"name": "Report", "days": "90"})
    assert response.status_code == 409
    assert errors(response) == ["A user has at most 1 tokens. Revoke one that is no longer needed."]


def test_a_token_that_has_ended_is_said_to_have(browser: Client, anna: User) -> None:
    tokens.make(anna, name="Old")
    ApiToken.objects.update(expires_at=timezone.now())
    assert "has ended" in browser.get("/account/").content.decode()


@pytest.mark.parametrize("rows", [1, 3])
def test_more_rows_cost_no_more_queries(
    browser: Client, anna: User, rows: int, django_assert_max_num_queries: Any
) -> None:
    for _ in range(rows):
        tokens.make(anna)
        Client().force_login(anna)
    with django_assert_max_num_queries(8):
        assert browser.get("/account/").status_code == 200


@pytest.mark.parametrize(
    ("agent", "name"),
    [
        (AGENT, "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU OS 19_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 16) Chrome/140.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.5.0", "curl"),
        ("", "Unknown browser"),
    ],
    ids=range(7),
)  # fmt: skip
def test_browsers_have_names_that_people_know(agent: str, name: str) -> None:
    assert browser_name(agent) == name
