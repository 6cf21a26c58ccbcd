"""One thread that writes what the field found, in batches. What must be known at once overtakes
the rest. While the database is away it keeps the latest outcome of each device and tries again."""

import logging
import queue
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from itertools import chain
from typing import Any

from django.db import InterfaceError, OperationalError

from devices.domain.link import PollResult

log = logging.getLogger(__name__)

BATCH = 200  # items
MOST = 300  # readings in one transaction: some 50 ms of SQLite's one writer
COLLECT = 0.1  # seconds to wait for company before a batch is written
RETRY = 1.0  # seconds between two tries to write
END = object()
WAKE = object()


class Writer:
    """`put` and `put_first` from any thread; `store` is called with batches, each of which is one
    transaction, in the order of arrival; `size` says how much of a batch an item is."""

    def __init__(
        self,
        store: Callable[[Sequence[Any]], None],
        size: Callable[[Any], int],
        close_connections: Callable[[], None],
    ) -> None:
        self._store = store
        self._size = size
        self._close_connections = close_connections
        self._queue: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._first: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="field-writer", daemon=True)
        self._stopping = threading.Event()
        self._failing = False

    def start(self) -> None:
        self._thread.start()

    def put(self, item: Any) -> None:
        self._queue.put(item)

    def put_first(self, item: Any) -> None:
        """Before all that is waiting; at most the batch that is being written comes earlier."""
        self._first.put(item)
        self._queue.put(WAKE)

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
            waiting = self._write_all([item for item in waiting if item not in (END, WAKE)])
            if ending or (waiting and self._stopping.is_set()):
                self._close_connections()
                return

    def _write_all(self, items: Sequence[Any]) -> list[Any]:
        """What is still to be written: nothing, unless the database is away."""
        batches = deque(self._batches(items))
        failed: list[Any] = []
        while not failed:
            first = self._firsts()
            if not first and not batches:
                return []
            failed = self._write(first or batches.popleft())
        return _latest([*failed, *self._firsts(), *chain(*batches)])

    def _firsts(self) -> list[Any]:
        items = []
        while not self._first.empty():
            items.append(self._first.get())
        return items

    def _batches(self, items: Sequence[Any]) -> Iterator[list[Any]]:
        batch: list[Any] = []
        size = 0
        for item in items:
            if batch and size + self._size(item) > MOST:
                yield batch
                batch, size = [], 0
            batch.append(item)
            size += self._size(item)
        if batch:
            yield batch

    def _write(self, batch: list[Any]) -> list[Any]:
        """What could not be written because the database is away."""
        try:
            self._store(batch)
        except (OperationalError, InterfaceError) as error:
            if not self._failing:
                log.error("what the field reads cannot be stored, trying again: %s", error)
            self._failing = True
            self._close_connections()
            self._stopping.wait(RETRY)
            return batch
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
        """What came in, once it is many or a while has passed; at once when something is first."""
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
            if items[-1] in (END, WAKE):
                break
        return items


def _latest(items: Sequence[Any]) -> list[Any]:
    """The last poll of each device, and everything else, which is rare: what discoveries found and
    how commands ended."""
    polls = {item.device_id: item for item in items if isinstance(item, PollResult)}
    return [item for item in items if not isinstance(item, PollResult)] + list(polls.values())
