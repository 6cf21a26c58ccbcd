"""Choices of the panel's models. The values are those of `protocols.types`."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from protocols import types


class PointKind(models.TextChoices):
    INPUT = types.PointKind.INPUT.value, _("Input")
    OUTPUT = types.PointKind.OUTPUT.value, _("Output")
    VARIABLE = types.PointKind.VARIABLE.value, _("Variable")

    @property
    def prefix(self) -> str:
        """T3000's letters before a point's number: IN1, OUT1, VAR1."""
        return {"input": "IN", "output": "OUT", "variable": "VAR"}[self.value]


class Quality(models.IntegerChoices):
    GOOD = types.Quality.GOOD.value, _("Normal")
    OVERRIDDEN = types.Quality.OVERRIDDEN.value, _("Manual")
    STALE = types.Quality.STALE.value, _("Stale")
    OUT_OF_RANGE = types.Quality.OUT_OF_RANGE.value, _("Out of range")
    FAULT = types.Quality.FAULT.value, _("Fault")
    COMM = types.Quality.COMM.value, _("No answer")
    OUT_OF_SERVICE = types.Quality.OUT_OF_SERVICE.value, _("Out of service")
    CONFIG = types.Quality.CONFIG.value, _("Not in device")
