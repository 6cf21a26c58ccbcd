"""Temco's products and the boards of its controllers: what a device of a kind has room for."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.audited import Audited

NAME_LENGTH = 50


def count(help_text: Any) -> Any:
    return models.PositiveSmallIntegerField(null=True, blank=True, help_text=help_text)


class ProductModel(Audited):
    """A product by the number that a device gives as its product. Counts are those of its tables;
    empty: not known. What a panel's settings and firmware add is not in them."""

    number = models.PositiveSmallIntegerField(
        unique=True,
        validators=[MinValueValidator(1), MaxValueValidator(255)],
        help_text=_("As the device gives it; 88 is the ESP32 series."),
    )
    name = models.CharField(max_length=NAME_LENGTH, help_text=_("As people call it."))
    is_programmable = models.BooleanField(
        default=False, help_text=_("Has points, programs and schedules of its own.")
    )
    inputs = count(_("Inputs."))
    outputs = count(_("Outputs."))
    variables = count(_("Variables."))
    private_variables = count(_("Private variables, with the firmware that has them."))
    programs = count(_("Programs."))
    pid_loops = count(_("PID loops."))
    schedules = count(_("Weekly schedules."))
    holidays = count(_("Annual schedules."))
    screens = count(_("Graphic screens."))
    labels = count(_("Labels of all screens together, in the old format."))
    graphic_items = count(_("Items of all screens together, in the new format."))
    monitors = count(_("Monitors."))
    alarms = count(_("Entries of the alarm log."))
    alarm_settings = count(_("Alarm settings."))
    arrays = count(_("Arrays."))
    digital_units = count(_("Custom digital units."))
    tables = count(_("Analog conversion tables."))
    variable_units = count(_("Custom units of variables."))
    state_tables = count(_("Tables of multi-state texts."))
    users = count(_("Panel users."))
    remote_points = count(_("Remote points."))
    remote_devices = count(_("Remote devices."))
    tstats = count(_("Thermostats in the status list."))
    tstat_schedules = count(_("Thermostat schedules."))
    expansions = count(_("Expansion modules."))

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name


class Board(Audited):
    """A board by the number in its settings, whatever its chip, with the points at its terminals;
    empty: not known. What is beyond them in the tables is virtual or of expansion modules."""

    number = models.PositiveSmallIntegerField(
        unique=True,
        validators=[MaxValueValidator(255)],
        help_text=_("As the panel's settings give it, without the bits of its chip."),
    )
    name = models.CharField(max_length=NAME_LENGTH, help_text=_("As people call it."))
    analog_inputs = count(_("Analog inputs."))
    digital_inputs = count(_("Digital inputs."))
    digital_outputs = count(_("Digital outputs: the first of the outputs."))
    analog_outputs = count(_("Analog outputs: those after the digital ones."))

    class Meta:
        ordering = ["number"]

    def __str__(self) -> str:
        return self.name
