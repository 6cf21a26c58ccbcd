"""Control Basic programs of a panel, and all that they ever were."""

from typing import Any, ClassVar

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from t3000.enums import AutoManual, OnOff, ProgramError, VersionOrigin
from t3000.models.panel_row import SIZES, PanelRow

LARGEST_CODE = 2000  # bytes
LONGEST_SOURCE = 64 * 1024
NOTE_LENGTH = 200


class Program(PanelRow):
    """A program. The panel holds its byte code only; the source is ours. Where somebody changed
    the source there is no code until it was compiled: then there is nothing to push."""

    label = models.CharField(max_length=8, blank=True, help_text=_("Short name for programs."))
    description = models.CharField(max_length=20, blank=True, help_text=_("Full label."))
    on_off = models.PositiveSmallIntegerField(
        choices=OnOff, default=OnOff.ON, help_text=_("Whether it runs.")
    )
    auto_manual = models.PositiveSmallIntegerField(
        choices=AutoManual,
        default=AutoManual.AUTO,
        help_text=_("In manual nothing but a person switches it on and off."),
    )
    source = models.TextField(
        max_length=LONGEST_SOURCE, blank=True, help_text=_("Control Basic, as it was typed.")
    )
    code = models.BinaryField(
        max_length=LARGEST_CODE,
        default=bytes,
        null=True,
        blank=True,
        editable=True,
        help_text=_("Byte code, at most 2,000 bytes; null: not compiled from the source yet."),
    )
    execution_time_ms = models.PositiveSmallIntegerField(
        default=0,
        editable=False,
        help_text=_("How long its last scan took, ms; from 50 on T3000 says endless loop."),
    )
    error = models.PositiveSmallIntegerField(
        choices=ProgramError, default=ProgramError.NORMAL, editable=False
    )

    live = frozenset({"execution_time_ms", "error"})
    named = ("label", "description")
    table_size = SIZES.programs

    class Meta(PanelRow.Meta):
        pass

    @classmethod
    def wanted_fields(cls) -> "dict[str, models.Field[Any, Any]]":
        fields = super().wanted_fields()
        return {name: field for name, field in fields.items() if name != "source"}

    def clear(self) -> bool:
        self.source = ""
        return super().clear()


class VersionQuerySet(models.QuerySet[Any]):
    """Adds, and never changes."""

    def update(self, **changes: Any) -> int:
        raise TypeError("A version is never changed; a change is a version of its own.")


class ProgramVersion(models.Model):
    """What a program was from some time on. Written with every change, never changed (migration
    0005 makes the database refuse it), and gone only with the program."""

    program = models.ForeignKey(Program, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField(help_text=_("From 1; the greatest is the present one."))
    created_at = models.DateTimeField(default=timezone.now)
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150, help_text=_("Who wrote it."))
    origin = models.CharField(max_length=8, choices=VersionOrigin)
    source = models.TextField(blank=True, help_text=_("Control Basic, as it was typed."))
    code = models.BinaryField(
        max_length=LARGEST_CODE,
        null=True,
        help_text=_("Byte code; null: not compiled from the source."),
    )
    note = models.CharField(max_length=NOTE_LENGTH, blank=True, help_text=_("Why."))

    site_path: ClassVar[str] = "program__device__network__site"
    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["program", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["program", "number"], name="program_version_number")
        ]

    def __str__(self) -> str:
        return f"version {self.number}"
