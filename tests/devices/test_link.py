import logging
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from devices.domain import lease, polling
from devices.domain import link as links
from devices.domain.link import PollResult
from devices.enums import LinkState
from devices.models import Device, Link
from protocols.errors import Timeout
from tests.factories import NOW, make_device, make_network

pytestmark = pytest.mark.django_db
SECOND = timedelta(seconds=1)


def poll(device: Device, at: float, *, ok: bool) -> links.Edges:
    error = None if ok else Timeout("no answer", endpoint=device.endpoint)
    finished = NOW + at * SECOND
    return links.record_polls([PollResult(device.pk, finished, 0.043, error=error)])


def state(device: Device) -> tuple[str, int]:
    link = Link.objects.get(device=device)
    return link.state, link.failures


def test_a_good_poll_releases_the_claim_and_says_when() -> None:
    device = make_device(link={"claimed_until": NOW + SECOND, "failures": 1, "problem": "x"})
    edges = poll(device, 10, ok=True)
    link = Link.objects.get(device=device)
    assert (link.claimed_until, link.failures, link.problem) == (None, 0, "")
    assert (link.last_seen_at, link.cycle_ms) == (NOW + 10 * SECOND, 43)
    assert not edges.revived
    assert not edges.fell


def test_one_failed_poll_is_no_outage_two_are() -> None:
    device = make_device()
    assert not poll(device, 10, ok=False).fell
    assert state(device) == (LinkState.ONLINE, 1)
    assert [link.device_id for link in poll(device, 20, ok=False).fell] == [device.pk]
    assert state(device) == (LinkState.OFFLINE, 2)
    assert not poll(device, 30, ok=False).fell


def test_the_return_is_an_edge() -> None:
    device = make_device(link={"state": LinkState.OFFLINE, "failures": 9})
    assert poll(device, 60, ok=True).revived == {device.pk}
    assert state(device) == (LinkState.ONLINE, 0)


def test_a_device_not_read_for_long_is_revived_though_nobody_noticed() -> None:
    """The supervisor was stopped: pages showed its values as stale by their age."""
    device = make_device()
    assert poll(device, 30, ok=True).revived == set()
    assert poll(device, 90, ok=True).revived == {device.pk}


def test_one_log_line_for_the_fall_and_one_for_the_return(
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO)
    device = make_device(name="AHU-1")
    for at in (10, 20, 30, 40):
        poll(device, at, ok=False)
    for at in (50, 60):
        poll(device, at, ok=True)
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        f"AHU-1 ({device.endpoint}) does not answer: no answer",
        f"AHU-1 ({device.endpoint}) answers again after 50 s",
    ]


def test_a_dead_device_is_asked_less_and_less_but_the_healthy_in_its_turn() -> None:
    device = make_device(network=make_network(poll_interval=5.0))
    poll(device, 1, ok=False)
    assert Link.objects.get(device=device).due_at == NOW  # as it was
    waits = []
    for count in range(2, 6):
        poll(device, 100 * count, ok=False)
        due = Link.objects.get(device=device).due_at
        waits.append((due - NOW).total_seconds() - 100 * count)
    assert waits == pytest.approx([5, 10, 20, 40], rel=0.11)
    due = Link.objects.get(device=device).due_at
    poll(device, 900, ok=True)
    assert Link.objects.get(device=device).due_at == due


def test_a_device_that_never_answered_is_offline_at_once() -> None:
    device = make_device(link={"state": LinkState.UNKNOWN, "last_seen_at": None})
    assert poll(device, 3, ok=False).fell


def test_a_device_deleted_meanwhile_is_passed_over() -> None:
    assert not links.record_polls([PollResult(999_999, NOW, 0.1)]).links


def test_fall_silent_finds_what_nobody_reads() -> None:
    fast = make_device(network=make_network(poll_interval=5.0))
    make_device(network=make_network(poll_interval=60.0))
    assert links.fall_silent(NOW + 15 * SECOND) == []
    silent = links.fall_silent(NOW + 16 * SECOND)
    assert [link.device_id for link in silent] == [fast.pk]
    assert state(fast) == (LinkState.OFFLINE, 0)
    assert links.fall_silent(NOW + 17 * SECOND) == []


def test_a_device_that_is_being_read_is_slow_not_silent() -> None:
    claim_ends = NOW + timedelta(minutes=2)
    device = make_device(link={"claimed_until": claim_ends})
    lease.hold(device.network_id, "one:1", claim_ends)
    assert links.fall_silent(claim_ends - SECOND) == []
    assert [link.device_id for link in links.fall_silent(claim_ends)] == [device.pk]


def test_a_claim_does_not_excuse_a_device_that_nobody_serves() -> None:
    device = make_device(link={"claimed_until": NOW + timedelta(hours=1)})
    lease.hold(device.network_id, "one:1", NOW)
    later = NOW + 31 * SECOND
    polling.claim_due(later)  # the clock goes on without a field process
    assert [link.device_id for link in links.fall_silent(later)] == [device.pk]


@pytest.mark.parametrize(
    ("age", "state", "fresh"),
    [
        (0, LinkState.ONLINE, True),
        (30, LinkState.ONLINE, True),
        (31, LinkState.ONLINE, False),
        (0, LinkState.OFFLINE, False),
        (0, LinkState.UNKNOWN, False),
    ],
)
def test_is_fresh(age: int, state: LinkState, fresh: bool) -> None:
    link = make_device(link={"state": state}).link
    assert links.is_fresh(link, NOW + age * SECOND) is fresh


@pytest.mark.parametrize("count", [1, 30])
def test_record_polls_makes_as_many_queries_for_one_device_as_for_many(
    count: int, django_assert_num_queries: object
) -> None:
    network = make_network()
    results = [PollResult(make_device(network=network).pk, NOW, 0.1) for _ in range(count)]
    with django_assert_num_queries(2):  # one read, one bulk update
        links.record_polls(results)


def test_a_link_that_is_restarted_knows_nothing_and_is_due() -> None:
    device = make_device(link={"failures": 3, "problem": "no answer", "claimed_until": NOW})
    (link,) = links.restart([device.pk, 0], NOW)
    stored = Link.objects.get(pk=device.pk)
    for one in (link, stored):
        assert (one.state, one.since, one.last_seen_at) == (LinkState.UNKNOWN, NOW, None)
        assert (one.failures, one.problem, one.claimed_until, one.due_at) == (0, "", None, NOW)


@pytest.mark.parametrize(
    "changed", [{"address": "127.0.9.9:47809"}, {"instance": 99}, {"serial_number": 5}]
)
def test_what_was_read_where_it_is_not_any_more_does_not_count(changed: dict[str, Any]) -> None:
    device = make_device(serial_number=4, link={"state": LinkState.UNKNOWN, "claimed_until": NOW})
    read = PollResult(device.pk, NOW, 0.1, place=(device.network_id, device.endpoint))
    Device.objects.filter(pk=device.pk).update(**changed)
    edges = links.record_polls([read])
    link = Link.objects.get(pk=device.pk)
    assert (link.state, link.claimed_until, edges.outdated) == (
        LinkState.UNKNOWN, None, {device.pk},
    )  # fmt: skip
    device.refresh_from_db()
    edges = links.record_polls([replace(read, place=(device.network_id, device.endpoint))])
    assert (Link.objects.get(pk=device.pk).state, edges.outdated) == (LinkState.ONLINE, set())
