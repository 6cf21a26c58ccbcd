"""What becomes of what a search finds: registered by itself, or left to be approved."""

from dataclasses import replace
from typing import Any

import pytest

from devices.domain import findings, scans
from devices.enums import FindingKind, FindingState, LinkState
from devices.models import AuditEntry, Device, DeviceObject, DeviceProfile, Finding, Link, Scan
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    ObjectInfo,
    PanelInfo,
    PointAddress,
    PointInfo,
    PointKind,
    Profile,
)
from t3000 import field
from t3000.domain import found as taking
from t3000.models import Point
from tests.factories import NOW, make_device, make_network

pytestmark = pytest.mark.django_db

TEMCO = DeviceInfo(Endpoint("127.0.0.11:47809", 11), vendor_id=148, name="AHU-1")
OTHER = replace(TEMCO, vendor_id=999, vendor_name="Example", name="Weather")
TREND = ObjectInfo(PointAddress("trend-log", 1), "OAT history", "every 15 min")


def point(number: int, name: str = "", **fields: Any) -> PointInfo:
    address = PointAddress("analog-input", number)
    return PointInfo(address, PointKind.INPUT, name or f"IN{number}", **fields)


def found(info: DeviceInfo, *points: PointInfo, **fields: Any) -> FoundDevice:
    return FoundDevice(info, points or (point(1), point(2)), **fields)


def at(info: DeviceInfo, address: str, instance: int | None = None) -> DeviceInfo:
    return replace(info, endpoint=Endpoint(address, instance or info.endpoint.instance))


def search(network: Any, *met: FoundDevice, problem: str = "", **limits: Any) -> Scan:
    """A whole search that meets these."""
    scan = scans.begin(network.pk, scans.timezone.now())
    assert scan is not None
    Scan.objects.filter(pk=scan.pk).update(**limits)
    field.store_found([field.Found(scan.pk, one) for one in met])
    field.store_discovery_end(scan.pk, problem)
    scan.refresh_from_db()
    return scan


def of(scan: Scan) -> list[tuple[str, str]]:
    return [(one.kind, one.state) for one in scan.findings.all()]  # type: ignore[attr-defined]


def fell_silent(**which: Any) -> None:
    Link.objects.filter(**which).update(state=LinkState.OFFLINE, last_seen_at=NOW)


def test_a_temco_device_registers_itself() -> None:
    network = make_network()
    scan = search(network, found(TEMCO))
    assert of(scan) == [(FindingKind.NEW, FindingState.REGISTERED)]
    finding = Finding.objects.get()
    assert (finding.device, finding.description) == (Device.objects.get(), {})
    assert Point.objects.count() == 2
    assert (scan.described, scan.heard, scan.same) == (1, 1, 0)


@pytest.mark.parametrize(("info", "auto"), [(OTHER, True), (TEMCO, False)])
def test_others_wait(info: DeviceInfo, auto: bool) -> None:
    network = make_network(auto_discovery=auto)
    scan = search(network, found(info))
    assert of(scan) == [(FindingKind.NEW, FindingState.OPEN)]
    assert not Device.objects.exists()
    finding = Finding.objects.get()
    assert findings.described(finding) == found(info)
    assert (finding.name, finding.vendor_id, finding.points) == (info.name, info.vendor_id, 2)


def test_what_waits_is_kept_whole() -> None:
    panel = PanelInfo(4711, 250, board=250)
    profile = Profile(206, "no-segmentation", ("read-property",), False, 128, limited_at=NOW)
    info = replace(OTHER, panel=panel)
    whole = found(
        info,
        point(1, units="°C", states=("a", "b"), low=1.5, range_number=3),
        objects=(TREND,),
        profile=profile,
        problem="no answer",
    )
    search(make_network(), whole)
    assert findings.described(Finding.objects.get()) == whole


def test_a_device_that_is_as_it_was_known_is_only_counted() -> None:
    network = make_network()
    for _ in range(2):
        scan = search(network, found(TEMCO, objects=(TREND,)))
    assert of(scan) == []
    assert scan.same == 1


def test_new_points_of_a_temco_device_register_themselves() -> None:
    network = make_network()
    search(network, found(TEMCO))
    scan = search(network, found(TEMCO, point(1), point(2, "Renamed"), point(3)))
    assert of(scan) == [(FindingKind.CHANGED, FindingState.REGISTERED)]
    assert Finding.objects.get(scan=scan).differences == [
        {"subject": "point", "address": "analog-input,2", "field": "label",
         "was": "IN2", "now": "Renamed"},
        {"subject": "point", "address": "analog-input,3", "field": "", "was": None, "now": "IN3"},
    ]  # fmt: skip
    assert list(Point.objects.values_list("label", flat=True)) == ["IN1", "Renamed", "IN3"]


def test_points_that_are_not_described_any_more_stay_until_somebody_approves() -> None:
    network = make_network()
    search(network, found(TEMCO))
    scan = search(network, found(TEMCO, point(1), point(3)))
    assert of(scan) == [
        (FindingKind.CHANGED, FindingState.REGISTERED),
        (FindingKind.CHANGED, FindingState.OPEN),
    ]
    assert Finding.objects.get(state="open").differences == [
        {"subject": "point", "address": "analog-input,2", "field": "", "was": "IN2", "now": None}
    ]
    assert Point.objects.count() == 3
    search(network, found(TEMCO, point(1), point(2), point(3)))
    assert not Finding.objects.filter(state="open").exists()  # they are back


def test_who_stops_answering_midway_has_lost_nothing() -> None:
    network = make_network()
    full = replace(TEMCO, firmware="66.02", model_name="T3-BB")
    search(network, found(full, objects=(TREND,)))
    scan = search(network, FoundDevice(TEMCO, problem="no answer"))
    assert of(scan) == []
    device = Device.objects.get()
    assert (device.firmware, device.model_name) == ("66.02", "T3-BB")
    assert (Point.objects.count(), DeviceObject.objects.count()) == (2, 1)
    network.refresh_from_db()
    assert network.discovery_due_at - scans.timezone.now() < taking.discovery.SOON


def test_the_first_description_of_a_device_that_somebody_added_is_taken_over() -> None:
    network = make_network()
    device = make_device(network=network, instance=11, address="127.0.0.11:47809")
    scan = search(network, found(OTHER, objects=(TREND,)))
    assert of(scan) == [(FindingKind.CHANGED, FindingState.REGISTERED)]
    device.refresh_from_db()
    assert (device.vendor_id, Point.objects.count()) == (999, 2)
    assert [str(one) for one in device.listed.all()] == ["trend-log,1"]


def test_what_is_otherwise_with_another_makers_device_waits() -> None:
    network = make_network()
    make_device(network=network, instance=11, address="127.0.0.11:47809")
    search(network, found(OTHER, objects=(TREND,)))
    again = replace(OTHER, firmware="2.0")
    changed = found(again, point(1, "Renamed"), point(3), objects=())
    scan = search(network, changed)
    assert of(scan) == [(FindingKind.CHANGED, FindingState.OPEN)]
    told = [
        (one["subject"], one["address"], one["field"], one["was"], one["now"])
        for one in Finding.objects.get(scan=scan).differences
    ]
    assert told == [
        ("device", "", "firmware", "", "2.0"),
        ("point", "analog-input,1", "label", "IN1", "Renamed"),
        ("point", "analog-input,3", "", None, "IN3"),
        ("point", "analog-input,2", "", "IN2", None),
        ("object", "trend-log,1", "", "OAT history", None),
    ]
    assert set(Point.objects.values_list("label", flat=True)) == {"IN1", "IN2"}
    assert DeviceObject.objects.count() == 1
    assert Device.objects.get().firmware == ""


def test_an_edit_is_seen_to_be_held_also_where_the_rest_waits() -> None:
    network = make_network()
    make_device(network=network, instance=11, address="127.0.0.11:47809")
    search(network, found(OTHER))
    edited = Point.objects.get(index=0)
    edited.label = "OAT"
    edited.settle({"label"})
    edited.save()
    scan = search(network, found(OTHER, point(1, "OAT"), point(2)))
    assert of(scan) == []
    edited.refresh_from_db()
    assert edited.state == "in_sync"


def test_a_later_search_tells_the_same_thing_anew() -> None:
    network = make_network()
    first, second = search(network, found(OTHER)), search(network, found(OTHER))
    assert of(first) == [(FindingKind.NEW, FindingState.SUPERSEDED)]
    assert of(second) == [(FindingKind.NEW, FindingState.OPEN)]
    assert Finding.objects.get(scan=first).description == {}


def test_what_was_dismissed_stays_dismissed_while_it_is_the_same() -> None:
    network = make_network()
    search(network, found(OTHER))
    Finding.objects.update(state="dismissed", decided_by="anna", decided_at=NOW)
    again = Finding.objects.get(scan=search(network, found(OTHER)))
    assert (again.state, again.decided_by, again.decided_at) == ("dismissed", "anna", NOW)
    another = Finding.objects.get(scan=search(network, found(replace(OTHER, model_name="New"))))
    assert (another.state, another.decided_by) == ("open", "")


def test_what_is_known_by_now_waits_no_more() -> None:
    network = make_network()
    search(network, found(OTHER))
    make_device(network=network, instance=11, address="127.0.0.11:47809")
    search(network)
    assert Finding.objects.get().state == "superseded"


def test_a_device_that_moved_waits_for_approval() -> None:
    network = make_network()
    search(network, found(TEMCO), found(at(TEMCO, "127.0.0.12:47809", 12)))
    fell_silent(device__instance=11)
    scan = search(
        network,
        found(at(TEMCO, "127.0.0.99:47809")),
        found(at(TEMCO, "127.0.0.12:47809", 12)),
    )
    (finding,) = Finding.objects.filter(scan=scan)
    assert (finding.kind, finding.state) == (FindingKind.MOVED, FindingState.OPEN)
    assert (finding.device.address, finding.address) == ("127.0.0.11:47809", "127.0.0.99:47809")
    assert Device.objects.count() == 2
    Finding.objects.filter(pk=finding.pk).update(state="dismissed", decided_at=NOW)
    again = search(network, found(at(TEMCO, "127.0.0.99:47809")))
    assert (FindingKind.MOVED, FindingState.DISMISSED) in of(again)


def test_a_device_that_moved_since_it_was_last_read_waits_for_approval() -> None:
    network = make_network()
    search(network, found(TEMCO))
    Link.objects.update(state=LinkState.ONLINE, last_seen_at=scans.timezone.now())
    scan = search(network, found(at(TEMCO, "127.0.0.99:47809")))
    assert of(scan) == [(FindingKind.MOVED, FindingState.OPEN)]
    assert Device.objects.count() == 1


def test_a_device_moved_to_one_place_only() -> None:
    network = make_network()
    search(network, found(TEMCO))
    fell_silent()
    scan = search(network, *[found(at(TEMCO, f"127.0.0.{last}:47809")) for last in (98, 99)])
    assert sorted(of(scan)) == [
        (FindingKind.MOVED, FindingState.OPEN),
        (FindingKind.NEW, FindingState.REGISTERED),
    ]


@pytest.mark.parametrize(
    "limits", [{"object_name": "IN1"}, {"low": 1, "high": 5}], ids=["object", "instances"]
)
def test_whom_a_search_did_not_ask_it_did_not_hear(limits: Any) -> None:
    network = make_network()
    search(network, found(TEMCO))
    Link.objects.update(state=LinkState.ONLINE, last_seen_at=scans.timezone.now())
    scan = search(network, found(at(TEMCO, "127.0.0.99:47809")), **limits)
    assert of(scan) == [(FindingKind.NEW, FindingState.REGISTERED)]


def test_of_a_doubled_instance_both_register_themselves() -> None:
    network = make_network()
    search(network, found(TEMCO))
    scan = search(network, found(at(TEMCO, "127.0.0.99:47809")), found(TEMCO))
    assert of(scan) == [(FindingKind.NEW, FindingState.REGISTERED)]
    assert Device.objects.filter(instance=11).count() == 2
    assert Point.objects.count() == 4


def test_of_a_doubled_instance_that_is_met_first_neither_has_moved() -> None:
    network = make_network()
    others = [found(at(TEMCO, f"127.0.0.{last}:47809")) for last in (98, 99)]
    scan = search(network, found(TEMCO), *others)
    assert of(scan) == [(FindingKind.NEW, FindingState.REGISTERED)] * 3
    assert Device.objects.filter(instance=11).count() == 3


def test_of_another_makers_doubled_instance_the_second_is_new() -> None:
    network = make_network()
    make_device(network=network, instance=11, address="127.0.0.11:47809")
    scan = search(network, found(at(OTHER, "127.0.0.99:47809")))  # the first is read: it is there
    assert of(scan) == [(FindingKind.NEW, FindingState.OPEN)]


def test_a_panel_that_moved_follows_itself_where_its_network_says_so() -> None:
    panel = replace(TEMCO, panel=PanelInfo(4711, 250))
    network = make_network(protocol="modbus", targets=["127.0.0.11", "127.0.0.12"])
    search(network, found(panel))
    fell_silent()
    scan = search(network, found(at(panel, "127.0.0.12:502")))
    assert of(scan) == [(FindingKind.MOVED, FindingState.REGISTERED)]
    assert Device.objects.get().address == "127.0.0.12:502"


def test_a_panel_that_moved_waits_where_its_network_says_so() -> None:
    panel = replace(TEMCO, panel=PanelInfo(4711, 250))
    network = make_network(protocol="modbus", targets=["127.0.0.11"])
    search(network, found(panel))
    network.auto_discovery = False
    network.save()
    fell_silent()
    scan = search(network, found(at(panel, "127.0.0.12:502")))
    assert of(scan) == [(FindingKind.MOVED, FindingState.OPEN)]
    Link.objects.update(state=LinkState.ONLINE)
    scan = search(network, found(at(panel, "127.0.0.12:502")))
    assert of(scan) == []
    assert "answers at 127.0.0.12:502, too" in Device.objects.get().conflict


def test_a_device_that_neither_answers_nor_is_read_is_gone() -> None:
    network = make_network()
    there = [found(at(TEMCO, f"127.0.0.{n}:47809", n)) for n in (11, 12, 13, 14)]
    search(network, *there)
    fell_silent(device__instance__in=(12, 13))
    Device.objects.filter(instance=13).update(enabled=False)  # somebody knows
    scan = search(network, there[0])  # 14 was not heard, but is read
    assert of(scan) == [(FindingKind.GONE, FindingState.OPEN)]
    gone = Finding.objects.get(kind="gone")
    assert (gone.device.instance, gone.instance, gone.name) == (12, 12, gone.device.name)
    Finding.objects.filter(pk=gone.pk).update(state="dismissed", decided_by="anna", decided_at=NOW)
    assert of(search(network, there[0])) == [(FindingKind.GONE, FindingState.DISMISSED)]
    search(network, *there)
    assert not Finding.objects.filter(kind="gone", state__in=("open", "dismissed")).exists()


@pytest.mark.parametrize(
    ("met", "how"),
    [
        (True, {"low": 1, "high": 11}),
        (True, {"object_name": "OAT"}),
        (True, {"behind": [2001]}),
        (True, {"problem": "the interface is gone"}),
        (False, {}),
    ],
    ids=["not in range", "by object", "other network", "failed", "nobody answers"],
)
def test_who_was_not_asked_or_could_not_answer_is_not_gone(met: bool, how: Any) -> None:
    network = make_network()
    there = [found(at(TEMCO, f"127.0.0.{n}:47809", n)) for n in (11, 12)]
    search(network, *there)
    fell_silent(device__instance=12)
    assert of(search(network, *there[: int(met)], **how)) == []
    assert len(of(search(network, there[0], low=12, high=12))) == 1


def test_a_device_that_never_answered_is_not_gone() -> None:
    network = make_network()
    make_device(
        network=network, link={"state": LinkState.OFFLINE, "last_seen_at": None}
    )  # it is to be installed
    assert of(search(network, found(TEMCO))) == [(FindingKind.NEW, FindingState.REGISTERED)]


def test_the_profile_that_a_device_told_is_kept() -> None:
    network = make_network()
    told = Profile(max_apdu=480, segmentation="no-segmentation", services=("read-property",))
    search(network, found(TEMCO, profile=told, objects=(TREND,)))
    profile = DeviceProfile.objects.get()
    assert profile.learnt == told
    assert profile.object_counts == {"analog-input": 2, "trend-log": 1}
    DeviceProfile.objects.update(pinned=True)
    search(network, found(TEMCO, point(1), profile=Profile(max_apdu=206), objects=(TREND,)))
    profile.refresh_from_db()
    assert profile.max_apdu == 480
    assert profile.object_counts == {"analog-input": 1, "trend-log": 1}
    assert not AuditEntry.objects.filter(kind="deviceprofile", origin="field").exists()


def test_many_devices_take_as_many_queries_each_as_one(
    django_assert_max_num_queries: Any,
) -> None:
    network = make_network()
    search(network, found(TEMCO))
    scan = scans.begin(network.pk, NOW)
    assert scan is not None
    with django_assert_max_num_queries(9):
        taking.take(scan, found(TEMCO))
