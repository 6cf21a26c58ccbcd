import pytest

from protocols.driver import Discovers, Driver, Writes, require
from protocols.errors import Unsupported
from protocols.registry import DRIVERS, open_driver
from protocols.types import NetworkSettings

SETTINGS = NetworkSettings("127.0.0.1/8", 47810)


@pytest.mark.parametrize("protocol", DRIVERS)
def test_every_registered_driver_can_be_made(protocol: str) -> None:
    assert isinstance(open_driver(protocol, SETTINGS), Driver)


def test_unknown_protocol_names_the_known_ones() -> None:
    with pytest.raises(Unsupported, match="no driver speaks 'lon'; there are: bacnet"):
        open_driver("lon", SETTINGS)


def test_require_refuses_what_a_driver_lacks() -> None:
    driver = open_driver("bacnet", SETTINGS)
    assert require(driver, Discovers) is driver
    assert require(driver, Writes) is driver
    with pytest.raises(Unsupported, match="it lacks Writes"):
        require(object(), Writes)
