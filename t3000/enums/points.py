"""Choices of points: what they are, who drives them, and how their inputs are wired.

`PointKind` and `Quality` have the values of `protocols.types` (and private variables beside them),
the others T3000's numbers.
"""

import enum
from collections.abc import Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _

from protocols import types


class PointKind(models.TextChoices):
    """The last only some T3 panels have."""

    INPUT = types.PointKind.INPUT.value, _("Input")
    OUTPUT = types.PointKind.OUTPUT.value, _("Output")
    VARIABLE = types.PointKind.VARIABLE.value, _("Variable")
    PRIVATE_VARIABLE = "pvar", _("Private variable")

    @property
    def prefix(self) -> str:
        """T3000's letters before a point's number: IN1, OUT1, VAR1, PVAR1."""
        return {"input": "IN", "output": "OUT", "variable": "VAR", "pvar": "PVAR"}[self.value]

    @property
    def plural(self) -> str:
        return f"{self.label}s"

    @property
    def tab(self) -> str:
        """Its part of a device's page, as in the address: private-variables."""
        return self.plural.lower().replace(" ", "-")

    @property
    def of_ranges(self) -> types.PointKind:
        """Whose ranges it has: a private variable is a variable that its panel keeps for itself."""
        is_private = self is PointKind.PRIVATE_VARIABLE
        return types.PointKind.VARIABLE if is_private else types.PointKind(self.value)


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


class DigitalAnalog(models.IntegerChoices):
    DIGITAL = 0, _("Digital")
    ANALOG = 1, _("Analog")


class AutoManual(models.IntegerChoices):
    AUTO = 0, _("Auto")
    MANUAL = 1, _("Manual")


class OnOff(models.IntegerChoices):
    """The state of a digital point, program, schedule or monitor."""

    OFF = 0, _("Off")
    ON = 1, _("On")


class HoaSwitch(models.IntegerChoices):
    """The switch of an output at the panel's front."""

    MAN_OFF = 0, _("Off by hand")
    AUTO = 1, _("Auto")
    MAN_ON = 2, _("On by hand")


class InputStatus(models.IntegerChoices):
    """The low four bits of an input's `decom`."""

    NORMAL = 0, _("Normal")
    OPEN = 1, _("Open circuit")
    SHORTED = 2, _("Short circuit")


class SignalType(models.IntegerChoices):
    """The jumper of an input, the high four bits of its `decom`. 4 is 0 once more."""

    THERMISTOR = 0, _("Thermistor or dry contact")
    CURRENT_4_20 = 1, _("4 to 20 mA")
    VOLTAGE_0_5 = 2, _("0 to 5 V")
    VOLTAGE_0_10 = 3, _("0 to 10 V")
    THERMISTOR_AGAIN = 4, _("Thermistor or dry contact (4)")
    PT1000 = 5, _("PT1000")


class OutputStatus(models.IntegerChoices):
    """An output's `decom`, which has no second half."""

    NORMAL = 0, _("Normal")
    DECOMMISSIONED = 1, _("Decommissioned")


class CalibrationSign(models.IntegerChoices):
    """What an input's calibration does to the reading. New panels hold 1."""

    PLUS = 0, _("Added")
    MINUS = 1, _("Subtracted")


class CustomDigitalDirect(models.IntegerChoices):
    """The sense of a custom digital unit's contact."""

    DIRECT = 0, _("Direct")
    INVERSE = 1, _("Inverse")


class OutputPort(models.IntegerChoices):
    """What is behind a row of the output table."""

    VIRTUAL = 0, _("Virtual")
    DIGITAL = 1, _("Digital")
    ANALOG = 2, _("Analog")
    EXTENDED_DIGITAL = 3, _("Digital of an expansion module")
    EXTENDED_ANALOG = 4, _("Analog of an expansion module")


class InputPort(models.IntegerChoices):
    """What is behind a row of the input table."""

    VIRTUAL = 0, _("Virtual")
    DIGITAL = 1, _("Digital")
    ANALOG = 2, _("Analog")
    EXTENDED_DIGITAL = 3, _("Digital of an expansion module")
    EXTENDED_ANALOG = 4, _("Analog of an expansion module")
    INTERNAL = 5, _("Internal sensor")


class OutputPriority(models.IntegerChoices):
    """The sixteen levels of an output; the lowest number wins."""

    MANUAL_LIFE_SAFETY = 1, _("Manual life safety")
    AUTOMATIC_LIFE_SAFETY = 2, _("Automatic life safety")
    LEVEL_3 = 3, _("Level 3")
    LEVEL_4 = 4, _("Level 4")
    CRITICAL_EQUIPMENT = 5, _("Critical equipment control")
    MINIMUM_ON_OFF = 6, _("Minimum on and off time")
    HOA_SWITCH = 7, _("Switch at the panel")
    MANUAL_OPERATOR = 8, _("Manual operator")
    LEVEL_9 = 9, _("Level 9")
    PROGRAMS = 10, _("Programs of the panel")
    NETWORK = 11, _("Commands of other masters")
    LEVEL_12 = 12, _("Level 12")
    LEVEL_13 = 13, _("Level 13")
    LEVEL_14 = 14, _("Level 14")
    LEVEL_15 = 15, _("Level 15")
    LOWEST = 16, _("Lowest, and default")


class RemotePointReadWrite(models.IntegerChoices):
    """What a panel does with a point of another one."""

    READ = 0, _("Read only")
    WRITTEN = 1, _("Written")


class UnitKind(models.TextChoices):
    """What a unit of a panel's own is for."""

    DIGITAL = "digital", _("Digital")
    VARIABLE = "variable", _("Variable")
    MULTI_STATE = "multi_state", _("Multi-state")
