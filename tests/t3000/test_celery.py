"""The workers' parts: who runs the field, what goes first, what the clock says of a broker that is
away."""

import logging
import sqlite3
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import (
    DatabaseError,
    InterfaceError,
    OperationalError,
    ProgrammingError,
    connection,
)
from kombu import Queue
from psycopg import errors

from devices.domain.commands import EXECUTE
from devices.domain.field_messages import FIRST
from devices.domain.overrides import CHECK
from devices.tasks import poll_devices
from t3000.celery import Clock, FieldStep, QuietTask, app
from t3000.database_errors import AWAY, NO_TABLES, REFUSED, lasting_problem
from tests.servers import RedisServer


@pytest.mark.parametrize(
    ("queues", "serves"),
    [("default", False), ("field", True), ("default,field", True), ("annex", True), (None, False)],
)
def test_the_field_runs_where_its_queues_are_consumed(queues: str | None, serves: bool) -> None:
    its = Celery(set_as_current=False)
    its.conf.task_default_queue = settings.CELERY_TASK_DEFAULT_QUEUE
    if queues:
        its.amqp.queues.select(queues.split(","))
    worker: Any = SimpleNamespace(app=its)
    assert FieldStep(worker).include_if(worker) is serves


@pytest.mark.skipif(not settings.REDIS_URL, reason="the broker in memory has no priorities")
def test_commands_overtake_polls_in_their_queue() -> None:
    queue = Queue("overtaking", routing_key="overtaking")
    received: list[str] = []

    def receive(_body: Any, message: Any) -> None:
        received.append(message.headers["task"])
        message.ack()

    with app.connection_for_read() as connection:
        for number in range(3):
            poll_devices.apply_async(([number],), queue=queue.name)
        app.send_task(EXECUTE, ([1],), queue=queue.name, priority=FIRST)
        with connection.Consumer(queue, callbacks=[receive], accept=["json"]) as consumer:
            consumer.qos(prefetch_count=app.conf.worker_prefetch_multiplier)
            while len(received) < 4:
                connection.drain_events(timeout=10)
        queue(connection.default_channel).delete()
    assert received == [EXECUTE] + [poll_devices.name] * 3


def test_the_clock_says_once_that_the_broker_is_away(
    redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    its = Celery(broker=redis_server.url, set_as_current=False)
    its.conf.task_publish_retry = False
    its.conf.broker_transport_options = {"max_retries": 0}
    clock = Clock(its, lazy=True)
    entry = clock.Entry(name="tick", task="tick", schedule=timedelta(seconds=1), app=its)
    redis_server.stop()
    for _ in range(3):
        clock.apply_entry(entry)
    redis_server.start()
    for _ in range(2):
        clock.apply_entry(entry)
    said = [one.levelno for one in caplog.records if one.name == "t3000.celery"]
    assert said == [logging.ERROR, logging.WARNING]


def test_all_tasks_together_say_once_that_the_database_is_away(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = True

    def work() -> None:
        if away:
            raise OperationalError("no connection")

    its = Celery(task_cls=QuietTask, broker="memory://", set_as_current=False)
    monkeypatch.setattr(QuietTask, "problem", "")
    one, other = its.task(name="one")(work), its.task(name="other")(work)
    for task in (one, other, one):
        task.apply()
    away = False
    for task in (other, one):
        task.apply()
    said = [line.levelno for line in caplog.records if line.levelno > logging.INFO]
    assert said == [logging.ERROR, logging.WARNING]


def caused(kind: type[Exception], cause: Exception) -> Exception:
    """As Django wraps what the database says."""
    error = kind(str(cause))
    error.__cause__ = cause
    return error


def sqlite_error(path: str, *, locked: bool = False) -> sqlite3.Error:
    """A real one."""
    with closing(sqlite3.connect(path, timeout=0)) as one, closing(sqlite3.connect(path)) as other:
        if locked:
            other.execute("BEGIN EXCLUSIVE")
        try:
            one.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            return error
    raise AssertionError(path)


@pytest.mark.parametrize(
    ("error", "problem"),
    [
        (OperationalError("connection refused"), AWAY),
        (InterfaceError("connection already closed"), AWAY),
        (caused(OperationalError, errors.AdminShutdown()), AWAY),
        (caused(OperationalError, errors.TooManyConnections()), AWAY),
        (caused(OperationalError, errors.DiskFull()), REFUSED),
        (caused(OperationalError, errors.DeadlockDetected()), ""),
        (caused(OperationalError, errors.LockNotAvailable()), ""),
        (caused(OperationalError, errors.QueryCanceled()), ""),
        (caused(ProgrammingError, errors.UndefinedTable()), NO_TABLES),
        (caused(ProgrammingError, errors.SyntaxError()), ""),
    ],
)
def test_only_a_lost_connection_is_a_database_that_is_away(error: Exception, problem: str) -> None:
    assert lasting_problem(error) == problem


def test_what_sqlite_says_is_told_apart_too(tmp_path: Path) -> None:
    locked = sqlite_error(str(tmp_path / "site.sqlite3"), locked=True)
    assert lasting_problem(caused(OperationalError, locked)) == ""
    with pytest.raises(sqlite3.OperationalError) as caught:
        sqlite3.connect(str(tmp_path / "nowhere" / "site.sqlite3"))
    assert lasting_problem(caused(OperationalError, caught.value)) == AWAY


@pytest.mark.django_db
def test_missing_tables_are_told_apart_on_this_database() -> None:
    with pytest.raises(DatabaseError) as caught, connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM never_made")
    assert lasting_problem(caught.value) == NO_TABLES


def test_of_a_deadlock_each_task_says_so_and_nothing_is_back(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(QuietTask, "problem", "")
    failures = [
        caused(OperationalError, errors.DeadlockDetected("deadlock")),
        caused(ProgrammingError, errors.SyntaxError("syntax")),
        KeyError("Celery tells of it"),
    ]

    def work() -> None:
        if failures:
            raise failures.pop(0)

    its = Celery(task_cls=QuietTask, broker="memory://", set_as_current=False)
    one = its.task(name="one")(work)
    for _ in range(4):
        one.apply()
    ours = [line for line in caplog.records if line.name == "t3000.celery"]
    assert [(line.levelname, line.getMessage()) for line in ours] == [
        ("WARNING", "one was not done this time: deadlock"),
        ("ERROR", "a bug in one"),
    ]


@pytest.mark.parametrize("name", [EXECUTE, CHECK])
def test_what_the_domain_sends_by_name_is_there(name: str) -> None:
    assert name in app.tasks
