"""The tables of ranges, against T3000's lists."""

import json
from pathlib import Path

import pytest

from protocols.t3.ranges import PanelUnits, Values, find, known, resolve, stored_number
from protocols.types import PointKind

INPUT, OUTPUT, VARIABLE = PointKind
REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "enums.json"
OUR_WORDS = {"Unoccupied": "Unoccupy", "Occupied": "Occupy"}
TABLES = {
    INPUT: "input_analog_ranges",
    OUTPUT: "output_analog_ranges",
    VARIABLE: "variable_analog_ranges",
}


def numbers(kind: PointKind, *, digital: bool) -> list[int]:
    return [one.number for one in known(kind, digital=digital)]


def test_every_number_has_its_range() -> None:
    states = [101, 102, 103, 104]
    for kind in PointKind:
        assert numbers(kind, digital=True) == [*range(31), *states]
    assert numbers(INPUT, digital=False) == list(range(35))
    assert numbers(OUTPUT, digital=False) == list(range(9))
    assert numbers(VARIABLE, digital=False) == [*range(39), *states]


def test_every_range_can_be_told_from_the_others() -> None:
    for kind in PointKind:
        for digital in (True, False):
            labels = [one.label for one in known(kind, digital=digital)]
            assert len(set(labels)) == len(labels)


def test_turned_ranges_are_the_others_with_the_contact_turned() -> None:
    for number in range(1, 12):
        plain, turned = (find(INPUT, one, digital=True) for one in (number, number + 11))
        assert (plain.inverted, turned.inverted) == (False, True)
        assert plain.states == turned.hardware_states == turned.states[::-1]


def test_what_means_nothing_is_a_plain_number() -> None:
    for number in (0, 35, 99, 255):
        found = find(INPUT, number, digital=False)
        assert (found.values, found.unit, found.decimals) == (Values.NUMBER, "", 2)
        assert not found.is_used
    assert find(VARIABLE, 31, digital=True).decimals == 3
    assert find(INPUT, 101, digital=False).values is Values.NUMBER
    for number in (-1, 256):
        with pytest.raises(ValueError, match="ranges are bytes, 0 to 255"):
            find(INPUT, number, digital=False)


def test_the_pt12_has_other_sensors() -> None:
    labels = [find(INPUT, one, digital=False, product=46).label for one in (1, 3, 5)]
    assert labels == ["PT100 °C", "10K Type2 °C", "PT1000 °C"]
    assert find(INPUT, 1, digital=True, product=46).label == "Off/On"
    assert find(VARIABLE, 1, digital=False, product=46).label == "Degrees Celsius"


def test_custom_ranges_have_the_panels_texts() -> None:
    units = PanelUnits(tables=["Pa"], variables=["m", "km"])
    assert resolve(find(INPUT, 20, digital=False), units).unit == "Pa"
    assert resolve(find(INPUT, 21, digital=False), units).unit == ""
    assert resolve(find(VARIABLE, 35, digital=False), units).unit == "km"
    assert resolve(find(VARIABLE, 1, digital=False), units).unit == "°C"
    fourth = find(VARIABLE, 104, digital=False)
    assert resolve(fourth, PanelUnits(states=[{1: "One"}] * 4)).names == {}


def test_signals_are_those_of_the_firmware() -> None:
    signals = {one.number: one.signal for one in known(INPUT, digital=False) if one.signal}
    assert signals == {9: 5, 10: 5, 11: 2, 13: 1, 16: 3, 17: 2, 18: 1, 19: 3}
    assert find(INPUT, 22, digital=False).signal is None


@pytest.mark.parametrize(
    ("kind", "dialog", "stored"),
    [(OUTPUT, 0, 0), (OUTPUT, 31, 1), (OUTPUT, 38, 8), (VARIABLE, 39, 9), (VARIABLE, 68, 38)],
)
def test_a_dialogs_number_is_30_more(kind: PointKind, dialog: int, stored: int) -> None:
    assert stored_number(kind, dialog) == stored


@pytest.mark.parametrize(
    ("kind", "dialog", "message"),
    [
        (VARIABLE, 31, "may be stored as 31 or as 1; read it from the panel"),
        (VARIABLE, 38, "may be stored as 38 or as 8"),
        (VARIABLE, 69, "go from 31 to 68"),
        (OUTPUT, 39, "go from 31 to 38"),
        (OUTPUT, 4, "go from 31 to 38"),
        (INPUT, 33, "needs no change"),
    ],
)
def test_what_cannot_be_told_is_refused(kind: PointKind, dialog: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        stored_number(kind, dialog)


@pytest.fixture
def reference() -> dict[str, dict[str, list[dict[str, object]]]]:
    if not REFERENCE.exists():
        pytest.skip("the folder shared/reference is not beside the project")
    found: dict[str, dict[str, list[dict[str, object]]]] = json.loads(REFERENCE.read_text("utf-8"))
    return found


def test_digital_pairs_are_t3000s(reference: dict[str, dict[str, list[dict[str, object]]]]) -> None:
    for row in reference["digital_ranges"]["rows"]:
        if row["off_label"] is None:
            continue
        found = find(INPUT, int(str(row["number"])), digital=True)
        words = [OUR_WORDS.get(one, one) for one in found.states]
        assert words == [row["off_label"], row["on_label"]]
        assert found.inverted == row["inverted"]


@pytest.mark.parametrize("kind", PointKind)
def test_analog_ranges_are_t3000s(
    reference: dict[str, dict[str, list[dict[str, object]]]], kind: PointKind
) -> None:
    rows = reference[TABLES[kind]]["rows"]
    used = [row for row in rows if row["label"]]
    ours = [one for one in known(kind, digital=False) if one.values is not Values.STATES]
    assert [one.number for one in ours] == [row["number"] for row in used]
    for found, row in zip(ours, used, strict=True):
        if row["number"] == 10 and kind is INPUT:
            continue  # the firmware's limits are those of degrees Celsius
        assert (found.low, found.high) == (row.get("min"), row.get("max")), row
        own = row.get("custom_table_index", 0 if row.get("custom") else None)
        assert (found.record is None) == (own is None), row
