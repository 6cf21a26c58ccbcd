"""Asking for a search of devices, and how far it is: to be seen from the networks."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.domain import discovery, jobs, lease
from devices.domain.rights import Rights
from devices.enums import Role
from devices.models import Device, Job, Network
from devices.runtime import ScanPlan
from t3000 import field
from tests.api.conftest import client_of
from tests.factories import make_device, make_network, make_user

pytestmark = pytest.mark.django_db
PATH = "/api/t3000/devices/discover"
JSON: Any = {"content_type": "application/json"}


@pytest.fixture
def searcher(program: Callable[..., Client]) -> Client:
    return program(Role.ENGINEER)


def post(client: Client, body: Any = None, status: int = 202) -> Any:
    response = client.post(PATH, body or "", content_type="application/json")
    assert response.status_code == status, response.content
    return response.json()


def end(plan: ScanPlan | None, problem: str = "") -> None:
    assert plan is not None
    field.store_discovery_end(plan.scan_id, problem)


def job_of(client: Client, job: Any) -> Any:
    return client.get(f"/api/t3000/jobs/{job['id']}").json()


def test_a_search_is_planned_for_all_networks_in_use(searcher: Client, reader: Client) -> None:
    used, unused = make_network(), make_network(enabled=False)
    response = searcher.post(f"{PATH}/", **JSON)
    assert response.status_code == 202
    job = response.json()
    assert response["Location"] == f"/api/t3000/jobs/{job['id']}"
    assert list(job) == [
        "id", "kind", "state", "asked_by", "asked_at",
        "low", "high", "behind", "object_name",
        "networks", "heard", "described", "devices", "new_devices", "device",
    ]  # fmt: skip
    assert (job["state"], job["devices"], job["new_devices"]) == ("pending", 0, 0)
    assert job["networks"] == [
        {"network": used.pk, "state": "pending", "problem": "", "scan": None}
    ]
    assert reader.get(response["Location"]).json() == job
    assert discovery.claim_due(timezone.now()) == [("field", used.pk)]
    unused.refresh_from_db()
    assert unused.discovery_due_at is None


def test_a_search_that_is_asked_for_again_is_the_one_that_there_is(searcher: Client) -> None:
    make_network()
    key: Any = {**JSON, "headers": {"Idempotency-Key": "s1"}}
    first, again = searcher.post(PATH, {}, **key), searcher.post(PATH, {}, **key)
    assert first.status_code == again.status_code == 202
    assert first.json()["id"] == again.json()["id"] == Job.objects.get().pk
    assert searcher.post(PATH, {"networks": [1]}, **key).status_code == 409


def test_a_search_runs_and_finishes_with_its_networks(searcher: Client) -> None:
    first, second = make_network(), make_network()
    make_device(network=first)
    Device.objects.update(created_at=timezone.now() - timedelta(days=1))
    job = post(searcher, {"networks": [first.pk, second.pk, first.pk]})
    scans_of = [field.begin_scan(one.pk) for one in (first, second)]
    assert job_of(searcher, job)["state"] == "running"
    make_device(network=second)
    end(scans_of[0])
    assert job_of(searcher, job)["state"] == "running"
    end(scans_of[1])
    make_device(network=second)  # later, by another search
    told = job_of(searcher, job)
    assert (told["state"], told["devices"], told["new_devices"]) == ("finished", 3, 1)


def test_the_end_of_an_earlier_search_is_not_taken_for_its_own(searcher: Client) -> None:
    network = make_network()
    earlier = field.begin_scan(network.pk)
    job = post(searcher)
    discovery.claim_due(timezone.now())
    end(earlier)
    assert job_of(searcher, job)["state"] == "pending"
    assert discovery.claim_due(timezone.now()) == [("field", network.pk)]  # again, for this one


def test_a_network_that_cannot_be_opened_fails_the_search_for_good(searcher: Client) -> None:
    network = make_network()
    job = post(searcher)
    end(field.begin_scan(network.pk), "port 47808 is in use")
    told = job_of(searcher, job)
    assert told["state"] == "failed"
    assert told["networks"][0]["problem"] == "port 47808 is in use"


def test_a_search_that_nobody_serves_fails(searcher: Client) -> None:
    network = make_network()
    post(searcher)
    job = Job.objects.get()
    discovery.claim_due(timezone.now())
    later = timezone.now() + timedelta(minutes=3)
    everything = Rights.of(make_user(is_superuser=True))
    (progress,) = jobs.progress([job], everything, later)
    assert progress.parts[0].problem == "nothing serves the network"
    lease.hold(network.pk, "field:1", later)
    (progress,) = jobs.progress([job], everything, later)
    assert progress.state == "pending"


def test_a_network_that_is_switched_off_meanwhile_fails_the_search(searcher: Client) -> None:
    make_network()
    job = post(searcher)
    Network.objects.update(enabled=False)
    assert job_of(searcher, job)["networks"][0]["problem"] == "the network was switched off"


@pytest.mark.parametrize(
    ("body", "field_name", "right"),
    [
        ({"networks": [999]}, "networks", "There is no network 999."),
        ({"networks": []}, "networks", "at least 1"),
        ({"networks": 1}, "networks", "write one such as [1, 2]"),
        ({"networks": ["1"]}, "networks.0", "write one such as 8"),
        ({"networks": [True]}, "networks.0", "write one such as 8"),
        ({"networks": [1.5]}, "networks.0", "write one such as 8"),
        ({"networks": [-1]}, "networks.0", "the smallest is 1"),
        ({"networks": [2**70]}, "networks.0", "the largest is"),
        ({"networks": None}, "networks", "not be null"),
        ({"network": 1}, "network", "there are: networks"),
        ([1], "body", "object"),
        ("null", "body", "give a value"),
    ],
    ids=range(12),
)
def test_a_wrong_body_says_what_would_be_right(
    searcher: Client, body: Any, field_name: str, right: str
) -> None:
    make_network()
    (error,) = post(searcher, body, 400)["errors"]
    assert error["field"] == field_name
    assert right in error["detail"]
    assert_nothing_is_planned()


def test_without_a_network_in_use_there_is_nothing_to_search(searcher: Client) -> None:
    off = make_network(enabled=False)
    for body in (None, {"networks": [off.pk]}):
        assert "none is switched on" in post(searcher, body, 409)["detail"]
    assert_nothing_is_planned()


def test_too_little_right_is_403(reader: Client, program: Callable[..., Client]) -> None:
    make_network()
    for client in (reader, program(Role.OPERATOR)):
        assert "role engineer" in post(client, status=403)["detail"]
    assert_nothing_is_planned()


def test_a_session_needs_its_csrf_token() -> None:
    make_network()
    client = Client(enforce_csrf_checks=True)
    client.force_login(make_user(is_superuser=True))
    assert "CSRF" in post(client, status=403)["detail"]
    assert_nothing_is_planned()
    client.get("/api/docs/")
    token = client.cookies["csrftoken"].value
    assert client.post(PATH, **JSON, headers={"X-CSRFToken": token}).status_code == 202


def test_a_token_needs_none() -> None:
    make_network()
    client = client_of(make_user(is_superuser=True))
    client.handler.enforce_csrf_checks = True
    assert client.post(PATH, **JSON).status_code == 202


def test_a_job_is_not_found_by_a_network_that_is_not_for_the_user_to_see(
    searcher: Client, program: Callable[..., Client]
) -> None:
    here, there = make_network(), make_network()
    job = post(searcher)
    viewer = program(Role.VIEWER, here.site)

    def found(client: Client, network: Network) -> list[int]:
        results = client.get("/api/t3000/jobs", {"network": network.pk}).json()["results"]
        return [one["id"] for one in results]

    assert found(viewer, here) == found(searcher, there) == [job["id"]]
    assert found(viewer, there) == []


@pytest.mark.parametrize("wrong", ["0", "9", str(2**63), "x"])
def test_an_unknown_job_is_404(reader: Client, wrong: str) -> None:
    assert reader.get(f"/api/t3000/jobs/{wrong}").status_code == 404


def assert_nothing_is_planned() -> None:
    assert not Job.objects.exists()
    assert not Network.objects.filter(discovery_due_at__isnull=False).exists()
