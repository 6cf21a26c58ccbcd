"""Starts, watches and ends the processes of a simulated building, one for each host: a device, or
several that share a process.

No process outlives the building: `stop` ends them, and each ends itself when this one is gone.
"""

import asyncio
import logging
import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from types import TracebackType
from typing import Self

from protocols.simulator.addresses import AddressTakenError
from protocols.simulator.hosts import Crowd, Host, Subnet, Trunk
from protocols.simulator.spec import DeviceSpec, Protocol
from protocols.simulator.weather import Clock

logger = logging.getLogger(__name__)

START_SECONDS = 60.0
STOP_SECONDS = 1.0  # for a polite end; then SIGKILL


class StartError(RuntimeError):
    """A device did not start; names the device and the reason."""

    def __init__(self, spec: Host, reason: str) -> None:
        self.spec = spec
        self.reason = reason
        super().__init__(f"{spec.name} (device {spec.instance}) cannot start: {reason}")


class SimulatedBuilding:
    """Devices that answer on the network while the building is started. A host of several is
    known by the instance of its first device, and is started and killed as a whole.

    Also a context manager. To be used from one thread.
    """

    def __init__(self, specs: Sequence[Host], *, speed: float = 60.0) -> None:
        if not 0 < speed <= 3600:
            raise ValueError(f"speed must be above 0 and at most 3600, not {speed}")
        _check_distinct(specs)
        self.specs = {spec.instance: spec for spec in specs}
        self.speed = speed
        self._spawn = multiprocessing.get_context("spawn")
        self._processes: dict[int, SpawnProcess] = {}

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def pids(self) -> dict[int, int]:
        """The process id of each device that lives, by instance."""
        return {
            instance: process.pid
            for instance, process in self._processes.items()
            if process.pid is not None and process.is_alive()
        }

    def start(self) -> None:
        """Starts all devices at once, but those that live. Returns when each of them answers, or
        raises StartError with none of them left."""
        self._start([spec for spec in self.specs.values() if spec.instance not in self._processes])

    def stop(self) -> None:
        """Ends all devices. May be repeated."""
        self._end(list(self._processes))

    def kill(self, instance: int) -> None:
        """Ends one device without any warning, as a power cut would."""
        process = self._processes.pop(instance)
        process.kill()
        process.join()
        process.close()

    def restart(self, instance: int) -> None:
        """Starts one device anew, whether it lives or not."""
        if instance in self._processes:
            self.kill(instance)
        self._start([self.specs[instance]])

    def ended(self, timeout: float = 0.0) -> list[tuple[Host, int]]:
        """The devices whose processes ended by themselves, with their exit codes, each told once.

        Waits up to `timeout` seconds for one. They stay dead until `restart`.
        """
        closed = wait([process.sentinel for process in self._processes.values()], timeout)
        told = []
        for instance, process in list(self._processes.items()):
            if process.sentinel in closed:
                process.join()  # its sentinel closes a moment before its exit code is known
                told.append((self.specs[instance], process.exitcode or 0))
                del self._processes[instance]
                process.close()
        return told

    def _start(self, specs: Sequence[Host]) -> None:
        began = time.monotonic()
        with ExitStack() as unless_all_start:
            unless_all_start.callback(self._end, [spec.instance for spec in specs])
            starting = [(spec, self._launch(spec)) for spec in specs]
            for spec, started in starting:
                with started:
                    self._await_started(spec, started, began + START_SECONDS)
            unless_all_start.pop_all()
        logger.info("%d devices started in %.1f s", len(specs), time.monotonic() - began)

    def _end(self, instances: Sequence[int]) -> None:
        processes = [self._processes.pop(one) for one in instances if one in self._processes]
        for process in processes:
            process.terminate()
        deadline = time.monotonic() + STOP_SECONDS
        for process in processes:
            process.join(max(0.0, deadline - time.monotonic()))
            if process.is_alive():
                process.kill()
                process.join()
            process.close()

    def _launch(self, spec: Host) -> Connection:
        reader, writer = self._spawn.Pipe(duplex=False)
        process = self._spawn.Process(
            target=_live,
            args=(spec, self.speed, writer),
            name=f"simulated device {spec.instance}",
            daemon=True,
        )
        with writer, _interrupts_held():
            process.start()
        self._processes[spec.instance] = process
        return reader

    def _await_started(self, spec: Host, started: Connection, deadline: float) -> None:
        if not started.poll(max(0.0, deadline - time.monotonic())):
            raise StartError(spec, f"no answer within {START_SECONDS:.0f} s")
        try:
            problem = started.recv()
        except EOFError:
            process = self._processes[spec.instance]
            process.join()
            raise StartError(spec, f"its process ended with code {process.exitcode}") from None
        if problem:
            raise StartError(spec, problem)


def _live(host: Host, speed: float, started: Connection) -> None:
    """The life of a host's process. Sends "" when it answers, or why it cannot."""
    _end_with_parent()
    # A terminal sends Ctrl-C to all its processes; the parent decides when devices end.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGINT])

    def tell(problem: str = "") -> None:
        with started:
            started.send(problem)

    try:
        asyncio.run(_serve(host, Clock(speed), tell))
    except AddressTakenError as error:
        tell(str(error))


async def _serve(host: Host, clock: Clock, tell: Callable[[], None]) -> None:
    # Imported here, so that the devices import bacpypes3 side by side and their parent not at all.
    match host:
        case Trunk():
            from protocols.simulator import router

            await router.serve(host, clock, tell)
        case Subnet():
            from protocols.simulator import bbmd

            await bbmd.serve(host, clock, tell)
        case DeviceSpec(protocol=Protocol.MODBUS):
            from protocols.simulator import modbus

            await modbus.serve(host, clock, tell)
        case Crowd(is_fast=True):
            from protocols.simulator.fast import server

            await server.serve(host.devices, clock, tell)
        case Crowd() | DeviceSpec():
            from protocols.simulator import device

            await device.serve(host.devices, clock, tell)


def _end_with_parent() -> None:
    """Ends this process as soon as its parent is gone, even if that was killed."""
    parent = multiprocessing.parent_process()
    if parent is None:
        raise RuntimeError("a device's process must be started by multiprocessing")

    def watch() -> None:
        wait([parent.sentinel])
        os._exit(0)

    # A thread, as not every platform's asyncio loop can watch a sentinel, and as it works even
    # when the loop is stuck.
    threading.Thread(target=watch, name="end-with-parent", daemon=True).start()


def _check_distinct(specs: Sequence[Host]) -> None:
    for what, values in (
        ("instance", [str(spec.instance) for spec in specs]),
        ("address", [place for spec in specs for place in spec.places]),
    ):
        twice = {value for value in values if values.count(value) > 1}
        if twice:
            raise ValueError(f"two devices have the same {what}: {', '.join(sorted(twice))}")


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """A child inherits a held Ctrl-C and lets go of it once it ignores it; without this, one
    that comes while children import their modules leaves a traceback of each."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # it would let go of the signal when it starts by itself
    before = signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
