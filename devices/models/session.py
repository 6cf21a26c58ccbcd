"""Who is signed in with which browser."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import DatabaseError, models, router
from django.db.models.functions import Least
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

AGENT_LENGTH = 200


class Session(models.Model):
    """Django's session, with what somebody must know to end the right one. Its key is the cookie's
    value, so people and programs are told its id instead."""

    session_key = models.CharField(max_length=40, unique=True)
    session_data = models.TextField()
    expire_date = models.DateTimeField(
        db_index=True, help_text=_("Its end, unless somebody is there again before.")
    )
    ends_at = models.DateTimeField(help_text=_("Its end in any case."))
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        null=True,
        related_name="sessions",
        help_text=_("Empty: nobody has signed in."),
    )
    since = models.DateTimeField(help_text=_("When somebody signed in."))
    seen_at = models.DateTimeField(help_text=_("When they were last here, to the minute."))
    address = models.GenericIPAddressField(null=True, help_text=_("From where they signed in."))
    user_agent = models.CharField(
        max_length=AGENT_LENGTH, blank=True, help_text=_("What their browser calls itself.")
    )

    class Meta:
        ordering = ["-seen_at", "-pk"]

    def __str__(self) -> str:
        return f"session {self.pk}"

    def save(
        self, force_insert: Any = False, force_update: bool = False, using: Any = None, **more: Any
    ) -> None:
        """As Django's session store saves: it makes a new row, or changes the one with this key."""
        now = timezone.now()
        if force_insert:
            self.since = self.seen_at = now
            self.ends_at = self.expire_date
            self.expire_date = min(self.ends_at, idle_until(now) or self.ends_at)
            super().save(force_insert=True, using=using)
            return
        rows = Session.objects.using(using or router.db_for_write(Session))
        changed = rows.filter(session_key=self.session_key).update(
            session_data=self.session_data, user=self.user_id, **seen(now)
        )
        if not changed:
            raise DatabaseError("The session was ended meanwhile.")


def idle_until(now: datetime) -> datetime | None:
    """When a session ends whose browser is not here again; None: not for that."""
    return now + settings.SESSION_IDLE if settings.SESSION_IDLE else None


def seen(now: datetime) -> dict[str, Any]:
    """What changes when its browser is here."""
    end = idle_until(now)
    ends_at = models.F("ends_at")
    return {"seen_at": now, "expire_date": Least(ends_at, models.Value(end)) if end else ends_at}
