"""Units of a panel's own: for digital points, for variables, and for points of several states."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.apps import apps
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.shapes import Flag, ListOf, Record, ShapedField, Text, Whole
from t3000.enums import CustomDigitalDirect, UnitKind
from t3000.models.panel_row import SIZES, PanelRow

MOST_STATES = 8
NO_STATE = {"used": False, "name": "", "value": 0}
STATES = ListOf(
    item=Record(
        name="UnitState",
        help_text="One of the states of a point.",
        members={
            "used": Flag(help_text="Whether there is such a state."),
            "name": Text(longest=19, help_text="As people read it."),
            "value": Whole(low=0, high=65_535, help_text="The value that means it."),
        },
    ),
    most=MOST_STATES,
)
TABLE_SIZES = {
    UnitKind.DIGITAL: SIZES.digital_units,
    UnitKind.VARIABLE: SIZES.variable_units,
    UnitKind.MULTI_STATE: SIZES.state_tables,
}
MEMBERS = {
    UnitKind.DIGITAL: frozenset({"direct", "off_text", "on_text"}),
    UnitKind.VARIABLE: frozenset({"name"}),
    UnitKind.MULTI_STATE: frozenset({"states"}),
}


class Unit(PanelRow):
    """A unit. Which members it has depends on its kind; the others stay empty."""

    kind = models.CharField(max_length=11, choices=UnitKind)
    direct = models.PositiveSmallIntegerField(
        choices=CustomDigitalDirect,
        default=CustomDigitalDirect.DIRECT,
        help_text=_("Digital: whether a closed contact is on."),
    )
    off_text = models.CharField(max_length=11, blank=True, help_text=_("Digital: what 0 is."))
    on_text = models.CharField(max_length=11, blank=True, help_text=_("Digital: what 1 is."))
    name = models.CharField(max_length=19, blank=True, help_text=_("Variable: the unit."))
    states = ShapedField(
        shape=STATES, default=list, help_text=_("Multi-state: its states, at most 8.")
    )

    class Meta(PanelRow.Meta):
        ordering = ["device", "kind", "index"]
        constraints = [
            models.UniqueConstraint(fields=["device", "kind", "index"], name="unit_identity")
        ]

    def __str__(self) -> str:
        return f"{UnitKind(self.kind).label} {self._meta.verbose_name} {self.index + 1}"

    @property
    def places(self) -> int | None:
        return TABLE_SIZES[UnitKind(self.kind)]

    def wanted(self) -> dict[str, Any]:
        """A panel holds all states, also those that nobody uses."""
        kept = MEMBERS[UnitKind(self.kind)]
        whole = {name: value for name, value in super().wanted().items() if name in kept}
        if "states" in whole:
            whole["states"] = whole["states"] + [NO_STATE] * (MOST_STATES - len(self.states))
        return whole

    @classmethod
    def stored(cls, rows: Sequence[Any]) -> None:
        apps.get_model("t3000", "Point").follow_units({row.device_id for row in rows})

    def clean(self) -> None:
        """Raises ValidationError for what a unit of this kind has not."""
        if self.kind not in UnitKind.values:
            return
        foreign = dict(self._foreign())
        if foreign:
            raise ValidationError(foreign)

    def _foreign(self) -> Iterable[tuple[str, str]]:
        kind = UnitKind(self.kind)
        for name, field in self.wanted_fields().items():
            if name not in MEMBERS[kind] and getattr(self, name) != field.get_default():
                has = ", ".join(sorted(MEMBERS[kind]))
                yield name, f"A unit of kind {kind.value} has no {name}; it has: {has}."
