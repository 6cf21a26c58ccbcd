"""The live socket: authorises, subscribes, forwards. The frames are described in docs/live.md."""

import logging
import time
from importlib import import_module
from typing import Any

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.auth.models import User
from django.http import HttpRequest
from django.utils import timezone

from devices.domain import sign_in, tokens
from devices.domain.rights import Rights
from devices.live import CLOSE_CHANGED, CLOSE_UNLINKED, Client, Subscription, hub
from t3000.domain import queries

log = logging.getLogger(__name__)

MOST_POINTS = 5000
MOST_DEVICES = 5000
CLOSE_BAD_MESSAGE = 4400
CLOSE_NOT_SIGNED_IN = 4401
CLOSE_NO_SUCH_SOCKET = 4404
CHECK_SECONDS = 30.0


class LiveConsumer(AsyncWebsocketConsumer):
    """A browser's or program's socket. Everybody who is signed in may subscribe, for as long as
    they are; what is not at their sites is not there."""

    client: Client | None = None
    wanted: Subscription | None = None
    asked = Subscription()  # by the client
    given = Subscription()  # what the user may see of it
    # The hub tells all sockets; a channel for each would be a subscription in Redis for each.
    channel_layer_alias = "none"

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:  # also when it is cancelled or fails, which disconnect() would not hear of
            if self.client is not None:
                hub.detach(self.client)

    async def connect(self) -> None:
        await self.accept()  # a refusal before this reaches the browser without its reason
        user = await _user(self.scope)
        if user is None:
            await self.close(CLOSE_NOT_SIGNED_IN)
            return
        self.client = Client(self._send_text, self.close, user.pk)
        self.checked = time.monotonic()

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        client = self.client
        if client is None:
            return
        try:
            message = _parse(text_data)
            if isinstance(message, Subscription):
                self.wanted = message
            else:
                hub.acknowledge(client, message)
        except ValueError as error:
            await self._send_text(orjson.dumps({"error": str(error)}).decode())
            await self.close(CLOSE_BAD_MESSAGE)
            return
        if problem := await self._check():
            await self.close(problem)
        elif self.wanted is not None and client.has_room:
            wanted, self.wanted = self.wanted, None
            await self._subscribe(client, wanted)

    async def _check(self) -> int:
        """Why the socket must be closed; 0: it may go on. Looked at at most once in CHECK_SECONDS;
        a client speaks at least at every heartbeat."""
        if time.monotonic() - self.checked < CHECK_SECONDS:
            return 0
        self.checked = time.monotonic()
        given = await _visible(self.scope, self.asked)
        if given is None:
            return CLOSE_NOT_SIGNED_IN
        return 0 if given == self.given else CLOSE_CHANGED

    async def _subscribe(self, client: Client, asked: Subscription) -> None:
        subscription = await _visible(self.scope, asked)
        if subscription is None:
            await self.close(CLOSE_NOT_SIGNED_IN)
            return
        self.asked, self.given = asked, subscription
        hub.subscribe(client, subscription)
        if not await hub.linked():
            hub.detach(client)
            await self.close(CLOSE_UNLINKED)
            return
        now = timezone.now()
        points, devices, commands = await _read_snapshot(
            subscription.points, subscription.devices, now
        )
        if not hub.is_attached(client):  # closed while we were reading
            return
        hub.send_snapshot(client, points, devices, commands, queries.milliseconds(now))

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)


class NoSuchSocket(AsyncWebsocketConsumer):
    """Every other address."""

    async def connect(self) -> None:
        await self.close(CLOSE_NO_SUCH_SOCKET)


_read_snapshot = database_sync_to_async(queries.snapshot)


@database_sync_to_async  # type: ignore[untyped-decorator]  # Channels comes without types
def _user(scope: dict[str, Any]) -> User | None:
    return _signed_in(scope)


@database_sync_to_async  # type: ignore[untyped-decorator]
def _visible(scope: dict[str, Any], asked: Subscription) -> Subscription | None:
    """What the user may see of it now; None for who is no longer signed in."""
    user = _signed_in(scope)
    if user is None:
        return None
    return Subscription(*queries.visible(asked.points, asked.devices, Rights.of(user)))


def _signed_in(scope: dict[str, Any]) -> User | None:
    """Whose token it is if it opens, or without one whose session it still is; each of a user who
    may sign in. A wrong token is not made good by a session."""
    headers = dict(scope["headers"])
    token = tokens.in_header(headers.get(b"authorization", b"").decode("latin-1"))
    if token is not None:
        address = (scope.get("client") or [""])[0]
        row = tokens.find(token, timezone.now(), address)
        if row is None:
            sign_in.refuse_token(address)
            return None
        return row.user
    session = import_module(settings.SESSION_ENGINE).SessionStore(scope["session"].session_key)
    request = HttpRequest()
    request.session = session
    user: Any = get_user(request)
    return user if user.is_authenticated else None


def _parse(text: str | None) -> Subscription | int:
    """A subscription, or the number that is acknowledged. ValueError says what would be right."""
    try:
        message = orjson.loads(text or "")
    except orjson.JSONDecodeError:
        raise ValueError("not JSON") from None
    if not isinstance(message, dict):
        raise ValueError("a message is an object")
    if "ack" in message:
        if not _is_id(message["ack"]):
            raise ValueError("ack is the number of the last message received")
        return int(message["ack"])
    wanted = message.get("subscribe")
    if not isinstance(wanted, dict):
        raise ValueError(
            'a message is {"ack": 7} or {"subscribe": {"points": [1, 2], "devices": [3]}}'
        )
    return Subscription(
        points=_ids(wanted, "points", MOST_POINTS),
        devices=_ids(wanted, "devices", MOST_DEVICES),
    )


def _ids(message: dict[str, Any], name: str, most: int) -> frozenset[int]:
    ids = message.get(name, [])
    if not isinstance(ids, list) or not all(map(_is_id, ids)):
        raise ValueError(f"{name} is a list of ids")
    if len(ids) > most:
        raise ValueError(f"{name}: {len(ids)} ids; at most {most} fit in one subscription")
    return frozenset(ids)


def _is_id(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**63
