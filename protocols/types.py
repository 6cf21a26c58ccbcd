"""The words that every driver and its callers share. Immutable values, no behaviour with I/O."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple


class Quality(enum.IntEnum):
    """How far a value can be trusted: one small integer per value.

    The numbers are stored and sent; they map to OPC UA and BACnet as in the project's table of
    quality codes (docs/quality.md) and must never be renumbered.
    """

    GOOD = 0
    OVERRIDDEN = 1  # good, but somebody or something commands it by hand
    STALE = 2  # the last usable value; the device has not answered since
    OUT_OF_RANGE = 3
    FAULT = 4
    COMM = 5  # no usable value: no answer
    OUT_OF_SERVICE = 6
    CONFIG = 7  # the device does not know this point, or it cannot be decoded

    @property
    def usable(self) -> bool:
        """Whether the value was fresh and true when its reading was taken."""
        return self in (Quality.GOOD, Quality.OVERRIDDEN, Quality.OUT_OF_RANGE)


class PointKind(enum.StrEnum):
    """T3000's three groups of live points."""

    INPUT = "input"
    OUTPUT = "output"
    VARIABLE = "variable"


MANUAL = 8  # the priority of an operator's hand (135-2020 table 19-1; T3000's Manual)
MINIMUM_ON_OFF = 6  # kept for the object's own algorithm (135-2020 clause 19.2.3)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One device on a network: where it answers and who it says it is.

    `address` is the protocol's own text ("192.168.1.5:47808"); `instance` the BACnet device
    instance or the Modbus unit id. `serial` is the serial number of the panel that is expected
    there, None where nobody knows one: it is no part of the place.
    """

    address: str
    instance: int
    serial: int | None = field(default=None, compare=False)

    def __str__(self) -> str:
        return f"device {self.instance} at {self.address}"


class PointAddress(NamedTuple):
    """One point inside a device: an object type or register table, and its number there."""

    object_type: str
    number: int

    def __str__(self) -> str:
        return f"{self.object_type},{self.number}"

    @classmethod
    @lru_cache(maxsize=100_000)  # the same ones are read again and again
    def parse(cls, text: str) -> "PointAddress":
        """Reads "analog-input,3". Raises ValueError that says what would be right."""
        object_type, comma, number = text.partition(",")
        if not comma or not object_type or not (number.isascii() and number.isdigit()):
            raise ValueError(
                f"{text!r} is not a point address; write TYPE,NUMBER such as analog-input,3"
            )
        return cls(object_type, int(number))


class Reading(NamedTuple):
    """One value as a device gave it. Absence is a quality, never a missing reading.

    `value` is a plain number (binary 0/1, multi-state from 1), or None only with a quality that
    is not usable. `time`: when it was asked for, so that it is never younger than it looks.
    """

    address: PointAddress
    value: float | None
    quality: Quality
    time: datetime


@dataclass(frozen=True, slots=True)
class Held:
    """What a device holds of a point that may be commanded: its reading, and the value in each
    filled slot of its priority array, by priority. `slots` None: the point has no such array, a
    write just sets its value and nothing can be released. A point that knows no priorities but
    Auto and Manual, as T3000's, has one slot, MANUAL.

    A slot that may be filled while nobody can tell with what (the device refuses it, or it is no
    number) is there as NaN: it proves neither a write, which NaN never equals, nor a release.
    `relinquish_default` is what has the point while no slot is filled; None: not told."""

    reading: Reading
    slots: Mapping[int, float] | None
    relinquish_default: float | None = None


@dataclass(frozen=True, slots=True)
class PointWrite:
    """One value for a point at a priority; None relinquishes."""

    point: PointAddress
    value: float | None
    priority: int | None = None


@dataclass(frozen=True, slots=True)
class PanelInfo:
    """Who a T3 panel is. None: it does not tell, or nothing that can be."""

    serial_number: int
    product: int  # its number among Temco's
    board: int | None = None
    panel_number: int | None = None
    object_instance: int | None = None
    modbus_address: int | None = None
    modbus_port: int | None = None
    network_number: int | None = None
    mstp_mac: int | None = None
    hardware_version: int | None = None


@dataclass(frozen=True, slots=True)
class DeviceInfo:
    """What a device says of itself."""

    endpoint: Endpoint
    vendor_id: int
    name: str = ""
    vendor_name: str = ""
    model_name: str = ""
    firmware: str = ""
    location: str = ""  # where it says it is, in the installer's words
    panel: PanelInfo | None = None  # of a T3 panel, as far as the protocol tells


@dataclass(frozen=True, slots=True)
class PointInfo:
    """A point as its device describes it. `states` are the texts of a binary's 0, 1 or of a
    multi-state's 1, 2, 3 ... in this order. `commandable`: what is written can be released;
    without `has_priorities` it is Auto and Manual that it knows, and no other priority than MANUAL.
    `low` and `high` bound what may be written, None where the device names no bound. `index` is
    its place among its kind, from 0, where the device itself numbers them. A T3 controller's points
    have a range: its number as stored, and whether it is one of the digital ones."""

    address: PointAddress
    kind: PointKind
    name: str
    description: str = ""
    units: str = ""
    states: tuple[str, ...] = ()
    writable: bool = False
    commandable: bool = False
    has_priorities: bool = True
    low: float | None = None
    high: float | None = None
    index: int | None = None
    range_number: int | None = None
    is_digital: bool = False


@dataclass(frozen=True, slots=True)
class ObjectInfo:
    """An object of a BACnet device that is no point: a program, a schedule, a trend log."""

    address: PointAddress
    name: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class NetworkSettings:
    """What a driver must know to open one network.

    `interface` is this machine's address with its prefix length ("192.168.1.2/24"); `targets`
    are asked for devices one by one or as directed broadcasts, the local broadcast if empty. `bbmd`
    is the BACnet broadcast management device that we register with as a foreign device, "" for
    none, each time for `bbmd_lifetime` seconds.
    """

    interface: str
    port: int
    targets: tuple[str, ...] = ()
    timeout: float = 3.0  # seconds for one try of one request
    retries: int = 1
    bbmd: str = ""
    bbmd_lifetime: int = 300


class Path(enum.StrEnum):
    """From which of our ports a BACnet device is polled. Stored and sent: never renamed."""

    POLLING = "polling"  # the port of the poller, whose codec is fast
    MAIN = "main"  # the network's own port: some devices answer no other than 47808


@dataclass(frozen=True, slots=True)
class Profile:
    """What one BACnet device takes: told by itself, learnt when it refused more, or set by a
    person.

    `max_apdu` and `reply_limit` are octets; the latter is the longest reply that it was found to be
    able to send, None while nothing below `max_apdu` was refused. `segmentation` and `services` are
    in the standard's words, "" and () while not told. `limited_at`: when something was last found
    not to work; a day later more is tried again. `pinned`: nothing is learnt, what stands here is
    used.
    """

    max_apdu: int = 480  # what the smallest routers pass on
    segmentation: str = ""
    services: tuple[str, ...] = ()
    has_rpm: bool = True
    reply_limit: int | None = None
    window: int = 1  # requests in flight
    path: Path = Path.POLLING
    limited_at: datetime | None = None
    pinned: bool = False


@dataclass(frozen=True, slots=True)
class FoundDevice:
    """One device that discovery heard of. `points` and `objects` are what could be listed;
    `problem` says in plain words why the lists are short, empty when they are whole. `profile` is
    what a BACnet device takes, None of others."""

    info: DeviceInfo
    points: tuple[PointInfo, ...] = field(default=())
    problem: str = ""
    objects: tuple[ObjectInfo, ...] = field(default=())
    profile: Profile | None = None
