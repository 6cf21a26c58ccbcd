"""Addresses of devices as people write them, brought into the one form that the drivers give them:
a device must not be known twice because somebody wrote its usual port. No I/O, no protocol stack.
"""

import ipaddress
import re
from collections.abc import Callable

BACNET_PORT = 47808
INSTANCES = {"bacnet": range(4194303), "modbus": range(1, 256)}  # 255: whoever is there
NETWORK = re.compile(r"([0-9]{1,5}):(.+)")
STATION = re.compile(r"[0-9]{1,3}|0x(?:[0-9a-f]{2}){1,7}")


def canonical(protocol: str, text: str, *, port: int) -> str:
    """The address in the driver's form; `port` is that of the network. Raises ValueError that says
    what would be right."""
    return FORMS[protocol](text.strip(), port) if protocol in FORMS else text


def check_instance(protocol: str, instance: int) -> None:
    """Raises ValueError that says which there are."""
    known = INSTANCES.get(protocol)
    if known is not None and instance not in known:
        what = "BACnet instances" if protocol == "bacnet" else "Modbus units"
        raise ValueError(f"{what} go from {known.start} to {known.stop - 1:,}.")


def _modbus(text: str, port: int) -> str:
    host, given = _host(text, "write one such as 10.0.1.20 or 10.0.1.20:502.")
    return f"{host}:{given or port}"


def _bacnet(text: str, port: int) -> str:
    """On the network itself, or behind a router: a network number and a station."""
    right = "write one such as 192.168.1.5, 192.168.1.5:47809 or, behind a router, 2001:12."
    routed = NETWORK.fullmatch(text)
    if routed is None:
        return _bacnet_ip(text, right)
    number, station = int(routed[1]), routed[2].lower()
    if not 1 <= number <= 65534:
        raise ValueError(f"{number} is no number of a network; {right}")
    if "." in station:
        return f"{number}:{_bacnet_ip(station, right)}"
    if not STATION.fullmatch(station):
        raise ValueError(f"{station!r} is no station; {right}")
    if station.startswith("0x") and len(station) > 4:
        return f"{number}:{station}"
    single = int(station, 0 if station.startswith("0x") else 10)
    if single > 255:
        raise ValueError(f"{single} is no station; {right}")
    return f"{number}:{single}"


def _bacnet_ip(text: str, right: str) -> str:
    host, port = _host(text, right)
    return f"{host}:{port}" if port not in (None, BACNET_PORT) else host


def check_host(text: str) -> None:
    """Whether it is an IPv4 address, with or without a port. Raises ValueError."""
    _host(text, "write one such as 192.168.1.5 or 192.168.1.5:47809.")


def _host(text: str, right: str) -> tuple[str, int | None]:
    host, colon, port = text.partition(":")
    try:
        address = str(ipaddress.IPv4Address(host))
    except ValueError:
        raise ValueError(f"{text!r} is no address of a device; {right}") from None
    if not colon:
        return address, None
    if not re.fullmatch("[0-9]{1,5}", port) or not 1 <= int(port) <= 65535:
        raise ValueError(f"{port!r} is no port; {right}")
    return address, int(port)


FORMS: dict[str, Callable[[str, int], str]] = {"bacnet": _bacnet, "modbus": _modbus}
