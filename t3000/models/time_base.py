"""The spans of time that trends are shown over."""

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.audited import Audited

TEN_YEARS = 10 * 366 * 24 * 60


class TimeBase(Audited):
    """One choice of a chart's width."""

    key = models.CharField(
        max_length=8,
        unique=True,
        validators=[
            RegexValidator(r"\A[a-z0-9]+\Z", _("Write small letters and digits such as 30m."))
        ],
        help_text=_("Its short name: 30m."),
    )
    minutes = models.PositiveIntegerField(
        validators=[MaxValueValidator(TEN_YEARS)],
        help_text=_("How many the chart shows; 0: whoever looks chooses."),
    )
    tick_minutes = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(TEN_YEARS)],
        help_text=_("Between two lines of its time axis; empty: as it fits."),
    )

    class Meta:
        ordering = ["minutes", "key"]

    def __str__(self) -> str:
        return self.key
