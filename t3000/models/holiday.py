"""Annual schedules: the days of the year that weekly schedules treat as holidays."""

import re
from collections.abc import Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from protocols.t3.times import day_index
from t3000.enums import AutoManual, OnOff
from t3000.models.panel_row import SIZES, PanelRow

DAY = re.compile(r"([0-9]{2})-([0-9]{2})")


def days_of_the_year(days: Any) -> None:
    """Raises ValidationError for what is no list of different days."""
    if not isinstance(days, list):
        raise ValidationError(_("This is not a list of days; write them as 12-25."))
    seen = set()
    for day in days:
        if not _is_day(day):
            message = _("%(day)s is no day of a year; write 25 December as 12-25.")
            raise ValidationError(message, params={"day": day})
        if day in seen:
            raise ValidationError(_("%(day)s is there twice; give it once."), params={"day": day})
        seen.add(day)


def _is_day(day: Any) -> bool:
    match = DAY.fullmatch(day) if isinstance(day, str) else None
    if match is None:
        return False
    try:
        day_index(int(match[1]), int(match[2]))
    except ValueError:
        return False
    return True


class Holiday(PanelRow):
    """An annual schedule, HOL1 ... in references to T3 panels (T3000's own list says AR1 ...). It
    holds the same days of every year; 29 February is passed over in most."""

    label = models.CharField(
        max_length=128,
        blank=True,
        help_text=gettext_lazy("Short name for programs; 8 characters in a T3 panel."),
    )
    description = models.CharField(
        max_length=255, blank=True, help_text=gettext_lazy("20 characters in a T3 panel.")
    )
    auto_manual = models.PositiveSmallIntegerField(
        choices=AutoManual,
        default=AutoManual.AUTO,
        help_text=gettext_lazy("In Manual the value stays as it is. T3 panels only."),
    )
    days = models.JSONField(
        default=list,
        blank=True,
        validators=[days_of_the_year],
        help_text=gettext_lazy("Month and day of each holiday, in their order: 12-25."),
    )
    value = models.PositiveSmallIntegerField(
        null=True,
        choices=OnOff,
        editable=False,
        help_text=gettext_lazy("Whether today is one of its days; none: not known."),
    )

    live = frozenset({"value"})
    lengths = {"label": 8, "description": 20}
    named = ("label", "description")
    others_lack = frozenset({"auto_manual"})
    table_size = SIZES.holidays

    class Meta(PanelRow.Meta):
        verbose_name = gettext_lazy("annual schedule")
        verbose_name_plural = gettext_lazy("annual schedules")

    @classmethod
    def tidy(cls, rows: "Sequence[Holiday]") -> None:
        """A panel keeps a bit for each day of the year: it knows no other order."""
        for row in rows:
            if isinstance(row.days, list) and all(map(_is_day, row.days)):
                row.days = sorted(row.days)
