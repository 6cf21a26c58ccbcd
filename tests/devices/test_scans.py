"""How searches go: asked for, begun, told, ended, and cut off."""

from datetime import timedelta

import pytest

from devices.domain import discovery, jobs, lease, scans
from devices.enums import FindingState, JobState, Role
from devices.models import Job, JobNetwork, Network, Scan
from protocols.scanning import EVERYBODY, ScanStep, Search, StepKind
from tests.factories import NOW, make_finding, make_network, make_scan, make_user

pytestmark = pytest.mark.django_db
SOME = Search(instances=range(1, 100), networks=(2001,), object_name="OAT")


def step(kind: StepKind, text: str = "told", **fields: object) -> ScanStep:
    return ScanStep(kind, NOW, text, **fields)  # type: ignore[arg-type]


def begun(network: Network, now: object = NOW) -> Scan:
    scan = scans.begin(network.pk, now)  # type: ignore[arg-type]
    assert scan is not None
    return scan


def ask(network: Network, search: Search = EVERYBODY) -> Job:
    return jobs.request_search([network.pk], search, by=make_user(role=Role.ENGINEER), now=NOW)


def state(job: Job) -> JobState:
    rights = jobs.Rights.of(job.user)
    return jobs.progress([job], rights, NOW)[0].state


def test_the_hourly_search_asks_everybody() -> None:
    scan = begun(make_network())
    assert (scan.search, scan.username, scan.is_running) == (EVERYBODY, "", True)


def test_no_search_of_a_network_that_is_gone() -> None:
    assert scans.begin(7, NOW) is None


def test_a_search_asks_what_its_job_asked() -> None:
    network = make_network()
    job = ask(network, SOME)
    scan = begun(network)
    assert (scan.search, scan.username) == (SOME, job.username)
    assert state(job) == JobState.RUNNING
    assert Job.objects.get().search == SOME


@pytest.mark.parametrize(
    ("low", "high", "instances"),
    [(None, None, None), (5, None, range(5, 4194303)), (None, 5, range(6)), (5, 5, range(5, 6))],
)
def test_a_limit_that_is_left_out_is_none(low: int, high: int, instances: range) -> None:
    assert make_scan(low=low, high=high).search.instances == instances


def test_a_search_is_for_all_who_asked_the_same_and_others_come_next() -> None:
    network = make_network()
    same = [ask(network), ask(network)]
    other = ask(network, SOME)
    scan = begun(network)
    assert [state(job) for job in (*same, other)] == ["running", "running", "pending"]
    scans.end(scan, "", NOW)
    assert [state(job) for job in (*same, other)] == ["finished", "finished", "pending"]
    assert discovery.claim_due(NOW) == [("field", network.pk)]
    scans.end(begun(network), "no answer", NOW)
    assert state(other) == "failed"
    assert JobNetwork.objects.get(job=other).problem == "no answer"
    assert discovery.claim_due(NOW) == []


def test_a_limited_search_is_for_bacnet_only() -> None:
    modbus = make_network(protocol="modbus", targets=["127.0.0.9"], name="Panels")
    with pytest.raises(jobs.OnlyBacnet, match="Panels is not; leave it out"):
        ask(modbus, SOME)
    bacnet = make_network()
    job = jobs.request_search(None, SOME, by=make_user(is_superuser=True), now=NOW)
    assert list(job.parts.values_list("network", flat=True)) == [bacnet.pk]  # type: ignore[attr-defined]


def test_steps_are_kept_in_their_order_and_counted() -> None:
    scan, other = make_scan(), make_scan()
    scans.record_steps(
        [
            (scan.pk, step(StepKind.OPENED, "UDP port 47808\n on 10.0.0.2")),
            (scan.pk, step(StepKind.ASKED, sent=1)),
            (other.pk, step(StepKind.ASKED, sent=5)),
            (scan.pk, step(StepKind.HEARD, place="10.0.0.5", received=1)),
            (99, step(StepKind.HEARD)),
        ]
    )
    scan.refresh_from_db()
    assert (scan.sent, scan.received, scan.heard) == (1, 1, 1)
    scans.record_steps([(scan.pk, step(StepKind.ENDED, sent=9, received=8, is_problem=True))])
    scan.refresh_from_db()
    assert (scan.sent, scan.received) == (9, 8)
    assert [(one.kind, one.text, one.is_problem) for one in scan.steps.all()] == [  # type: ignore[attr-defined]
        ("opened", "UDP port 47808 on 10.0.0.2", False),
        ("asked", "told", False),
        ("heard", "told", False),
        ("ended", "told", True),
    ]


def test_steps_are_stored_together(django_assert_max_num_queries: object) -> None:
    scan = make_scan()
    many = [(scan.pk, step(StepKind.HEARD))] * 200
    with django_assert_max_num_queries(6):  # type: ignore[operator]
        scans.record_steps(many)


def test_a_search_whose_process_ended_is_made_again_for_who_asked() -> None:
    network = make_network()
    job = ask(network)
    scan = begun(network)
    lease.hold(network.pk, "field:1", NOW)
    scans.sweep(NOW + timedelta(seconds=14))
    assert state(job) == "running"
    scans.sweep(NOW + timedelta(seconds=16))
    scan.refresh_from_db()
    assert (scan.problem, state(job)) == (scans.CUT_OFF, "pending")
    assert discovery.claim_due(NOW + timedelta(seconds=17)) == [("field", network.pk)]
    later = begun(network)
    assert state(job) == "running"
    begun(network)  # that one did not end, either
    later.refresh_from_db()
    assert later.problem == scans.CUT_OFF


def test_the_last_searches_are_kept_and_what_is_to_be_decided() -> None:
    network = make_network()
    first, second = begun(network), make_scan(network, ended_at=NOW)
    make_finding(first)
    make_finding(second, state=FindingState.APPROVED)
    scans.end(first, "", NOW)
    for _ in range(scans.KEPT):
        scans.end(begun(network), "", NOW)
    assert Scan.objects.filter(pk=first.pk).exists()
    assert not Scan.objects.filter(pk=second.pk).exists()
    assert Scan.objects.count() == scans.KEPT + 1


def test_the_first_search_of_a_network_is_waited_for_until_it_begins() -> None:
    """Also while it is sent for: a page that says "not searched yet" would not look again."""
    network = make_network(discovery_due_at=NOW)
    discovery.claim_due(NOW)
    network.refresh_from_db()
    assert scans.is_waiting(network, NOW)
    scan = scans.begin(network.pk, NOW)
    assert scan is not None
    network.refresh_from_db()
    assert not scans.is_waiting(network, NOW)
    scans.end(scan, "", NOW)
    discovery.postpone(network.pk)  # once more, later: it was searched before
    network.refresh_from_db()
    assert not scans.is_waiting(network, NOW)
