"""Settings of a T3 panel that say what it does beside controlling: its clock, its names in DNS, its
Wi-Fi, its display and the like.
"""

import calendar
from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models.secret import EncryptedTextField
from protocols.t3.times import EAST, WEST
from t3000.enums import (
    DyndnsProvider,
    EnSntp,
    GraphicsFormat,
    LcdDisplayType,
    TimeSyncMode,
    TriStateEnable,
    UserAccessLevel,
    WifiIpMode,
    WifiStatus,
)
from t3000.models.panel_settings import BYTE, PanelSettings, address, net_mask, word
from t3000.models.panel_user import PanelUser
from t3000.models.reference import ReferenceField


class TimeSettings(PanelSettings):
    """Its clock."""

    time_zone = models.SmallIntegerField(
        default=0,
        validators=[MinValueValidator(WEST), MaxValueValidator(EAST)],
        help_text=gettext_lazy("East of UTC, in hundredths of an hour: -350 is -3:30."),
    )
    summer_time = models.BooleanField(
        default=False, help_text=gettext_lazy("Whether its clock goes forward in summer.")
    )
    dst_start_month = word(3, gettext_lazy("In which summer time begins."), low=1, high=12)
    dst_start_day = word(8, gettext_lazy("On which summer time begins."), low=1, high=31)
    dst_end_month = word(11, gettext_lazy("In which summer time ends."), low=1, high=12)
    dst_end_day = word(1, gettext_lazy("On which summer time ends."), low=1, high=31)
    sntp = models.PositiveSmallIntegerField(
        choices=EnSntp, default=EnSntp.DISABLED, help_text=gettext_lazy("Who tells it the time.")
    )
    sntp_server = models.CharField(
        max_length=29, blank=True, help_text=gettext_lazy("A time server of your own; sntp is 5.")
    )
    sync_mode = models.PositiveSmallIntegerField(
        choices=TimeSyncMode,
        default=TimeSyncMode.TIME_SERVER,
        help_text=gettext_lazy("Whether a time server sets the clock, or a computer."),
    )
    sync_with_pc = models.BooleanField(
        default=False, help_text=gettext_lazy("Whether it asks a computer to set its clock now.")
    )
    synced_at = models.DateTimeField(
        null=True, editable=False, help_text=gettext_lazy("When its clock was last set.")
    )
    sync_ok = models.BooleanField(
        null=True, editable=False, help_text=gettext_lazy("Whether that went well.")
    )

    live = frozenset({"synced_at", "sync_ok"})

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("time settings")
        verbose_name_plural = verbose_name

    def clean(self) -> None:
        for which in ("start", "end"):
            month, day = getattr(self, f"dst_{which}_month"), getattr(self, f"dst_{which}_day")
            if month and 1 <= month <= 12 and day > calendar.monthrange(2000, month)[1]:
                message = _("There is no day %(day)d in month %(month)d.")
                raise ValidationError({f"dst_{which}_day": message % {"day": day, "month": month}})
        if self.sntp == EnSntp.CUSTOM and not self.sntp_server:
            raise ValidationError({"sntp_server": _("A server of your own needs its name here.")})


class FeatureFlags(PanelSettings):
    """What it does and shows."""

    sign_in = models.PositiveSmallIntegerField(
        choices=TriStateEnable,
        default=TriStateEnable.DISABLED,
        help_text=gettext_lazy("Whether T3000 asks for one of the panel's users; 2: it does."),
    )
    custom_units = models.BooleanField(
        default=False, help_text=gettext_lazy("Whether it uses its own digital units.")
    )
    panel_name = models.CharField(
        max_length=20, blank=True, help_text=gettext_lazy("What it calls itself.")
    )
    show_panel_name = models.BooleanField(
        default=True, help_text=gettext_lazy("Whether T3000 shows the panel's own name.")
    )
    plug_and_play = models.BooleanField(
        default=False, help_text=gettext_lazy("Whether it takes in new modules by itself.")
    )
    lcd_display = word(
        BYTE,
        gettext_lazy("Light of the display: 255 always, 0 never, else so many seconds."),
        high=BYTE,
    )
    lcd_type = models.PositiveSmallIntegerField(
        choices=LcdDisplayType,
        default=LcdDisplayType.TEMPERATURE,
        help_text=gettext_lazy("What the display shows."),
    )
    lcd_point = ReferenceField(help_text=gettext_lazy("The point that it shows, if it is one."))
    graphics = models.PositiveSmallIntegerField(
        choices=GraphicsFormat,
        default=GraphicsFormat.LABELS,
        help_text=gettext_lazy("How it keeps its drawings."),
    )
    refresh_flash_timer = word(0, gettext_lazy("0 to 255; for the maker."), high=BYTE)
    write_flash = word(
        0,
        gettext_lazy("Minutes between two copies of its values to flash; 0: none."),
        high=BYTE,
    )
    debug = word(0, gettext_lazy("0 to 255; for the maker."), high=BYTE)

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("features")
        verbose_name_plural = verbose_name

    def clean(self) -> None:
        if self.lcd_type != LcdDisplayType.TEMPERATURE and not self.lcd_point:
            raise ValidationError({"lcd_point": _("The display needs the point that it shows.")})

    @classmethod
    def problems(cls, rows: Sequence["FeatureFlags"]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        asking = [row for row in rows if row.sign_in == TriStateEnable.ENABLED]
        if not asking:
            return
        users = PanelUser.objects.filter(device__in={row.device_id for row in asking})
        full = users.filter(access_level=UserAccessLevel.FULL).exclude(name="")
        safe = set(full.values_list("device", flat=True))
        for row in asking:
            if row.device_id not in safe:
                yield row, "sign_in", _("The panel needs a user with full access first.")


class DyndnsSettings(PanelSettings):
    """A name in DNS for a panel behind a changing address."""

    enabled = models.PositiveSmallIntegerField(
        choices=TriStateEnable, default=TriStateEnable.DISABLED
    )
    provider = models.PositiveSmallIntegerField(
        choices=DyndnsProvider, default=DyndnsProvider.ORG_3322
    )
    user = models.CharField(max_length=31, blank=True, help_text=gettext_lazy("At the provider."))
    password = EncryptedTextField(
        max_length=31, blank=True, default="", help_text=gettext_lazy("At the provider.")
    )
    domain = models.CharField(
        max_length=31, blank=True, help_text=gettext_lazy("The name that it is to have.")
    )
    update_time = word(0, gettext_lazy("Minutes between two updates."))
    updated_at = models.DateTimeField(
        null=True, editable=False, help_text=gettext_lazy("When the last update was.")
    )

    live = frozenset({"updated_at"})

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("DynDNS settings")
        verbose_name_plural = verbose_name


class WifiSettings(PanelSettings):
    """Its Wi-Fi, which has addresses of its own."""

    enabled = models.BooleanField(
        default=False, help_text=gettext_lazy("Whether it joins the network.")
    )
    ip_mode = models.PositiveSmallIntegerField(
        choices=WifiIpMode,
        default=WifiIpMode.DHCP,
        help_text=gettext_lazy("0 is DHCP here, the other way round than in the network settings."),
    )
    ssid = models.CharField(
        max_length=63, blank=True, help_text=gettext_lazy("The network that it is to join.")
    )
    password = EncryptedTextField(
        max_length=31, blank=True, default="", help_text=gettext_lazy("Of that network.")
    )
    ip_address = address(gettext_lazy("Of the panel in it."))
    subnet = address(gettext_lazy("Mask of that network."), validators=[net_mask])
    gateway = address(gettext_lazy("By which it reaches others."))
    modbus_port = word(0, gettext_lazy("One byte, so no TCP port can be told."), high=BYTE)
    bacnet_port = word(0, gettext_lazy("One byte, so no UDP port can be told."), high=BYTE)
    status = models.PositiveSmallIntegerField(null=True, choices=WifiStatus, editable=False)
    software_version = models.PositiveSmallIntegerField(
        null=True, editable=False, help_text=gettext_lazy("Of the Wi-Fi module, 0 to 255.")
    )
    mac_address = models.CharField(
        max_length=17, blank=True, editable=False, help_text=gettext_lazy("Of the Wi-Fi module.")
    )

    live = frozenset({"status", "software_version", "mac_address"})

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("Wi-Fi settings")
        verbose_name_plural = verbose_name


class WireguardSettings(PanelSettings):
    """Its tunnel to one other end, which only newest panels have."""

    enabled = models.BooleanField(default=False, help_text=gettext_lazy("Whether it is open."))
    private_key = EncryptedTextField(
        max_length=65, blank=True, default="", help_text=gettext_lazy("Of the panel.")
    )
    peer_public_key = models.CharField(
        max_length=65, blank=True, help_text=gettext_lazy("Of the other end.")
    )
    preshared_key = EncryptedTextField(
        max_length=65, blank=True, default="", help_text=gettext_lazy("That both ends know.")
    )
    local_ip = address(gettext_lazy("Of the panel in the tunnel."))
    port = word(51_820, gettext_lazy("UDP port of the tunnel."), low=1)
    peer_ip = address(gettext_lazy("Of the other end."))

    class Meta(PanelSettings.Meta):
        verbose_name = gettext_lazy("WireGuard settings")
        verbose_name_plural = verbose_name
