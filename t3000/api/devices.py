"""Devices with what a panel holds: how they do, and their points in one file."""

from collections.abc import AsyncIterator, Iterator, Mapping
from typing import Any, ClassVar

from asgiref.sync import sync_to_async
from django.db import transaction
from django.http import StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api import devices as base
from devices.api.fields import Choice
from devices.api.queries import Query
from devices.api.rendering import JsonRenderer
from devices.api.views import ApiView, no_such
from devices.domain import devices
from devices.enums import LinkState, SyncState
from devices.models import Device
from t3000.domain import export
from t3000.domain.devices import outdate, standing
from t3000.enums import Quality


class Devices(base.Devices):
    __doc__ = base.Devices.__doc__

    @transaction.atomic
    def update(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        outdate(devices.change(changes, by=self.rights))


def _counts(name: str, words: list[str]) -> Any:
    """A number for each of these words."""
    fields = {word: serializers.IntegerField(min_value=0) for word in words}
    return type(name, (serializers.Serializer,), fields)()


class StatusSerializer(serializers.Serializer[Any]):
    """How a device does now."""

    device = serializers.IntegerField()
    enabled = serializers.BooleanField(help_text="Whether it and its network are switched on.")
    state = serializers.ChoiceField(choices=LinkState.choices, help_text="Whether it answers.")
    since = serializers.DateTimeField(allow_null=True, help_text="When the state last changed.")
    last_seen_at = serializers.DateTimeField(allow_null=True, help_text="When it last answered.")
    due_at = serializers.DateTimeField(help_text="When it is read next.")
    problem = serializers.CharField(help_text="Why the last read failed.")
    conflict = serializers.CharField(
        help_text="What the last search met that does not go with who this is."
    )
    failures = serializers.IntegerField(help_text="Failed reads in a row.")
    cycle_ms = serializers.IntegerField(
        allow_null=True, help_text="How long the last good read of the whole device took."
    )
    overruns = serializers.IntegerField(
        help_text="How often a read was due while the last was still under way."
    )
    points = _counts("QualityCountsSerializer", [one.name.lower() for one in Quality])
    configuration = _counts("SyncCountsSerializer", list(SyncState.values))


class OfDevice(ApiView):
    """What is told of one device."""

    queryset = Device.objects.select_related("network", "link")
    tag = "devices"

    def device(self, pk: int) -> Device:
        found: Device | None = self.get_queryset().filter(pk=pk).first()
        if found is None:
            raise NotFound(no_such(Device, pk))
        return found


class DeviceStatus(OfDevice):
    """How a device does: its link, how many of its points have which quality, and how many of its
    rows of configuration wait for it, were refused or are in conflict."""

    serializer_class = StatusSerializer

    @extend_schema(operation_id="devices_status")
    def get(self, request: Request, pk: int) -> Response:
        device = self.device(pk)
        link = device.link
        found = standing(pk, timezone.now())
        return Response(
            {
                "device": pk,
                "enabled": device.enabled and device.network.enabled,
                "state": link.state,
                "since": link.since,
                "last_seen_at": link.last_seen_at,
                "due_at": link.due_at,
                "problem": link.problem,
                "conflict": device.conflict,
                "failures": link.failures,
                "cycle_ms": link.cycle_ms,
                "overruns": link.overruns,
                "points": {one.name.lower(): count for one, count in found.points.items()},
                "configuration": {str(one): count for one, count in found.configuration.items()},
            }
        )


class CsvRenderer(JsonRenderer):
    """Of a file; what is refused is a problem in JSON all the same."""

    media_type = "text/csv"
    format = "csv"


class ExportQuery(Query):
    format = Choice(
        choices=[(one, one) for one in export.FORMATS],
        required=False,
        help_text="Without, the header Accept decides; json if that takes either.",
    )


class Streamed(StreamingHttpResponse):
    """Rows as they come, none of them kept: under WSGI and under ASGI, where Django would take all
    of a plain iterator before it sends the first."""

    async def __aiter__(self) -> AsyncIterator[bytes]:
        rows = iter(self)
        while (chunk := await sync_to_async(lambda: next(rows, None))()) is not None:
            yield chunk


class DeviceExport(OfDevice):
    """All points of a device with what is configured and their values, as a file. Texts in CSV that
    a spreadsheet would take for a formula begin with an apostrophe."""

    queries: ClassVar[Mapping[str, type[Query]]] = {"GET": ExportQuery}
    renderer_classes = [JsonRenderer, CsvRenderer]
    serializer_class = serializers.Serializer

    @extend_schema(
        operation_id="devices_export",
        parameters=[OpenApiParameter("Content-Disposition", location="header", response=[200])],
        responses={
            (200, "application/json"): {
                "type": "object",
                "properties": {
                    "device": {"type": "object"},
                    "points": {"type": "array", "items": {"type": "object"}},
                },
            },
            (200, "text/csv"): {"type": "string"},
        },
    )
    def get(self, request: Request, pk: int) -> StreamingHttpResponse:
        device = self.device(pk)
        (row,) = Devices.annotated().filter(pk=pk).values(*Devices.members)
        kind = self.query.get("format", request.accepted_renderer.format)
        points = export.rows(device, timezone.now())
        lines: Iterator[bytes] = export.FORMATS[kind](row, points)
        return Streamed(
            lines,
            content_type={"json": "application/json", "csv": "text/csv; charset=utf-8"}[kind],
            headers={
                "Content-Disposition": f'attachment; filename="{export.file_name(device, kind)}"'
            },
        )
