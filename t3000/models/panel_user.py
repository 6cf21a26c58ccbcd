"""Users that a T3 panel knows: T3000 asks for one of them when the panel's settings say so. They
are not the users of this program."""

from collections.abc import Iterable, Sequence
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from devices.models.secret import EncryptedTextField
from devices.models.shapes import ListOf, ShapedField, Whole
from t3000.enums import UserAccessLevel
from t3000.models.panel_row import PanelRow

BYTE = 255
MOST_RIGHTS = 32  # of two bits each
RIGHTS = ListOf(item=Whole(low=0, high=3), most=MOST_RIGHTS)


class PanelUser(PanelRow):
    """A user. The panel keeps passwords in clear; here they are encrypted and never told."""

    name = models.CharField(
        max_length=15, blank=True, help_text=gettext_lazy("Empty: the place is free.")
    )
    password = EncryptedTextField(
        max_length=8,
        blank=True,
        default="",
        help_text=gettext_lazy("By which T3000 lets the user in."),
    )
    access_level = models.PositiveSmallIntegerField(
        choices=UserAccessLevel, default=UserAccessLevel.VIEW
    )
    rights_access = models.PositiveBigIntegerField(
        default=0,
        validators=[MaxValueValidator(2**32 - 1)],
        help_text=gettext_lazy("Bits of further rights, as the panel stores them."),
    )
    default_panel = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy("Number of the panel that is shown first; 0: none."),
    )
    default_group = models.PositiveSmallIntegerField(
        default=0,
        validators=[MaxValueValidator(BYTE)],
        help_text=gettext_lazy("Number of the screen that is shown first; 0: none."),
    )
    screen_rights = ShapedField(
        shape=RIGHTS,
        default=list,
        blank=True,
        help_text=gettext_lazy("What the user may do with each screen, 0 to 3, from the first on."),
    )
    program_rights = ShapedField(
        shape=RIGHTS,
        default=list,
        blank=True,
        help_text=gettext_lazy("What the user may do with each program, 0 to 3."),
    )

    table_size = 8

    class Meta(PanelRow.Meta):
        verbose_name = gettext_lazy("panel user")
        verbose_name_plural = gettext_lazy("panel users")

    def __str__(self) -> str:
        return self.name or super().__str__()

    def wanted(self) -> dict[str, Any]:
        """A panel holds all rights, 0 where nobody told of one."""
        whole = super().wanted()
        for name in ("screen_rights", "program_rights"):
            whole[name] = whole[name] + [0] * (MOST_RIGHTS - len(whole[name]))
        return whole

    def clean(self) -> None:
        if self.password and not self.name:
            raise ValidationError({"name": _("A password needs the name of its user.")})

    @classmethod
    def problems(cls, rows: Sequence["PanelUser"]) -> Iterable[tuple[Any, str, str]]:
        yield from super().problems(rows)
        taken: dict[tuple[int, str], Any] = {}
        named = cls.objects.filter(device__in={row.device_id for row in rows}).exclude(name="")
        for row in (*named.exclude(pk__in=[row.pk for row in rows if row.pk]), *rows):
            if row.name and taken.setdefault((row.device_id, row.name), row) is not row:
                yield row, "name", _("The panel has a user of this name already.")
