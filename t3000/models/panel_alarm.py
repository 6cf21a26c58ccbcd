"""Alarms that a panel itself raises, and what it raises them for."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.shapes import ListOf, Record, ShapedField, Whole
from t3000.enums import AlarmCondition, AlarmType
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.precision import MostDecimals
from t3000.models.reference import ReferenceField

BYTE = 255
LARGEST = 2_147_483.647  # thousandths in 32 bits
DESTINATIONS = ListOf(
    item=Record(
        name="AlarmAddressee",
        help_text="A panel that is told.",
        members={
            "panel": Whole(low=0, high=BYTE, help_text="0: nobody, 255: all panels."),
            "state": Whole(low=0, high=BYTE, help_text="How far it was told."),
        },
    ),
    most=5,
)


def _byte(help_text: Any, default: int = 0, *, is_ours: bool = False) -> Any:
    return models.PositiveSmallIntegerField(
        default=default,
        validators=[MaxValueValidator(BYTE)],
        editable=is_ours,
        help_text=help_text,
    )


def _flag(help_text: Any, *, is_ours: bool = False) -> Any:
    return models.BooleanField(default=False, editable=is_ours, help_text=help_text)


def _limit(help_text: Any) -> Any:
    bounds = [MinValueValidator(-LARGEST), MaxValueValidator(LARGEST), MostDecimals(3)]
    return models.FloatField(default=0.0, validators=bounds, help_text=help_text)


class PanelAlarm(PanelRow):
    """An entry of a panel's log of alarms. The panel writes it; people acknowledge and delete."""

    point = ReferenceField(editable=False, help_text=_("The point that it is about."))
    message = models.CharField(
        max_length=58, blank=True, editable=False, help_text=_("What the panel says of it.")
    )
    time = models.DateTimeField(null=True, editable=False, help_text=_("When it was raised."))
    active = _flag(_("Whether there is an alarm at this place of the log."))
    restored = _flag(_("Whether all is well again."))
    acknowledged = _flag(_("Whether somebody has taken note; it stays so."), is_ours=True)
    deleted = _flag(_("Whether it is shown no more; it stays so."), is_ours=True)
    type = models.PositiveSmallIntegerField(
        choices=AlarmType, default=AlarmType.VIRTUAL, editable=False
    )
    condition = _byte(_("What was met, by the panel's own number."))
    level = _byte(_("How serious it is, by the panel's own number."))
    count = models.SmallIntegerField(
        default=0,
        editable=False,
        validators=[MinValueValidator(-128), MaxValueValidator(127)],
        help_text=_("The length of the message, as the panel counts it."),
    )
    alarm_id = models.PositiveIntegerField(
        default=0,
        editable=False,
        validators=[MaxValueValidator(65_535)],
        help_text=_("The panel's running number."),
    )
    program = _byte(_("The program that raised it; 255: the panel itself."), BYTE)
    panel = _byte(_("The number of the panel that raised it."))
    panel_type = _byte(_("Its kind."))
    destination_type = _byte(_("The kind of panel that is told."))
    destinations = ShapedField(
        shape=DESTINATIONS, default=list, editable=False, help_text=_("Panels that are told.")
    )
    modem = _byte(_("Whether a modem told it; of old panels."))
    printer = _byte(_("Whether a printer wrote it; of old panels."))
    change_flag = _byte(_("As the panel keeps it."))
    original = _byte(_("As the panel keeps it."))

    live = frozenset(
        {
            *("point", "message", "time", "active", "restored", "type", "condition", "level"),
            *("count", "alarm_id", "program", "panel", "panel_type", "destination_type"),
            *("destinations", "modem", "printer", "change_flag", "original"),
        }
    )
    table_size = SIZES.alarms

    class Meta(PanelRow.Meta):
        verbose_name = "alarm"

    def refusals(self, changes: Mapping[str, Any]) -> Iterable[tuple[str, str]]:
        yield from super().refusals(changes)
        for name in ("acknowledged", "deleted"):
            if getattr(self, name) and not changes.get(name, True):
                yield name, f"This alarm is {name}, which cannot be undone."


class AlarmSetting(PanelRow):
    """When a point is in alarm. No panel that we know judges by it: what the conditions mean is
    defined by AlarmCondition."""

    point = ReferenceField(help_text=_("The point that is watched, as 144IN3."))
    reference = ReferenceField(help_text=_("The point that it is compared with, as 144VAR7."))
    condition = models.PositiveSmallIntegerField(choices=AlarmCondition, default=AlarmCondition.OFF)
    way_low = _limit(_("Below it is a grave alarm."))
    low = _limit(_("Below it is an alarm."))
    normal = _limit(_("What it should be."))
    high = _limit(_("Above it is an alarm."))
    way_high = _limit(_("Above it is a grave alarm."))
    delay = _byte(_("Seconds that it must last."), is_ours=True)
    message = _byte(_("The number of the message that is sent."), is_ours=True)
    count = _byte(_("As the panel keeps it."), is_ours=True)

    table_size = SIZES.alarm_settings

    class Meta(PanelRow.Meta):
        pass

    @classmethod
    def problems(cls, rows: Sequence[Any]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        for row in rows:
            condition = AlarmCondition(row.condition)
            if condition.needs_reference and not row.reference:
                for name in ("reference", "condition"):
                    yield row, name, f"{condition.label}: this needs a reference."
            for lower, higher in pairwise(condition.limits):
                low, high = getattr(row, lower), getattr(row, higher)
                if low >= high:
                    wrong = f"{lower} must be below {higher}: {low} is not below {high}."
                    why = " What is left out is 0." if 0 in (low, high) else ""
                    for name in (lower, higher, "condition"):
                        yield row, name, wrong + why
