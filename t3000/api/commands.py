"""Commands to points, and what became of them."""

from typing import Any

from django.db.models import OuterRef, QuerySet, Subquery
from rest_framework import serializers

from devices.api.fields import Choice, Id
from devices.api.queries import ListQuery
from devices.api.views import ApiView, DetailView, ListView
from devices.enums import CommandKind, CommandState, Origin
from devices.models import Command
from t3000.models import Point


class CommandSerializer(serializers.ModelSerializer[Command]):
    """A write or a release. It has ended when `finished_at` is told."""

    point = serializers.IntegerField(
        allow_null=True, read_only=True, help_text="The id of the point; null when it is gone."
    )
    address = serializers.CharField(read_only=True, help_text="The protocol's own address.")
    value = serializers.FloatField(
        allow_null=True, read_only=True, help_text="What is written; null for a release."
    )
    by = serializers.CharField(read_only=True, help_text="Who asked for it.")
    holds = serializers.BooleanField(
        read_only=True, help_text="Whether what it wrote holds the point now, as far as is known."
    )

    class Meta:
        model = Command
        fields = (
            "id",
            "device",
            "device_name",
            "point",
            "point_name",
            "address",
            "kind",
            "value",
            "priority",
            "until",
            "note",
            "by",
            "origin",
            "state",
            "message",
            "old_value",
            "new_value",
            "holds",
            "created_at",
            "sent_at",
            "finished_at",
            "over_at",
        )
        read_only_fields = fields


class CommandQuery(ListQuery):
    device = Id(required=False)
    point = Id(required=False)
    state = Choice(choices=CommandState.choices, required=False)
    kind = Choice(choices=CommandKind.choices, required=False)
    origin = Choice(choices=Origin.choices, required=False)


def with_points(commands: QuerySet[Command]) -> QuerySet[Command]:
    """A command knows its point by address; programs know it by id."""
    points = Point.objects.filter(device=OuterRef("device"), address=OuterRef("point"))
    return commands.annotate(point_id=Subquery(points.values("pk")[:1]))


class CommandRows(ApiView):
    serializer_class = CommandSerializer
    queryset = with_points(Command.objects.order_by("-pk"))
    tag = "commands"

    def rows(self, queryset: QuerySet[Command]) -> list[dict[str, Any]]:
        return self.only_told(command_rows(queryset))


class CommandList(CommandRows, ListView):
    """Commands, the latest first."""

    queries = {"GET": CommandQuery}

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The point is looked up once, not for every command that ever was."""
        self.query = dict(self.query)
        point_id = self.query.pop("point", None)
        commands = super().filter_queryset(queryset)
        if point_id is None:
            return commands
        point = Point.objects.filter(pk=point_id).first()
        if point is None:
            return commands.none()
        return commands.filter(device=point.device_id, point=point.address)


class CommandDetail(CommandRows, DetailView):
    """One command: how far it is, or how it ended."""


def command_rows(commands: QuerySet[Command]) -> list[dict[str, Any]]:
    return [_row(command) for command in commands]


def _row(command: Command) -> dict[str, Any]:
    return {
        "id": command.pk,
        "device": command.device_id,
        "device_name": command.device_name,
        "point_name": command.point_name,
        "point": command.point_id,  # type: ignore[attr-defined]  # annotated above
        "address": command.point,
        "kind": command.kind,
        "value": command.value,
        "priority": command.priority,
        "until": command.until,
        "note": command.note,
        "by": command.username,
        "origin": command.origin,
        "state": command.state,
        "message": command.message,
        "old_value": command.old_value,
        "new_value": command.new_value,
        "holds": command.holds,
        "created_at": command.created_at,
        "sent_at": command.sent_at,
        "finished_at": command.finished_at,
        "over_at": command.over_at,
    }
