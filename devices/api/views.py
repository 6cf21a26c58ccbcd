"""What every endpoint does: who may, which parameters, and rows as plain values."""

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import MethodNotAllowed, NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from devices.api.pagination import Pages
from devices.api.problems import Wrong
from devices.api.queries import Query


class MayChange(BasePermission):
    """Everybody who is signed in may read; what changes something needs the view's right."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS or not view.needs:
            return True
        self.message = lacks(view.needs)
        return request.user.has_perm(view.needs)


class ApiView(GenericAPIView[Any]):
    """An endpoint. `queries` says which parameters each method takes; without: none."""

    http_method_names = [name for name in APIView.http_method_names if name != "options"]
    permission_classes = [IsAuthenticated, MayChange]
    queries: ClassVar[Mapping[str, type[Query]]] = {}
    needs: ClassVar[str] = ""
    tag: ClassVar[str] = ""
    refusals: ClassVar[Sequence[int]] = ()  # of its own, beside those that all have
    operation: ClassVar[str] = ""
    wrong: ClassVar[Wrong]  # examples for those that have a body, for the schema
    conflict: ClassVar[str] = ""
    query: dict[str, Any]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = str(request.method)
        if method not in self.allowed_methods:
            raise MethodNotAllowed(method, f"{method} is not possible here; {self._possible()} is.")
        asked = "GET" if method == "HEAD" else method
        self.query = self.queries.get(asked, Query).read(request.query_params)

    def rows(self, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        """The members that the serializer tells, straight from the database: a model's instances
        and a serializer's fields cost several times as much."""
        serializer = cast("type[Serializer[Any]]", self.get_serializer_class())()
        return list(queryset.values(*serializer.fields))

    def _possible(self) -> str:
        return " or ".join(self.allowed_methods)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        response["Cache-Control"] = "no-store"  # it is true now
        return response


class ListView(ApiView):
    """Rows in a fixed order, filtered by the query and cut into pages."""

    pagination_class = Pages
    search_in: ClassVar[Sequence[str]] = ()

    def get(self, request: Request) -> Response:
        pages = Pages()
        page = pages.paginate_queryset(self.filter_queryset(self.get_queryset()), request, self)
        return pages.get_paginated_response(self.rows(page))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        filters = {
            name: value
            for name, value in self.query.items()
            if name not in ("page", "page_size", "search")
        }
        queryset = queryset.filter(**filters)
        if text := self.query.get("search"):
            found = Q()
            for name in self.search_in:
                found |= Q((f"{name}__icontains", text))
            queryset = queryset.filter(found)
        return queryset


class DetailView(ApiView):
    """One row by its id."""

    def get(self, request: Request, pk: int) -> Response:
        found = self.rows(self.get_queryset().filter(pk=pk))
        if not found:
            raise NotFound(no_such(self.get_queryset().model, pk))
        return Response(found[0])


def asker(request: Request) -> User:
    """Who asks; permissions let nobody else come here."""
    return cast("User", request.user)


def lacks(right: str) -> str:
    return f"You lack the right {right}; an administrator can give it to you."


def no_such(model: type[Model], pk: int) -> str:
    return f"There is no {model._meta.verbose_name} {pk}."


class NoSuchPath(APIView):
    """Every other address under /api/, whatever the method."""

    default_response_headers: ClassVar[dict[str, str]] = {}  # there is nothing to allow

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(f"There is nothing at {request.path}; /api/docs/ tells what there is.")
