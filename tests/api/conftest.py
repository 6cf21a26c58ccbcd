"""Programs that ask, as they do: by a token in a header."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from devices.enums import Role
from devices.models import Device, Site
from tests.factories import make_device, make_token, make_user


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


@pytest.fixture
def engineer(program: Callable[..., Client]) -> Client:
    return program(Role.ENGINEER)


@pytest.fixture
def panel() -> Device:
    """A T3 panel, with tables of a fixed size."""
    return make_device(serial_number=4711)
