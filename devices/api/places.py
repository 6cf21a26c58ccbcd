"""Sites, buildings, floors and rooms."""

from devices.api.fields import Id
from devices.api.queries import SearchQuery
from devices.api.resources import Resource
from devices.enums import Role
from devices.models import Building, Floor, Room, Site


class BuildingQuery(SearchQuery):
    site = Id(required=False)


class FloorQuery(SearchQuery):
    building = Id(required=False)
    site = Id(required=False, source="building__site")


class RoomQuery(SearchQuery):
    floor = Id(required=False)
    building = Id(required=False, source="floor__building")
    site = Id(required=False, source="floor__building__site")


class Sites(Resource):
    """Sites: the properties that are watched. By name."""

    model = Site
    members = ("id", "name", "time_zone")
    order = ("name",)
    query_class = SearchQuery
    search_in = ("name",)
    role = Role.ADMINISTRATOR
    tag = "places"


class Buildings(Resource):
    """Buildings, by site and name."""

    model = Building
    members = ("id", "site", "name", "time_zone")
    order = ("site__name", "name")
    query_class = BuildingQuery
    search_in = ("name",)
    tag = "places"


class Floors(Resource):
    """Floors, each building's from below."""

    model = Floor
    members = ("id", "building", "name", "level")
    order = ("building_id", "level", "name")
    query_class = FloorQuery
    search_in = ("name",)
    tag = "places"


class Rooms(Resource):
    """Rooms, by floor and name."""

    model = Room
    members = ("id", "floor", "name")
    order = ("floor_id", "name")
    query_class = RoomQuery
    search_in = ("name",)
    tag = "places"
