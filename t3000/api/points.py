"""Points: how they are configured, and their present values, judged when they are asked for."""

from datetime import datetime
from functools import cached_property
from typing import Any

from django.db.models import F, QuerySet
from django.utils import timezone
from rest_framework import serializers

from devices.api.fields import Choice, YesNo
from t3000.api.panel import STANDING, PanelBase, PanelQuery, PanelResource
from t3000.domain import present
from t3000.enums import PointKind, Quality
from t3000.models import Point

QUALITY_WORDS = [(quality.name.lower(), quality.label) for quality in Quality]


class ValueSerializer(serializers.Serializer[Any]):
    """What is known of a point's value now."""

    value = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="The last usable value; null if there never was one. Texts of a binary's 0 and "
        "1, a multi-state's 1, 2 ... are in `text`.",
    )
    text = serializers.CharField(read_only=True, help_text="As people read it, without the unit.")
    units = serializers.CharField(read_only=True)
    quality = serializers.ChoiceField(
        choices=QUALITY_WORDS,
        read_only=True,
        help_text="Whether to trust the value; good, overridden and out_of_range are fresh.",
    )
    updated_at = serializers.DateTimeField(
        read_only=True,
        allow_null=True,
        help_text="Until when the value is known to be true; null if there never was one.",
    )
    auto_manual = serializers.ChoiceField(
        choices=["auto", "manual"],
        read_only=True,
        allow_null=True,
        help_text="null: the device does not tell.",
    )


class PointBase(PanelBase):
    value = ValueSerializer().fields["value"]
    text = ValueSerializer().fields["text"]
    quality = ValueSerializer().fields["quality"]
    updated_at = ValueSerializer().fields["updated_at"]
    auto_manual = ValueSerializer().fields["auto_manual"]


class PointQuery(PanelQuery):
    kind = Choice(choices=PointKind.choices, required=False)
    quality = Choice(choices=QUALITY_WORDS, required=False)
    manual = YesNo(
        required=False, help_text="Held by a write of ours, or manual as the device says."
    )
    writable = YesNo(required=False)


class Points(PanelResource):
    """Points with their present values, by device, kind and index. The ETag of a row is that of
    its configuration; `points/{id}/value` has one of the value."""

    model = Point
    members = (
        "id",
        "device",
        "kind",
        "index",
        "label",
        "description",
        "value",
        "text",
        "units",
        "quality",
        "updated_at",
        "auto_manual",
        "address",
        "states",
        "writable",
        "commandable",
        "has_priorities",
        "low",
        "high",
        "range",
        "digital_analog",
        "control",
        "calibration",
        "filter",
        "signal_type",
        "input_status",
        "low_voltage",
        "high_voltage",
        "pwm_period",
        "out_of_service",
        "relinquish_default",
        "hoa_switch",
        "decommissioned",
        "sub_id",
        "sub_product",
        "sub_number",
        *STANDING,
    )
    read_only = (*STANDING, *sorted({*present.PRESENT, *Point.live} - {"units"}))
    volatile = frozenset(read_only)
    base = PointBase
    order = ("device_id", "kind", "index")
    query_class = PointQuery
    search_in = ("label", "description", "address")
    tag = "points"

    @cached_property
    def now(self) -> datetime:
        return timezone.now()

    def rows(self, queryset: QuerySet[Any]) -> list[dict[str, Any]]:
        names = self.told()
        if not set(names).intersection(present.PRESENT):
            return list(queryset.values(*names))
        return present.present_rows(queryset, self.now, names)

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        self.query = dict(self.query)
        quality, is_manual = self.query.pop("quality", None), self.query.pop("manual", None)
        points = super().filter_queryset(queryset)
        if quality is not None:
            points = present.of_quality(points, quality, self.now)
        if is_manual is not None:
            points = present.in_hand(points, is_manual, self.now)
        if {"updated_at", "-updated_at"}.intersection(self.query.get("ordering", ())):
            points = present.judged(points, self.now)
        return points

    def sortable(self) -> list[str]:
        others = {"held", "states", "text", "quality", "auto_manual"}
        return [name for name in self.tellable() if name not in others]

    def sort_key(self, name: str) -> Any:
        column = SORTED_BY.get(name.removeprefix("-"))
        if column is None:
            return name
        return column.desc(nulls_last=True) if name[0] == "-" else column.asc(nulls_last=True)


SORTED_BY = {"value": F("current__value"), "updated_at": F("true_until")}
