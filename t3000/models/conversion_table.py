"""Conversion tables: what a voltage at an input means in a unit of the user's own."""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Any

from django.apps import apps
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models import Device
from devices.models.shapes import ListOf, Number, Record, ShapedField
from protocols.t3.inputs import MAX_PAIRS
from protocols.t3.products import Firmware
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.panel_rules import panels_of

HIGHEST_VOLTS = 10
LARGEST_VALUE = 2**31 - 1
PRECISE_FROM = Firmware(64, 8)
PAIRS = ListOf(
    item=Record(
        name="TablePair",
        help_text="A voltage, and what it means.",
        members={
            "volts": Number(low=0, high=HIGHEST_VOLTS, help_text="At the input, V."),
            "value": Number(
                low=-LARGEST_VALUE, high=LARGEST_VALUE, help_text="In the unit of the table."
            ),
        },
    ),
    most=MAX_PAIRS,
)


class ConversionTable(PanelRow):
    """A table. Between two pairs it is a straight line."""

    name = models.CharField(
        max_length=8, blank=True, help_text=_("The unit of what comes out, as people read it.")
    )
    high_precision = models.BooleanField(
        default=False,
        help_text=_(
            "Volts and values in hundredths, which panels know from firmware 64.8 on; else volts "
            "in tenths and whole values."
        ),
    )
    pairs = ShapedField(
        shape=PAIRS, default=list, help_text=_("At most 16, each of more volts than the last.")
    )

    table_size = SIZES.tables

    class Meta(PanelRow.Meta):
        verbose_name = "table"

    @classmethod
    def problems(cls, rows: Sequence[Any]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        panels = panels_of(rows)
        for row in rows:
            if row.high_precision and (older := _older(panels.get(row.device_id))):
                yield (
                    row,
                    "high_precision",
                    (f"This panel has firmware {older}; it takes {PRECISE_FROM} to know it."),
                )
            yield from ((row, "pairs", message) for message in row._falling())
            for message in (*row._too_fine(), *row._too_large()):
                yield row, "pairs", message
                yield row, "high_precision", message

    @classmethod
    def stored(cls, rows: Sequence[Any]) -> None:
        apps.get_model("t3000", "Point").follow_units({row.device_id for row in rows})

    @property
    def decimals(self) -> tuple[int, int]:
        """Of volts and of values."""
        return (2, 2) if self.high_precision else (1, 0)

    def _falling(self) -> Iterable[str]:
        for number, (one, following) in enumerate(pairwise(self.pairs), 1):
            if following["volts"] <= one["volts"]:
                volts = f"{following['volts']} V after {one['volts']} V"
                yield f"Pair {number} has {volts}; each has more volts than the one before."

    def _too_fine(self) -> Iterable[str]:
        for number, pair in enumerate(self.pairs):
            for name, decimals in zip(("volts", "value"), self.decimals, strict=True):
                if round(pair[name], decimals) != pair[name]:
                    precision = "high" if self.high_precision else "normal"
                    yield (
                        f"Pair {number}: {name} {pair[name]} has more than {decimals} decimals, "
                        f"which {precision} precision cannot hold."
                    )

    def _too_large(self) -> Iterable[str]:
        """Stored is a signed 32-bit number, of hundredths where precision is high."""
        most = LARGEST_VALUE / 10 ** self.decimals[1]
        for number, pair in enumerate(self.pairs):
            if abs(pair["value"]) > most:
                yield f"Pair {number}: value {pair['value']} does not fit; it can be up to {most}."


def _older(panel: Device | None) -> Firmware | None:
    """The firmware of a panel that is too old for high precision; not known is no reason."""
    if panel is None:
        return None
    try:
        firmware = Firmware.parse(panel.firmware)
    except ValueError:
        return None
    return firmware if firmware < PRECISE_FROM else None
