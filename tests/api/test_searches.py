"""Searches, what they found, and what devices take: by REST."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from devices.domain import scans
from devices.enums import Role
from devices.models import AuditEntry, Device, DeviceProfile, Finding, Job, RequestKey
from protocols.scanning import ScanStep, Search, StepKind
from tests.factories import NOW, make_device, make_finding, make_network, make_scan
from tests.rows import make
from tests.t3000.test_found import OTHER, found, search

pytestmark = pytest.mark.django_db
API = "/api/t3000"


def send(client: Client, method: str, path: str, body: Any = None, **headers: str) -> Any:
    way: Any = getattr(client, method)
    return way(f"{API}/{path}", body or {}, content_type="application/json", headers=headers)


def rows_of(client: Client, path: str, **query: Any) -> list[Any]:
    response = client.get(f"{API}/{path}", query)
    assert response.status_code == 200, response.content
    results: list[Any] = response.json()["results"]
    return results


def test_a_search_is_limited(engineer: Client) -> None:
    bacnet, modbus = make_network(), make_network(protocol="modbus", targets=["127.0.0.9"])
    limits = {"low": 100, "high": 199, "behind": [2001], "object_name": "OAT"}
    job = send(engineer, "post", "devices/discover", limits).json()
    assert {name: job[name] for name in limits} == limits
    assert [one["network"] for one in job["networks"]] == [bacnet.pk]
    assert Job.objects.get().search == Search(range(100, 200), (2001,), "OAT")
    refused = send(engineer, "post", "devices/discover", {**limits, "networks": [modbus.pk]})
    assert refused.status_code == 409
    assert f"{modbus.name} is not; leave it out" in refused.json()["detail"]
    scan = scans.begin(bacnet.pk, timezone.now())
    assert scan is not None
    assert rows_of(engineer, "jobs")[0]["networks"][0]["scan"] == scan.pk


@pytest.mark.parametrize(
    ("limits", "field", "right"),
    [
        ({"low": 5, "high": 4}, "high", "below low"),
        ({"low": -1}, "low", "smallest is 0"),
        ({"high": 4194303}, "high", "largest is 4194302"),
        ({"behind": [0]}, "behind.0", "smallest is 1"),
        ({"behind": 2001}, "behind", "write one such as [1, 2]"),
        ({"object_name": 7}, "object_name", "not a text"),
        ({"object_name": "x" * 129}, "object_name", "can be 128"),
    ],
)
def test_wrong_limits_are_refused(engineer: Client, limits: Any, field: str, right: str) -> None:
    make_network()
    response = send(engineer, "post", "devices/discover", limits)
    assert response.status_code == 400
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert right in error["detail"]


def test_searches_are_told_with_what_they_found(reader: Client) -> None:
    network = make_network()
    scan = search(network, found(OTHER))
    running = make_scan(network, username="anna")
    told = rows_of(reader, "scans", network=network.pk)
    assert [one["id"] for one in told] == [running.pk, scan.pk]
    counts = {name: told[1][name] for name in ("new", "changed", "moved", "gone", "open", "same")}
    assert counts == {"new": 1, "changed": 0, "moved": 0, "gone": 0, "open": 1, "same": 0}
    assert (told[0]["asked_by"], told[0]["ended_at"]) == ("anna", None)
    assert [one["id"] for one in rows_of(reader, "scans", running="true")] == [running.pk]
    assert reader.get(f"{API}/scans/{scan.pk}").json() == told[1]


def test_steps_are_told_in_their_order(reader: Client) -> None:
    scan = make_scan()
    steps = [
        ScanStep(StepKind.ASKED, NOW, "Who-Is", sent=1),
        ScanStep(StepKind.ADVICE, NOW, "All is well", is_problem=False),
        ScanStep(StepKind.DOUBLED, NOW, "Twice", place="10.0.0.5", is_problem=True),
    ]
    scans.record_steps([(scan.pk, one) for one in steps])
    path = f"scans/{scan.pk}/steps"
    assert [one["kind"] for one in rows_of(reader, path)] == ["asked", "advice", "doubled"]
    assert [one["text"] for one in rows_of(reader, path, kind="advice")] == ["All is well"]
    (doubled,) = rows_of(reader, path, is_problem="true")
    assert (doubled["place"], doubled["scan"]) == ("10.0.0.5", scan.pk)
    assert rows_of(reader, path, cursor=doubled["id"] - 1) == [doubled]


def test_findings_are_told_and_filtered(reader: Client) -> None:
    device = make_device()
    network = device.network
    changed = make_finding(make_scan(network), kind="changed", device=device)
    new = make_finding(make_scan(), name="Weather station")
    assert [one["id"] for one in rows_of(reader, "findings")] == [new.pk, changed.pk]
    for query, expected in (
        ({"device": device.pk}, changed),
        ({"network": network.pk}, changed),
        ({"scan": new.scan_id}, new),
        ({"kind": "new"}, new),
        ({"search": "weather"}, new),
    ):
        assert [one["id"] for one in rows_of(reader, "findings", **query)] == [expected.pk]
    assert rows_of(reader, "findings", state="approved") == []
    assert "description" not in reader.get(f"{API}/findings/{new.pk}").json()


def test_findings_are_approved_and_dismissed(engineer: Client) -> None:
    network = make_network()
    search(network, found(OTHER))
    finding = Finding.objects.get()
    key = {"Idempotency-Key": "a1"}
    first = send(engineer, "post", "findings/approve", {"findings": [finding.pk]}, **key)
    assert first.status_code == 200
    device = Device.objects.get()
    assert first.json() == {"findings": [finding.pk], "devices": [device.pk]}
    again = send(engineer, "post", "findings/approve", {"findings": [finding.pk]}, **key)
    assert again.json() == first.json()
    assert RequestKey.objects.count() == 1
    late = send(engineer, "post", "findings/dismiss", {"findings": [finding.pk]})
    assert late.status_code == 409
    assert "Weather at 127.0.0.11:47809: was approved by" in late.json()["detail"]
    entry = AuditEntry.objects.get(kind="finding")
    assert (entry.origin, entry.site_id) == ("api", network.site_id)
    told = rows_of(engineer, "findings")[0]
    assert (told["state"], told["decided_by"]) == ("approved", entry.username)
    other = make_finding(make_scan(network))
    dismissed = send(engineer, "post", "findings/dismiss", {"findings": [other.pk]}).json()
    assert dismissed == {"findings": [other.pk], "devices": [None]}


@pytest.mark.parametrize("verb", ["approve", "dismiss"])
def test_what_is_no_finding_is_named(engineer: Client, verb: str) -> None:
    own = make_finding()
    response = send(engineer, "post", f"findings/{verb}", {"findings": [own.pk, 99]})
    assert response.status_code == 400
    assert response.json()["errors"] == [
        {"field": "findings.1", "detail": "There is no finding 99."}
    ]
    for wrong in ({}, {"findings": []}, {"findings": ["1"]}, {"findings": [1], "all": True}):
        assert send(engineer, "post", f"findings/{verb}", wrong).status_code == 400


@pytest.mark.parametrize("verb", ["approve", "dismiss"])
def test_deciding_takes_an_engineer(program: Callable[..., Client], verb: str) -> None:
    finding = make_finding()
    operator = program(Role.OPERATOR, finding.network.site)
    response = send(operator, "post", f"findings/{verb}", {"findings": [finding.pk]})
    assert response.status_code == 403


def test_a_profile_is_told_and_pinned(engineer: Client, reader: Client) -> None:
    device = make_device()
    path = f"devices/{device.pk}/profile"
    first = reader.get(f"{API}/{path}")
    assert first.json() == {
        "max_apdu": 480, "segmentation": "", "has_rpm": True, "reply_limit": None, "window": 1,
        "path": "polling", "pinned": False, "services": [], "limited_at": None,
        "object_counts": {},
    }  # fmt: skip
    change = {"max_apdu": 206, "has_rpm": False, "pinned": True}
    changed = send(engineer, "patch", path, change, **{"If-Match": first["ETag"]})
    assert changed.json() == {**first.json(), **change}
    assert changed["ETag"] == reader.get(f"{API}/{path}")["ETag"] != first["ETag"]
    stale = send(engineer, "patch", path, {"window": 2}, **{"If-Match": first["ETag"]})
    assert stale.status_code == 412
    assert send(engineer, "patch", path, {"reply_limit": 128}).json()["reply_limit"] == 128
    assert send(engineer, "patch", path, {"reply_limit": None}).json()["reply_limit"] is None
    assert DeviceProfile.objects.get(pk=device.pk).pinned
    entries = AuditEntry.objects.filter(kind="deviceprofile").order_by("pk")
    assert [one.action for one in entries] == ["create", "update", "update"]


def test_a_wrong_profile_is_refused(engineer: Client) -> None:
    path = f"devices/{make_device().pk}/profile"
    for change, field in (
        ({"max_apdu": 49}, "max_apdu"),
        ({"window": 17}, "window"),
        ({"path": "side door"}, "path"),
        ({"services": ["who-is"]}, "services"),
        ({"colour": "red"}, "colour"),
    ):
        response = send(engineer, "patch", path, change)
        assert response.status_code == 400
        assert response.json()["errors"][0]["field"] == field
    assert not DeviceProfile.objects.exists()


def test_other_devices_have_no_profile(engineer: Client) -> None:
    device = make_device(network=make_network(protocol="modbus", targets=["127.0.0.9"]))
    for method in ("get", "patch"):
        response = send(engineer, method, f"devices/{device.pk}/profile")
        assert response.status_code == 404
        assert "only those on BACnet/IP" in response.json()["detail"]


def test_objects_are_listed(reader: Client) -> None:
    device = make_device()
    for number, kind in ((2, "trend-log"), (1, "trend-log"), (1, "schedule")):
        fields = {"object_type": kind, "number": number, "name": f"{kind} {number}"}
        device.listed.create(**fields)  # type: ignore[attr-defined]
    path = f"devices/{device.pk}/objects"
    told = [(one["object_type"], one["number"]) for one in rows_of(reader, path)]
    assert told == [("schedule", 1), ("trend-log", 1), ("trend-log", 2)]
    assert len(rows_of(reader, path, object_type="trend-log")) == 2
    assert [one["name"] for one in rows_of(reader, path, search="DULE")] == ["schedule 1"]
    other = make(Device, device.network.site)
    assert rows_of(reader, f"devices/{other.pk}/objects") == []
