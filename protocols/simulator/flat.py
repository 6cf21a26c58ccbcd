"""Devices made to measure for tests and benchmarks: N points without a building behind them."""

import math
from collections import Counter
from collections.abc import Callable, Mapping
from functools import lru_cache, partial
from itertools import cycle, islice
from zlib import crc32

from protocols.simulator.faults import NO_FAULTS, Faults
from protocols.simulator.spec import DeviceSpec, ObjectType, Point, Protocol

AI, AO, AV = ObjectType.ANALOG_INPUT, ObjectType.ANALOG_OUTPUT, ObjectType.ANALOG_VALUE
BI, BO, BV = ObjectType.BINARY_INPUT, ObjectType.BINARY_OUTPUT, ObjectType.BINARY_VALUE
MI, MV = ObjectType.MULTI_STATE_INPUT, ObjectType.MULTI_STATE_VALUE
VARIED = (AI, AI, AV, AI, BI, AO, AI, BV, AI, MI, AI, AV, BO, AI, BI, AO, AI, BV, AV, MV)
PREFIXES = {AI: "AI", AO: "AO", AV: "AV", BI: "BI", BO: "BO", BV: "BV", MI: "MI", MV: "MV"}
NOUNS = {
    AI: "Sensor", AO: "Valve", AV: "Setpoint", BI: "Contact", BO: "Relay", BV: "Flag",
    MI: "Selector", MV: "Mode",
}  # fmt: skip


class Drift:
    """Values from 5 to 95 that swing with periods of 10 to 20 simulated minutes."""

    def __init__(
        self, moment: float, *, sensed: tuple[str, ...], commanded: tuple[str, ...]
    ) -> None:
        self.sensed = sensed
        self.commanded = commanded
        self.moment = moment

    def program(self, _dt: float, moment: float, _points: Mapping[str, float]) -> dict[str, float]:
        return self._values(self.commanded, moment)

    def step(self, _dt: float, moment: float, _points: Mapping[str, float]) -> None:
        self.moment = moment

    def sense(self, moment: float) -> dict[str, float]:
        return self._values(self.sensed, moment)

    @staticmethod
    def _values(labels: tuple[str, ...], moment: float) -> dict[str, float]:
        phases = {label: crc32(label.encode()) for label in labels}
        return {
            label: 50 + 45 * math.sin(math.tau * moment / (600 + phase % 600) + phase % 7)
            for label, phase in phases.items()
        }


def flat_points(count: int) -> tuple[Point, ...]:
    """Half analog inputs, a quarter outputs, the rest variables."""
    _check(count)
    outputs = count // 4
    variables = count // 4
    inputs = count - outputs - variables
    return (
        *(_point(ObjectType.ANALOG_INPUT, "IN", "Input", place) for place in range(inputs)),
        *(_point(ObjectType.ANALOG_OUTPUT, "OUT", "Output", place) for place in range(outputs)),
        *(_point(ObjectType.ANALOG_VALUE, "VAR", "Variable", place) for place in range(variables)),
    )


def varied_points(count: int) -> tuple[Point, ...]:
    """Of all types, in the shares that a controller has of each."""
    _check(count)
    numbers: Counter[ObjectType] = Counter()
    listed = []
    for kind in islice(cycle(VARIED), count):
        listed.append(_point(kind, PREFIXES[kind], NOUNS[kind], numbers[kind]))
        numbers[kind] += 1
    return tuple(listed)


def flat_device(
    name: str,
    instance: int,
    address: str,
    port: int,
    points: int | tuple[Point, ...] = 60,
    *,
    reply_delay: float = 0.0,
    supports_rpm: bool = True,
    supports_wpm: bool = True,
    max_apdu: int = 600,
    segmentation: bool = False,
    faults: Faults = NO_FAULTS,
    protocol: Protocol = Protocol.BACNET,
    write_log: str = "",
) -> DeviceSpec:
    """A device whose points all move: so many of `flat_points`, or those given.

    `reply_delay` makes it slow: every confirmed request is answered only after so many seconds.
    """
    listed = flat_points(points) if isinstance(points, int) else points
    return DeviceSpec(
        name=name,
        instance=instance,
        address=address,
        port=port,
        plant=_plant(listed),
        points=listed,
        model_name="T3-FLAT",
        max_apdu=max_apdu,
        segmentation=segmentation,
        reply_delay=reply_delay,
        supports_rpm=supports_rpm,
        supports_wpm=supports_wpm,
        faults=faults,
        protocol=protocol,
        write_log=write_log,
    )


@lru_cache
def _plant(points: tuple[Point, ...]) -> Callable[[float], Drift]:
    """What moves them; shared by all devices that have them."""
    sensed = tuple(point.label for point in points if point.type.is_input)
    commanded = tuple(point.label for point in points if not point.type.is_input)
    return partial(Drift, sensed=sensed, commanded=commanded)


def _check(count: int) -> None:
    if count < 1:
        raise ValueError(f"a device has at least 1 point, not {count}")


def _point(kind: ObjectType, prefix: str, noun: str, place: int) -> Point:
    label, text = f"{prefix}{place + 1}", f"{noun} {place + 1}"
    if kind.is_binary:
        return Point(kind, label, text, states=("Off", "On"))
    if not kind.is_analog:
        return Point(kind, label, text, initial=1, states=("Low", "Medium", "High"))
    noise = 0.5 if kind.is_input else 0.0
    return Point(kind, label, text, units="percent", noise=noise, low=0, high=100)
