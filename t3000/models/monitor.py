"""Monitors: the trend logs that T3 panels keep by themselves."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models.parts import Part, of
from protocols.t3.monitors import MAX_INTERVAL, MAX_LENGTH
from t3000.enums import DigitalAnalog, MonitorLengthUnit, OnOff
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.reference import ReferenceField

INPUTS = 14
DEFAULT_INTERVAL = 15 * 60
BYTE = 255


class Monitor(PanelRow):
    """A monitor, MON1 ...: it takes samples of up to fourteen points, analog ones first."""

    label = models.CharField(
        max_length=8, blank=True, help_text=gettext_lazy("Short name for programs.")
    )
    interval = models.PositiveIntegerField(
        default=DEFAULT_INTERVAL,
        validators=[MaxValueValidator(MAX_INTERVAL)],
        help_text=gettext_lazy("Between two samples, in seconds, up to 255:59:59; 0: none."),
    )
    length = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(MAX_LENGTH)],
        help_text=gettext_lazy("How much is kept, in length_unit; 0: as much as there is room."),
    )
    length_unit = models.PositiveSmallIntegerField(
        null=True, blank=True, choices=MonitorLengthUnit, help_text=gettext_lazy("None: not set.")
    )
    status = models.PositiveSmallIntegerField(
        choices=OnOff, default=OnOff.OFF, help_text=gettext_lazy("Whether it takes samples.")
    )
    next_sample_time = models.DateTimeField(
        null=True, editable=False, help_text=gettext_lazy("When it takes the next one.")
    )
    analog_blocks = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text=gettext_lazy("What its analog samples take, in blocks of 400 bytes."),
    )
    digital_blocks = models.PositiveIntegerField(
        null=True,
        editable=False,
        help_text=gettext_lazy("What its digital samples take, in blocks of 400 bytes."),
    )
    operation_time = models.PositiveBigIntegerField(
        null=True,
        editable=False,
        help_text=gettext_lazy("How long it has taken samples, as the panel counts."),
    )

    parts = ("inputs",)
    live = frozenset({"next_sample_time", "analog_blocks", "digital_blocks", "operation_time"})
    named = ("label",)
    table_size = SIZES.monitors  # the firmware uses the last for the health of its network

    class Meta(PanelRow.Meta):
        verbose_name = gettext_lazy("monitor")
        verbose_name_plural = gettext_lazy("monitors")

    @classmethod
    def problems(cls, rows: Sequence["Monitor"]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        for row in rows:
            for field, message in _inputs(row):
                yield row, field, message


class MonitorInput(Part):
    """A point that a monitor takes samples of."""

    monitor = models.ForeignKey(Monitor, on_delete=models.CASCADE, related_name="inputs")
    position = models.PositiveSmallIntegerField(
        editable=False,
        validators=[MaxValueValidator(INPUTS - 1)],
        help_text=gettext_lazy("Its place among them, from 0."),
    )
    point = ReferenceField(
        blank=False,
        default=models.NOT_PROVIDED,
        help_text=gettext_lazy("The point, as 144IN3."),
    )
    digital_analog = models.PositiveSmallIntegerField(
        choices=DigitalAnalog,
        default=DigitalAnalog.ANALOG,
        help_text=gettext_lazy("Analog ones come first."),
    )
    range = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy("Of the point, by which its samples are read."),
    )

    site_path = "monitor__device__network__site"

    class Meta:
        ordering = ["monitor", "position"]
        verbose_name = gettext_lazy("input of a monitor")
        verbose_name_plural = gettext_lazy("inputs of monitors")
        constraints = [
            models.UniqueConstraint(fields=["monitor", "position"], name="monitor_input_position")
        ]

    def __str__(self) -> str:
        return str(self.point)


def _inputs(monitor: Monitor) -> Iterable[tuple[str, str]]:
    inputs = of(monitor, "inputs")
    if len(inputs) > INPUTS:
        yield "inputs", _("A monitor has up to %(most)d points.") % {"most": INPUTS}
    digital = False
    for number, one in enumerate(inputs):
        if one.digital_analog == DigitalAnalog.ANALOG and digital:
            yield f"inputs.{number}.digital_analog", _("Analog points come before digital ones.")
        digital = digital or one.digital_analog == DigitalAnalog.DIGITAL
