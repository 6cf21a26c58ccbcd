"""Points of a device, and apart from them their present values, which change all day."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models import Device
from t3000.enums import PointKind, Quality, Shape


class Point(models.Model):
    """One input, output or variable. `index` counts from 0 within device and kind, as T3000
    stores it; people see IN1 for input 0."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=8, choices=PointKind)
    index = models.PositiveIntegerField(help_text=_("From 0 within the device and kind."))
    address = models.CharField(
        max_length=64, help_text=_("The protocol's own address, such as analog-input,3.")
    )
    label = models.CharField(max_length=128)
    description = models.CharField(max_length=255, blank=True)
    units = models.CharField(max_length=32, blank=True)
    states = models.JSONField(
        default=list,
        blank=True,
        help_text=_("Texts of a binary's 0 and 1, a multi-state's 1, 2 ..."),
    )
    writable = models.BooleanField(default=False)
    commandable = models.BooleanField(
        default=False, help_text=_("What is written can be released again.")
    )
    has_priorities = models.BooleanField(
        default=True, help_text=_("Else it knows Auto and Manual, which is priority 8.")
    )
    low = models.FloatField(null=True, blank=True, help_text=_("Least that may be written."))
    high = models.FloatField(null=True, blank=True, help_text=_("Most that may be written."))

    site_path = "device__network__site"

    class Meta:
        ordering = ["device", "kind", "index"]
        constraints = [
            models.UniqueConstraint(fields=["device", "kind", "index"], name="point_identity"),
            models.UniqueConstraint(fields=["device", "address"], name="point_address_unique"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def object_type(self) -> str:
        """The first part of its address: analog-input, binary-value, or a T3's input ..."""
        return self.address.partition(",")[0]

    @property
    def shape(self) -> Shape:
        return Shape.of(self.object_type, self.states)

    @property
    def number(self) -> str:
        """T3000's name of the row: IN1, OUT1, VAR1."""
        return f"{PointKind(self.kind).prefix}{self.index + 1}"


class PointValue(models.Model):
    """What was last read. There is a row from the first reading on."""

    point = models.OneToOneField(
        Point, on_delete=models.CASCADE, primary_key=True, related_name="current"
    )
    value = models.FloatField(
        null=True, help_text=_("Last usable value; empty if there never was one.")
    )
    quality = models.PositiveSmallIntegerField(choices=Quality)
    time = models.DateTimeField(help_text=_("When the value was read, not when it was stored."))

    def __str__(self) -> str:
        return f"{self.point_id}: {self.value} ({Quality(self.quality).label})"
