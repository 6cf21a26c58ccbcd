"""Wishes that become commands: what all of their endpoints do."""

from collections.abc import Sequence
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.urls import reverse
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import WaitSeconds
from devices.api.once import once
from devices.api.queries import Query
from devices.api.refusals import refusals
from devices.api.throttling import CommandThrottle
from devices.api.views import ApiView, no_such
from devices.api.waiting import wait_while
from devices.enums import OPEN_STATES, Role
from devices.models import Command
from t3000.api.commands import command_rows, with_points
from t3000.models import Point


class WaitQuery(Query):
    wait = WaitSeconds(
        default=0.0,
        help_text="Seconds to wait for the end of the command, at most; less when many wait.",
    )


class Commanding(ApiView):
    """The user gives commands to points."""

    queryset = Point.objects.all()
    queries = {"POST": WaitQuery}
    throttle_classes = [CommandThrottle]
    tag = "points"
    role = Role.OPERATOR
    refusals: ClassVar[Sequence[int]] = (409, 429)

    def point(self, pk: int) -> Point:
        """Raises NotFound: before anything is told of what would be right."""
        found: Point | None = self.get_queryset().filter(pk=pk).first()
        if found is None:
            raise NotFound(no_such(Point, pk))
        return found

    def rows_of(self, command_ids: Sequence[int]) -> list[dict[str, Any]]:
        """As far as the commands have come, when the time to wait is over."""
        asked = Command.objects.filter(pk__in=command_ids)
        wait_while(asked.filter(state__in=OPEN_STATES).exists, self.query["wait"])
        return command_rows(with_points(asked).order_by("pk"))

    def accepted(self, command_id: int) -> Response:
        (row,) = self.rows_of([command_id])
        location = reverse("api-command", args=[command_id])
        return Response(row, status=202, headers={"Location": location})


def ask_once(request: Request, what: Any, make: Any) -> list[int]:
    """The ids of the commands that `make` gives, or gave when the request came before."""

    def ids() -> list[int]:
        with refusals():
            return [command.pk for command in make()]

    found: list[int] = once(request, what, ids)
    return found


def locked(points: QuerySet[Point], pk: int) -> Point:
    """Whoever commands the same point waits for us, so that we see what he did or he sees ours.
    Call it inside a transaction."""
    point = points.select_for_update(no_key=True, of=("self",)).filter(pk=pk).first()
    if point is None:
        raise NotFound(no_such(Point, pk))
    return point
