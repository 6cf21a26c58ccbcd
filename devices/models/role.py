"""Who may do what where."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from devices.enums import Role
from devices.models.audited import Audited, recorded_cascade
from devices.models.place import Site


class RoleAssignment(Audited):
    """What a user may do at a site. Who has none sees nothing of it."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=recorded_cascade, related_name="roles"
    )
    site = models.ForeignKey(
        Site,
        on_delete=models.CASCADE,
        null=True,
        blank=True,
        related_name="roles",
        help_text=_("Empty: at every site, also those that are added later."),
    )
    role = models.PositiveSmallIntegerField(choices=Role)

    site_path = "site_id"

    class Meta:
        ordering = ["user", "site"]
        verbose_name = "role"
        constraints = [
            models.UniqueConstraint(fields=["user", "site"], name="role_once_at_a_site"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(site__isnull=True), name="role_once_everywhere"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {Role(self.role).word} at {self.site or 'all sites'}"
