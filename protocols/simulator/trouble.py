"""What is wrong with a device at this moment: its faults at work."""

import asyncio
from random import Random

from protocols.simulator.faults import Faults


class Trouble:
    """Says what a device hears and what of its words gets out."""

    def __init__(self, faults: Faults, instance: int) -> None:
        self._faults = faults
        self._requests = Random(f"{faults.seed} {instance} requests")
        self._replies = Random(f"{faults.seed} {instance} replies")
        self._confirmed = 0  # requests since the last restart
        self._is_dead = False
        self.rebooting = asyncio.Event()

    @property
    def is_silent(self) -> bool:
        return self._is_dead or self.rebooting.is_set()

    def hears(self, *, confirmed: bool, port: int | None = None) -> bool:
        """Whether a packet is heard; `port` is the UDP port it came from, None on MS/TP."""
        if self.is_silent or self._faults.answers_only_port not in (None, port):
            return False
        if self._requests.random() < self._faults.loses_requests:
            return False
        if confirmed:
            self._count()
        return not self.is_silent

    def _count(self) -> None:
        self._confirmed += 1
        dies, reboots = self._faults.dies_after, self._faults.reboots_after
        if dies is not None and self._confirmed > dies:
            self._is_dead = True
        elif reboots is not None and self._confirmed > reboots:
            self.rebooting.set()

    def lets_out(self) -> bool:
        """Whether a packet that the device sends reaches the network."""
        return not self.is_silent and self._replies.random() >= self._faults.loses_replies

    def is_over(self) -> None:
        """The device has started again."""
        self._confirmed = 0
        self.rebooting.clear()
