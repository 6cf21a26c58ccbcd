"""A subnet with a BBMD, as clients in another subnet see it."""

import asyncio
import socket
from collections.abc import Callable, Iterator

import pytest
from bacpypes3.pdu import Address

from protocols.simulator.flat import flat_device
from protocols.simulator.hosts import Registration, Subnet
from protocols.simulator.processes import SimulatedBuilding, StartError
from tests.ports import any_port

INSTANCES = {800, 801, 802, 803}
NAK = 0x0030  # Register-Foreign-Device; annex J.2.1


def subnet(registration: Registration, third: int, port: int) -> Subnet:
    return Subnet(
        bbmd=flat_device("BBMD", 800, f"127.1.{third}.1", port, 8),
        others=tuple(
            flat_device(f"Panel {place}", 800 + place, f"127.1.{third}.{1 + place}", port, 8)
            for place in (1, 2, 3)
        ),
        registration=registration,
    )


@pytest.fixture(scope="module")
def bbmds() -> Iterator[dict[Registration, Subnet]]:
    port = any_port()
    subnets = {
        registration: subnet(registration, third, port)
        for third, registration in enumerate(Registration, start=5)
    }
    buildings = [SimulatedBuilding([one]) for one in subnets.values()]  # their instances are equal
    for building in buildings:
        building.start()
    yield subnets
    for building in buildings:
        building.stop()


async def registered(client: object, until: Callable) -> int:
    link = client.foreign_link
    await until(lambda: link.bbmdRegistrationStatus >= 0)
    return link.bbmdRegistrationStatus


async def test_a_registered_foreign_device_finds_the_subnet(
    bbmds: dict, open_client: Callable, until: Callable
) -> None:
    accepting = bbmds[Registration.ACCEPTED]
    client = open_client(bbmd=accepting.bbmd.place)
    assert await registered(client, until) == 0
    client.who_is(timeout=1)
    await until(lambda: len(client.found) == len(INSTANCES))
    assert set(client.found) == {(spec.instance, spec.place) for spec in accepting.devices}


async def test_nobody_else_does(bbmds: dict, open_client: Callable) -> None:
    """Neither a broadcast in its own subnet nor one in all of loopback reaches the devices; one
    that hears of an address by other means may ask it."""
    stranger, accepting = open_client(), bbmds[Registration.ACCEPTED]
    port = accepting.bbmd.port
    for broadcast in ("127.255.255.255", "127.0.0.255"):
        stranger.who_is(address=Address(f"{broadcast}:{port}"), timeout=0.1)
    for spec in accepting.devices:  # each answers this after it would have answered that
        name = await stranger.read(spec.place, f"device,{spec.instance}", "object-name")
        assert name == spec.name
    assert stranger.found == []


async def test_a_bbmd_may_refuse(bbmds: dict, open_client: Callable, until: Callable) -> None:
    client = open_client(bbmd=bbmds[Registration.REFUSED].bbmd.place)
    assert await registered(client, until) == NAK


async def test_a_bbmd_may_not_answer_a_registration_at_all(
    bbmds: dict, open_client: Callable
) -> None:
    silent = bbmds[Registration.UNANSWERED]
    client = open_client(bbmd=silent.bbmd.place)
    name = await client.read(silent.bbmd.place, "device,800", "object-name")  # after registering
    assert name == "BBMD"
    assert client.foreign_link.bbmdRegistrationStatus < 0


async def test_devices_of_the_subnet_hear_each_other(bbmds: dict) -> None:
    """What is sent to the subnet's broadcast address reaches every one of them."""
    accepting = bbmds[Registration.ACCEPTED]
    who_is = bytes.fromhex("810b000c0120ffff00ff1008")
    heard: set[tuple[str, int]] = set()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as member:
        member.bind(("127.1.5.99", 0))
        member.setblocking(False)
        member.sendto(who_is, ("127.1.5.255", accepting.bbmd.port))
        async with asyncio.timeout(20):
            while len(heard) < len(INSTANCES):
                _data, address = await asyncio.get_running_loop().sock_recvfrom(member, 1500)
                heard.add(address)
    assert heard == {(spec.address, spec.port) for spec in accepting.devices}


def test_a_taken_broadcast_address_of_the_subnet_is_named() -> None:
    port = any_port()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
        taken.bind(("127.1.9.255", port))
        with pytest.raises(StartError, match=f"127.1.9.255:{port} is taken by another program"):
            SimulatedBuilding([subnet(Registration.ACCEPTED, 9, port)]).start()


def test_a_subnet_that_makes_no_sense_is_refused() -> None:
    bbmd = flat_device("BBMD", 1, "127.1.5.1", 47999, 4)
    with pytest.raises(ValueError, match=r"Far at 127\.1\.6\.1 is not in 127\.1\.5\.0/24"):
        Subnet(bbmd=bbmd, others=(flat_device("Far", 2, "127.1.6.1", 47999, 4),))
    with pytest.raises(ValueError, match="Odd must have the BBMD's port 47999"):
        Subnet(bbmd=bbmd, others=(flat_device("Odd", 2, "127.1.5.2", 48000, 4),))
