"""Adding, changing and deleting many rows asks the database as often for twenty rows as for two."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from devices.api.resources import Resource
from devices.enums import Role
from tests import rows
from tests.factories import make_site, make_token, make_user
from tests.resources import BULK, Endpoint

pytestmark = pytest.mark.django_db
FEW, MANY = 2, 20  # which SQLite changes by one statement, of whatever table


@pytest.fixture
def chief() -> Client:
    user = make_user(role=Role.ADMINISTRATOR)
    return Client(headers={"Authorization": f"Token {make_token(user)}"})


def queries(client: Client, path: str, body: Any) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        response = client.post(path, body, content_type="application/json")
    assert response.status_code == 200, response.content
    return [one["sql"] for one in asked.captured_queries]


def as_they_are(client: Client, endpoint: Endpoint, ids: list[int]) -> list[dict[str, Any]]:
    """What may be written of the rows, as it is told."""
    fields = endpoint.view().get_serializer_class()().fields
    names = [name for name, field in fields.items() if not (field.read_only or field.write_only)]
    path = endpoint.path().removesuffix("/bulk")
    told = [client.get(f"{path}/{pk}").json() for pk in ids]
    return [{name: row[name] for name in names} for row in told]


def body_of(client: Client, endpoint: Endpoint, what: str, ids: list[int]) -> dict[str, Any]:
    if what == "delete":
        return {"delete": ids}
    given = as_they_are(client, endpoint, ids)
    if what == "update":
        for pk, row in zip(ids, given, strict=True):
            row["id"] = pk
            row.pop("device", None)  # that stays
    else:
        endpoint.model.objects.filter(pk__in=ids).delete()
    return {what: given}


CASES = [
    (endpoint, what)
    for endpoint in BULK
    if issubclass(endpoint.view, Resource)  # writes are counted in test_point_priorities.py
    for what in ("create", "update", "delete")
    if what in endpoint.view.can
]


@pytest.mark.parametrize(("endpoint", "what"), CASES, ids=str)
def test_a_bulk_of_twenty_costs_no_more_queries(
    endpoint: Endpoint, what: str, chief: Client
) -> None:
    counts = []
    for count in (FEW, MANY):
        ids = [rows.make(endpoint.model, make_site()).pk for _ in range(count)]
        counts.append(queries(chief, endpoint.path(), body_of(chief, endpoint, what, ids)))
    few, many = counts
    assert len(many) <= len(few), many
