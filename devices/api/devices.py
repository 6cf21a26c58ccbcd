"""Devices and whether they answer."""

from django.db.models import F
from rest_framework import serializers

from devices.api.fields import Choice, Id, YesNo
from devices.api.queries import SearchQuery
from devices.api.views import ApiView, DetailView, ListView
from devices.enums import LinkState, NetworkProtocol
from devices.models import Device


class DeviceSerializer(serializers.ModelSerializer[Device]):
    state = serializers.ChoiceField(
        choices=LinkState.choices, read_only=True, help_text="Whether it answers."
    )
    since = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the state last changed."
    )
    last_seen_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it last answered."
    )
    problem = serializers.CharField(read_only=True, help_text="Why the last read failed.")

    class Meta:
        model = Device
        fields = (
            "id",
            "network",
            "room",
            "name",
            "instance",
            "address",
            "vendor_id",
            "vendor_name",
            "model_name",
            "firmware",
            "location",
            "enabled",
            "state",
            "since",
            "last_seen_at",
            "problem",
        )
        read_only_fields = fields


class DeviceQuery(SearchQuery):
    network = Id(required=False)
    room = Id(required=False)
    floor = Id(required=False, source="room__floor")
    building = Id(required=False, source="room__floor__building")
    site = Id(required=False, source="network__site")
    protocol = Choice(choices=NetworkProtocol.choices, required=False, source="network__protocol")
    state = Choice(choices=LinkState.choices, required=False)
    enabled = YesNo(required=False)


class DeviceRows(ApiView):
    serializer_class = DeviceSerializer
    queryset = Device.objects.annotate(
        state=F("link__state"),
        since=F("link__since"),
        last_seen_at=F("link__last_seen_at"),
        problem=F("link__problem"),
    ).order_by("name", "instance", "id")
    tag = "devices"


class DeviceList(DeviceRows, ListView):
    """Devices, by name."""

    queries = {"GET": DeviceQuery}
    search_in = ("name", "address", "vendor_name", "model_name", "location")


class DeviceDetail(DeviceRows, DetailView):
    """One device."""
