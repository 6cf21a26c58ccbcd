"""The worked examples of T3000's value semantics, by their numbers, and others beside them."""

from datetime import timedelta

import pytest

from protocols.t3 import inputs, loops, monitors, outputs, references, times
from protocols.t3.products import Firmware, counts
from protocols.t3.ranges import DigitalUnit, PanelUnits, Range, find, resolve
from protocols.t3.values import (
    Stored,
    engineering,
    parse,
    store,
    text,
    text_with_unit,
    turned,
)
from protocols.types import PointKind

INPUT, OUTPUT, VARIABLE = PointKind
STATES = PanelUnits(states=[{1: "Low", 2: "High"}])


def analog(kind: PointKind, number: int) -> Range:
    return find(kind, number, digital=False)


def digital(number: int) -> Range:
    return find(INPUT, number, digital=True)


def test_1_an_input_has_two_decimals() -> None:
    found = analog(INPUT, 3)
    assert engineering(found, Stored(23456)) == 23.456
    assert text_with_unit(found, 23.456) == "23.46 °C"
    assert found.label == "10K Type2 °C"


def test_2_it_stays_signed() -> None:
    found = analog(INPUT, 9)
    assert engineering(found, Stored(-5250)) == -5.25
    assert store(found, -5.25) == Stored(-5250)
    assert text_with_unit(found, -5.25) == "-5.25 °C"


def test_3_a_variable_has_three_decimals() -> None:
    found = analog(VARIABLE, 11)
    assert text_with_unit(found, engineering(found, Stored(1234567))) == "1234.567 V"


@pytest.mark.parametrize(("number", "shown"), [(2, "Open"), (13, "Close"), (11, "High")])
def test_4_a_digital_point_is_told_by_its_control(number: int, shown: str) -> None:
    found = digital(number)
    for value in (0, 1000):  # the number beside it says nothing
        assert text(found, engineering(found, Stored(value, 1))) == shown


def test_5_a_custom_unit_has_the_panels_texts() -> None:
    found = resolve(digital(23), PanelUnits(digital=[DigitalUnit("Idle", "Busy")]))
    assert text(found, engineering(found, Stored(0, 0))) == "Idle"
    assert parse(found, "busy") == 1
    assert text(digital(24), 1) == "On"  # one of which nothing is known


def test_5_a_turned_contact_shows_its_first_word_when_the_hardware_is_on() -> None:
    found = find(OUTPUT, 12, digital=True)
    assert turned(found, 1) == 0
    assert text(found, turned(found, 1)) == "On"
    assert found.hardware_states == ("Off", "On")
    custom = PanelUnits(digital=[DigitalUnit("Idle", "Busy", inverse=True)])
    assert resolve(digital(23), custom).hardware_states == ("Busy", "Idle")


def test_6_a_calibration_is_a_word_of_tenths_and_a_sign() -> None:
    offset = inputs.calibration(0, 15, 1)
    assert offset == -1.5
    assert inputs.calibrated(22000, offset) == 20500
    assert inputs.calibration(1, 44, 0) == 30.0
    assert inputs.calibration(1, 44, 1) == -30.0
    assert inputs.calibration_bytes(-30.0) == (1, 44, 1)


def test_7_a_filter_counts_the_old_value_by_its_weight() -> None:
    assert inputs.filtered(1000, 1060, 5) == 1010
    assert inputs.filtered(1000, 1099, 0) == 1099
    assert inputs.filtered(1000, 2000, 5) == 1500
    assert inputs.filtered(-7, 0, 1) == -3  # as C divides


def test_8_linear_inputs() -> None:
    assert inputs.from_counts(analog(INPUT, 18), 612) == 50000
    assert inputs.from_counts(analog(INPUT, 18), 100) == 0
    assert inputs.from_counts(analog(INPUT, 11), 512) == 2500
    assert inputs.from_counts(analog(INPUT, 19), 512) == 5000
    assert inputs.from_counts(analog(INPUT, 17), 1023) == 99902


def test_9_a_conversion_table() -> None:
    table = inputs.Table.from_stored([(10, 0), (50, 100), *[(0, 0)] * 14])
    assert table.pairs == ((1.0, 0), (5.0, 100))
    assert table.value(3.0) == 50
    found = resolve(analog(INPUT, 20), PanelUnits(tables=["Pa"]))
    assert store(found, table.value(3.0)) == Stored(50000)
    assert text_with_unit(found, 50) == "50.00 Pa"
    assert (table.value(0.2), table.value(9.0)) == (0, 100)


def test_10_a_time() -> None:
    found = analog(VARIABLE, 20)
    assert text(found, engineering(found, Stored(5430000))) == "01:30:30"
    assert text(found, -5430.5) == "-01:30:30"
    assert text(found, 100 * 3600) == "100:00:00"
    assert store(found, parse(found, "01:30:30")) == Stored(5430000)


def test_11_a_multi_state() -> None:
    found = resolve(find(VARIABLE, 101, digital=False), STATES)
    assert text(found, engineering(found, Stored(2000))) == "High"
    assert text(found, 3) == "3.000"
    assert store(found, parse(found, "high")) == Stored(2000)
    assert text(resolve(find(VARIABLE, 102, digital=True), STATES), 2) == "2.000"


def test_12_what_an_output_is_at_its_terminals() -> None:
    assert outputs.per_mille(analog(OUTPUT, 4), 45.5) == 455
    assert outputs.volts(455) == 4.55
    assert outputs.per_mille(analog(OUTPUT, 8), 50) == 600
    assert outputs.volts(600) == 6.0
    assert outputs.per_mille(analog(OUTPUT, 1), 10) == 1000
    assert outputs.per_mille(analog(OUTPUT, 6), 5) == 250
    assert [outputs.hand_value(analog(OUTPUT, one)) for one in range(1, 9)] == [
        *(10, 100, 20, 100, 100, 20, 100, 100)
    ]
    assert (outputs.limit(25), outputs.limit(120), outputs.limit(121)) == (2.5, 12.0, 0.0)


def test_13_a_cooling_loop_two_degrees_too_warm() -> None:
    off = 24000 - 22000
    part = loops.proportional_part(loops.DIRECT, off, loops.proportional(10, 0))
    assert part == 20000
    assert loops.output_text(part) == "20.0 %"
    assert loops.proportional_part(loops.REVERSE, off, 10) == -20000
    assert loops.proportional_part(loops.DIRECT, 50000, 10) == 100000
    assert loops.proportional_part(loops.DIRECT, off, 0) == 0
    assert (loops.proportional(44, 1), loops.proportional_bytes(300)) == (300, (44, 1))
    assert (loops.rate(15), loops.rate_byte(0.15)) == (0.15, 15)


def test_14_the_days_of_an_annual_schedule() -> None:
    assert times.day_index(12, 25) == 359
    christmas = times.bitmap([(12, 25)])
    assert (christmas[44], sum(christmas)) == (1 << 7, 1 << 7)
    march = times.bitmap([(3, 1)])
    assert (march[7], sum(march)) == (1 << 4, 1 << 4)
    assert times.days(bytes(a | b for a, b in zip(christmas, march, strict=True))) == (
        *((3, 1), (12, 25)),
    )


def test_15_a_time_zone() -> None:
    assert times.zone(-350) == timedelta(hours=-3.5) == timedelta(seconds=-350 * 36)
    assert times.zone_hundredths(timedelta(hours=5.5)) == 550


def test_16_a_monitors_size_and_interval() -> None:
    assert monitors.size(120, 5) == 50.0
    assert monitors.interval(0, 15, 0) == 900
    assert monitors.interval_parts(900) == (0, 15, 0)
    assert monitors.digital_sample(0x83) == (3, 1)
    assert monitors.length(152) == (2, 24)


def test_input_3_of_panel_144() -> None:
    found = references.parse("144IN3")
    assert (found.panel, found.number, references.encode(found, 3)) == (144, 2, bytes([2, 2, 144]))
    assert str(found) == "144IN3"


def test_number_300_has_bits_in_the_type() -> None:
    assert references.encode(references.parse("1IN300"), 3)[:2] == bytes([43, 1 << 5 | 2])


def test_firmware_6602_is_older_than_private_variables() -> None:
    firmware = Firmware.of_revision(6602)
    assert firmware == Firmware(66, 2) == Firmware.parse("66.02") == Firmware.parse("66.2")
    assert counts(88, firmware).private_variables == 0
