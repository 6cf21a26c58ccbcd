"""The tick: commands first, and nothing stays claimed that nobody was told of."""

from typing import Any

import pytest
from django.utils import timezone
from kombu.exceptions import OperationalError

from devices import tasks
from devices.domain import polling
from devices.models import Link, Network
from tests.factories import make_device, make_network

pytestmark = pytest.mark.django_db


class Broker:
    """Takes messages until it is away."""

    def __init__(self, takes: int) -> None:
        self.takes = takes
        self.taken: list[tuple[str, Any]] = []

    def send(self, arguments: tuple[Any], *, queue: str, expires: float) -> None:
        if len(self.taken) == self.takes:
            raise OperationalError("Connection refused")
        self.taken.append((queue, arguments[0]))


@pytest.fixture
def broker(monkeypatch: pytest.MonkeyPatch) -> Broker:
    broker = Broker(1)
    monkeypatch.setattr(tasks.poll_devices, "apply_async", broker.send)
    monkeypatch.setattr(tasks.discover_network, "apply_async", broker.send)
    monkeypatch.setattr(tasks, "CHUNK", 2)
    return broker


def test_what_could_not_be_sent_is_due_at_once(
    broker: Broker, caplog: pytest.LogCaptureFixture
) -> None:
    network = make_network()
    devices = [make_device(network=network).pk for _ in range(5)]
    tasks.tick()
    ((queue, sent),) = broker.taken
    assert (queue, len(sent)) == ("field", 2)
    claimed = Link.objects.filter(claimed_until__isnull=False)
    assert set(claimed.values_list("device_id", flat=True)) == set(sent)
    assert set(polling.claim_due(timezone.now())["field"]) == set(devices) - set(sent)
    assert "the broker is away: Connection refused" in caplog.text


def test_a_search_that_could_not_be_sent_is_not_put_off_for_an_hour(broker: Broker) -> None:
    for _ in range(3):
        make_network(discovery_due_at=timezone.now())
    tasks.tick()
    assert len(broker.taken) == 1
    soon = timezone.now() + 2 * tasks.discovery.RETRY
    assert Network.objects.filter(discovery_due_at__lt=soon).count() == 2
