"""Networks: how devices are reached."""

from collections.abc import Mapping, Sequence
from typing import Any

from rest_framework import serializers

from devices.api.fields import Choice, Id, JsonText, YesNo
from devices.api.queries import SearchQuery
from devices.api.resources import Resource
from devices.api.serializers import RowSerializer
from devices.domain import networks
from devices.enums import NetworkProtocol
from devices.models import Network
from devices.models.network import validate_targets

MOST_TARGETS = 1000


class NetworkBase(RowSerializer):
    targets = serializers.ListField(
        child=JsonText(max_length=64),
        required=False,
        max_length=MOST_TARGETS,
        validators=[validate_targets],
        help_text="Whom to ask for devices; empty: the local broadcast (BACnet only).",
    )


class NetworkQuery(SearchQuery):
    site = Id(required=False)
    protocol = Choice(choices=NetworkProtocol.choices, required=False)
    enabled = YesNo(required=False)


class Networks(Resource):
    """Networks, by name. When one is added, switched on or led elsewhere its devices are looked
    for; the field opens it anew within seconds."""

    model = Network
    members = (
        "id",
        "site",
        "name",
        "protocol",
        "interface",
        "port",
        "targets",
        "bbmd",
        "bbmd_lifetime",
        "auto_discovery",
        "timeout",
        "retries",
        "poll_interval",
        "queue",
        "enabled",
        "discovered_at",
        "problem",
    )
    read_only = ("discovered_at", "problem")
    volatile = frozenset(read_only)
    base = NetworkBase
    order = ("name",)
    query_class = NetworkQuery
    search_in = ("name",)
    tag = "networks"

    def create(self, values: Sequence[Mapping[str, Any]]) -> list[int]:
        return [network.pk for network in networks.add(values, by=self.rights)]

    def update(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        networks.change(changes, by=self.rights)
