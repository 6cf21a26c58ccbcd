"""What the resources of all tables of a panel share: how their rows are told, found and ordered."""

from typing import ClassVar

from rest_framework import serializers

from devices.api.fields import Choice, Id
from devices.api.queries import SearchQuery
from devices.api.resources import Resource
from devices.api.serializers import RowSerializer
from devices.enums import SyncState

STANDING = ("held", "state", "problem")  # how a row stands to what its device holds


def panel_members(*own: str) -> tuple[str, ...]:
    """The members of a row of a panel's table, its own in the middle."""
    return ("id", "device", "index", *own, *STANDING)


class PanelBase(RowSerializer):
    held = serializers.DictField(
        read_only=True,
        allow_null=True,
        help_text="What the device held when it was last read, by member; null: never read.",
    )


class PanelQuery(SearchQuery):
    device = Id(required=False)
    network = Id(required=False, source="device__network")
    room = Id(required=False, source="device__room")
    floor = Id(required=False, source="device__room__floor")
    building = Id(required=False, source="device__room__floor__building")
    site = Id(required=False, source="device__network__site")
    state = Choice(choices=SyncState.choices, required=False)


class PanelResource(Resource):
    """Rows of a panel's table. One with fields that the device changes by itself names them in
    `read_only` and `volatile`, too."""

    read_only: ClassVar[tuple[str, ...]] = STANDING
    volatile = frozenset(STANDING)
    base = PanelBase
    order: ClassVar[tuple[str, ...]] = ("device_id", "index")
    query_class: ClassVar[type[PanelQuery]] = PanelQuery
    search_in: ClassVar[tuple[str, ...]] = ("label", "description")
