"""Refusals are problems of RFC 9457, whoever refuses."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from devices.api import views
from devices.enums import Role
from tests.factories import make_user
from tests.sending import send

pytestmark = pytest.mark.django_db
MEMBERS = ["type", "title", "status", "detail", "instance"]


def check(response: Any, status: int, title: str) -> Any:
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert list(problem)[:5] == MEMBERS
    assert (response.status_code, problem["status"], problem["title"]) == (status, status, title)
    assert problem["type"] == "about:blank"
    return problem


@pytest.mark.parametrize(
    "path", ["/api", "/api/", "/api/t3000x", "/api/t3000/pints/", "/api/t3000/points/1/2/3"]
)
def test_an_unknown_path_is_404(reader: Client, path: str) -> None:
    for method in ("get", "post", "delete"):
        response = getattr(reader, method)(path)
        problem = check(response, 404, "Not Found")
        assert "Allow" not in response
        assert problem["instance"] == path
        assert "/api/docs/" in problem["detail"]


def test_a_path_that_no_pattern_takes_is_404(reader: Client) -> None:
    check(reader.get("/api/a%0Ab"), 404, "Not Found")


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options", "trace"])
@pytest.mark.parametrize("path", ["/api/t3000/commands", "/api/t3000/commands/1/"])
def test_another_method_is_405(reader: Client, method: str, path: str) -> None:
    response = getattr(reader, method)(path)
    problem = check(response, 405, "Method Not Allowed")
    assert response["Allow"] == "GET, HEAD"
    assert problem["detail"] == f"{method.upper()} is not possible here; GET or HEAD is."


def test_head_is_get_without_a_body(reader: Client) -> None:
    response = reader.head("/api/t3000/points")
    assert (response.status_code, response.content) == (200, b"")


def test_only_json_is_told(reader: Client) -> None:
    response = reader.get("/api/t3000/points", headers={"Accept": "application/xml"})
    check(response, 406, "Not Acceptable")
    response = reader.get("/api/t3000/points", headers={"Accept": "text/html, */*;q=0.8"})
    assert response["Content-Type"] == "application/json"


def test_what_is_told_and_taken_is_named(reader: Client, program: Callable[..., Client]) -> None:
    response = reader.get("/api/t3000/points", headers={"Accept": "application/xml"})
    assert "application/json is told here" in response.json()["detail"]
    response = program(Role.ADMINISTRATOR).post("/api/t3000/sites", "A", content_type="text/plain")
    problem = check(response, 415, "Unsupported Media Type")
    assert "application/json is taken here" in problem["detail"]


def test_a_wrong_host_is_400(reader: Client) -> None:
    check(reader.get("/api/t3000/points", headers={"Host": "evil.example"}), 400, "Bad Request")


def test_a_bug_is_500_without_a_word_about_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, client: Client
) -> None:
    def broken(*_: Any) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(views.ListView, "filter_queryset", broken)
    client.force_login(make_user())
    client.raise_request_exception = False
    response = client.get("/api/t3000/points")
    problem = check(response, 500, "Internal Server Error")
    assert "secret" not in str(problem)
    assert "secret" in caplog.text


def test_pages_keep_their_own_errors(client: Client) -> None:
    client.force_login(make_user())
    response = client.get("/nowhere")
    assert response.status_code == 404
    assert response["Content-Type"].startswith("text/html")
    assert client.get("/", headers={"Host": "evil.example"})["Content-Type"].startswith("text/html")


def test_a_summary_names_each_field_once_and_not_a_thousand(
    program: Callable[..., Client],
) -> None:
    rows = [{"building": 1, "name": ""} for _ in range(1000)]
    administrator = program(Role.ADMINISTRATOR)
    refused = send(administrator, "post", "floors/bulk", {"create": rows}).json()
    assert len(refused["errors"]) == 1000
    first = ", ".join(f"create.{number}.name" for number in range(5))
    assert refused["detail"] == f"1,000 values are wrong: {first} and 995 more."
    body = {"username": "anna", "password": "anna", "roles": []}
    refused = send(administrator, "post", "accounts", body).json()
    assert len(refused["errors"]) > 1
    assert refused["detail"].startswith("password: ")
    assert all(one["detail"] in refused["detail"] for one in refused["errors"])
