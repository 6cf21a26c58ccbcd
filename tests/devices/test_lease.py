from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from devices.domain import lease
from devices.models import NetworkLease
from tests.factories import NOW, make_network

pytestmark = pytest.mark.django_db


def test_a_network_has_one_owner_until_its_lease_ends() -> None:
    network = make_network()
    assert lease.hold(network.pk, "one:1", NOW)
    assert not lease.hold(network.pk, "two:2", NOW + timedelta(seconds=14))
    assert lease.hold(network.pk, "two:2", NOW + timedelta(seconds=15))
    assert not lease.hold(network.pk, "one:1", NOW + timedelta(seconds=16))


def test_holding_again_renews() -> None:
    network = make_network()
    lease.hold(network.pk, "one:1", NOW)
    assert lease.hold(network.pk, "one:1", NOW + timedelta(seconds=10))
    assert not lease.hold(network.pk, "two:2", NOW + timedelta(seconds=20))


def test_give_up_lets_the_next_in_at_once() -> None:
    network, kept = make_network(), make_network()
    lease.hold(network.pk, "one:1", NOW)
    lease.hold(kept.pk, "two:2", NOW)
    lease.give_up("one:1")
    assert lease.hold(network.pk, "two:2", NOW)
    assert not lease.hold(kept.pk, "one:1", NOW)


def test_a_network_that_is_gone_cannot_be_held() -> None:
    network = make_network()
    number = network.pk
    network.delete()
    assert not lease.hold(number, "one:1", NOW)


@pytest.mark.parametrize(("first", "is_held"), [("one:1", True), ("two:2", False)])
def test_somebody_else_is_first(first: str, is_held: bool) -> None:
    """Between our look whether it is free and our taking it: another thread of ours, whose lease is
    ours, too, or another process."""
    network = make_network()

    def take_first(execute: Any, sql: str, *args: Any) -> Any:
        result = execute(sql, *args)
        if sql.startswith("UPDATE") and not NetworkLease.objects.exists():
            NetworkLease.objects.create(network=network, owner=first, expires_at=NOW)
        return result

    with connection.execute_wrapper(take_first):
        assert lease.hold(network.pk, "one:1", NOW) is is_held
