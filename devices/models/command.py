"""A command to a point, and what became of it: the ledger of everything that was ever written."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.enums import OPEN_STATES, CommandKind, CommandState, Origin
from devices.models.device import Device

NOTE_LENGTH = 200


class CommandQuerySet(models.QuerySet["Command"]):
    def held(self) -> "CommandQuerySet":
        """The writes that hold their points now, as far as we know."""
        return self.filter(_HELD)

    def open_or_held(self) -> "CommandQuerySet":
        """Those that have not ended, and those that hold."""
        return self.filter(Q(state__in=OPEN_STATES) | _HELD)


_HELD = Q(
    kind=CommandKind.WRITE,
    state__in=(CommandState.CONFIRMED, CommandState.UNKNOWN),
    over_at__isnull=True,
)


class Command(models.Model):
    """One write, release, or switch out of service and back. A row is kept when its device or user
    goes, and is never used for a second write. It names the point by its address: what a point
    means is not known here."""

    device = models.ForeignKey(
        Device, on_delete=models.SET_NULL, null=True, related_name="commands"
    )
    device_name = models.CharField(max_length=128)
    point = models.CharField(max_length=64, help_text=_("The protocol's own address."))
    point_name = models.CharField(
        max_length=128, blank=True, help_text=_("What the point was called at that time.")
    )
    kind = models.CharField(max_length=16, choices=CommandKind)
    payload = models.JSONField(
        default=dict, help_text=_('What is written: {"value": 21.5}; nothing for a release.')
    )
    priority = models.PositiveSmallIntegerField(
        null=True, help_text=_("Empty: what is commanded has none, as out of service.")
    )
    until = models.DateTimeField(
        null=True, blank=True, help_text=_("When it is released by itself; empty: never.")
    )
    note = models.CharField(
        max_length=NOTE_LENGTH, blank=True, help_text=_("Why, in the words of who asked for it.")
    )

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    username = models.CharField(max_length=150)
    origin = models.CharField(max_length=8, choices=Origin)
    client_address = models.GenericIPAddressField(null=True, help_text=_("From where it came."))

    state = models.CharField(max_length=10, choices=CommandState, default=CommandState.PENDING)
    message = models.CharField(
        max_length=200, blank=True, help_text=_("The device's reason, or what is not known.")
    )
    old_value = models.FloatField(null=True, help_text=_("Held when it was asked for."))
    new_value = models.FloatField(null=True, help_text=_("Read back when it was done."))

    created_at = models.DateTimeField()
    send_by = models.DateTimeField(help_text=_("Not sent until then: expired."))
    queued_at = models.DateTimeField(help_text=_("When its message was last sent to the field."))
    sent_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    checked_at = models.DateTimeField(
        null=True, help_text=_("When it was last looked whether it still holds.")
    )
    over_at = models.DateTimeField(
        null=True, help_text=_("When what it wrote was released or replaced.")
    )

    site_path = "device__network__site"

    objects = CommandQuerySet.as_manager()

    class Meta:
        ordering = ["-pk"]
        indexes = [
            models.Index(fields=["state"], condition=Q(state__in=OPEN_STATES), name="command_open"),
            models.Index(
                fields=["device", "point", "priority"],
                condition=Q(over_at__isnull=True),
                name="command_held",
            ),
            models.Index(
                fields=["until"],
                condition=Q(over_at__isnull=True, until__isnull=False),
                name="command_until",
            ),
        ]

    def __str__(self) -> str:
        if CommandKind(self.kind).switches_service:
            return f"{self.name}: {CommandKind(self.kind).label.lower()}"
        what = "release" if self.value is None else f"{self.value:g}"
        return f"{self.name} @{self.priority}: {what}"

    @property
    def name(self) -> str:
        """What it was for, as people know it."""
        return f"{self.device_name} {self.point_name or self.point}"

    @property
    def value(self) -> float | None:
        """What is written; None of what writes none, as a release."""
        value: float | None = self.payload.get("value")
        return value

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def holds(self) -> bool:
        """Whether, as far as we know, the point is held by what this wrote."""
        is_done = self.state in (CommandState.CONFIRMED, CommandState.UNKNOWN)
        return self.kind == CommandKind.WRITE and is_done and self.over_at is None
