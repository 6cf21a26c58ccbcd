"""Priority arrays: what was read is stored, and who has the point is told of it."""

import math
from collections.abc import Mapping
from datetime import timedelta

import pytest

from devices.domain.errors import NotPossible
from protocols.types import Held, PointAddress, Quality, Reading
from t3000.domain import priorities
from t3000.domain.priorities import SlotState, Winner
from t3000.models import Point, PriorityArray
from tests.factories import NOW, make_device, make_network, make_point

pytestmark = pytest.mark.django_db


def make_output(**fields: object) -> Point:
    return make_point(kind="output", **{"writable": True, "commandable": True, **fields})


def held(
    point: Point, slots: Mapping[int, float] | None, default: float | None = 10.0, later: int = 0
) -> Held:
    time = NOW + timedelta(seconds=later)
    reading = Reading(PointAddress.parse(point.address), 1.0, Quality.GOOD, time)
    return Held(reading, slots, default)


def store(point: Point, *what: object, **told: int) -> None:
    priorities.store(point.device_id, held(point, *what, **told))  # type: ignore[arg-type]


def test_the_strongest_filled_slot_has_the_point() -> None:
    point = make_output()
    store(point, {8: 55.0, 5: 20.0})
    told = priorities.of_point(point)
    assert (told.winner, told.priority, told.value) == (Winner.PRIORITY, 5, 20.0)
    assert (told.relinquish_default, told.read_at) == (10.0, NOW)
    assert [slot.priority for slot in told.slots] == list(range(1, 17))
    filled = [(one.priority, one.value, one.wins) for one in told.slots if one.state == "filled"]
    assert filled == [(5, 20.0, True), (8, 55.0, False)]
    names = {one.priority: one.name for one in told.slots}
    assert (names[1], names[8]) == ("Manual life safety", "Manual operator")
    assert (names[6], names[16]) == ("Minimum on/off", "Available")


@pytest.mark.parametrize("default", [10.0, None])
def test_with_all_slots_empty_the_relinquish_default_has_it(default: float | None) -> None:
    point = make_output()
    store(point, {}, default)
    told = priorities.of_point(point)
    assert (told.winner, told.priority, told.value) == (Winner.RELINQUISH_DEFAULT, None, default)
    assert {slot.state for slot in told.slots} == {SlotState.EMPTY}


def test_a_slot_that_cannot_be_read_may_be_the_one() -> None:
    point = make_output()
    store(point, {3: math.nan, 8: 55.0})
    told = priorities.of_point(point)
    assert (told.winner, told.priority, told.value) == (Winner.UNKNOWN, None, None)
    assert told.slots[2].state is SlotState.UNREADABLE
    assert not any(slot.wins for slot in told.slots)
    store(point, {3: 1.0, 8: math.nan}, later=1)
    assert priorities.of_point(point).priority == 3


def test_what_was_never_read_is_not_empty() -> None:
    told = priorities.of_point(make_output())
    assert (told.winner, told.read_at) == (Winner.UNKNOWN, None)
    assert {slot.state for slot in told.slots} == {SlotState.UNKNOWN}


def test_what_was_read_before_does_not_replace_what_was_read_since() -> None:
    point = make_output()
    store(point, {8: 2.0}, later=5)
    store(point, {8: 1.0})
    assert priorities.of_point(point).value == 2.0
    store(point, {}, later=6)
    assert PriorityArray.objects.get().slots == {}


@pytest.mark.parametrize("fields", [{"commandable": False}, {"has_priorities": False}], ids=str)
def test_only_points_with_an_array_get_a_row(fields: dict[str, object]) -> None:
    store(make_output(**fields), {8: 1.0})
    store(make_output(), None)
    priorities.store(make_device().pk, held(make_output(), {8: 1.0}))
    assert not PriorityArray.objects.exists()


@pytest.mark.parametrize(
    ("fields", "told"),
    [
        ({"commandable": False}, "it has the value that was written last"),
        ({"has_priorities": False}, "it knows Auto and Manual only"),
    ],
)
def test_a_point_without_an_array_says_what_it_has(fields: dict[str, object], told: str) -> None:
    with pytest.raises(NotPossible, match=f"has no priority array: {told}"):
        priorities.of_point(make_output(**fields))


def test_what_is_switched_off_is_not_read() -> None:
    device = make_device(network=make_network(enabled=False))
    point = make_point(device, kind="output", commandable=True)
    with pytest.raises(NotPossible, match="switched off"):
        priorities.read_again(point)
