"""Overrides: ended at their time, looked at again meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from celery import current_app

from devices.domain import commands, overrides
from devices.enums import CommandKind, CommandState, LinkState
from devices.live_rows import CommandStatus
from devices.models import Command
from tests.factories import NOW, make_command, make_device

pytestmark = pytest.mark.django_db


@pytest.fixture
def checks(monkeypatch: pytest.MonkeyPatch) -> list[list[int]]:
    """The commands of each message that asks whether they still hold."""
    messages: list[list[int]] = []

    def remember(name: str, args: tuple[list[int]], **_options: Any) -> None:
        if name == overrides.CHECK:
            messages.append(args[0])

    monkeypatch.setattr(current_app, "send_task", remember)
    return messages


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[CommandStatus]:
    statuses: list[CommandStatus] = []
    monkeypatch.setattr(commands.live, "publish", lambda *, commands: statuses.extend(commands))
    return statuses


def released() -> list[Command]:
    return list(Command.objects.filter(kind=CommandKind.RELEASE).order_by("pk"))


def test_an_override_is_released_at_its_end_until_a_device_confirms_it() -> None:
    end = NOW + timedelta(hours=1)
    override = make_command(until=end)
    overrides.sweep(end - timedelta(seconds=1))
    assert released() == []
    overrides.sweep(end)
    overrides.sweep(end + timedelta(seconds=1))
    (first,) = released()
    assert (first.point, first.priority, first.origin) == (override.point, 8, "expiry")
    Command.objects.filter(pk=first.pk).update(state=CommandState.UNKNOWN)
    overrides.sweep(end + timedelta(seconds=59))
    assert len(released()) == 1
    overrides.sweep(end + timedelta(seconds=60))
    _, second = released()
    Command.objects.filter(pk=second.pk).update(state=CommandState.SENT)
    commands.finish(second, CommandState.CONFIRMED, now=end + timedelta(seconds=61))
    assert not Command.objects.held().exists()
    overrides.sweep(end + timedelta(days=1))
    assert len(released()) == 2


def test_an_override_is_not_released_while_its_device_is_silent() -> None:
    device = make_device(link={"state": LinkState.OFFLINE})
    make_command(device, until=NOW)
    overrides.sweep(NOW)
    assert released() == []


def test_an_override_that_was_replaced_is_not_released() -> None:
    device = make_device()
    make_command(device, until=NOW, over_at=NOW)
    overrides.sweep(NOW)
    assert released() == []


def test_what_holds_is_looked_at_again_and_again(checks: list[Any]) -> None:
    holding = make_command(finished_at=NOW)
    make_command(finished_at=NOW, over_at=NOW)
    make_command(make_device(link={"state": LinkState.OFFLINE}), finished_at=NOW)
    overrides.sweep(NOW + timedelta(seconds=29))
    assert checks == []
    for seconds in (30, 31, 59, 60):
        overrides.sweep(NOW + timedelta(seconds=seconds))
    assert checks == [[holding.pk], [holding.pk]]


def test_what_ended_at_the_controller_holds_no_more(
    told: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    command = make_command(until=NOW + timedelta(hours=1))
    with django_capture_on_commit_callbacks(execute=True):
        overrides.end_hold(command.pk, NOW)
        overrides.end_hold(command.pk, NOW)
    assert [(one.holds, one.message) for one in told] == [(False, "ended at the controller")]
    assert not Command.objects.held().exists()


def test_the_end_of_an_override_waits_for_a_newer_command() -> None:
    end = NOW + timedelta(hours=1)
    device = make_device()
    make_command(device, until=end)
    newer = make_command(
        device,
        state=CommandState.SENT,
        sent_at=end,
        send_by=end + timedelta(seconds=30),
        queued_at=end,
        until=end + timedelta(hours=1),
    )
    overrides.sweep(end)
    assert released() == []
    commands.finish(newer, CommandState.CONFIRMED, now=end)
    overrides.sweep(end)
    assert released() == []
