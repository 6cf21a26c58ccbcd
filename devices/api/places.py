"""Sites, buildings, floors and rooms."""

from rest_framework import serializers

from devices.api.fields import Id
from devices.api.queries import SearchQuery
from devices.api.views import ApiView, DetailView, ListView
from devices.models import Building, Floor, Room, Site


class SiteSerializer(serializers.ModelSerializer[Site]):
    class Meta:
        model = Site
        fields = ("id", "name", "time_zone")
        read_only_fields = fields


class BuildingSerializer(serializers.ModelSerializer[Building]):
    class Meta:
        model = Building
        fields = ("id", "site", "name")
        read_only_fields = fields


class FloorSerializer(serializers.ModelSerializer[Floor]):
    class Meta:
        model = Floor
        fields = ("id", "building", "name", "level")
        read_only_fields = fields


class RoomSerializer(serializers.ModelSerializer[Room]):
    class Meta:
        model = Room
        fields = ("id", "floor", "name")
        read_only_fields = fields


class BuildingQuery(SearchQuery):
    site = Id(required=False)


class FloorQuery(SearchQuery):
    building = Id(required=False)
    site = Id(required=False, source="building__site")


class RoomQuery(SearchQuery):
    floor = Id(required=False)
    building = Id(required=False, source="floor__building")
    site = Id(required=False, source="floor__building__site")


class SiteRows(ApiView):
    serializer_class = SiteSerializer
    queryset = Site.objects.order_by("name", "id")
    tag = "places"


class SiteList(SiteRows, ListView):
    """Sites: the properties that are watched. By name."""

    queries = {"GET": SearchQuery}
    search_in = ("name",)


class SiteDetail(SiteRows, DetailView):
    """One site."""


class BuildingRows(ApiView):
    serializer_class = BuildingSerializer
    queryset = Building.objects.order_by("site__name", "name", "id")
    tag = "places"


class BuildingList(BuildingRows, ListView):
    """Buildings, by site and name."""

    queries = {"GET": BuildingQuery}
    search_in = ("name",)


class BuildingDetail(BuildingRows, DetailView):
    """One building."""


class FloorRows(ApiView):
    serializer_class = FloorSerializer
    queryset = Floor.objects.order_by("building_id", "level", "name", "id")
    tag = "places"


class FloorList(FloorRows, ListView):
    """Floors, each building's from below."""

    queries = {"GET": FloorQuery}
    search_in = ("name",)


class FloorDetail(FloorRows, DetailView):
    """One floor."""


class RoomRows(ApiView):
    serializer_class = RoomSerializer
    queryset = Room.objects.order_by("floor_id", "name", "id")
    tag = "places"


class RoomList(RoomRows, ListView):
    """Rooms, by floor and name."""

    queries = {"GET": RoomQuery}
    search_in = ("name",)


class RoomDetail(RoomRows, DetailView):
    """One room."""
