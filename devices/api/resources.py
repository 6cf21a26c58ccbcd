"""Rows that people configure, as REST resources. A resource says what its rows are; what can be
done to rows is here, once (to many at a time: devices.api.bulk).

GET and POST on the list; GET, PUT, PATCH and DELETE on a row. A row's ETag makes a change
conditional (`If-Match`), an `Idempotency-Key` makes a POST safe to send again.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.parsers import BaseParser, MultiPartParser
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.etags import etag_of, require_match
from devices.api.once import GONE, once
from devices.api.problems import Conflict, Wrong
from devices.api.queries import ListQuery, Query
from devices.api.refusals import refusals
from devices.api.row_form import RowForm
from devices.api.serializers import Parts, RowSerializer, serializer_of
from devices.api.views import ApiView, DetailView, ListView, no_such
from devices.domain import rows
from devices.models import parts
from devices.models.audited import Audited


class Resource(ApiView):
    """What a kind of row is. The docstring describes the list.

    `members` are told of each row, in this order; those in `read_only` are not written. `secrets`
    are written and never told. What is told beside the columns is annotated by `annotated` and has
    its field in `base`. Members in `parts` are lists of rows that belong to it.
    """

    model: ClassVar[type[Audited]]
    members: ClassVar[tuple[str, ...]]
    read_only: ClassVar[tuple[str, ...]] = ()
    secrets: ClassVar[tuple[str, ...]] = ()
    base: ClassVar[type[RowSerializer]] = RowSerializer
    parts: ClassVar[Mapping[str, Parts]] = MappingProxyType({})
    order: ClassVar[tuple[str, ...]] = ()
    query_class: ClassVar[type[ListQuery]] = ListQuery
    search_in: ClassVar[Sequence[str]] = ()
    can: ClassVar[frozenset[str]] = frozenset({"create", "update", "delete"})
    volatile: ClassVar[frozenset[str]] = frozenset()  # members that change by themselves
    form: ClassVar[RowForm | None] = None  # how a row is sent with a file, if it is
    route: ClassVar[str] = ""  # the name of the path of a row
    word: ClassVar[str] = ""  # what the schema calls a row; as the model unless told
    create_query: ClassVar[type[Query]] = Query  # the parameters of what adds rows
    create_answers: ClassVar[Mapping[int, Any]] = MappingProxyType({})  # beside 201, for the schema
    wrong = Wrong(field="name", detail="This is required and missing.")
    conflict = "It is still needed by 2 devices: delete or move those first."

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        is_sited = bool(self.model.site_path)
        if request.method not in SAFE_METHODS and not is_sited:
            with refusals():  # before anything is told of what would be right
                self.rights.require(self.role, None)

    def get_parsers(self) -> list[BaseParser]:
        return [*super().get_parsers(), *([MultiPartParser()] if self.form else [])]

    def body(self, request: Request) -> Any:
        """The row that was sent, as JSON or as a form."""
        if self.form is None or not isinstance(request.data, QueryDict):
            return request.data
        return self.form.read(request.data, self.reader)

    @classmethod
    def annotated(cls) -> QuerySet[Any]:
        """All rows, with what is told beside their columns, in their order."""
        return cls.model._default_manager.order_by(*cls.order, "pk")

    def get_queryset(self) -> QuerySet[Any]:
        return self.rights.visible(self.annotated())

    def get_serializer_class(self) -> type[RowSerializer]:
        return row_serializer(type(self))

    def rows(self, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        told = self.told()
        lists = {name: one for name, one in self.parts.items() if name in told}
        if not lists:
            return super().rows(queryset)
        found = list(queryset.values("pk", *(name for name in told if name not in lists)))
        _tell_parts(self.model, found, lists)
        return [{name: row[name] for name in told} for row in found]

    def read(self, data: Any, *, is_whole: bool) -> dict[str, Any]:
        """A row as it was sent, by column. Raises ValidationError."""
        return self.reader.read(data, is_whole=is_whole)

    @cached_property
    def reader(self) -> RowSerializer:
        """Of all rows of a request: to make one takes longer than to read a row."""
        return self.get_serializer_class()()

    def create(self, values: Sequence[Mapping[str, Any]]) -> list[int]:
        """Adds rows; their ids."""
        return [row.pk for row in rows.create(self.model, values, by=self.rights, role=self.role)]

    def create_one(self, request: Request) -> Response:
        """Adds the row that was sent."""
        with refusals():
            body = self.body(request)
            values = self.read(body, is_whole=True)
            (pk,) = once(request, body, lambda: self.create([values]))
        return self.created(pk)

    def created(self, pk: int) -> Response:
        row = self.whole_rows([pk]).get(pk)
        if row is None:
            raise Conflict(GONE)
        location = reverse(self.route, args=[pk])
        return Response(row, status=201, headers={"Location": location, "ETag": self.etag(row)})

    def update(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        rows.update(self.model, changes, by=self.rights, role=self.role)

    def remove(self, ids: Sequence[int]) -> None:
        rows.delete(self.model, ids, by=self.rights, role=self.role)

    def etag(self, row: Mapping[str, Any]) -> str:
        """A digest of what is configured."""
        return etag_of({name: told for name, told in row.items() if name not in self.volatile})

    def whole_rows(self, ids: Sequence[int]) -> dict[int, dict[str, Any]]:
        """All members of rows, whatever `fields` asks for."""
        self.query = {name: value for name, value in self.query.items() if name != "fields"}
        return {row["id"]: row for row in self.rows(self.get_queryset().filter(pk__in=ids))}

    def check_etag(self, request: Request, pk: int) -> None:
        """Raises PreconditionFailed. Whoever else changes the row waits until we are done."""
        if "If-Match" not in request.headers:
            return
        list(self.model.objects.filter(pk=pk).select_for_update(of=("self",), no_key=True))
        row = self.whole_rows([pk]).get(pk)
        if row is None:
            raise NotFound(no_such(self.model, pk))
        require_match(request, lambda: self.etag(row))


class ResourceList(ListView):
    """The list of a resource."""

    refusals = (409,)

    def post(self, request: Request, **_of: int) -> Response:
        return cast("Resource", self).create_one(request)


class ResourceDetail(DetailView):
    """A row of a resource."""

    refusals = (409, 412)

    def get(self, request: Request, pk: int) -> Response:
        resource = cast("Resource", self)
        asked = self.query.get("fields")
        if asked is not None:
            return Response(self.row(pk))
        row = self.row(pk)
        return Response(row, headers={"ETag": resource.etag(row)})

    def put(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, is_whole=True)

    def patch(self, request: Request, pk: int) -> Response:
        return self._change(request, pk, is_whole=False)

    def _change(self, request: Request, pk: int, *, is_whole: bool) -> Response:
        resource = cast("Resource", self)
        with refusals(pk), transaction.atomic():
            self.row(pk)  # whoever may not see it learns nothing of what would be right
            resource.check_etag(request, pk)
            resource.update({pk: resource.read(resource.body(request), is_whole=is_whole)})
        row = self.row(pk)
        return Response(row, headers={"ETag": resource.etag(row)})

    def delete(self, request: Request, pk: int) -> Response:
        resource = cast("Resource", self)
        with refusals(pk), transaction.atomic():
            self.row(pk)
            resource.check_etag(request, pk)
            resource.remove([pk])
        return Response(status=204)


class OfParent(Resource):
    """The rows of one parent, which the path names: `parent` is the key that leads to it."""

    parent: ClassVar[str]

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        kind: Any = self.model._meta.get_field(self.parent).related_model
        if not self.rights.visible(kind.objects.filter(pk=kwargs["pk"])).exists():
            raise NotFound(no_such(kind, kwargs["pk"]))

    def get_queryset(self) -> QuerySet[Any]:
        pk = getattr(self, "kwargs", {}).get("pk")  # none while the schema is made
        own = {} if pk is None else {self.parent: pk}
        return super().get_queryset().filter(**own)

    def read(self, data: Any, *, is_whole: bool) -> dict[str, Any]:
        return {**super().read(data, is_whole=is_whole), f"{self.parent}_id": self.kwargs["pk"]}


def _tell_parts(
    model: type[Audited], rows: Sequence[dict[str, Any]], told: Mapping[str, Parts]
) -> None:
    """Puts into each row what is told of its parts; asks once for those of all rows."""
    for name, one in told.items():
        kind, whole = parts.kinds(model)[name]
        of_rows = kind._base_manager.filter(**{f"{whole.name}__in": [row["pk"] for row in rows]})
        columns = [member for member in one.members if member not in one.parts]
        found = list(of_rows.order_by(*kind.key, "pk").values("pk", whole.attname, *columns))
        _tell_parts(kind, found, one.parts)
        by_row: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for part in found:
            by_row[part[whole.attname]].append({member: part[member] for member in one.members})
        for row in rows:
            row[name] = by_row[row["pk"]]


@cache
def row_serializer(rows: type[Resource]) -> type[RowSerializer]:
    """One for all views of a resource."""
    declared = next(one for one in rows.__mro__ if "members" in vars(one))
    if declared is not rows:
        return row_serializer(declared)
    return serializer_of(
        rows.model,
        rows.members,
        read_only=("id", *rows.read_only),
        write_only=rows.secrets,
        base=rows.base,
        name=rows.word,
        parts=rows.parts,
    )
