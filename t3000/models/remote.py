"""What a T3 panel takes from others: points of theirs, and devices that it asks for them."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.device import LARGEST_INSTANCE, LAST_UNIT
from t3000.enums import AutoManual, DigitalAnalog, RemoteDeviceProtocol, RemotePointReadWrite
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.reference import ReferenceField

BYTE = 255
PERMANENT = 127


class RemotePoint(PanelRow):
    """A point of another panel or device. The panel adds what its programs, monitors and screens
    refer to, and forgets it when nobody has asked for a while."""

    point = ReferenceField(help_text=_("The point; empty: this place of the table is free."))
    instance = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(LARGEST_INSTANCE)],
        help_text=_("BACnet instance of the device that has it; none: not known."),
    )
    read_write = models.PositiveSmallIntegerField(
        choices=RemotePointReadWrite, default=RemotePointReadWrite.READ
    )
    digital_analog = models.PositiveSmallIntegerField(
        choices=DigitalAnalog, default=DigitalAnalog.ANALOG
    )
    auto_manual = models.PositiveSmallIntegerField(choices=AutoManual, default=AutoManual.AUTO)
    value = models.FloatField(
        null=True, editable=False, help_text=_("As it was last told; none: not yet.")
    )
    online = models.BooleanField(
        null=True, editable=False, help_text=_("Whether its device answers the panel.")
    )
    product_id = models.PositiveSmallIntegerField(
        null=True,
        editable=False,
        validators=[MaxValueValidator(BYTE)],
        help_text=_("Product of its device."),
    )
    uses = models.PositiveSmallIntegerField(
        null=True,
        editable=False,
        validators=[MaxValueValidator(BYTE)],
        help_text=_("How often the panel refers to it."),
    )
    seconds_left = models.SmallIntegerField(
        null=True,
        editable=False,
        validators=[MinValueValidator(-128), MaxValueValidator(PERMANENT)],
        help_text=_("Until the panel forgets it, s; 127: it does not."),
    )

    live = frozenset({"value", "online", "product_id", "uses", "seconds_left"})
    table_size = SIZES.remote_points

    class Meta(PanelRow.Meta):
        verbose_name = _("remote point")
        verbose_name_plural = _("remote points")


class RemoteDevice(PanelRow):
    """A device that a panel asks, known by its unit or instance."""

    protocol = models.PositiveSmallIntegerField(
        choices=RemoteDeviceProtocol, default=RemoteDeviceProtocol.MODBUS
    )
    modbus_id = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LAST_UNIT)],
        help_text=_("Its unit, 1 to 254."),
    )
    instance = models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(LARGEST_INSTANCE)],
        help_text=_("Its BACnet instance."),
    )

    table_size = SIZES.remote_devices

    class Meta(PanelRow.Meta):
        verbose_name = _("remote device")
        verbose_name_plural = _("remote devices")
