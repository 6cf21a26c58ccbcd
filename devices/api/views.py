"""What every endpoint does: who may, which parameters, and rows as plain values."""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, ClassVar, cast

from django.contrib.auth.models import User
from django.db.models import Model, Q, QuerySet
from rest_framework.exceptions import MethodNotAllowed, NotFound, ValidationError
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer
from rest_framework.views import APIView

from devices.api.pagination import Pages
from devices.api.problems import Wrong
from devices.api.queries import ListQuery, Query
from devices.domain.rights import AT_A_SITE, Lacks, Rights
from devices.enums import Role

NOT_FILTERS = frozenset(ListQuery._declared_fields)


class MayChange(BasePermission):
    """Everybody who is signed in may read what is at their sites. To change something takes a role
    at some site; whether it is the row's is looked at with the row."""

    def has_permission(self, request: Request, view: Any) -> bool:
        if request.method in SAFE_METHODS or request.method not in view.allowed_methods:
            return True
        if Rights.of(request.user).anywhere(view.role):
            return True
        self.message = str(Lacks(view.role, where=AT_A_SITE))
        return False


class ApiView(GenericAPIView[Any]):
    """An endpoint. `queries` says which parameters each method takes; without: none."""

    http_method_names = [name for name in APIView.http_method_names if name != "options"]
    permission_classes = [IsAuthenticated, MayChange]
    queries: ClassVar[Mapping[str, type[Query]]] = {}
    role: ClassVar[Role] = Role.ENGINEER  # that changing something takes
    tag: ClassVar[str] = ""
    refusals: ClassVar[Sequence[int]] = ()  # of its own, beside those that all have
    operation: ClassVar[str] = ""
    wrong: ClassVar[Wrong]  # examples for those that have a body, for the schema
    conflict: ClassVar[str] = ""
    needs_body: ClassVar[bool] = False  # though nothing in it is required by itself
    query: Mapping[str, Any] = MappingProxyType({})
    rights = Rights(None)

    @property
    def allowed_methods(self) -> list[str]:
        """Without those that a resource took away by setting them to None."""
        return [name.upper() for name in self.http_method_names if getattr(self, name, None)]

    def initialize_request(self, request: Any, *args: Any, **kwargs: Any) -> Request:
        if "Transfer-Encoding" in request.headers:
            # REST framework takes a body without a length for none. How long it may be is the
            # parser's to say, which reads it.
            request.META["CONTENT_LENGTH"] = "-1"
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        method = str(request.method)
        if method not in self.allowed_methods:
            raise MethodNotAllowed(method, f"{method} is not possible here; {self._possible()} is.")
        asked = "GET" if method == "HEAD" else method
        self.query = self.queries.get(asked, Query).read(request.query_params)
        self.rights = Rights.of(request.user)

    def get_queryset(self) -> QuerySet[Any]:
        """The rows at the user's sites: there are no others."""
        return self.rights.visible(super().get_queryset())

    def told(self) -> list[str]:
        """The members of a row that are told, in their order: those that were asked for, or all."""
        known = self.tellable()
        wanted = self.query.get("fields")
        if wanted is None:
            return known
        _refuse_others("fields", wanted, known)
        return [name for name in known if name in wanted]

    def tellable(self) -> list[str]:
        """All members that can be told of a row."""
        serializer = cast("type[Serializer[Any]]", self.get_serializer_class())()
        return [name for name, field in serializer.fields.items() if not field.write_only]

    def rows(self, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        """The members that the serializer tells, straight from the database: a model's instances
        and a serializer's fields cost several times as much."""
        return list(queryset.values(*self.told()))

    def only_told(self, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Of rows with all members those that are told."""
        names = self.told()
        if "fields" not in self.query:
            return rows
        return [{name: row[name] for name in names} for row in rows]

    def _possible(self) -> str:
        return " or ".join(self.allowed_methods)

    def finalize_response(self, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(*args, **kwargs)
        response["Cache-Control"] = "no-store"  # it is true now
        return response


class OwnView(ApiView):
    """What everybody has of their own, without any role."""

    permission_classes = [IsAuthenticated]
    role = Role.ADMINISTRATOR  # for what is others'


class ListView(ApiView):
    """Rows in an order, filtered by the query and cut into pages."""

    pagination_class = Pages
    search_in: ClassVar[Sequence[str]] = ()

    def get(self, request: Request, **_of: int) -> Response:
        pages = Pages()
        rows = self.ordered(self.filter_queryset(self.get_queryset()))
        page = pages.paginate_queryset(rows, request, self)
        return pages.get_paginated_response(self.rows(page))

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        filters = {name: value for name, value in self.query.items() if name not in NOT_FILTERS}
        text = filters.pop("search", None)
        queryset = queryset.filter(**filters)
        if text:
            found = Q()
            for name in self.search_in:
                found |= Q((f"{name}__icontains", text))
            queryset = queryset.filter(found)
        return queryset

    def ordered(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        names = self.query.get("ordering")
        if names is None:
            return queryset
        _refuse_others("ordering", [name.removeprefix("-") for name in names], self.sortable())
        return queryset.order_by(*map(self.sort_key, names), "pk")

    def sort_key(self, name: str) -> Any:
        """What a member, with - before it from the other end, is sorted by."""
        return name

    def sortable(self) -> list[str]:
        """Members that the database knows by the same name."""
        columns = {field.name for field in self.get_queryset().model._meta.concrete_fields}
        annotated = self.get_queryset().query.annotations
        return [name for name in self.tellable() if name in columns or name in annotated]


class DetailView(ApiView):
    """One row by its id."""

    def get(self, request: Request, pk: int) -> Response:
        return Response(self.row(pk))

    def row(self, pk: int) -> dict[str, Any]:
        """Raises NotFound, also for what is there and not for this user to see."""
        found = self.rows(self.get_queryset().filter(pk=pk))
        if not found:
            raise NotFound(no_such(self.get_queryset().model, pk))
        return found[0]


def _refuse_others(parameter: str, asked: Sequence[str], known: Sequence[str]) -> None:
    others = [name for name in asked if name not in known]
    if others:
        what = f"There is no {others[0]!r} to choose; there are: {', '.join(known)}."
        raise ValidationError({parameter: [what]})


def asker(request: Request) -> User:
    """Who asks; permissions let nobody else come here."""
    return cast("User", request.user)


def no_such(model: type[Model], pk: int) -> str:
    # `users` are those of a panel.
    return f"There is no {'account' if model is User else model._meta.verbose_name} {pk}."


class NoSuchPath(APIView):
    """Every other address under /api/, whatever the method."""

    default_response_headers: ClassVar[dict[str, str]] = {}  # there is nothing to allow

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound(f"There is nothing at {request.path}; /api/docs/ tells what there is.")
