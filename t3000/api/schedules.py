"""Weekly schedules with their entries."""

from rest_framework import serializers

from devices.api.fields import JsonText, Scalar
from devices.api.serializers import Parts, RowSerializer
from t3000.api.panel import PanelBase, PanelResource, panel_members
from t3000.models import Schedule
from t3000.models.schedule import object_name

MOST_ENTRIES = 1000
MOST_TARGETS = 1000
PERIOD = ("kind", "year", "month", "day", "week", "weekday", "start", "end", "calendar")


class EntryBase(RowSerializer):
    value = Scalar(help_text="By the schedule's value_type: 0 (off) or 1 (on); null: NULL.")


class ScheduleBase(PanelBase):
    default = Scalar(
        required=False,
        help_text="Value at the begin of each day, until the first time. Not in T3 panels.",
    )
    targets = serializers.ListField(
        child=JsonText(validators=[object_name], max_length=48),
        required=False,
        max_length=MOST_TARGETS,
        help_text="Objects of the device that it writes to. Not in T3 panels.",
    )
    output = Scalar(read_only=True, help_text="Its value now; null: not known.")


class Schedules(PanelResource):
    """Weekly schedules, by device and index. `entries` are the times of the week: of a T3 panel up
    to eight on each of nine days, in their order. `exceptions` are days with other times, which T3
    panels do not have."""

    model = Schedule
    members = panel_members(
        "label",
        "description",
        "auto_manual",
        "holiday1",
        "holiday2",
        "value_type",
        "default",
        "effective_from",
        "effective_until",
        "priority",
        "targets",
        "entries",
        "exceptions",
        "output",
        "state1",
        "state2",
    )
    read_only = (*PanelResource.read_only, "output", "state1", "state2")
    volatile = frozenset(read_only)
    base = ScheduleBase
    parts = {
        "entries": Parts(("day", "time", "value"), MOST_ENTRIES, EntryBase),
        "exceptions": Parts(
            ("priority", *PERIOD, "entries"),
            MOST_ENTRIES,
            parts={"entries": Parts(("time", "value"), MOST_ENTRIES, EntryBase)},
        ),
    }
    tag = "schedules"
