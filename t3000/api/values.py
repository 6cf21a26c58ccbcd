"""A point's value: what it is, and the wish that it be another."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.etags import etag_of, require_match
from devices.api.fields import JsonInteger, JsonNumber, Moment, Note
from devices.api.once import IDEMPOTENCY_KEY
from devices.api.problems import Wrong
from devices.api.queries import Closed
from devices.api.views import no_such
from devices.domain import commands
from devices.middleware import actor
from devices.models import Command
from protocols.types import MANUAL, MINIMUM_ON_OFF
from t3000.api.commanding import Commanding, ask_once, locked
from t3000.api.commands import CommandSerializer, command_rows, with_points
from t3000.api.points import ValueSerializer
from t3000.domain.commands import request_write
from t3000.domain.present import PRESENT, present_rows
from t3000.models import Point


class PointValueSerializer(ValueSerializer):
    commands = CommandSerializer(
        many=True,
        help_text="Those that have not ended, and those that hold the point; latest first.",
    )


@extend_schema_field(
    {"type": "integer", "minimum": 1, "maximum": 16, "not": {"const": MINIMUM_ON_OFF}}
)
class Priority(JsonInteger):
    """Of BACnet; other protocols do not know it."""

    def __init__(self, **options: Any) -> None:
        super().__init__(min_value=1, max_value=16, **options)


class WriteSerializer(Closed):
    """A value for the point, or null to release what was written at the priority."""

    value = JsonNumber(allow_null=True)
    priority = Priority(default=MANUAL, help_text="1 is the strongest, 8 the hand.")
    until = Moment(
        allow_null=True, default=None, help_text="When it is released by itself; null: never."
    )
    note = Note(default="", help_text="Why.")


class PointValue(Commanding):
    """The present value of a point, judged now, and what was commanded.

    The ETag changes with the value, its quality and every command to the point; `If-Match` with it
    makes a write conditional.
    """

    serializer_class = WriteSerializer
    refusals = (409, 412, 429)
    wrong = Wrong(field="value", detail="120 is out of range; write 0 to 100.")
    conflict = "IN1 ZN-T cannot be written: it is read only."

    @extend_schema(
        operation_id="points_value_retrieve",
        responses=PointValueSerializer,
        parameters=[OpenApiParameter("ETag", location="header", response=[200])],
    )
    def get(self, request: Request, pk: int) -> Response:
        point = self.point(pk)
        state = _state(pk)
        active = commands.of_point(point.device_id, point.address)
        row = {**state, "commands": command_rows(with_points(active))}
        return Response(row, headers={"ETag": _etag(point, state)})

    @extend_schema(
        operation_id="points_value_write",
        description="Asks for the point to be written, or released. The answer is the command as "
        "far as it has come; `wait` lets it come further. Takes the role operator.",
        request=WriteSerializer,
        responses={202: CommandSerializer},
        parameters=[
            OpenApiParameter("If-Match", location="header", description="The ETag of the value."),
            IDEMPOTENCY_KEY,
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.point(pk)
        write = WriteSerializer(data=request.data)
        write.is_valid(raise_exception=True)
        asked = write.validated_data
        with transaction.atomic():
            point = locked(self.get_queryset(), pk)
            (command_id,) = ask_once(request, asked, lambda: [_request(request, point, asked)])
        return self.accepted(command_id)


def _request(request: Request, point: Point, write: dict[str, Any]) -> Command:
    require_match(request, lambda: _etag(point, _state(point.pk)))
    return request_write(point, by=actor(request), **write)


def _state(pk: int) -> dict[str, Any]:
    states = present_rows(Point.objects.filter(pk=pk), timezone.now(), PRESENT)
    if not states:
        raise NotFound(no_such(Point, pk))
    return states[0]


def _etag(point: Point, state: dict[str, Any]) -> str:
    """Not of the time until when it is true: that goes on with every poll."""
    latest = Command.objects.filter(device=point.device_id, point=point.address).first()
    how = (latest.pk, latest.state, latest.over_at is None) if latest else None
    return etag_of([point.pk, state["value"], state["quality"], how])
