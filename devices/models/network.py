"""A network: one interface that one process serves."""

import ipaddress
from collections.abc import Iterator, Sequence

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.enums import NetworkProtocol
from devices.models.audited import Audited
from devices.models.place import NAME_LENGTH, Site
from protocols.addresses import check_host


def validate_interface(text: str) -> None:
    try:
        ipaddress.IPv4Interface(text)
    except ValueError:
        raise ValidationError(
            _("%(text)s is not an address with its prefix length; write 192.168.1.2/24."),
            params={"text": text},
        ) from None
    if "/" not in text:
        raise ValidationError(
            _("%(text)s lacks the prefix length; write %(text)s/24."), params={"text": text}
        )


def validate_targets(targets: object) -> None:
    if not isinstance(targets, list):
        raise ValidationError(_("Targets are a list of addresses."))
    for target in targets:
        address, colon, port = str(target).partition(":")
        try:
            ipaddress.IPv4Address(address)
            is_port = not colon or 0 < int(port) < 65536
        except ValueError:
            is_port = False
        if not is_port:
            raise ValidationError(
                _("%(target)s is not a target; write 192.168.1.255 or 192.168.1.9:47809."),
                params={"target": target},
            )


def validate_bbmd(text: str) -> None:
    try:
        check_host(text)
    except ValueError:
        raise ValidationError(
            _("%(text)s is no address of a BBMD; write 10.1.0.2 or 10.1.0.2:47809."),
            params={"text": text},
        ) from None


class Network(Audited):
    """How this server reaches a group of devices."""

    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="networks")
    name = models.CharField(max_length=NAME_LENGTH, help_text=_("Unique at the site."))
    protocol = models.CharField(
        max_length=16, choices=NetworkProtocol, default=NetworkProtocol.BACNET
    )
    interface = models.CharField(
        max_length=18,
        validators=[validate_interface],
        help_text=_("This server's address on the network with its prefix length."),
    )
    port = models.PositiveIntegerField(
        default=47808,
        validators=[MinValueValidator(1), MaxValueValidator(65535)],
        help_text=_("BACnet: the UDP port that is opened here. Modbus: the devices' TCP port."),
    )
    targets = models.JSONField(
        default=list,
        blank=True,
        validators=[validate_targets],
        help_text=_("Whom to ask for devices; empty: the local broadcast (BACnet only)."),
    )
    bbmd = models.CharField(
        _("BBMD"),
        max_length=21,
        blank=True,
        validators=[validate_bbmd],
        help_text=_(
            "The broadcast management device that we register with as a foreign device, where "
            "devices are behind IP routers (BACnet only); empty: none."
        ),
    )
    bbmd_lifetime = models.PositiveIntegerField(
        _("BBMD lifetime"),
        default=300,
        validators=[MinValueValidator(30), MaxValueValidator(65535)],
        help_text=_("Seconds that such a registration holds; it is renewed before they are over."),
    )
    auto_discovery = models.BooleanField(
        default=True,
        help_text=_(
            "Whether Temco's devices are registered as they are found; those of others wait to be "
            "approved."
        ),
    )
    timeout = models.FloatField(
        default=3.0,
        validators=[MinValueValidator(0.1), MaxValueValidator(60)],
        help_text=_("Seconds to wait for an answer to one try."),
    )
    retries = models.PositiveSmallIntegerField(
        default=1,
        validators=[MaxValueValidator(10)],
        help_text=_("Further tries without an answer."),
    )
    poll_interval = models.FloatField(
        default=10.0,
        validators=[MinValueValidator(1), MaxValueValidator(86400)],
        help_text=_("Seconds between two reads of a device."),
    )
    queue = models.CharField(
        max_length=32, default="field", help_text=_("The Celery queue whose worker serves it.")
    )
    enabled = models.BooleanField(default=True, help_text=_("Whether it is served at all."))
    discovery_due_at = models.DateTimeField(
        null=True, blank=True, help_text=_("When to look for devices next; empty: not planned.")
    )
    discovered_at = models.DateTimeField(
        null=True, blank=True, editable=False, help_text=_("When devices were last looked for.")
    )
    problem = models.CharField(
        max_length=200, blank=True, editable=False, help_text=_("Why it cannot be served now.")
    )

    site_path = "site"
    unaudited = frozenset({"discovery_due_at", "discovered_at", "problem"})

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["site", "name"], name="network_name_unique_in_site"),
            models.CheckConstraint(
                condition=models.Q(poll_interval__gt=0), name="network_poll_interval_positive"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @classmethod
    def problems(cls, rows: Sequence["Network"]) -> Iterator[tuple["Network", str, str]]:
        """Two networks on one port would each get a part of the other's datagrams; and devices are
        addressed by the protocol of their network."""
        used = cls._base_manager.filter(pk__in=[row.pk for row in rows], devices__isnull=False)
        protocols = dict(used.values_list("pk", "protocol"))
        for row in rows:
            if protocols.get(row.pk, row.protocol) != row.protocol:
                yield row, "protocol", str(_("It has devices; add another network for this."))
        own = [row for row in rows if row.protocol == NetworkProtocol.BACNET]
        others = cls._base_manager.filter(
            protocol=NetworkProtocol.BACNET, port__in={row.port for row in own}
        ).exclude(pk__in=[row.pk for row in rows if row.pk is not None])
        taken = {(other.ip, other.port) for other in others}
        for row in own:
            if (row.ip, row.port) in taken:
                told = _("Port %(port)d on %(ip)s is in use by a network already; choose another.")
                yield row, "port", told % {"port": row.port, "ip": row.ip}
            taken.add((row.ip, row.port))

    def clean(self) -> None:
        """Over TCP there is no broadcast that could find anybody, and nobody to pass one on."""
        wrong = {}
        if self.protocol == NetworkProtocol.MODBUS and not self.targets:
            wrong["targets"] = _(
                "Modbus TCP has no broadcast: name the devices, such as 10.0.1.20."
            )
        if self.protocol == NetworkProtocol.MODBUS and self.bbmd:
            wrong["bbmd"] = _("Modbus TCP knows no BBMD; leave it empty.")
        if wrong:
            raise ValidationError(wrong)

    @property
    def ip(self) -> str:
        """This server's address on it."""
        return self.interface.partition("/")[0]


class NetworkLease(models.Model):
    """Which process serves a network, and until when it may without asking again."""

    network = models.OneToOneField(
        Network, on_delete=models.CASCADE, primary_key=True, related_name="lease"
    )
    owner = models.CharField(max_length=100)
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.network_id}: {self.owner}"
