"""Which weekly schedules the thermostats behind a T3 panel go by, and to which temperatures."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.device import LAST_UNIT
from t3000.enums import AutoManual, OnOff
from t3000.models.panel_row import SIZES, PanelRow

LARGEST = 2**16 - 1
SCHEDULES = 8


class TstatSchedule(PanelRow):
    """A thermostat and its schedule. Set points are as the panel stores them: whole numbers in the
    thermostat's own unit."""

    modbus_id = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LAST_UNIT)],
        help_text=_("Unit of the thermostat, 1 to 254; none: the row is free."),
    )
    name = models.CharField(max_length=15, blank=True, help_text=_("Of the thermostat."))
    schedule = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(SCHEDULES)],
        help_text=_("Number of the weekly schedule, 1 to 8; 0: none."),
    )
    auto_manual = models.PositiveSmallIntegerField(choices=AutoManual, default=AutoManual.AUTO)
    day_setpoint = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(LARGEST)], help_text=_("0 to 65,535.")
    )
    night_setpoint = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(LARGEST)], help_text=_("0 to 65,535.")
    )
    awake_setpoint = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(LARGEST)],
        help_text=_("0 to 65,535. T3000 says awake, the firmware away."),
    )
    sleep_setpoint = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(LARGEST)], help_text=_("0 to 65,535.")
    )
    output = models.PositiveSmallIntegerField(null=True, choices=OnOff, editable=False)
    state1 = models.PositiveSmallIntegerField(
        null=True, choices=OnOff, editable=False, help_text=_("State of its first holiday.")
    )
    online = models.BooleanField(
        null=True, editable=False, help_text=_("Whether the thermostat answers the panel.")
    )

    live = frozenset({"output", "state1", "online"})
    table_size = SIZES.tstat_schedules

    class Meta(PanelRow.Meta):
        verbose_name = _("thermostat schedule")
        verbose_name_plural = _("thermostat schedules")
