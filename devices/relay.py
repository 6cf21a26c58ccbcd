"""Live changes between processes: what any of them sends, every web process hears, by one channel
of Redis. Bytes only; what they mean is live's matter.

Redis keeps nothing for those who are away. So whoever could not send says that something is
missing as soon as it can, and whoever hears that, or could not listen for a while, starts anew.
"""

import asyncio
import logging
import threading
import time
from collections.abc import Callable
from functools import cache

import redis.asyncio
from django.conf import settings
from redis.backoff import NoBackoff
from redis.exceptions import RedisError
from redis.retry import Retry

log = logging.getLogger(__name__)

PATIENCE = 1.0  # seconds for Redis to answer
RETRY = 1.0  # seconds between two tries
QUIET = 5.0  # seconds without a message until Redis is asked whether it is there
LINKED_WITHIN = 3.0  # seconds that a new socket waits for the link; browsers wait 5
GAP = b"gap"


class Sender:
    """Sends from any thread, and never raises: the field goes on without browsers. What could not
    be sent is made known as soon as Redis is back, however rarely there is something to send."""

    def __init__(self, url: str, channel: str) -> None:
        self._channel = channel
        # One more try on a connection that Redis has closed meanwhile.
        self._redis = redis.Redis.from_url(
            url, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 1),
        )  # fmt: skip
        self._lock = threading.Lock()
        self._failing_since: float | None = None

    def send(self, message: bytes) -> None:
        with self._lock:
            if self._failing_since is not None:
                return  # a Redis that does not even refuse would cost PATIENCE each time
            try:
                self._redis.publish(self._channel, message)
            except (RedisError, OSError) as error:
                self._fail(error)

    def _fail(self, error: Exception) -> None:
        self._failing_since = time.monotonic()
        log.error("browsers are not told of changes: %s", error)
        threading.Thread(target=self._recover, name="relay", daemon=True).start()

    def _recover(self) -> None:
        """Until the gap is made known. One thread at a time: meanwhile nothing is sent."""
        while self._failing_since is not None:
            time.sleep(RETRY)
            try:
                self._redis.ping()  # outside the lock: who sends must not wait for the answer
                self._tell_gap()
            except (RedisError, OSError):
                continue

    def _tell_gap(self) -> None:
        """In the lock, so that nothing is lost between the gap and the next message."""
        with self._lock:
            self._redis.publish(self._channel, GAP)
            silence = time.monotonic() - (self._failing_since or 0.0)
            self._failing_since = None
            log.warning("browsers are told of changes again after %.0f s", silence)


class Receiver:
    """Listens for as long as the loop runs in which it was made. `on_gap` is called each time
    something may have been missed, `on_message` with what arrives."""

    def __init__(
        self, url: str, channel: str, *,
        on_message: Callable[[bytes], None], on_gap: Callable[[], None],
    ) -> None:  # fmt: skip
        self._url = url
        self._channel = channel
        self._on_message = on_message
        self._on_gap = on_gap
        self._linked = asyncio.Event()
        self._lost_at: float | None = None
        self._task = asyncio.ensure_future(self._run())

    @property
    def is_over(self) -> bool:
        return self._task.done() or self._task.get_loop() is not asyncio.get_running_loop()

    async def linked(self) -> bool:
        """Whether everything that is sent from now on will be heard, or `on_gap` called."""
        try:
            async with asyncio.timeout(LINKED_WITHIN):
                await self._linked.wait()
        except TimeoutError:
            return False
        return True

    async def stop(self) -> None:
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)

    async def _run(self) -> None:
        while True:
            try:
                await self._listen()
            except (RedisError, OSError) as error:
                self._lose(error)
            except Exception as bug:  # the outermost guard: no page may look live for want of us
                log.exception("a bug while listening")
                self._lose(bug)
            await asyncio.sleep(RETRY)

    async def _listen(self) -> None:
        """Until the link is lost, which raises."""
        async with (
            redis.asyncio.Redis.from_url(
                self._url, socket_connect_timeout=PATIENCE,
                # A connection that were made again behind our back would hide a gap.
                retry=redis.asyncio.retry.Retry(NoBackoff(), 0),
            ) as client,
            client.pubsub() as channel,
        ):  # fmt: skip
            await channel.subscribe(self._channel)
            has_asked = True  # the subscription is a question, too
            while True:
                message = await channel.get_message(timeout=PATIENCE if has_asked else QUIET)
                if message is None:
                    if has_asked:
                        raise TimeoutError("Redis does not answer")
                    await channel.ping()
                    has_asked = True
                    continue
                has_asked = False
                if message["type"] == "subscribe":
                    self._find()
                elif message["type"] == "message":
                    self._hear(message["data"])

    def _hear(self, message: bytes) -> None:
        if message == GAP:
            self._on_gap()
        else:
            self._on_message(message)

    def _find(self) -> None:
        if self._lost_at is not None:
            silence = time.monotonic() - self._lost_at
            self._lost_at = None
            log.warning("changes are heard of again after %.0f s", silence)
        self._linked.set()

    def _lose(self, error: Exception) -> None:
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            log.error("changes are not heard of, browsers are told so: %s", error)
        if self._linked.is_set():
            self._linked.clear()
            self._on_gap()


def is_used() -> bool:
    """Whether changes go by Redis; else there is only this process."""
    return bool(settings.REDIS_URL)


def problem() -> str:
    """Why Redis cannot be used now; empty when it can, or is not used at all."""
    if not is_used():
        return ""
    try:
        with redis.Redis.from_url(
            settings.REDIS_URL, socket_connect_timeout=PATIENCE, socket_timeout=PATIENCE,
            retry=Retry(NoBackoff(), 0),
        ) as client:  # fmt: skip
            client.ping()
    except (RedisError, OSError) as error:
        return str(error)
    return ""


def send(message: bytes) -> None:
    _sender(settings.REDIS_URL, _channel()).send(message)


def listen(on_message: Callable[[bytes], None], on_gap: Callable[[], None]) -> Receiver:
    return Receiver(settings.REDIS_URL, _channel(), on_message=on_message, on_gap=on_gap)


def _channel() -> str:
    return f"{settings.REDIS_PREFIX}:live"


@cache
def _sender(url: str, channel: str) -> Sender:
    return Sender(url, channel)
