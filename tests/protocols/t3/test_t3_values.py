"""Values both ways, in every range of every kind, and whatever the bytes are."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import CodecError
from protocols.t3.inputs import calibration, split_decom
from protocols.t3.ranges import DigitalUnit, PanelUnits, Range, Values, find, known, resolve
from protocols.t3.values import (
    HIGHEST,
    LOWEST,
    Stored,
    engineering,
    parse,
    store,
    text,
    time_seconds,
    time_text,
    turned,
)
from protocols.types import PointKind

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "panel"
UNITS = PanelUnits(
    digital=[DigitalUnit("Idle", "Busy", inverse=bool(one % 2)) for one in range(8)],
    tables=["Pa", "m", "kg", "", "l"],
    variables=["a", "b", "c", "d", "e"],
    states=[{0: "Off", 1: "Low", 2: "High"}, {10: "Ten"}, {}],
)
RANGES = [
    resolve(one, UNITS)
    for kind in PointKind
    for digital in (True, False)
    for one in known(kind, digital=digital)
]
RAW = st.integers(LOWEST, HIGHEST)
BYTE = st.integers(0, 255)


def name(found: Range) -> str:
    return f"{found.kind}-{found.values.value}-{found.number}"


@given(st.floats(LOWEST / 1000, HIGHEST / 1000))
def test_in_every_range_a_value_comes_back_within_its_resolution(value: float) -> None:
    for found in RANGES:
        given_value = float(value > 0) if found.is_digital else value
        again = engineering(found, store(found, given_value))
        assert abs(again - given_value) <= (0 if found.is_digital else 0.0005001), name(found)
        assert engineering(found, store(found, again)) == again, name(found)


@given(RAW, st.integers(0, 1))
def test_in_every_range_what_is_stored_comes_back_as_it_was(raw: int, control: int) -> None:
    for found in RANGES:
        stored = Stored(control * 1000, control) if found.is_digital else Stored(raw)
        assert store(found, engineering(found, stored)) == stored, name(found)


@given(RAW | st.integers(-11000, 11000), st.integers(0, 1))
def test_in_every_range_a_text_is_read_to_what_it_shows(raw: int, control: int) -> None:
    for found in RANGES:
        value = engineering(found, Stored(raw, control))
        shown = text(found, value)
        again = parse(found, shown)
        whole = found.values in (Values.TIME, Values.STATES)
        assert abs(again - value) < (1 if whole else 10**-found.decimals), name(found)
        assert text(found, again) == shown, name(found)


@given(st.sampled_from(RANGES), st.integers(), st.integers())
def test_anything_stored_is_a_value_or_an_error_in_words(
    found: Range, raw: int, control: int
) -> None:
    try:
        value = engineering(found, Stored(raw, control))
    except CodecError as error:
        words = str(error)
        assert "it can be 0 or 1" in words or "no signed 32-bit number" in words
    else:
        assert text(found, value)


@given(st.sampled_from(RANGES), st.floats())
def test_any_number_is_stored_or_refused_in_words(found: Range, value: float) -> None:
    try:
        stored = store(found, value)
    except ValueError as error:
        words = str(error)
        assert any(word in words for word in ("neither", "values go from", "no number"))
    else:
        assert LOWEST <= stored.value <= HIGHEST


@given(st.sampled_from(RANGES), st.text())
def test_any_text_is_a_value_or_refused_in_words(found: Range, written: str) -> None:
    try:
        value = parse(found, written)
    except ValueError as error:
        words = str(error)
        assert any(word in words for word in ("write", "values go", "no number", "does not"))
    else:
        assert LOWEST / 1000 <= value <= HIGHEST / 1000


@given(st.sampled_from(PointKind), BYTE, st.booleans(), st.none() | BYTE)
def test_any_byte_is_a_range(
    kind: PointKind, number: int, digital: bool, product: int | None
) -> None:
    assert find(kind, number, digital=digital, product=product).number == number


@pytest.mark.parametrize("found", [one for one in RANGES if one.is_digital], ids=name)
def test_turning_twice_is_nothing(found: Range) -> None:
    for control in (0, 1):
        assert turned(found, turned(found, control)) == control
        assert found.hardware_states[turned(found, control)] == found.states[control]
    with pytest.raises(CodecError, match="0 or 1"):
        turned(found, 2)


@given(st.integers(-2147483, 2147483))
def test_a_time_comes_back(seconds: int) -> None:
    assert time_seconds(time_text(seconds)) == seconds


@pytest.mark.parametrize(
    "written", ["", "1:2", "00:60:00", "00:00:60", "1::2", "٣:00:00", "9999:0:0"]
)
def test_what_is_no_time_is_refused(written: str) -> None:
    with pytest.raises(ValueError, match=r"HH:MM:SS|hours go to 596"):
        time_seconds(written)


def test_the_ends_are_shown_and_read() -> None:
    found = find(PointKind.INPUT, 15, digital=False)
    assert text(found, HIGHEST / 1000) == "2147483.65"
    assert parse(found, "2147483.65") == HIGHEST / 1000
    with pytest.raises(ValueError, match="values go from"):
        parse(found, "2147483.66")


def test_texts_that_look_like_numbers_come_first() -> None:
    found = resolve(
        find(PointKind.INPUT, 23, digital=True), PanelUnits(digital=[DigitalUnit("1", "0")])
    )
    assert (parse(found, "0"), parse(found, "1")) == (1, 0)


@pytest.mark.parametrize(
    ("number", "digital", "written", "message"),
    [
        (2, True, "Ajar", "write Close or Open"),
        (3, False, "warm", "a number such as 21.5"),
        (20, False, "noon", "HH:MM:SS such as 01:30:30"),
        (101, False, "Fast", "one of Off, Low, High"),
    ],
)
def test_refusals_say_what_would_be_right(
    number: int, digital: bool, written: str, message: str
) -> None:
    found = resolve(find(PointKind.VARIABLE, number, digital=digital), UNITS)
    with pytest.raises(ValueError, match=message):
        parse(found, written)


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        ("01-inputs.json", PointKind.INPUT),
        ("02-outputs.json", PointKind.OUTPUT),
        ("03-variables.json", PointKind.VARIABLE),
    ],
)
def test_structs_made_by_the_firmware(file: str, kind: PointKind) -> None:
    if not (VECTORS / file).exists():
        pytest.skip("the folder shared/vectors is not beside the project")
    for vector in json.loads((VECTORS / file).read_text("utf-8"))["vectors"]:
        fields, derived = vector["fields"], vector["derived"]
        found = find(kind, fields["range"], digital=fields["digital_analog"] == 0)
        assert found.is_digital == (derived["kind"] == "digital")
        stored = Stored(fields["value"], fields["control"])
        # the vectors have six digits
        assert engineering(found, stored) == pytest.approx(derived["engineering_value"], rel=1e-5)
        if kind is PointKind.INPUT:
            offset = [fields[f"calibration_{one}"] for one in ("hi", "lo", "sign")]
            assert calibration(*offset) == derived["calibration"]
            assert split_decom(fields["decom"]) == (0, 0)
