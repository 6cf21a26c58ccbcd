"""Requests that wait for the field, for a bounded time and in bounded number."""

import threading
import time
from collections.abc import Callable

LOOK_AGAIN = 0.02  # seconds, at first; twice as long each time ...
LOOK_AGAIN_AT_MOST = 0.25  # ... up to this
MOST_WAITING = 16  # requests of a process: each holds a thread and a connection of the database


_seats = threading.BoundedSemaphore(MOST_WAITING)


def wait_while(is_open: Callable[[], bool], seconds: float) -> None:
    """Every request has a thread of its own, so that nobody else waits with it. Who finds no seat
    does not wait at all."""
    if seconds <= 0 or not _seats.acquire(blocking=False):
        return
    try:
        deadline = time.monotonic() + seconds
        pause = LOOK_AGAIN
        while (left := deadline - time.monotonic()) > 0 and is_open():
            time.sleep(min(pause, left))
            pause = min(2 * pause, LOOK_AGAIN_AT_MOST)
    finally:
        _seats.release()
