"""Searches for devices: how far they are, what they did and what they found."""

from typing import Any

from django.db.models import Count, F, Q, QuerySet
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import Choice, Id, YesNo
from devices.api.queries import FieldsQuery, ListQuery
from devices.api.views import ApiView, DetailView, ListView, no_such
from devices.enums import FindingKind, FindingState, StepKind
from devices.models import Scan, ScanStep


class ScanSerializer(serializers.ModelSerializer[Scan]):
    """A search of one network. `new` to `gone` count what it found otherwise than it was known,
    `open` what of it is still to be decided; `same` is as it was known."""

    asked_by = serializers.CharField(
        read_only=True, help_text="Who asked for it; empty: the hourly search."
    )
    behind = serializers.ListField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="Networks behind routers that were asked for; empty: all.",
    )
    new = serializers.IntegerField(read_only=True, help_text="Devices that nobody knew.")
    changed = serializers.IntegerField(read_only=True, help_text="Devices that are otherwise.")
    moved = serializers.IntegerField(read_only=True, help_text="Devices at another place.")
    gone = serializers.IntegerField(read_only=True, help_text="Devices that did not answer.")
    open = serializers.IntegerField(read_only=True, help_text="Findings to be decided.")

    class Meta:
        model = Scan
        fields = (
            "id",
            "network",
            "asked_by",
            "low",
            "high",
            "behind",
            "object_name",
            "started_at",
            "ended_at",
            "problem",
            "sent",
            "received",
            "heard",
            "described",
            "same",
            "new",
            "changed",
            "moved",
            "gone",
            "open",
        )
        read_only_fields = fields


class ScanQuery(ListQuery):
    network = Id(required=False)
    site = Id(required=False, source="network__site")
    running = YesNo(required=False, source="ended_at__isnull", help_text="Whether it is under way.")


def counted() -> QuerySet[Scan]:
    """Searches with the counts of what they found."""
    kinds = {kind.value: Count("findings", filter=Q(findings__kind=kind)) for kind in FindingKind}
    waiting = Count("findings", filter=Q(findings__state=FindingState.OPEN))
    return Scan.objects.annotate(asked_by=F("username"), open=waiting, **kinds).order_by("-pk")


class Scans(ApiView):
    serializer_class = ScanSerializer
    queryset = counted()
    tag = "discovery"


class ScanList(Scans, ListView):
    """Searches for devices, the latest first: the last of each network."""

    queries = {"GET": ScanQuery}


class ScanDetail(Scans, DetailView):
    """One search: how far it is, or how it ended."""

    queries = {"GET": FieldsQuery}


class StepSerializer(serializers.ModelSerializer[ScanStep]):
    """What happened in a search. `advice` says what the outcome means and what to do about it."""

    class Meta:
        model = ScanStep
        fields = ("id", "scan", "kind", "time", "text", "place", "is_problem", "sent", "received")
        read_only_fields = fields


class StepQuery(ListQuery):
    kind = Choice(choices=StepKind.choices, required=False)
    is_problem = YesNo(required=False)


class StepList(ListView):
    """The steps of a search, in their order: while it runs, ask with `cursor` for those to come."""

    serializer_class = StepSerializer
    queryset = ScanStep.objects.order_by("pk")
    queries = {"GET": StepQuery}
    tag = "discovery"
    operation = "scans_steps_list"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(scan=self.kwargs.get("pk"))

    def get(self, request: Request, pk: int) -> Response:  # type: ignore[override]  # of a search
        if not self.rights.visible(Scan.objects.filter(pk=pk)).exists():
            raise NotFound(no_such(Scan, pk))
        return super().get(request)
