"""The API describes itself, completely and without a warning."""

import re
from typing import Any

import pytest
import yaml
from django.core.management import call_command
from django.test import Client

from tests.factories import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def schema(reader: Client) -> Any:
    response = reader.get("/api/schema/")
    assert (response.status_code, response["Content-Type"]) == (200, "application/json")
    return response.json()


def operations(schema: Any) -> list[tuple[str, str, Any]]:
    return [
        (path, method, operation)
        for path, item in schema["paths"].items()
        for method, operation in item.items()
    ]


def test_the_schema_is_valid_and_nothing_in_it_was_guessed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    call_command("spectacular", "--validate", "--fail-on-warn")
    output = capsys.readouterr()
    assert output.out.startswith("openapi: 3.1")
    assert output.err == ""


def test_json_and_yaml_say_the_same(reader: Client, schema: Any) -> None:
    response = reader.get("/api/schema", headers={"Accept": "application/yaml"})
    assert response["Content-Type"].startswith("application/yaml")
    assert yaml.safe_load(response.content) == schema


def test_every_path_is_told_once_and_without_a_slash(schema: Any) -> None:
    assert "/api/t3000/points/{id}" in schema["paths"]
    assert not [path for path in schema["paths"] if path.endswith("/")]


def test_every_operation_is_described_with_its_refusals(schema: Any) -> None:
    problem = {"$ref": "#/components/schemas/Problem"}
    for path, method, operation in operations(schema):
        responses = operation["responses"]
        refusals = {status: told for status, told in responses.items() if status >= "400"}
        assert {"400", "401", "405"} <= refusals.keys(), (path, method)
        assert ("404" in refusals) or "{" not in path
        assert ("403" in refusals) is (method != "get")
        for status, told in refusals.items():
            content = told["content"]["application/problem+json"]
            assert content["schema"] == problem
            assert content["example"]["status"] == int(status)
        assert operation["description"]
        assert operation["security"] == [{"token": []}, {"cookieAuth": []}]


def test_a_text_of_a_form_is_told_by_it(schema: Any) -> None:
    label = schema["components"]["schemas"]["GraphicLabelRequest"]["properties"]
    assert label["text_color"]["pattern"] == "^#[0-9a-f]{6}$"


def test_words_are_told(schema: Any) -> None:
    parts = schema["components"]["schemas"]
    point = parts["Point"]
    assert {"id", "value", "quality"} <= point["properties"].keys()
    assert "out_of_range" in parts["Quality"]["enum"]


@pytest.mark.parametrize("path", ["/api/schema", "/api/schema/"])
def test_the_schema_needs_a_login(path: str) -> None:
    response = Client().get(path)
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")


@pytest.mark.parametrize("path", ["/api/docs", "/api/docs/"])
def test_the_pages_need_a_login_and_have_no_inline_script(client: Client, path: str) -> None:
    assert client.get(path)["Location"] == f"/login/?next={path}"
    client.force_login(make_user())
    response = client.get(path)
    html = response.content.decode()
    assert "swagger-ui-bundle" in html
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son[a-z]+=", html)
    assert "unsafe" not in response["Content-Security-Policy"]
    assert "csrftoken" in client.cookies


def test_the_pages_take_no_other_method() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user())
    response = client.post("/api/docs/")
    assert (response.status_code, response["Allow"]) == (405, "GET, HEAD")
    assert response["Content-Type"] == "application/problem+json"
