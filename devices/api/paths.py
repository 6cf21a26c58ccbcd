"""The paths of the REST API: which views a resource has, and how the schema tells of them."""

from collections.abc import Callable
from typing import Any, cast

from django.urls import URLPattern, path
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.api.bulk import MOST_ROWS, BulkAnswerSerializer, ResourceBulk, bulk_serializer
from devices.api.etags import ETAG, IF_MATCH
from devices.api.once import IDEMPOTENCY_KEY
from devices.api.queries import FieldsQuery, Query
from devices.api.resources import (
    OfParent,
    Resource,
    ResourceDetail,
    ResourceList,
    row_serializer,
)
from devices.api.views import ApiView

METHODS = {"post": "create", "put": "update", "patch": "update", "delete": "delete"}
HEADERS = {
    "post": [ETAG, IDEMPOTENCY_KEY],
    "put": [ETAG, IF_MATCH],
    "patch": [ETAG, IF_MATCH],
    "delete": [IF_MATCH],
}


def resource(route: str, rows: type[Resource], name: str) -> list[URLPattern]:
    """The paths of a resource, with and without a slash at the end. `name` is of the plural."""
    rows.route = f"{name}-row"
    kind = rows.model._meta
    views = [
        (route, _view(rows, ResourceList, "List", str(rows.__doc__)), name),
        (f"{route}/<int:pk>", _view(rows, ResourceDetail, "Detail", f"One {kind.verbose_name}."),
         rows.route),
    ]  # fmt: skip
    if rows.can:
        told = f"Creates, changes and deletes up to {MOST_ROWS:,} {kind.verbose_name_plural}."
        views.append((f"{route}/bulk", _view(rows, ResourceBulk, "Bulk", told), f"{name}-bulk"))
    return [pattern for one in views for pattern in endpoint(*one)]


def children(route: str, rows: type[Resource], name: str, parent: str) -> list[URLPattern]:
    """The path of the rows of one parent: GET and POST at `parents/{id}/rows`."""
    key: Any = rows.model._meta.get_field(parent)
    whole = str(key.verbose_name)
    members = {
        "__module__": rows.__module__,
        "parent": parent,
        "members": rows.members,
        "read_only": (parent, *rows.read_only),
        "word": f"{rows.model.__name__}Of{whole.title().replace(' ', '')}",
        "route": rows.route,
    }
    of_parent = type(f"{rows.__name__}Of", (OfParent, rows), members)
    told = f"{str(rows.__doc__).splitlines()[0]} Those of one {whole}."
    return endpoint(route, _view(of_parent, ResourceList, "List", told), name)


def endpoint(route: str, view: type[APIView], name: str) -> list[URLPattern]:
    """With and without a slash at the end."""
    return [path(route, view.as_view(), name=name), path(f"{route}/", view.as_view())]


def _view(rows: type[Resource], base: type[ApiView], suffix: str, told: str) -> type[APIView]:
    """The view of a resource's list, row or bulk, with the methods that it has."""
    members: dict[str, Any] = {"__doc__": told, "__module__": rows.__module__}
    members |= _bulk_members(rows) if base is ResourceBulk else _row_members(rows, base)
    return type(f"{rows.__name__}{suffix}", (rows, base), members)


def _bulk_members(rows: type[Resource]) -> dict[str, Any]:
    word = str(rows.model._meta.verbose_name_plural).replace(" ", "_")
    described = extend_schema(
        operation_id=f"{word}_bulk",
        request=bulk_serializer(rows),
        responses=BulkAnswerSerializer,
        parameters=[IDEMPOTENCY_KEY],
    )
    return {"post": described(_method(ResourceBulk, "post")), "form": None}


def _row_members(rows: type[Resource], base: type[ApiView]) -> dict[str, Any]:
    is_list = base is ResourceList
    queries: dict[str, type[Query]] = {"GET": rows.query_class if is_list else FieldsQuery}
    if is_list and rows.create_query is not Query:
        queries["POST"] = rows.create_query
    members: dict[str, Any] = {"queries": queries}
    serializer = row_serializer(rows)
    answers = {"post": {201: serializer, **rows.create_answers}, "delete": None}
    for method, what in METHODS.items():
        if not hasattr(base, method):
            continue
        if what not in rows.can:
            members[method] = None
            continue
        described = extend_schema(
            responses=answers.get(method, serializer), parameters=HEADERS[method]
        )
        members[method] = described(_method(base, method))
    return members


def _method(base: type[ApiView], name: str) -> Callable[..., Response]:
    """A method of its own for each resource: what is told of it is written onto it."""
    inherited = getattr(base, name)

    def method(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        return cast("Response", inherited(self, request, *args, **kwargs))

    method.__name__ = name
    return method
