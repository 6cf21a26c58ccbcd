"""What is wanted of a row and what its device holds, and how they stand. Shown by panel users, who
have a secret, and arrays."""

from typing import Any

import pytest

from devices.domain import rows
from devices.domain.rights import Rights
from devices.domain.rows import BadRows
from devices.enums import Role, SyncState
from devices.models import Device
from t3000.enums import UnitKind
from t3000.models import Array, PanelUser, Program, Unit
from tests.factories import make_device, make_point, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def panel() -> Device:
    return make_device(serial_number=7)


@pytest.fixture
def chief() -> Rights:
    return Rights.of(make_user(role=Role.ADMINISTRATOR))


def edit(row: Any, by: Rights, **changes: Any) -> Any:
    rows.update(type(row), {row.pk: changes}, by=by, role=Role.ENGINEER)
    row.refresh_from_db()
    return row


def read(row: Any, **values: Any) -> Any:
    row.take_over(values)
    row.save()
    row.refresh_from_db()
    return row


def test_what_is_read_first_is_what_is_wanted(panel: Device) -> None:
    array = read(Array(device=panel, index=0), label="SETS", size=2)
    assert (array.state, array.label) == (SyncState.IN_SYNC, "SETS")
    assert array.held == {"label": "SETS", "size": 2}


def test_an_edit_waits_until_the_device_holds_it(panel: Device, chief: Rights) -> None:
    array = read(Array(device=panel, index=0), label="OLD", size=2)
    assert edit(array, chief, label="NEW").state == SyncState.PENDING
    assert read(array, label="OLD", size=2).state == SyncState.PENDING
    assert array.label == "NEW"
    assert read(array, label="NEW", size=2).state == SyncState.IN_SYNC


def test_an_edit_that_is_taken_back_waits_no_more(panel: Device, chief: Rights) -> None:
    array = read(Array(device=panel, index=0), label="OLD", size=2)
    edit(array, chief, label="NEW")
    assert edit(array, chief, label="OLD").state == SyncState.IN_SYNC


def test_a_change_at_the_device_does_not_overwrite_an_edit(panel: Device, chief: Rights) -> None:
    array = read(Array(device=panel, index=0), label="OLD", size=2)
    edit(array, chief, label="NEW")
    array = read(array, label="OTHER", size=2)
    assert (array.state, array.label, array.held["label"]) == (SyncState.CONFLICT, "NEW", "OTHER")
    assert edit(array, chief, label="OTHER").state == SyncState.IN_SYNC


def test_a_conflict_ends_when_somebody_decided_on_all_of_it(panel: Device, chief: Rights) -> None:
    array = read(Array(device=panel, index=0), label="OLD", size=2)
    edit(array, chief, label="NEW")
    array = read(array, label="OTHER", size=3)
    assert edit(array, chief, label="NEW").state == SyncState.CONFLICT
    assert edit(array, chief, cells=[1]).state == SyncState.CONFLICT
    assert edit(array, chief, label="NEW", size=2).state == SyncState.PENDING
    assert read(array, label="OTHER", size=4).state == SyncState.CONFLICT
    assert read(array, label="NEW", size=2, cells=[1, 0]).state == SyncState.IN_SYNC


def test_a_row_that_was_never_read_waits(panel: Device, chief: Rights) -> None:
    (array,) = rows.create(
        Array, [{"device_id": panel.pk, "index": 0, "label": "A"}], by=chief, role=Role.ENGINEER
    )
    assert array.state == SyncState.PENDING
    assert read(array, label="B").state == SyncState.PENDING
    assert array.label == "A"


def test_what_the_device_does_not_tell_is_not_waited_for(panel: Device, chief: Rights) -> None:
    array = read(Array(device=panel, index=0), label="OLD")  # nothing of its size
    edit(array, chief, label="NEW")
    assert edit(array, chief, label="OLD").state == SyncState.IN_SYNC
    assert edit(array, chief, size=3).state == SyncState.PENDING
    assert edit(array, chief, label="OLD").state == SyncState.PENDING


def test_a_secret_that_was_changed_waits_until_it_was_pushed(panel: Device, chief: Rights) -> None:
    user = read(PanelUser(device=panel, index=0), name="anna")
    assert edit(user, chief, password="1234").state == SyncState.PENDING
    assert "1234" not in str(user.held)
    assert edit(user, chief, name="anna").state == SyncState.PENDING
    assert read(user, name="anna").state == SyncState.PENDING
    assert user.password.reveal() == "1234"
    pushed = {name: user.wanted()[name] for name in ("name", "password")}
    assert read(user, **pushed).state == SyncState.IN_SYNC
    assert user.password.reveal() == "1234"


def test_a_place_in_a_fixed_table_is_emptied(panel: Device, chief: Rights) -> None:
    user = read(PanelUser(device=panel, index=0), name="anna")
    edit(user, chief, password="1234")
    rows.delete(PanelUser, [user.pk], by=chief, role=Role.ENGINEER)
    user.refresh_from_db()
    assert (user.name, bool(user.password), user.state) == ("", False, SyncState.PENDING)


NO_STATE = {"used": False, "name": "", "value": 0}
LOW = {"used": True, "name": "Low", "value": 1}


@pytest.mark.parametrize(
    ("model", "before", "written", "held"),
    [
        (Array, {"size": 0, "cells": []}, {"size": 3, "cells": [7]}, {"cells": [7, 0, 0]}),
        (
            PanelUser,
            {"screen_rights": [0] * 32},
            {"screen_rights": [3]},
            {"screen_rights": [3] + [0] * 31},
        ),
        (Unit, {"states": [NO_STATE] * 8}, {"states": [LOW]}, {"states": [LOW] + [NO_STATE] * 7}),
    ],
)
def test_a_panel_holds_all_of_a_list_whatever_was_written_of_it(
    panel: Device, chief: Rights, model: Any, before: Any, written: Any, held: Any
) -> None:
    own = {"kind": UnitKind.MULTI_STATE} if model is Unit else {}
    row = read(model(device=panel, index=0, **own), **before)
    assert edit(row, chief, **written).state == SyncState.PENDING
    assert read(row, **{**written, **held}).state == SyncState.IN_SYNC
    assert edit(row, chief, **written).state == SyncState.IN_SYNC


def test_what_the_panel_never_held_goes(panel: Device, chief: Rights) -> None:
    (array,) = rows.create(
        Array, [{"device_id": panel.pk, "index": 0, "label": "A"}], by=chief, role=Role.ENGINEER
    )
    rows.delete(Array, [array.pk], by=chief, role=Role.ENGINEER)
    assert not Array.objects.exists()


@pytest.mark.parametrize(
    ("one", "other"),
    [("FAN", "fan"), ("kühl", "kühl"), ("kühl", "KÜHL"), ("KÜHL", "kühl"), ("straße", "straße")],
)
def test_programs_could_not_tell_equal_labels_apart(
    panel: Device, chief: Rights, one: str, other: str
) -> None:
    """Databases differ in which letters they know capitals of."""
    values = {"device_id": panel.pk, "index": 0}
    rows.create(Program, [{**values, "label": one}], by=chief, role=Role.ENGINEER)
    with pytest.raises(BadRows, match="label: The panel's program 1 has this label already"):
        rows.create(Array, [{**values, "label": other}], by=chief, role=Role.ENGINEER)


def test_the_other_row_is_named_as_people_know_it(panel: Device, chief: Rights) -> None:
    make_point(panel, kind="output", address="output,3", index=2, label="FAN")
    fan = {"device_id": panel.pk, "index": 0, "label": "FAN"}
    with pytest.raises(BadRows, match="label: The panel's OUT3 has this label already"):
        rows.create(Array, [fan], by=chief, role=Role.ENGINEER)
