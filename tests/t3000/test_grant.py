"""`manage.py grant`: roles where nobody can sign in who could give them."""

import getpass
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from devices.domain.rights import Rights
from devices.enums import Role
from devices.models import AuditEntry
from tests.factories import make_site, make_user

pytestmark = pytest.mark.django_db


def grant(*words: str) -> str:
    said = StringIO()
    call_command("grant", *words, stdout=said)
    return said.getvalue().strip()


def test_a_role_is_given_changed_and_taken_away() -> None:
    site, user = make_site(name="Harbour"), make_user("anna", role=None)
    assert grant("anna", "operator", "--site", "Harbour") == "anna is operator at Harbour."
    assert Rights.of(user).role_at(site.pk) == Role.OPERATOR
    grant("anna", "engineer", "--site", "Harbour")
    assert Rights.of(user).role_at(site.pk) == Role.ENGINEER
    assert grant("anna", "viewer") == "anna is viewer at all sites."
    assert Rights.of(user).sites() is None
    grant("anna", "none", "--site", "Harbour")
    assert Rights.of(user).role_at(site.pk) == Role.VIEWER
    assert grant("anna", "none") == "anna has no role at all sites of its own."
    assert Rights.of(user).sites() == frozenset()


def test_it_is_put_down_to_who_types(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(getpass, "getuser", lambda: "keeper")
    make_user("anna", role=None)
    grant("anna", "viewer")
    entry = AuditEntry.objects.get(kind="roleassignment")
    assert (entry.username, entry.origin, entry.user_id) == ("keeper", "shell", None)


def test_a_machine_that_knows_no_names_is_no_failure(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> Any:
        raise KeyError("uid 1000")

    monkeypatch.setattr(getpass, "getuser", fail)
    make_user("anna", role=None)
    grant("anna", "viewer")
    assert AuditEntry.objects.get(kind="roleassignment").username == "T3000"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("jo", "viewer"), "There is no user jo"),
        (("anna", "viewer", "--site", "Airport"), "There is no site Airport; there are: Harbour."),
        (("anna", "king"), "invalid choice"),
        (("anna", "viewer"), "last administrator of all sites"),
    ],
)
def test_what_cannot_be_says_so(words: tuple[str, ...], message: str) -> None:
    make_site(name="Harbour")
    make_user("anna", role=Role.ADMINISTRATOR)
    with pytest.raises(CommandError, match=message):
        grant(*words)
