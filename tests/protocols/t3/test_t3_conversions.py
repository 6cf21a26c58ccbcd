"""Inputs, outputs, loops, days and monitors: both ways, and whatever the bytes are."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import CodecError
from protocols.t3 import inputs, loops, monitors, outputs, times
from protocols.t3.ranges import Range, find, known
from protocols.types import PointKind

BYTE = st.integers(0, 255)
INPUT, OUTPUT, VARIABLE = PointKind
OUTPUTS = [one for one in known(OUTPUT, digital=False) if one.high is not None]


# Inputs


@given(BYTE, BYTE, st.integers(0, 1))
def test_every_calibration_comes_back(high: int, low: int, sign: int) -> None:
    offset = inputs.calibration(high, low, sign)
    assert abs(offset) <= 6553.5
    assert inputs.calibration_bytes(offset) == (high, low, sign if high or low else 0)


@given(st.floats(-6553.5, 6553.5))
def test_a_calibration_is_exact_to_a_tenth(offset: float) -> None:
    assert abs(inputs.calibration(*inputs.calibration_bytes(offset)) - offset) <= 0.05000001


@pytest.mark.parametrize("offset", [6553.6, -6553.6, float("nan"), float("inf")])
def test_other_calibrations_are_refused(offset: float) -> None:
    with pytest.raises(ValueError, match=r"from -6553\.5 to 6553\.5"):
        inputs.calibration_bytes(offset)


def test_a_calibration_of_no_bytes_is_an_error() -> None:
    with pytest.raises(CodecError, match=r"0 \(added\) or 1"):
        inputs.calibration(0, 0, 2)
    with pytest.raises(CodecError, match="no byte"):
        inputs.calibration(256, 0, 0)


@given(BYTE)
def test_any_decom_comes_back_or_is_an_error_in_words(value: int) -> None:
    try:
        status, signal = inputs.split_decom(value)
    except CodecError as error:
        words = str(error)
        assert value % 16 > 2 or value // 16 > 5
        assert "0 normal, 1 open, 2 shorted" in words or "from 0 to 5" in words
    else:
        assert inputs.decom(status, signal) == value


def test_what_is_not_measured_is_normal() -> None:
    thermistor = find(INPUT, 3, digital=False)
    assert inputs.shown_status(thermistor, inputs.OPEN, manual=False) == inputs.OPEN
    assert inputs.shown_status(thermistor, inputs.OPEN, manual=True) == inputs.NORMAL
    for found in (find(INPUT, 0, digital=False), find(INPUT, 2, digital=True)):
        assert inputs.shown_status(found, inputs.OPEN, manual=False) == inputs.NORMAL


@given(st.integers(-(2**31), 2**31 - 1), st.integers(-(2**31), 2**31 - 1), BYTE)
def test_a_filtered_value_is_between_old_and_new(old: int, new: int, weight: int) -> None:
    assert min(old, new) <= inputs.filtered(old, new, weight) <= max(old, new)


def test_a_filter_is_a_byte() -> None:
    with pytest.raises(ValueError, match="from 0 to 255"):
        inputs.filtered(0, 0, 256)


@given(st.integers(0, 1023))
def test_linear_inputs_rise_to_their_end(count: int) -> None:
    for number in (11, 12, 13, 14, 16, 17, 18, 19):
        found = find(INPUT, number, digital=False)
        assert found.high is not None
        assert 0 <= inputs.from_counts(found, count) < found.high * 1004


@pytest.mark.parametrize(("number", "count"), [(11, 1024), (11, -1), (3, 5), (0, 5), (20, 5)])
def test_other_counts_are_refused(number: int, count: int) -> None:
    with pytest.raises(ValueError, match=r"go from 0 to 1023|linear are 11 to 14 and 16 to 19"):
        inputs.from_counts(find(INPUT, number, digital=False), count)


ROWS = st.lists(
    st.tuples(st.integers(0, 0xFFFF), st.integers(-(2**31), 2**31 - 1)), min_size=16, max_size=16
)


@given(ROWS, st.booleans())
def test_any_table_comes_back_or_is_an_error_in_words(
    rows: list[tuple[int, int]], fine: bool
) -> None:
    try:
        table = inputs.Table.from_stored(rows, fine=fine)
    except CodecError as error:
        words = str(error)
        assert "do not ascend" in words
    else:
        assert table.stored() == rows


@given(st.data(), st.booleans())
def test_a_table_that_ascends_comes_back(data: st.DataObject, fine: bool) -> None:
    volts = data.draw(st.lists(st.integers(1, 0xFFFF), unique=True, max_size=16).map(sorted))
    rows = [(one, data.draw(st.integers(-(2**31), 2**31 - 1))) for one in volts]
    rows += [(0, 0)] * (16 - len(rows))
    table = inputs.Table.from_stored(rows, fine=fine)
    assert table.stored() == rows
    for x, y in table.pairs:
        assert table.value(x) == pytest.approx(y)


def test_a_fine_table_is_in_hundredths() -> None:
    table = inputs.Table(((0.25, -1.5), (1.75, 2.25)), fine=True)
    assert table.stored()[:2] == [(25, -150), (175, 225)]
    assert inputs.Table.from_stored(table.stored(), fine=True) == table


@pytest.mark.parametrize(
    ("pairs", "message"),
    [
        ([(float(one), 0.0) for one in range(17)], "17 pairs are too many"),
        ([(2.0, 0.0), (1.0, 0.0)], r"ascend by at least 0\.1"),
        ([(1.0, 0.0), (1.01, 0.0)], r"ascend by at least 0\.1"),
        ([(6554.0, 0.0)], "does not fit"),
        ([(1.0, 1e12)], "does not fit"),
        ([(1.0, float("inf"))], "two numbers"),
        ([(float("nan"), 1.0)], "two numbers"),
    ],
)
def test_tables_that_cannot_be_stored(pairs: list[tuple[float, float]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        inputs.Table(tuple(pairs)).stored()


def test_an_empty_table_has_no_value() -> None:
    with pytest.raises(ValueError, match="no pairs"):
        inputs.Table.from_stored([(0, 0)] * 16).value(1.0)


# Outputs


@pytest.mark.parametrize("found", OUTPUTS, ids=lambda found: found.label)
@given(data=st.data())
def test_what_an_output_gives_is_the_value_to_a_thousandth(
    data: st.DataObject, found: Range
) -> None:
    value = data.draw(st.floats(0, found.high))
    back = outputs.value_of(found, outputs.per_mille(found, value))
    assert abs(back - value) <= found.high / (1000 - found.base) + 0.001


@given(st.floats(-2147483, 2147483))
def test_an_output_stays_within_what_the_hardware_has(value: float) -> None:
    for found in OUTPUTS:
        assert 0 <= outputs.per_mille(found, value) <= 1000


def test_an_output_without_scale_is_refused() -> None:
    with pytest.raises(ValueError, match="analog ones are 1 to 8"):
        outputs.per_mille(find(OUTPUT, 0, digital=False), 5)
    with pytest.raises(ValueError, match="from 200 to 1000"):
        outputs.value_of(find(OUTPUT, 8, digital=False), 199)
    assert outputs.hand_value(find(OUTPUT, 12, digital=True)) == 1


@given(BYTE)
def test_any_limit_is_volts(tenths: int) -> None:
    found = outputs.limit(tenths)
    assert outputs.limit_byte(found) == (tenths if tenths <= 120 else 0)


@pytest.mark.parametrize("volts", [-0.1, 12.1, float("nan")])
def test_other_limits_are_refused(volts: float) -> None:
    with pytest.raises(ValueError, match=r"from 0 to 12\.0"):
        outputs.limit_byte(volts)


# Loops


@given(BYTE, BYTE)
def test_a_proportional_comes_back(low: int, high: int) -> None:
    assert loops.proportional_bytes(loops.proportional(low, high)) == (low, high)


@given(BYTE)
def test_any_rate_comes_back_or_is_an_error_in_words(byte: int) -> None:
    if byte > 200:
        with pytest.raises(CodecError, match=r"from 0\.00 to 2\.00"):
            loops.rate(byte)
    else:
        assert loops.rate_byte(loops.rate(byte)) == byte


def test_what_no_loop_holds_is_refused() -> None:
    with pytest.raises(ValueError, match=r"0\.00 to 2\.00"):
        loops.rate_byte(2.01)
    with pytest.raises(ValueError, match="0 to 65535"):
        loops.proportional_bytes(65536)


def test_a_setpoint_has_one_decimal() -> None:
    assert loops.setpoint_text(22050) == "22.1"


# Days and clocks


def test_every_day_comes_back() -> None:
    every = [times.day_at(index) for index in range(366)]
    assert [times.day_index(*day) for day in every] == list(range(366))
    assert times.days(times.bitmap(every)) == tuple(every)
    assert every[59:61] == [(2, 29), (3, 1)]


def test_a_leap_year_needs_no_shift_and_others_one() -> None:
    for year, shift in ((2024, 0), (2025, 1)):
        day = date(year, 3, 1)
        assert times.day_index(day.month, day.day) == day.timetuple().tm_yday - 1 + shift


@given(st.binary(min_size=46, max_size=46))
def test_any_bitmap_is_days_or_an_error_in_words(raw: bytes) -> None:
    if raw[45] >> 6:
        with pytest.raises(CodecError, match="must be 0"):
            times.days(raw)
    else:
        assert times.bitmap(times.days(raw)) == raw


def test_what_is_no_day_is_refused() -> None:
    for day in ((2, 30), (13, 1), (0, 5), (4, 31)):
        with pytest.raises(ValueError, match="there is no day"):
            times.bitmap([day])
    with pytest.raises(ValueError, match="from 0 to 365"):
        times.day_at(366)
    with pytest.raises(CodecError, match="46 bytes, not 45"):
        times.days(bytes(45))


@given(st.integers(-(2**15), 2**15 - 1))
def test_any_zone_comes_back_or_is_an_error_in_words(hundredths: int) -> None:
    if -1200 <= hundredths <= 1300:
        assert times.zone_hundredths(times.zone(hundredths)) == hundredths
    else:
        with pytest.raises(CodecError, match="from -1200 to 1300"):
            times.zone(hundredths)


@pytest.mark.parametrize("offset", [timedelta(hours=14), timedelta(seconds=1), timedelta(days=-9)])
def test_other_zones_are_refused(offset: timedelta) -> None:
    with pytest.raises(ValueError, match="hundredths of an hour"):
        times.zone_hundredths(offset)


@given(st.integers(-(2**31), 2**31 - 1))
def test_any_alarm_time_is_shown_or_blank(seconds: int) -> None:
    shown = times.alarm_time(seconds)
    assert (shown is None) == (not 1420041600 <= seconds <= 2051193600)
    assert times.alarm_seconds(shown) == (0 if shown is None else seconds)


def test_a_time_that_t3000_does_not_show_is_refused() -> None:
    with pytest.raises(ValueError, match="from 2015 to 2034"):
        times.alarm_seconds(datetime(2040, 1, 1, tzinfo=UTC))


# Monitors


@given(BYTE, st.integers(0, 59), st.integers(0, 59))
def test_any_interval_comes_back(hours: int, minutes: int, seconds: int) -> None:
    parts = hours, minutes, seconds
    assert monitors.interval_parts(monitors.interval(*parts)) == parts


@given(BYTE)
def test_packed_bytes_come_back(packed: int) -> None:
    assert monitors.length_byte(*monitors.length(packed)) == packed
    assert monitors.digital_sample_byte(*monitors.digital_sample(packed)) == packed


def test_what_no_monitor_holds_is_refused() -> None:
    with pytest.raises(CodecError, match="both go to 59"):
        monitors.interval(0, 60, 0)
    with pytest.raises(ValueError, match="from 0 to 921599 s"):
        monitors.interval_parts(921600)
    with pytest.raises(ValueError, match="1 minutes, 2 hours, 3 days"):
        monitors.length_byte(4, 0)
    with pytest.raises(ValueError, match="from 0 to 63"):
        monitors.length_byte(1, 64)
    with pytest.raises(ValueError, match="0 to 127, 0 or 1"):
        monitors.digital_sample_byte(128, 0)
