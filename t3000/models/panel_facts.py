"""What a T3 panel says of itself: what it is made of, and how its ports do. Nobody changes it, so
it is neither wanted nor recorded."""

from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models import Device
from t3000.enums import SdStatus, UsbMode

BYTE = 255
WORD = 65_535
PORTS = 3


def byte(help_text: Any) -> Any:
    return models.PositiveSmallIntegerField(
        null=True, validators=[MaxValueValidator(BYTE)], help_text=help_text
    )


class HardwareInfo(models.Model):
    """Its boards and their firmware."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="hardware")
    read_at = models.DateTimeField(help_text=_("When it said so."))
    panel_type = byte(_("Product: 88 is the ESP32 series."))
    mini_type = byte(_("Board, in the low six bits; 0x40 and 0x80 tell other chips."))
    hardware_revision = byte(_("Of its main board."))
    firmware_main = byte(_("66 of firmware 66.2."))
    firmware_sub = byte(_("2 of firmware 66.2."))
    input_firmware = byte(_("Of the processor for inputs (PIC)."))
    top_firmware = byte(_("Of the top board (C8051)."))
    top_hardware = byte(_("Of the top board (SM5964)."))
    bootloader = byte(_("Revision of its boot loader."))
    usb_mode = models.PositiveSmallIntegerField(null=True, choices=UsbMode)
    sd_status = models.PositiveSmallIntegerField(null=True, choices=SdStatus)
    has_zigbee = models.BooleanField(null=True, help_text=_("Whether it has a Zigbee module."))
    zigbee_panid = models.PositiveIntegerField(
        null=True,
        validators=[MaxValueValidator(WORD)],
        help_text=_("The Zigbee network that it is in."),
    )
    knows_pt1k = models.BooleanField(null=True, help_text=_("Whether inputs may be PT1000."))
    knows_pt100 = models.BooleanField(null=True, help_text=_("Whether inputs may be PT100."))
    max_inputs = byte(_("Rows of its table; 0: the product's usual number."))
    max_outputs = byte(_("Rows of its table; 0: the product's usual number."))
    max_variables = byte(_("Rows of its table; 0: the product's usual number."))

    site_path = "device__network__site"

    class Meta:
        ordering = ["device"]
        verbose_name = _("hardware")
        verbose_name_plural = verbose_name

    def __str__(self) -> str:
        return str(self._meta.verbose_name)


def counter(help_text: Any) -> Any:
    return models.PositiveBigIntegerField(null=True, help_text=help_text)


class PortHealth(models.Model):
    """What has gone over a serial port since it was last cleared, and what went wrong."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="ports")
    port = models.PositiveSmallIntegerField(
        validators=[MaxValueValidator(PORTS - 1)],
        help_text=_("0 RS-485 sub, 1 Zigbee, 2 RS-485 main."),
    )
    read_at = models.DateTimeField(help_text=_("When it said so."))
    received = counter(_("Messages."))
    sent = counter(_("Messages."))
    collisions = counter(_("0 to 65,535."))
    packet_errors = counter(_("0 to 65,535."))
    timeouts = counter(_("0 to 65,535."))

    site_path = "device__network__site"

    class Meta:
        ordering = ["device", "port"]
        constraints = [models.UniqueConstraint(fields=["device", "port"], name="port_of_device")]
        verbose_name = _("health of a port")
        verbose_name_plural = _("health of ports")

    def __str__(self) -> str:
        return f"{self.port}"
