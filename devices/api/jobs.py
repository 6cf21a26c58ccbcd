"""Searching for devices, and how far such a search is."""

from typing import Any

from django.urls import reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import JsonId
from devices.api.problems import Conflict, Wrong
from devices.api.queries import Closed
from devices.api.views import ApiView, asker, no_such
from devices.domain import jobs
from devices.domain.commands import NotPossible
from devices.domain.rights import Lacks
from devices.enums import JobState
from devices.models import Job

MOST_NETWORKS = 1000


class SearchSerializer(Closed):
    """Which networks to search; without: all that are switched on."""

    networks = serializers.ListField(
        child=JsonId(), required=False, min_length=1, max_length=MOST_NETWORKS
    )


class JobNetworkSerializer(serializers.Serializer[Any]):
    network = serializers.IntegerField()
    state = serializers.ChoiceField(choices=JobState.choices)
    problem = serializers.CharField(help_text="Why it failed.")


class JobSerializer(serializers.Serializer[Any]):
    """A search for devices: finished when all its networks are."""

    id = serializers.IntegerField()
    state = serializers.ChoiceField(choices=JobState.choices)
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    networks = JobNetworkSerializer(many=True)
    devices = serializers.IntegerField(help_text="How many are known on these networks now.")
    new_devices = serializers.IntegerField(help_text="How many of them this search met first.")


class Discover(ApiView):
    """Looks for devices. Takes the role engineer."""

    serializer_class = SearchSerializer
    tag = "devices"
    operation = "devices_discover"
    refusals = (409,)
    wrong = Wrong(field="networks", detail="There is no network 9.")
    conflict = "There is no network to search: none is switched on."

    @extend_schema(request=SearchSerializer, responses={202: JobSerializer})
    def post(self, request: Request) -> Response:
        search = SearchSerializer(data=request.data)
        search.is_valid(raise_exception=True)
        try:
            job = jobs.request_search(
                search.validated_data.get("networks"), by=asker(request), now=timezone.now()
            )
        except jobs.NoSuchNetworks as error:
            raise ValidationError({"networks": [f"There is no network {error}."]}) from None
        except Lacks as error:
            raise PermissionDenied(str(error)) from None
        except NotPossible as error:
            raise Conflict(str(error)) from None
        location = reverse("api-job", args=[job.pk])
        return Response(job_row(job), status=202, headers={"Location": location})


class JobDetail(ApiView):
    """How far a search is."""

    queryset = Job.objects.all()
    serializer_class = JobSerializer
    tag = "devices"

    def get(self, request: Request, pk: int) -> Response:
        job = self.get_queryset().filter(pk=pk).first()
        if job is None:
            raise NotFound(no_such(Job, pk))
        return Response(job_row(job))


def job_row(job: Job) -> dict[str, Any]:
    progress = jobs.progress(job, timezone.now())
    return {
        "id": job.pk,
        "state": progress.state,
        "asked_by": job.username,
        "asked_at": job.asked_at,
        "networks": progress.parts,
        "devices": progress.devices,
        "new_devices": progress.new_devices,
    }
