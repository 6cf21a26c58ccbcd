"""Registers as points: pure, and whatever the bytes are."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.modbus.points import Registers, block_bytes, encode, point_info, state, text
from protocols.modbus.product import load
from protocols.types import PointAddress, PointKind, Quality

T3 = load("t3")
INPUT, OUTPUT, VARIABLE = (T3.areas[kind] for kind in PointKind)
WORDS = st.integers(0, 0xFFFF)

# Items as panels hold them, as hexadecimal bytes.
ROOM = (
    "526f6f6d2054656d70000000000000000000000000524d54454d50000000a05b0000050000000000010000000003"
)
FULL = "41" * 21 + "4c" * 9 + "ffffff7f" + "050000000000010000000003"


def test_the_map_is_whole() -> None:
    """Against the areas' ends as the firmware's header has them."""
    ends = {kind: area.live(area.count)[0].stop - 1 for kind, area in T3.areas.items()}
    assert ends == {PointKind.OUTPUT: 7227, PointKind.INPUT: 7611, PointKind.VARIABLE: 8347}
    blocks = {kind: area.item(area.count).stop - 1 for kind, area in T3.areas.items()}
    assert blocks == {PointKind.OUTPUT: 11471, PointKind.INPUT: 12943, PointKind.VARIABLE: 15503}
    singles = {
        first: area.count
        for area in T3.areas.values()
        for first in (area.auto_manual, area.range_number, area.digital_analog, area.switch)
        if first is not None
    }
    of_64 = (7228, 7292, 7356, 7420, 7804, 7868)
    assert singles == dict.fromkeys(of_64, 64) | dict.fromkeys((8348, 8532, 8660), 128)


@pytest.mark.parametrize(
    ("products", "firmware"), [({88}, "66.02"), ({74, 35}, "66.2")], ids=["ESP32", "ARM"]
)
def test_each_class_says_its_firmware_in_its_way(products: set[int], firmware: str) -> None:
    for product in products:
        family = T3.family(product)
        assert family is not None
        assert family.firmware.format(major=66, minor=2) == firmware
    assert T3.family(10) is None


def test_an_item_is_described() -> None:
    info = point_info(T3, PointKind.INPUT, 1, bytes.fromhex(ROOM))
    assert info is not None
    assert (info.address, info.name) == (PointAddress("input", 1), "RMTEMP")
    assert (info.description, info.units, info.states) == ("Room Temp", "°C", ())


def test_texts_that_fill_their_room_have_no_end() -> None:
    info = point_info(T3, PointKind.INPUT, 2, bytes.fromhex(FULL))
    assert info is not None
    assert (info.name, info.description) == ("L" * 9, "A" * 21)


def test_an_item_that_nobody_uses_is_no_point() -> None:
    assert point_info(T3, PointKind.VARIABLE, 1, bytes(39)) is None
    unnamed = bytes(38) + b"\x01"  # a range and nothing else
    info = point_info(T3, PointKind.VARIABLE, 7, unnamed)
    assert info is not None
    assert (info.name, info.states) == ("VAR7", ("Off", "On"))


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"SAT\0garbage", "SAT"),
        (b"\xff" * 9, ""),
        ("Außen".encode(), "Außen"),
        ("Außen".encode("cp1252"), "Außen"),
        (b"\x01\x02 A\tB \0", "A B"),
    ],
)
def test_text(raw: bytes, shown: str) -> None:
    assert text(raw) == shown


@given(st.sampled_from(PointKind), st.data())
def test_any_bytes_are_described_or_are_no_point(kind: PointKind, data: st.DataObject) -> None:
    width = T3.areas[kind].block.registers
    words = data.draw(st.lists(WORDS, min_size=width, max_size=width))
    info = point_info(T3, kind, 5, block_bytes(words))
    if info is not None:
        assert info.name
        assert info.name.isprintable()
        assert info.description.isprintable()
        assert len(info.states) in (0, 2)


@given(st.sampled_from(PointKind), st.data())
def test_any_registers_are_a_reading(kind: PointKind, data: st.DataObject) -> None:
    area = T3.areas[kind]
    number = data.draw(st.integers(1, area.count))
    registers = {one: data.draw(WORDS) for span in area.live(number) for one in span}
    found = state(area, number, registers)
    assert (found.value is None) == (found.quality is Quality.FAULT)
    if found.value is not None:
        assert encode(found.value, is_digital=found.is_digital) == [
            registers[one] for one in area.value_registers(number)
        ]


@given(st.integers(-(2**31), 2**31 - 1))
def test_a_written_value_is_read_back_to_the_thousandth(thousandths: int) -> None:
    high, low = encode(thousandths / 1000, is_digital=False)
    registers: Registers = {8092: high, 8093: low, 8348: 1, 8532: 1, 8660: 1}
    found = state(VARIABLE, 1, registers)
    assert (found.value, found.is_manual) == (thousandths / 1000, True)


@given(st.floats(-2147483.647, 2147483.647))
def test_any_number_that_fits_is_two_registers(value: float) -> None:
    words = encode(value, is_digital=False)
    assert len(words) == 2
    assert all(0 <= word <= 0xFFFF for word in words)


@given(st.floats().filter(lambda value: not -2147483.648 <= value <= 2147483.647))
def test_any_other_is_refused_in_words(value: float) -> None:
    with pytest.raises(ValueError, match=r"values go from -2147483\.648 to 2147483\.647|no number"):
        encode(value, is_digital=False)


@pytest.mark.parametrize(
    ("switch", "manual", "quality"),
    [(1, 0, Quality.GOOD), (1, 1, Quality.OVERRIDDEN), (0, 0, Quality.OVERRIDDEN),
     (2, 0, Quality.OVERRIDDEN), (2, 1, Quality.OVERRIDDEN)],
)  # fmt: skip
def test_what_a_hand_commands_is_overridden(switch: int, manual: int, quality: Quality) -> None:
    registers = {7100: 0, 7101: 45500, 7228: switch, 7292: 4, 7356: manual, 7420: 1}
    found = state(OUTPUT, 1, registers)
    assert (found.value, found.quality) == (45.5, quality)


def test_a_digital_value_that_is_neither_0_nor_1_is_a_fault() -> None:
    registers = {7484: 0, 7485: 1000, 7804: 0x0001, 7868: 0}
    assert state(INPUT, 1, registers).quality is Quality.FAULT


VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "panel"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("01-inputs.json", PointKind.INPUT),
        ("02-outputs.json", PointKind.OUTPUT),
        ("03-variables.json", PointKind.VARIABLE),
    ],
)
def test_structs_made_by_the_firmware(name: str, kind: PointKind) -> None:
    if not (VECTORS / name).exists():
        pytest.skip("the folder shared/vectors is not beside the project")
    for vector in json.loads((VECTORS / name).read_text())["vectors"]:
        fields = vector["fields"]
        info = point_info(T3, kind, 1, bytes.fromhex(vector["hex"]))
        assert info is not None
        assert (info.name, info.description) == (fields["label"], fields["description"])
        assert bool(info.states) == (vector["derived"]["kind"] == "digital")
