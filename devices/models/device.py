"""A device, and apart from it the state of its link, which changes all day."""

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.enums import LinkState
from devices.models.audited import Audited
from devices.models.network import Network
from devices.models.place import Room
from protocols.types import Endpoint

LARGEST_SERIAL = 2**32 - 1


class Device(Audited):
    """Something on a network that has points. Known by (network, instance, address): instances
    are doubled in real buildings."""

    network = models.ForeignKey(Network, on_delete=models.PROTECT, related_name="devices")
    instance = models.PositiveIntegerField(help_text=_("BACnet device instance or Modbus unit."))
    address = models.CharField(max_length=64, help_text=_("Where it answers, with its port."))
    name = models.CharField(max_length=128)
    vendor_id = models.PositiveIntegerField(default=0)
    vendor_name = models.CharField(max_length=128, blank=True)
    model_name = models.CharField(max_length=128, blank=True)
    firmware = models.CharField(max_length=64, blank=True)
    serial_number = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_SERIAL)],
        help_text=_("Of a T3 panel; empty for other devices."),
    )
    location = models.CharField(
        max_length=128, blank=True, help_text=_("Where it says it is, in the installer's words.")
    )
    room = models.ForeignKey(
        Room, on_delete=models.SET_NULL, null=True, blank=True, related_name="devices"
    )
    enabled = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    site_path = "network__site"
    unaudited = frozenset({"created_at"})

    class Meta:
        ordering = ["name", "instance"]
        constraints = [
            models.UniqueConstraint(
                fields=["network", "instance", "address"], name="device_identity"
            ),
            models.UniqueConstraint(
                fields=["network", "serial_number"], name="device_serial_number_once_in_network"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def its_device_id(self) -> int | None:
        return self.pk

    @property
    def is_panel(self) -> bool:
        """Whether it is a T3 panel, with tables of a fixed size."""
        return self.serial_number is not None

    @property
    def endpoint(self) -> Endpoint:
        return Endpoint(self.address, self.instance)


class Link(models.Model):
    """Whether the device answers, and when it is asked next."""

    device = models.OneToOneField(
        Device, on_delete=models.CASCADE, primary_key=True, related_name="link"
    )
    state = models.CharField(max_length=8, choices=LinkState, default=LinkState.UNKNOWN)
    since = models.DateTimeField(null=True, help_text=_("When the state last changed."))
    last_seen_at = models.DateTimeField(null=True)
    failures = models.PositiveIntegerField(default=0, help_text=_("Failed polls in a row."))
    problem = models.CharField(max_length=200, blank=True, help_text=_("The last failure."))
    cycle_ms = models.PositiveIntegerField(
        null=True, help_text=_("How long the last good read of the whole device took.")
    )
    due_at = models.DateTimeField(db_index=True, help_text=_("When it is read next."))
    claimed_until = models.DateTimeField(
        null=True, help_text=_("A read is under way; taken over when this has passed.")
    )
    overruns = models.PositiveIntegerField(
        default=0, help_text=_("How often a read was due while the last was still under way.")
    )

    def __str__(self) -> str:
        return f"{self.device_id}: {self.state}"
