"""Programs that ask, as they do: by a token in a header."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from devices.enums import Role
from devices.models import Site
from tests.factories import make_token, make_user


def client_of(user: Any) -> Client:
    return Client(headers={"Authorization": f"Token {make_token(user)}"})


@pytest.fixture
def reader() -> Client:
    """Signed in, may look at everything and do nothing."""
    return client_of(make_user("reader"))


@pytest.fixture
def program() -> Callable[..., Client]:
    """A program whose user has this role, at a site or at all."""

    def make(role: Role | None, site: Site | None = None) -> Client:
        return client_of(make_user(role=role, site=site))

    return make
