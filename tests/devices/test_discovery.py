from dataclasses import replace
from datetime import timedelta

import pytest

from devices.domain import discovery
from devices.enums import LinkState
from devices.models import Device
from protocols.types import DeviceInfo, Endpoint
from tests.factories import NOW, make_network, make_room

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


def test_register_adds_a_device_that_is_read_from_now_on() -> None:
    device = discovery.register(make_network(), INFO)
    assert (device.name, device.instance, device.address) == ("AHU-1", 237201, "127.0.0.11:47809")
    assert device.link.state == LinkState.UNKNOWN


def test_register_again_updates_what_the_device_says_and_keeps_what_people_chose() -> None:
    network = make_network()
    device = discovery.register(network, INFO)
    Device.objects.filter(pk=device.pk).update(name="Roof unit")
    again = discovery.register(network, replace(INFO, firmware="66.03", name="Other"))
    device.refresh_from_db()
    assert again.pk == device.pk
    assert (device.name, device.firmware) == ("Roof unit", "66.03")


def test_register_keeps_doubled_instances_apart() -> None:
    network = make_network()
    discovery.register(network, INFO)
    discovery.register(network, replace(INFO, endpoint=Endpoint("127.0.0.12:47809", 237201)))
    assert Device.objects.count() == 2


def test_a_new_device_is_placed_in_the_room_it_names() -> None:
    network = make_network()
    room = make_room(network.site, name="Roof plant room")
    make_room(name="Roof plant room")  # of another site
    assert discovery.register(network, INFO).room == room


def test_a_room_name_that_is_not_unique_places_nothing() -> None:
    network = make_network()
    for _ in range(2):
        make_room(network.site, name="Roof plant room")
    assert discovery.register(network, INFO).room is None


def test_texts_longer_than_their_columns_are_cut() -> None:
    device = discovery.register(make_network(), replace(INFO, name="x" * 300, model_name="y" * 300))
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
    device = discovery.register(network, info)
    device.refresh_from_db()
    assert {name: getattr(device, name) for name in said} == said
    assert (device.location, device.room) == ("Roof", room)
    assert all(record.getMessage().isprintable() for record in caplog.records)


def test_a_name_of_nothing_printable_is_none() -> None:
    device = discovery.register(make_network(), replace(INFO, name="\0\n"))
    assert device.name == f"Device {INFO.endpoint.instance}"


def test_a_device_that_said_its_name_late_gets_it() -> None:
    network = make_network()
    discovery.register(network, replace(INFO, name=f"Device {INFO.endpoint.instance}"))
    device = discovery.register(network, INFO)
    device.refresh_from_db()
    assert device.name == "AHU-1"


def test_devices_found_together_are_not_read_together() -> None:
    network = make_network()
    for number in range(20):
        discovery.register(network, replace(INFO, endpoint=Endpoint("127.0.0.11:47809", number)))
    due = {device.link.due_at for device in Device.objects.select_related("link")}
    assert max(due) - min(due) > timedelta(seconds=network.poll_interval / 4)


def test_claim_due_plans_the_next_discovery() -> None:
    network = make_network(discovery_due_at=NOW)
    make_network(discovery_due_at=None)
    make_network(discovery_due_at=NOW, enabled=False)
    assert discovery.claim_due(NOW) == [("field", network.pk)]
    assert discovery.claim_due(NOW) == []
    assert discovery.claim_due(NOW + discovery.REPEAT) == [("field", network.pk)]


def test_request_discovery_makes_it_due() -> None:
    network = make_network()
    discovery.request_discovery(network)
    network.refresh_from_db()
    assert network.discovery_due_at is not None
    assert discovery.claim_due(network.discovery_due_at + timedelta(seconds=1))
