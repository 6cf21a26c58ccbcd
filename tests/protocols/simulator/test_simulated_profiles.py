"""What `manage.py simulate --profile` offers."""

import pickle
from collections import Counter

import pytest

from protocols.simulator.hosts import Crowd, Subnet, Trunk
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.profiles import DEMO, PROFILES, profile_lines, simulated_network
from protocols.simulator.spec import DeviceSpec


@pytest.mark.parametrize("name", PROFILES)
def test_a_profile_makes_as_many_devices_as_it_is_asked_for(name: str) -> None:
    hosts = simulated_network(name, count=16)
    devices = [spec for host in hosts for spec in host.devices]
    places = [place for host in hosts for place in host.places]
    routers = sum(isinstance(host, Trunk) for host in hosts)
    assert len(devices) == len(places) == 16 + routers
    assert len(set(places)) == len(places)
    times = Counter(Counter(spec.instance for spec in devices).values())
    assert times == ({2: 8} if name == "duplicate" else {1: 16 + routers})
    travelled = pickle.loads(pickle.dumps(hosts))  # to their processes
    assert [place for host in travelled for place in host.places] == places
    SimulatedBuilding(hosts)  # nobody is in anybody's way


def test_all_profiles_are_listed_each_with_what_it_is() -> None:
    listed = dict(line.split(maxsplit=1) for line in profile_lines())
    assert list(listed) == [DEMO, *PROFILES]
    assert all(listed.values())


def test_few_devices_have_a_process_each_and_many_share_some() -> None:
    few, many = (simulated_network("plain", count=count, points=4) for count in (20, 300))
    assert [type(host) for host in few] == [DeviceSpec] * 20
    assert {type(host) for host in many} == {Crowd}
    places = [place for host in many for place in host.places]
    assert len(set(places)) == 300 > len(many)
    assert not any(place.split(":")[0].endswith((".0", ".255")) for place in places)


def test_the_mixed_network_has_a_trunk_and_the_faults_of_single_devices() -> None:
    trunk, *singles = simulated_network("mixed", count=40)
    assert isinstance(trunk, Trunk)
    assert len(trunk.stations) == 10
    devices = [spec for host in singles for spec in host.devices]
    assert len({spec.faults for spec in devices}) > 4
    assert {50, 206, 480, 1476} <= {spec.max_apdu for spec in devices}


def test_a_subnet_stays_within_its_addresses() -> None:
    (subnet,) = simulated_network("bbmd", count=200)
    assert isinstance(subnet, Subnet)
    with pytest.raises(ValueError, match=r"is not in 127\.9\.9\.0/24"):
        simulated_network("bbmd", count=10, first_address="127.9.9.250")


@pytest.mark.parametrize(
    ("asked", "problem"),
    [
        ({"name": "perfect"}, "no profile 'perfect'; there are demo, plain, no-rpm"),
        ({"name": "plain", "count": 0}, "profile plain has 1 to 300 devices, not 0"),
        ({"name": "router", "count": 128}, "profile router has 1 to 127 devices, not 128"),
        ({"name": "demo", "count": 3}, "the demo building is as it is"),
        ({"name": "plain", "points": 0}, "a device has at least 1 point, not 0"),
        ({"name": "plain", "first_address": "192.0.2.1"}, "loopback addresses only"),
        ({"name": "plain", "first_address": "here"}, "'here'"),
    ],
)
def test_what_makes_no_sense_is_refused_with_what_would_be_right(
    asked: dict[str, object], problem: str
) -> None:
    with pytest.raises(ValueError, match=problem):
        simulated_network(**asked)
