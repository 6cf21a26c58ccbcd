"""Expansion I/O: the modules whose inputs and outputs are rows of a T3 panel's tables."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models.device import LARGEST_SERIAL, LAST_UNIT
from t3000.enums import ExtioPort
from t3000.models.panel_row import SIZES, PanelRow

BYTE = 255
CHANNELS = {44: (8, 14), 43: (22, 0), 46: (12, 0), 104: (6, 6)}  # inputs, outputs by product


class ExpansionIo(PanelRow):
    """A module. Row 0 is the controller itself. Each has its inputs and outputs after those of the
    rows before it."""

    product_id = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy(
            "44 T3-8AI8AO6DO, 43 T3-22I, 46 T3-PT12, 104 PWM transducer; 0: nothing here."
        ),
    )
    port = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        choices=ExtioPort,
        help_text=gettext_lazy("Of the controller, on which the module hangs; none in row 0."),
    )
    modbus_id = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LAST_UNIT)],
        help_text=gettext_lazy("Its unit, 1 to 254."),
    )
    serial_number = models.PositiveBigIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(LARGEST_SERIAL)],
        help_text=gettext_lazy("Of the module; none: not known."),
    )
    input_start = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy("Number of its first input in the panel, from 1; 0: it has none."),
    )
    input_end = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy("Number of its last input in the panel."),
    )
    output_start = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy("Number of its first output in the panel, from 1; 0: it has none."),
    )
    output_end = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy("Number of its last output in the panel."),
    )
    last_contact = models.DateTimeField(
        null=True, editable=False, help_text=gettext_lazy("When it last answered the controller.")
    )

    live = frozenset({"last_contact"})
    table_size = SIZES.expansions

    class Meta(PanelRow.Meta):
        verbose_name = gettext_lazy("expansion module")
        verbose_name_plural = gettext_lazy("expansion modules")

    @classmethod
    def problems(cls, rows: Sequence["ExpansionIo"]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        yield from _sizes(rows)
        yield from _overlaps(rows)


def _spans(row: ExpansionIo) -> Iterator[tuple[str, int, int]]:
    yield "input", row.input_start, row.input_end
    yield "output", row.output_start, row.output_end


def _sizes(rows: Iterable[ExpansionIo]) -> Iterable[tuple[Any, str, str]]:
    """Modules have as many as their product has, beginning where it says."""
    for row in rows:
        sizes = CHANNELS.get(row.product_id)
        for number, (kind, start, end) in enumerate(_spans(row)):
            count = end - start + 1 if start else 0
            if end < start or (end and not start):
                message = _("The last %(kind)s is before the first.")
            elif sizes and row.index and count != sizes[number]:
                message = _("Product %(product)d has %(size)d of them, not %(count)d.")
            else:
                continue
            told = {"kind": kind, "product": row.product_id, "count": count}
            text = message % {**told, "size": sizes[number] if sizes else 0}
            yield row, f"{kind}_end", text
            yield row, f"{kind}_start", text


def _overlaps(rows: Sequence[ExpansionIo]) -> Iterable[tuple[Any, str, str]]:
    """A row of the panel's tables is one module's."""
    written = {(row.device_id, row.index) for row in rows}
    beside: dict[int, list[ExpansionIo]] = defaultdict(list)
    for row in ExpansionIo.objects.filter(device__in={row.device_id for row in rows}):
        if (row.device_id, row.index) not in written:
            beside[row.device_id].append(row)
    for row in sorted(rows, key=lambda row: row.index):
        for kind, start, end in _spans(row):
            for other in beside[row.device_id]:
                first, last = {name: span for name, *span in _spans(other)}[kind]
                if start and first and start <= last and first <= end:
                    message = _("%(kind)ss %(first)d to %(last)d are those of row %(row)d.")
                    told = {"kind": kind.capitalize(), "first": first, "last": last}
                    yield row, f"{kind}_start", message % {**told, "row": other.index}
                    break
        beside[row.device_id].append(row)
