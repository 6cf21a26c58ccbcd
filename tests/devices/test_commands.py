"""The ledger of commands: one way through its states, nothing sent twice, nothing forgotten."""

from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test.utils import CaptureQueriesContext
from kombu.exceptions import OperationalError

from devices.domain import commands, field_messages, overrides
from devices.domain.commands import BadCommand
from devices.domain.errors import NotPossible
from devices.domain.rights import Lacks
from devices.enums import CommandKind, CommandState, Origin, Role
from devices.models import AuditEntry, Command, Device
from devices.models.acting import Actor
from tests.factories import NOW, make_command, make_device, make_network, make_site, make_user

pytestmark = pytest.mark.django_db

POINT = "analog-output,1"
ANNA = Actor(None, Origin.PAGE, "127.0.0.1")


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, list[int], int]]:
    """(queue, command ids, priority) of each message that goes to the field."""
    messages: list[tuple[str, list[int], int]] = []

    def remember(name: str, args: tuple[list[int]], **options: Any) -> None:
        assert name == commands.EXECUTE
        messages.append((options["queue"], args[0], options["priority"]))

    monkeypatch.setattr(current_app, "send_task", remember)
    return messages


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[commands.CommandStatus]:
    statuses: list[commands.CommandStatus] = []
    monkeypatch.setattr(commands.live, "publish", lambda *, commands: statuses.extend(commands))
    return statuses


def claim(command_ids: list[int], now: datetime) -> list[tuple[Command, bool]]:
    return list(commands.claim(command_ids, now))


def state(command: Command) -> str:
    command.refresh_from_db()
    return command.state


def test_a_request_is_written_down_told_and_sent_ahead_of_polls(
    sent: list[Any], told: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    user = make_user("anna", role=Role.OPERATOR)
    device = make_device(network=make_network(queue="east"))
    with django_capture_on_commit_callbacks(execute=True):
        command = commands.request(
            device,
            POINT,
            21.5,
            by=Actor(user, Origin.API, "127.0.0.9"),
            until=NOW + timedelta(hours=1),
            note="frost",
            old_value=20.0,
            now=NOW,
        )
    kept = Command.objects.get()
    assert kept == command
    assert (kept.kind, kept.value, kept.priority) == (CommandKind.WRITE, 21.5, 8)
    assert (kept.username, kept.origin, kept.client_address) == ("anna", "api", "127.0.0.9")
    assert (kept.old_value, kept.note, kept.state) == (20.0, "frost", CommandState.PENDING)
    assert sent == [("east", [command.pk], 0)]
    assert [(one.state, one.value, one.by) for one in told] == [("pending", 21.5, "anna")]


def test_a_broker_that_is_away_leaves_the_command_pending(
    monkeypatch: pytest.MonkeyPatch, django_capture_on_commit_callbacks: Any
) -> None:
    def fail(*_: Any, **__: Any) -> None:
        raise OperationalError("Connection refused")

    monkeypatch.setattr(current_app, "send_task", fail)
    with django_capture_on_commit_callbacks(execute=True):
        command = commands.request(make_device(), POINT, 1.0, by=ANNA)
    assert state(command) == CommandState.PENDING


@pytest.mark.parametrize(
    ("field", "asked"),
    [
        ("priority", {"priority": 0}),
        ("priority", {"priority": 17}),
        ("priority", {"priority": 6}),
        ("priority", {"priority": True}),
        ("until", {"until": NOW}),
        ("until", {"until": NOW + timedelta(days=400)}),
        ("note", {"note": "x" * 201}),
    ],
)
def test_what_cannot_be_right_is_not_stored(field: str, asked: dict[str, Any]) -> None:
    with pytest.raises(BadCommand) as caught:
        commands.request(make_device(), POINT, 1.0, by=ANNA, now=NOW, **asked)
    assert caught.value.field == field
    assert not Command.objects.exists()


@pytest.mark.parametrize("off", ["device", "network"])
def test_what_is_switched_off_is_not_commanded(off: str) -> None:
    network = make_network(enabled=off != "network")
    device = make_device(network=network, enabled=off != "device")
    with pytest.raises(NotPossible, match="switched off"):
        commands.request(device, POINT, 1.0, by=ANNA)
    assert not Command.objects.exists()


def test_several_wishes_are_one_message_to_each_queue(
    sent: list[Any], told: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    east, west = (make_device(network=make_network(queue=queue)) for queue in ("east", "west"))
    wishes = [
        commands.Wish.of_value(device, f"analog-output,{number}", value)
        for number, (device, value) in enumerate([(east, 1.0), (west, 2.0), (east, None)], 1)
    ]
    with django_capture_on_commit_callbacks(execute=True):
        first, second, third = commands.request_all(wishes, by=ANNA, now=NOW)
    assert sent == [("east", [first.pk, third.pk], 0), ("west", [second.pk], 0)]
    assert [one.command_id for one in told] == [first.pk, second.pk, third.pk]
    noted = AuditEntry.objects.filter(kind="command").values_list("row_id", flat=True)
    assert list(noted) == [third.pk, second.pk, first.pk]


def test_of_several_wishes_all_are_stored_or_none() -> None:
    device = make_device()
    wishes = [
        commands.Wish.of_value(device, POINT, 1.0),
        commands.Wish.of_value(device, POINT, 1.0, priority=6),
    ]
    with pytest.raises(BadCommand):
        commands.request_all(wishes, by=ANNA)
    assert not Command.objects.exists()


def test_several_wishes_cost_as_many_queries_as_two(django_assert_num_queries: Any) -> None:
    device = make_device()
    by = Actor(make_user(role=Role.OPERATOR), Origin.API)

    def ask(count: int) -> None:
        commands.request_all([commands.Wish.of_value(device, POINT, 1.0)] * count, by=by)

    with CaptureQueriesContext(connection) as queries:
        ask(2)
    with django_assert_num_queries(len(queries)):
        ask(40)


def switch(device: Device, *, out: bool = True, **fields: Any) -> Command:
    kind = CommandKind.OUT_OF_SERVICE if out else CommandKind.IN_SERVICE
    return make_command(device, **{"kind": kind, "payload": {}, "priority": None, **fields})


def test_taking_out_of_service_takes_an_engineer() -> None:
    device = make_device()
    wish = commands.Wish(device, POINT, CommandKind.OUT_OF_SERVICE, priority=None)
    operator, engineer = (
        Actor(make_user(role=role), Origin.PAGE) for role in (Role.OPERATOR, Role.ENGINEER)
    )
    with pytest.raises(Lacks, match=r"engineer .* to take points out of service"):
        commands.request_all([wish], by=operator)
    (command,) = commands.request_all([wish], by=engineer)
    assert (command.kind, command.priority, command.value) == ("out_of_service", None, None)
    assert str(command) == f"{device.name} {POINT}: out of service"
    assert AuditEntry.objects.get(kind="command").changes == {"out_of_service": [False, True]}


def test_a_switch_of_service_ends_the_one_before_and_no_write() -> None:
    device = make_device()
    write = make_command(device)
    before = switch(device)
    elsewhere = switch(device, point="analog-output,2")
    back = switch(device, out=False, state=CommandState.SENT)
    commands.finish(back, CommandState.CONFIRMED)
    over = Command.objects.filter(over_at__isnull=False)
    assert list(over) == [before]
    assert list(Command.objects.held()) == [write]
    assert not elsewhere.holds


def test_a_command_is_claimed_once() -> None:
    command = make_command(state=CommandState.PENDING)
    ((claimed, is_new),) = claim([command.pk], NOW)
    assert (claimed.pk, is_new) == (command.pk, True)
    assert state(command) == CommandState.SENT
    assert claim([command.pk], NOW) == []


def test_a_command_that_comes_too_late_is_not_claimed() -> None:
    command = make_command(state=CommandState.PENDING, send_by=NOW)
    assert claim([command.pk], NOW) == []
    assert state(command) == CommandState.PENDING


def test_what_somebody_sent_and_did_not_finish_is_only_read_back() -> None:
    command = make_command(state=CommandState.SENT, sent_at=NOW)
    later = NOW + commands.TAKE_OVER
    assert claim([command.pk], later - timedelta(seconds=1)) == []
    ((_, is_new),) = claim([command.pk], later)
    assert not is_new
    assert claim([command.pk], later) == []


def test_commands_are_claimed_in_the_order_in_which_they_were_asked_for() -> None:
    device = make_device()
    pending = [make_command(device, state=CommandState.PENDING) for _ in range(3)]
    numbers = [one.pk for one in pending]
    assert [command.pk for command, _ in claim(numbers[::-1], NOW)] == numbers


def test_an_earlier_command_to_the_point_whose_message_is_late_is_claimed_first() -> None:
    device = make_device()
    earlier = make_command(device, state=CommandState.PENDING)
    elsewhere = make_command(device, state=CommandState.PENDING, point="analog-output,2")
    later = make_command(device, state=CommandState.PENDING)
    assert [command.pk for command, _ in claim([later.pk], NOW)] == [earlier.pk, later.pk]
    assert state(elsewhere) == CommandState.PENDING


def test_what_comes_to_the_wrong_process_is_sent_anew_by_the_next_sweep(sent: list[Any]) -> None:
    command = make_command(state=CommandState.PENDING)
    commands.pass_on([command.pk], NOW)
    commands.sweep(NOW)
    assert [ids for _, ids, _ in sent] == [[command.pk]]


@pytest.mark.parametrize("off", ["device", "network"])
def test_a_device_that_was_switched_off_meanwhile_is_not_commanded(off: str) -> None:
    device = make_device(network=make_network(enabled=off != "network"), enabled=off != "device")
    command = make_command(device, state=CommandState.PENDING)
    assert commands.networks([command.pk]) == {}
    commands.sweep(command.send_by)
    command.refresh_from_db()
    assert (command.state, command.message) == (
        CommandState.EXPIRED,
        "not sent in time: the device was switched off",
    )


@pytest.mark.parametrize("newer", [CommandState.PENDING, CommandState.CONFIRMED])
def test_a_release_that_a_newer_write_overtook_is_not_sent(newer: CommandState) -> None:
    device = make_device()
    release = make_command(device, value=None, origin=Origin.EXPIRY, state=CommandState.PENDING)
    write = make_command(device, state=newer, until=NOW + timedelta(hours=1))
    assert release.pk not in [command.pk for command, _ in claim([release.pk], NOW)]
    assert state(release) == CommandState.REFUSED
    assert write.over_at is None


def test_what_is_settled_after_a_newer_write_holds_nothing() -> None:
    device = make_device()
    old = make_command(device, state=CommandState.SENT, until=NOW)
    new = make_command(device)
    commands.finish(old, CommandState.UNKNOWN)
    assert list(Command.objects.held()) == [new]


def test_a_command_ends_once(told: list[Any], django_capture_on_commit_callbacks: Any) -> None:
    command = make_command(state=CommandState.SENT)
    with django_capture_on_commit_callbacks(execute=True):
        assert commands.finish(command, CommandState.CONFIRMED, new_value=21.5)
    assert not commands.finish(command, CommandState.UNKNOWN)
    command.refresh_from_db()
    assert (command.state, command.new_value) == (CommandState.CONFIRMED, 21.5)
    assert [(one.state, one.holds) for one in told] == [("confirmed", True)]


@pytest.mark.parametrize("value", [19.0, None])
def test_a_confirmed_command_ends_what_was_written_into_its_slot_before(
    value: float | None, told: list[Any], django_capture_on_commit_callbacks: Any
) -> None:
    device = make_device()
    before = make_command(device)
    other_slot = make_command(device, priority=5)
    other_point = make_command(device, point="analog-output,2")
    command = make_command(device, value=value, state=CommandState.SENT)
    with django_capture_on_commit_callbacks(execute=True):
        commands.finish(command, CommandState.CONFIRMED)
    held = set(Command.objects.held().values_list("pk", flat=True))
    assert held == {other_slot.pk, other_point.pk} | ({command.pk} if value else set())
    assert {one.command_id: one.holds for one in told}[before.pk] is False


def test_a_refused_command_leaves_the_override_before_it() -> None:
    device = make_device()
    before = make_command(device)
    command = make_command(device, state=CommandState.SENT)
    commands.finish(command, CommandState.REFUSED, "value-out-of-range")
    assert list(Command.objects.held()) == [before]


def test_sweep_ends_what_was_not_sent_in_time(sent: list[Any]) -> None:
    command = make_command(state=CommandState.PENDING)
    commands.sweep(command.send_by)
    assert state(command) == CommandState.EXPIRED
    assert sent == []


def test_sweep_sends_lost_messages_again_but_not_at_once(sent: list[Any]) -> None:
    command = make_command(state=CommandState.PENDING)
    commands.sweep(NOW + timedelta(seconds=1))
    assert sent == []
    commands.sweep(NOW + field_messages.AGAIN)
    commands.sweep(NOW + field_messages.AGAIN)
    assert [ids for _, ids, _ in sent] == [[command.pk]]


def test_sweep_has_abandoned_commands_read_back_and_then_gives_up(sent: list[Any]) -> None:
    command = make_command(state=CommandState.SENT, sent_at=NOW)
    commands.sweep(NOW + field_messages.AGAIN)
    assert sent == []  # somebody is at it
    commands.sweep(NOW + commands.TAKE_OVER)
    assert [ids for _, ids, _ in sent] == [[command.pk]]
    claim([command.pk], NOW + commands.TAKE_OVER)  # whoever does it dies, too
    commands.sweep(command.send_by + commands.GIVE_UP)
    assert state(command) == CommandState.UNKNOWN


def test_commands_of_a_deleted_device_end_and_stay(sent: list[Any]) -> None:
    device = make_device(name="AHU-1")
    pending = make_command(device, state=CommandState.PENDING)
    under_way = make_command(device, state=CommandState.SENT, sent_at=NOW)
    device.delete()
    commands.sweep(NOW)
    assert state(pending) == CommandState.EXPIRED
    assert state(under_way) == CommandState.UNKNOWN
    assert pending.device_name == "AHU-1"


def test_sweep_costs_the_same_for_one_and_many(django_assert_num_queries: Any) -> None:
    for _ in range(3):
        make_command()
    with django_assert_num_queries(3):
        commands.sweep(NOW)
        overrides.sweep(NOW)


def test_current_are_open_commands_and_what_holds() -> None:
    device = make_device()
    holding = make_command(device)
    pending = make_command(device, state=CommandState.PENDING, value=None)
    make_command(device, state=CommandState.REFUSED)
    make_command(device, over_at=NOW)
    make_command()
    assert {one.command_id for one in commands.current([device.pk])} == {holding.pk, pending.pk}


def test_the_role_at_the_site_says_how_strongly_one_may_write() -> None:
    device = make_device()
    strongest = {None: None, Role.VIEWER: None, Role.OPERATOR: 8, Role.ENGINEER: 5, Role(4): 1}
    for role, most in strongest.items():
        by = Actor(make_user(role=role, site=device.network.site), Origin.API)
        may = []
        for priority in range(1, 17):
            for value in (1.0, None):
                with suppress(BadCommand, Lacks):
                    may.append(commands.request(device, POINT, value, by=by, priority=priority))
        written = sorted({one.priority for one in may})
        assert written == [] if most is None else [*range(most, 6), *range(max(most, 7), 17)]
        assert len(may) == 2 * len(written)  # a release takes the same role


def test_a_role_at_another_site_is_none_here() -> None:
    by = Actor(make_user(role=Role.ADMINISTRATOR, site=make_site()), Origin.PAGE)
    with pytest.raises(Lacks, match="role operator at this site for priority 8"):
        commands.request(make_device(), POINT, 1.0, by=by)
    assert not Command.objects.exists()
    assert not AuditEntry.objects.filter(kind="command").exists()


def test_who_may_not_is_told_which_role_may() -> None:
    device = make_device()
    by = Actor(make_user(role=Role.OPERATOR, site=device.network.site), Origin.PAGE)
    for priority, role in ((1, "administrator"), (4, "administrator"), (5, "engineer")):
        with pytest.raises(Lacks, match=f"role {role} at this site for priority {priority}"):
            commands.request(device, POINT, None, by=by, priority=priority)


def test_an_override_of_somebody_else_is_released_by_an_operator() -> None:
    device = make_device()
    site = device.network.site
    engineer = Actor(make_user(role=Role.ENGINEER, site=site), Origin.API)
    operator = Actor(make_user(role=Role.OPERATOR, site=site), Origin.PAGE)
    commands.request(device, POINT, 1.0, by=engineer, priority=10)
    assert commands.request(device, POINT, None, by=operator, priority=10).value is None


def test_a_command_is_one_entry_of_the_audit_trail_whatever_becomes_of_it() -> None:
    device = make_device()
    by = Actor(make_user("anna", role=Role.OPERATOR), Origin.API, "10.0.0.7")
    end = NOW + timedelta(hours=1)
    asked = {"until": end, "note": "frost", "old_value": 20.0, "now": NOW}
    command = commands.request(device, POINT, 21.5, by=by, **asked)
    ((claimed, _),) = claim([command.pk], NOW)
    commands.finish(claimed, CommandState.CONFIRMED, now=NOW)
    entry = AuditEntry.objects.get(kind="command")
    assert (entry.action, entry.row_id) == ("create", command.pk)
    assert entry.name == f"{device.name} {POINT}"
    assert (entry.username, entry.origin, entry.client_address) == ("anna", "api", "10.0.0.7")
    assert (entry.site_id, entry.device_id) == (device.network.site_id, device.pk)
    assert entry.changes == {
        "value": [20.0, 21.5],
        "priority": [None, 8],
        "until": [None, "2026-11-23T11:42:18Z"],
        "note": [None, "frost"],
    }
