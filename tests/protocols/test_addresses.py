"""Addresses as people write them."""

import pytest
from bacpypes3.pdu import Address

from protocols.addresses import canonical, check_instance


@pytest.mark.parametrize(
    ("protocol", "text", "right"),
    [
        ("bacnet", "192.168.1.5", "192.168.1.5"),
        ("bacnet", " 192.168.1.5:47808 ", "192.168.1.5"),
        ("bacnet", "192.168.1.5:47809", "192.168.1.5:47809"),
        ("bacnet", "2001:12", "2001:12"),
        ("bacnet", "2001:0x0A", "2001:10"),
        ("bacnet", "2001:0x0102", "2001:0x0102"),
        ("bacnet", "2001:10.0.0.7:47808", "2001:10.0.0.7"),
        ("modbus", "10.0.1.20", "10.0.1.20:503"),
        ("modbus", "10.0.1.20:502", "10.0.1.20:502"),
        ("smoke signals", "hill", "hill"),
    ],
)
def test_an_address_has_one_form(protocol: str, text: str, right: str) -> None:
    assert canonical(protocol, text, port=503) == right
    assert canonical(protocol, right, port=503) == right
    if protocol == "bacnet":
        assert str(Address(text.strip())) == right, "the driver gives another form"


@pytest.mark.parametrize("protocol", ["bacnet", "modbus"])
@pytest.mark.parametrize(
    "text", ["", "boiler", "10.0.1", "10.0.1.256", "10.0.1.20:", "10.0.1.20:0", "10.0.1.20:70000",
             "10.0.1.20:x", "0:5", "65535:5", "2001:256", "2001:0x", "2001:0x1", "2001:x", "::1"],
)  # fmt: skip
def test_what_is_no_address_says_what_would_be_right(protocol: str, text: str) -> None:
    with pytest.raises(ValueError, match="write one such as"):
        canonical(protocol, text, port=502)


@pytest.mark.parametrize(
    ("protocol", "known", "unknown"),
    [("bacnet", (0, 4194302), (4194303,)), ("modbus", (1, 255), (0, 256)), ("other", (0,), ())],
)
def test_instances_have_bounds(
    protocol: str, known: tuple[int, ...], unknown: tuple[int, ...]
) -> None:
    for instance in known:
        check_instance(protocol, instance)
    for instance in unknown:
        with pytest.raises(ValueError, match="go from"):
            check_instance(protocol, instance)
