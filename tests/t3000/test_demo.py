"""The demo site, whatever was there before."""

import pytest

from devices.enums import NetworkProtocol
from devices.models import Network, Site
from protocols.simulator.demo import DEMO, demo_building
from protocols.simulator.spec import DeviceSpec, Protocol
from protocols.types import DeviceInfo, Endpoint, FoundDevice
from t3000.domain.demo import create_demo_site, pause_demo_site
from t3000.domain.found import take
from tests.factories import make_scan

pytestmark = pytest.mark.django_db


def test_the_demo_has_a_network_of_each_protocol() -> None:
    create_demo_site(41000)
    modbus, bacnet = Network.objects.order_by("-protocol")
    assert (bacnet.protocol, bacnet.port) == (NetworkProtocol.BACNET, 41001)
    assert (modbus.protocol, modbus.port) == (NetworkProtocol.MODBUS, 41000)
    panels = [one for one in demo_building(port=41000) if one.protocol is Protocol.MODBUS]
    assert modbus.targets == [panel.address for panel in panels]
    for network in (bacnet, modbus):
        network.full_clean()
        assert (network.poll_interval, network.timeout, network.enabled) == (5.0, 1.0, True)
        assert network.discovery_due_at is not None


def test_what_the_operator_changed_stays() -> None:
    create_demo_site()
    Network.objects.update(poll_interval=60)
    pause_demo_site()
    assert not Network.objects.filter(enabled=True).exists()
    create_demo_site(42000)
    assert {network.poll_interval for network in Network.objects.all()} == {60}
    assert Network.objects.filter(enabled=True).count() == 2
    assert Site.objects.count() == 1


@pytest.mark.parametrize("spec", DEMO, ids=lambda spec: spec.name)
def test_every_device_of_the_demo_has_its_place(spec: DeviceSpec) -> None:
    create_demo_site()
    network = Network.objects.get(protocol=NetworkProtocol.BACNET)
    endpoint = Endpoint(spec.place, spec.instance)
    # Modbus has no location: the driver gives an empty one.
    location = "" if spec.protocol is Protocol.MODBUS else spec.location
    name = spec.name
    info = DeviceInfo(endpoint, 148, name=name, location=location)
    take(make_scan(network), FoundDevice(info))
    device = network.devices.get(instance=spec.instance, address=spec.place)  # type: ignore[attr-defined]
    assert device.room is not None
    assert device.room.name == (location or name)
