"""Points of a device, and apart from them their present values, which change all day."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.enums import NetworkProtocol
from devices.models import Device
from devices.models.shapes import ListOf, ShapedField, Text
from protocols import point_addresses
from protocols.t3.ranges import PanelUnits
from t3000.enums import (
    AutoManual,
    DigitalAnalog,
    HoaSwitch,
    InputStatus,
    OnOff,
    PointKind,
    Quality,
    Shape,
    SignalType,
)
from t3000.models import point_rules
from t3000.models.panel_row import PanelRow
from t3000.models.panel_units import panel_units

LARGEST_CALIBRATION = 6553.5
HIGHEST_VOLTAGE = 12.0
BATCH = 250  # points that are changed by one statement
STATES = ListOf(item=Text(longest=64), most=65_536)


def validate_tenths(value: float) -> None:
    if abs(round(value, 1) - value) > 1e-9:
        raise ValidationError(
            _("%(value)s is too fine; write one digit after the point."), params={"value": value}
        )


def _byte(name: Any, help_text: Any) -> Any:
    return models.PositiveSmallIntegerField(
        name, null=True, blank=True, validators=[MaxValueValidator(255)], help_text=help_text
    )


def _tenths(name: Any, low: float, high: float, help_text: Any) -> Any:
    return models.FloatField(
        name,
        null=True,
        blank=True,
        validators=[MinValueValidator(low), MaxValueValidator(high), validate_tenths],
        help_text=help_text,
    )


def _told(choices: Any, help_text: Any) -> Any:
    """What the panel itself changes."""
    return models.PositiveSmallIntegerField(
        choices=choices, null=True, blank=True, editable=False, help_text=help_text
    )


class Point(PanelRow):
    """One input, output or variable. `index` counts from 0 within device and kind, as T3000
    stores it; people see IN1 for input 0. From `range` on it is of T3 panels only, and of the
    kinds that point_rules.T3_FIELDS tells."""

    device = models.ForeignKey(Device, on_delete=models.CASCADE, related_name="points")
    kind = models.CharField(max_length=8, choices=PointKind)
    address = models.CharField(
        max_length=point_addresses.LONGEST,
        blank=True,
        validators=[
            RegexValidator(
                point_addresses.PATTERN,
                _("This is no address of a point; write one such as analog-input,3 or input,1."),
            )
        ],
        help_text=_("The protocol's own address, such as analog-input,3."),
    )
    label = models.CharField(
        max_length=128,
        blank=True,
        help_text=_("Short name for programs; at most 8 characters in a T3 panel."),
    )
    description = models.CharField(
        max_length=255,
        blank=True,
        help_text=_("At most 20 characters in a T3 panel, 18 of an output."),
    )
    units = models.CharField(
        max_length=point_rules.UNITS_LENGTH,
        blank=True,
        help_text=_("In a T3 panel they follow from the range."),
    )
    states = ShapedField(
        shape=STATES,
        default=list,
        blank=True,
        help_text=_("Texts of a binary's 0 and 1, a multi-state's 1, 2 ..."),
    )
    writable = models.BooleanField(
        default=False, help_text=_("Whether its value can be written, as the device says.")
    )
    commandable = models.BooleanField(
        default=False, help_text=_("What is written can be released again.")
    )
    has_priorities = models.BooleanField(
        default=True, help_text=_("Else it knows Auto and Manual, which is priority 8.")
    )
    low = models.FloatField(null=True, blank=True, help_text=_("Least that may be written."))
    high = models.FloatField(null=True, blank=True, help_text=_("Most that may be written."))

    range = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MaxValueValidator(255)],
        help_text=_("The number that the panel stores, from 0; T3000's dialogs may show 30 more."),
    )
    digital_analog = models.PositiveSmallIntegerField(choices=DigitalAnalog, null=True, blank=True)
    calibration = _tenths(
        None,
        -LARGEST_CALIBRATION,
        LARGEST_CALIBRATION,
        _("Added to the reading, in the units of the input; in tenths."),
    )
    filter = _byte(None, _("Weight of the last reading; 0 smooths nothing, 5 is usual."))
    signal_type = models.PositiveSmallIntegerField(
        choices=SignalType, null=True, blank=True, help_text=_("How its jumper is set.")
    )
    sub_id = _byte(_("place on an expansion module"), _("Modbus unit of the module; 0: local."))
    sub_product = _byte(_("product of the expansion module"), _("Its number."))
    sub_number = _byte(_("number on the expansion module"), _("Bit 7 marks an analog one."))
    low_voltage = _tenths(None, 0, HIGHEST_VOLTAGE, _("V, at the low end; 0: not set."))
    high_voltage = _tenths(None, 0, HIGHEST_VOLTAGE, _("V, at the high end; 0: not set."))
    pwm_period = _byte(_("PWM period"), _("Of a pulse-width output; no source tells the unit."))
    out_of_service = models.BooleanField(
        null=True, blank=True, help_text=_("Whether BACnet may not command it.")
    )
    relinquish_default = models.FloatField(
        null=True, blank=True, help_text=_("What it goes to when nobody commands it.")
    )

    auto_manual = _told(AutoManual, _("Whether it is in somebody's hand, as the panel says."))
    control = _told(OnOff, _("The state of a digital point."))
    input_status = _told(InputStatus, _("Whether its sensor can be read."))
    hoa_switch = _told(HoaSwitch, _("The switch at the panel's front."))
    decommissioned = models.BooleanField(
        null=True, blank=True, editable=False, help_text=_("Whether the panel gave the output up.")
    )

    live = frozenset({"auto_manual", "control", "input_status", "hoa_switch", "decommissioned"})
    derived = PanelRow.derived | frozenset(point_rules.FOLLOW_RANGE)
    related = ("device__network", "device__product", "device__hardware")
    others_lack = point_rules.ALL_T3_FIELDS
    named = ("label", "description")
    described = frozenset({"address", "writable", "commandable", "has_priorities"})
    panel_units = PanelUnits()  # of its panel, where they were looked up

    class Meta(PanelRow.Meta):
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

    @property
    def kinds(self) -> str:
        return PointKind(self.kind).plural.lower()

    @property
    def places(self) -> int:
        return point_rules.room(self.device)[self.kind]

    @property
    def lengths(self) -> dict[str, int]:  # type: ignore[override]
        """Two bytes of an output's description are its voltages."""
        return {"label": 8, "description": 18 if self.kind == PointKind.OUTPUT else 20}

    @property
    def lacks(self) -> frozenset[str]:
        """What its device has not. A panel is told the range, and not what follows from it."""
        if not self.device.is_panel:
            return self.others_lack
        own = point_rules.fields_of(self.kind)
        return self.others_lack.difference(own).union(point_rules.FOLLOW_RANGE)

    def wanted(self) -> dict[str, Any]:
        """Null of what only panels have is as the panel has it: in a panel there is always one."""
        own = point_rules.ALL_T3_FIELDS
        whole = super().wanted()
        return {name: one for name, one in whole.items() if one is not None or name not in own}

    @classmethod
    def wanted_fields(cls) -> "dict[str, models.Field[Any, Any]]":
        """Not what its device describes it as."""
        fields = super().wanted_fields()
        return {name: field for name, field in fields.items() if name not in cls.described}

    @classmethod
    def tidy(cls, rows: "Sequence[Point]") -> None:
        """Addresses in the drivers' form. What a panel's own numbers tell need not be written."""
        ids = {row.device_id for row in rows}
        known = Device.objects.select_related("network", "product", "hardware")
        devices = known.in_bulk(ids - {None})
        panels = {pk for pk, device in devices.items() if device.is_panel}
        units = panel_units(panels) if panels else {}
        for row in rows:
            if row.device_id in devices:
                row.device = devices[row.device_id]
                row.panel_units = units.get(row.device_id, row.panel_units)
                row._fill()

    def _fill(self) -> None:
        protocol, is_panel = self.device.network.protocol, self.device.is_panel
        if protocol == NetworkProtocol.MODBUS:  # it has none
            self.has_priorities = False
        self.address = self.address or point_rules.address_in_panel(self)
        try:
            self.address = point_addresses.canonical(protocol, self.address)
        except ValueError:
            return
        if not self.label and not is_panel:
            self.label = self.address

    @classmethod
    def problems(cls, rows: "Sequence[Point]") -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        yield from point_rules.problems(rows)

    def follow_range(self) -> None:
        """Of a panel's point, once the panel was read to hold a range."""
        found = point_rules.range_of(self, self.panel_units)
        if found is not None and self.device.is_panel:
            for name, value in point_rules.following(found).items():
                setattr(self, name, value)

    @classmethod
    def follow_units(cls, device_ids: Collection[int]) -> None:
        """Once the texts that panels have of their own are others."""
        own = point_rules.OF_RECORDS
        points = cls.objects.filter(device__in=device_ids, device__serial_number__isnull=False)
        points = points.filter(held__range__in=own).select_related("device")
        units, changed = panel_units(device_ids), []
        for point in points:
            before = [getattr(point, name) for name in point_rules.FOLLOW_RANGE]
            point.panel_units = units.get(point.device_id, point.panel_units)
            point.follow_range()
            if before != [getattr(point, name) for name in point_rules.FOLLOW_RANGE]:
                changed.append(point)
        cls.objects.bulk_update(changed, point_rules.FOLLOW_RANGE, batch_size=BATCH)

    def settle(self, changed: Collection[str]) -> None:
        self.follow_range()
        super().settle(changed)

    def clear(self) -> bool:
        """What its panel told of is as in a place that nobody uses."""
        if not super().clear():
            return False
        for name, empty in point_rules.fields_of(self.kind).items():
            if self.held is not None and self.held.get(name) is not None:
                setattr(self, name, empty)
        self.settle(self.wanted_fields())
        return True


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
