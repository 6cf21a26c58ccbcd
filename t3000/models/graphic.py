"""Graphic screens of a panel and what is on them.

A panel keeps drawings in one of two ways: labels on a picture, of which each is a row of a table
of its own; or items, which are told with their screen. An editor saves a drawing as a whole, its
items are ordered and grouped among themselves, and where in the panel's pool one of them lies means
nothing to anybody: so they are a list of the screen and no rows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.validators import MaxValueValidator, RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.shapes import Flag, ListOf, Number, Record, ShapedField, Text, Whole
from t3000.enums import LabelDisplay, LabelIconSize, LabelStatus, LabelTextPlace
from t3000.models.panel_row import SIZES, PanelRow
from t3000.models.panel_rules import beyond_the_total, panels_of
from t3000.models.reference import LENGTH, ReferenceField

BYTE, WORD = 255, 65_535
SMALL, INT32 = 2**15 - 1, 2**31 - 1
COLOUR = RegexValidator(
    r"^#[0-9a-f]{6}\Z", _("This is no colour; write one as #1f6feb, in small letters.")
)


@dataclass(frozen=True, kw_only=True)
class PointText(Text):
    """A reference to a point, or nothing."""

    longest: int = LENGTH

    def clean(self, value: Any) -> Any:
        return ReferenceField().clean(super().clean(value), None)


def _colour(help_text: str) -> Text:
    return Text(longest=9, default="", help_text=f"{help_text}: #1f6feb, or inherit.")


LOOKS = Record(
    name="GraphicItemSettings",
    help_text="How an item looks.",
    default={},
    members={
        "active": Flag(default=True),
        "bg_color": _colour("Background"),
        "fill_color": _colour("Filling"),
        "off_color": _colour("Where the point is off"),
        "on_color": _colour("Where the point is on"),
        "text_color": _colour("Text"),
        "title_color": _colour("Title"),
        "font_size": Whole(low=0, high=BYTE, default=16, help_text="Pixels."),
        "in_alarm": Flag(default=False, help_text="Whether it shows an alarm."),
        "icon": Text(longest=9, default=""),
        "display_field": Text(
            longest=9, default="", help_text="What is shown of the point: value, label ..."
        ),
        "text_align": Text(longest=9, default="", help_text="left, center or right."),
        "blink": Flag(default=False),
        "blink_interval": Whole(low=0, high=WORD, default=0, help_text="Milliseconds."),
    },
)
ITEMS = ListOf(
    item=Record(
        name="GraphicItem",
        help_text="Something on a screen.",
        members={
            "id": Whole(low=0, high=BYTE, help_text="Its number on the screen."),
            "type": Text(longest=19, help_text="What it is: Temperature, Fan, Rectangle ..."),
            "title": Text(longest=9, default=""),
            "active": Flag(default=True),
            "group": Whole(low=0, high=BYTE, default=0, help_text="0: of no group."),
            "width": Whole(low=0, high=SMALL, help_text="Pixels."),
            "height": Whole(low=0, high=SMALL, help_text="Pixels."),
            "rotate": Number(low=-360, high=360, default=0, help_text="Degrees, clockwise."),
            "scale_x": Number(low=-100, high=100, default=1),
            "scale_y": Number(low=-100, high=100, default=1),
            "translate": ListOf(
                item=Whole(low=-INT32, high=INT32),
                least=4,
                most=4,
                help_text="Where it is, pixels: the four numbers that T3000 keeps.",
            ),
            "z_index": Whole(low=0, high=BYTE, default=0, help_text="Greater is before smaller."),
            "point": PointText(default="", help_text="What it shows: a point as 144IN3."),
            "settings": LOOKS,
        },
    ),
    most=SIZES.graphic_items,
)


class GraphicScreen(PanelRow):
    """A screen: a picture with labels, or a drawing of items."""

    label = models.CharField(max_length=8, blank=True, help_text=_("Short name for programs."))
    description = models.CharField(max_length=20, blank=True, help_text=_("Full label."))
    picture_file = models.CharField(
        max_length=10, blank=True, help_text=_("The name of the picture behind the labels.")
    )
    cursor_x = models.PositiveSmallIntegerField(
        default=0, validators=[MaxValueValidator(BYTE)], help_text=_("As the panel keeps it.")
    )
    cursor_y = models.PositiveIntegerField(
        default=0,
        validators=[MaxValueValidator(INT32 >> 16)],
        help_text=_("As the panel keeps it."),
    )
    items = ShapedField(
        shape=ITEMS,
        default=list,
        help_text=_("What is drawn, the screens of a T3 panel have 80 together."),
    )

    named = ("label", "description")
    table_size = SIZES.screens

    class Meta(PanelRow.Meta):
        pass

    @classmethod
    def problems(cls, rows: Sequence[Any]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        yield from beyond_the_total(rows, panels_of(rows), "items", len, SIZES.graphic_items)
        for row in rows:
            numbers = [item["id"] for item in row.items]
            if len(set(numbers)) < len(numbers):
                yield row, "items", "Two items have the same id; on a screen each has its own."


class GraphicLabel(PanelRow):
    """A label on a screen. All screens of a panel share one table of them."""

    status = models.PositiveSmallIntegerField(choices=LabelStatus, default=LabelStatus.USED)
    screen = models.PositiveSmallIntegerField(
        default=0, help_text=_("The index of the screen that it is on.")
    )
    point = ReferenceField(help_text=_("The point that it shows, as 144IN3."))
    x = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(WORD)], help_text=_("Pixels from the left.")
    )
    y = models.PositiveIntegerField(
        default=0, validators=[MaxValueValidator(WORD)], help_text=_("Pixels from the top.")
    )
    text_color = models.CharField(
        max_length=7, default="#000000", validators=[COLOUR], help_text=_("Of the text: #1f6feb.")
    )
    display = models.PositiveSmallIntegerField(choices=LabelDisplay, default=LabelDisplay.VALUE)
    icon_size = models.PositiveSmallIntegerField(
        choices=LabelIconSize, default=LabelIconSize.NORMAL
    )
    text_place = models.PositiveSmallIntegerField(
        choices=LabelTextPlace,
        default=LabelTextPlace.BOTTOM,
        help_text=_("Where the text is, seen from the icon."),
    )
    icon_1 = models.CharField(
        max_length=19, blank=True, help_text=_("Name of the icon; where there are two, for off.")
    )
    icon_2 = models.CharField(max_length=19, blank=True, help_text=_("Name of the icon for on."))

    table_size = SIZES.labels

    class Meta(PanelRow.Meta):
        pass

    @classmethod
    def problems(cls, rows: Sequence[Any]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        panels = panels_of(rows)
        for row in rows:
            if row.device_id in panels and row.screen >= SIZES.screens:
                last = SIZES.screens - 1
                yield row, "screen", f"This panel has screens 0 to {last}, and no {row.screen}."
