"""The settings of a T3 panel, a row for each group of them. T3000 has them in one block of 400
bytes, and Wi-Fi in one of its own.

Commands that share the block (restart, factory defaults, identify) are no settings and not here.
"""

import ipaddress
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models import Device
from devices.models.device import LARGEST_INSTANCE, LAST_UNIT
from t3000.enums import (
    BaudRate,
    ComPortMode,
    FixComConfig,
    TcpType,
    UartParity,
    UartStopBits,
)
from t3000.models.panel_row import HeldRow
from t3000.models.panel_rules import panels_of

BYTE = 255
WORD = 65_535
MASKS = {str(ipaddress.ip_network(f"0.0.0.0/{bits}").netmask) for bits in range(33)}


def net_mask(mask: str) -> None:
    """Raises ValidationError for what is no mask of a network."""
    if mask not in MASKS:
        raise ValidationError(_("%(mask)s is no mask; write one such as 255.255.255.0."),
                              params={"mask": mask})  # fmt: skip


def word(default: int, help_text: Any, *, low: int = 0, high: int = WORD) -> Any:
    """A whole number between bounds."""
    return models.PositiveIntegerField(
        default=default,
        validators=[MinValueValidator(low), MaxValueValidator(high)],
        help_text=help_text,
    )


def address(help_text: Any, **options: Any) -> Any:
    return models.GenericIPAddressField(
        protocol="IPv4", null=True, blank=True, help_text=help_text, **options
    )


class PanelSettings(HeldRow):
    """A group of settings."""

    device = models.OneToOneField(Device, on_delete=models.CASCADE, related_name="%(class)s")

    class Meta:
        abstract = True
        ordering = ["device"]

    def __str__(self) -> str:
        return str(self._meta.verbose_name)

    @classmethod
    def problems(cls, rows: Sequence[Any]) -> Iterable[tuple[Any, str, str]]:
        panels = panels_of(rows)
        for row in rows:
            if row.device_id not in panels:
                yield row, "device", _("Only T3 panels have such settings.")


class NetworkSettings(PanelSettings):
    """Its Ethernet port."""

    tcp_type = models.PositiveSmallIntegerField(
        choices=TcpType,
        default=TcpType.DHCP,
        help_text=gettext_lazy("1 is DHCP, as the panels' code has it; some sources say 0."),
    )
    ip_address = address(gettext_lazy("Of the panel; with DHCP the last it was given."))
    subnet = address(gettext_lazy("Mask of its network: 255.255.255.0."), validators=[net_mask])
    gateway = address(gettext_lazy("By which it reaches other networks; 0.0.0.0: none."))
    mac_address = models.CharField(
        max_length=17, blank=True, editable=False, help_text=gettext_lazy("Of the port.")
    )

    live = frozenset({"mac_address"})

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("network settings")
        verbose_name_plural = verbose_name

    def clean(self) -> None:
        if self.tcp_type == TcpType.DHCP:
            return
        for name in ("ip_address", "subnet"):
            if not getattr(self, name):
                raise ValidationError({name: _("A fixed address needs this.")})
        if not self.gateway or self.gateway == "0.0.0.0" or self.subnet not in MASKS:  # noqa: S104
            return
        network = ipaddress.ip_network(f"{self.ip_address}/{self.subnet}", strict=False)
        if ipaddress.ip_address(self.gateway) not in network:
            message = _("%(gateway)s is not in the panel's network, %(network)s.")
            told = {"gateway": self.gateway, "network": network}
            raise ValidationError({"gateway": message % told})


def _mode(help_text: Any) -> Any:
    return models.PositiveSmallIntegerField(
        choices=ComPortMode, default=ComPortMode.UNUSED, help_text=help_text
    )


def _baud() -> Any:
    return models.PositiveSmallIntegerField(
        choices=BaudRate,
        default=BaudRate.BAUD_115200,
        help_text=gettext_lazy("By T3000's number: 9 is 115,200 bit/s."),
    )


def _parity() -> Any:
    return models.PositiveSmallIntegerField(choices=UartParity, default=UartParity.NONE)


def _stop_bits() -> Any:
    return models.PositiveSmallIntegerField(choices=UartStopBits, default=UartStopBits.ONE)


class CommunicationSettings(PanelSettings):
    """Its three serial ports."""

    com0_config = _mode(gettext_lazy("What port 0 (RS-485 sub) is for."))
    com0_baudrate = _baud()
    com0_parity = _parity()
    com0_stop_bits = _stop_bits()
    com1_config = _mode(gettext_lazy("What port 1 (Zigbee) is for."))
    com1_baudrate = _baud()
    com1_parity = _parity()
    com1_stop_bits = _stop_bits()
    com2_config = _mode(gettext_lazy("What port 2 (RS-485 main) is for."))
    com2_baudrate = _baud()
    com2_parity = _parity()
    com2_stop_bits = _stop_bits()
    fix_com_config = models.PositiveSmallIntegerField(
        choices=FixComConfig,
        default=FixComConfig.FIXED,
        help_text=gettext_lazy("0: the panel may find out by itself what its ports are for."),
    )

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("communication settings")
        verbose_name_plural = verbose_name


class ProtocolSettings(PanelSettings):
    """What it is called in Modbus and BACnet."""

    modbus_id = word(1, gettext_lazy("Its unit, 1 to 254."), low=1, high=LAST_UNIT)
    modbus_port = word(502, gettext_lazy("TCP port for Modbus."), low=1)
    object_instance = models.PositiveIntegerField(
        validators=[MaxValueValidator(LARGEST_INSTANCE)],
        help_text=gettext_lazy("Its BACnet instance, 0 to 4,194,302; once in a building."),
    )
    network_number = word(
        WORD, gettext_lazy("Of its BACnet/IP network, 1 to 65,534; 65,535: none."), low=1
    )
    mstp_network_number = word(
        1, gettext_lazy("Of its MS/TP network, 1 to 65,534."), low=1, high=WORD - 1
    )
    mstp_id = word(1, gettext_lazy("Its MS/TP station, 0 to 254."), high=LAST_UNIT)
    max_master = word(
        LAST_UNIT, gettext_lazy("Highest MS/TP station that is looked for."), high=LAST_UNIT
    )
    bbmd_enable = models.BooleanField(
        default=False, help_text=gettext_lazy("Whether it passes broadcasts on to other networks.")
    )

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("protocol settings")
        verbose_name_plural = verbose_name
