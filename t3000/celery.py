"""The Celery application; beat's clock: what runs how often; the field as a part of a worker."""

import logging
import os
from datetime import timedelta
from typing import Any

from celery import Celery, Task, bootsteps
from celery.beat import Scheduler, SchedulingError
from celery.signals import setup_logging
from django.db import InterfaceError, OperationalError

log = logging.getLogger(__name__)

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "t3000.settings")


class Clock(Scheduler):
    """Beat's clock, in memory: what was due before the start is not made up for. Of a broker that
    is away it says one line, not a traceback every second."""

    _is_failing = False

    def apply_entry(self, entry: Any, producer: Any = None) -> None:
        try:
            self.apply_async(entry, producer=producer, advance=False)
        except SchedulingError as error:
            if not self._is_failing:
                log.error("nothing is polled: %s", error)
            self._is_failing = True
            return
        if self._is_failing:
            log.warning("tasks are sent again")
        self._is_failing = False


class QuietTask(Task):  # type: ignore[type-arg]  # it is not generic when it runs
    """Of a database that is away all tasks together say one line, and one when it is back."""

    throws = (OperationalError, InterfaceError)  # Celery then spares the traceback
    is_database_away = False

    def on_failure(self, exc: Exception, *_args: Any) -> None:
        if isinstance(exc, self.throws) and not QuietTask.is_database_away:
            QuietTask.is_database_away = True
            log.error("nothing is done: the database is away: %s", exc)

    def on_success(self, *_args: Any) -> None:
        if QuietTask.is_database_away:
            QuietTask.is_database_away = False
            log.warning("the database is back")


class FieldStep(bootsteps.StartStopStep):
    """Runs the field in a worker that serves any queue but the default one, from before its first
    task until after its last message."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **options: Any) -> None:
        super().__init__(worker, **options)
        self._field: Any = None

    def include_if(self, worker: Any) -> bool:
        return bool(set(worker.app.amqp.queues.consume_from) - {worker.app.conf.task_default_queue})

    def start(self, worker: Any) -> None:
        from t3000 import field  # models: the app registry is not ready when this module loads

        self._field = field.start()

    def stop(self, worker: Any) -> None:
        from t3000 import field  # as above

        if self._field is not None:
            field.stop(self._field)
            self._field = None

    def terminate(self, worker: Any) -> None:
        self.stop(worker)


app = Celery("t3000", task_cls=QuietTask)
app.config_from_object("django.conf:settings", namespace="CELERY")
app.set_default()  # in every thread, also in those of the web server
app.autodiscover_tasks()
app.steps["worker"].add(FieldStep)
app.conf.beat_schedule = {
    # A message older than its period is worth nothing: the next one does the same.
    "tick": {
        "task": "devices.tasks.tick",
        "schedule": timedelta(seconds=1),
        "options": {"expires": 1},
    },
    "sweep": {
        "task": "t3000.sweep_silent",
        "schedule": timedelta(seconds=1),
        "options": {"expires": 1},
    },
}


@setup_logging.connect
def leave_logging_alone(**_kwargs: Any) -> None:
    """Django's settings say what is logged. With a receiver Celery does not say it anew."""


@app.task(name="t3000.sweep_silent")
def sweep_silent() -> None:
    """Marks what nobody reads any more as stale, whatever became of the pollers."""
    from t3000 import field  # models: the app registry is not ready when this module loads

    field.sweep_silent()
