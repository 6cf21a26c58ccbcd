"""Who changed what, when, from where, from what to what. Written once, never changed."""

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from devices.enums import Action, Origin
from devices.models.acting import Actor


class AuditEntry(models.Model):
    """One row that was created, changed or deleted.

    It refers to nothing by a foreign key: it outlives the user, the row and the site. The database
    itself refuses to change or delete it (migration 0008).
    """

    time = models.DateTimeField(default=timezone.now, db_index=True)
    user_id = models.BigIntegerField(null=True)
    username = models.CharField(max_length=150)
    origin = models.CharField(max_length=8, choices=Origin)
    client_address = models.GenericIPAddressField(null=True, help_text=_("From where it came."))
    action = models.CharField(max_length=8, choices=Action)
    kind = models.CharField(max_length=64, help_text=_("What it is: device, point, schedule ..."))
    row_id = models.BigIntegerField(help_text=_("Its id."))
    name = models.CharField(max_length=200, help_text=_("What it was called at that time."))
    site_id = models.BigIntegerField(
        null=True, help_text=_("The id of its site; empty for what belongs to no site.")
    )
    device_id = models.BigIntegerField(
        null=True, help_text=_("The id of the device that it is, or is a part of.")
    )
    changes = models.JSONField(
        default=dict, help_text=_("The old and the new value of each field: [old, new].")
    )

    site_path = "site_id"

    class Meta:
        ordering = ["-pk"]
        verbose_name = "audit entry"
        verbose_name_plural = "audit entries"
        indexes = [
            models.Index(fields=["kind", "row_id"], name="audit_row"),
            models.Index(fields=["site_id"], name="audit_site"),
            models.Index(fields=["device_id"], name="audit_device"),
            models.Index(fields=["user_id"], name="audit_user"),
        ]

    def __str__(self) -> str:
        return f"{self.username}: {Action(self.action).label} {self.kind} {self.name}"

    @classmethod
    def by(cls, actor: Actor, *, name: str, **fields: Any) -> "AuditEntry":
        """An entry put down to whoever acts, not stored yet."""
        return cls(
            user_id=actor.user.pk if actor.user else None,
            username=actor.name[:150],
            origin=actor.origin,
            client_address=actor.address,
            name=name[:200],
            **fields,
        )


def plain(value: Any) -> Any:
    """A value as JSON can hold it."""
    if value is None or isinstance(value, bool | int | float | str | list | dict):
        return value
    return DjangoJSONEncoder().default(value)
