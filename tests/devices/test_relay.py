"""The relay on a real Redis: what is sent is heard, and every gap is made known."""

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import redis

from devices import relay
from devices.live_rows import CommandStatus, DeviceStatus, Ended, PointChange, decode, encode
from devices.relay import GAP, Receiver, Sender
from tests.servers import RedisServer

Until = Callable[[Callable[[], object]], Awaitable[None]]
CHANNEL = "tests:live"


@dataclass
class Ear:
    """What a receiver was told, in order; None for a gap."""

    heard: list[bytes | None] = field(default_factory=list)
    receiver: Receiver | None = None


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "RETRY", 0.02)


@pytest.fixture
async def ear(redis_server: RedisServer) -> AsyncIterator[Ear]:
    ear = Ear()
    ear.receiver = Receiver(
        redis_server.url, CHANNEL,
        on_message=ear.heard.append, on_gap=lambda: ear.heard.append(None),
    )  # fmt: skip
    assert await ear.receiver.linked()
    yield ear
    await ear.receiver.stop()


@pytest.fixture
def sender(redis_server: RedisServer) -> Sender:
    return Sender(redis_server.url, CHANNEL)


async def send(sender: Sender, message: bytes) -> None:
    await asyncio.to_thread(sender.send, message)


async def test_what_is_sent_is_heard_in_order(ear: Ear, sender: Sender, until: Until) -> None:
    sent = [b"%d" % number for number in range(100)]
    for message in sent:
        await send(sender, message)
    await until(lambda: len(ear.heard) == 100)
    assert ear.heard == sent


async def test_a_process_that_begins_makes_others_start_anew(
    ear: Ear, sender: Sender, until: Until
) -> None:
    await send(sender, GAP)
    await until(lambda: ear.heard)
    assert ear.heard == [None]


async def test_the_receiver_tells_of_its_gap_once_and_comes_back(
    ear: Ear, redis_server: RedisServer, until: Until, caplog: pytest.LogCaptureFixture
) -> None:
    assert ear.receiver is not None
    await asyncio.to_thread(redis_server.stop)
    await until(lambda: ear.heard)
    assert not ear.receiver._linked.is_set()
    await asyncio.to_thread(redis_server.start)
    assert await ear.receiver.linked()
    await send(Sender(redis_server.url, CHANNEL), b"again")
    await until(lambda: len(ear.heard) == 2)
    assert ear.heard == [None, b"again"]
    said = [one.levelno for one in caplog.records if one.name == "devices.relay"]
    assert said == [logging.ERROR, logging.WARNING]


async def test_a_bug_in_what_is_told_is_a_gap_and_not_the_end(
    redis_server: RedisServer, sender: Sender, until: Until
) -> None:
    heard: list[bytes | None] = []

    def hear(message: bytes) -> None:
        heard.append(message)
        if message == b"poison":
            raise KeyError(message)

    receiver = Receiver(
        redis_server.url, CHANNEL, on_message=hear, on_gap=lambda: heard.append(None)
    )
    assert await receiver.linked()
    await send(sender, b"poison")
    await until(lambda: None in heard)
    assert await receiver.linked()
    await send(sender, b"after")
    await until(lambda: len(heard) == 3)
    assert heard == [b"poison", None, b"after"]
    await receiver.stop()


async def test_without_redis_there_is_no_link(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LINKED_WITHIN", 0.2)
    await asyncio.to_thread(redis_server.stop)
    heard: list[Any] = []
    receiver = Receiver(
        redis_server.url, CHANNEL, on_message=heard.append, on_gap=lambda: heard.append(None)
    )
    assert not await receiver.linked()
    await receiver.stop()
    assert heard == []  # nobody was linked, so nobody missed anything


async def test_the_sender_goes_on_without_redis_and_then_tells_of_the_gap(
    ear: Ear,
    sender: Sender,
    redis_server: RedisServer,
    until: Until,
    caplog: pytest.LogCaptureFixture,
) -> None:
    assert ear.receiver is not None
    await send(sender, b"before")
    await until(lambda: ear.heard)
    await asyncio.to_thread(redis_server.stop)
    for _ in range(3):
        await send(sender, b"lost")
    await until(lambda: len(ear.heard) == 2)
    await asyncio.to_thread(redis_server.start)
    assert await ear.receiver.linked()
    await until(lambda: "again" in str(said(caplog)))
    await send(sender, b"after")
    await until(lambda: b"after" in ear.heard)
    assert b"lost" not in ear.heard
    assert said(caplog) == [
        "browsers are not told of changes",
        "browsers are told of changes again",
    ]


async def test_a_lost_message_is_made_known_though_nothing_is_sent_after_it(
    ear: Ear, sender: Sender, redis_server: RedisServer, until: Until
) -> None:
    with redis.Redis.from_url(redis_server.url) as server:
        await send(sender, b"before")
        server.acl_setuser("default", commands=["-publish"])
        for _ in range(3):
            await send(sender, b"lost")
        alive = [one for one in threading.enumerate() if one.name == "relay"]
        server.acl_setuser("default", commands=["+publish"])
        await until(lambda: len(ear.heard) == 2)
        assert ear.heard == [b"before", None]
        assert len(alive) == 1
        await until(lambda: not alive[0].is_alive())
        await send(sender, b"after")
        await until(lambda: len(ear.heard) == 3)
        assert ear.heard == [b"before", None, b"after"]


def said(caplog: pytest.LogCaptureFixture) -> list[str]:
    lines = [one.message for one in caplog.records if "told of changes" in one.message]
    return [one.split(":")[0].split(" after")[0] for one in lines]


CHANGE = PointChange(7, 21.5, "21.5", 0, 1_795_430_543_000)
STATUS = DeviceStatus(3, "offline", None, 1_795_430_543_000)
COMMAND = CommandStatus(
    command_id=9, device_id=3, point="analog-value,1", kind="write", state="confirmed",
    value=21.0, priority=8, until=None, by="admin", note="", message="", holds=True,
)  # fmt: skip


def test_what_is_encoded_is_decoded() -> None:
    kinds = {
        "points": [CHANGE, CHANGE._replace(value=None)],
        "devices": [],
        "commands": [COMMAND],
        "ended": [Ended(5, 4403)],
    }
    assert decode(encode(**kinds)) == kinds  # type: ignore[arg-type]
    whole = {
        "points": [CHANGE._replace(value=21)],
        "devices": [STATUS],
        "commands": [],
        "ended": [],
    }
    decoded = decode(encode(**whole))  # type: ignore[arg-type]
    assert decoded["points"][0].value == 21
    assert decoded["devices"] == [STATUS]


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"{",
        b"[]",
        b'{"points": []}',
        b'{"points": [], "devices": [], "commands": [], "ended": [], "alarms": []}',
        b'{"points": {}, "devices": [], "commands": 7, "ended": []}',
        b'{"points": [7], "devices": [], "commands": [], "ended": []}',
        b'{"points": [[7, 21.5, "21.5", 0]], "devices": [], "commands": [], "ended": []}',
        b'{"points": [[7, "21.5", "21.5", 0, 1]], "devices": [], "commands": [], "ended": []}',
        b'{"points": [[7, 21.5, "21.5", true, 1]], "devices": [], "commands": [], "ended": []}',
        b'{"points": [[null, 21.5, "21.5", 0, 1]], "devices": [], "commands": [], "ended": []}',
        b'{"points": [], "devices": [[3, null, 1, 1]], "commands": [], "ended": []}',
        b'{"points": [], "devices": [], "commands": [], "ended": [["5", 4403]]}',
        b"\xff",
    ],
)
def test_what_another_program_sends_is_refused(message: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        decode(message)
