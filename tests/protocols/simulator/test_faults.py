"""Each fault of a simulated device, as a BACnet client meets it."""

import asyncio
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    ErrorRejectAbortNack,
    IAmRequest,
    ReinitializeDeviceRequest,
    SimpleAckPDU,
)
from bacpypes3.basetypes import ErrorType
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier

from protocols.simulator.faults import Faults, Overflow
from protocols.simulator.flat import flat_device
from protocols.simulator.hosts import Crowd
from protocols.simulator.processes import SimulatedBuilding
from protocols.simulator.trouble import Trouble
from tests.ports import any_port

NAME = ("analog-input,1", "object-name")
LENGTHS = (50, 128, 206, 480, 1024, 1476)
LOSSY = Faults(loses_requests=0.3, loses_replies=0.3, seed=7)
WAYS: dict[str, dict[str, Any]] = {
    "lossy": {"faults": LOSSY},
    "dies": {"faults": Faults(dies_after=3)},
    "reboots": {"faults": Faults(reboots_after=4, reboot_seconds=0.2)},
    "restarts": {"faults": Faults(reboot_seconds=0.2)},
    "own port": {"faults": Faults(answers_only_port=any_port())},
    "overclaims": {
        "points": 100,
        "max_apdu": 480,
        "faults": Faults(claims_apdu=1476, overflow=Overflow.BUFFER),
    },
    "mute": {"points": 60, "max_apdu": 206, "faults": Faults(overflow=Overflow.SILENCE)},
    "backwards": {"faults": Faults(reorders=True)},
    "refuses": {"faults": Faults(refuses=("units", "description"))},
    "twin": {},
    "its twin": {},
    **{f"of {length}": {"max_apdu": length, "points": length // 7} for length in LENGTHS},
}


@dataclass(frozen=True)
class Crowded:
    """The devices of this module, which share a process."""

    port: int
    places: dict[str, str]
    instances: dict[str, int]


@pytest.fixture(scope="module")
def crowd() -> Iterator[Crowded]:
    port = any_port()
    instances = {name: 1000 + number for number, name in enumerate(WAYS)}
    instances["its twin"] = instances["twin"]
    devices = {
        name: flat_device(
            name, instances[name], f"127.1.0.{number}", port, **({"points": 8} | ways)
        )
        for number, (name, ways) in enumerate(WAYS.items(), start=1)
    }
    with SimulatedBuilding([Crowd(tuple(devices.values()))]):
        yield Crowded(port, {name: spec.place for name, spec in devices.items()}, instances)


async def outcome(request: Any) -> bool:
    """Whether there was an answer."""
    try:
        await request
    except AbortPDU as abort:
        if abort.apduAbortRejectReason != AbortReason.noResponse:
            raise
        return False
    return True


async def test_a_lossy_device_loses_what_its_seed_says(
    crowd: Crowded, open_client: Callable
) -> None:
    client = open_client()
    client.patience(3.0)
    tries = range(16)  # at once: what is lost costs a time-out
    answered = await asyncio.gather(
        *(outcome(client.read(crowd.places["lossy"], *NAME)) for _ in tries)
    )
    expected = Trouble(LOSSY, crowd.instances["lossy"])
    assert answered == [expected.hears(confirmed=True) and expected.lets_out() for _ in tries]
    assert set(answered) == {True, False}


def test_losses_are_as_frequent_as_they_shall_be() -> None:
    trouble = Trouble(Faults(loses_requests=0.2, loses_replies=0.5), 1)
    heard = [trouble.hears(confirmed=False) for _ in range(2000)]
    sent = [trouble.lets_out() for _ in range(2000)]
    assert 0.75 < sum(heard) / 2000 < 0.85
    assert 0.45 < sum(sent) / 2000 < 0.55
    assert heard != [Trouble(Faults(loses_requests=0.2), 2).hears(confirmed=False) for _ in heard]


async def test_a_device_dies_after_so_many_requests(crowd: Crowded, open_client: Callable) -> None:
    client = open_client()
    for _ in range(3):
        assert await client.read(crowd.places["dies"], *NAME) == "IN1"
    client.patience(0.3)
    for _ in range(2):
        assert not await outcome(client.read(crowd.places["dies"], *NAME))
    client.patience(5.0)
    client.who_is(address=Address(crowd.places["dies"]), timeout=0.1)
    assert await client.read(crowd.places["backwards"], *NAME) == "IN1"  # asked after the dead
    assert client.found == []


@pytest.fixture
def broadcasts(crowd: Crowded) -> Iterator[socket.socket]:
    """What the devices broadcast: I-Am at their return."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        listening.bind(("127.255.255.255", crowd.port))
        listening.setblocking(False)
        yield listening


async def next_announced(broadcasts: socket.socket) -> tuple[str, bytes]:
    """Address and I-Am service data of the device that has come back."""
    async with asyncio.timeout(20):
        data, (address, _port) = await asyncio.get_running_loop().sock_recvfrom(broadcasts, 1500)
    assert data[:2] == b"\x81\x0b"  # Original-Broadcast-NPDU
    return address, data[-len(encoded_i_am(0)) :]


def encoded_i_am(instance: int) -> bytes:
    return bytes(
        IAmRequest(
            iAmDeviceIdentifier=("device", instance),
            maxAPDULengthAccepted=600,
            segmentationSupported="no-segmentation",
            vendorID=148,
        )
        .encode()
        .pduData
    )


async def commanded(client: Any, place: str) -> list[bool]:
    """Which slots of an output's priority array are filled."""
    array = await client.read(place, "analog-output,1", "priority-array")
    return [slot.null is None for slot in array]


async def notifications(client: Any, place: str, value: float) -> int:
    """How many a change of a subscribed value brings; they come before any later answer."""
    counted = client.notifications = []
    await client.write(place, "analog-value,1", value)
    assert await client.read(place, "analog-value,1", "present-value") == value
    return len(counted)


async def test_a_rebooted_device_is_silent_then_back_and_has_forgotten_all(
    crowd: Crowded, open_client: Callable, broadcasts: socket.socket
) -> None:
    client = open_client()
    place, instance = crowd.places["restarts"], crowd.instances["restarts"]
    await client.write(place, "analog-output,1", 33.0)
    subscription = client.change_of_value(
        Address(place), ObjectIdentifier("analog-value,1"), 1, False, 60
    )
    await subscription.refresh_subscription()
    assert (await commanded(client, place))[7]
    assert await notifications(client, place, 20.0) > 0
    restart = ReinitializeDeviceRequest(
        reinitializedStateOfDevice="coldstart", destination=Address(place)
    )
    accepted, unheard = client.request(restart), client.read(place, *NAME)
    reading = asyncio.create_task(unheard)
    assert isinstance(await accepted, SimpleAckPDU)
    address = place.partition(":")[0]
    assert await next_announced(broadcasts) == (address, encoded_i_am(instance))
    assert not reading.done()
    reading.cancel()
    assert not (await commanded(client, place))[7]
    assert await notifications(client, place, 40.0) == 0
    subscription.refresh_subscription_handle.cancel()


async def test_a_device_reboots_after_so_many_requests_again_and_again(
    crowd: Crowded, open_client: Callable, broadcasts: socket.socket
) -> None:
    client = open_client()
    place = crowd.places["reboots"]
    for _ in range(2):
        readings = [asyncio.create_task(client.read(place, *NAME)) for _ in range(5)]
        assert (await next_announced(broadcasts))[0] == place.partition(":")[0]
        *answered, unheard = readings
        assert await asyncio.gather(*answered) == ["IN1"] * 4
        assert not unheard.done()
        unheard.cancel()


async def test_a_device_that_knows_one_port_hears_nobody_else(
    crowd: Crowded, open_client: Callable
) -> None:
    port = WAYS["own port"]["faults"].answers_only_port
    its_like, stranger = open_client(port), open_client()
    assert await its_like.read(crowd.places["own port"], *NAME) == "IN1"
    stranger.patience(0.3)
    assert not await outcome(stranger.read(crowd.places["own port"], *NAME))


@pytest.mark.parametrize("length", LENGTHS)
async def test_a_reply_is_as_long_as_the_device_has_room_and_no_longer(
    length: int, crowd: Crowded, open_client: Callable
) -> None:
    client, place = open_client(), crowd.places[f"of {length}"]
    fit = (length - 3) // 16  # a present value takes 16 octets of the reply (clause 20.2)
    wanted = {f"analog-input,{number}": ["present-value"] for number in range(1, fit + 2)}
    with pytest.raises(AbortPDU) as refusal:
        await client.read_many(place, wanted)
    assert refusal.value.apduAbortRejectReason == AbortReason.segmentationNotSupported
    del wanted[f"analog-input,{fit + 1}"]
    assert len(await client.read_many(place, wanted)) == fit


async def test_a_device_says_that_it_has_more_room_than_is_true(
    crowd: Crowded, open_client: Callable, until: Callable
) -> None:
    client, place = open_client(), crowd.places["overclaims"]
    client.who_is(address=Address(place), timeout=1)
    await until(lambda: client.heard)
    (i_am,) = client.heard
    instance = crowd.instances["overclaims"]
    told = await client.read(place, f"device,{instance}", "max-apdu-length-accepted")
    assert (i_am.maxAPDULengthAccepted, told) == (1476, 1476)
    with pytest.raises(AbortPDU) as refusal:
        await client.read(place, f"device,{instance}", "object-list")
    assert refusal.value.apduAbortRejectReason == AbortReason.bufferOverflow


async def test_a_device_may_just_not_answer_what_is_too_long(
    crowd: Crowded, open_client: Callable
) -> None:
    client, place = open_client(), crowd.places["mute"]
    client.patience(0.3)
    target = f"device,{crowd.instances['mute']}"
    assert not await outcome(client.read(place, target, "object-list"))
    client.patience(5.0)
    assert await client.read(place, target, "object-list", 0) == 62  # device and port, too


async def test_a_reply_may_come_in_another_order(crowd: Crowded, open_client: Callable) -> None:
    wanted = {
        "analog-input,1": ["object-name", "description"],
        "analog-value,2": ["object-name", "units"],
    }
    told = await open_client().read_many(crowd.places["backwards"], wanted)
    assert [(str(target), str(name), str(value)) for target, name, _index, value in told] == [
        ("analog-value,2", "units", "percent"),
        ("analog-value,2", "object-name", "VAR2"),
        ("analog-input,1", "description", "Input 1"),
        ("analog-input,1", "object-name", "IN1"),
    ]


async def test_a_reply_may_have_errors_inside(crowd: Crowded, open_client: Callable) -> None:
    client, place = open_client(), crowd.places["refuses"]
    names = ["object-name", "units", "present-value", "description"]
    told = await client.read_many(place, {"analog-input,1": names})
    values = {str(name): value for _target, name, _index, value in told}
    assert values["object-name"] == "IN1"
    for name in ("units", "description"):
        assert isinstance(values[name], ErrorType)
        assert str(values[name].errorCode) == "read-access-denied"
        with pytest.raises(ErrorRejectAbortNack, match="read-access-denied"):
            await client.read(place, "analog-input,1", name)
    assert 0 <= values["present-value"] <= 100


async def test_two_devices_may_have_one_instance(
    crowd: Crowded, open_client: Callable, until: Callable
) -> None:
    client = open_client()
    instance = crowd.instances["twin"]
    client.who_is(instance, instance, Address(f"127.255.255.255:{crowd.port}"), timeout=1)
    await until(lambda: len(client.found) == 2)
    assert sorted(client.found) == sorted(
        (instance, crowd.places[name]) for name in ("twin", "its twin")
    )


async def test_a_device_says_truly_which_services_it_has(
    crowd: Crowded, open_client: Callable
) -> None:
    told = await open_client().read(
        crowd.places["backwards"],
        f"device,{crowd.instances['backwards']}",
        "protocol-services-supported",
    )
    assert set(str(told).split(";")) == {
        "read-property",
        "read-property-multiple",
        "write-property",
        "write-property-multiple",
        "subscribe-cov",
        "reinitialize-device",
        "i-am",
        "i-have",
        "who-has",
        "who-is",
    }


@pytest.mark.parametrize(
    ("fault", "problem"),
    [
        ({"loses_requests": 1.1}, "loses_requests is a share from 0 to 1, not 1.1"),
        ({"loses_replies": -0.1}, "loses_replies is a share"),
        ({"dies_after": 0}, "dies_after counts requests from 1"),
        ({"reboots_after": -1}, "reboots_after counts requests from 1"),
        ({"reboot_seconds": -1}, "reboot_seconds cannot be -1"),
    ],
)
def test_a_fault_that_makes_no_sense_is_refused(fault: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValueError, match=problem):
        Faults(**fault)
