"""One simulated device: a BACnet/IP server on a loopback address and the plant behind it.

Owns what a device does; `processes` owns the process in which it does it.
"""

import asyncio
import contextlib
import logging
import socket
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    APCISequence,
    ComplexAckPDU,
    ConfirmedRequestPDU,
    ReadPropertyMultipleACK,
    SimpleAckPDU,
    WritePropertyMultipleError,
)
from bacpypes3.app import Application
from bacpypes3.appservice import ApplicationServiceAccessPoint
from bacpypes3.basetypes import PropertyIdentifier, ServicesSupported
from bacpypes3.comm import bind
from bacpypes3.errors import UnrecognizedService
from bacpypes3.ipv4.link import NormalLinkLayer
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.netservice import NetworkServiceAccessPoint, NetworkServiceElement
from bacpypes3.pdu import IPv4Address

from protocols.simulator.addresses import AddressTakenError, check_free
from protocols.simulator.faults import Overflow
from protocols.simulator.model import STEP_SECONDS, Model
from protocols.simulator.objects import make_object, present_value
from protocols.simulator.spec import DeviceSpec
from protocols.simulator.trouble import Trouble
from protocols.simulator.weather import Clock

logger = logging.getLogger(__name__)

BIND_SECONDS = 5.0
POINTS_A_SECOND = 500  # whose values are set by one process; each takes bacpypes3 about 0.1 ms
PREFIX_LENGTH = 8  # all of the loopback network is one BACnet network
BROADCAST_ADDRESS = "127.255.255.255"
CONFIRMED_REQUEST = 0  # the upper half of an APDU's first octet; clause 20.1.2
COMPLEX_ACK_HEADER = 3  # octets before the service data; clause 20.1.5
ABORTS = {
    Overflow.SEGMENTATION: AbortReason.segmentationNotSupported,
    Overflow.BUFFER: AbortReason.bufferOverflow,
}
# bacpypes3 0.0.110 shows the unconfirmed services in the bits of confirmed ones.
SERVICES = (
    "readProperty",
    "readPropertyMultiple",
    "writeProperty",
    "writePropertyMultiple",
    "subscribeCOV",
    "reinitializeDevice",
    "iAm",
    "iHave",
    "whoHas",
    "whoIs",
)


class PanelServicePoint(ApplicationServiceAccessPoint):  # type: ignore[misc]
    """Keeps to the device's own APDU length, and lets its faults happen: all that it hears and
    says goes through here.

    bacpypes3 obeys the client's limit only: unasked it would take and send 1476 octets in the
    name of a panel that has room for 600.
    """

    def __init__(self, device: Any, devices: Any, spec: DeviceSpec, trouble: Trouble) -> None:
        super().__init__(device, devices)
        self.spec = spec
        self.trouble = trouble
        # Milliseconds that a transaction may take; a slow device must not give up on itself.
        self.applicationTimeout += round(spec.reply_delay * 1000)

    async def confirmation(self, pdu: Any) -> None:
        if len(pdu.pduData) > self.spec.max_apdu:
            logger.debug("%s: dropped a request of %d octets", self.spec.name, len(pdu.pduData))
            return
        confirmed = pdu.pduData[0] >> 4 == CONFIRMED_REQUEST
        if self.trouble.hears(confirmed=confirmed, port=getattr(pdu.pduSource, "addrPort", None)):
            await super().confirmation(pdu)

    async def request(self, apdu: Any) -> None:
        if self.trouble.lets_out():
            await super().request(apdu)

    async def sap_confirmation(self, apdu: Any) -> None:
        if isinstance(apdu, ComplexAckPDU) and not self.spec.segmentation:
            apdu = self._fitting(apdu.encode() if isinstance(apdu, APCISequence) else apdu)
        if apdu is not None:
            await super().sap_confirmation(apdu)

    def _fitting(self, reply: Any) -> Any:
        if COMPLEX_ACK_HEADER + len(reply.pduData) <= self.spec.max_apdu:
            return reply
        if self.spec.faults.overflow is Overflow.SILENCE:
            return None
        return AbortPDU(
            srv=True,
            invoke_id=reply.apduInvokeID,
            reason=ABORTS[self.spec.faults.overflow],
            destination=reply.pduDestination,
        )


class SimulatedApplication(Application):  # type: ignore[misc]
    """The BACnet side of a device, put together as bacpypes3's NormalApplication is. It has no
    link to a network yet. `nsap` is its network layer, of a router another one."""

    def __init__(self, spec: DeviceSpec, trouble: Trouble, nsap: Any = None) -> None:
        super().__init__()
        self.spec = spec
        self.trouble = trouble
        device = _device_object(spec)
        self.asap = PanelServicePoint(device, self.device_info_cache, spec, trouble)
        self.nsap = nsap or NetworkServiceAccessPoint()
        self.nse = NetworkServiceElement()
        bind(self.nse, self.nsap)
        bind(self, self.asap, self.nsap)
        self.add_object(device)

    async def indication(self, apdu: Any) -> None:
        if self.spec.reply_delay and isinstance(apdu, ConfirmedRequestPDU):
            await asyncio.sleep(self.spec.reply_delay)
        await super().indication(apdu)

    async def response(self, apdu: Any) -> None:
        if self.spec.faults.reorders and isinstance(apdu, ReadPropertyMultipleACK):
            apdu.listOfReadAccessResults.reverse()
            for result in apdu.listOfReadAccessResults:
                result.listOfResults.reverse()
        await super().response(apdu)

    async def do_ReadPropertyMultipleRequest(self, apdu: Any) -> None:  # noqa: N802 - bacpypes3's
        if not self.spec.supports_rpm:
            raise UnrecognizedService("read-property-multiple")
        await super().do_ReadPropertyMultipleRequest(apdu)

    async def do_WritePropertyMultipleRequest(self, apdu: Any) -> None:  # noqa: N802 - bacpypes3's
        """bacpypes3 raises the answer that names the first failure and then does not send it; of an
        object that is not there it leaves the property out, which the answer must have."""
        if not self.spec.supports_wpm:
            raise UnrecognizedService("write-property-multiple")
        try:
            await super().do_WritePropertyMultipleRequest(apdu)
        except WritePropertyMultipleError as error:
            failed = error.firstFailedWriteAttempt
            if failed.propertyIdentifier is None:
                failed.propertyIdentifier = PropertyIdentifier("present-value")
            error.set_context(apdu)
            await self.response(error)

    async def do_ReinitializeDeviceRequest(self, apdu: Any) -> None:  # noqa: N802 - bacpypes3's
        await self.response(SimpleAckPDU(context=apdu))
        self.trouble.rebooting.set()

    def _lacking(self) -> set[str]:
        has = {
            "readPropertyMultiple": self.spec.supports_rpm,
            "writePropertyMultiple": self.spec.supports_wpm,
        }
        return {name for name, is_there in has.items() if not is_there}

    def get_services_supported(self) -> Any:
        supported = ServicesSupported([])
        for name in SERVICES:
            supported[getattr(supported, name)] = int(name not in self._lacking())
        return supported


def _device_object(spec: DeviceSpec) -> Any:
    return DeviceObject(
        objectIdentifier=("device", spec.instance),
        objectName=spec.name,
        description=spec.description,
        location=spec.location,
        vendorIdentifier=spec.vendor_id,
        vendorName=spec.vendor_name,
        modelName=spec.model_name,
        firmwareRevision=spec.firmware,
        maxApduLengthAccepted=spec.faults.claims_apdu or spec.max_apdu,
        segmentationSupported="segmented-both" if spec.segmentation else "no-segmentation",
    )


class SimulatedDevice:
    """A server whose inputs follow its plant and whose plant obeys its outputs."""

    def __init__(self, spec: DeviceSpec, clock: Clock, nsap: Any = None) -> None:
        self.spec = spec
        self.clock = clock
        self.trouble = Trouble(spec.faults, spec.instance)
        self.application = SimulatedApplication(spec, self.trouble, nsap)
        self.points = {point.label: point for point in spec.points}
        self.objects: dict[str, Any] = {}
        self._power_up()

    def _power_up(self) -> None:
        """Makes its objects anew: no command and no subscription of earlier is left."""
        for detection in list(self.application._cov_detections.values()):
            for subscription in list(detection.cov_subscriptions):
                detection.cancel_subscription(subscription)
        self.application._cov_detections.clear()
        for made in self.objects.values():
            self.application.delete_object(made)
        numbers: Counter[str] = Counter()
        for point in self.spec.points:
            numbers[point.type] += 1  # each type counts from 1
            made = make_object(point, numbers[point.type], self.spec.faults.refuses)
            self.application.add_object(made)
            self.objects[point.label] = made
        self.model = Model(self.spec, self.clock, self)

    async def live(self, first_step: float = STEP_SECONDS, step: float = STEP_SECONDS) -> None:
        """Lets plant and time pass, for ever, and restarts when it has to."""
        seconds = first_step
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self.trouble.rebooting.wait(), seconds)
            if self.trouble.rebooting.is_set():
                await asyncio.sleep(self.spec.faults.reboot_seconds)
                self._power_up()
                self.trouble.is_over()
                self.application.i_am()
            self.model.step()
            seconds = step

    def commanded(self) -> dict[str, float]:
        return {
            label: float(self.objects[label].presentValue)
            for label, point in self.points.items()
            if not point.type.is_input
        }

    def command(self, label: str, value: float) -> None:
        """At priority 16. What an operator holds at a higher one stays the present value."""
        self.objects[label].presentValue = present_value(self.points[label], value)

    def measure(self, label: str, value: float) -> None:
        if not self.objects[label].outOfService:
            self.objects[label].presentValue = present_value(self.points[label], value)


async def open_port(
    application: SimulatedApplication,
    *,
    prefix_length: int = PREFIX_LENGTH,
    network: int | None = None,
    make_link: Callable[[IPv4Address], Any] = NormalLinkLayer,
) -> Any:
    """Gives the application its UDP port; returns bacpypes3's server of it. bacpypes3 itself would
    try to bind for ever, without a word."""
    spec = application.spec
    address = IPv4Address(f"{spec.address}/{prefix_length}:{spec.port}")
    port = NetworkPortObject(
        address,
        objectIdentifier=("network-port", 1),
        objectName="BACNETIP",
        networkNumber=network or 0,
        networkNumberQuality="configured" if network else "unknown",
        protocolLevel="physical",  # while it is added: of another bacpypes3 opens a link of its own
    )
    application.add_object(port)
    port.protocolLevel = "bacnet-application"
    link = application.link_layers[port.objectIdentifier] = make_link(address)
    application.nsap.bind(link, net=network, address=address)
    _, waiting = await asyncio.wait(link.server._transport_tasks, timeout=BIND_SECONDS)
    if waiting:
        for task in waiting:
            task.cancel()
        host, number = link.server.broadcast_address or link.server.local_address
        raise AddressTakenError(f"{host}:{number}, for broadcasts, cannot be bound")
    return link.server


def check_addresses(specs: Sequence[DeviceSpec], broadcast: str = BROADCAST_ADDRESS) -> None:
    """Raises AddressTakenError if somebody has the address of a device, or has the address of
    broadcasts for himself.

    bacpypes3 shares ports: it would serve beside another, each getting some of the requests.
    """
    for spec in specs:
        check_free(spec.address, spec.port)
    if hasattr(socket, "SO_REUSEPORT"):  # else broadcasts arrive at the device's own address
        for port in {spec.port for spec in specs}:
            check_free(broadcast, port, shared=True)


async def serve(specs: Sequence[DeviceSpec], clock: Clock, started: Callable[[], None]) -> None:
    """Is the devices, for ever. Calls `started` once they answer; raises AddressTakenError."""
    check_addresses(specs)
    devices = [SimulatedDevice(spec, clock) for spec in specs]
    await asyncio.gather(*(open_port(device.application) for device in devices))
    started()
    await live(devices)


async def live(devices: Sequence[SimulatedDevice]) -> None:
    """Lets devices that share a process live side by side, for ever: they take their steps in
    turn, the more points they have the less often."""
    points = sum(len(device.points) for device in devices)
    step = max(STEP_SECONDS, points / POINTS_A_SECOND)
    async with asyncio.TaskGroup() as lives:
        for place, device in enumerate(devices, start=1):
            lives.create_task(device.live(step * place / len(devices), step))
