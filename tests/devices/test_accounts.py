import pytest
from django.contrib.auth import authenticate, get_user_model
from django.core.exceptions import ValidationError

from devices.domain.accounts import create_first_administrator
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
