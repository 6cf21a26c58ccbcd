"""Products, boards and how many of everything."""

import json
from dataclasses import asdict
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.t3.products import (
    Firmware,
    board,
    boards,
    counts,
    names,
    product_name,
    programmable,
)

REFERENCE = Path(__file__).parents[4] / "shared" / "reference" / "enums.json"
ESP32, ARM, OLD = 88, 74, 35
OLDEST = Firmware(0)


def points(product: int, firmware: str | None, **given: int) -> tuple[int, int, int, int]:
    version = None if firmware is None else Firmware.parse(firmware)
    found = counts(product, version, **given)
    return found.inputs, found.outputs, found.variables, found.private_variables


@pytest.mark.parametrize(
    ("product", "firmware", "expected"),
    [
        (ESP32, "63.6", (64, 64, 128, 0)),
        (ESP32, "63.06", (64, 64, 128, 0)),
        (ESP32, "63.7", (100, 90, 200, 0)),
        (ESP32, "63.07", (100, 90, 200, 0)),
        (ESP32, "66.02", (100, 90, 200, 0)),
        (ESP32, "66.3", (100, 90, 200, 0)),
        (ESP32, "66.4", (100, 90, 200, 48)),
        (ESP32, "66.12", (100, 90, 200, 48)),
        (ESP32, "65.15", (100, 90, 200, 0)),  # T3000 takes it for 66.5
        (ESP32, "67.0", (100, 90, 200, 48)),
        (ESP32, None, (64, 64, 128, 0)),
        (ARM, "67.0", (64, 64, 128, 0)),
        (OLD, "66.4", (64, 64, 128, 0)),
        (1, "99.9", (64, 64, 128, 0)),
    ],
)
def test_what_may_be_set(product: int, firmware: str | None, expected: tuple[int, ...]) -> None:
    assert points(product, firmware, max_in=100, max_out=90, max_var=200) == expected


def test_settings_never_make_less() -> None:
    assert points(ESP32, "66.4", max_in=0, max_out=63, max_var=255) == (64, 64, 255, 48)
    for given_count in (-1, 256):
        with pytest.raises(ValueError, match="go from 0 to 255"):
            counts(ESP32, Firmware(66, 4), max_in=given_count)


@given(st.integers(-(2**31), 2**31), st.none() | st.builds(Firmware, st.integers(), st.integers()))
def test_any_product_has_its_counts(product: int, firmware: Firmware | None) -> None:
    found = asdict(counts(product, firmware, max_in=255))
    assert found["inputs"] in (64, 255)
    assert {found[one] for one in ("programs", "pid_loops", "screens", "arrays")} == {16}


def test_firmware_is_compared_by_its_parts() -> None:
    ascending = [Firmware.parse(one) for one in ("5.9", "63.7", "66.02", "66.4", "66.12", "67")]
    assert all(below < above for below, above in pairwise(ascending))
    assert str(Firmware.parse(" 66.02 ")) == "66.2"


@pytest.mark.parametrize("text", ["", "66.", "v66.2", "66.2.1", "٦٦.2", "6602"])
def test_what_is_no_firmware_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="main and sub number such as"):
        Firmware.parse(text)


def test_revisions() -> None:
    assert Firmware.of_revision(6602) == Firmware(66, 2)
    with pytest.raises(ValueError, match="no revision"):
        Firmware.of_revision(-1)


@pytest.mark.parametrize(
    ("number", "name", "inputs", "outputs"),
    [
        (5, "T3-BB", 32, 24),
        (0x45, "T3-BB", 32, 24),  # another chip
        (0x86, "T3-LB", 16, 10),
        (0, "CM5", 18, 10),
        (8, "T3-Nano", 0, 0),
        (95, "T3-6CTA", 24, 2),
        (15, "Airlab", None, None),
    ],
)
def test_boards(number: int, name: str, inputs: int | None, outputs: int | None) -> None:
    found = board(number)
    assert found is not None
    assert (found.name, found.inputs, found.outputs) == (name, inputs, outputs)


def test_a_board_of_which_nothing_is_known() -> None:
    assert board(63) is None
    assert board(10) is None


def test_products_have_names() -> None:
    assert product_name(ESP32) == "T3 controller (ESP32)"
    assert product_name(5) == "Product 5"
    assert programmable() <= names().keys()


def test_the_tables_are_t3000s() -> None:
    if not REFERENCE.exists():
        pytest.skip("the folder shared/reference is not beside the project")
    reference = json.loads(REFERENCE.read_text("utf-8"))
    models = reference["product_models"]
    assert sorted(names()) == [row["number"] for row in models["rows"]]
    assert programmable() == set(models["programmable_controllers"])
    rows = {row["number"]: row for row in reference["mini_types"]["rows"]}
    for number, found in boards().items():
        row = rows.pop(number)
        assert [found.ai, found.di, found.do, found.ao] == [
            row[one] for one in ("ai", "di", "do", "ao")
        ]
    assert all(row["label"] is None for row in rows.values())
    limits = reference["limits"]["rows"]
    ours = asdict(counts(ESP32, Firmware(66, 4)))
    other_names = {
        "pid": "pid_loops", "labels": None, "graphic_labels_old": "labels",
        "graphic_items_json": "graphic_items", "custom_digital_units": "digital_units",
        "custom_analog_tables": "tables", "msv_tables": "state_tables",
        "expansion_io": "expansions", "alarm_settings_firmware": "alarm_settings",
    }  # fmt: skip
    found_there = {other_names.get(name, name): count for name, count in limits.items()}
    assert {name: found_there.get(name) for name in ours} == ours
