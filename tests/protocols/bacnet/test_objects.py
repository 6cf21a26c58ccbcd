import math
from datetime import UTC, datetime

import pytest
from bacpypes3.basetypes import PriorityArray, PriorityValue, Reliability, Scale, StatusFlags
from hypothesis import given
from hypothesis import strategies as st

from protocols.bacnet.objects import (
    KINDS,
    object_info,
    point_info,
    quality,
    reading,
    slots,
)
from protocols.errors import CodecError, Refused
from protocols.types import ObjectInfo, PointAddress, PointKind, Quality

NOW = datetime(2026, 11, 23, tzinfo=UTC)
INPUT = PointAddress("analog-input", 1)


@pytest.mark.parametrize(
    ("flags", "found"),
    [
        ([0, 0, 0, 0], Quality.GOOD),
        ([1, 0, 0, 0], Quality.GOOD),  # an alarm does not make a value less true
        ([0, 1, 0, 0], Quality.FAULT),
        ([0, 0, 1, 0], Quality.OVERRIDDEN),
        ([0, 0, 0, 1], Quality.OUT_OF_SERVICE),
        ([1, 1, 1, 1], Quality.FAULT),
        ([0, 0, 1, 1], Quality.OUT_OF_SERVICE),
    ],
)
def test_status_flags_become_quality(flags: list[int], found: Quality) -> None:
    assert reading(INPUT, 21.5, StatusFlags(flags), NOW).quality is found


@pytest.mark.parametrize(
    ("flags", "reliability", "found"),
    [
        ([0, 1, 0, 0], "over-range", Quality.OUT_OF_RANGE),
        ([0, 1, 0, 0], "under-range", Quality.OUT_OF_RANGE),
        ([0, 1, 0, 0], "configuration-error", Quality.FAULT),
        ([0, 1, 0, 0], "open-loop", Quality.FAULT),
        ([0, 1, 0, 0], "no-fault-detected", Quality.FAULT),
        ([0, 0, 0, 0], "over-range", Quality.GOOD),  # the flags say that there is a fault
        ([0, 0, 0, 1], "over-range", Quality.OUT_OF_SERVICE),
    ],
)
def test_the_reliability_of_a_fault_is_its_quality(
    flags: list[int], reliability: str, found: Quality
) -> None:
    assert quality(StatusFlags(flags), Reliability(reliability)) is found


def test_a_device_without_status_flags_is_taken_at_its_word() -> None:
    assert reading(INPUT, 21.5, None, NOW).quality is Quality.GOOD


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "text", None, object()])
def test_what_is_no_number_is_a_fault_without_value(value: object) -> None:
    assert reading(INPUT, value, None, NOW) == (
        reading(INPUT, None, StatusFlags([0, 0, 0, 0]), NOW)
    )
    assert reading(INPUT, value, None, NOW).quality is Quality.FAULT


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_numbers_pass_unchanged(value: float) -> None:
    assert reading(INPUT, value, None, NOW).value == value


def test_point_info_of_analog_binary_and_multi_state() -> None:
    analog = point_info(INPUT, {"object-name": "OAT", "units": "degrees-celsius"})
    assert (analog.name, analog.units, analog.writable) == ("OAT", "°C", False)
    binary = point_info(PointAddress("binary-output", 2), {"active-text": "Run"})
    assert (binary.kind, binary.states, binary.writable) == (PointKind.OUTPUT, ("Off", "Run"), True)
    states = point_info(PointAddress("multi-state-value", 3), {"state-text": ["Off", "Low"]})
    assert (states.kind, states.states) == (PointKind.VARIABLE, ("Off", "Low"))


def test_counters_and_numbers_are_points() -> None:
    counter = point_info(
        PointAddress("accumulator", 1),
        {"units": "kilowatt-hours", "max-pres-value": 99999, "scale": Scale(integerScale=-1)},
    )
    assert (counter.kind, counter.units, counter.high) == (PointKind.INPUT, "×0.1 kWh", 99999.0)
    assert not counter.writable
    assert not counter.commandable
    plain = point_info(
        PointAddress("accumulator", 2), {"units": "liters", "scale": Scale(floatScale=1.0)}
    )
    assert plain.units == "liters"
    pulses = point_info(PointAddress("pulse-converter", 1), {"units": "kilowatts"})
    assert (pulses.kind, pulses.units) == (PointKind.INPUT, "kW")
    number = point_info(PointAddress("integer-value", 1), {"min-pres-value": -5})
    assert (number.kind, number.low, number.writable) == (PointKind.VARIABLE, -5.0, True)


def test_what_is_no_point_has_its_name() -> None:
    place = PointAddress("trend-log", 4)
    assert object_info(place, {"object-name": "Trend OAT"}) == ObjectInfo(place, "Trend OAT")
    assert object_info(PointAddress("130", 1), {}).name == "130,1"


def test_outputs_and_values_with_a_relinquish_default_can_be_released() -> None:
    output = point_info(PointAddress("analog-output", 1), {})
    commandable = point_info(PointAddress("analog-value", 1), {"relinquish-default": 0.0})
    plain = point_info(PointAddress("analog-value", 2), {})
    assert [one.commandable for one in (output, commandable, plain)] == [True, True, False]


def test_point_info_has_the_bounds_that_the_device_names() -> None:
    bounded = point_info(INPUT, {"min-pres-value": -5.0, "max-pres-value": float("inf")})
    assert (bounded.low, bounded.high) == (-5.0, None)


def test_slots_are_what_is_not_null() -> None:
    array = PriorityArray([PriorityValue(null=()) for _ in range(16)])
    array[7] = PriorityValue(real=21.5)
    array[15] = PriorityValue(enumerated=1)
    assert slots(array) == {8: 21.5, 16: 1.0}


@pytest.mark.parametrize(
    "odd",
    [
        Refused("read-access-denied"),
        CodecError("the reply makes no sense"),
        object(),
        PriorityValue(characterString="on"),
        PriorityValue(real=math.nan),
    ],
    ids=["refused", "undecodable", "no PriorityValue", "a text", "NaN"],
)
def test_a_slot_that_could_not_be_read_does_not_look_empty(odd: object) -> None:
    array = [PriorityValue(null=()) for _ in range(16)]
    array[7] = odd
    found = slots(array)
    assert list(found) == [8]
    assert math.isnan(found[8])


def test_slots_that_are_missing_do_not_look_empty() -> None:
    found = slots([PriorityValue(null=()), PriorityValue(real=21.5)])
    assert found.pop(2) == 21.5
    assert list(found) == list(range(3, 17))
    assert all(map(math.isnan, found.values()))


@pytest.mark.parametrize("object_type", KINDS)
def test_point_info_survives_a_device_that_describes_nothing(object_type: str) -> None:
    assert point_info(PointAddress(object_type, 7), {}).name == f"{object_type},7"
