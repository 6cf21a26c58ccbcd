"""POST on `bulk`: up to a thousand rows of a resource at a time, all or nothing. All that is wrong
is named, by row and member."""

from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from django.db import transaction
from rest_framework import serializers
from rest_framework.exceptions import ParseError, ValidationError
from rest_framework.fields import empty
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import JsonId
from devices.api.once import once
from devices.api.queries import Closed
from devices.api.refusals import refusals
from devices.api.resources import Resource, row_serializer
from devices.api.views import ApiView

MOST_ROWS = 1000


class BulkAnswerSerializer(serializers.Serializer[Any]):
    """Ids, in the order in which the rows were given."""

    created = serializers.ListField(child=serializers.IntegerField())
    updated = serializers.ListField(child=serializers.IntegerField())
    deleted = serializers.ListField(child=serializers.IntegerField())


class ResourceBulk(ApiView):
    """Creates, changes and deletes many rows."""

    needs_body = True
    refusals = (409,)

    def post(self, request: Request) -> Response:
        resource = cast("Resource", self)
        with refusals():
            data = request.data
            answer = once(request, data, lambda: self._carry_out(resource, data))
        return Response(answer)

    def _carry_out(self, resource: Resource, data: Any) -> dict[str, list[int]]:
        asked = _Bulk(data=data)
        asked.is_valid(raise_exception=True)
        lists = asked.validated_data
        count = sum(len(rows) for rows in lists.values())
        if not 1 <= count <= MOST_ROWS:
            raise ParseError(f"These are {count:,} rows; give 1 to {MOST_ROWS:,} at a time.")
        for name in ("create", "update", "delete"):
            if lists[name] and name not in resource.can:
                raise ValidationError({name: [f"Rows of this kind are not {name}d by clients."]})
        wrong: dict[str, Any] = {}
        created = _each(resource, lists["create"], "create", wrong)
        updated = _each(resource, lists["update"], "update", wrong)
        deleted = lists["delete"]
        if wrong:
            raise ValidationError(wrong)
        ids = [values.pop("id") for values in updated]
        _refuse_twice(ids, deleted)
        changes = dict(zip(ids, updated, strict=True))
        with transaction.atomic():
            if deleted:
                with refusals(part="delete", ids=deleted):
                    resource.remove(deleted)
            if changes:
                with refusals(part="update", ids=ids):
                    resource.update(changes)
            made: list[int] = []
            if created:
                with refusals(part="create"):
                    made = resource.create(created)
        return {"created": made, "updated": ids, "deleted": deleted}


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
        return int(JsonId().run_validation(row.pop("id", empty)))
    except ValidationError as error:
        raise ValidationError({"id": error.detail}) from None


def _refuse_twice(updated: Sequence[int], deleted: Sequence[int]) -> None:
    """Raises ValidationError for what is to be changed twice, or changed and deleted."""
    wrong: dict[str, Any] = {}
    seen: set[int] = set()
    for part, ids in (("delete", deleted), ("update", updated)):
        for number, pk in enumerate(ids):
            if pk in seen:
                told = [f"Row {pk} is named before; name it once, to change or to delete it."]
                wrong.setdefault(part, {})[number] = told if part == "delete" else {"id": told}
            seen.add(pk)
    if wrong:
        raise ValidationError(wrong)


@cache
def bulk_serializer(rows: type[Resource]) -> type[serializers.Serializer[Any]]:
    """What a bulk takes, for the schema."""
    name = rows.model.__name__
    row = row_serializer(rows)
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
