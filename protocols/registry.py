"""Which driver speaks which protocol. Imported on first use: nobody pays for a stack not used."""

from importlib import import_module

from protocols.driver import Driver
from protocols.errors import Unsupported
from protocols.types import NetworkSettings

DRIVERS = {
    "bacnet": "protocols.bacnet.driver.BacnetDriver",
    "modbus": "protocols.modbus.driver.ModbusDriver",
}


def open_driver(protocol: str, settings: NetworkSettings) -> Driver:
    """A driver for the network, not yet connected. Raises Unsupported for an unknown protocol."""
    try:
        path = DRIVERS[protocol]
    except KeyError:
        known = ", ".join(sorted(DRIVERS))
        raise Unsupported(f"no driver speaks {protocol!r}; there are: {known}") from None
    module, _, name = path.rpartition(".")
    driver: Driver = getattr(import_module(module), name)(settings)
    return driver
