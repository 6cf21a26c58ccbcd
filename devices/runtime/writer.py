"""One thread that writes what the field found, in batches. While the database is away it keeps the
latest outcome of each device and tries again."""

import logging
import queue
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from django.db import InterfaceError, OperationalError

from devices.domain.link import PollResult

log = logging.getLogger(__name__)

BATCH = 200
COLLECT = 0.1  # seconds to wait for company before a batch is written
RETRY = 1.0  # seconds between two tries to write
END = object()


class Writer:
    """`put` from any thread; `store` is called with batches in the order of arrival."""

    def __init__(
        self, store: Callable[[Sequence[Any]], None], close_connections: Callable[[], None]
    ) -> None:
        self._store = store
        self._close_connections = close_connections
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="field-writer", daemon=True)
        self._stopping = threading.Event()
        self._failing = False

    def start(self) -> None:
        self._thread.start()

    def put(self, item: Any) -> None:
        self._queue.put(item)

    def stop(self, seconds: float = 1.0) -> None:
        """Writes what is there, then ends."""
        self._stopping.set()
        self._queue.put(END)
        self._thread.join(seconds)

    def _run(self) -> None:
        waiting: list[Any] = []
        while True:
            waiting += self._take(block=not waiting)
            ending = END in waiting
            waiting = self._write([item for item in waiting if item is not END])
            if ending or (waiting and self._stopping.is_set()):
                self._close_connections()
                return

    def _write(self, batch: list[Any]) -> list[Any]:
        """What is still to be written: nothing, or after an outage the latest of the batch."""
        try:
            if batch:
                self._store(batch)
        except (OperationalError, InterfaceError) as error:
            if not self._failing:
                log.error("what the field reads cannot be stored, trying again: %s", error)
            self._failing = True
            self._close_connections()
            self._stopping.wait(RETRY)
            return _latest(batch)
        except Exception:  # the outermost guard: one poisonous item must not stop the others
            log.exception("a batch of %d could not be stored", len(batch))
            if len(batch) > 1:
                for item in batch:
                    self._write([item])
            return []
        if self._failing:
            log.warning("what the field reads is stored again")
        self._failing = False
        return []

    def _take(self, *, block: bool) -> list[Any]:
        items: list[Any] = []
        deadline = time.monotonic() + COLLECT
        while len(items) < BATCH:
            try:
                if block and not items:
                    items.append(self._queue.get())
                    deadline = time.monotonic() + COLLECT
                else:
                    items.append(self._queue.get(timeout=max(0.0, deadline - time.monotonic())))
            except queue.Empty:
                break
            if items[-1] is END:
                break
        return items


def _latest(items: Sequence[Any]) -> list[Any]:
    """The last poll of each device, and everything else, which is rare: what discoveries found
    and commands read back."""
    polls = {item.device_id: item for item in items if _is_poll(item)}
    return [item for item in items if not _is_poll(item)] + list(polls.values())


def _is_poll(item: object) -> bool:
    return isinstance(item, PollResult) and item.is_whole
