"""The composition: what is read goes through one path, in transactions of bounded size."""

import os
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.db import InterfaceError

from devices.domain.link import PollResult
from devices.enums import CommandState, Origin
from devices.models import AuditEntry, NetworkLease
from devices.runtime import Outcome
from protocols.types import (
    DeviceInfo,
    Endpoint,
    FoundDevice,
    PointAddress,
    PointInfo,
    PointKind,
    Quality,
    Reading,
)
from t3000 import field
from t3000.models import PointValue
from tests.factories import NOW, make_command, make_network, make_point, make_scan

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def published(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    told: list[Any] = []
    monkeypatch.setattr(field.live, "publish", lambda *news, commands=(): told.append(news))
    return told


def result(point: Any, value: float, seconds: int = 0) -> PollResult:
    time = NOW + timedelta(seconds=seconds)
    reading = Reading(PointAddress.parse(point.address), value, Quality.GOOD, time)
    return PollResult(point.device_id, time, 0.1, [reading])


def test_store_polls_stores_and_tells(published: list[Any]) -> None:
    point = make_point()
    field.store_polls([result(point, 21.5)])
    assert PointValue.objects.get(point=point).value == 21.5
    ((changes, statuses),) = published
    assert [change.value for change in changes] == [21.5]
    assert [(status.device_id, status.state) for status in statuses] == [
        (point.device_id, "online")
    ]


def test_what_a_search_finds_is_put_down_to_the_field() -> None:
    info = DeviceInfo(Endpoint("127.0.0.9:47808", 5), vendor_id=148, name="AHU")
    point = PointInfo(PointAddress("analog-input", 1), PointKind.INPUT, "OAT")
    field.store_found([field.Found(make_scan().pk, FoundDevice(info, (point,)))])
    found = AuditEntry.objects.filter(kind="device")
    assert {one.origin for one in found} == {Origin.FIELD}
    assert found[0].changes == {"points": [0, 1]}


def test_of_two_results_of_a_device_the_last_one_counts(published: list[Any]) -> None:
    point = make_point()
    field.store_polls([result(point, 21.5)])
    field.store_polls([result(point, 30.0, 1), result(point, 21.5, 2)])
    assert PointValue.objects.get(point=point).value == 21.5


def test_the_value_read_back_is_there_when_the_command_is_confirmed(
    published: list[Any],
) -> None:
    point = make_point(kind="output")
    command = make_command(point.device, point=point.address, state=CommandState.SENT, value=55.0)
    reading = Reading(PointAddress.parse(point.address), 55.0, Quality.GOOD, NOW)
    field.store_outcome(
        Outcome(command.pk, point.device_id, CommandState.CONFIRMED, reading=reading)
    )
    command.refresh_from_db()
    assert (command.state, command.new_value) == (CommandState.CONFIRMED, 55.0)
    assert PointValue.objects.get(point=point).value == 55.0
    assert [change.value for change in published[0][0]] == [55.0]


def test_nothing_is_told_of_what_was_not_stored(
    published: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: Any) -> None:
        raise ValueError("no")

    monkeypatch.setattr(field.values, "mark_stale", broken)
    with pytest.raises(ValueError, match="no"):
        field.store_polls([result(make_point(), 1.0)])
    assert published == []
    assert not PointValue.objects.exists()


def test_sweep_makes_stale_what_nobody_reads(published: list[Any]) -> None:
    point = make_point()
    field.store_polls([result(point, 21.5)])
    field.sweep_silent(NOW + timedelta(seconds=31))
    assert PointValue.objects.get(point=point).quality == Quality.STALE
    assert published[-1][1][0].state == "offline"


def test_leases_are_renewed_and_what_is_lost_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(field, "_lease_renewed", {})
    kept, taken, disabled = make_network(), make_network(), make_network()
    for network in (kept, taken, disabled):
        assert field.hold_network(network.pk)
    assert field.lost_networks() == []
    NetworkLease.objects.filter(network=taken).update(owner="other:1")
    field._lease_renewed[taken.pk] = float("-inf")  # time to renew
    disabled.enabled = False
    disabled.save()
    assert field.lost_networks() == [taken.pk, disabled.pk]
    assert list(field._lease_renewed) == [kept.pk]


def test_a_device_that_was_not_described_whole_is_looked_at_again_soon() -> None:
    scan = make_scan()
    network = scan.network
    info = DeviceInfo(Endpoint("127.0.0.5:47809", 5), vendor_id=148, name="Device 5")
    field.store_found([field.Found(scan.pk, FoundDevice(info, problem="no answer"))])
    network.refresh_from_db()
    assert network.discovery_due_at is not None
    assert network.devices.get().name == "Device 5"  # type: ignore[attr-defined]


def test_two_processes_of_the_same_number_are_not_the_same_owner() -> None:
    """As in containers that share the network of their host."""
    program = "import django; django.setup(); from t3000 import field; print(field.OWNER)"
    owners = {
        subprocess.run(
            [sys.executable, "-c", f"import os; os.getpid = lambda: 1; {program}"],
            env={**os.environ, "DJANGO_SETTINGS_MODULE": "t3000.settings"},
            cwd=settings.BASE_DIR, capture_output=True, text=True, check=True,
        ).stdout
        for _ in range(2)
    }  # fmt: skip
    assert len(owners) == 2
    assert max(map(len, owners)) <= NetworkLease._meta.get_field("owner").max_length


def test_a_connection_that_is_gone_does_not_stop_the_end(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def gone(_owner: str) -> None:
        raise InterfaceError("connection already closed")

    monkeypatch.setattr(field.lease, "give_up", gone)
    field.stop(field.start())
    assert "cannot be given up: connection already closed" in caplog.text
