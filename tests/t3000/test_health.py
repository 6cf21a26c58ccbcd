import pytest
from django.db import DatabaseError, connection
from django.test import Client

from t3000 import health


@pytest.mark.django_db
def test_healthz_answers_without_login(client: Client) -> None:
    response = client.get("/healthz")
    assert (response.status_code, response.json()["status"]) == (200, "ok")


@pytest.mark.django_db
def test_healthz_fails_with_the_database(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken() -> None:
        raise DatabaseError("gone")

    monkeypatch.setattr(connection, "cursor", broken)
    response = client.get("/healthz")
    assert (response.status_code, response.json()["database"]) == (503, "failed")


@pytest.mark.django_db
def test_only_changes_are_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Anybody may ask as often as they like."""
    monkeypatch.setattr(health, "_failing", set())
    for problem in ("gone", "gone", "still gone", "", ""):
        monkeypatch.setattr(health, "_database_problem", lambda problem=problem: problem)
        client.get("/healthz")
    said = [one.getMessage() for one in caplog.records if one.name == "t3000.health"]
    assert said == ["the database does not answer: gone", "the database answers again"]
