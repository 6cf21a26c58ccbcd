"""Annual schedules with their days."""

from rest_framework import serializers

from devices.api.fields import JsonList
from t3000.api.panel import PanelBase, PanelResource, panel_members
from t3000.models import Holiday

DAY = r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$"
DAYS = 366


class DayText(serializers.RegexField):
    default_error_messages = {"invalid": "This is no day of a year; write 25 December as 12-25."}

    def to_internal_value(self, data: object) -> str:
        if not isinstance(data, str):
            self.fail("invalid")
        return str(super().to_internal_value(data))


class HolidayBase(PanelBase):
    days = JsonList(
        child=DayText(DAY),
        required=False,
        max_length=DAYS,
        help_text="Month and day of each holiday, each once: 12-25. Told in their order.",
    )


class Holidays(PanelResource):
    """Annual schedules, by device and index: the days that weekly schedules treat as holidays."""

    model = Holiday
    members = panel_members("label", "description", "auto_manual", "days", "value")
    read_only = (*PanelResource.read_only, "value")
    volatile = frozenset(read_only)
    base = HolidayBase
    tag = "schedules"
