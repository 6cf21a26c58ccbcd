from datetime import timedelta

import pytest
from django.utils import timezone

from devices.domain import lease, polling
from devices.models import Link
from tests.factories import NOW, make_device, make_network

pytestmark = pytest.mark.django_db


def test_claim_due_takes_what_is_due_by_queue() -> None:
    here = make_device(network=make_network(queue="field"))
    there = make_device(network=make_network(queue="annex"))
    make_device(link={"due_at": NOW + timedelta(seconds=1)})
    assert polling.claim_due(NOW) == {"field": [here.pk], "annex": [there.pk]}


def test_claim_due_leaves_out_what_is_switched_off() -> None:
    make_device(enabled=False)
    make_device(network=make_network(enabled=False))
    assert polling.claim_due(NOW) == {}


def test_a_claimed_device_is_not_claimed_again_and_counts_an_overrun() -> None:
    device = make_device()
    assert polling.claim_due(NOW)
    later = NOW + timedelta(seconds=10)
    assert polling.claim_due(later) == {}
    link = Link.objects.get(device=device)
    assert link.overruns == 1
    assert link.due_at == NOW + timedelta(seconds=20)


def test_a_claim_that_nobody_released_ends_by_itself() -> None:
    device = make_device()
    polling.claim_due(NOW)
    assert polling.claim_due(NOW + timedelta(minutes=2)) == {"field": [device.pk]}


def test_what_cannot_be_read_here_does_not_lose_its_turn() -> None:
    device = make_device()
    polling.claim_due(NOW)
    polling.release([device.pk])
    assert polling.claim_due(timezone.now()) == {"field": [device.pk]}


def test_give_up_ends_the_claims_on_the_networks() -> None:
    mine, other = make_device(), make_device()
    polling.claim_due(NOW)
    polling.give_up([mine.network_id])
    assert polling.claim_due(NOW + timedelta(seconds=10)) == {"field": [mine.pk]}
    assert Link.objects.get(device=other).overruns == 1


def test_the_claims_of_a_process_that_died_end_with_its_lease() -> None:
    device = make_device()
    lease.hold(device.network_id, "one:1", NOW)
    polling.claim_due(NOW)
    assert polling.claim_due(NOW + timedelta(seconds=10)) == {}
    assert polling.claim_due(NOW + timedelta(seconds=20)) == {"field": [device.pk]}


def test_a_device_keeps_its_place_in_the_period() -> None:
    due = NOW - timedelta(milliseconds=700)
    device = make_device(link={"due_at": due})
    polling.claim_due(NOW)
    assert Link.objects.get(device=device).due_at == due + timedelta(seconds=10)


def test_devices_keep_their_places_after_a_pause_too() -> None:
    """Else all of them would be read in the same instant from then on."""
    phases = [timedelta(seconds=second) for second in (1, 4, 8)]
    devices = [make_device(link={"due_at": NOW - timedelta(hours=1) - one}) for one in phases]
    polling.claim_due(NOW)
    due = [Link.objects.get(device=device).due_at for device in devices]
    assert due == [NOW + timedelta(seconds=10) - one for one in phases]


@pytest.mark.parametrize("count", [1, 30])
def test_claim_due_makes_as_many_queries_for_one_device_as_for_many(
    count: int, django_assert_num_queries: object
) -> None:
    network = make_network()
    for _ in range(count):
        make_device(network=network)
    with django_assert_num_queries(4):  # a savepoint around one read and one update
        assert len(polling.claim_due(NOW)["field"]) == count
