"""Celery tasks of the field. Each hands its work over and returns; none waits on the network."""

import logging

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from devices.domain import commands, connecting, discovery, overrides, polling, scans
from devices.runtime import current

log = logging.getLogger(__name__)

CHUNK = 50  # devices per message
POLL_EXPIRES = 30.0  # seconds; a claim outlives it, so that a lost message is made good


@shared_task
def tick() -> None:
    """Claims what is due and sends it to the queues of its networks."""
    now = timezone.now()
    try:
        _send_polls(polling.claim_due(now))
        _send_discoveries(discovery.claim_due(now))
    except OperationalError as error:
        log.error("what is due goes out with the next tick, the broker is away: %s", error)


def _send_polls(due: dict[str, list[int]]) -> None:
    """What cannot be sent is claimed by nobody."""
    unsent = {device_id for device_ids in due.values() for device_id in device_ids}
    try:
        for queue, device_ids in due.items():
            for start in range(0, len(device_ids), CHUNK):
                chunk = device_ids[start : start + CHUNK]
                poll_devices.apply_async((chunk,), queue=queue, expires=POLL_EXPIRES)
                unsent.difference_update(chunk)
    finally:
        if unsent:
            polling.release(sorted(unsent))


def _send_discoveries(due: list[tuple[str, int]]) -> None:
    unsent = [network_id for _queue, network_id in due]
    try:
        for queue, network_id in due:
            discover_network.apply_async((network_id,), queue=queue, expires=POLL_EXPIRES)
            unsent.remove(network_id)
    finally:
        for network_id in unsent:
            discovery.postpone(network_id)


@shared_task
def sweep_commands() -> None:
    """Apart from tick, so that neither can hold the other up."""
    now = timezone.now()
    commands.sweep(now)
    overrides.sweep(now)
    connecting.sweep(now)
    scans.sweep(now)


@shared_task
def poll_devices(device_ids: list[int]) -> None:
    current().poll(device_ids)


@shared_task
def execute_commands(command_ids: list[int]) -> None:
    current().command(command_ids)


@shared_task
def check_overrides(command_ids: list[int]) -> None:
    current().check_overrides(command_ids)


@shared_task
def read_priorities(point_ids: list[int]) -> None:
    current().read_priorities(point_ids)


@shared_task
def discover_network(network_id: int) -> None:
    current().discover(network_id)


@shared_task
def connect_devices(job_ids: list[int]) -> None:
    current().connect(job_ids)
