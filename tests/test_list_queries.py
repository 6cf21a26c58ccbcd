"""Every list asks the database as often for a hundred rows as for one."""

from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, models
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import URLPattern

from devices.enums import Role
from devices.models import AuditEntry, Site
from t3000.models import Point
from tests import rows
from tests.factories import make_site, make_token, make_user
from tests.resources import LISTS, NESTED, PAGES, Endpoint

pytestmark = pytest.mark.django_db
MANY = 100


@pytest.fixture
def site() -> Site:
    return make_site()


@pytest.fixture
def viewer() -> Client:
    """Whose rights are looked up, as those of most are."""
    user = make_user(role=Role.ADMINISTRATOR)
    client = Client(headers={"Authorization": f"Token {make_token(user)}"})
    client.force_login(user)  # for the pages
    return client


def queries(client: Client, path: str, **query: int) -> list[str]:
    with CaptureQueriesContext(connection) as asked:
        response = client.get(path, query)
    assert response.status_code == 200, response.content
    return [one["sql"] for one in asked.captured_queries]


@pytest.mark.parametrize("endpoint", [*LISTS, *NESTED], ids=str)
def test_a_list_of_a_hundred_costs_no_more_queries(
    endpoint: Endpoint, site: Site, viewer: Client
) -> None:
    row, fields = rows.make(endpoint.model, site), {}
    path = endpoint.path()
    if endpoint in NESTED:
        parent = _parent(endpoint, row)
        fields[parent.name] = getattr(row, parent.name)
        path = endpoint.path(fields[parent.name].pk)
    one = queries(viewer, path, page_size=MANY)
    for _ in range(MANY - 1):
        rows.make(endpoint.model, make_site(), **fields)
    many = queries(viewer, path, page_size=MANY)
    assert len(many) <= len(one), many


def _parent(endpoint: Endpoint, row: models.Model) -> Any:
    """The key that leads to the row in the address."""
    foreign = [one for one in row._meta.concrete_fields if one.related_model is endpoint.parent]
    assert foreign, f"{endpoint}: {row._meta.model_name} does not lead to its parent by one key"
    return foreign[0]


LISTED: dict[str, type[models.Model]] = {
    "overview": Point,
    "device-list": Point,
    "changes": AuditEntry,
    "accounts": User,
}


@pytest.mark.parametrize("page", [one for one in PAGES if one.name in LISTED], ids=str)
def test_a_page_of_a_hundred_costs_no_more_queries(
    page: URLPattern, site: Site, viewer: Client
) -> None:
    model, path = LISTED[str(page.name)], f"/{page.pattern}"
    rows.make(model, site)
    one = queries(viewer, path)
    for _ in range(MANY - 1):
        rows.make(model, make_site())
    many = queries(viewer, path)
    assert len(many) <= len(one), many
