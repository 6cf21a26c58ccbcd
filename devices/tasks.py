"""Celery tasks of the field. Each hands its work over and returns; none waits on the network."""

from celery import shared_task
from django.utils import timezone

from devices.domain import commands, discovery, polling
from devices.runtime import current

CHUNK = 50  # devices per message
POLL_EXPIRES = 30.0  # seconds; a claim outlives it, so that a lost message is made good


@shared_task
def tick() -> None:
    """Claims what is due and sends it to the queues of its networks."""
    now = timezone.now()
    for queue, device_ids in polling.claim_due(now).items():
        for start in range(0, len(device_ids), CHUNK):
            poll_devices.apply_async(
                (device_ids[start : start + CHUNK],), queue=queue, expires=POLL_EXPIRES
            )
    for queue, network_id in discovery.claim_due(now):
        discover_network.apply_async((network_id,), queue=queue, expires=POLL_EXPIRES)
    commands.sweep(now)


@shared_task
def poll_devices(device_ids: list[int]) -> None:
    current().poll(device_ids)


@shared_task
def execute_commands(command_ids: list[int]) -> None:
    current().command(command_ids)


@shared_task
def discover_network(network_id: int) -> None:
    current().discover(network_id)
