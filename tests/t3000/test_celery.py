"""The workers' parts: who runs the field, what goes first, what the clock says of a broker that is
away."""

import logging
from datetime import timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from celery import Celery
from django.conf import settings
from django.db import OperationalError
from kombu import Queue

from devices.domain.commands import EXECUTE, FIRST
from devices.tasks import poll_devices
from t3000.celery import Clock, FieldStep, QuietTask, app
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
    monkeypatch.setattr(QuietTask, "is_database_away", False)
    one, other = its.task(name="one")(work), its.task(name="other")(work)
    for task in (one, other, one):
        task.apply()
    away = False
    for task in (other, one):
        task.apply()
    said = [line.levelno for line in caplog.records if line.levelno > logging.INFO]
    assert said == [logging.ERROR, logging.WARNING]
