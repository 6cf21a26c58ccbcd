"""Who may: tokens, sessions, and nobody else."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.utils import timezone

from devices.domain import tokens
from devices.models import ApiToken
from tests.factories import make_user

pytestmark = pytest.mark.django_db
PATHS = ["/api/t3000/points", "/api/t3000/points/1/", "/api/t3000/nothing", "/api", "/api/"]


def status(authorization: str, path: str = "/api/t3000/points") -> int:
    return Client().get(path, headers={"Authorization": authorization}).status_code


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["get", "post", "put", "delete", "patch", "options"])
def test_nobody_learns_anything(path: str, method: str) -> None:
    response = getattr(Client(), method)(path)
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"
    assert response["Content-Type"] == "application/problem+json"
    assert "Authorization: Token" in response.json()["detail"]


def test_a_token_opens_until_it_is_revoked(capsys: pytest.CaptureFixture[str]) -> None:
    make_user("bms")
    call_command("api_token", "bms")
    token = capsys.readouterr().out.strip()
    assert status(f"Token {token}") == status(f"token  {token}") == 200
    assert token not in str(list(ApiToken.objects.values()))
    call_command("api_token", "bms", "--revoke")
    assert capsys.readouterr().out == "Ended 1 tokens of bms.\n"
    assert status(f"Token {token}") == 401


def test_a_token_ends_after_its_days(capsys: pytest.CaptureFixture[str]) -> None:
    make_user("bms")
    call_command("api_token", "bms", "--days", "3")
    token = capsys.readouterr().out.strip()
    now = timezone.now()
    assert status(f"Token {token}") == 200
    assert tokens.find(token, now + timedelta(days=2, hours=23)) is not None
    assert tokens.find(token, now + timedelta(days=3, seconds=1)) is None
    ApiToken.objects.update(expires_at=now)
    assert status(f"Token {token}") == 401


def test_an_inactive_user_is_out_at_once() -> None:
    user = make_user()
    token = tokens.make(user)
    browser = Client()
    browser.force_login(user)
    assert status(f"Token {token}") == browser.get("/api/t3000/points").status_code == 200
    get_user_model().objects.update(is_active=False)
    assert status(f"Token {token}") == browser.get("/api/t3000/points").status_code == 401


@pytest.mark.parametrize(
    "header",
    [
        "Token",
        "Token ",
        "Token abc",
        f"Token {'0' * 64}",
        f"Token {'é' * 64}",
        f"Token {'0' * 64} {'0' * 64}",
        f"Token {'0' * 100_000}",
        "Bearer abc",
        "Basic YTpi",
    ],
    ids=range(9),
)
def test_any_other_header_opens_nothing(header: str) -> None:
    response = Client().get("/api/t3000/points", headers={"Authorization": header})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == "Token"


def test_a_wrong_token_is_refused_beside_a_good_session() -> None:
    client = Client()
    client.force_login(make_user())
    response = client.get("/api/t3000/points", headers={"Authorization": "Token abc"})
    assert response.status_code == 401


def test_a_token_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    token = tokens.make(make_user())
    assert status(f"Token {token}") == 200
    assert status(f"Token {token}x") == 401
    queries = [record for record in caplog.records if record.name == "django.db.backends"]
    others = [record.getMessage() for record in caplog.records if record not in queries]
    assert token not in str(others)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["nobody"], "There is no user nobody."),
        (["gone"], "The user gone is not active"),
        (["nobody", "--revoke"], "There is no user nobody."),
        (["bms", "--days", "0"], "--days 0: choose 1 to 36500."),
        (["bms", "--days", "99999999999"], "choose 1 to 36500."),
    ],
    ids=range(5),
)
def test_api_token_says_what_is_wrong(arguments: list[Any], message: str) -> None:
    make_user("bms")
    make_user("gone", is_active=False)
    with pytest.raises(CommandError, match=message):
        call_command("api_token", *arguments)
    assert not ApiToken.objects.exists()


def test_tokens_of_somebody_inactive_can_be_revoked() -> None:
    user = make_user("gone", is_active=False)
    tokens.make(user)
    assert tokens.revoke_all(user) == 1
