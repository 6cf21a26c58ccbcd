"""The live socket through the whole ASGI application: origin, session, snapshot, changes."""

from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from channels.db import database_sync_to_async
from channels.testing import WebsocketCommunicator
from django.conf import settings
from django.test import Client
from django.utils import timezone

from devices import live
from devices.domain import commands, tokens
from devices.enums import CommandState, Role
from devices.live_rows import DeviceStatus, Ended, PointChange
from devices.models import ApiToken, RoleAssignment, Session
from t3000 import consumers
from t3000.asgi import application
from tests.factories import make_command, make_point, make_user, make_value

pytestmark = pytest.mark.django_db(transaction=True)
ORIGIN = (b"origin", b"http://localhost")


def _sign_in(user: Any = None) -> bytes:
    client = Client()
    client.force_login(user or make_user())
    name = settings.SESSION_COOKIE_NAME
    return f"{name}={client.cookies[name].value}".encode()


def _point() -> Any:
    point = make_point(units="°C")
    make_value(point, 21.5)
    return point


@pytest.fixture
async def point() -> Any:
    return await database_sync_to_async(_point)()


async def _connect(user: Any = None) -> WebsocketCommunicator:
    cookie = await database_sync_to_async(_sign_in)(user)
    headers = [ORIGIN, (b"host", b"localhost"), (b"cookie", cookie)]
    communicator = WebsocketCommunicator(application, "/ws/live", headers)
    connected, _ = await communicator.connect()
    assert connected
    return communicator


@pytest.fixture
async def socket() -> AsyncIterator[WebsocketCommunicator]:
    communicator = await _connect()
    yield communicator
    await communicator.disconnect()


async def test_a_stranger_is_turned_away() -> None:
    headers = [ORIGIN, (b"host", b"localhost")]
    communicator = WebsocketCommunicator(application, "/ws/live", headers)
    await communicator.connect()
    assert (await communicator.receive_output())["code"] == 4401
    await communicator.send_json_to({"subscribe": {"points": [1]}})
    assert await communicator.receive_nothing()


@pytest.mark.parametrize(
    "headers",
    [
        [(b"origin", b"http://evil.example"), (b"host", b"localhost")],
        [(b"origin", b"http://localhost:9999"), (b"host", b"localhost")],
        [(b"origin", b"http://evil.example"), (b"host", b"evil.example")],
        [(b"host", b"localhost")],
    ],
    ids=["another site", "another port", "a host not ours", "no origin"],
)
async def test_another_site_is_turned_away(headers: list[tuple[bytes, bytes]]) -> None:
    communicator = WebsocketCommunicator(application, "/ws/live", headers)
    connected, _ = await communicator.connect()
    assert not connected


async def test_subscribe_gives_a_snapshot_then_numbered_changes(
    socket: WebsocketCommunicator, point: Any
) -> None:
    await socket.send_json_to({"subscribe": {"points": [point.pk], "devices": [point.device_id]}})
    snapshot = await socket.receive_json_from()
    assert snapshot["seq"] == 1
    assert snapshot["snapshot"]["points"]["texts"] == ["21.5"]
    # NOW of the factories is long ago: what is old is not shown as fresh.
    assert snapshot["snapshot"]["points"]["qualities"] == [2]
    assert snapshot["snapshot"]["devices"][0]["device_id"] == point.device_id
    change = PointChange(point.pk, 22.0, "22.0", 0, 2_000_000_000_000)
    live.publish([change], [DeviceStatus(point.device_id, "online", 1, 1)])
    update = await socket.receive_json_from()
    assert update == {
        "seq": 2,
        "point_update": {
            "ids": [point.pk],
            "values": [22.0],
            "texts": ["22.0"],
            "qualities": [0],
            "times": [2_000_000_000_000],
        },
        "device_status": [
            {"device_id": point.device_id, "state": "online", "last_seen": 1, "since": 1}
        ],
    }


class Foreign:
    """Two sites with a device each, and somebody who has a role at the first only."""

    def __init__(self) -> None:
        self.own, self.other = _point(), _point()
        self.command = make_command(self.other.device, state=CommandState.PENDING)
        self.user = make_user(role=None)
        site = self.own.device.network.site
        self.role = RoleAssignment.objects.create(user=self.user, site=site, role=Role.VIEWER)

    @property
    def points(self) -> list[int]:
        return [self.own.pk, self.other.pk]

    @property
    def devices(self) -> list[int]:
        return [self.own.device_id, self.other.device_id]

    @property
    def asked(self) -> dict[str, Any]:
        return {"subscribe": {"points": self.points, "devices": self.devices}}


@pytest.fixture
async def foreign() -> Foreign:
    return await database_sync_to_async(Foreign)()


async def test_of_another_site_nothing_is_told(foreign: Foreign) -> None:
    socket = await _connect(foreign.user)
    await socket.send_json_to(foreign.asked)
    snapshot = (await socket.receive_json_from())["snapshot"]
    assert snapshot["points"]["ids"] == [foreign.own.pk]
    assert [one["device_id"] for one in snapshot["devices"]] == [foreign.own.device_id]
    assert snapshot["commands"] == []
    live.publish(
        [PointChange(point_id, 22.0, "22.0", 0, 1) for point_id in foreign.points],
        [DeviceStatus(device_id, "offline", 1, 1) for device_id in foreign.devices],
        [commands.status(foreign.command)],
    )
    frame = await socket.receive_json_from()
    assert frame["point_update"]["ids"] == [foreign.own.pk]
    assert [one["device_id"] for one in frame["device_status"]] == [foreign.own.device_id]
    assert "command_status" not in frame
    await socket.disconnect()


async def test_who_sees_all_sites_is_told_of_all(foreign: Foreign) -> None:
    """What the tests around this one miss is there."""
    socket = await _connect()
    await socket.send_json_to(foreign.asked)
    snapshot = (await socket.receive_json_from())["snapshot"]
    assert sorted(snapshot["points"]["ids"]) == foreign.points
    assert [one["command_id"] for one in snapshot["commands"]] == [foreign.command.pk]
    await socket.disconnect()


@pytest.mark.parametrize("is_given", [False, True])
async def test_another_role_closes_the_socket_for_a_new_subscription(
    foreign: Foreign, is_given: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.0)
    socket = await _connect(foreign.user)
    await socket.send_json_to(foreign.asked)
    assert (await socket.receive_json_from())["seq"] == 1
    change = foreign.role.delete
    if is_given:
        site = foreign.other.device.network.site
        change = partial(RoleAssignment.objects.create, user=foreign.user, site=site, role=1)
    await database_sync_to_async(change)()
    await socket.send_json_to({"ack": 1})
    assert (await socket.receive_output())["code"] == 4403
    socket = await _connect(foreign.user)
    await socket.send_json_to(foreign.asked)
    snapshot = (await socket.receive_json_from())["snapshot"]
    assert sorted(snapshot["points"]["ids"]) == (foreign.points if is_given else [])
    await socket.disconnect()


async def test_the_sockets_of_a_user_can_be_ended_at_once(foreign: Foreign) -> None:
    ended, other = await _connect(foreign.user), await _connect()
    for socket in (ended, other):
        await socket.send_json_to(foreign.asked)
        await socket.receive_json_from()
    live.publish(ended=[Ended(foreign.user.pk, live.CLOSE_CHANGED)])
    assert (await ended.receive_output())["code"] == 4403
    live.publish([PointChange(foreign.own.pk, 22.0, "22.0", 0, 1)])
    assert (await other.receive_json_from())["seq"] == 2
    await other.disconnect()


async def test_another_address_is_no_socket() -> None:
    headers = [ORIGIN, (b"host", b"localhost")]
    communicator = WebsocketCommunicator(application, "/ws/other", headers)
    connected, code = await communicator.connect()
    assert (connected, code) == (False, 4404)


async def test_the_socket_ends_with_the_session(
    socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.0)
    await socket.send_json_to({"subscribe": {}})
    assert (await socket.receive_json_from())["seq"] == 1
    await database_sync_to_async(Session.objects.all().delete)()
    await socket.send_json_to({"ack": 1})
    assert (await socket.receive_output())["code"] == 4401


async def test_an_open_page_counts_as_being_there(
    socket: WebsocketCommunicator, monkeypatch: pytest.MonkeyPatch
) -> None:
    long_ago = timezone.now() - timedelta(hours=1)
    await database_sync_to_async(Session.objects.update)(seen_at=long_ago)
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.0)
    await socket.send_json_to({"subscribe": {"points": []}})
    await socket.receive_json_from()
    row = await database_sync_to_async(Session.objects.get)()
    assert row.seen_at > long_ago


def _token() -> str:
    return tokens.make(make_user())


def _program(*headers: tuple[bytes, bytes]) -> WebsocketCommunicator:
    return WebsocketCommunicator(application, "/ws/live", [(b"host", b"localhost"), *headers])


async def test_a_program_comes_with_its_token_and_no_origin(
    point: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await database_sync_to_async(_token)()
    socket = _program((b"authorization", f"Token {token}".encode()))
    assert (await socket.connect())[0]
    await socket.send_json_to({"subscribe": {"points": [point.pk]}})
    assert (await socket.receive_json_from())["snapshot"]["points"]["ids"] == [point.pk]
    monkeypatch.setattr(consumers, "CHECK_SECONDS", 0.0)
    await database_sync_to_async(ApiToken.objects.all().delete)()
    await socket.send_json_to({"ack": 1})
    assert (await socket.receive_output())["code"] == 4401


async def test_a_wrong_token_is_turned_away_even_beside_a_good_session() -> None:
    cookie = await database_sync_to_async(_sign_in)()
    socket = _program((b"authorization", b"Token " + b"0" * 64), (b"cookie", cookie))
    await socket.connect()
    assert (await socket.receive_output())["code"] == 4401


async def test_a_token_does_not_open_another_sites_page() -> None:
    token = await database_sync_to_async(_token)()
    header = (b"authorization", f"Token {token}".encode())
    socket = _program(header, (b"origin", b"http://evil.example"))
    assert not (await socket.connect())[0]


@pytest.mark.parametrize("header", [b"Basic YTpi", b"Token", b"Bearer abc"])
async def test_without_an_origin_only_a_token_is_heard(header: bytes) -> None:
    cookie = await database_sync_to_async(_sign_in)()
    socket = _program((b"authorization", header), (b"cookie", cookie))
    assert not (await socket.connect())[0]


async def test_a_client_that_fails_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    socket = await _connect()

    async def broken(*_: Any) -> None:
        raise RuntimeError("the database is gone")

    monkeypatch.setattr(consumers, "_read_snapshot", broken)
    await socket.send_json_to({"subscribe": {"points": [77]}})
    with pytest.raises(RuntimeError):
        await socket.wait()
    assert 77 not in live.hub._by_point


async def test_an_empty_subscription_is_fine(socket: WebsocketCommunicator) -> None:
    await socket.send_json_to({"subscribe": {}})
    snapshot = await socket.receive_json_from()
    assert snapshot["snapshot"]["points"]["ids"] == []


async def test_subscribing_without_reading_waits_for_an_acknowledgement(
    socket: WebsocketCommunicator, point: Any
) -> None:
    for _ in range(5):
        await socket.send_json_to({"subscribe": {"points": [point.pk]}})
    assert [(await socket.receive_json_from())["seq"] for _ in range(2)] == [1, 2]
    assert await socket.receive_nothing()
    await socket.send_json_to({"ack": 2})
    assert (await socket.receive_json_from())["seq"] == 3


@pytest.mark.parametrize(
    ("message", "answer"),
    [
        (" ", "not JSON"),
        ("{", "not JSON"),
        ("[]", "a message is an object"),
        ("{}", 'a message is {"ack": 7} or'),
        ('{"subscribe": 1}', 'a message is {"ack": 7} or'),
        ('{"ack": "1"}', "ack is the number"),
        ('{"ack": true}', "ack is the number"),
        ('{"ack": 99}', "ack 99: the last message was 0"),
        ('{"subscribe": {"points": 1}}', "points is a list of ids"),
        ('{"subscribe": {"points": ["1"]}}', "points is a list of ids"),
        ('{"subscribe": {"points": [-1]}}', "points is a list of ids"),
        ('{"subscribe": {"devices": [1e99]}}', "devices is a list of ids"),
        ('{"subscribe": {"points": [99999999999999999999]}}', "points is a list of ids"),
        (f'{{"subscribe": {{"points": {[1] * 5001}}}}}', "at most 5000 fit"),
    ],
    ids=range(14),
)
async def test_a_bad_message_is_answered_with_what_is_wrong_and_the_end(
    socket: WebsocketCommunicator, message: str, answer: str
) -> None:
    await socket.send_to(text_data=message)
    assert answer in (await socket.receive_json_from())["error"]
    assert (await socket.receive_output())["code"] == 4400
