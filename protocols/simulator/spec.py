"""What a simulated device is: its place, its identity and its points. Values only."""

import enum
import typing
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address

from protocols.simulator.faults import NO_FAULTS, Faults

LABEL_LENGTH = 8  # what T3000's panels have room for
OUTPUT_TEXT_LENGTH = 18
TEXT_LENGTH = 20


class Protocol(enum.StrEnum):
    """What a device speaks."""

    BACNET = "BACnet/IP"
    MODBUS = "Modbus TCP"


class ObjectType(enum.StrEnum):
    ANALOG_INPUT = "analog-input"
    ANALOG_OUTPUT = "analog-output"
    ANALOG_VALUE = "analog-value"
    BINARY_INPUT = "binary-input"
    BINARY_OUTPUT = "binary-output"
    BINARY_VALUE = "binary-value"
    MULTI_STATE_INPUT = "multi-state-input"
    MULTI_STATE_VALUE = "multi-state-value"

    @property
    def is_analog(self) -> bool:
        return self.value.startswith("analog")

    @property
    def is_binary(self) -> bool:
        return self.value.startswith("binary")

    @property
    def is_input(self) -> bool:
        return self.value.endswith("input")

    @property
    def is_output(self) -> bool:
        return self.value.endswith("output")


class Switch(enum.IntEnum):
    OFF = 0
    AUTO = 1
    HAND = 2


@dataclass(frozen=True, slots=True)
class Point:
    """One point. Outputs and variables are commandable and start, and fall back, at `initial`.

    `states` are the texts of a binary's 0, 1 or of a multi-state's 1, 2, 3 ...; `noise` is the
    amplitude of an analog input's sensor noise; writes outside `low` to `high` are refused.
    """

    type: ObjectType
    label: str
    description: str
    initial: float = 0.0
    units: str = "no-units"
    noise: float = 0.0
    low: float | None = None
    high: float | None = None
    states: tuple[str, ...] = ()
    switch: Switch = Switch.AUTO  # the one at the panel, of a Modbus panel's output

    def __post_init__(self) -> None:
        room = OUTPUT_TEXT_LENGTH if self.type.is_output else TEXT_LENGTH
        if not 0 < len(self.label) <= LABEL_LENGTH:
            raise ValueError(f"label {self.label!r} must have 1 to {LABEL_LENGTH} characters")
        if len(self.description) > room:
            raise ValueError(f"description {self.description!r} is longer than {room} characters")
        if not self.type.is_analog and len(self.states) < 2:
            raise ValueError(f"{self.label} needs a text for each of its states")


class Plant(typing.Protocol):
    """A piece of the building and the program that runs it. `points` maps the labels of all
    outputs and variables to their present values, whoever commanded them. All arguments go by
    place: a plant may leave some unused."""

    def program(self, dt: float, moment: float, points: Mapping[str, float], /) -> dict[str, float]:
        """What the program commands, by label, having run for `dt` seconds."""

    def step(self, dt: float, moment: float, points: Mapping[str, float], /) -> None:
        """Lets `dt` seconds pass, up to the moment."""

    def sense(self, moment: float) -> dict[str, float]:
        """What the sensors see, by label."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceSpec:
    """One device. It travels to the device's process, so `plant` must be picklable: a class or
    a functools.partial of one, called with the moment at which the device starts.

    `instance` is the BACnet device instance or the Modbus address, 1 to 254.
    """

    name: str
    instance: int
    address: str
    port: int
    plant: Callable[[float], Plant]
    points: tuple[Point, ...]
    vendor_id: int = 148
    vendor_name: str = "Temco Controls"
    model_name: str = "T3-BB"
    firmware: str = "66.02"
    description: str = ""
    location: str = ""
    max_apdu: int = 600  # T3 panels send and take no more, and cannot segment
    segmentation: bool = False
    reply_delay: float = 0.0  # seconds before the answer to any confirmed request
    supports_rpm: bool = True
    supports_wpm: bool = True
    faults: Faults = NO_FAULTS  # of a BACnet device
    protocol: Protocol = Protocol.BACNET
    serial: int | None = None  # of a Modbus panel; one that follows from its place if None
    write_log: str = ""  # a file that gets a line for each write that a Modbus panel is asked for

    def __post_init__(self) -> None:
        if not IPv4Address(self.address).is_loopback:
            raise ValueError(f"{self.address}: simulated devices live on loopback addresses only")
        labels = [point.label for point in self.points]
        if len(set(labels)) != len(labels):
            raise ValueError(f"{self.name} has two points of the same label")
        if self.protocol is Protocol.MODBUS and not 1 <= self.instance <= 254:
            raise ValueError(f"{self.name}: Modbus addresses go from 1 to 254, not {self.instance}")

    @property
    def devices(self) -> tuple["DeviceSpec", ...]:
        """Itself: it may stand where several devices share a process."""
        return (self,)

    @property
    def places(self) -> tuple[str, ...]:
        return (self.place,)

    @property
    def place(self) -> str:
        return f"{self.address}:{self.port}"
