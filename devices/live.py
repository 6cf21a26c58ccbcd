"""The only publisher of live changes: one hub in each web process.

Producers call `publish` from any thread; with REDIS_URL set, of any process. Sockets subscribe to
points and devices; those with the same subscription share a feed, whose changes are collected for
a moment and encoded once. Each socket numbers what it is sent, so that a client sees a gap. A
client acknowledges; with two messages unanswered it gets nothing more, and of what happens
meanwhile only the latest value, so that a socket that reads nothing costs no more than one value
per point.

The frames are described in docs/live.md, what they tell of in devices/live_rows.py.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import orjson

from devices import relay
from devices.live_rows import (
    Changes,
    CommandStatus,
    DeviceStatus,
    Ended,
    PointChange,
    decode,
    encode,
    point_columns,
)

log = logging.getLogger(__name__)

COLLECT = 0.25  # seconds: four messages a second at most
OUTSTANDING = 2  # unacknowledged messages per socket
HEARTBEAT = 10.0  # seconds without a message until one is sent to prove the link
SILENCE = 30.0  # seconds without an acknowledgement until the socket is closed
CLOSE_CHANGED = 4403  # what the user may see is another: come back for what it is now
CLOSE_SILENT = 4408
CLOSE_AGAIN = 4409  # come back at once, if you may
CLOSE_UNLINKED = 4503  # what happens does not reach us: come back for a new snapshot


class Subscription(NamedTuple):
    """What a socket wants to hear of."""

    points: frozenset[int] = frozenset()
    devices: frozenset[int] = frozenset()


class Client:
    """One socket, as the hub sees it. Lives in the hub's loop."""

    def __init__(
        self,
        send: Callable[[str], Awaitable[None]],
        close: Callable[[int], Awaitable[None]],
        user_id: int | None = None,
    ) -> None:
        self._send = send
        self._close = close
        self.user_id = user_id
        self._seq = 0
        self._unacknowledged: deque[tuple[int, float]] = deque()
        self._sending: set[asyncio.Task[None]] = set()
        self.missed = Changes()
        self.awaits_snapshot = False
        self.last_sent = 0.0

    @property
    def has_room(self) -> bool:
        return len(self._unacknowledged) < OUTSTANDING

    @property
    def is_ready(self) -> bool:
        """Whether the next changes may go out now and in order."""
        return self.has_room and not self.missed and not self.awaits_snapshot

    def send(self, body: str, now: float) -> None:
        """Numbers the frame and hands it to the socket. Call only with `has_room`."""
        self._seq += 1
        self._unacknowledged.append((self._seq, now))
        self.last_sent = now
        self._start(self._send(f'{{"seq":{self._seq},{body}}}'))

    def acknowledge(self, seq: int) -> None:
        """Raises ValueError for a number that was never sent."""
        if seq > self._seq:
            raise ValueError(f"ack {seq}: the last message was {self._seq}")
        while self._unacknowledged and self._unacknowledged[0][0] <= seq:
            self._unacknowledged.popleft()

    def is_silent(self, now: float) -> bool:
        return bool(self._unacknowledged) and now - self._unacknowledged[0][1] > SILENCE

    def close(self, code: int) -> None:
        self._start(self._close(code))

    def _start(self, sending: Awaitable[None]) -> None:
        task = asyncio.ensure_future(sending)
        self._sending.add(task)
        task.add_done_callback(self._sent)

    def _sent(self, task: "asyncio.Task[None]") -> None:
        self._sending.discard(task)
        if not task.cancelled() and task.exception() is not None:
            # The socket went away under us; its consumer is told and detaches the client.
            log.debug("a live socket is gone: %s", task.exception())


@dataclass(slots=True)
class Feed:
    """All sockets with one subscription."""

    subscription: Subscription
    clients: set[Client] = field(default_factory=set)
    changes: Changes = field(default_factory=Changes)


class Hub:
    """Passes changes to the sockets of this process. All but `publish` runs in its loop."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._feeds: dict[Subscription, Feed] = {}
        self._feed_of: dict[Client, Feed] = {}
        self._by_point: dict[int, set[Subscription]] = {}
        self._by_device: dict[int, set[Subscription]] = {}
        self._flush: asyncio.TimerHandle | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._receiver: relay.Receiver | None = None

    async def linked(self) -> bool:
        """Whether all changes reach this process. The first socket makes it listen to the others;
        ask after `subscribe` and before the snapshot is read."""
        if not relay.is_used():
            return True
        if self._receiver is None or self._receiver.is_over:
            self._receiver = relay.listen(self._hear, self.drop_all)
        return await self._receiver.linked()

    def is_attached(self, client: Client) -> bool:
        return client in self._feed_of

    def drop_all(self) -> None:
        """Something may have been missed: what the pages show must not look live."""
        for client in list(self._feed_of):
            self.detach(client)
            client.close(CLOSE_UNLINKED)

    def _drop_users(self, codes: Mapping[int | None, int]) -> None:
        for client in [one for one in self._feed_of if one.user_id in codes]:
            self.detach(client)
            client.close(codes[client.user_id])

    def _hear(self, message: bytes) -> None:
        try:
            self._take(**decode(message))
        except ValueError as error:
            log.error("another process sent what cannot be read: %s", error)
            self.drop_all()

    def publish(
        self,
        points: Sequence[PointChange],
        devices: Sequence[DeviceStatus] = (),
        commands: Sequence[CommandStatus] = (),
        ended: Sequence[Ended] = (),
    ) -> None:
        """From any thread. Without a socket in this process there is nobody to tell."""
        loop = self._loop
        if loop is None:
            return
        try:
            loop.call_soon_threadsafe(self._take, points, devices, commands, ended)
        except RuntimeError:  # the loop is closed: the process is about to end
            log.debug("published after the end")

    def subscribe(self, client: Client, subscription: Subscription) -> None:
        """Replaces what the client wants to hear of. Read the snapshot after this and send it:
        until then changes are kept, so that nothing falls between."""
        self.detach(client)
        self._loop = asyncio.get_running_loop()
        feed = self._feeds.get(subscription)
        if feed is None:
            feed = self._feeds[subscription] = Feed(subscription)
            for point_id in subscription.points:
                self._by_point.setdefault(point_id, set()).add(subscription)
            for device_id in subscription.devices:
                self._by_device.setdefault(device_id, set()).add(subscription)
        client.missed = Changes()
        client.awaits_snapshot = True
        feed.clients.add(client)
        self._feed_of[client] = feed
        if self._watch is None:
            self._watch = self._loop.call_later(HEARTBEAT / 2, self._look_after)

    def detach(self, client: Client) -> None:
        """Forgets the client; may be repeated."""
        feed = self._feed_of.pop(client, None)
        if feed is None:
            return
        feed.clients.discard(client)
        if not feed.clients:
            del self._feeds[feed.subscription]
            _drop(self._by_point, feed.subscription.points, feed.subscription)
            _drop(self._by_device, feed.subscription.devices, feed.subscription)

    def send_snapshot(
        self,
        client: Client,
        points: Sequence[PointChange],
        devices: Sequence[DeviceStatus],
        commands: Sequence[CommandStatus],
        time: int,
    ) -> None:
        """What the database said after `subscribe`, and then what was published since. A change
        among it that is older than the snapshot has a newer one on its way behind it."""
        client.awaits_snapshot = False
        snapshot = {
            "time": time,
            "points": point_columns(points),
            "devices": [status._asdict() for status in devices],
            "commands": [status._asdict() for status in commands],
        }
        client.send(orjson.dumps({"snapshot": snapshot}).decode()[1:-1], _now())
        self._catch_up(client)

    def acknowledge(self, client: Client, seq: int) -> None:
        client.acknowledge(seq)
        self._catch_up(client)

    def _catch_up(self, client: Client) -> None:
        if client.missed and client.has_room and not client.awaits_snapshot:
            missed, client.missed = client.missed, Changes()
            client.send(missed.body(), _now())

    def _take(
        self,
        points: Sequence[PointChange],
        devices: Sequence[DeviceStatus] = (),
        commands: Sequence[CommandStatus] = (),
        ended: Sequence[Ended] = (),
    ) -> None:
        if ended:
            self._drop_users({one.user_id: one.code for one in ended})
        for change in points:
            for subscription in self._by_point.get(change.point_id, ()):
                self._feeds[subscription].changes.points[change.point_id] = change
        for status in devices:
            for subscription in self._by_device.get(status.device_id, ()):
                self._feeds[subscription].changes.devices[status.device_id] = status
        for command in commands:
            for subscription in self._by_device.get(command.device_id, ()):
                self._feeds[subscription].changes.commands[command.command_id] = command
        if self._flush is None and self._feeds:
            self._flush = asyncio.get_running_loop().call_later(COLLECT, self._send_changes)

    def _send_changes(self) -> None:
        self._flush = None
        now = _now()
        for feed in self._feeds.values():
            if not feed.changes:
                continue
            changes, feed.changes = feed.changes, Changes()
            body = changes.body()
            for client in feed.clients:
                if client.is_ready:
                    client.send(body, now)
                else:
                    client.missed.merge(changes)

    def _look_after(self) -> None:
        """Heartbeats for quiet sockets, the end for silent ones."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for client in list(self._feed_of):
            if client.is_silent(now):
                self.detach(client)
                client.close(CLOSE_SILENT)
            elif client.is_ready and now - client.last_sent >= HEARTBEAT:
                client.send('"heartbeat":true', now)
        self._watch = loop.call_later(HEARTBEAT / 2, self._look_after) if self._feed_of else None


def _now() -> float:
    return asyncio.get_running_loop().time()


def _drop(
    index: dict[int, set[Subscription]], keys: Iterable[int], subscription: Subscription
) -> None:
    for key in keys:
        index[key].discard(subscription)
        if not index[key]:
            del index[key]


hub = Hub()


def publish(
    points: Sequence[PointChange] = (),
    devices: Sequence[DeviceStatus] = (),
    commands: Sequence[CommandStatus] = (),
    ended: Sequence[Ended] = (),
) -> None:
    """Tells every browser that shows them. Call it when the change is committed.

    Two threads that commit changes of one point within a moment may be told in either order;
    values of a device come from one writer, and a device is either read or silent.
    """
    if not (points or devices or commands or ended):
        return
    if relay.is_used():
        relay.send(encode(points=points, devices=devices, commands=commands, ended=ended))
    else:
        hub.publish(points, devices, commands, ended)


def begin() -> None:
    """The field begins anew: what its predecessor did not come to say, nobody will."""
    if relay.is_used():
        relay.send(relay.GAP)
