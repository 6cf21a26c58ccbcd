"""What lets programs in."""

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from devices.models.audited import Audited, recorded_cascade

NAME_LENGTH = 60


class ApiToken(Audited):
    """A token of a user, without the token itself: only its hash is stored."""

    unaudited = frozenset({"digest", "used_at", "used_from"})

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=recorded_cascade, related_name="api_tokens"
    )
    name = models.CharField(
        max_length=NAME_LENGTH, blank=True, help_text=_("Which program it is for.")
    )
    digest = models.CharField(max_length=128, unique=True, help_text=_("SHA-512 of the token."))
    created_at = models.DateTimeField(help_text=_("When it was made."))
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text=_("Empty: it holds until it is revoked.")
    )
    used_at = models.DateTimeField(
        null=True, help_text=_("When it was last used, to the minute; empty: never.")
    )
    used_from = models.GenericIPAddressField(null=True, help_text=_("The address it came from."))

    class Meta:
        ordering = ["-created_at", "-pk"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name or f"token {self.pk}"
