"""References to points: their bytes and their names."""

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols.errors import CodecError
from protocols.t3.references import BACNET, MODBUS, PREFIXES, Reference, decode, encode, parse

VECTORS = Path(__file__).parents[4] / "shared" / "vectors" / "panel"
BYTE = st.integers(0, 255)
NETWORK = st.integers(0, 127)
IN_PANELS = st.builds(
    Reference,
    kind=st.sampled_from([one for one in range(18) if one != 2]),
    number=st.integers(0, 2047),
    panel=BYTE,
    sub_panel=BYTE,
    network=NETWORK,
)
VARIABLES = st.builds(
    Reference, kind=st.just(2), number=st.integers(0, 1999), panel=BYTE, sub_panel=BYTE,
    network=NETWORK,
)  # fmt: skip
REGISTERS = st.builds(
    Reference, kind=st.just(2), number=st.integers(2000, 65535), panel=BYTE, sub_panel=BYTE
)
IN_MODBUS = st.builds(
    Reference,
    kind=st.sampled_from(sorted(MODBUS)),
    number=st.integers(0, 65535),
    panel=BYTE,
    sub_panel=BYTE,
)
IN_BACNET = st.builds(
    Reference,
    kind=st.sampled_from(sorted(BACNET)),
    number=st.integers(0, 2047),
    instance=st.integers(0, 0x3FFFFF),
)
ANY = IN_PANELS | VARIABLES | REGISTERS | IN_MODBUS | IN_BACNET


@given(ANY)
def test_a_reference_comes_back_from_five_bytes(reference: Reference) -> None:
    assert decode(encode(reference)) == reference


@given(st.one_of(IN_PANELS, VARIABLES))
def test_and_from_three_what_fits(reference: Reference) -> None:
    fits = Reference(reference.kind, reference.number, reference.panel)
    assert decode(encode(fits, 3)) == fits


@given(st.binary(min_size=3, max_size=3) | st.binary(min_size=5, max_size=5))
def test_any_bytes_are_a_reference_or_an_error_in_words(raw: bytes) -> None:
    try:
        found = decode(raw)
    except CodecError as error:
        words = str(error)
        assert "no point" in words or "network byte is wrong" in words
    else:
        assert str(found)
        assert decode(encode(found, len(raw))) == found


@given(st.sampled_from(sorted(PREFIXES)), st.integers(1, 2000), st.integers(1, 254))
def test_a_name_comes_back(kind: int, number: int, panel: int) -> None:
    name = f"{panel}{PREFIXES[kind]}{number}"
    assert parse(name) == Reference(kind, number - 1, panel)
    assert str(parse(name)) == name


def test_a_name_may_leave_the_panel_out() -> None:
    assert parse("in3", panel=7) == Reference(1, 2, 7)
    assert str(parse("var128")) == "VAR128"
    assert parse("1CAL2") == parse("1HOL2")
    assert parse("1AMON2") == parse("1MON2")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "such as 144IN3"),
        ("144", "such as 144IN3"),
        ("144AR3", "types are OUT, IN, VAR"),
        ("144IN", "such as 144IN3"),
        ("٣IN3", "such as 144IN3"),
        ("0IN3", "panels go from 1 to 254"),
        ("255IN3", "panels go from 1 to 254"),
        ("1IN0", "numbers go from 1 to 2048"),
        ("1IN2049", "numbers go from 1 to 2048"),
        ("1VAR2001", "numbers go from 1 to 2000"),
        ("1REG65536", "numbers go from 1 to 2000"),
        ("7:IN3", "is not in a BACnet device"),
        ("4194304:AV3", "BACnet's go from 0"),
        ("7:AV2048", "from 0 to 2047"),
        ("1HR65536", "from 0 to 65535"),
        ("1.256HR1", "panel 256"),
    ],
)
def test_what_is_no_name_is_refused(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        parse(text)


def test_bytes_that_t3000_writes() -> None:
    assert decode(bytes([2, 2, 144])) == Reference(1, 2, 144)
    assert decode(bytes([0, 2, 3, 3, 0])) == Reference(1, 0, 3, sub_panel=3)
    assert decode(bytes([0, 2, 3, 3, 1])) == Reference(1, 0, 3, sub_panel=3, network=1)
    assert decode(bytes([1, 6, 3])) == Reference(5, 1, 3)  # holiday 2
    assert encode(parse("1REG2000")) == bytes.fromhex("d0e3010080")
    assert str(decode(bytes.fromhex("d0e3010080"))) == "1REG2000"
    assert encode(parse("1REG512"))[:2] == bytes.fromhex("ff23")  # as variable 512
    binary_input = Reference(20, 5, instance=0x123456)
    assert encode(binary_input) == bytes([5, 21, 0x34, 0x56, 0x92])
    assert encode(Reference(36, 40001, 9, 8)) == bytes([0x41, 0x85, 9, 8, 0xB3])


def test_a_float_register_is_no_variable() -> None:
    assert decode(bytes([0, 3, 0, 0, 0xA0])) == Reference(34, 0)


def test_none_is_all_zero() -> None:
    assert (encode(None, 3), encode(None)) == (bytes(3), bytes(5))
    assert decode(bytes(3)) is decode(bytes([7, 0, 9, 9, 1])) is None


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ("0102", "3 or 5 bytes, not 2"),
        ("00130300", "3 or 5 bytes, not 4"),
        ("001303", "type 18 is none"),
        ("002003", "type -1 is none"),
        ("d0e30100", "3 or 5 bytes"),
        ("d0e301", "registers go from 2000"),
        ("0103010080", "registers go from 2000"),
        ("0102010080", "its network byte is wrong"),
        ("051534ffff", "BACnet's go from 0 to 4194303"),
    ],
)
def test_other_bytes_are_refused(raw: str, message: str) -> None:
    with pytest.raises(CodecError, match=message):
        decode(bytes.fromhex(raw))


@pytest.mark.parametrize(
    ("reference", "size", "message"),
    [
        (Reference(18, 0), 5, "type 18 is none"),
        (Reference(1, 2048), 5, "from 0 to 2047"),
        (Reference(1, -1), 5, "from 0 to 2047"),
        (Reference(26, 65536), 5, "from 0 to 65535"),
        (Reference(1, 0, 256), 5, "from 0 to 255"),
        (Reference(1, 0, 1, 1, 128), 5, "network 128"),
        (Reference(26, 5000, 1, network=1), 5, "network 1"),
        (Reference(1, 0, instance=5), 5, "is not in a BACnet device"),
        (Reference(20, 0, instance=0x400000), 5, "from 0 to 4194303"),
        (Reference(20, 0, 1, instance=5), 5, "without a panel"),
        (Reference(20, 0, instance=5), 3, "three bytes have no room"),
        (Reference(2, 2000, 1), 3, "three bytes have no room"),
        (Reference(1, 0, 1, 2), 3, "three bytes have no room"),
        (Reference(1, 0, 1), 4, "3 or 5 bytes, not 4"),
    ],
)
def test_what_does_not_fit_is_refused(reference: Reference, size: int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        encode(reference, size)


def test_points_behind_panels_and_in_bacnet_devices_have_names() -> None:
    assert parse("77:BI5") == Reference(20, 5, instance=77)
    assert parse("144.7hr40001") == Reference(26, 40001, 144, 7)
    assert parse("3AV0") == Reference(27, 0, 3)
    assert str(Reference(1, 0, 3, 3)) == "3IN1"
    assert str(Reference(12, 5, 3)) == "point 5 of type 12 of panel 3"


@given(IN_BACNET | st.builds(
    Reference, kind=st.sampled_from(sorted(MODBUS | set(PREFIXES) - {2})),
    number=st.integers(0, 1999), panel=st.integers(1, 254), sub_panel=st.just(0),
) | st.builds(Reference, kind=st.just(26), number=st.integers(0, 65535), panel=st.just(9),
    sub_panel=st.integers(10, 255),
))  # fmt: skip
def test_every_name_comes_back(reference: Reference) -> None:
    assert parse(str(reference)) == reference


def test_references_of_a_monitor_made_by_the_firmware() -> None:
    file = VECTORS / "06-monitors.json"
    if not file.exists():
        pytest.skip("the folder shared/vectors is not beside the project")
    vector = json.loads(file.read_text("utf-8"))["vectors"][0]
    raw = bytes.fromhex(vector["hex"])
    for index, fields in enumerate(vector["fields"]["inputs"]):
        found = decode(raw[9 + 5 * index : 14 + 5 * index])
        if fields["point_type"] == 0:
            assert found is None
            continue
        assert found is not None
        assert (found.kind + 1, found.number) == (fields["point_type"], fields["number"])
        assert (found.panel, found.sub_panel) == (fields["panel"], fields["sub_id"])
