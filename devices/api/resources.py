"""Rows that people configure, as REST resources. A resource says what its rows are; what can be
done to rows is here, once.

GET and POST on the list; GET, PUT, PATCH and DELETE on a row; POST on `bulk` for up to a thousand
rows, all or nothing. A row's ETag makes a change conditional (`If-Match`), an `Idempotency-Key`
makes a POST safe to send again.
"""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from functools import cache, cached_property
from types import MappingProxyType
from typing import Any, ClassVar, cast

from django.db import transaction
from django.db.models import QuerySet
from django.urls import URLPattern, path, reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, ParseError, ValidationError
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from devices.api.etags import ETAG, IF_MATCH, etag_of, require_match
from devices.api.fields import JsonId
from devices.api.once import IDEMPOTENCY_KEY, once
from devices.api.problems import Conflict, Wrong
from devices.api.queries import Closed, FieldsQuery, ListQuery, Query
from devices.api.refusals import refusals
from devices.api.serializers import Parts, RowSerializer, serializer_of
from devices.api.views import ApiView, DetailView, ListView, no_such
from devices.domain import rows
from devices.models import parts
from devices.models.audited import Audited

MOST_ROWS = 1000


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
    route: ClassVar[str] = ""  # the name of the path of a row
    word: ClassVar[str] = ""  # what the schema calls a row; as the model unless told
    create_query: ClassVar[type[Query]] = Query  # the parameters of what adds rows
    create_answers: ClassVar[Mapping[int, Any]] = MappingProxyType({})  # beside 201, for the schema
    wrong = Wrong(field="name", detail="This is required.")
    conflict = "It is still needed by 2 devices: delete or move those first."

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        is_sited = bool(self.model.site_path)
        if request.method not in SAFE_METHODS and not is_sited:
            with refusals():  # before anything is told of what would be right
                self.rights.require(self.role, None)

    @classmethod
    def annotated(cls) -> QuerySet[Any]:
        """All rows, with what is told beside their columns, in their order."""
        return cls.model._default_manager.order_by(*cls.order, "pk")

    def get_queryset(self) -> QuerySet[Any]:
        return self.rights.visible(self.annotated())

    def get_serializer_class(self) -> type[RowSerializer]:
        return _serializer(type(self))

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
            values = self.read(request.data, is_whole=True)
            what = [request.path, request.data]
            (pk,) = once(request, what, lambda: self.create([values]))
        return self.created(pk)

    def created(self, pk: int) -> Response:
        row = self.whole_rows([pk]).get(pk)
        if row is None:
            raise Conflict("This was created before with the same key, and deleted since.")
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

    def post(self, request: Request, **_of: int) -> Response:
        return cast("Resource", self).create_one(request)


class ResourceDetail(DetailView):
    """A row of a resource."""

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
            resource.update({pk: resource.read(request.data, is_whole=is_whole)})
        row = self.row(pk)
        return Response(row, headers={"ETag": resource.etag(row)})

    def delete(self, request: Request, pk: int) -> Response:
        resource = cast("Resource", self)
        with refusals(pk), transaction.atomic():
            self.row(pk)
            resource.check_etag(request, pk)
            resource.remove([pk])
        return Response(status=204)


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """Ids, in the order in which the rows were given."""

    created = serializers.ListField(child=serializers.IntegerField())
    updated = serializers.ListField(child=serializers.IntegerField())
    deleted = serializers.ListField(child=serializers.IntegerField())


class ResourceBulk(ApiView):
    """Creates, changes and deletes many rows."""

    needs_body = True

    def post(self, request: Request) -> Response:
        resource = cast("Resource", self)
        with refusals():
            what = [request.path, request.data]
            answer = once(request, what, lambda: self._carry_out(resource, request.data))
        return Response(answer)

    def _carry_out(self, resource: Resource, data: Any) -> dict[str, list[int]]:
        asked = _Bulk(data=data)
        asked.is_valid(raise_exception=True)
        lists = asked.validated_data
        count = sum(len(rows) for rows in lists.values())
        if not 1 <= count <= MOST_ROWS:
            raise ParseError(f"These are {count} rows; give 1 to {MOST_ROWS:,} at a time.")
        for name in ("create", "update", "delete"):
            if lists[name] and name not in resource.can:
                raise ValidationError({name: [f"Rows of this kind are not {name}d by clients."]})
        wrong: dict[str, Any] = {}
        created = _each(resource, lists["create"], "create", wrong)
        updated = _each(resource, lists["update"], "update", wrong)
        deleted = lists["delete"]
        if wrong:
            raise ValidationError(wrong)
        changes = {values.pop("id"): values for values in updated}
        for name, ids in (("update", [*changes]), ("delete", deleted)):
            if len(set(ids)) < len(lists[name]):
                raise ValidationError({name: ["A row is named twice."]})
        with transaction.atomic():
            if deleted:
                with refusals(part="delete"):
                    resource.remove(deleted)
            if changes:
                with refusals(part="update"):
                    resource.update(changes)
            made: list[int] = []
            if created:
                with refusals(part="create"):
                    made = resource.create(created)
        return {"created": made, "updated": [*changes], "deleted": deleted}


class _Rows(serializers.ListField):
    child = serializers.DictField()


class _Bulk(Closed):
    create = _Rows(default=list)  # type: ignore[assignment]  # serializers' own names too
    update = _Rows(default=list)  # type: ignore[assignment]
    delete = serializers.ListField(child=JsonId(), default=list)


def _each(
    resource: Resource, given: Sequence[Any], part: str, wrong: dict[str, Any]
) -> list[dict[str, Any]]:
    """The rows as they are read; what is wrong with them is put into `wrong`."""
    found: list[dict[str, Any]] = []
    for number, data in enumerate(given):
        values: dict[str, Any] = {}
        try:
            row = dict(data)
            if part == "update":
                values["id"] = _id_of(row)
            values |= resource.read(row, is_whole=part == "create")
        except ValidationError as error:
            wrong.setdefault(part, {})[number] = error.detail
        found.append(values)
    return found


def _id_of(row: dict[str, Any]) -> int:
    try:
        return int(JsonId().run_validation(row.pop("id", None)))
    except ValidationError as error:
        raise ValidationError({"id": error.detail}) from None


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


METHODS = {"post": "create", "put": "update", "patch": "update", "delete": "delete"}


def _view(rows: type[Resource], base: type[ApiView], suffix: str, told: str) -> type[APIView]:
    """The view of a resource's list, row or bulk, with the methods that it has."""
    serializer = _serializer(rows)
    members: dict[str, Any] = {"__doc__": told, "__module__": rows.__module__}
    if base is ResourceBulk:
        members["post"] = extend_schema(
            operation_id=f"{_word(rows)}_bulk",
            request=_bulk_serializer(rows),
            responses=BulkAnswerSerializer,
            parameters=[IDEMPOTENCY_KEY],
        )(_method(base, "post"))
    else:
        query = rows.query_class if base is ResourceList else FieldsQuery
        members["queries"] = {"GET": query}
        if base is ResourceList and rows.create_query is not Query:
            members["queries"]["POST"] = rows.create_query
        for method, what in METHODS.items():
            if not hasattr(base, method):
                continue
            if what not in rows.can:
                members[method] = None
                continue
            members[method] = extend_schema(
                responses={201: serializer, **rows.create_answers} if method == "post" else None
                if method == "delete" else serializer,
                parameters=[ETAG, IDEMPOTENCY_KEY] if method == "post" else [ETAG, IF_MATCH]
                if method != "delete" else [IF_MATCH],
            )(_method(base, method))  # fmt: skip
    members["refusals"] = {
        "List": (409,), "Detail": (409, 412), "Bulk": (409,)
    }[suffix]  # fmt: skip
    return type(f"{rows.__name__}{suffix}", (rows, base), members)


def _method(base: type[ApiView], name: str) -> Callable[..., Response]:
    """A method of its own for each resource: what is told of it is written onto it."""
    inherited = getattr(base, name)

    def method(self: Any, request: Request, *args: Any, **kwargs: Any) -> Response:
        return cast("Response", inherited(self, request, *args, **kwargs))

    method.__name__ = name
    return method


def _word(rows: type[Resource]) -> str:
    return str(rows.model._meta.verbose_name_plural).replace(" ", "_")


@cache
def _serializer(rows: type[Resource]) -> type[RowSerializer]:
    declared = next(one for one in rows.__mro__ if "members" in vars(one))
    if declared is not rows:
        return _serializer(declared)
    return serializer_of(
        rows.model,
        rows.members,
        read_only=("id", *rows.read_only),
        write_only=rows.secrets,
        base=rows.base,
        name=rows.word,
        parts=rows.parts,
    )


@cache
def _bulk_serializer(rows: type[Resource]) -> type[serializers.Serializer[Any]]:
    """What a bulk takes, for the schema."""
    name = rows.model.__name__
    row = _serializer(rows)
    changed = type(f"{name}ChangeSerializer", (row,), {"id": JsonId(), "always": ["id"]})
    meta = type("Meta", (row.Meta,), {"read_only_fields": rows.read_only})
    changed.Meta = meta  # type: ignore[attr-defined]
    members: dict[str, Any] = {
        "create": row(many=True, required=False),
        "update": changed(many=True, required=False, partial=True),
        "delete": serializers.ListField(child=JsonId(), required=False, max_length=MOST_ROWS),
        "__doc__": f"What to do, up to {MOST_ROWS:,} rows in all.",
    }
    return type(f"{name}BulkSerializer", (Closed,), members)
