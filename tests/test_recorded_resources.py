"""Of every resource: what a client changes is one entry of the audit trail, and what it leaves is
none. The resources are read from the addresses."""

from typing import Any

import pytest

from devices.api.resources import Resource
from devices.models import AuditEntry
from tests import rows
from tests.factories import make_site, make_user
from tests.resources import LISTS, Endpoint
from tests.test_foreign_sites import body_of, client_of, send

pytestmark = pytest.mark.django_db
CHANGED = [one for one in LISTS if issubclass(one.view, Resource) and one.view.can]


@pytest.mark.parametrize("endpoint", CHANGED, ids=str)
def test_a_change_is_one_entry_and_none_is_none(endpoint: Endpoint) -> None:
    site, boss = make_site(), make_user("boss", is_superuser=True)
    client, row = client_of(boss), rows.make(endpoint.model, site)
    path, name = f"{endpoint.path()}/{row.pk}", row.audit_name
    body = body_of(endpoint, row.pk, client)
    latest = AuditEntry.objects.latest("pk").pk
    body.pop("device", None)  # what is no panel has rows here that it could not be given
    assert send(client, "PATCH", path, body).status_code == 200
    assert not AuditEntry.objects.filter(pk__gt=latest).exists()
    if "delete" not in endpoint.view.can:
        return
    assert send(client, "DELETE", path).status_code == 204
    (entry,) = AuditEntry.objects.filter(pk__gt=latest)
    at: Any = site.pk if getattr(endpoint.model, "site_path", "") else None
    assert (entry.action, entry.kind, entry.row_id, entry.name, entry.site_id) == (
        *("delete", endpoint.model._meta.model_name, row.pk, name, at),
    )
    assert (entry.user_id, entry.username) == (boss.pk, "boss")
    assert (entry.origin, entry.client_address) == ("api", "127.0.0.1")
    assert entry.changes
    assert {new for _, new in entry.changes.values()} == {None}
