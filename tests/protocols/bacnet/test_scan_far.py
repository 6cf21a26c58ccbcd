"""Searches beyond our own subnet: networks behind routers, and subnets by a BBMD."""

from collections.abc import Callable, Iterator

import pytest

from protocols.bacnet.driver import BacnetDriver
from protocols.scanning import ScanStep, Search, StepKind
from protocols.simulator.faults import Faults
from protocols.simulator.flat import flat_device
from protocols.simulator.hosts import Registration, Subnet, Trunk
from protocols.simulator.processes import SimulatedBuilding
from protocols.types import Endpoint, NetworkSettings, PointAddress, Quality
from tests.ports import any_port

NETWORK = 2020
STATION = Endpoint(f"{NETWORK}:1", 701)
PATIENT = {"timeout": 3.0, "retries": 2}


@pytest.fixture(scope="module")
def trunk() -> Iterator[Trunk]:
    place = ("127.1.2.1", any_port())
    stations = tuple(
        flat_device(f"Station {mac}", 700 + mac, *place, 20, max_apdu=480) for mac in (1, 2, 3)
    )
    trunk = Trunk(
        router=flat_device("Router", 700, *place, 8),
        stations=stations,
        network=NETWORK,
        baud=115200,
    )
    with SimulatedBuilding([trunk]):
        yield trunk


@pytest.fixture(scope="module")
def subnets() -> Iterator[dict[Registration, Subnet]]:
    port = any_port()
    made = {
        registration: Subnet(
            bbmd=flat_device("BBMD", 800, f"127.1.{third}.1", port, 8),
            others=(flat_device("Panel", 801, f"127.1.{third}.2", port, 8),),
            registration=registration,
        )
        for third, registration in enumerate(Registration, start=15)
    }
    buildings = [SimulatedBuilding([one]) for one in made.values()]  # their instances are equal
    for building in buildings:
        building.start()
    yield made
    for building in buildings:
        building.stop()


def texts(steps: list[ScanStep], kind: StepKind) -> list[str]:
    return [one.text for one in steps if one.kind is kind]


async def test_a_router_tells_of_its_network_and_the_devices_on_it_are_found(
    trunk: Trunk, search: Callable
) -> None:
    found, steps = await search(trunk.router.port, **PATIENT)
    places = {one.info.endpoint.instance: one.info.endpoint.address for one in found}
    assert places == {700: trunk.router.place, **{700 + n: f"{NETWORK}:{n}" for n in (1, 2, 3)}}
    assert [one.problem for one in found] == [""] * 4
    (router,) = (one for one in steps if one.kind is StepKind.ROUTER)
    assert (router.place, router.text) == (trunk.router.place, f"Router to network {NETWORK}")
    assert f"Who-Is of network {NETWORK}" in texts(steps, StepKind.ASKED)


async def test_one_network_behind_a_router_is_searched_alone(
    trunk: Trunk, search: Callable
) -> None:
    found, steps = await search(trunk.router.port, Search(networks=(NETWORK,)), **PATIENT)
    assert sorted(one.info.endpoint.instance for one in found) == [701, 702, 703]
    asked = [one for one in texts(steps, StepKind.ASKED) if one.startswith("Who-Is of")]
    assert asked == [f"Who-Is of network {NETWORK}"]


async def test_a_station_is_read_by_its_routed_address_without_any_search(
    trunk: Trunk, free_port: Callable
) -> None:
    """The router is in no broadcast's reach: it is asked because it is a target."""
    settings = NetworkSettings(
        "127.0.0.1/8", free_port(), targets=(trunk.router.place,), timeout=5.0
    )
    driver = BacnetDriver(settings)
    await driver.connect()
    try:
        described = await driver.describe(STATION)
        point = PointAddress("analog-input", 1)
        (reading,) = await driver.read(STATION, [point])
    finally:
        await driver.disconnect()
    assert (described.info.name, described.problem, len(described.points)) == ("Station 1", "", 20)
    assert described.profile.max_apdu == 480
    assert reading.quality is Quality.GOOD


async def test_a_bbmd_brings_the_devices_of_its_subnet(
    subnets: dict[Registration, Subnet], search: Callable, free_port: Callable
) -> None:
    there = subnets[Registration.ACCEPTED]
    found, steps = await search(0, targets=(), bbmd=there.bbmd.place, **PATIENT)
    places = {one.info.endpoint.instance: one.info.endpoint.address for one in found}
    assert places == {spec.instance: spec.place for spec in there.devices}
    assert texts(steps, StepKind.REGISTERED) == [
        f"The BBMD {there.bbmd.place} takes us as a foreign device for 300 s"
    ]
    assert [one.sent for one in steps if one.kind is StepKind.ASKED] == [2, 2, 2]
    assert texts(steps, StepKind.ADVICE) == ["All is well: 2 devices found and described."]


@pytest.mark.parametrize(
    ("registration", "told"),
    [
        (Registration.REFUSED, "refuses us. Allow foreign devices"),
        (Registration.UNANSWERED, "does not answer. Check its address"),
    ],
)
async def test_without_its_bbmd_nobody_is_found_and_why_is_told(
    registration: Registration, told: str, subnets: dict[Registration, Subnet], search: Callable
) -> None:
    bbmd = subnets[registration].bbmd.place
    found, steps = await search(0, targets=(), bbmd=bbmd, timeout=0.5)
    assert found == []
    first, second = texts(steps, StepKind.ADVICE)
    assert first.startswith(f"The BBMD {bbmd} {told}")
    assert second.startswith("Nobody answered: ")


async def test_what_a_device_told_before_it_died_is_kept(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    """It answers who it is, its list, and the first parts of what is in it."""
    port = free_port()
    dying = flat_device(
        "Dying", 65, "127.0.0.65", port, 100, max_apdu=480, faults=Faults(dies_after=30)
    )
    simulate(dying, flat_device("Alive", 66, "127.0.0.66", port, 8))
    found, steps = await search(port, timeout=1.5, retries=0)
    whole = {one.info.endpoint.instance: one for one in found}
    assert (whole[66].problem, len(whole[66].points)) == ("", 8)
    assert whole[65].info.name == "Dying"
    assert 0 < len(whole[65].points) < 100
    assert whole[65].problem == f"no answer; {len(whole[65].points)} of 101 objects listed"
    problems = [one for one in steps if one.kind is StepKind.DESCRIBED and one.is_problem]
    assert [one.place for one in problems] == [f"127.0.0.65:{port}"]
