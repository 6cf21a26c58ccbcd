"""The audit trail: entries of what is no row that people configure, and who may read them.

Changes of configured rows are written down by the rows themselves (devices.models.audited).
"""

from collections.abc import Iterable, Mapping
from typing import Any

from django.apps import apps
from django.contrib.auth.models import User
from django.db.models import QuerySet

from devices.domain.rights import Rights
from devices.enums import Action, Role
from devices.models import AuditEntry, Command, Device, Finding, Session
from devices.models.acting import Actor, current
from devices.models.audit import plain
from devices.models.audited import Audited

READER = Role.OPERATOR


def note(*what: Any, **told: Any) -> None:
    """Writes one `entry`."""
    note_all([entry(*what, **told)])


def note_all(entries: Iterable[AuditEntry]) -> None:
    AuditEntry.objects.bulk_create(entries)


def entry(
    action: Action,
    kind: str,
    row_id: int,
    name: str,
    changes: Mapping[str, list[Any]],
    *,
    by: Actor | None = None,
    device: Device | None = None,
) -> AuditEntry:
    """An entry put down to whoever acts, not stored yet. Never hand it a secret."""
    return AuditEntry.by(
        by or current(),
        action=action,
        kind=kind,
        row_id=row_id,
        name=name,
        site_id=device.network.site_id if device else None,
        device_id=device.pk if device else None,
        changes={field: [plain(value) for value in pair] for field, pair in changes.items()},
    )


def kinds() -> list[str]:
    """What entries are of: configured rows, and what is noted by `note`."""
    recorded = (Audited, Command, Finding, Session, User)
    models = (one for one in apps.get_models() if issubclass(one, recorded))
    return sorted(one._meta.model_name or "" for one in models)


def visible(rights: Rights) -> QuerySet[AuditEntry]:
    """What the user may read: operators and above what was done at their sites. What belongs to no
    site, as accounts, is for administrators of all sites."""
    sites = rights.sites(READER)
    if rights.may(Role.ADMINISTRATOR, None):
        return AuditEntry.objects.all()
    if sites is None:
        return AuditEntry.objects.filter(site_id__isnull=False)
    return AuditEntry.objects.filter(site_id__in=sites)
