"""Networks as people add and change them. The field notices by itself (devices.runtime); what must
be looked for anew is planned here."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.utils import timezone

from devices.domain import rows
from devices.domain.rights import Rights
from devices.enums import Role
from devices.models import Network

ROLE = Role.ENGINEER
# Who can be found, and who of them is registered at once.
LEADS_TO = ("protocol", "interface", "port", "targets", "bbmd", "auto_discovery", "enabled")
Values = Mapping[str, Any]


def add(values: Sequence[Values], *, by: Rights) -> list[Network]:
    """Adds networks and looks for their devices with the next tick. Raises as rows.create."""
    now = timezone.now()
    planned = [{**one, "discovery_due_at": now} for one in values]
    return rows.create(Network, planned, by=by, role=ROLE)


@transaction.atomic
def change(changes: Mapping[int, Values], *, by: Rights) -> None:
    """Changes networks; where other devices may be found now they are looked for. Raises as
    rows.update."""
    known = Network.objects.filter(pk__in=changes)
    was = {pk: leads for pk, *leads in known.values_list("pk", *LEADS_TO)}
    changed = rows.update(Network, changes, by=by, role=ROLE)
    anew = [
        one.pk for one in changed if was.get(one.pk) != [getattr(one, name) for name in LEADS_TO]
    ]
    Network.objects.filter(pk__in=anew, enabled=True).update(discovery_due_at=timezone.now())
