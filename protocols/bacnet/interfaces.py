"""The IPv4 addresses of this machine, to tell a person which of them there are."""

import ipaddress
import socket
from dataclasses import dataclass

import psutil


@dataclass(frozen=True, slots=True)
class OwnAddress:
    """One address of this machine, and the adapter that has it."""

    interface: ipaddress.IPv4Interface
    adapter: str

    def __str__(self) -> str:
        return f"{self.interface} ({self.adapter})"


def own_addresses() -> tuple[OwnAddress, ...]:
    """Those on a cable first, loopback last."""
    found = [
        OwnAddress(ipaddress.IPv4Interface(f"{one.address}/{one.netmask}"), adapter)
        for adapter, addresses in psutil.net_if_addrs().items()
        for one in addresses
        if one.family is socket.AF_INET and one.netmask
    ]
    return tuple(sorted(found, key=lambda one: (one.interface.is_loopback, one.interface)))
