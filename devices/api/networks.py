"""Networks: how devices are reached."""

from rest_framework import serializers

from devices.api.fields import Choice, Id, YesNo
from devices.api.queries import SearchQuery
from devices.api.views import ApiView, DetailView, ListView
from devices.enums import NetworkProtocol
from devices.models import Network


class NetworkSerializer(serializers.ModelSerializer[Network]):
    targets = serializers.ListField(
        child=serializers.CharField(),
        read_only=True,
        help_text="Whom to ask for devices; empty: the local broadcast.",
    )

    class Meta:
        model = Network
        fields = (
            "id",
            "site",
            "name",
            "protocol",
            "interface",
            "port",
            "targets",
            "timeout",
            "retries",
            "poll_interval",
            "enabled",
            "discovered_at",
            "problem",
        )
        read_only_fields = fields


class NetworkQuery(SearchQuery):
    site = Id(required=False)
    protocol = Choice(choices=NetworkProtocol.choices, required=False)
    enabled = YesNo(required=False)


class NetworkRows(ApiView):
    serializer_class = NetworkSerializer
    queryset = Network.objects.order_by("name", "id")
    tag = "networks"


class NetworkList(NetworkRows, ListView):
    """Networks, by name."""

    queries = {"GET": NetworkQuery}
    search_in = ("name",)


class NetworkDetail(NetworkRows, DetailView):
    """One network."""
