"""Messages to the processes that serve networks. A broker may lose them: whoever sends one keeps in
the database what it was about, and sends it again."""

import logging
from collections.abc import Sequence
from datetime import timedelta

from celery import current_app
from kombu.exceptions import OperationalError

log = logging.getLogger(__name__)

FIRST = 0  # the priority of what somebody waits for; polls have the default, which is lower
HOLDS = timedelta(seconds=30)  # an operator's wish is not carried out much later
AGAIN = timedelta(seconds=5)


def send(queue: str, task: str, ids: Sequence[int], *, priority: int | None = FIRST) -> None:
    """Tasks are named: they are above this layer. Without a broker the next sweep sends it."""
    try:
        current_app.send_task(
            task,
            (list(ids),),
            queue=queue,
            priority=priority,
            expires=HOLDS.total_seconds(),
            retry=False,
        )
    except OperationalError as error:
        log.error("no message could be sent to queue %s: %s", queue, error)
