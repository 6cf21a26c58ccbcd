"""Weekly schedules: what is switched when, of T3 panels and of BACnet devices.

A T3 panel has eight, with nine day columns of eight times each, which switch off and on. One of a
BACnet device has any number of values of any type, exceptions for certain days, a default and a
period in which it is in effect (135-2020 clause 12.24).
"""

import re
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models.parts import Part
from t3000.enums import (
    AutoManual,
    OnOff,
    PeriodKind,
    PointType,
    ScheduleDay,
    ScheduleValueType,
)
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.panel_rules import panels_of
from t3000.models.reference import ReferenceField
from t3000.models.schedule_rules import of_another, of_panel, of_type

PERIOD = {  # the fields that tell it, by kind
    PeriodKind.DATE: ("year", "month", "day", "weekday"),
    PeriodKind.RANGE: ("start", "end"),
    PeriodKind.WEEK_N_DAY: ("month", "week", "weekday"),
    PeriodKind.CALENDAR: ("calendar",),
}
OBJECT = re.compile("[a-z-]{1,40},[0-9]{1,7}")


def object_name(name: str) -> None:
    """Raises ValidationError for what names no BACnet object."""
    if not OBJECT.fullmatch(name):
        raise ValidationError(_("Write an object as calendar,3 or analog-value,3."))


def object_names(names: Any) -> None:
    """Raises ValidationError for what is no list of BACnet objects."""
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ValidationError(_("This is not a list of texts."))
    for name in names:
        object_name(name)
    if len(set(names)) < len(names):
        raise ValidationError(_("An object is named twice."))


class Schedule(PanelRow):
    """A weekly schedule, SCH1 ... in T3 panels."""

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
        help_text=gettext_lazy("In Manual the output stays as it is."),
    )
    holiday1 = ReferenceField(
        kinds=(PointType.HOLIDAY,),
        local=True,
        help_text=gettext_lazy(
            "The annual schedule (HOL1 to HOL4) on whose days the column Holiday 1 is in force; it "
            "goes before Holiday 2. T3 panels only."
        ),
    )
    holiday2 = ReferenceField(
        kinds=(PointType.HOLIDAY,),
        local=True,
        help_text=gettext_lazy("The same for the column Holiday 2."),
    )
    value_type = models.CharField(
        max_length=10,
        choices=ScheduleValueType,
        default=ScheduleValueType.BINARY,
        help_text=gettext_lazy("What all values are; a T3 panel's are binary."),
    )
    default = models.JSONField(
        null=True,
        blank=True,
        help_text=gettext_lazy(
            "Value at the begin of each day, until the first time. Not in T3 panels: there it is 0."
        ),
    )
    effective_from = models.DateField(
        null=True,
        blank=True,
        help_text=gettext_lazy("First day in effect; none: always was. Not in T3 panels."),
    )
    effective_until = models.DateField(
        null=True,
        blank=True,
        help_text=gettext_lazy("Last day in effect; none: without end. Not in T3 panels."),
    )
    priority = models.PositiveSmallIntegerField(
        default=16,
        validators=[MinValueValidator(1), MaxValueValidator(16)],
        help_text=gettext_lazy(
            "With which it writes, 1 (strongest) to 16. Programs of a T3 panel do it there: 16."
        ),
    )
    targets = models.JSONField(
        default=list,
        blank=True,
        validators=[object_names],
        help_text=gettext_lazy("Objects of the device that it writes to. Not in T3 panels."),
    )
    output = models.JSONField(
        null=True, editable=False, help_text=gettext_lazy("Its value now; none: not known.")
    )
    state1 = models.PositiveSmallIntegerField(
        null=True,
        choices=OnOff,
        editable=False,
        help_text=gettext_lazy("Whether today is a day of holiday1."),
    )
    state2 = models.PositiveSmallIntegerField(
        null=True,
        choices=OnOff,
        editable=False,
        help_text=gettext_lazy("Whether today is a day of holiday2."),
    )

    parts = ("entries", "exceptions")
    live = frozenset({"output", "state1", "state2"})
    panels_lack = frozenset(
        {"value_type", "default", "effective_from", "effective_until", "priority", "targets"}
        | {"exceptions"}
    )
    others_lack = frozenset({"auto_manual", "holiday1", "holiday2"})
    lengths = {"label": 8, "description": 20}
    named = ("label", "description")
    table_size = SIZES.schedules

    class Meta(PanelRow.Meta):
        verbose_name = gettext_lazy("weekly schedule")
        verbose_name_plural = gettext_lazy("weekly schedules")

    def clean(self) -> None:
        first, last = self.effective_from, self.effective_until
        if first and last and last < first:
            raise ValidationError({"effective_until": _("This is before effective_from.")})

    @classmethod
    def problems(cls, rows: Sequence["Schedule"]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        panels = panels_of(rows)
        for row in rows:
            told = of_panel(row) if row.device_id in panels else of_another(row)
            for field, message in (*told, *of_type(row)):
                yield row, field, message


class ScheduleEntry(Part):
    """A time of a weekday or holiday, and what is switched to then."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="entries")
    day = models.PositiveSmallIntegerField(
        choices=ScheduleDay, help_text=gettext_lazy("0 is Monday; 7 and 8 in T3 panels only.")
    )
    time = models.TimeField(help_text=gettext_lazy("Of the controller's clock."))
    value = models.JSONField(
        null=True, blank=True, help_text=gettext_lazy("By the value_type; null: NULL.")
    )

    site_path = "schedule__device__network__site"
    key = ("day", "time")

    class Meta:
        ordering = ["schedule", "day", "time"]
        verbose_name = gettext_lazy("schedule entry")
        verbose_name_plural = gettext_lazy("schedule entries")

    def __str__(self) -> str:
        return f"{ScheduleDay(self.day).label} {self.time}"


class ScheduleException(Part):
    """Days on which other times hold, with the strength that decides between exceptions. Of equal
    ones the first in the list wins."""

    schedule = models.ForeignKey(Schedule, on_delete=models.CASCADE, related_name="exceptions")
    position = models.PositiveSmallIntegerField(
        editable=False, help_text=gettext_lazy("Its place among them, from 0.")
    )
    priority = models.PositiveSmallIntegerField(
        default=16,
        validators=[MinValueValidator(1), MaxValueValidator(16)],
        help_text=gettext_lazy("1 (strongest) to 16."),
    )
    kind = models.CharField(max_length=10, choices=PeriodKind)
    year = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1900), MaxValueValidator(2154)],
        help_text=gettext_lazy("Of a date; none: any."),
    )
    month = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(14)],
        help_text=gettext_lazy("1 to 12, 13 the odd months, 14 the even ones; none: any."),
    )
    day = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(34)],
        help_text=gettext_lazy(
            "Of the month: 1 to 31, 32 the last, 33 the odd ones, 34 the even ones; none: any."
        ),
    )
    week = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(9)],
        help_text=gettext_lazy(
            "Of the month: 1 is its days 1 to 7 and so on, 6 its last seven days, 7 to 9 the seven "
            "before those each; none: any."
        ),
    )
    weekday = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(6)],
        help_text=gettext_lazy("0 is Monday; none: any."),
    )
    start = models.DateField(
        null=True, blank=True, help_text=gettext_lazy("First day of a range; none: always was.")
    )
    end = models.DateField(
        null=True, blank=True, help_text=gettext_lazy("Last day of a range; none: without end.")
    )
    calendar = models.CharField(
        max_length=48,
        blank=True,
        validators=[object_name],
        help_text=gettext_lazy("The calendar object of the device: calendar,3."),
    )

    site_path = "schedule__device__network__site"
    parts = ("entries",)

    class Meta:
        ordering = ["schedule", "position"]
        verbose_name = gettext_lazy("exception of a schedule")
        verbose_name_plural = gettext_lazy("exceptions of schedules")
        constraints = [
            models.UniqueConstraint(
                fields=["schedule", "position"], name="schedule_exception_position"
            )
        ]

    def __str__(self) -> str:
        return f"{PeriodKind(self.kind).label} ({self.position + 1})"

    def clean(self) -> None:
        if self.kind not in PeriodKind:
            return  # the field says so
        mine = PERIOD[PeriodKind(self.kind)]
        for name in {name for names in PERIOD.values() for name in names}.difference(mine):
            if getattr(self, name) not in (None, ""):
                message = _("A %(kind)s does not have this; it has %(names)s.")
                told = {"kind": self.kind, "names": ", ".join(mine)}
                raise ValidationError({name: message % told})
        if self.kind == PeriodKind.CALENDAR and not self.calendar:
            raise ValidationError({"calendar": _("This is required.")})
        if self.start and self.end and self.end < self.start:
            raise ValidationError({"end": _("This is before start.")})


class ScheduleExceptionEntry(Part):
    """A time of the days of an exception."""

    exception = models.ForeignKey(
        ScheduleException, on_delete=models.CASCADE, related_name="entries"
    )
    time = models.TimeField(help_text=gettext_lazy("Of the controller's clock."))
    value = models.JSONField(
        null=True, blank=True, help_text=gettext_lazy("By the value_type; null: NULL.")
    )

    site_path = "exception__schedule__device__network__site"
    key = ("time",)

    class Meta:
        ordering = ["exception", "time"]
        verbose_name = gettext_lazy("entry of an exception")
        verbose_name_plural = gettext_lazy("entries of exceptions")

    def __str__(self) -> str:
        return str(self.time)
