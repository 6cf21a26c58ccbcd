"""Arrays: lists of numbers that a panel's programs read and write."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.shapes import ListOf, ShapedField, Whole
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.panel_rules import beyond_the_total, panels_of

LARGEST_SIZE = 65_535
MOST_CELLS = 2048  # of all arrays of a panel together
CELLS = ListOf(item=Whole(low=-(2**31), high=2**31 - 1), most=LARGEST_SIZE)


class Array(PanelRow):
    """An array. Cells beyond those that are told are 0."""

    label = models.CharField(max_length=8, blank=True, help_text=_("Short name for programs."))
    size = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(LARGEST_SIZE)],
        help_text=_("How many cells it has; the arrays of a T3 panel have 2,048 together."),
    )
    cells = ShapedField(
        shape=CELLS,
        default=list,
        help_text=_("The numbers as the panel holds them, from the first; others are 0."),
    )

    named = ("label",)
    table_size = SIZES.arrays

    class Meta(PanelRow.Meta):
        pass

    def wanted(self) -> dict[str, Any]:
        """A panel holds every cell, whether somebody told it or not."""
        whole = super().wanted()
        return {**whole, "cells": whole["cells"] + [0] * (self.size - len(self.cells))}

    @classmethod
    def problems(cls, rows: Sequence[Any]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        yield from beyond_the_total(rows, panels_of(rows), "size", int, MOST_CELLS)
        for row in rows:
            if len(row.cells) > row.size:
                message = f"These are {len(row.cells)} cells, and the size is {row.size}."
                yield row, "cells", message
                yield row, "size", message
