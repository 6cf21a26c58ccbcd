from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from devices.domain import discovery, scans
from devices.enums import LinkState
from devices.models import AuditEntry, Board, Device, Link, Network, ProductModel
from protocols.types import DeviceInfo, Endpoint, FoundDevice, PanelInfo
from t3000.domain import found as taking
from tests.factories import NOW, make_network, make_room, make_scan

pytestmark = pytest.mark.django_db
INFO = DeviceInfo(
    Endpoint("127.0.0.11:47809", 237201),
    vendor_id=148,
    name="AHU-1",
    vendor_name="Temco Controls",
    model_name="T3-BB",
    firmware="66.02",
    location="Roof plant room",
)


PANEL = replace(
    INFO,
    endpoint=Endpoint("127.0.0.21:502", 21),
    panel=PanelInfo(serial_number=4711, product=250, board=250, panel_number=21, modbus_port=502),
)


def registered(network: Network, info: DeviceInfo) -> Device:
    """The device that is known there after a search that met this one."""
    taking.take(make_scan(network), FoundDevice(info))
    place = info.endpoint
    found: Device = network.devices.get(instance=place.instance, address=place.address)  # type: ignore[attr-defined]
    return found


def elsewhere(info: DeviceInfo, address: str = "127.0.0.22:502", **panel: Any) -> DeviceInfo:
    assert info.panel is not None
    return replace(
        info, endpoint=Endpoint(address, info.endpoint.instance), panel=replace(info.panel, **panel)
    )


def test_register_adds_a_device_that_is_read_from_now_on() -> None:
    device = registered(make_network(), INFO)
    assert (device.name, device.instance, device.address) == ("AHU-1", 237201, "127.0.0.11:47809")
    assert device.link.state == LinkState.UNKNOWN


def test_register_again_updates_what_the_device_says_and_keeps_what_people_chose() -> None:
    network = make_network()
    device = registered(network, INFO)
    Device.objects.filter(pk=device.pk).update(name="Roof unit")
    again = registered(network, replace(INFO, firmware="66.03", name="Other"))
    device.refresh_from_db()
    assert again.pk == device.pk
    assert (device.name, device.firmware) == ("Roof unit", "66.03")


def test_a_new_device_is_placed_in_the_room_it_names() -> None:
    network = make_network()
    room = make_room(network.site, name="Roof plant room")
    make_room(name="Roof plant room")  # of another site
    assert registered(network, INFO).room == room


def test_a_room_name_that_is_not_unique_places_nothing() -> None:
    network = make_network()
    for _ in range(2):
        make_room(network.site, name="Roof plant room")
    assert registered(network, INFO).room is None


def test_texts_longer_than_their_columns_are_cut() -> None:
    device = registered(make_network(), replace(INFO, name="x" * 300, model_name="y" * 300))
    device.refresh_from_db()
    assert (len(device.name), len(device.model_name)) == (128, 128)


def test_odd_texts_are_cleaned_before_they_are_stored_and_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """PostgreSQL takes no NUL; a line break would forge a line of the log."""
    caplog.set_level("INFO")
    network = make_network()
    room = make_room(network.site, name="Roof")
    odd = "\0 %s\n\x1b"
    said = {"name": "AHU", "vendor_name": "Temco", "model_name": "BB", "firmware": "66.02"}
    info = replace(INFO, location=odd % "Roof", **{name: odd % text for name, text in said.items()})
    device = registered(network, info)
    device.refresh_from_db()
    assert {name: getattr(device, name) for name in said} == said
    assert (device.location, device.room) == ("Roof", room)
    assert all(record.getMessage().isprintable() for record in caplog.records)


def test_a_name_of_nothing_printable_is_none() -> None:
    device = registered(make_network(), replace(INFO, name="\0\n"))
    assert device.name == f"Device {INFO.endpoint.instance}"


def test_a_device_that_said_its_name_late_gets_it() -> None:
    network = make_network()
    registered(network, replace(INFO, name=f"Device {INFO.endpoint.instance}"))
    device = registered(network, INFO)
    device.refresh_from_db()
    assert device.name == "AHU-1"


def test_devices_found_together_are_not_read_together() -> None:
    network = make_network()
    for number in range(20):
        registered(network, replace(INFO, endpoint=Endpoint("127.0.0.11:47809", number)))
    due = {device.link.due_at for device in Device.objects.select_related("link")}
    assert max(due) - min(due) > timedelta(seconds=network.poll_interval / 4)


def test_claim_due_plans_the_next_discovery() -> None:
    network = make_network(discovery_due_at=NOW)
    make_network(discovery_due_at=None)
    make_network(discovery_due_at=NOW, enabled=False)
    assert discovery.claim_due(NOW) == [("field", network.pk)]
    assert discovery.claim_due(NOW) == []
    again = NOW + discovery.AGAIN  # its message was lost
    assert discovery.claim_due(again) == [("field", network.pk)]
    scans.begin(network.pk, again)
    assert discovery.claim_due(again + discovery.AGAIN) == []
    assert discovery.claim_due(again + discovery.REPEAT) == [("field", network.pk)]


def test_request_discovery_makes_it_due() -> None:
    network = make_network()
    discovery.request_discovery(network)
    network.refresh_from_db()
    assert network.discovery_due_at is not None
    assert discovery.claim_due(network.discovery_due_at + timedelta(seconds=1))


def test_a_panel_is_known_by_who_it_is() -> None:
    product = ProductModel.objects.create(number=250, name="T3")
    board = Board.objects.create(number=250, name="T3-BB")
    device = registered(make_network(), PANEL)
    device.refresh_from_db()
    assert (device.serial_number, device.product, device.board) == (4711, product, board)
    assert (device.panel_number, device.modbus_port, device.mstp_mac) == (21, 502, None)
    assert device.is_panel


def test_what_the_panel_does_not_tell_is_kept() -> None:
    network = make_network()
    device = registered(network, PANEL)
    Device.objects.filter(pk=device.pk).update(mstp_mac=7)
    registered(network, PANEL)
    device.refresh_from_db()
    assert device.mstp_mac == 7


def test_a_panel_that_moved_takes_its_row_with_it() -> None:
    network = make_network()
    device = registered(network, PANEL)
    Link.objects.filter(pk=device.pk).update(state=LinkState.OFFLINE, since=NOW, last_seen_at=NOW)
    moved = registered(network, elsewhere(PANEL))
    device.refresh_from_db()
    assert (moved.pk, device.address) == (device.pk, "127.0.0.22:502")
    link = Link.objects.get(pk=device.pk)
    assert (link.state, link.last_seen_at, link.problem) == (LinkState.UNKNOWN, None, "")
    entry = AuditEntry.objects.filter(kind="device").first()
    assert entry is not None
    assert entry.changes["address"] == ["127.0.0.21:502", "127.0.0.22:502"]


def test_a_panel_that_answers_at_two_places_is_not_known_twice(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network = make_network()
    device = registered(network, PANEL)
    Link.objects.filter(pk=device.pk).update(state=LinkState.ONLINE)
    taking.take(make_scan(network), FoundDevice(elsewhere(PANEL)))
    device.refresh_from_db()
    assert device.address == "127.0.0.21:502"
    assert device.conflict == "Its serial number 4711 answers at 127.0.0.22:502, too."
    assert device.conflict in caplog.text
    scans.begin(network.pk, NOW)
    device.refresh_from_db()
    assert device.conflict == ""  # until the search that begins meets it again


def test_two_panels_that_changed_places_are_not_mixed() -> None:
    network = make_network()
    one = registered(network, PANEL)
    other = registered(network, elsewhere(PANEL, serial_number=4712, panel_number=22))
    Link.objects.update(state=LinkState.OFFLINE)
    taking.take(make_scan(network), FoundDevice(elsewhere(PANEL)))
    for device in (one, other):
        device.refresh_from_db()
    assert (one.serial_number, other.serial_number) == (4711, 4712)
    assert "127.0.0.22:502" in one.conflict
    assert "4711 answers here" in other.conflict


def test_a_panel_in_the_place_of_another_is_its_replacement(
    caplog: pytest.LogCaptureFixture,
) -> None:
    network = make_network()
    device = registered(network, PANEL)
    again = registered(network, elsewhere(PANEL, "127.0.0.21:502", serial_number=9))
    device.refresh_from_db()
    assert (again.pk, device.serial_number) == (device.pk, 9)
    assert "serial number 9 answers where 4711 was" in caplog.text


def test_the_same_serial_number_on_another_network_is_another_device() -> None:
    registered(make_network(), PANEL)
    registered(make_network(), PANEL)
    assert Device.objects.filter(serial_number=4711).count() == 2
