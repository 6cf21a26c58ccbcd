"""Everything in one process, for a site with nothing but Python: daphne in the main thread, a
Celery worker with the field and beat in threads beside it, SQLite, an in-memory broker.
"""

import logging
import os
import threading
from collections.abc import Callable
from typing import Any

from celery.beat import EmbeddedService
from celery.worker import WorkController
from celery.worker import state as worker_state

from t3000.celery import Clock, app
from t3000.server import before_stop, make_server

log = logging.getLogger(__name__)

STOP_SECONDS = 4.0
QUEUES = ["default", "field"]
TASK_THREADS = 4


class EmbeddedServer:
    """Serves until SIGINT or SIGTERM, then stops in order: worker with the field, clock."""

    def __init__(
        self, *, bind: str, port: int, on_ready: Callable[[], None], on_stop: Callable[[], None]
    ) -> None:
        self._server = make_server(bind, port, self._start_engine)
        self._on_ready = on_ready
        self._on_stop = on_stop
        self._beat: Any = None
        self._worker: WorkController | None = None
        self._worker_thread: threading.Thread | None = None

    def run(self) -> None:
        """Returns when everything has stopped. Whatever hangs is left behind after the deadline."""
        self._server.run()
        self._stop_engine()

    @property
    def is_listening(self) -> bool:
        return bool(self._server.listening_addresses)

    def _start_engine(self) -> None:
        self._worker = WorkController(
            app=app,
            pool="threads",
            concurrency=TASK_THREADS,
            queues=QUEUES,
            without_heartbeat=True,
            without_mingle=True,
            without_gossip=True,
        )
        self._worker_thread = threading.Thread(
            target=self._worker.start, name="worker", daemon=True
        )
        self._worker_thread.start()
        self._beat = EmbeddedService(app, thread=True, scheduler_cls=Clock)  # type: ignore[arg-type]
        self._beat.start()
        before_stop(self._begin_stop)  # from then on the clock runs
        self._on_ready()

    def _begin_stop(self) -> None:
        log.info("stopping")
        self._on_stop()
        deadline = threading.Timer(STOP_SECONDS, _give_up)
        deadline.daemon = True
        deadline.start()  # it runs on until the process has ended

    def _stop_engine(self) -> None:
        """The clock last: its messages wake the worker, which else would look about only every two
        seconds."""
        if self._worker is not None and self._worker_thread is not None:
            worker_state.should_terminate = 0  # type: ignore[assignment]  # it is typed None
            self._worker_thread.join(STOP_SECONDS)
        if self._beat is not None:
            self._beat.service.stop()


def _give_up() -> None:
    log.error("not everything stopped within %.0f s; leaving it behind", STOP_SECONDS)
    os._exit(1)
