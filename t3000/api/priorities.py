"""The priority array of a point: as it was last read, and the wish that it be read anew."""

from dataclasses import asdict
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import WaitSeconds
from devices.api.problems import Wrong
from devices.api.queries import Query
from devices.api.refusals import refusals
from devices.api.throttling import CommandThrottle
from devices.api.views import ApiView, no_such
from devices.api.waiting import wait_while
from devices.domain.errors import NotPossible
from devices.enums import Role
from t3000.domain import priorities
from t3000.domain.priorities import SlotState, Winner
from t3000.models import Point, PriorityArray

SLOT_STATES = [state.value for state in SlotState]
WINNERS = [winner.value for winner in Winner]


class SlotSerializer(serializers.Serializer[Any]):
    """One of the 16 slots."""

    priority = serializers.IntegerField(help_text="1 is the strongest.")
    name = serializers.CharField(help_text="What the standard keeps it for.")
    state = serializers.ChoiceField(
        choices=SLOT_STATES, help_text="unreadable: the device does not tell, or not a number."
    )
    value = serializers.FloatField(allow_null=True, help_text="null unless it is filled.")
    wins = serializers.BooleanField(help_text="Whether it has the point.")


class PrioritiesSerializer(serializers.Serializer[Any]):
    """Who commands a point, and who would behind him."""

    slots = SlotSerializer(many=True)
    relinquish_default = serializers.FloatField(
        allow_null=True, help_text="Has the point while all slots are empty."
    )
    winner = serializers.ChoiceField(
        choices=WINNERS, help_text="unknown: it was never read, or a stronger slot cannot be read."
    )
    priority = serializers.IntegerField(allow_null=True, help_text="That has the point.")
    value = serializers.FloatField(allow_null=True, help_text="Of the slot or default that has it.")
    read_at = serializers.DateTimeField(allow_null=True, help_text="null: never.")


class ReadQuery(Query):
    wait = WaitSeconds(
        default=0.0, help_text="Seconds to wait for the device, at most; less when many wait."
    )


class PriorityArrayView(ApiView):
    """The priority array of a point, as it was last read: with every command to it, every half a
    minute while a write of ours holds it, and when somebody asks."""

    queryset = Point.objects.select_related("device__network")
    serializer_class = PrioritiesSerializer
    queries = {"POST": ReadQuery}
    throttle_classes = [CommandThrottle]
    tag = "points"
    role = Role.OPERATOR
    refusals = (409, 429)
    wrong = Wrong(field="wait", detail="This is not a number of seconds; write one such as 2.")
    conflict = "AHU-1 is switched off here: it is neither read nor commanded."

    @extend_schema(operation_id="points_priorities_retrieve", responses=PrioritiesSerializer)
    def get(self, request: Request, pk: int) -> Response:
        return Response(_told(self._point(pk)))

    @extend_schema(
        operation_id="points_priorities_read",
        description="Has it read anew; nothing is written. The answer is what is known: `wait` "
        "lets the device answer first, and `read_at` tells whether it did. Takes the role operator:"
        " it is a request to the device.",
        request=None,
        responses={202: PrioritiesSerializer},
    )
    def post(self, request: Request, pk: int) -> Response:
        point = self._point(pk)
        asked_at = timezone.now()
        with refusals():
            self.rights.require(Role.OPERATOR, point.device.network.site_id)
            priorities.read_again(point)
        is_read = PriorityArray.objects.filter(point=point, read_at__gte=asked_at)
        wait_while(lambda: not is_read.exists(), self.query["wait"])
        return Response(_told(point), status=202)

    def _point(self, pk: int) -> Point:
        """Raises NotFound, also for a point that has no such array."""
        point: Point | None = self.get_queryset().filter(pk=pk).first()
        if point is None:
            raise NotFound(no_such(Point, pk))
        try:
            priorities.check_has_some(point)
        except NotPossible as error:
            raise NotFound(str(error)) from None
        return point


def _told(point: Point) -> dict[str, Any]:
    return asdict(priorities.of_point(point))
