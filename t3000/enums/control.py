"""Choices of programs, loops, schedules and monitors: what a panel does by itself."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PidAction(models.IntegerChoices):
    """Which way a loop's output goes, as the firmware's code has it; the comment in its header
    says the reverse."""

    REVERSE = 0, _("Reverse (heating)")
    DIRECT = 1, _("Direct (cooling)")


class PidTimeUnit(models.IntegerChoices):
    """What the repeats of the integral part are counted in."""

    HOUR = 0, _("Per hour")
    MINUTE = 1, _("Per minute")


class ScheduleDay(models.IntegerChoices):
    """The columns of a weekly schedule."""

    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")
    HOLIDAY_1 = 7, _("Holiday 1")
    HOLIDAY_2 = 8, _("Holiday 2")


class ScheduleValueType(models.TextChoices):
    """What the values of a schedule are, all of them: BACnet's primitive types (135-2020 clause
    12.24). Each value may be NULL instead, which leaves the point to whoever is next."""

    BINARY = "binary", _("Off and on")
    BOOLEAN = "boolean", _("False and true")
    UNSIGNED = "unsigned", _("Whole numbers from 0, such as the states of a multi-state")
    INTEGER = "integer", _("Whole numbers")
    ENUMERATED = "enumerated", _("Numbers of an enumeration")
    REAL = "real", _("Numbers")
    DOUBLE = "double", _("Numbers of double precision")
    TEXT = "text", _("Texts")


class PeriodKind(models.TextChoices):
    """How the days of an exception of a schedule are told (BACnet's CalendarEntry)."""

    DATE = "date", _("A date, of which parts may be left open")
    RANGE = "range", _("From one date to another")
    WEEK_N_DAY = "week_n_day", _("A day of a week of a month")
    CALENDAR = "calendar", _("The days of a calendar")


class ClockWeekday(models.IntegerChoices):
    """Days as the panel's clock counts them, not as its schedules do."""

    SUNDAY = 0, _("Sunday")
    MONDAY = 1, _("Monday")
    TUESDAY = 2, _("Tuesday")
    WEDNESDAY = 3, _("Wednesday")
    THURSDAY = 4, _("Thursday")
    FRIDAY = 5, _("Friday")
    SATURDAY = 6, _("Saturday")


class Month(models.IntegerChoices):
    JANUARY = 1, _("January")
    FEBRUARY = 2, _("February")
    MARCH = 3, _("March")
    APRIL = 4, _("April")
    MAY = 5, _("May")
    JUNE = 6, _("June")
    JULY = 7, _("July")
    AUGUST = 8, _("August")
    SEPTEMBER = 9, _("September")
    OCTOBER = 10, _("October")
    NOVEMBER = 11, _("November")
    DECEMBER = 12, _("December")


class ScheduleTimeFlag(models.IntegerChoices):
    """What a time of a weekly schedule switches to."""

    OFF = 0, _("Off")
    ON = 1, _("On")
    UNUSED = 255, _("Not used")


class MonitorLengthUnit(models.IntegerChoices):
    """The top two bits of a monitor's longest time; 0 where none is set."""

    MINUTE = 1, _("Minutes")
    HOUR = 2, _("Hours")
    DAY = 3, _("Days")


class TrendViewType(models.TextChoices):
    MAIN = "MAIN", _("All points of the monitor")
    VIEW = "VIEW", _("Chosen points")


class TrendDataSource(models.TextChoices):
    """How a sample came into T3000's own history."""

    REALTIME = "REALTIME", _("Live")
    FFI_SYNC = "FFI_SYNC", _("Read at intervals")
    HISTORICAL = "HISTORICAL", _("The panel's memory")
    MANUAL = "MANUAL", _("Entered by hand")


class ProgramError(models.IntegerChoices):
    """What the panel says of a program."""

    NORMAL = 0, _("Normal")
    TOO_LARGE = 1, _("Too large")


class VersionOrigin(models.TextChoices):
    """Where a version of a program came from."""

    TYPED = "typed", _("Typed")
    FILE = "file", _("From a file")
    PANEL = "panel", _("Read from the panel")
