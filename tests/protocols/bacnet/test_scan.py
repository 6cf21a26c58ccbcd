"""Searches on real traffic: who is asked, who is found, and what is told of it."""

import socket
from collections.abc import Callable

import pytest

from protocols.bacnet.driver import BacnetDriver
from protocols.bacnet.questions import parts
from protocols.errors import Unreachable
from protocols.scanning import ScanStep, Search, StepKind
from protocols.simulator.flat import flat_device
from protocols.types import Endpoint, FoundDevice, NetworkSettings, PointAddress


def texts(steps: list[ScanStep], kind: StepKind) -> list[str]:
    return [one.text for one in steps if one.kind is kind]


async def test_all_is_well_is_told_from_the_open_port_to_the_advice(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Panel", 61, "127.0.0.61", port, 8))
    found, steps = await search(port)
    assert [one.info.name for one in found] == ["Panel"]
    kinds = list(dict.fromkeys(one.kind for one in steps))
    assert kinds == [
        *(StepKind.OPENED, StepKind.ASKED, StepKind.HEARD, StepKind.DESCRIBED),
        *(StepKind.ENDED, StepKind.ADVICE),
    ]
    assert texts(steps, StepKind.HEARD) == [
        "Device 61, I-Am of vendor 148: replies of 600 octets, no-segmentation"
    ]
    (described,) = texts(steps, StepKind.DESCRIBED)
    assert described == (
        "Device 61, Panel: 8 points and 1 other object: "
        "4 analog-input, 2 analog-output, 2 analog-value, 1 network-port"
    )
    assert texts(steps, StepKind.ADVICE) == ["All is well: 1 device found and described."]
    (ended,) = (one for one in steps if one.kind is StepKind.ENDED)
    asked = sum(one.sent for one in steps if one.kind is StepKind.ASKED)
    assert asked == 3  # routers once, devices twice
    assert ended.sent > asked
    assert ended.received >= 4  # two I-Am, who it is, what it holds
    assert not any(one.is_problem for one in steps)


async def test_a_device_tells_what_it_takes(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    port = free_port()
    simulate(
        flat_device("Plain", 61, "127.0.0.61", port, 4, supports_rpm=False, max_apdu=480),
        flat_device("Able", 62, "127.0.0.62", port, 4, segmentation=True, max_apdu=1476),
    )
    found, _ = await search(port)
    plain, able = (one.profile for one in sorted(found, key=lambda one: one.info.name != "Plain"))
    assert (plain.max_apdu, plain.segmentation, plain.has_rpm) == (480, "no-segmentation", False)
    assert (able.max_apdu, able.segmentation, able.has_rpm) == (1476, "segmented-both", True)
    assert "read-property" in plain.services


async def test_a_device_at_a_known_address_tells_the_same_unasked(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    """Nobody heard an I-Am of it: what it takes is read from it."""
    port = free_port()
    simulate(flat_device("Panel", 61, "127.0.0.61", port, 4, max_apdu=480))
    (searched,), _ = await search(port)
    driver = BacnetDriver(NetworkSettings("127.0.0.1/8", free_port(), timeout=5.0))
    await driver.connect()
    try:
        described = await driver.describe(searched.info.endpoint)
    finally:
        await driver.disconnect()
    assert described == searched


async def test_limits_are_kept_by_those_that_are_asked_and_by_us(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    port = free_port()
    simulate(*(flat_device(f"P{n}", n, f"127.0.0.{n}", port, 4) for n in (61, 62, 63)))
    found, steps = await search(port, Search(instances=range(62, 64)))
    assert sorted(one.info.endpoint.instance for one in found) == [62, 63]
    assert "Who-Is 62 to 63 of all networks" in texts(steps, StepKind.ASKED)


async def test_a_search_by_name_finds_who_has_an_object_of_it(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    port = free_port()
    simulate(
        flat_device("Small", 61, "127.0.0.61", port, 4),
        flat_device("Large", 62, "127.0.0.62", port, 40),
    )
    found, steps = await search(port, Search(object_name="VAR9"))
    assert [one.info.name for one in found] == ["Large"]
    assert texts(steps, StepKind.HEARD) == ["Device 62, I-Have: VAR9 is analog-value,9"]
    assert found[0].profile.max_apdu == 600


async def test_doubled_instances_are_told_with_both_addresses(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    port = free_port()
    for address in ("127.0.0.62", "127.0.0.63"):
        simulate(flat_device("Twin", 7, address, port, 4))
    found, steps = await search(port)
    assert len(found) == 2
    (doubled,) = texts(steps, StepKind.DOUBLED)
    assert all(f"127.0.0.{number}:{port}" in doubled for number in (62, 63))
    (advice,) = texts(steps, StepKind.ADVICE)
    assert advice.startswith("2 devices have the instance 7")


async def test_targets_are_asked_one_by_one(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    port = free_port()
    simulate(*(flat_device(f"P{n}", n, f"127.0.0.{n}", port, 4) for n in (61, 62, 63)))
    places = (f"127.0.0.61:{port}", f"127.0.0.63:{port}")
    found, steps = await search(port, targets=places)
    assert sorted(one.info.endpoint.instance for one in found) == [61, 63]
    asked = {one.place for one in steps if one.kind is StepKind.ASKED}
    assert asked == {*places, ""}


async def test_the_local_broadcast_reaches_devices_on_our_own_port(
    simulate: Callable, free_port: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Panel", 61, "127.0.0.61", free_port(), 4))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        near.bind(("127.255.255.255", port))
        driver = BacnetDriver(NetworkSettings("127.0.0.1/8", port, timeout=0.2, retries=0))
        await driver.connect()
        steps = [one async for one in driver.discover()]
        await driver.disconnect()
        near.settimeout(30)
        heard = [near.recv(2000) for _ in range(3)]
    assert [one[:2].hex() for one in heard] == ["810b"] * 3
    (advice,) = [one for one in steps if one.kind is StepKind.ADVICE]
    assert "Nobody answered: 3 packets out, 0 in. Only our own packets came back." in advice.text


@pytest.mark.parametrize(("instance", "heard"), [(4194303, 0), (4194302, 1), (7, 1)])
async def test_who_says_i_am_and_nothing_more_is_found_if_it_has_an_instance(
    instance: int, heard: int, free_port: Callable
) -> None:
    """A device of the test's own, which answers no question but Who-Is."""
    i_am = bytes.fromhex("810a001401001000c4") + (8 << 22 | instance).to_bytes(4, "big")
    i_am += bytes.fromhex("2201e091032194")
    i_am = i_am[:2] + len(i_am).to_bytes(2, "big") + i_am[4:]
    settings = NetworkSettings("127.0.0.1/8", free_port(), timeout=0.2, retries=0)
    driver = BacnetDriver(settings)
    await driver.connect()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as device:
        device.bind(("127.0.0.72", 0))
        told = []
        async for one in driver.discover():
            if isinstance(one, ScanStep) and one.kind is StepKind.OPENED:
                for _ in range(2):
                    device.sendto(i_am, ("127.0.0.1", settings.port))
            told.append(one)
    await driver.disconnect()
    found = [one for one in told if isinstance(one, FoundDevice)]
    assert [one.info.endpoint.instance for one in found] == [instance] * heard
    assert [(one.problem, one.profile.max_apdu) for one in found] == [("no answer", 480)] * heard
    steps = [one for one in told if isinstance(one, ScanStep)]
    assert len(texts(steps, StepKind.HEARD)) == 1
    advice = texts(steps, StepKind.ADVICE)
    assert any("which is this supervisor's" in one for one in advice) == (instance == 4194302)
    assert len(texts(steps, StepKind.DOUBLED)) == (instance == 4194302)


async def test_a_network_that_nobody_routes_to_is_told(
    free_port: Callable, search: Callable
) -> None:
    found, steps = await search(free_port(), Search(networks=(2001,)), timeout=0.2, retries=0)
    assert found == []
    assert "Network 2001 is not asked: no router told of it" in texts(steps, StepKind.ASKED)
    assert any(
        text.startswith("No router knows network 2001.") for text in texts(steps, StepKind.ADVICE)
    )


async def test_a_device_behind_no_router_is_out_of_reach(free_port: Callable) -> None:
    driver = BacnetDriver(NetworkSettings("127.0.0.1/8", free_port(), timeout=0.2, retries=0))
    await driver.connect()
    try:
        with pytest.raises(Unreachable, match="no router tells of its network"):
            await driver.read(Endpoint("2001:12", 12), [PointAddress("analog-input", 1)])
    finally:
        await driver.disconnect()


async def test_a_bbmd_that_is_silent_costs_nobody_the_devices_that_are_near(
    simulate: Callable, free_port: Callable, search: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Panel", 61, "127.0.0.61", port, 4))
    bbmd = f"127.0.0.50:{free_port()}"
    found, steps = await search(port, bbmd=bbmd)
    assert [one.info.name for one in found] == ["Panel"]
    assert texts(steps, StepKind.REGISTERED) == [f"The BBMD {bbmd} does not answer"]
    assert texts(steps, StepKind.ADVICE)[0].startswith(f"The BBMD {bbmd} does not answer.")


async def test_an_address_of_another_machine_is_answered_with_ours(free_port: Callable) -> None:
    driver = BacnetDriver(NetworkSettings("192.0.2.9/24", free_port()))
    with pytest.raises(Unreachable, match=r"192\.0\.2\.9 is no address of this machine"):
        await driver.connect()


async def test_a_prefix_length_that_is_not_ours_is_told(
    simulate: Callable, free_port: Callable
) -> None:
    """127.0.0.1 has /8 everywhere."""
    driver = BacnetDriver(NetworkSettings("127.0.0.1/24", free_port(), timeout=0.1, retries=0))
    await driver.connect()
    steps = [one async for one in driver.discover() if isinstance(one, ScanStep)]
    await driver.disconnect()
    assert "instead of 127.255.255.255: write 127.0.0.1/8" in texts(steps, StepKind.ADVICE)[0]


async def test_a_network_without_broadcasts_says_so(free_port: Callable, search: Callable) -> None:
    driver = BacnetDriver(NetworkSettings("127.0.0.1/32", free_port(), timeout=0.1, retries=0))
    await driver.connect()
    steps = [one async for one in driver.discover() if isinstance(one, ScanStep)]
    await driver.disconnect()
    assert steps[0].text.endswith("and are not heard: the network has no broadcast address")
    assert [one.sent for one in steps if one.kind is StepKind.ASKED] == [0, 0, 0]
    assert any("did not send 3 packets: the network has no" in one.text for one in steps)


async def test_a_search_that_is_left_leaves_nothing_behind(
    simulate: Callable, free_port: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Panel", 61, "127.0.0.61", port, 4))
    settings = NetworkSettings("127.0.0.1/8", free_port(), targets=(f"127.0.0.61:{port}",))
    driver = BacnetDriver(settings)
    await driver.connect()
    try:
        steps = driver.discover()
        assert isinstance(await anext(steps), ScanStep)
        await steps.aclose()
        assert driver._application.on_i_am is None
        again = [one async for one in driver.discover() if isinstance(one, FoundDevice)]
    finally:
        await driver.disconnect()
    assert [one.info.name for one in again] == ["Panel"]


@pytest.mark.parametrize(
    ("heard", "wanted", "asked"),
    [
        ([1, 2, 3], None, [None]),
        ([1, 2, 3], range(5), [range(5)]),
        ([1, 2, 3, 4, 5], None, [range(3), range(3, 5), range(5, 4194303)]),
        ([1, 2, 3, 4], range(1, 5), [range(1, 3), range(3, 5)]),
    ],
)
def test_instances_are_asked_again_in_parts(
    heard: list[int], wanted: range | None, asked: list[range | None]
) -> None:
    assert parts(heard, wanted, most=3 if len(heard) == 3 else 2) == asked
