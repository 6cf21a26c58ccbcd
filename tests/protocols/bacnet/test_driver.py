"""The BACnet driver against devices with the ways of real ones."""

import asyncio
import socket
from collections.abc import Callable

import pytest
from bacpypes3.apdu import ErrorRejectAbortNack
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier

from protocols.bacnet.application import OWN_INSTANCE
from protocols.bacnet.driver import BacnetDriver
from protocols.errors import Timeout, Unreachable
from protocols.simulator.flat import flat_device
from protocols.types import Endpoint, NetworkSettings, PointAddress, Quality
from tests.searching import devices_found


@pytest.mark.parametrize(
    "ways",
    [
        {"max_apdu": 480},
        {"max_apdu": 206},
        {"max_apdu": 50},
        {"max_apdu": 1476, "segmentation": True},
        {"supports_rpm": False},
    ],
    ids=str,
)
async def test_a_device_is_described_and_read_whatever_its_reply_length(
    ways: dict[str, object], simulate: Callable, free_port: Callable, open_driver: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Panel", 41, "127.0.0.41", port, 60, **ways))
    driver = await open_driver(port)
    (found,) = await devices_found(driver)
    assert (found.problem, len(found.points)) == ("", 60)
    readings = await driver.read(found.info.endpoint, [info.address for info in found.points])
    assert [reading.quality for reading in readings] == [Quality.GOOD] * 60


async def test_doubled_instances_are_both_found(
    simulate: Callable, free_port: Callable, open_driver: Callable
) -> None:
    port = free_port()
    for address in ("127.0.0.42", "127.0.0.43"):
        simulate(flat_device("Twin", 7, address, port, 4))
    driver = await open_driver(port)
    found = [one.info.endpoint for one in await devices_found(driver)]
    assert sorted(map(str, found)) == [
        f"device 7 at 127.0.0.42:{port}",
        f"device 7 at 127.0.0.43:{port}",
    ]


async def test_a_device_that_dies_midway_does_not_end_the_scan(
    simulate: Callable, free_port: Callable, open_driver: Callable
) -> None:
    port = free_port()
    building = simulate(
        flat_device("Alive", 44, "127.0.0.44", port, 8),
        flat_device("Slow", 45, "127.0.0.45", port, 8, reply_delay=30.0),
    )
    driver = await open_driver(port, retries=0, timeout=0.5)
    found = {one.info.endpoint.instance: one for one in await devices_found(driver)}
    assert (found[44].problem, len(found[44].points)) == ("", 8)
    assert (found[45].problem, found[45].points) == ("no answer", ())
    building.stop()


async def test_a_lost_packet_is_asked_for_again_and_a_write_is_not(
    free_port: Callable, open_driver: Callable
) -> None:
    """A device that is deaf: counts what reaches it."""
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as deaf:
        deaf.bind(("127.0.0.46", port))
        deaf.settimeout(0.2)
        driver = await open_driver(port, timeout=0.3, retries=2)
        endpoint = Endpoint(f"127.0.0.46:{port}", 46)

        async def heard() -> int:
            count = 0
            while True:
                try:
                    await asyncio.to_thread(deaf.recv, 2000)
                except TimeoutError:
                    return count
                count += 1

        with pytest.raises(Timeout):
            await driver.read(endpoint, [PointAddress("analog-input", 1)])
        assert await heard() == 4  # once from the polling port, then from the network's own
        with pytest.raises(Timeout):
            await driver.write(endpoint, PointAddress("analog-value", 1), 1.0)
        assert await heard() == 1


async def test_a_taken_port_is_refused_with_the_reason(free_port: Callable) -> None:
    port = free_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(("127.0.0.1", port))
        driver = BacnetDriver(NetworkSettings("127.0.0.1/8", port))
        with pytest.raises(Unreachable, match=f"UDP port {port} on 127.0.0.1 cannot be opened"):
            await driver.connect()
        assert not driver.is_connected


async def test_what_is_read_while_the_network_closes_is_not_sent_any_more(
    free_port: Callable, open_driver: Callable, caplog: pytest.LogCaptureFixture
) -> None:
    """A device that is silent is asked again; the second time by nobody."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
        silent.bind(("127.0.0.1", free_port()))
        silent.setblocking(False)
        driver = await open_driver(free_port(), timeout=0.1, retries=3)
        endpoint = Endpoint(f"127.0.0.1:{silent.getsockname()[1]}", 7)
        reading = asyncio.create_task(driver.read(endpoint, [PointAddress("analog-input", 1)]))
        await asyncio.get_running_loop().sock_recv(silent, 1024)
        await driver.disconnect()
        with pytest.raises(Unreachable, match="the network is closed"):
            await reading
    await asyncio.sleep(0)
    assert "Traceback" not in caplog.text


async def test_two_drivers_do_not_share_a_port(free_port: Callable) -> None:
    """bacpypes3 would bind both and each would get a part of the datagrams."""
    settings = NetworkSettings("127.0.0.1/8", free_port())
    first, second = BacnetDriver(settings), BacnetDriver(settings)
    await first.connect()
    try:
        with pytest.raises(Unreachable, match="Address already in use"):
            await second.connect()
    finally:
        await first.disconnect()


@pytest.mark.parametrize("interface", ["", "eth0", "127.0.0.1/99"])
async def test_a_wrong_interface_says_what_would_be_right(interface: str) -> None:
    with pytest.raises(Unreachable, match=r"such as 192\.168\.1\.2/24"):
        await BacnetDriver(NetworkSettings(interface, 47810)).connect()


@pytest.mark.parametrize("name", ["number-of-apdu-retries", "apdu-timeout", "object-name"])
async def test_nobody_can_write_to_us(
    name: str, free_port: Callable, open_driver: Callable
) -> None:
    """bacpypes3 would take its own time-outs and retries from whoever asks."""
    ours, stranger = await open_driver(free_port()), await open_driver(free_port())
    us = Address(f"127.0.0.1:{ours.settings.port}")
    value = "x" if name == "object-name" else 5
    device = ObjectIdentifier(("device", OWN_INSTANCE))
    with pytest.raises(ErrorRejectAbortNack, match="write-access-denied"):
        await stranger._application.write_property(us, device, name, value)


async def test_long_texts_do_not_slow_down_reading(
    simulate: Callable, free_port: Callable, open_driver: Callable
) -> None:
    """That some texts did not fit into one reply says nothing of values."""
    port = free_port()
    simulate(flat_device("Wordy", 48, "127.0.0.48", port, 60, max_apdu=206))
    driver = await open_driver(port)
    (found,) = await devices_found(driver)
    profile = driver.profile(found.info.endpoint)
    assert (profile.max_apdu, profile.reply_limit) == (206, None)
    await driver.list_points(found.info.endpoint)
    assert driver.profile(found.info.endpoint) == profile


async def test_garbage_does_not_disturb_the_conversation(
    simulate: Callable, free_port: Callable, open_driver: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Panel", 47, "127.0.0.47", port, 8))
    driver = await open_driver(port)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for junk in (
            b"",
            b"\x81",
            b"\x81\x0a\x00\x04",
            b"\x81\x0a\x00\x08\x01\x00\x20\xff",
            b"x" * 1400,
        ):
            stranger.sendto(junk, ("127.0.0.1", driver.settings.port))
    readings = await driver.read(
        Endpoint(f"127.0.0.47:{port}", 47), [PointAddress("analog-input", 1)]
    )
    assert readings[0].quality is Quality.GOOD


async def test_a_write_goes_between_the_requests_of_a_poll(
    simulate: Callable, free_port: Callable, open_driver: Callable
) -> None:
    port = free_port()
    simulate(flat_device("Panel", 48, "127.0.0.48", port, 40, supports_rpm=False, reply_delay=0.02))
    driver = await open_driver(port)
    (found,) = await devices_found(driver)
    points = [info.address for info in found.points]
    poll = asyncio.create_task(driver.read(found.info.endpoint, points))
    await asyncio.sleep(0)
    await driver.write(found.info.endpoint, PointAddress("analog-output", 1), 7.0, priority=8)
    assert not poll.done()
    assert len(await poll) == 40
