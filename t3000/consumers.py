"""The live socket: authorises, subscribes, forwards. The frames are described in docs/live.md."""

import logging
from typing import Any

import orjson
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.utils import timezone

from devices.live import Client, Subscription, hub
from t3000.domain import queries

log = logging.getLogger(__name__)

MOST_POINTS = 5000
MOST_DEVICES = 5000
CLOSE_BAD_MESSAGE = 4400
CLOSE_NOT_SIGNED_IN = 4401


class LiveConsumer(AsyncWebsocketConsumer):
    """One browser's socket. Everybody who is signed in may subscribe."""

    async def connect(self) -> None:
        await self.accept()  # a refusal before this reaches the browser without its reason
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(CLOSE_NOT_SIGNED_IN)
            return
        self.client = Client(self._send_text, self.close)
        self.wanted: Subscription | None = None

    async def disconnect(self, code: int) -> None:
        if hasattr(self, "client"):
            hub.detach(self.client)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        if not hasattr(self, "client"):
            return
        try:
            message = _parse(text_data)
        except ValueError as error:
            await self._send_text(orjson.dumps({"error": str(error)}).decode())
            await self.close(CLOSE_BAD_MESSAGE)
            return
        if isinstance(message, Subscription):
            self.wanted = message
        else:
            hub.acknowledge(self.client, message)
        if self.wanted is not None and self.client.has_room:
            wanted, self.wanted = self.wanted, None
            await self._subscribe(wanted)

    async def _subscribe(self, subscription: Subscription) -> None:
        hub.subscribe(self.client, subscription)
        now = timezone.now()
        points, devices = await _read_snapshot(subscription.points, subscription.devices, now)
        hub.send_snapshot(self.client, points, devices, queries.milliseconds(now))

    async def _send_text(self, text: str) -> None:
        await self.send(text_data=text)


_read_snapshot = database_sync_to_async(queries.snapshot)


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
