"""Sockets of a site with Redis: changes of any process reach them, and no page looks live on a
link that is not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator

from devices import live, relay
from devices.domain import tokens
from devices.domain.link import PollResult
from protocols.types import PointAddress, Quality, Reading
from t3000 import field
from t3000.asgi import application
from t3000.models import PointValue
from tests.factories import NOW, make_device, make_point, make_user
from tests.servers import RedisServer

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE = 30


@pytest.fixture(autouse=True)
def _redis(redis_server: RedisServer, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.REDIS_URL = redis_server.url
    monkeypatch.setattr(relay, "RETRY", 0.02)
    monkeypatch.setattr(live, "COLLECT", 0.01)


def make_points() -> list[Any]:
    device = make_device()
    return [make_point(device) for _ in range(3)]


async def connect() -> WebsocketCommunicator:
    token = await database_sync_to_async(lambda: tokens.make(make_user()))()
    headers = [(b"host", b"localhost"), (b"authorization", f"Token {token}".encode())]
    communicator = WebsocketCommunicator(application, "/ws/live", headers)
    assert (await communicator.connect())[0]
    return communicator


async def subscribe(socket: WebsocketCommunicator, points: list[Any]) -> dict[int, tuple[Any, ...]]:
    wanted = {"points": [point.pk for point in points], "devices": [points[0].device_id]}
    await socket.send_json_to({"subscribe": wanted})
    frame = await socket.receive_json_from(PATIENCE)
    await socket.send_json_to({"ack": frame["seq"]})
    return rows(frame["snapshot"]["points"])


def rows(columns: dict[str, list[Any]]) -> dict[int, tuple[Any, ...]]:
    return {one[0]: one[1:] for one in zip(*columns.values(), strict=True)}


def read(points: list[Any], values: list[float], seconds: int) -> None:
    """As the field's writer stores them, and tells of them."""
    time = NOW + timedelta(seconds=seconds)
    readings = [
        Reading(PointAddress.parse(point.address), value, Quality.GOOD, time)
        for point, value in zip(points, values, strict=True)
    ]
    field.store_polls([PollResult(points[0].device_id, time, 0.1, readings)])


async def test_snapshot_and_changes_through_redis_equal_a_new_snapshot() -> None:
    points = await database_sync_to_async(make_points)()
    socket = await connect()
    shown = await subscribe(socket, points)
    for step in range(20):
        values = [float(step), float(step // 3), 21.5]
        await database_sync_to_async(read)(points, values, step)
    while shown[points[0].pk][0] != 19.0:
        frame = await socket.receive_json_from(PATIENCE)
        await socket.send_json_to({"ack": frame["seq"]})
        shown |= rows(frame.get("point_update", {"ids": []}))
    fresh = await subscribe(socket, points)
    # The factories' time is long ago: a snapshot judges by the clock, a change by what was read.
    assert {key: row[:2] for key, row in shown.items()} == {
        key: row[:2] for key, row in fresh.items()
    }
    await socket.disconnect()


async def test_without_redis_sockets_are_closed_and_the_field_goes_on(
    redis_server: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "LINKED_WITHIN", 0.5)
    points = await database_sync_to_async(make_points)()
    socket = await connect()
    await subscribe(socket, points)
    await database_sync_to_async(redis_server.stop)()
    assert (await socket.receive_output(PATIENCE))["code"] == live.CLOSE_UNLINKED
    await database_sync_to_async(read)(points, [1.0, 2.0, 3.0], 1)
    stored = await database_sync_to_async(
        lambda: sorted(PointValue.objects.values_list("value", flat=True))
    )()
    assert stored == [1.0, 2.0, 3.0]
    refused = await connect()
    await refused.send_json_to({"subscribe": {"points": [points[0].pk]}})
    assert (await refused.receive_output(PATIENCE))["code"] == live.CLOSE_UNLINKED
    await database_sync_to_async(redis_server.start)()
    monkeypatch.setattr(relay, "LINKED_WITHIN", float(PATIENCE))
    again = await connect()
    assert (await subscribe(again, points))[points[0].pk][0] == 1.0
    await again.disconnect()


async def test_what_cannot_be_read_closes_the_sockets(
    until: Callable[[Callable[[], object]], Awaitable[None]],
) -> None:
    points = await database_sync_to_async(make_points)()
    socket = await connect()
    await subscribe(socket, points)
    await database_sync_to_async(relay.send)(b'{"from": "the future"}')
    assert (await socket.receive_output(PATIENCE))["code"] == live.CLOSE_UNLINKED


async def test_a_field_that_begins_makes_sockets_come_back() -> None:
    """Its predecessor may have been killed between the database and the browsers."""
    points = await database_sync_to_async(make_points)()
    socket = await connect()
    await subscribe(socket, points)
    await database_sync_to_async(live.begin)()
    assert (await socket.receive_output(PATIENCE))["code"] == live.CLOSE_UNLINKED
