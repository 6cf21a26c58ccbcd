"""The Celery application; beat's clock: what runs how often; the field as a part of a worker."""

import logging
import os
from datetime import timedelta
from typing import Any

from celery import Celery, Task, bootsteps
from celery.beat import Scheduler, SchedulingError
from celery.signals import setup_logging
from django.db import InterfaceError, OperationalError, ProgrammingError

from t3000.database_errors import lasting_problem

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
    """Of a database that is away or unfit all tasks together say one line, and one when it works
    again. What another try may mend is a line each time."""

    throws = (OperationalError, InterfaceError, ProgrammingError)  # Celery spares the traceback
    problem = ""

    def on_failure(self, exc: Exception, *_args: Any) -> None:
        if not isinstance(exc, self.throws):
            return
        problem = lasting_problem(exc)
        if problem and problem != QuietTask.problem:
            QuietTask.problem = problem
            log.error("nothing is done: %s: %s", problem, exc)
        elif not problem and isinstance(exc, ProgrammingError):
            log.error("a bug in %s", self.name, exc_info=exc)
        elif not problem:
            log.warning("%s was not done this time: %s", self.name, exc)

    def on_success(self, *_args: Any) -> None:
        if QuietTask.problem:
            QuietTask.problem = ""
            log.warning("the database works again")


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

        self._field = field.start(worker.app.amqp.queues.consume_from)

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
    "commands": {
        "task": "devices.tasks.sweep_commands",
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
