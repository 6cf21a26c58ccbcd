"""Foreign-device registration against a BBMD that the test plays, byte by byte."""

import asyncio
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator

import pytest

from protocols.bacnet.application import ClientApplication, open_application
from protocols.bacnet.foreign import Answer
from protocols.types import NetworkSettings

REGISTER = bytes.fromhex("8105 0006 012c")  # for 300 seconds
ACCEPTED, REFUSED = bytes.fromhex("8100 0006 0000"), bytes.fromhex("8100 0006 0030")
NOT_DISTRIBUTED = bytes.fromhex("8100 0006 0060")
DISTRIBUTE, BROADCAST = 0x09, 0x0B
ADDRESS = "127.0.0.50"


class Bbmd:
    """A socket; the test says what it answers."""

    def __init__(self, port: int) -> None:
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((ADDRESS, port))
        self.socket.setblocking(False)
        self.peer: tuple[str, int] = ("", 0)

    async def heard(self) -> bytes:
        async with asyncio.timeout(30):
            data, self.peer = await asyncio.get_running_loop().sock_recvfrom(self.socket, 2000)
        return data

    def says(self, data: bytes) -> None:
        self.socket.sendto(data, self.peer)


@pytest.fixture
def bbmd(free_port: Callable[[], int]) -> Iterator[Bbmd]:
    made = Bbmd(free_port())
    yield made
    made.socket.close()


@pytest.fixture
async def network(
    free_port: Callable[[], int], bbmd: Bbmd
) -> AsyncIterator[Callable[..., Awaitable[ClientApplication]]]:
    opened: list[ClientApplication] = []

    async def start() -> ClientApplication:
        place = f"{ADDRESS}:{bbmd.socket.getsockname()[1]}"
        settings = NetworkSettings("127.0.0.1/8", free_port(), timeout=20.0, bbmd=place)
        opened.append(await open_application(settings))
        return opened[-1]

    yield start
    for application in opened:
        application.close()
    await asyncio.sleep(0)


async def test_we_register_as_soon_as_the_network_is_open(
    bbmd: Bbmd, network: Callable, until: Callable
) -> None:
    application = await network()
    assert await bbmd.heard() == REGISTER
    assert not application.registration.is_valid
    bbmd.says(ACCEPTED)
    await until(lambda: application.registration.is_valid)
    assert application.registration.answer is Answer.ACCEPTED


async def test_a_refusal_is_known_and_tried_again(
    bbmd: Bbmd, network: Callable, until: Callable
) -> None:
    application = await network()
    await bbmd.heard()
    bbmd.says(REFUSED)
    await until(lambda: application.registration.answer is Answer.REFUSED)
    assert not application.registration.is_valid
    again = asyncio.create_task(application.registration.register())
    assert await bbmd.heard() == REGISTER
    bbmd.says(ACCEPTED)
    assert await again is Answer.ACCEPTED


async def test_silence_does_not_end_what_was_granted(
    bbmd: Bbmd, network: Callable, until: Callable
) -> None:
    application = await network()
    registration = application.registration
    await bbmd.heard()
    bbmd.says(ACCEPTED)
    await until(lambda: registration.is_valid)
    registration.timeout = 0.05
    assert await registration.register() is Answer.NONE
    assert registration.is_valid


async def test_it_is_renewed_at_half_of_its_life(bbmd: Bbmd, network: Callable) -> None:
    application = await network()
    application.registration.lifetime = 2
    assert application.registration.pause(Answer.ACCEPTED) == 1.0
    for _ in range(2):
        assert (await bbmd.heard())[1] == REGISTER[1]
        bbmd.says(ACCEPTED)


async def test_it_is_tried_again_ever_more_rarely(network: Callable) -> None:
    registration = (await network()).registration
    registration.timeout = 0.01
    pauses = []
    for _ in range(8):
        await registration.register()
        pauses.append(registration.pause(Answer.NONE))
    assert 4 < pauses[0] < 6
    assert 50 < pauses[-1] < 70


async def test_a_bbmd_that_forgot_us_is_asked_again_at_once(
    bbmd: Bbmd, network: Callable, until: Callable
) -> None:
    """It was restarted: it answers a broadcast that it shall distribute with a NAK."""
    application = await network()
    await bbmd.heard()
    bbmd.says(ACCEPTED)
    await until(lambda: application.registration.is_valid)
    bbmd.says(NOT_DISTRIBUTED)
    assert await bbmd.heard() == REGISTER


async def test_what_others_say_is_no_answer_of_the_bbmd(
    bbmd: Bbmd, network: Callable, until: Callable
) -> None:
    application = await network()
    await bbmd.heard()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        stranger.bind(("127.0.0.51", 0))
        stranger.sendto(ACCEPTED, application.port.own)
    await until(lambda: application.port.traffic.received == 1)
    assert application.registration.answer is Answer.NONE


async def test_a_broadcast_goes_to_our_own_subnet_and_to_the_bbmd(
    bbmd: Bbmd, network: Callable, until: Callable
) -> None:
    application = await network()
    await bbmd.heard()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as near:
        near.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        near.bind(("127.255.255.255", application.port.own[1]))
        near.setblocking(False)
        loop = asyncio.get_running_loop()
        application.i_am()
        async with asyncio.timeout(30):
            alone = await loop.sock_recv(near, 2000)
        bbmd.says(ACCEPTED)
        await until(lambda: application.registration.is_valid)
        application.i_am()
        async with asyncio.timeout(30):
            both = await loop.sock_recv(near, 2000)
        distributed = await bbmd.heard()
    assert (alone[1], both[1], distributed[1]) == (BROADCAST, BROADCAST, DISTRIBUTE)
    assert alone[4:] == both[4:] == distributed[4:]


async def test_our_own_broadcast_that_the_bbmd_repeats_is_no_answer(
    bbmd: Bbmd, network: Callable, until: Callable
) -> None:
    application = await network()
    await bbmd.heard()
    host, port = application.port.own
    forwarded = bytes.fromhex("8104") + bytes([0, 18]) + socket.inet_aton(host)
    bbmd.says(forwarded + port.to_bytes(2, "big") + bytes.fromhex("0120ffff00ff1008"))
    await until(lambda: application.port.traffic.echoed == 1)
    assert application.port.traffic.received == 0
