"""Writes to several points at a time."""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import Throttled, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import JsonId
from devices.api.once import IDEMPOTENCY_KEY
from devices.api.problems import Wrong
from devices.api.queries import Closed
from devices.api.throttling import CommandThrottle
from devices.domain import commands
from devices.domain.commands import BadCommand, Wish
from devices.middleware import actor
from devices.models import Command
from t3000.api.commanding import Commanding, ask_once
from t3000.api.commands import CommandSerializer
from t3000.api.values import WriteSerializer
from t3000.domain.commands import wish_of
from t3000.models import Point

MOST_WRITES = 100


class PointWriteSerializer(WriteSerializer):
    """A value for a point, or null to release what was written at the priority."""

    point = JsonId()


class WritesSerializer(Closed):
    """Commands, in the order in which they shall be carried out at a point."""

    create = serializers.ListField(  # type: ignore[assignment]  # a serializer's own name too
        child=PointWriteSerializer(),
        min_length=1,
        max_length=MOST_WRITES,
        error_messages={
            "min_length": "Give one write at least.",
            "max_length": f"Give {MOST_WRITES} writes at a time, at most.",
        },
    )


class WrittenSerializer(serializers.Serializer[Any]):
    commands = CommandSerializer(many=True, help_text="In the order in which they were given.")


class CommandBulk(Commanding):
    """Writes several points: all or nothing is asked for, and each command has its own end. Those
    to one device go out together where it takes that."""

    serializer_class = WritesSerializer
    can = ("create",)
    tag = "commands"
    wrong = Wrong(field="create.1.value", detail="120 is out of range; write 0 to 100.")
    conflict = "IN1 ZN-T cannot be written: it is read only while it is in service."

    @extend_schema(
        operation_id="commands_bulk",
        description=f"1 to {MOST_WRITES} writes. What is wrong with any is told by its place, and "
        "then none is asked for. Takes the role operator at the site of each point.",
        request=WritesSerializer,
        responses={202: WrittenSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request) -> Response:
        asked = WritesSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        writes = asked.validated_data["create"]
        self._count(request, len(writes) - 1)
        with transaction.atomic():
            points = self._points([write["point"] for write in writes])
            ids = ask_once(request, writes, lambda: _request(request, points, writes))
        return Response({"commands": self.rows_of(ids)}, status=202)

    def _count(self, request: Request, more: int) -> None:
        """Each write is a command; the request itself was counted before."""
        throttle = CommandThrottle()
        for _ in range(more):
            if not throttle.allow_request(request, self):
                raise Throttled(throttle.wait())

    def _points(self, ids: Sequence[int]) -> dict[int, Point]:
        """Raises ValidationError for those that there are not."""
        points = self.get_queryset().select_related("current", "device__network")
        found = points.select_for_update(no_key=True, of=("self",)).order_by("pk").in_bulk(ids)
        wrong: dict[Any, Any] = {
            place: {"point": [f"There is no point {pk}."]}
            for place, pk in enumerate(ids)
            if pk not in found
        }
        if wrong:
            raise ValidationError({"create": wrong})
        return found


def _request(
    request: Request, points: dict[int, Point], writes: Sequence[dict[str, Any]]
) -> list[Command]:
    wishes: list[Wish] = []
    wrong: dict[Any, Any] = {}
    for place, write in enumerate(writes):
        asked = {name: value for name, value in write.items() if name != "point"}
        try:
            wishes.append(wish_of(points[write["point"]], **asked))
            commands.check(wishes[-1])
        except BadCommand as error:
            wrong[place] = {error.field: [error.message]}
    if wrong:
        raise ValidationError({"create": wrong})
    return commands.request_all(wishes, by=actor(request))
