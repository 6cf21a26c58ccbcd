"""Taking points out of service, and back."""

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import JsonBoolean, Note
from devices.api.once import IDEMPOTENCY_KEY
from devices.api.problems import Wrong
from devices.api.queries import Closed
from devices.enums import Role
from devices.middleware import actor
from t3000.api.commanding import Commanding, ask_once, locked
from t3000.api.commands import CommandSerializer
from t3000.domain.commands import request_service


class ServiceSerializer(Closed):
    """Whether the point shall be out of service."""

    out_of_service = JsonBoolean()
    note = Note(default="", help_text="Why.")


class OutOfService(Commanding):
    """Takes a point out of service, or back. While it is, its value is what is written and not what
    is measured, an input's too, and an output does not follow it."""

    serializer_class = ServiceSerializer
    role = Role.ENGINEER
    wrong = Wrong(field="out_of_service", detail="This is neither true nor false.")
    conflict = "VAR1 SP cannot be taken out of service: its protocol knows Auto and Manual only."

    @extend_schema(
        operation_id="points_out_of_service",
        description="The answer is the command as far as it has come; `wait` lets it come further. "
        "Takes the role engineer.",
        request=ServiceSerializer,
        responses={202: CommandSerializer},
        parameters=[IDEMPOTENCY_KEY],
    )
    def post(self, request: Request, pk: int) -> Response:
        self.point(pk)
        wish = ServiceSerializer(data=request.data)
        wish.is_valid(raise_exception=True)
        asked = wish.validated_data
        out, note = asked["out_of_service"], asked["note"]
        with transaction.atomic():
            point = locked(self.get_queryset(), pk)
            (command_id,) = ask_once(
                request,
                asked,
                lambda: [request_service(point, out=out, by=actor(request), note=note)],
            )
        return self.accepted(command_id)
