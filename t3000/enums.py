"""Choices of the panel's models. The values are those of `protocols.types`."""

import enum
from collections.abc import Sequence

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


class Shape(enum.Enum):
    """What the values of a point are."""

    NUMBER = "number"
    BINARY = "binary"  # 0 and 1
    MULTI_STATE = "multi-state"  # 1, 2, 3 ...

    @classmethod
    def of(cls, object_type: str, states: Sequence[str]) -> "Shape":
        """BACnet says it in the object type. A T3 point's address (input,1) does not, as its range
        may be changed; its range does, and only a digital one has state texts."""
        if object_type.startswith("multi-state"):
            return cls.MULTI_STATE
        if object_type.startswith("binary") or states:
            return cls.BINARY
        return cls.NUMBER


class Quality(models.IntegerChoices):
    GOOD = types.Quality.GOOD.value, _("Normal")
    OVERRIDDEN = types.Quality.OVERRIDDEN.value, _("Manual")
    STALE = types.Quality.STALE.value, _("Stale")
    OUT_OF_RANGE = types.Quality.OUT_OF_RANGE.value, _("Out of range")
    FAULT = types.Quality.FAULT.value, _("Fault")
    COMM = types.Quality.COMM.value, _("No answer")
    OUT_OF_SERVICE = types.Quality.OUT_OF_SERVICE.value, _("Out of service")
    CONFIG = types.Quality.CONFIG.value, _("Not in device")
