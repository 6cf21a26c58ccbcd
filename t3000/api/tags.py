"""Tags of places, devices and points."""

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from devices.api.fields import Choice, Id
from devices.api.queries import SearchQuery
from devices.api.resources import Resource
from devices.api.serializers import RowSerializer
from t3000.enums import TagScheme
from t3000.models import Tag
from t3000.models.tag import LONGEST_REF, LONGEST_TEXT, OWNERS, REF, validate_value

TEXT = {"type": "string", "maxLength": LONGEST_TEXT, "pattern": "^[^\\u0000]*$"}
REFERENCE = {
    "type": "object",
    "properties": {
        "ref": {"type": "string", "maxLength": LONGEST_REF, "pattern": f"^{REF.pattern}$"}
    },
    "required": ["ref"],
    "additionalProperties": False,
}
NUMBER = {"type": "number", "minimum": -1e300, "maximum": 1e300}


@extend_schema_field({"anyOf": [TEXT, NUMBER, REFERENCE]})
class TagValue(serializers.JSONField):
    """As the model takes it, which looks at it."""


class TagBase(RowSerializer):
    value = TagValue(
        required=False,
        allow_null=True,
        validators=[validate_value],
        help_text='null: a marker; a text, a number, or {"ref": "id"} to something else.',
    )


class TagQuery(SearchQuery):
    site = Id(
        required=False, source="owner_site", help_text="All that is tagged at this site, and it."
    )
    building = Id(required=False)
    floor = Id(required=False)
    room = Id(required=False)
    device = Id(required=False)
    point = Id(required=False)
    scheme = Choice(choices=TagScheme.choices, required=False)


class Tags(Resource):
    """Tags, each of one place, device or point. By scheme and name."""

    model = Tag
    members = ("id", *OWNERS, "scheme", "name", "value")
    base = TagBase
    order = ("scheme", "name")
    query_class = TagQuery
    search_in = ("name",)
    tag = "tags"
