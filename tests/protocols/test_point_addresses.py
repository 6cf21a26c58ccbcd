import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from protocols import point_addresses
from protocols.bacnet.objects import KINDS
from protocols.modbus.product import load
from protocols.point_addresses import canonical
from protocols.types import PointAddress, PointKind


@pytest.mark.parametrize(
    ("protocol", "text", "found"),
    [
        ("bacnet", "analog-input,3", "analog-input,3"),
        ("bacnet", "analog-input,0000003", "analog-input,3"),
        ("bacnet", "multi-state-value,4194302", "multi-state-value,4194302"),
        ("bacnet", "accumulator,1", "accumulator,1"),
        ("modbus", "input,1", "input,1"),
        ("modbus", "holding-register,65535", "holding-register,65535"),
        ("modbus", "holding-register-float32-cdab,007", "holding-register-float32-cdab,7"),
        ("modbus", "input-register-int16,0", "input-register-int16,0"),
    ],
)
def test_an_address_has_one_form(protocol: str, text: str, found: str) -> None:
    assert canonical(protocol, text) == found


@pytest.mark.parametrize(
    ("protocol", "text", "right"),
    [
        ("bacnet", "", "write analog-input,3"),
        ("bacnet", "analog-input", "write analog-input,3"),
        ("bacnet", "analog-input,", "write analog-input,3"),
        ("bacnet", "analog-input,-1", "write analog-input,3"),
        ("bacnet", "analog-input,1,2", "write analog-input,3"),
        ("bacnet", "analog-input,٣", "write analog-input,3"),
        ("bacnet", "analog-input,4194303", "goes from 0 to 4,194,302"),
        ("bacnet", "analog-inputs,3", "there are: analog-input"),
        ("bacnet", "device,3", "there are: analog-input"),
        ("modbus", "analog-input,3", "there are: input, output"),
        ("modbus", "input,0", "goes from 1 to 255"),
        ("modbus", "coil,65536", "goes from 0 to 65,535"),
        ("modbus", "coil-int16,1", "and holding-register-float32-dcba and the like"),
        ("modbus", "holding-register-float32,1", "there are: input, output"),
        ("modbus", "holding-register-uint16,1", "there are: input, output"),
    ],
)
def test_what_is_none_says_what_would_be_right(protocol: str, text: str, right: str) -> None:
    with pytest.raises(ValueError, match=re.escape(right)):
        canonical(protocol, text)


@given(protocol=st.sampled_from(["bacnet", "modbus"]), text=st.text())
def test_any_text_is_an_address_or_says_why_not(protocol: str, text: str) -> None:
    try:
        found = canonical(protocol, text)
    except ValueError:
        return
    assert canonical(protocol, found) == found == str(PointAddress.parse(found))


@given(text=st.from_regex(point_addresses.PATTERN, fullmatch=True))
def test_the_pattern_lets_every_address_through(text: str) -> None:
    kind, _, number = text.partition(",")
    for protocol, numbers in point_addresses.NUMBERS.items():
        if kind in numbers and int(number) in numbers[kind]:
            assert re.fullmatch(point_addresses.PATTERN, canonical(protocol, text))
            return


def test_all_that_the_drivers_find_can_be_written() -> None:
    uses = {PointKind.INPUT: "input", PointKind.OUTPUT: "output", PointKind.VARIABLE: "value"}
    assert {table: uses[kind] for table, kind in KINDS.items()} == point_addresses.BACNET_TYPES
    assert {*load("t3").areas, "pvar"} == set(point_addresses.T3_TABLES)


def test_the_pattern_knows_every_table() -> None:
    for numbers in point_addresses.NUMBERS.values():
        assert all(re.match(point_addresses.PATTERN, f"{kind},1") for kind in numbers)
