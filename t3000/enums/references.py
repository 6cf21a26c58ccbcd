"""What a reference points at: T3000's types of points."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class PointType(models.IntegerChoices):
    """As T3000 counts them. A reference in a block holds the type + 1, and 0 for no point. Only
    types below 31 fit its five bits; the others are in messages alone. The firmware's list
    differs from 3 on in names and from 8 on in numbers."""

    OUTPUT = 0, _("Output")
    INPUT = 1, _("Input")
    VARIABLE = 2, _("Variable")
    PID = 3, _("PID loop")
    SCHEDULE = 4, _("Weekly schedule")
    HOLIDAY = 5, _("Annual schedule")
    PROGRAM = 6, _("Program")
    TABLE = 7, _("Conversion table")
    DIGITAL_MONITOR = 8, _("Digital monitor")
    MONITOR = 9, _("Monitor")
    GRAPHIC = 10, _("Graphic screen")
    ARRAY = 11, _("Array")
    ALARM = 12, _("Alarm")
    UNIT = 13, _("Custom unit")
    USER = 14, _("User")
    ALARM_SETTING = 15, _("Alarm setting")
    SCHEDULE_TIMES = 16, _("Times of a weekly schedule")
    HOLIDAY_DAYS = 17, _("Days of an annual schedule")
    BACNET_BI = 20, _("BACnet binary input")
    BACNET_BV = 21, _("BACnet binary value")
    BACNET_MSV = 22, _("BACnet multi-state value")
    MODBUS_COIL = 23, _("Modbus coil")
    MODBUS_DISCRETE_INPUT = 24, _("Modbus discrete input")
    MODBUS_INPUT = 25, _("Modbus input register")
    MODBUS_HOLDING = 26, _("Modbus holding register")
    BACNET_AV = 27, _("BACnet analog value")
    BACNET_AI = 28, _("BACnet analog input")
    BACNET_AO = 29, _("BACnet analog output")
    BACNET_BO = 30, _("BACnet binary output")
    MODBUS_HOLDING_FLOAT_ABCD = 32, _("Modbus holding float, bytes ABCD")
    MODBUS_HOLDING_FLOAT_CDAB = 33, _("Modbus holding float, bytes CDAB")
    MODBUS_HOLDING_FLOAT_BADC = 34, _("Modbus holding float, bytes BADC")
    MODBUS_HOLDING_FLOAT_DCBA = 35, _("Modbus holding float, bytes DCBA")
    MODBUS_INPUT_FLOAT_ABCD = 36, _("Modbus input float, bytes ABCD")
    MODBUS_INPUT_FLOAT_CDAB = 37, _("Modbus input float, bytes CDAB")
    MODBUS_INPUT_FLOAT_BADC = 38, _("Modbus input float, bytes BADC")
    MODBUS_INPUT_FLOAT_DCBA = 39, _("Modbus input float, bytes DCBA")
    SETTINGS = 254, _("Settings")
    MAIN = 255, _("Main")
