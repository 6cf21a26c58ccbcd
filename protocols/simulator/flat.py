"""Devices made to measure for tests and benchmarks: N points without a building behind them."""

import math
from collections.abc import Mapping
from functools import partial
from zlib import crc32

from protocols.simulator.faults import NO_FAULTS, Faults
from protocols.simulator.spec import DeviceSpec, ObjectType, Point, Protocol


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


def flat_device(
    name: str,
    instance: int,
    address: str,
    port: int,
    points: int = 60,
    *,
    reply_delay: float = 0.0,
    supports_rpm: bool = True,
    max_apdu: int = 600,
    segmentation: bool = False,
    faults: Faults = NO_FAULTS,
    protocol: Protocol = Protocol.BACNET,
    write_log: str = "",
) -> DeviceSpec:
    """A device whose points all move: half analog inputs, a quarter outputs, the rest variables.

    `reply_delay` makes it slow: every confirmed request is answered only after so many seconds.
    """
    if points < 1:
        raise ValueError(f"a device has at least 1 point, not {points}")
    outputs = points // 4
    variables = points // 4
    inputs = points - outputs - variables
    listed = (
        *(_point(ObjectType.ANALOG_INPUT, "IN", "Input", place) for place in range(inputs)),
        *(_point(ObjectType.ANALOG_OUTPUT, "OUT", "Output", place) for place in range(outputs)),
        *(_point(ObjectType.ANALOG_VALUE, "VAR", "Variable", place) for place in range(variables)),
    )
    sensed = tuple(point.label for point in listed if point.type.is_input)
    commanded = tuple(point.label for point in listed if not point.type.is_input)
    return DeviceSpec(
        name=name,
        instance=instance,
        address=address,
        port=port,
        plant=partial(Drift, sensed=sensed, commanded=commanded),
        points=listed,
        model_name="T3-FLAT",
        max_apdu=max_apdu,
        segmentation=segmentation,
        reply_delay=reply_delay,
        supports_rpm=supports_rpm,
        faults=faults,
        protocol=protocol,
        write_log=write_log,
    )


def _point(kind: ObjectType, prefix: str, noun: str, place: int) -> Point:
    return Point(
        kind,
        f"{prefix}{place + 1}",
        f"{noun} {place + 1}",
        units="percent",
        noise=0.5 if kind.is_input else 0.0,
        low=0,
        high=100,
    )
