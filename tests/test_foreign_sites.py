"""To somebody of one site nothing of another exists: every resource, every way in.

The addresses are read from the site itself. One that this cannot classify fails here: give its
model a factory in tests/rows.py, or its ids a name below.
"""

from collections.abc import Callable
from typing import Any

import orjson
import pytest
from django.apps import apps
from django.contrib.auth.models import User
from django.db import models
from django.test import Client

from devices.api.fields import Id, JsonId
from devices.api.resources import Resource
from devices.domain import tokens
from devices.enums import Role
from devices.models import ApiToken, Command, Job, Session, Site
from devices.models.parts import Part, kinds
from t3000.models import Point
from tests import rows
from tests.factories import make_site, make_user
from tests.resources import API, BULK, ENDPOINTS, LISTS, OF_ROWS, Endpoint

pytestmark = pytest.mark.django_db

MODELS = {model.__name__.lower(): model for model in apps.get_models()}
# Paths without an id that answer with no rows, and what would reach into another site there.
ACTIONS: dict[str, Callable[[Site], Any]] = {
    "devices/discover": lambda site: {"networks": [rows.make(MODELS["network"], site).pk]},
    "findings/approve": lambda site: {"findings": [rows.make(MODELS["finding"], site).pk]},
    "findings/dismiss": lambda site: {"findings": [rows.make(MODELS["finding"], site).pk]},
}
# Filters that are no column of the row.
FILTERS: dict[tuple[type[Any], str], Callable[[Any], int]] = {
    (User, "site"): lambda row: row.roles.get().site_id,
    (Job, "network"): lambda row: row.parts.get().network_id,
    (Command, "point"): lambda row: Point.objects.get(device=row.device, address=row.point).pk,
}
BODIES = {  # where it is not what the row tells
    "devices/<int:pk>/points": {"kind": "input", "index": 7, "address": "analog-input,7"},
    "devices/<int:pk>/profile": {"pinned": True},
    "devices/<int:pk>/settings": {"features": {}},
    "points/<int:pk>/value": {"value": 1},
    "points/<int:pk>/out-of-service": {"out_of_service": True},
    "buildings/<int:pk>/floors": {"name": "Floor 7"},
    "floors/<int:pk>/rooms": {"name": "Room 7"},
}
PARTS = [model for model in apps.get_models() if issubclass(model, Part)]
OF_USERS = (User, Session, ApiToken)  # of somebody with a role at the site
OWN = ("tokens", "tokens/<int:pk>", "sessions/<int:pk>")  # everybody has some
UNSEEN = "Not for strangers"


@pytest.fixture
def here() -> Site:
    return make_site()


@pytest.fixture
def there() -> Site:
    return make_site(name=UNSEEN)


@pytest.fixture
def everybody() -> Client:
    """Who sees all, so that what is not seen is proved to be there."""
    return client_of(make_user(is_superuser=True))


@pytest.fixture(params=["administrator of another site", "nobody anywhere"])
def stranger(request: pytest.FixtureRequest, here: Site) -> Client:
    is_somebody = request.param.startswith("administrator")
    return client_of(make_user(role=Role.ADMINISTRATOR if is_somebody else None, site=here))


def client_of(user: Any) -> Client:
    client = Client(headers={"Authorization": f"Token {tokens.make(user)}"})
    client.force_login(user)  # for the pages
    return client


def is_of_site(model: type[models.Model]) -> bool:
    """Else it belongs to no site: everybody may read it."""
    return model in OF_USERS or bool(getattr(model, "site_path", ""))


def ids(client: Client, path: str, **query: Any) -> set[int]:
    response = client.get(path, {"page_size": 1000, **query})
    assert response.status_code == 200, response.content
    return {row["id"] for row in response.json()["results"]}


def send(client: Client, method: str, path: str, body: Any = None) -> Any:
    return client.generic(method, path, orjson.dumps(body or {}), content_type="application/json")


def of(endpoints: list[Endpoint]) -> Any:
    return pytest.mark.parametrize("endpoint", endpoints, ids=str)


@of(LISTS)
def test_a_list_tells_nothing_of_another_site(
    endpoint: Endpoint, there: Site, here: Site, stranger: Client, everybody: Client
) -> None:
    foreign, own = rows.make(endpoint.model, there), rows.make(endpoint.model, here)
    for query in ({}, {"cursor": 0}):
        assert {foreign.pk, own.pk} <= ids(everybody, endpoint.path(), **query)
        seen = ids(stranger, endpoint.path(), **query)
        assert (foreign.pk in seen) is not is_of_site(endpoint.model)


@of(LISTS)
def test_filters_do_not_reach_another_site(
    endpoint: Endpoint, there: Site, stranger: Client, everybody: Client
) -> None:
    foreign = rows.make(endpoint.model, there)
    if not is_of_site(endpoint.model):
        return
    for name, field in endpoint.view.queries["GET"]._declared_fields.items():
        if not isinstance(field, Id):
            continue
        find = FILTERS.get((endpoint.model, name))
        lookup = field.source or name
        value = find(foreign) if find else _column(foreign, lookup)
        if value is not None:
            assert foreign.pk in ids(everybody, endpoint.path(), **{name: value})
            assert foreign.pk not in ids(stranger, endpoint.path(), **{name: value})


def _column(row: Any, lookup: str) -> Any:
    return type(row)._default_manager.values_list(lookup, flat=True).get(pk=row.pk)


@of(OF_ROWS)
def test_a_row_of_another_site_does_not_exist(
    endpoint: Endpoint, there: Site, stranger: Client, everybody: Client
) -> None:
    row = rows.make(endpoint.parent, there)
    path = endpoint.path(row.pk)
    if "GET" in endpoint.methods:
        assert everybody.get(path).status_code == 200
    before = _stored(row)
    for method in endpoint.methods:
        status = send(stranger, method, path).status_code
        if is_of_site(endpoint.parent):
            # Who may change nothing anywhere hears that first; it tells nothing of the row.
            assert status == 404 or (status == 403 and method != "GET"), method
        else:
            assert status == (200 if method == "GET" else 403), method
    assert _stored(row) == before


def _stored(row: Any) -> Any:
    return type(row)._default_manager.values().get(pk=row.pk)


@of(BULK)
def test_bulk_does_not_reach_another_site(
    endpoint: Endpoint, there: Site, here: Site, everybody: Client
) -> None:
    stranger = client_of(make_user(role=Role.ADMINISTRATOR, site=here))
    row, own = rows.make(endpoint.model, there), rows.make(endpoint.model, here)
    if not is_of_site(endpoint.model):
        assert send(stranger, "POST", endpoint.path(), {"delete": [row.pk]}).status_code == 403
        return
    before = _stored(row)
    bodies: dict[str, Any] = {
        "delete": {"delete": [own.pk, row.pk]},
        "update": {"update": [{"id": own.pk}, {"id": row.pk}]},
    }
    for body in (body for what, body in bodies.items() if what in endpoint.view.can):
        response = send(stranger, "POST", endpoint.path(), body)
        assert response.status_code == 400
        assert f"There is no row {row.pk}." in response.json()["detail"]
    assert _stored(row) == before
    assert _stored(own)


@of([one for one in LISTS if "POST" in one.methods])
def test_rows_do_not_refer_to_another_site(
    endpoint: Endpoint, there: Site, here: Site, everybody: Client
) -> None:
    """Neither new ones nor those that there are."""
    stranger = client_of(make_user(role=Role.ADMINISTRATOR, site=here))
    own = rows.make(endpoint.model, here)
    row_path = f"{endpoint.path()}/{own.pk}"
    fields = endpoint.view().get_serializer_class()().fields
    body = body_of(endpoint, own.pk, everybody)
    for name, field in fields.items():
        if not isinstance(field, JsonId) or field.read_only:
            continue
        target = _target(endpoint.model, field.source or name)
        if target is None or not is_of_site(target):
            continue
        foreign = {name: rows.make(target, there).pk}
        for method, path, sent in (
            ("POST", endpoint.path(), {**body, **foreign}),
            ("PATCH", row_path, foreign),
        ):
            response = send(stranger, method, path, sent)
            assert response.status_code == 400, (method, response.content)
            wrong = {one["field"]: one["detail"] for one in response.json()["errors"]}
            assert wrong[name].startswith("There is no "), (method, wrong)


@pytest.mark.parametrize("part", PARTS, ids=lambda part: part.__name__)
def test_a_part_refers_to_nothing_but_its_whole(part: type[Part]) -> None:
    """A reference in it would be looked at by nobody: no part of a body reaches another site."""
    (whole,) = (field for field in part._meta.concrete_fields if field.is_relation)
    owner: Any = whole.related_model
    assert part in {kind for kind, _ in kinds(owner).values()}
    assert part.site_path == f"{whole.name}__{owner.site_path}"


@of([one for one in LISTS if getattr(one.view, "parts", None)])
def test_a_part_cannot_be_given_another_whole(
    endpoint: Endpoint, there: Site, here: Site, everybody: Client
) -> None:
    stranger = client_of(make_user(role=Role.ADMINISTRATOR, site=here))
    own, foreign = rows.make(endpoint.model, here), rows.make(endpoint.model, there)
    for name, (kind, whole) in kinds(endpoint.model).items():
        for member in (whole.name, whole.attname, "id"):
            sent = {name: [{member: foreign.pk}]}
            response = send(stranger, "PATCH", f"{endpoint.path()}/{own.pk}", sent)
            assert response.status_code == 400
            wrong = {one["field"]: one["detail"] for one in response.json()["errors"]}
            assert "There is no such member" in wrong[f"{name}.0.{member}"]
        assert not kind.objects.exists()


def body_of(endpoint: Endpoint, pk: int, client: Client) -> dict[str, Any]:
    """What may be written of a row, as it is."""
    told = client.get(f"/{API}{endpoint.route.partition('/')[0]}/{pk}").json()
    fields = endpoint.view().get_serializer_class()().fields
    return {
        name: told[name] for name, field in fields.items() if name in told and not field.read_only
    }


def _target(model: type[models.Model], column: str) -> type[models.Model] | None:
    columns: dict[str, Any] = {field.attname: field for field in model._meta.concrete_fields}
    return columns[column].related_model if column in columns else None


@of([one for one in ENDPOINTS if one not in (*LISTS, *OF_ROWS, *BULK)])
def test_actions_do_not_reach_another_site(endpoint: Endpoint, there: Site, here: Site) -> None:
    stranger = client_of(make_user(role=Role.ADMINISTRATOR, site=here))
    response = send(stranger, "POST", endpoint.path(), ACTIONS[endpoint.route](there))
    assert response.status_code == 400
    assert "There is no " in response.json()["detail"]


@of([one for one in ENDPOINTS if one.route not in OWN])
def test_a_viewer_changes_nothing(endpoint: Endpoint, here: Site) -> None:
    viewer = client_of(make_user(role=Role.VIEWER, site=here))
    pk = rows.make(endpoint.parent, here).pk if endpoint in OF_ROWS else 0
    for method in endpoint.methods - {"GET"}:
        response = send(viewer, method, endpoint.path(pk))
        assert response.status_code == 403, method
        assert "role" in response.json()["detail"]


@of([one for one in OF_ROWS if one.route not in OWN and one.methods != {"GET"}])
def test_who_may_change_another_site_changes_nothing_where_they_look(
    endpoint: Endpoint, there: Site, here: Site, everybody: Client
) -> None:
    """They are stopped by the row: what they may somewhere lets them pass before."""
    if not is_of_site(endpoint.parent):
        return
    viewer = _administrator_who_looks(there, here)
    row = rows.make(endpoint.parent, here)
    before = _stored(row)
    body = BODIES.get(endpoint.route) or body_of(endpoint, row.pk, everybody)
    for method in endpoint.methods - {"GET"}:
        response = send(viewer, method, endpoint.path(row.pk), body)
        if endpoint.parent is User:  # accounts are for administrators to see
            assert response.status_code == 404, (method, response.content)
        else:
            assert response.status_code == 403, (method, response.content)
            assert "at this site" in response.json()["detail"]
    assert _stored(row) == before


@of(
    [
        one
        for one in (*LISTS, *BULK)
        if one.methods != {"GET"} and issubclass(one.view, Resource) and is_of_site(one.model)
    ]
)
def test_who_may_change_another_site_adds_nothing_where_they_look(
    endpoint: Endpoint, there: Site, here: Site, everybody: Client
) -> None:
    viewer, row = _administrator_who_looks(there, here), rows.make(endpoint.model, here)
    body = body_of(endpoint, row.pk, everybody)
    bodies = {
        "create": {"create": [body]},
        "update": {"update": [{"id": row.pk, **body}]},
        "delete": {"delete": [row.pk]},
    }
    can = [bodies[what] for what in bodies if what in endpoint.view.can]
    before = _stored(row), endpoint.model._default_manager.count()
    for sent in can if endpoint in BULK else [body]:
        response = send(viewer, "POST", endpoint.path(), sent)
        assert response.status_code == 403, (sent, response.content)
        makes_site = endpoint.model is Site and (sent is body or "create" in sent)
        where = "at all sites" if makes_site else "at this site"
        assert where in response.json()["detail"]
    assert (_stored(row), endpoint.model._default_manager.count()) == before


def _administrator_who_looks(there: Site, here: Site) -> Client:
    user = make_user(role=Role.ADMINISTRATOR, site=there)
    user.roles.create(site=here, role=Role.VIEWER)
    return client_of(user)
