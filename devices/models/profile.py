"""What a device takes from those who read it, and what it has beside points."""

from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.enums import PollPath, Segmentation
from devices.models.audited import Audited
from devices.models.device import LARGEST_INSTANCE, Device
from protocols.types import Path, Profile

SMALLEST_APDU, LARGEST_APDU = 50, 1476  # 135-2020 clause 20.1.2.5
MOST_IN_FLIGHT = 16
NAME_LENGTH, DESCRIPTION_LENGTH = 128, 255
TYPE_LENGTH = 64


def _octets(help_text: Any, **options: Any) -> Any:
    return models.PositiveSmallIntegerField(
        validators=[MinValueValidator(SMALLEST_APDU), MaxValueValidator(LARGEST_APDU)],
        help_text=help_text,
        **options,
    )


class DeviceProfile(Audited):
    """What a BACnet device takes. It is told by the device, and learnt when it refuses more; who
    pins it says that what stands here is used and nothing is learnt any more."""

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="profile"
    )
    max_apdu = _octets(_("The longest request that it takes, in octets."), default=480)
    segmentation = models.CharField(
        max_length=20,
        choices=Segmentation,
        blank=True,
        help_text=_("Whether it takes and sends what is longer in parts; empty: it has not told."),
    )
    services = models.JSONField(
        default=list, editable=False, help_text=_("What it says that it can do.")
    )
    has_rpm = models.BooleanField(
        _("has ReadPropertyMultiple"),
        default=True,
        help_text=_("Whether many properties can be read at once."),
    )
    reply_limit = _octets(
        _("The longest reply that it can send, in octets; empty: as long as it takes requests."),
        null=True,
        blank=True,
    )
    window = models.PositiveSmallIntegerField(
        default=1,
        validators=[MinValueValidator(1), MaxValueValidator(MOST_IN_FLIGHT)],
        help_text=_("Requests that may be under way to it at once."),
    )
    path = models.CharField(
        max_length=8,
        choices=PollPath,
        default=PollPath.POLLING,
        help_text=_("From which of our ports it is read: some answer the usual port only."),
    )
    limited_at = models.DateTimeField(
        null=True,
        blank=True,
        editable=False,
        help_text=_("When something was last found not to work; more is tried a day later."),
    )
    pinned = models.BooleanField(
        default=False, help_text=_("What stands here is used, and nothing is learnt.")
    )
    object_counts = models.JSONField(
        default=dict, editable=False, help_text=_("How many objects it has, by type.")
    )

    site_path = "device__network__site"
    unaudited = frozenset({"limited_at", "object_counts", "services"})

    def __str__(self) -> str:
        return f"profile of {self.device}"

    @property
    def learnt(self) -> Profile:
        """As drivers know it."""
        return Profile(
            max_apdu=self.max_apdu,
            segmentation=self.segmentation,
            services=tuple(self.services),
            has_rpm=self.has_rpm,
            reply_limit=self.reply_limit,
            window=self.window,
            path=Path(self.path),
            limited_at=self.limited_at,
            pinned=self.pinned,
        )


class DeviceObject(models.Model):
    """An object of a BACnet device that is no point: a program, a schedule, a trend log. As the
    device lists it; nobody configures it here."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="listed")
    object_type = models.CharField(
        max_length=TYPE_LENGTH, help_text=_("In the standard's words: trend-log.")
    )
    number = models.PositiveIntegerField(
        validators=[MaxValueValidator(LARGEST_INSTANCE + 1)], help_text=_("Its instance.")
    )
    name = models.CharField(
        max_length=NAME_LENGTH, blank=True, help_text=_("What the device calls it.")
    )
    description = models.CharField(
        max_length=DESCRIPTION_LENGTH, blank=True, help_text=_("As the device tells it.")
    )

    site_path = "device__network__site"

    class Meta:
        ordering = ["device", "object_type", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["device", "object_type", "number"], name="device_object_identity"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.object_type},{self.number}"
