"""Approving and dismissing what searches found."""

from dataclasses import replace
from typing import Any

import pytest
from django.utils import timezone

from devices.domain import findings
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks, Rights
from devices.domain.rows import NoSuchRows
from devices.enums import LinkState, Origin, Role
from devices.models import AuditEntry, Device, DeviceProfile, Finding, Link, Network
from devices.models.acting import Actor, acting
from protocols.types import PanelInfo, Profile
from t3000.domain.approval import approve
from t3000.models import Point
from tests.factories import make_device, make_finding, make_network, make_scan, make_site, make_user
from tests.t3000.test_found import OTHER, TEMCO, TREND, at, fell_silent, found, point, search

pytestmark = pytest.mark.django_db


@pytest.fixture
def network() -> Network:
    return make_network()


@pytest.fixture
def engineer(network: Network) -> Any:
    return make_user("anna", role=Role.ENGINEER, site=network.site)


def rights(engineer: Any) -> Rights:
    return Rights.of(engineer)


def open_ones() -> list[int]:
    return list(Finding.objects.filter(state="open").values_list("pk", flat=True))


def test_a_new_device_is_added_as_it_was_described(network: Network, engineer: Any) -> None:
    profile = Profile(max_apdu=206, services=("read-property",))
    search(network, found(OTHER, objects=(TREND,), profile=profile))
    with acting(Actor(engineer, Origin.PAGE, "127.0.0.1")):
        (finding,) = approve(open_ones(), by=rights(engineer))
    device = Device.objects.get()
    assert (device.name, device.vendor_name, device.enabled) == ("Weather", "Example", True)
    assert Point.objects.filter(device=device).count() == 2
    assert [str(one) for one in device.listed.all()] == ["trend-log,1"]
    assert DeviceProfile.objects.get().learnt == profile
    finding.refresh_from_db()
    assert (finding.state, finding.decided_by, finding.device) == ("approved", "anna", device)
    assert (finding.description, finding.decided_at is None) == ({}, False)
    entries = AuditEntry.objects.filter(username="anna").values_list("kind", "action")
    assert set(entries) == {("device", "create"), ("device", "update"), ("finding", "update")}
    entry = AuditEntry.objects.get(kind="finding")
    assert entry.changes == {"state": ["open", "approved"]}
    assert (entry.site_id, entry.device_id) == (network.site_id, device.pk)


def test_a_changed_device_is_brought_up_to_date(network: Network, engineer: Any) -> None:
    make_device(network=network, instance=11, address="127.0.0.11:47809")
    search(network, found(OTHER, objects=(TREND,)))
    kept = Point.objects.get(index=0)
    search(network, found(replace(OTHER, firmware="2.0"), point(1, "Renamed"), point(3)))
    approve(open_ones(), by=rights(engineer))
    kept.refresh_from_db()
    assert kept.label == "Renamed"
    assert set(Point.objects.values_list("address", flat=True)) == {
        "analog-input,1",
        "analog-input,3",
    }
    device = Device.objects.get()
    assert (device.firmware, device.listed.count()) == ("2.0", 0)
    assert AuditEntry.objects.filter(kind="point", action="delete").count() == 1
    assert search(
        network, found(replace(OTHER, firmware="2.0"), point(1, "Renamed"), point(3))
    ).same


def test_a_moved_device_is_read_where_it_is_now(network: Network, engineer: Any) -> None:
    search(network, found(TEMCO))
    device = Device.objects.get()
    fell_silent()
    search(network, found(at(TEMCO, "127.0.0.99:47809")))
    approve(open_ones(), by=rights(engineer))
    device.refresh_from_db()
    assert (device.address, device.link.state) == ("127.0.0.99:47809", LinkState.UNKNOWN)
    assert Point.objects.filter(device=device).count() == 2


def test_a_gone_device_is_switched_off_and_stays(network: Network, engineer: Any) -> None:
    two = found(TEMCO), found(at(TEMCO, "127.0.0.12:47809", 12))
    search(network, *two)
    fell_silent(device__instance=12)
    search(network, two[0])
    approve(open_ones(), by=rights(engineer))
    gone = Device.objects.get(instance=12)
    assert not gone.enabled
    assert Point.objects.filter(device=gone).count() == 2


def test_many_are_approved_at_once(network: Network, engineer: Any) -> None:
    search(network, *(found(at(OTHER, f"127.0.0.{n}:47809", n)) for n in range(1, 21)))
    approve(open_ones(), by=rights(engineer))
    assert Device.objects.count() == 20
    assert not open_ones()


def test_what_was_dismissed_can_be_approved_after_all(network: Network, engineer: Any) -> None:
    search(network, found(OTHER))
    (pk,) = open_ones()
    with acting(Actor(engineer, Origin.PAGE)):
        findings.dismiss([pk], by=rights(engineer))
    assert not Device.objects.exists()
    assert AuditEntry.objects.get(kind="finding").changes == {"state": ["open", "dismissed"]}
    approve([pk], by=rights(engineer))
    assert Device.objects.exists()


def test_what_is_decided_is_not_decided_again(network: Network, engineer: Any) -> None:
    search(network, found(OTHER), found(at(TEMCO, "127.0.0.12:47809", 12)))
    (pk,) = open_ones()
    registered = Finding.objects.get(state="registered").pk
    with acting(Actor(engineer, Origin.PAGE)):
        approve([pk], by=rights(engineer))
    for verb in (approve, findings.dismiss):
        with pytest.raises(NotPossible, match=r"Weather at 127.*: was approved by anna already"):
            verb([pk], by=rights(engineer))
    with pytest.raises(NotPossible, match="registered itself"):
        approve([registered], by=rights(engineer))
    search(network, found(at(OTHER, "127.0.0.13:47809", 13)))
    (old,) = open_ones()
    search(network, found(at(OTHER, "127.0.0.13:47809", 13)))
    with pytest.raises(NotPossible, match="a later search; look at the newest"):
        approve([old], by=rights(engineer))


def test_what_does_not_fit_any_more_is_refused_and_nothing_is_stored(
    network: Network, engineer: Any
) -> None:
    search(network, found(OTHER), found(at(OTHER, "127.0.0.12:47809", 12)))
    make_device(network=network, instance=12, address="127.0.0.12:47809", name="By hand")
    with pytest.raises(NotPossible, match="By hand is known there already"):
        approve(open_ones(), by=rights(engineer))
    assert Device.objects.count() == 1
    assert len(open_ones()) == 2


def refusal(engineer: Any) -> str:
    with pytest.raises(NotPossible) as error:
        approve(open_ones(), by=rights(engineer))
    return str(error.value)


def test_a_device_that_was_deleted_or_answers_again_is_refused(
    network: Network, engineer: Any
) -> None:
    two = found(TEMCO), found(at(TEMCO, "127.0.0.12:47809", 12))
    search(network, *two)
    fell_silent(device__instance=12)
    search(network, two[0])
    Link.objects.update(state=LinkState.ONLINE)
    assert "it answers again" in refusal(engineer)
    Device.objects.filter(instance=12).update(address="127.0.0.13:47809")
    assert "is known at 127.0.0.13:47809 by now" in refusal(engineer)
    Device.objects.filter(instance=12).delete()
    assert "deleted meanwhile" in refusal(engineer)


def test_a_move_that_is_none_any_more_is_refused(network: Network, engineer: Any) -> None:
    search(network, found(TEMCO))
    fell_silent()
    search(network, found(at(TEMCO, "127.0.0.99:47809")))
    Link.objects.update(state=LinkState.ONLINE, last_seen_at=timezone.now())
    assert "it answers at 127.0.0.11:47809 again" in refusal(engineer)
    make_device(network=network, instance=11, address="127.0.0.99:47809", name="By hand")
    assert "By hand is known there by now" in refusal(engineer)


def test_a_move_is_approved_before_the_polls_tell_that_nobody_is_there(
    network: Network, engineer: Any
) -> None:
    search(network, found(TEMCO))
    Link.objects.update(state=LinkState.ONLINE, last_seen_at=timezone.now())
    search(network, found(at(TEMCO, "127.0.0.99:47809")))
    approve(open_ones(), by=rights(engineer))
    assert Device.objects.get().address == "127.0.0.99:47809"


def test_a_serial_number_that_is_anothers_by_now_is_refused(
    network: Network, engineer: Any
) -> None:
    search(network, found(replace(OTHER, panel=PanelInfo(4711, 250))))
    make_device(network=network, serial_number=4711, name="By hand")
    assert "its serial number 4711 is that of By hand by now" in refusal(engineer)


def test_many_reasons_are_not_all_told(network: Network, engineer: Any) -> None:
    search(network, *(found(at(OTHER, f"127.0.0.{n}:47809", n)) for n in range(1, 6)))
    for n in range(1, 6):
        make_device(network=network, instance=n, address=f"127.0.0.{n}:47809")
    assert refusal(engineer).count("is known there already") == 3
    assert refusal(engineer).endswith("And 2 more.")


def test_it_takes_an_engineer_of_the_site(network: Network) -> None:
    finding = make_finding(make_scan(network))
    operator = make_user(role=Role.OPERATOR, site=network.site)
    stranger = make_user(role=Role.ENGINEER, site=make_site())
    for verb in (approve, findings.dismiss):
        with pytest.raises(Lacks, match="role engineer"):
            verb([finding.pk], by=rights(operator))
        with pytest.raises(NoSuchRows):
            verb([finding.pk], by=rights(stranger))
