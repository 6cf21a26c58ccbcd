"""What searches found otherwise than it was known, and what is decided on it."""

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import Choice, Id, JsonId
from devices.api.once import IDEMPOTENCY_KEY, once
from devices.api.problems import Wrong
from devices.api.queries import Closed, FieldsQuery, SearchQuery
from devices.api.refusals import refusals
from devices.api.views import ApiView, DetailView, ListView
from devices.domain import findings, rows
from devices.enums import FindingKind, FindingState
from devices.models import Finding


@extend_schema_field({})
class Anything(serializers.JSONField):
    """A value of whatever type the field has."""


class DifferenceSerializer(serializers.Serializer[Any]):
    """One thing that is otherwise: of the device, of a point or of an object that is no point."""

    subject = serializers.ChoiceField(choices=["device", "point", "object"])
    address = serializers.CharField(help_text="Which point or object: analog-input,3.")
    field = serializers.CharField(help_text="What of it; empty: that it is there at all.")
    was = Anything(help_text="As it is known; null: it is not.")
    now = Anything(help_text="As the device tells it; null: not any more.")


class FindingSerializer(serializers.ModelSerializer[Finding]):
    differences = DifferenceSerializer(many=True, read_only=True)

    class Meta:
        model = Finding
        fields = (
            "id",
            "scan",
            "network",
            "kind",
            "state",
            "found_at",
            "instance",
            "address",
            "name",
            "vendor_id",
            "vendor_name",
            "model_name",
            "points",
            "problem",
            "device",
            "differences",
            "decided_by",
            "decided_at",
        )
        read_only_fields = fields


class FindingQuery(SearchQuery):
    scan = Id(required=False)
    network = Id(required=False)
    site = Id(required=False, source="network__site")
    device = Id(required=False)
    kind = Choice(choices=FindingKind.choices, required=False)
    state = Choice(choices=FindingState.choices, required=False)


class Findings(ApiView):
    serializer_class = FindingSerializer
    queryset = Finding.objects.order_by("-pk")
    tag = "discovery"


class FindingList(Findings, ListView):
    """What searches found otherwise than it was known, the latest first; `open` waits to be
    approved or dismissed."""

    queries = {"GET": FindingQuery}
    search_in = ("name", "address", "vendor_name", "model_name")


class FindingDetail(Findings, DetailView):
    """One finding."""

    queries = {"GET": FieldsQuery}


class DecisionSerializer(Closed):
    """Which findings; all or none are decided."""

    findings = serializers.ListField(child=JsonId(), min_length=1, max_length=findings.MOST)


class DecidedSerializer(serializers.Serializer[Any]):
    """What was decided, in the order of the ids."""

    findings = serializers.ListField(child=serializers.IntegerField())
    devices = serializers.ListField(
        child=serializers.IntegerField(allow_null=True),
        help_text="The ids of their devices; null: it is none.",
    )


class Decision(ApiView):
    """Decides on findings. Takes the role engineer at their sites."""

    serializer_class = DecisionSerializer
    queryset = Finding.objects.all()
    tag = "discovery"
    refusals = (409,)
    wrong = Wrong(field="findings.0", detail="There is no finding 9.")
    conflict = "AHU-1 at 10.1.0.5: was approved by anna already."
    decide: ClassVar[Callable[..., Sequence[Finding]]]

    @extend_schema(
        request=DecisionSerializer, responses=DecidedSerializer, parameters=[IDEMPOTENCY_KEY]
    )
    def post(self, request: Request) -> Response:
        asked = DecisionSerializer(data=request.data)
        asked.is_valid(raise_exception=True)
        ids = asked.validated_data["findings"]
        with refusals():
            answer = once(request, request.data, lambda: self._decide(ids))
        return Response(answer)

    def _decide(self, ids: Sequence[int]) -> dict[str, Any]:
        try:
            decided = type(self).decide(ids, by=self.rights)
        except rows.NoSuchRows as error:
            unknown = [(n, pk) for n, pk in enumerate(ids) if pk in error.ids]
            wrong: Any = {n: [f"There is no finding {pk}."] for n, pk in unknown}
            raise ValidationError({"findings": wrong}) from None
        devices = [one.device_id for one in decided]
        return {"findings": [one.pk for one in decided], "devices": devices}


class Dismiss(Decision):
    """Leaves findings as they are: they are not taken over, and stay dismissed while later searches
    find the same. One that was dismissed can still be approved. Takes the role engineer."""

    operation = "findings_dismiss"
    decide = staticmethod(findings.dismiss)
