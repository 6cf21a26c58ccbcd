"""PID loops of a panel."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from t3000.enums import AutoManual, PidAction, PidTimeUnit, PointType
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.precision import MostDecimals
from t3000.models.reference import ReferenceField

POINTS = (PointType.INPUT, PointType.OUTPUT, PointType.VARIABLE)
LARGEST_UNIT = 38  # of variables' ranges
BYTE, WORD = 255, 65_535


class PidLoop(PanelRow):
    """A loop: it moves its output until the input is at the setpoint."""

    input = ReferenceField(
        kinds=POINTS, local=True, help_text=_("What is measured: a point of the panel, as IN3.")
    )
    input_value = models.FloatField(
        null=True, editable=False, help_text=_("Its last value, in its unit.")
    )
    output = models.FloatField(null=True, editable=False, help_text=_("Its output now, %."))
    setpoint = ReferenceField(
        kinds=POINTS, help_text=_("What the input shall be: a point, mostly a variable, as VAR7.")
    )
    setpoint_value = models.FloatField(
        null=True, editable=False, help_text=_("The setpoint's last value, in its unit.")
    )
    units = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(LARGEST_UNIT)],
        help_text=_("Unit of input and setpoint: T3000's number of an analog variable's range."),
    )
    auto_manual = models.PositiveSmallIntegerField(
        choices=AutoManual,
        default=AutoManual.AUTO,
        help_text=_("In manual the output stays as somebody set it."),
    )
    action = models.PositiveSmallIntegerField(
        choices=PidAction,
        default=PidAction.REVERSE,
        help_text=_("Whether the output falls (0, heating) or rises (1) with the input."),
    )
    time_unit = models.PositiveSmallIntegerField(
        choices=PidTimeUnit,
        default=PidTimeUnit.MINUTE,
        help_text=_("What the repeats of `reset` are counted in."),
    )
    sample_time = models.PositiveSmallIntegerField(
        default=10,
        validators=[MaxValueValidator(BYTE)],
        help_text=_("Seconds between two steps; panels take 10, whatever is told."),
    )
    proportional = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(WORD)],
        help_text=_(
            "How far the input goes for the output to go from 0 to 100 %, in the input's unit; 0: "
            "no proportional part. T3000 shows at most 255."
        ),
    )
    reset = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=_("Integral part: repeats per hour or minute; 0: none."),
    )
    bias = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(100)],
        help_text=_("The output where nothing is to be done, %."),
    )
    rate = models.FloatField(
        default=0.0,
        validators=[MinValueValidator(0), MaxValueValidator(2), MostDecimals(2)],
        help_text=_("Derivative part, 0.00 to 2.00, in hundredths; 0: none."),
    )

    live = frozenset({"input_value", "output", "setpoint_value"})
    table_size = SIZES.pid_loops

    class Meta(PanelRow.Meta):
        verbose_name = "PID loop"
