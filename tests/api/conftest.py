"""Programs that ask, as they do: by a token in a header."""

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client

from devices.domain import tokens
from tests.factories import make_user


def client_of(user: Any) -> Client:
    return Client(headers={"Authorization": f"Token {tokens.make(user)}"})


@pytest.fixture
def reader() -> Client:
    """Signed in, without any right."""
    return client_of(make_user("reader"))


@pytest.fixture
def allowed() -> Callable[..., Client]:
    """A program whose user has these rights."""

    def make(*rights: str) -> Client:
        user = make_user()
        user.user_permissions.set(Permission.objects.filter(codename__in=rights))
        return client_of(user)

    return make
