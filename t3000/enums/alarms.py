"""Choices of alarms and of the mails that tell of them."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class AlarmType(models.IntegerChoices):
    VIRTUAL = 0, _("Of a program")
    TEMPERATURE = 1, _("Temperature")
    GENERAL = 2, _("General")
    PRINTER = 10, _("Printer")


class AlarmOrigin(models.IntegerChoices):
    PROGRAM = 0, _("A program of the user")
    INPUT = 1, _("An input with an open or short circuit")
    ID_CONFLICT = 2, _("Two sub-devices with one id")


class SystemAlarm(models.IntegerChoices):
    """What the firmware itself complains about."""

    TOP_BOARD_LOST = 1, _("Top board lost")
    OUTPUT_FEEDBACK = 2, _("Feedback of an analog output")
    TIME_SERVER = 3, _("Time server does not answer")
    PIC_LOST = 4, _("Input processor lost")
    SD_CARD = 5, _("SD card abnormal")
    PROGRAM = 6, _("Program")
    DNS = 7, _("Name server does not answer")


class AlarmDestination(models.IntegerChoices):
    """What is no panel: an alarm goes to none, to all, or to the panel 1 to 254 of that number."""

    NONE = 0, _("None")
    ALL = 255, _("All panels")


class SmtpType(models.IntegerChoices):
    """How the mail server is named."""

    IP_ADDRESS = 0, _("By its IP address")
    DOMAIN = 1, _("By its name")


class SmtpSecurity(models.IntegerChoices):
    NONE = 0, _("None")
    SSL = 1, _("SSL")
    TLS = 2, _("TLS")


class SmtpErrorCode(models.IntegerChoices):
    """At which step the panel's last mail failed."""

    CONNECT = 2, _("No connection")
    HELO = 3, _("Greeting refused")
    SEND = 8, _("Text refused")
    LOGIN = 13, _("Sign-in refused")


class AlarmCondition(models.IntegerChoices):
    """When a point is in alarm. The panels' own numbers are not known: these are ours. The limits
    are in the unit of the point, or for DEVIATION of its distance from the reference."""

    OFF = 0, _("Not watched")
    OUTSIDE = 1, _("Below low or above high")
    HIGH = 2, _("Above high")
    LOW = 3, _("Below low")
    DEVIATION = 4, _("Away from the reference, below low or above high")
    NOT_NORMAL = 5, _("Other than normal")

    @property
    def limits(self) -> tuple[str, ...]:
        """Those that it goes by, from below: each must be greater than the one before."""
        low, high = ("way_low", "low", "normal"), ("normal", "high", "way_high")
        both = (*low, *high[1:])
        return {1: both, 2: high, 3: low, 4: both}.get(self.value, ())

    @property
    def needs_reference(self) -> bool:
        return self is AlarmCondition.DEVIATION
