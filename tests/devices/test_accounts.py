from io import StringIO
from typing import Any

import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.exceptions import ValidationError
from django.core.management import call_command

from devices.domain.accounts import create_first_administrator
from devices.models import AuditEntry
from tests.factories import make_user

pytestmark = pytest.mark.django_db


def test_the_first_administrator_gets_a_random_password_that_works() -> None:
    password = create_first_administrator()
    assert password is not None
    assert len(password) >= 16
    assert authenticate(username="admin", password=password).is_superuser


def test_there_is_no_default_password() -> None:
    first = create_first_administrator()
    get_user_model().objects.all().delete()
    assert create_first_administrator() != first


def test_a_given_password_is_taken_and_checked() -> None:
    with pytest.raises(ValidationError, match="too short"):
        create_first_administrator("short")
    assert not get_user_model().objects.exists()
    assert create_first_administrator("correct-horse-battery") == "correct-horse-battery"


def test_where_there_are_users_nothing_is_changed() -> None:
    make_user("jb")
    assert create_first_administrator() is None
    assert get_user_model().objects.count() == 1


def told() -> list[tuple[str, str, dict[str, object]]]:
    found = AuditEntry.objects.filter(kind="user").order_by("pk")
    return [(one.action, one.name, one.changes) for one in found]


def test_what_django_s_own_commands_do_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    passwords = iter(["another-horse-battery"] * 2)
    monkeypatch.setattr("getpass.getpass", lambda **_: next(passwords))
    monkeypatch.setenv("DJANGO_SUPERUSER_PASSWORD", "correct-horse-battery")
    call_command("createsuperuser", username="root", email="", interactive=False, verbosity=0)
    call_command("changepassword", "root", stdout=StringIO())
    assert authenticate(username="root", password="another-horse-battery")
    created, changed = told()
    assert created[:2] == ("create", "root")
    assert created[2]["superuser"] == [None, True]
    assert created[2]["password"] == [None, "(secret)"]
    assert changed == ("update", "root", {"password": ["(secret)", "(secret)"]})
    assert "horse" not in str(told())
    user = get_user_model().objects.get()
    assert user.password not in str(told())


def test_what_a_shell_does_to_users_is_told_and_what_is_no_change_is_not() -> None:
    user = make_user("anna", first_name="Anna")
    user.first_name, user.is_active = "Anne", False
    user.save(update_fields=["is_active"])
    user.save(update_fields=["last_login"])
    user.is_superuser = True
    user.save()
    user.save()
    pk = user.pk
    user.delete()
    (first, second, third) = told()
    assert first == ("update", "anna", {"active": [True, False]})
    assert second == ("update", "anna", {"name": ["Anna", "Anne"], "superuser": [None, True]})
    assert third[:2] == ("delete", "anna")
    assert third[2]["username"] == ["anna", None]
    assert set(AuditEntry.objects.filter(kind="user").values_list("row_id", flat=True)) == {pk}


def test_a_hash_that_is_made_anew_is_no_change_of_the_password(settings: Any) -> None:
    user = make_user("anna")
    before = user.password
    pbkdf2 = "django.contrib.auth.hashers.PBKDF2PasswordHasher"
    settings.PASSWORD_HASHERS = [pbkdf2, *settings.PASSWORD_HASHERS]
    assert authenticate(username="anna", password="correct-horse-battery")
    user.refresh_from_db()
    assert user.password != before
    assert told() == []
