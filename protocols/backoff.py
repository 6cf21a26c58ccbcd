"""How long to wait before asking a silent device again."""

import random


def retry_delay(
    failures: int, *, interval: float, longest: float = 60.0, spread: float = 0.1
) -> float:
    """Seconds until the next try after `failures` failed ones in a row.

    The poll interval for the first two (a lost packet must not slow a healthy device), then
    doubling up to `longest`, but never below the interval. `spread` keeps devices that fell
    together from asking together when they are back.
    """
    doublings = min(max(failures - 2, 0), 30)
    delay = max(interval, min(interval * 2.0**doublings, longest))
    return float(delay * random.uniform(1 - spread, 1 + spread))


def retry_pause(tries: int, *, timeout: float) -> float:
    """Seconds before a request is sent again after so many tries without an answer: a tenth of the
    time-out, doubled with each, more or less, so that those who were lost together do not meet
    again."""
    return float(timeout / 10 * 2.0 ** (tries - 1) * random.uniform(0.5, 1.5))
