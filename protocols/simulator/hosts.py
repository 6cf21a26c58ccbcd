"""What one process of the simulator hosts: a device, many, a trunk or a subnet. Values only."""

import enum
from dataclasses import dataclass
from ipaddress import IPv4Interface, IPv4Network

from protocols.simulator.spec import DeviceSpec, Protocol

STATIONS = 127  # masters on one MS/TP trunk, the router's own included at MAC 0; clause 9.2


@dataclass(frozen=True, slots=True)
class Crowd:
    """BACnet/IP devices that share a process, as one for each would be too much. Two of them may
    have the same instance. It is known by the instance of its first.

    `is_fast`: they are answered by our own codec instead of bacpypes3. They know no segmentation,
    no delay and of the faults only those of `Trouble`, and their values move with their kind alone.
    """

    devices: tuple[DeviceSpec, ...]
    is_fast: bool = False

    def __post_init__(self) -> None:
        if not self.devices:
            raise ValueError("a crowd has at least one device")
        _check_bacnet(self.devices)

    @property
    def name(self) -> str:
        return f"{len(self.devices)} devices from {self.devices[0].name} on"

    @property
    def instance(self) -> int:
        return self.devices[0].instance

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(spec.place for spec in self.devices)


@dataclass(frozen=True, slots=True, kw_only=True)
class Trunk:
    """A router on IP, which is a device too, and the MS/TP network behind it. The stations have
    the MACs 1, 2, 3 ... in this order; the address of a station's spec is not used."""

    router: DeviceSpec
    stations: tuple[DeviceSpec, ...]
    network: int = 2001  # of the trunk; 1 to 65534
    ip_network: int = 1
    baud: int = 38400
    turn: float = 0.255  # seconds for which the line is kept for a reply; Treply_timeout

    def __post_init__(self) -> None:
        _check_bacnet(self.devices)
        if len(self.stations) > STATIONS:
            raise ValueError(f"a trunk has at most {STATIONS} stations, not {len(self.stations)}")
        for number in (self.network, self.ip_network):
            if not 1 <= number <= 65534:
                raise ValueError(f"network numbers go from 1 to 65534, not {number}")
        if self.network == self.ip_network:
            raise ValueError(f"both sides of {self.router.name} are network {self.network}")

    @property
    def name(self) -> str:
        return f"{self.router.name} and its trunk"

    @property
    def instance(self) -> int:
        return self.router.instance

    @property
    def devices(self) -> tuple[DeviceSpec, ...]:
        return (self.router, *self.stations)

    @property
    def places(self) -> tuple[str, ...]:
        macs = range(1, len(self.stations) + 1)
        return (self.router.place, *(f"{self.network}:{mac}" for mac in macs))


class Registration(enum.StrEnum):
    """What a BBMD does when a foreign device wants to register."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    UNANSWERED = "unanswered"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subnet:
    """Devices whose broadcasts stay among themselves, and the BBMD that lets others take part.
    All have addresses of one subnet of loopback and the same port."""

    bbmd: DeviceSpec
    others: tuple[DeviceSpec, ...]
    registration: Registration = Registration.ACCEPTED
    prefix_length: int = 24

    def __post_init__(self) -> None:
        _check_bacnet(self.devices)
        for spec in self.others:
            if IPv4Interface(f"{spec.address}/{self.prefix_length}").network != self.network:
                raise ValueError(f"{spec.name} at {spec.address} is not in {self.network}")
            if spec.port != self.bbmd.port:
                raise ValueError(f"{spec.name} must have the BBMD's port {self.bbmd.port}")

    @property
    def network(self) -> IPv4Network:
        return IPv4Interface(f"{self.bbmd.address}/{self.prefix_length}").network

    @property
    def name(self) -> str:
        return f"{self.bbmd.name} and its subnet"

    @property
    def instance(self) -> int:
        return self.bbmd.instance

    @property
    def devices(self) -> tuple[DeviceSpec, ...]:
        return (self.bbmd, *self.others)

    @property
    def places(self) -> tuple[str, ...]:
        return tuple(spec.place for spec in self.devices)


Host = DeviceSpec | Crowd | Trunk | Subnet


def _check_bacnet(specs: tuple[DeviceSpec, ...]) -> None:
    for spec in specs:
        if spec.protocol is not Protocol.BACNET:
            raise ValueError(f"{spec.name} speaks {spec.protocol}; it needs a process of its own")
