"""Searching for devices, and how far such a search or the connection to one device is."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import Choice, Id, JsonId, JsonInteger, JsonText
from devices.api.once import IDEMPOTENCY_KEY, once
from devices.api.problems import Wrong
from devices.api.queries import Closed, ListQuery
from devices.api.refusals import refusals
from devices.api.views import ApiView, DetailView, ListView, asker
from devices.domain import jobs
from devices.domain.rights import Rights
from devices.enums import JobKind, JobState
from devices.models import Job, Network
from devices.models.device import LARGEST_INSTANCE
from devices.models.scan import search_of

MOST_NETWORKS = 1000
MOST_BEHIND = 100


class SearchSerializer(Closed):
    """Which networks to search; without: all that are switched on. Whom to ask there; without
    limits everybody. With limits only BACnet/IP is searched."""

    networks = serializers.ListField(
        child=JsonId(), required=False, min_length=1, max_length=MOST_NETWORKS
    )
    low = JsonInteger(
        required=False,
        min_value=0,
        max_value=LARGEST_INSTANCE,
        help_text="The lowest BACnet instance that shall answer.",
    )
    high = JsonInteger(
        required=False, min_value=0, max_value=LARGEST_INSTANCE, help_text="The highest one."
    )
    behind = serializers.ListField(
        child=JsonInteger(min_value=1, max_value=65534),
        required=False,
        max_length=MOST_BEHIND,
        help_text="Numbers of networks behind routers; empty: all that routers tell of.",
    )
    object_name = JsonText(
        required=False,
        max_length=128,
        allow_blank=True,
        help_text="Only devices that have an object of this name shall answer.",
    )

    def validate(self, values: dict[str, Any]) -> dict[str, Any]:
        if values.get("low", 0) > values.get("high", LARGEST_INSTANCE):
            wrong = "This is below low; write the highest instance that shall answer."
            raise ValidationError({"high": [wrong]})
        return values


class JobNetworkSerializer(serializers.Serializer[Any]):
    network = serializers.IntegerField()
    state = serializers.ChoiceField(choices=JobState.choices)
    problem = serializers.CharField(help_text="Why it failed.")
    scan = serializers.IntegerField(
        allow_null=True, help_text="The id of its search, with all steps, once that has begun."
    )


class JobSerializer(serializers.Serializer[Any]):
    """A search for devices, finished when all its networks are; or a connection to one."""

    id = serializers.IntegerField()
    kind = serializers.ChoiceField(choices=JobKind.choices)
    state = serializers.ChoiceField(choices=JobState.choices)
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    low = serializers.IntegerField(allow_null=True, help_text="The lowest instance asked for.")
    high = serializers.IntegerField(allow_null=True, help_text="The highest one.")
    behind = serializers.ListField(
        child=serializers.IntegerField(), help_text="Networks behind routers that were asked for."
    )
    object_name = serializers.CharField(help_text="The name of the object asked for.")
    networks = JobNetworkSerializer(many=True)
    heard = serializers.IntegerField(help_text="Devices that answered its searches so far.")
    described = serializers.IntegerField(
        help_text="Those of them that told what they hold, or how far they came."
    )
    devices = serializers.IntegerField(
        help_text="How many are known on these networks now; of a connection its own."
    )
    new_devices = serializers.IntegerField(help_text="How many of them this job met first.")
    device = serializers.IntegerField(
        allow_null=True, help_text="The id of the device that it connected to."
    )


class Discover(ApiView):
    """Looks for devices. Takes the role engineer."""

    serializer_class = SearchSerializer
    tag = "devices"
    operation = "devices_discover"
    refusals = (409,)
    wrong = Wrong(field="networks", detail="There is no network 9.")
    conflict = "There is no network to search: none is switched on."

    @extend_schema(
        request=SearchSerializer, responses={202: JobSerializer}, parameters=[IDEMPOTENCY_KEY]
    )
    def post(self, request: Request) -> Response:
        search = SearchSerializer(data=request.data)
        search.is_valid(raise_exception=True)
        try:
            with refusals():
                asked = search.validated_data
                (pk,) = once(request, request.data, lambda: [_search(request, asked)])
        except jobs.NoSuchNetworks as error:
            raise ValidationError({"networks": [f"There is no network {error}."]}) from None
        return accepted(Job.objects.get(pk=pk), self.rights)


def _search(request: Request, asked: Mapping[str, Any]) -> int:
    limits = {name: value for name, value in asked.items() if name != "networks"}
    search, now = search_of(**limits), timezone.now()
    return jobs.request_search(asked.get("networks"), search, by=asker(request), now=now).pk


class JobQuery(ListQuery):
    kind = Choice(choices=JobKind.choices, required=False)
    network = Id(required=False)


class Jobs(ApiView):
    queryset = Job.objects.all()
    serializer_class = JobSerializer
    tag = "devices"

    def get_queryset(self) -> QuerySet[Job]:
        return jobs.visible(self.rights).order_by("-pk")

    def rows(self, queryset: QuerySet[Job]) -> list[dict[str, Any]]:
        told = self.told()
        return [{name: row[name] for name in told} for row in job_rows(list(queryset), self.rights)]


class JobList(Jobs, ListView):
    """What was asked of the field, the latest first: what the user asked for, and what is done on
    networks that the user may see."""

    queries = {"GET": JobQuery}

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """By a network that the user may see: a job may have others beside it."""
        self.query = dict(self.query)
        network_id = self.query.pop("network", None)
        if network_id is not None:
            seen = self.rights.visible(Network.objects.filter(pk=network_id))
            queryset = queryset.filter(parts__network__in=seen)
        return super().filter_queryset(queryset)


class JobDetail(Jobs, DetailView):
    """How far a job is."""


def accepted(job: Job, rights: Rights) -> Response:
    """The answer to a wish that takes a while."""
    (row,) = job_rows([job], rights)
    return Response(row, status=202, headers={"Location": reverse("api-job", args=[job.pk])})


def job_rows(found: Sequence[Job], rights: Rights) -> list[dict[str, Any]]:
    return [
        {
            "id": job.pk,
            "kind": job.kind,
            "state": progress.state,
            "asked_by": job.username,
            "asked_at": job.asked_at,
            "low": job.low,
            "high": job.high,
            "behind": job.behind,
            "object_name": job.object_name,
            "networks": progress.parts,
            "heard": progress.heard,
            "described": progress.described,
            "devices": progress.devices,
            "new_devices": progress.new_devices,
            "device": progress.device,
        }
        for job, progress in zip(found, jobs.progress(found, rights, timezone.now()), strict=True)
    ]
