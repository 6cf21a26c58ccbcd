"""Alarms that panels raise, and their settings."""

from devices.api.fields import YesNo
from devices.enums import Role
from t3000.api.panel import PanelQuery, PanelResource, panel_members
from t3000.models import AlarmSetting, PanelAlarm

LIVE = (
    "point",
    "message",
    "time",
    "active",
    "restored",
    "type",
    "condition",
    "level",
    "count",
    "alarm_id",
    "program",
    "panel",
    "panel_type",
    "destination_type",
    "destinations",
    "modem",
    "printer",
    "change_flag",
    "original",
)


class AlarmQuery(PanelQuery):
    active = YesNo(required=False)
    restored = YesNo(required=False)
    acknowledged = YesNo(required=False)
    deleted = YesNo(required=False)


class Alarms(PanelResource):
    """The alarms in the logs of panels, by device and index. Panels raise them: a client does not;
    it acknowledges them and takes them out of sight."""

    model = PanelAlarm
    members = panel_members(*LIVE[:5], "acknowledged", "deleted", *LIVE[5:])
    read_only = (*PanelResource.read_only, *LIVE)
    volatile = PanelResource.volatile | {*LIVE}
    query_class = AlarmQuery
    search_in = ("message", "point")
    can = frozenset({"update"})
    role = Role.OPERATOR
    tag = "alarms"


class AlarmSettings(PanelResource):
    """When points are in alarm, by device and index."""

    model = AlarmSetting
    members = panel_members(
        "point",
        "reference",
        "condition",
        "way_low",
        "low",
        "normal",
        "high",
        "way_high",
        "delay",
        "message",
        "count",
    )
    search_in = ("point", "reference")
    tag = "alarms"
