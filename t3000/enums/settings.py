"""Choices of a panel's settings, users and the devices behind it."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TriStateEnable(models.IntegerChoices):
    """Of DynDNS (`en_dyndns`) and of the sign-in (`user_name`)."""

    UNAVAILABLE = 0, _("Not available")
    DISABLED = 1, _("Disabled")
    ENABLED = 2, _("Enabled")


class UserAccessLevel(models.IntegerChoices):
    VIEW = 1, _("View only")
    FULL = 2, _("Full access")
    GRAPHIC = 3, _("Graphics only")
    ROUTINE = 4, _("Routine")


class TcpType(models.IntegerChoices):
    """1 is DHCP: comments of the sources that say the reverse are wrong, their code is not."""

    STATIC = 0, _("Static")
    DHCP = 1, _("DHCP")
    STATIC_AGAIN = 2, _("Static (2)")


class WifiIpMode(models.IntegerChoices):
    """The other way round than `TcpType`."""

    DHCP = 0, _("DHCP")
    STATIC = 1, _("Static")


class WifiStatus(models.IntegerChoices):
    ABNORMAL = 0, _("Abnormal")
    NO_MODULE = 1, _("No module")
    NORMAL = 2, _("Normal")
    CONNECTED = 3, _("Connected")
    DISCONNECTED = 4, _("Disconnected")
    NOT_CONNECTED = 5, _("Never connected")
    WRONG_PASSWORD = 6, _("Name or password wrong")


class DyndnsProvider(models.IntegerChoices):
    ORG_3322 = 0, "www.3322.org"
    DYNDNS = 1, "www.dyndns.com"
    NO_IP = 2, "www.no-ip.com"
    DYNU = 3, "dynu.com"
    BRAVO_CONTROLS = 4, "bravocontrols.com"


class EnSntp(models.IntegerChoices):
    """Where the clock gets its time from."""

    UNAVAILABLE = 0, _("Not available")
    DISABLED = 1, _("Disabled")
    SJTU = 2, "ntp.sjtu.edu.cn"
    NIST = 3, "time.nist.gov"
    WINDOWS = 4, "time.windows.com"
    CUSTOM = 5, _("A server of your own")
    FIFTH = 6, _("The fifth server of the list")
    LOCAL_PC = 200, _("The computer that T3000 runs on")


class TimeSyncMode(models.IntegerChoices):
    TIME_SERVER = 0, _("Time server")
    PC = 1, _("Computer")


class ComPortMode(models.IntegerChoices):
    UNUSED = 0, _("Not used")
    BACNET_MSTP_SLAVE = 1, _("BACnet MS/TP slave")
    MODBUS_SLAVE = 2, _("Modbus slave")
    BACNET_PTP = 3, _("BACnet point to point")
    GSM = 4, _("GSM")
    MAIN_ZIGBEE = 5, _("Zigbee, main port")
    SUB_ZIGBEE = 6, _("Zigbee, sub port")
    MODBUS_MASTER = 7, _("Modbus master")
    RS232_METER = 8, _("Meter on RS-232")
    BACNET_MSTP_MASTER = 9, _("BACnet MS/TP master")


class UartParity(models.IntegerChoices):
    NONE = 0, _("None")
    ODD = 1, _("Odd")
    EVEN = 2, _("Even")


class UartStopBits(models.IntegerChoices):
    ONE = 0, "1"
    HALF = 1, "0.5"
    TWO = 2, "2"
    ONE_AND_A_HALF = 3, "1.5"


class FixComConfig(models.IntegerChoices):
    """Whether the panel may find out by itself what its serial ports are for."""

    AUTOMATIC = 0, _("Automatic")
    FIXED = 1, _("Fixed")


class ExtioPort(models.IntegerChoices):
    """The port that an expansion module hangs on."""

    RS485_SUB = 0, _("RS-485 sub")
    ZIGBEE = 1, _("Zigbee")
    RS485_MAIN = 2, _("RS-485 main")


class RemoteDeviceProtocol(models.IntegerChoices):
    MODBUS = 0, _("Modbus")
    BACNET = 1, _("BACnet")


class LcdDisplayType(models.IntegerChoices):
    """What the display in the panel's front shows."""

    TEMPERATURE = 0, _("The built-in temperature")
    POINT = 1, _("A point")
    BACNET_OBJECT = 2, _("A BACnet object")


class LcdPointType(models.IntegerChoices):
    OUTPUT = 0, _("Output")
    INPUT = 1, _("Input")
    VARIABLE = 2, _("Variable")


class UsbMode(models.IntegerChoices):
    DEVICE = 0, _("Device")
    HOST = 1, _("Host")


class SdStatus(models.IntegerChoices):
    UNKNOWN = 0, _("Not known")
    NO_CARD = 1, _("No card")
    NORMAL = 2, _("Normal")
    FILE_SYSTEM_ERROR = 3, _("Error of the file system")
