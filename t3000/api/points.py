"""Points with their present values, judged when they are asked for."""

from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework import serializers

from devices.api.fields import Choice, Id, YesNo
from devices.api.queries import SearchQuery
from devices.api.views import ApiView, DetailView, ListView
from t3000.domain.queries import PointState, point_states
from t3000.enums import PointKind, Quality
from t3000.models import Point

QUALITY_WORDS = [(quality.name.lower(), quality.label) for quality in Quality]
MODES = {True: "manual", False: "auto", None: None}


class ValueSerializer(serializers.Serializer[Any]):
    """What is known of a point's value now."""

    value = serializers.FloatField(
        allow_null=True,
        help_text="The last usable value; null if there never was one. Texts of a binary's 0 and "
        "1, a multi-state's 1, 2 ... are in `text`.",
    )
    text = serializers.CharField(help_text="As people read it, without the unit.")
    units = serializers.CharField()
    quality = serializers.ChoiceField(
        choices=QUALITY_WORDS,
        help_text="Whether to trust the value; good, overridden and out_of_range are fresh.",
    )
    updated_at = serializers.DateTimeField(
        allow_null=True,
        help_text="Until when the value is known to be true; null if there never was one.",
    )
    auto_manual = serializers.ChoiceField(
        choices=["auto", "manual"], allow_null=True, help_text="null: the device does not tell."
    )


class PointSerializer(serializers.Serializer[Any]):
    """A point with its present value."""

    id = serializers.IntegerField()
    device = serializers.IntegerField(help_text="The id of its device.")
    kind = serializers.ChoiceField(choices=PointKind.choices)
    index = serializers.IntegerField(
        min_value=0, help_text="From 0 within device and kind: input 0 is IN1."
    )
    label = serializers.CharField()  # type: ignore[assignment]  # a field's own attribute too
    description = serializers.CharField()
    value = ValueSerializer().fields["value"]
    text = ValueSerializer().fields["text"]
    units = ValueSerializer().fields["units"]
    quality = ValueSerializer().fields["quality"]
    updated_at = ValueSerializer().fields["updated_at"]
    auto_manual = ValueSerializer().fields["auto_manual"]


class PointQuery(SearchQuery):
    device = Id(required=False)
    kind = Choice(choices=PointKind.choices, required=False)
    network = Id(required=False, source="device__network")
    room = Id(required=False, source="device__room")
    floor = Id(required=False, source="device__room__floor")
    building = Id(required=False, source="device__room__floor__building")
    site = Id(required=False, source="device__network__site")
    writable = YesNo(required=False)


class PointRows(ApiView):
    serializer_class = PointSerializer
    queryset = Point.objects.order_by("device_id", "kind", "index", "id")
    tag = "points"

    def rows(self, queryset: QuerySet[Point]) -> list[dict[str, Any]]:
        return self.only_told([point_row(one) for one in point_states(queryset, timezone.now())])


class PointList(PointRows, ListView):
    """Points with their present values, by device, kind and index."""

    queries = {"GET": PointQuery}
    search_in = ("label", "description")


class PointDetail(PointRows, DetailView):
    """One point with its present value."""


def point_row(point: PointState) -> dict[str, Any]:
    return {
        "id": point.id,
        "device": point.device_id,
        "kind": point.kind,
        "index": point.index,
        "label": point.label,
        "description": point.description,
        **value_row(point),
    }


def value_row(point: PointState) -> dict[str, Any]:
    quality = point.quality.name.lower()
    return {
        "value": point.value,
        "text": point.text,
        "units": point.units,
        "quality": quality,
        "updated_at": point.true_until,
        "auto_manual": MODES[point.is_manual],
    }
