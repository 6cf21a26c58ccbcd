"""The model behind a device: the piece of the building that its points sense and command."""

import asyncio
from typing import Protocol

from protocols.simulator import weather
from protocols.simulator.spec import DeviceSpec
from protocols.simulator.weather import Clock

STEP_SECONDS = 1.0  # of wall time between two steps of the model


class Front(Protocol):
    """The device's points, whatever protocol shows them to the world. All by label."""

    def commanded(self) -> dict[str, float]:
        """The present values of outputs and variables, whoever commanded them."""

    def command(self, label: str, value: float) -> None:
        """What the device's own program wants."""

    def measure(self, label: str, value: float) -> None:
        """What a sensor sees."""


class Model:
    """A plant whose program runs in the device and whose sensors the device reads."""

    def __init__(self, spec: DeviceSpec, clock: Clock, front: Front) -> None:
        self._spec, self._clock, self._front = spec, clock, front
        self._noise = {point.label: point.noise for point in spec.points}
        self._moment = clock.now()
        self._plant = spec.plant(self._moment)
        self.step()

    def step(self) -> None:
        """Brings program, plant and sensors up to now."""
        moment = self._clock.now()
        # Wall time may be set back; the model's never runs backwards.
        dt = max(0.0, moment - self._moment)
        self._moment = moment
        for label, value in self._plant.program(dt, moment, self._front.commanded()).items():
            self._front.command(label, value)
        self._plant.step(dt, moment, self._front.commanded())
        for label, value in self._plant.sense(moment).items():
            wobble = weather.wobble(f"{self._spec.name} {label}", self._clock.wall())
            self._front.measure(label, value + self._noise[label] * wobble)

    async def run(self) -> None:
        while True:
            await asyncio.sleep(STEP_SECONDS)
            self.step()
