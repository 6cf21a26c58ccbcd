"""What `manage.py simulate --profile` offers: networks of devices with the ways of real ones."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address
from itertools import cycle, islice
from typing import Any

from protocols.simulator.demo import FIRST_ADDRESS as DEMO_ADDRESS
from protocols.simulator.demo import PORT, demo_building
from protocols.simulator.faults import Faults, Overflow
from protocols.simulator.flat import flat_device, flat_points, varied_points
from protocols.simulator.hosts import STATIONS, Crowd, Host, Registration, Subnet, Trunk
from protocols.simulator.spec import DeviceSpec, Point

DEMO = "demo"
FIRST_ADDRESS = "127.1.0.1"  # of all profiles but the demo
FIRST_INSTANCE = 400001
COUNT = 5
POINTS = 60
MOST = 300  # devices of one command: bacpypes3 takes a millisecond to make an object
FAST_MOST = 5000
PROCESSES = 20  # each device has one up to here; more devices share as many as there are cores
SUBNET_PREFIX = 24

Ways = Mapping[str, Any]  # arguments of flat_device


class Draft:
    """Makes devices one after the other, each at the next address and with the next instance."""

    def __init__(self, first_address: str, port: int, points: tuple[Point, ...]) -> None:
        self._addresses = _addresses(IPv4Address(first_address))
        self._port = port
        self._points = points
        self._made = 0

    def device(self, name: str = "Panel", /, *, instance: int = 0, **ways: Any) -> DeviceSpec:
        place = self._made
        self._made += 1
        return flat_device(
            f"{name} {place + 1}",
            instance or FIRST_INSTANCE + place,
            next(self._addresses),
            self._port,
            self._points,
            **({"max_apdu": 1476, "segmentation": True} | ways),
        )


def _addresses(address: IPv4Address) -> Iterator[str]:
    """All from this one on but those that look like a network's own or its broadcast."""
    while True:
        if int(address) & 0xFF not in (0, 255):
            yield str(address)
        address += 1


Build = Callable[[Draft, int], Sequence[Host]]


@dataclass(frozen=True, slots=True)
class Profile:
    """`build` drafts the hosts of so many devices."""

    text: str
    build: Build
    least: int = 1
    most: int = MOST
    is_varied: bool = False  # points of all types instead of analog ones


def _each(*ways: Ways) -> Build:
    """Devices that take turns in their ways."""

    def build(draft: Draft, count: int) -> Sequence[Host]:
        return [draft.device(**way) for way in islice(cycle(ways), count)]

    return build


def _twins(draft: Draft, count: int) -> Sequence[Host]:
    instances = [FIRST_INSTANCE + place // 2 for place in range(count)]
    return [Crowd(tuple(draft.device("Twin", instance=instance) for instance in instances))]


def _trunk(draft: Draft, count: int) -> Sequence[Host]:
    router = draft.device("Router")
    ways: Ways = {"max_apdu": 480, "segmentation": False, "reply_delay": 0.01}
    stations = tuple(draft.device("Station", **ways) for _ in range(count))
    return [Trunk(router=router, stations=stations)]


def _fast(draft: Draft, count: int) -> Sequence[Host]:
    devices = tuple(draft.device("Fast", segmentation=False) for _ in range(count))
    return [Crowd(devices, is_fast=True)]


def _subnet(registration: Registration) -> Build:
    def build(draft: Draft, count: int) -> Sequence[Host]:
        bbmd = draft.device("BBMD")
        others = tuple(draft.device() for _ in range(count - 1))
        return [Subnet(bbmd=bbmd, others=others, registration=registration)]

    return build


NO_RPM: Ways = {"supports_rpm": False}
NO_SEGMENTATION: Ways = {"segmentation": False, "max_apdu": 600}
SMALL: tuple[Ways, ...] = tuple(
    {"segmentation": False, "max_apdu": octets} for octets in (50, 206, 480, 128, 1024)
)
SLOW: Ways = {"reply_delay": 1.0}
LOSSY: Ways = {"faults": Faults(loses_requests=0.1, loses_replies=0.1)}
REBOOTS: Ways = {"faults": Faults(reboots_after=100, reboot_seconds=5.0)}
DIES: Ways = {"faults": Faults(dies_after=10)}
MAIN_PORT: Ways = {"faults": Faults(answers_only_port=47808)}
OVERCLAIMS: Ways = {
    "segmentation": False,
    "max_apdu": 480,
    "faults": Faults(claims_apdu=1476, overflow=Overflow.BUFFER),
}
ODD_REPLIES: Ways = {"faults": Faults(reorders=True, refuses=("description", "units"))}


def _mixed(draft: Draft, count: int) -> Sequence[Host]:
    """A quarter behind a router, the others with every fault that a single device can have."""
    behind = min(STATIONS, count // 4)
    ways: tuple[Ways, ...] = (
        {}, NO_RPM, NO_SEGMENTATION, SLOW, *SMALL, LOSSY, REBOOTS, DIES, OVERCLAIMS, ODD_REPLIES,
    )  # fmt: skip
    return [*_trunk(draft, behind), *_each(*ways)(draft, count - behind)]


PROFILES: Mapping[str, Profile] = {
    "plain": Profile("devices without a fault: APDUs of 1476 octets, segmentation", _each({})),
    "no-rpm": Profile("no ReadPropertyMultiple", _each(NO_RPM)),
    "no-segmentation": Profile("600 octets, no segmentation: T3 panels", _each(NO_SEGMENTATION)),
    "small-apdu": Profile("APDUs of 50, 206, 480, 128, 1024 octets in turn", _each(*SMALL)),
    "slow": Profile("each answer takes a second", _each(SLOW)),
    "lossy": Profile("every tenth packet is lost, each way", _each(LOSSY)),
    "reboots": Profile("restarts for 5 s after each 100 requests", _each(REBOOTS)),
    "duplicate": Profile("two devices for each instance", _twins, least=2),
    "dies": Profile("silent for ever after 10 requests", _each(DIES)),
    "main-port": Profile("answers nobody whose UDP port is not 47808", _each(MAIN_PORT)),
    "overclaims": Profile("says 1476 octets, has room for 480", _each(OVERCLAIMS)),
    "odd-replies": Profile("reversed lists, errors inside of replies", _each(ODD_REPLIES)),
    "router": Profile("so many MS/TP stations behind a router", _trunk, most=STATIONS),
    "bbmd": Profile("a BBMD and its subnet", _subnet(Registration.ACCEPTED), most=200),
    "bbmd-refuses": Profile("takes nobody", _subnet(Registration.REFUSED), most=200),
    "bbmd-silent": Profile("does not even refuse", _subnet(Registration.UNANSWERED), most=200),
    "fast": Profile(
        "many for little: no bacpypes3, no segmentation", _fast, most=FAST_MOST, is_varied=True
    ),
    "mixed": Profile("of everything, a quarter of it behind a router", _mixed, least=8),
}


def profile_lines() -> Iterator[str]:
    """Each profile with what it is, to be read by people."""
    yield f"{DEMO:<16} the demo building: seven devices of two vendors"
    for name, profile in PROFILES.items():
        yield f"{name:<16} {profile.text}"


def simulated_network(
    name: str = DEMO,
    *,
    count: int | None = None,
    points: int | None = None,
    first_address: str | None = None,
    port: int = PORT,
) -> tuple[Host, ...]:
    """The hosts of a profile. Raises ValueError that says what would be right."""
    if name == DEMO:
        if count is not None or points is not None:
            raise ValueError("the demo building is as it is: choose another profile to count")
        return demo_building(port=port, first_address=first_address or DEMO_ADDRESS)
    if name not in PROFILES:
        raise ValueError(f"there is no profile {name!r}; there are {', '.join((DEMO, *PROFILES))}")
    profile = PROFILES[name]
    count = max(COUNT, profile.least) if count is None else count
    if not profile.least <= count <= profile.most:
        raise ValueError(
            f"profile {name} has {profile.least} to {profile.most} devices, not {count}"
        )
    many = POINTS if points is None else points
    listed = varied_points(many) if profile.is_varied else flat_points(many)
    draft = Draft(first_address or FIRST_ADDRESS, port, listed)
    return tuple(_together(profile.build(draft, count)))


def _together(hosts: Sequence[Host]) -> Iterator[Host]:
    """Lets single devices share processes where they are too many for one each."""
    singles = [host for host in hosts if isinstance(host, DeviceSpec)]
    if len(singles) <= PROCESSES:
        yield from hosts
        return
    yield from (host for host in hosts if not isinstance(host, DeviceSpec))
    processes = max(2, os.cpu_count() or 1)
    for number in range(processes):
        yield Crowd(tuple(singles[number::processes]))
