"""Time bases of trends."""

from devices.api.queries import SearchQuery
from devices.api.resources import Resource
from devices.enums import Role
from t3000.models import TimeBase


class TimeBases(Resource):
    """The spans of time that trends are shown over, the shortest first. They belong to no site:
    administrators of all sites change them."""

    model = TimeBase
    members = ("id", "key", "minutes", "tick_minutes")
    order = ("minutes", "key")
    query_class = SearchQuery
    search_in = ("key",)
    role = Role.ADMINISTRATOR
    tag = "trends"
