"""A network's page: its searches, what they found, and deciding on it."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.domain import findings, lease, scans
from devices.enums import Role
from devices.models import AuditEntry, Device, Finding, Job, Network, Scan
from protocols.scanning import ScanStep, Search, StepKind
from t3000.views import searches
from tests.factories import NOW, make_device, make_finding, make_network, make_scan, make_user
from tests.t3000.test_found import OTHER, TEMCO, at, fell_silent, found, point, search

pytestmark = pytest.mark.django_db


@pytest.fixture
def network() -> Network:
    return make_network(name="Plant LAN")


def client_of(network: Network, role: Role = Role.ENGINEER) -> Client:
    client = Client()
    client.force_login(make_user(role=role, site=network.site))
    return client


@pytest.fixture
def engineer(network: Network) -> Client:
    return client_of(network)


def page(client: Client, network: Network, query: str = "", **headers: str) -> str:
    response = client.get(f"/networks/{network.pk}/{query}", headers=headers)
    assert response.status_code == 200
    return response.content.decode()


def tell(scan: Scan, kind: StepKind, text: str, **fields: Any) -> None:
    scans.record_steps([(scan.pk, ScanStep(kind, timezone.now(), text, **fields))])


def verdict(html: str) -> str:
    return html.partition('data-verdict="')[2].partition('"')[0]


def test_before_the_first_search_it_says_so(engineer: Client, network: Network) -> None:
    html = page(engineer, network)
    assert "This network was not searched yet." in html
    assert "It is known after the first search." in html
    assert verdict(html) == "none"
    assert "hx-get" not in html  # nothing happens


def test_a_search_is_asked_for_with_limits(engineer: Client, network: Network) -> None:
    limits = {"low": "100", "high": "199", "behind": "2001, 2002", "object_name": "OAT"}
    response = engineer.post(f"/networks/{network.pk}/search", limits)
    assert response["Location"] == f"/networks/{network.pk}/"
    assert Job.objects.get().search == Search(range(100, 200), (2001, 2002), "OAT")
    html = page(engineer, network)
    assert "Waiting: no process serves this network now." in html
    assert (verdict(html), 'hx-trigger="every 2s"' in html) == ("waiting", True)
    lease.hold(network.pk, "field:1", timezone.now())
    assert "Waiting to begin." in page(engineer, network)


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("low", "-1", "An instance is a number from 0 to 4194302."),
        ("high", "many", "An instance is a number from 0 to 4194302."),
        ("high", "4", "This is below the first instance."),
        ("behind", "0", "numbers of networks from 1 to 65534"),
        ("behind", "65535", "numbers of networks from 1 to 65534"),
        ("behind", "²", "numbers of networks from 1 to 65534"),
        ("behind", "9" * 400, "numbers of networks from 1 to 65534"),
        ("object_name", "x" * 129, "at most 128 characters"),
    ],
)
def test_wrong_limits_are_told_beside_their_field(
    engineer: Client, network: Network, field: str, value: str, message: str
) -> None:
    response = engineer.post(f"/networks/{network.pk}/search", {"low": "5", field: value})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not Job.objects.exists()


def test_a_network_that_is_switched_off_is_not_searched(engineer: Client, network: Network) -> None:
    Network.objects.update(enabled=False)
    response = engineer.post(f"/networks/{network.pk}/search")
    assert response.status_code == 422
    assert "none is switched on" in response.content.decode()


def test_modbus_is_searched_whole(network: Network) -> None:
    modbus = make_network(protocol="modbus", targets=["127.0.0.9"])
    client = client_of(modbus)
    assert 'name="low"' not in page(client, modbus)
    assert client.post(f"/networks/{modbus.pk}/search").status_code == 302
    response = client.post(f"/networks/{modbus.pk}/search", {"low": "5"})
    assert "is not; leave it out" in response.content.decode()


def test_a_search_is_followed(engineer: Client, network: Network) -> None:
    scan = scans.begin(network.pk, timezone.now())
    assert scan is not None
    for number in range(searches.LAST_STEPS + 2):
        tell(scan, StepKind.HEARD, f"Device no. {number}.", received=1)
    html = page(engineer, network, **{"HX-Request": "true"})
    assert "32 answered, 0 told what they hold" in html
    assert "Device no. 31." in html
    assert "Device no. 1." not in html
    assert "2 earlier steps" in html
    assert (verdict(html), "every 2s" in html, "<html" in html) == ("running", True, False)


@pytest.mark.parametrize(
    ("problem", "advice", "key", "told"),
    [
        ("", [("All is well: 5 devices.", False)], "well", "All is well: 5 devices."),
        ("", [("The BBMD does not answer.", True)], "look", "The BBMD does not answer."),
        ("10.0.0.9 is no address", [], "failed", "10.0.0.9 is no address."),
        (scans.CUT_OFF, [], "failed", "The process that searched ended before it was done."),
        ("", [], "well", "The search is over."),
    ],
)
def test_what_a_search_means_is_told_first(
    engineer: Client, network: Network, problem: str, advice: Any, key: str, told: str
) -> None:
    scan = make_scan(network, ended_at=NOW, problem=problem)
    for text, is_problem in advice:
        tell(scan, StepKind.ADVICE, text, is_problem=is_problem)
    html = page(engineer, network)
    assert verdict(html) == key
    assert html.count(told) == 1  # and not among the steps again


def test_steps_are_told_on_the_clock_of_the_site(network: Network, engineer: Client) -> None:
    network.site.time_zone = "Asia/Tokyo"
    network.site.save()
    scan = make_scan(network, ended_at=NOW)
    step = ScanStep(StepKind.DOUBLED, NOW, "Twice", place="10.0.0.5", is_problem=True)
    scans.record_steps([(scan.pk, step)])
    html = page(engineer, network)
    assert "19:42:18" in html
    assert "To be looked at: " in html
    assert "10.0.0.5" in html


def test_of_many_steps_those_that_matter_are_told(
    engineer: Client, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searches, "MOST_STEPS", 2)
    scan = make_scan(network, ended_at=NOW)
    for number in range(5):
        tell(scan, StepKind.HEARD, f"Device no. {number}.", is_problem=number == 3)
    tell(scan, StepKind.ADVICE, "All is well.")
    html = page(engineer, network)
    told = [number for number in range(5) if f"Device no. {number}." in html]
    assert told == [0, 1, 3]
    assert "All is well." in html
    assert "2 more by the API" in html


def test_findings_are_told_by_kind_and_decided(engineer: Client, network: Network) -> None:
    make_device(network=network, instance=11, address="127.0.0.11:47809", name="Known")
    search(network, found(OTHER))
    other = found(at(OTHER, "127.0.0.12:47809", 12), problem="no answer")
    search(network, found(OTHER, point(1, "Renamed")), other)
    html = page(engineer, network)
    assert "2 to decide" in html
    for words in ("points: 1 less, 1 otherwise", "not whole: no answer", "label: IN1 → Renamed"):
        assert words in html
    ids = [str(one.pk) for one in Finding.objects.filter(state="open")]
    response = engineer.post(
        f"/networks/{network.pk}/findings", {"verb": "approve", "finding": ids}, follow=True
    )
    html = response.content.decode()
    assert "2 findings are taken over." in html
    assert "Approved by user" in html
    assert "to decide" not in html
    assert Device.objects.count() == 2
    entries = AuditEntry.objects.filter(kind="finding")
    assert {one.origin for one in entries} == {"page"}


def test_findings_are_dismissed(engineer: Client, network: Network) -> None:
    search(network, found(OTHER))
    pk = Finding.objects.get().pk
    body = {"verb": "dismiss", "finding": pk}
    html = engineer.post(f"/networks/{network.pk}/findings", body, follow=True).content.decode()
    assert "1 finding is dismissed." in html
    assert "Dismissed by user" in html
    assert f'value="{pk}"' in html  # it can still be approved


def test_what_cannot_be_decided_is_told(engineer: Client, network: Network) -> None:
    search(network, found(OTHER))
    pk = Finding.objects.get().pk
    make_device(network=network, instance=11, address="127.0.0.11:47809", name="By hand")
    path = f"/networks/{network.pk}/findings"
    html = engineer.post(path, {"verb": "approve", "finding": pk}, follow=True).content.decode()
    assert "Nothing was done. Weather at 127.0.0.11:47809: By hand is known there" in html
    html = engineer.post(path, {"verb": "approve"}, follow=True).content.decode()
    assert "Nothing was chosen" in html
    foreign = make_finding()
    html = engineer.post(
        path, {"verb": "approve", "finding": [foreign.pk, "x", "9" * 30]}, follow=True
    ).content.decode()
    assert "Nothing was chosen" in html
    assert engineer.post(path, {"verb": "delete"}).status_code == 404


def test_moved_and_gone_are_told(engineer: Client, network: Network) -> None:
    search(network, found(TEMCO), found(at(TEMCO, "127.0.0.12:47809", 12)))
    fell_silent()
    search(network, found(at(TEMCO, "127.0.0.99:47809")))
    html = page(engineer, network)
    assert "was at 127.0.0.11:47809" in html
    assert "did not answer" in html


def test_nothing_is_decided_while_a_search_runs(engineer: Client, network: Network) -> None:
    search(network, found(OTHER))
    scans.begin(network.pk, timezone.now())
    html = page(engineer, network)
    assert "To be decided when the search is over" in html
    assert 'name="finding"' not in html


@pytest.mark.parametrize("role", [Role.VIEWER, Role.OPERATOR])
def test_who_is_no_engineer_looks_only(network: Network, role: Role) -> None:
    search(network, found(OTHER))
    client = client_of(network, role)
    html = page(client, network)
    assert "An engineer of this site decides on them." in html
    for offered in ('name="finding"', "Approve selected", "Search for devices"):
        assert offered not in html
    for path in ("search", "findings"):
        response = client.post(f"/networks/{network.pk}/{path}", {"verb": "approve"})
        assert response.status_code == 403


def test_an_earlier_search_can_be_looked_at(engineer: Client, network: Network) -> None:
    first = search(network, found(OTHER))
    search(network, found(OTHER), found(at(OTHER, "127.0.0.12:47809", 12)))
    html = page(engineer, network, f"?scan={first.pk}")
    assert "This is an earlier search." in html
    assert "Superseded" in html
    assert "127.0.0.12:47809" not in html
    for wrong in ("x", "9" * 30, str(make_scan().pk)):
        assert engineer.get(f"/networks/{network.pk}/?scan={wrong}").status_code == 404


def test_what_is_still_open_is_told_with_the_latest(engineer: Client, network: Network) -> None:
    search(network, found(OTHER))
    search(network, low=90, high=99)
    html = page(engineer, network)
    assert "127.0.0.11:47809" in html
    assert "instances 90 to 99" in html


def test_the_page_costs_as_much_with_many_as_with_few(
    engineer: Client, network: Network, django_assert_max_num_queries: Any
) -> None:
    scan = make_scan(network, ended_at=NOW)
    for _ in range(30):
        make_finding(scan, device=make_device(network=network))
        make_scan(network, ended_at=NOW - timedelta(days=1))
    with django_assert_max_num_queries(25):
        page(engineer, network)


def test_the_list_of_devices_leads_there(engineer: Client, network: Network) -> None:
    make_finding(make_scan(network, ended_at=NOW))
    html = engineer.get("/devices/").content.decode()
    assert f'href="/networks/{network.pk}/"' in html
    assert f'<a class="to-decide" href="/networks/{network.pk}/#findings">1 to decide</a>' in html


def test_the_list_says_that_a_search_is_under_way(engineer: Client, network: Network) -> None:
    assert "looking for devices" not in engineer.get("/devices/").content.decode()
    engineer.post("/devices/discover")
    assert Job.objects.get().parts.get().network == network  # type: ignore[attr-defined]
    assert "looking for devices" in engineer.get("/devices/").content.decode()
    scan = scans.begin(network.pk, timezone.now())
    assert "looking for devices" in engineer.get("/devices/").content.decode()
    assert scan is not None
    scans.end(scan, "", timezone.now())
    assert "looking for devices" not in engineer.get("/devices/").content.decode()


def test_many_are_decided_in_parts(
    engineer: Client, network: Network, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(findings, "MOST", 2)
    search(network, *(found(at(OTHER, f"127.0.0.{n}:47809", n)) for n in range(1, 6)))
    make_device(network=network, instance=5, address="127.0.0.5:47809", name="By hand")
    ids = list(Finding.objects.order_by("instance").values_list("pk", flat=True))
    body = {"verb": "approve", "finding": ids}
    html = engineer.post(f"/networks/{network.pk}/findings", body, follow=True).content.decode()
    assert "4 findings are taken over." in html
    assert "The rest was not done. Weather at 127.0.0.5:47809: By hand is known" in html


def test_where_nothing_waits_nothing_is_offered(engineer: Client, network: Network) -> None:
    search(network, found(TEMCO))
    html = page(engineer, network)
    assert "Registered by itself" in html
    for offered in ('name="finding"', "Approve selected"):
        assert offered not in html
