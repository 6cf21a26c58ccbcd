"""A device, and apart from it the state of its link, which changes all day."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.enums import BaudRate, IspMode, LinkState, SubnetPort
from devices.models.audited import Audited
from devices.models.network import Network
from devices.models.place import Room
from devices.models.product import Board, ProductModel
from protocols.addresses import canonical, check_instance
from protocols.types import Endpoint

LARGEST_SERIAL = 2**32 - 1
LARGEST_INSTANCE = 4_194_302
LAST_UNIT = 254  # of Modbus


def number(lowest: int, highest: int, help_text: Any) -> Any:
    """A number that a T3 panel has and other devices need not have."""
    return models.PositiveIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(lowest), MaxValueValidator(highest)],
        help_text=help_text,
    )


class Device(Audited):
    """Something on a network that has points. Known by (network, instance, address): instances
    are doubled in real buildings. Of a T3 panel is known who it is, too, whatever way leads there:
    its serial number, and the numbers by which other panels and T3000 call it."""

    network = models.ForeignKey(Network, on_delete=models.PROTECT, related_name="devices")
    instance = models.PositiveIntegerField(help_text=_("BACnet device instance or Modbus unit."))
    address = models.CharField(max_length=64, help_text=_("Where it answers, with its port."))
    name = models.CharField(
        max_length=128, blank=True, help_text=_("Empty: what it calls itself, or its instance.")
    )
    description = models.CharField(
        max_length=255, blank=True, help_text=_("What people should know of it.")
    )
    room = models.ForeignKey(
        Room, on_delete=models.PROTECT, null=True, blank=True, related_name="devices"
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="children",
        help_text=_("The panel behind which it is; empty: it is on the network itself."),
    )
    enabled = models.BooleanField(default=True, help_text=_("Whether it is read and commanded."))

    serial_number = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_SERIAL)],
        help_text=_("Of a T3 panel; empty for other devices."),
    )
    product = models.ForeignKey(
        ProductModel, on_delete=models.PROTECT, null=True, blank=True, related_name="devices"
    )
    board = models.ForeignKey(
        Board, on_delete=models.PROTECT, null=True, blank=True, related_name="devices"
    )
    panel_number = number(1, 254, _("By which T3 panels call each other: 144 in 144IN3."))
    object_instance = number(
        0, LARGEST_INSTANCE, _("BACnet device instance of a panel that is reached by Modbus.")
    )
    modbus_address = number(1, LAST_UNIT, _("Modbus unit of a panel that is reached by BACnet."))
    modbus_port = number(1, 65535, _("Its TCP port for Modbus; 502 is usual."))
    bacnet_port = number(1, 65535, _("Its UDP port for BACnet/IP; 47808 is usual."))
    network_number = number(1, 65535, _("Of its BACnet network; 65535: none."))
    mstp_mac = number(0, 254, _("Its station on MS/TP."))
    hardware_version = number(0, 65535, _("As the panel gives it."))
    isp_mode = models.PositiveSmallIntegerField(
        choices=IspMode, null=True, blank=True, help_text=_("Which of its programs it runs.")
    )
    subnet_port = models.PositiveSmallIntegerField(
        choices=SubnetPort, null=True, blank=True, help_text=_("The parent's port that it is at.")
    )
    subnet_baud_rate = models.PositiveSmallIntegerField(
        choices=BaudRate, null=True, blank=True, help_text=_("The speed of that port.")
    )
    command_version = number(0, 255, _("Of its protocol, as its answer to a search gives it."))
    has_zigbee = models.BooleanField(
        null=True, blank=True, help_text=_("Whether it has a Zigbee module.")
    )
    has_wifi = models.BooleanField(
        null=True, blank=True, help_text=_("Whether it has a Wi-Fi module.")
    )

    vendor_id = models.PositiveIntegerField(
        default=0, editable=False, help_text=_("The maker's BACnet number; 0: not known.")
    )
    vendor_name = models.CharField(
        max_length=128, blank=True, editable=False, help_text=_("Who made it, as it says.")
    )
    model_name = models.CharField(
        max_length=128, blank=True, editable=False, help_text=_("What it is, as it says.")
    )
    firmware = models.CharField(
        max_length=64, blank=True, editable=False, help_text=_("66.02, as it says.")
    )
    location = models.CharField(
        max_length=128,
        blank=True,
        editable=False,
        help_text=_("Where it says it is, in the installer's words."),
    )
    conflict = models.CharField(
        max_length=200,
        blank=True,
        editable=False,
        help_text=_("What the last search met that does not go with who this is."),
    )
    created_at = models.DateTimeField(auto_now_add=True, help_text=_("When it was added."))

    site_path = "network__site"
    unaudited = frozenset({"created_at", "conflict"})

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
        return Endpoint(self.address, self.instance, serial=self.serial_number)

    @classmethod
    def tidy(cls, rows: "Sequence[Device]") -> None:
        """Addresses in the form that the drivers know; what is none stays for `problems`."""
        networks = Network.objects.in_bulk({row.network_id for row in rows} - {None})
        for row in rows:
            network = networks.get(row.network_id)
            if network is not None and isinstance(row.address, str):
                row.network = network
                if not _wrong_address(row):
                    row.address = canonical(network.protocol, row.address, port=network.port)

    @classmethod
    def problems(cls, rows: "Sequence[Device]") -> "Iterable[tuple[Device, str, str]]":
        known = cls.objects.filter(pk__in=[row.pk for row in rows if row.pk is not None])
        protocols = dict(known.values_list("pk", "network__protocol"))
        for row in rows:
            if wrong := _wrong_address(row):
                yield row, "address", wrong
            try:
                check_instance(row.network.protocol, row.instance)
            except ValueError as error:
                yield row, "instance", str(error)
            was = protocols.get(row.pk, row.network.protocol)
            if was != row.network.protocol:
                told = _(
                    "Its points are addressed by %s: add it anew on a network of another kind."
                )
                yield row, "network", str(told % was)
        yield from _circles(rows)
        yield from _doubled_panels(rows)

    def settle(self, changed: Collection[str]) -> None:
        self.name = self.name or f"Device {self.instance}"


def _wrong_address(row: Device) -> str:
    try:
        canonical(row.network.protocol, row.address, port=row.network.port)
    except ValueError as error:
        return str(error)
    return ""


def _circles(rows: Sequence[Device]) -> Iterable[tuple[Device, str, str]]:
    """Of those that would be behind themselves."""
    if all(row.parent_id is None for row in rows):
        return
    behind = Device.objects.filter(network__site__in={row.network.site_id for row in rows})
    parents = dict(behind.filter(parent__isnull=False).values_list("pk", "parent_id"))
    parents |= {row.pk: row.parent_id for row in rows if row.pk is not None}
    for row in rows:
        above, seen = row.parent_id, {row.pk}
        while above is not None and above not in seen:
            seen.add(above)
            above = parents.get(above)
        if above is not None:
            yield row, "parent", str(_("It would be behind itself; choose another parent."))


def _doubled_panels(rows: Sequence[Device]) -> Iterable[tuple[Device, str, str]]:
    numbered = [row for row in rows if row.panel_number is not None]
    if not numbered:
        return
    others = Device.objects.filter(
        network__in={row.network_id for row in numbered},
        panel_number__in={row.panel_number for row in numbered},
    ).exclude(pk__in=[row.pk for row in rows if row.pk is not None])
    taken = {
        (network, panel): name
        for network, panel, name in others.values_list("network_id", "panel_number", "name")
    }
    for row in numbered:
        key = (row.network_id, row.panel_number)
        if key in taken:
            told = _("%(name)s has the panel number %(number)d already; choose another.")
            yield row, "panel_number", str(told % {"name": taken[key], "number": row.panel_number})
        taken[key] = row.name


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
    heard_at = models.DateTimeField(
        null=True, help_text=_("When it last answered a search for devices.")
    )
    overruns = models.PositiveIntegerField(
        default=0, help_text=_("How often a read was due while the last was still under way.")
    )

    def __str__(self) -> str:
        return f"{self.device_id}: {self.state}"
