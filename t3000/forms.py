"""Forms of points."""

import zoneinfo
from datetime import datetime, time, timedelta
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from devices.domain.places import zone_of
from devices.models.command import NOTE_LENGTH
from protocols.types import MANUAL
from t3000.domain.text import state_texts, usual_decimals
from t3000.models import Point

NOT_A_NUMBER = _("Not a number; write one such as 21.5.")
NOT_A_PRIORITY = _("A priority is a whole number from 1, strongest, to 16.")
UNTIL = {
    "15m": (_("15 min"), timedelta(minutes=15)),
    "1h": (_("1 h"), timedelta(hours=1)),
    "4h": (_("4 h"), timedelta(hours=4)),
    "8h": (_("8 h"), timedelta(hours=8)),
    "day": (_("End of day"), None),
    "none": (_("No end"), None),
}


class WriteForm(forms.Form):
    """What to write to a point, until when and why. The point's own bounds are checked by the
    verb that writes (t3000.domain.commands), whose messages find their fields by name."""

    value = forms.FloatField(error_messages={"required": NOT_A_NUMBER, "invalid": NOT_A_NUMBER})
    until = forms.ChoiceField(
        choices=[(key, word) for key, (word, _span) in UNTIL.items()],
        initial="1h",
        error_messages={
            "required": _("Choose one of the ends."),
            "invalid_choice": _("Choose one of the ends."),
        },
    )
    priority = forms.IntegerField(
        initial=MANUAL, error_messages={"required": NOT_A_PRIORITY, "invalid": NOT_A_PRIORITY}
    )
    note = forms.CharField(
        required=False,
        max_length=NOTE_LENGTH,
        error_messages={
            "max_length": _(
                "A note has at most %(limit_value)d characters; this has %(show_value)d."
            )
        },
    )

    def __init__(self, point: Point, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.point = point
        self.states = state_texts(states=point.states, kind_of=point.object_type)
        self.zone = zoneinfo.ZoneInfo(zone_of(point.device))
        if self.states:
            choose = _("Choose one of the states.")
            self.fields["value"].error_messages = {"required": choose, "invalid": choose}
        if not point.commandable:  # it keeps what is written: there is nothing to end or to outrank
            del self.fields["until"], self.fields["priority"]
        elif not point.has_priorities:
            del self.fields["priority"]
        self.initial["value"] = self._present_value()

    def until_at(self, now: datetime) -> datetime | None:
        """The end that was chosen; call it when the form is valid."""
        key = self.cleaned_data.get("until", "none")
        if key == "day":
            return self.end_of_day(now)
        span: timedelta | None = UNTIL[key][1]
        return now + span if span else None

    def end_of_day(self, now: datetime) -> datetime:
        """Midnight on the site's clock."""
        tomorrow = now.astimezone(self.zone).date() + timedelta(days=1)
        return datetime.combine(tomorrow, time.min, tzinfo=self.zone)

    def _present_value(self) -> str | None:
        current = getattr(self.point, "current", None)
        if current is None or current.value is None:
            return None
        decimals = 0 if self.states else usual_decimals(self.point.units)
        return f"{current.value:.{decimals}f}"


class ReleaseForm(forms.Form):
    """The priority that is given up."""

    release = forms.IntegerField(
        error_messages={"required": NOT_A_PRIORITY, "invalid": NOT_A_PRIORITY}
    )
