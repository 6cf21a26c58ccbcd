"""One simulated device: a BACnet/IP server on a loopback address and the plant behind it.

Owns what a device does; `processes` owns the process in which it does it.
"""

import asyncio
import logging
import socket
from collections import Counter
from collections.abc import Callable
from typing import Any

from bacpypes3.apdu import (
    AbortPDU,
    AbortReason,
    APCISequence,
    ComplexAckPDU,
    ConfirmedRequestPDU,
)
from bacpypes3.app import Application
from bacpypes3.appservice import ApplicationServiceAccessPoint
from bacpypes3.basetypes import ServicesSupported
from bacpypes3.comm import bind
from bacpypes3.errors import UnrecognizedService
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.netservice import NetworkServiceAccessPoint, NetworkServiceElement

from protocols.simulator.addresses import AddressTakenError, check_free
from protocols.simulator.model import Model
from protocols.simulator.objects import make_object, present_value
from protocols.simulator.spec import DeviceSpec
from protocols.simulator.weather import Clock

logger = logging.getLogger(__name__)

BIND_SECONDS = 5.0
PREFIX_LENGTH = 8  # all of the loopback network is one BACnet network
BROADCAST_ADDRESS = "127.255.255.255"
COMPLEX_ACK_HEADER = 3  # octets before the service data; clause 20.1.5


class PanelServicePoint(ApplicationServiceAccessPoint):  # type: ignore[misc]
    """Keeps to the device's own APDU length.

    bacpypes3 obeys the client's limit only: unasked it would take and send 1476 octets in the
    name of a panel that has room for 600.
    """

    def __init__(self, device: Any, devices: Any, spec: DeviceSpec) -> None:
        super().__init__(device, devices)
        self.spec = spec
        # Milliseconds that a transaction may take; a slow device must not give up on itself.
        self.applicationTimeout += round(spec.reply_delay * 1000)

    async def confirmation(self, pdu: Any) -> None:
        if len(pdu.pduData) > self.spec.max_apdu:
            logger.debug("%s: dropped a request of %d octets", self.spec.name, len(pdu.pduData))
            return
        await super().confirmation(pdu)

    async def sap_confirmation(self, apdu: Any) -> None:
        if isinstance(apdu, ComplexAckPDU) and not self.spec.segmentation:
            apdu = self._fitting(apdu.encode() if isinstance(apdu, APCISequence) else apdu)
        await super().sap_confirmation(apdu)

    def _fitting(self, reply: Any) -> Any:
        if COMPLEX_ACK_HEADER + len(reply.pduData) <= self.spec.max_apdu:
            return reply
        return AbortPDU(
            srv=True,
            invoke_id=reply.apduInvokeID,
            reason=AbortReason.segmentationNotSupported,
            destination=reply.pduDestination,
        )


class SimulatedApplication(Application):  # type: ignore[misc]
    """The BACnet side of a device, put together as bacpypes3's NormalApplication is."""

    def __init__(self, spec: DeviceSpec) -> None:
        super().__init__()
        self.spec = spec
        device = _device_object(spec)
        self.asap = PanelServicePoint(device, self.device_info_cache, spec)
        self.nsap = NetworkServiceAccessPoint()
        self.nse = NetworkServiceElement()
        bind(self.nse, self.nsap)
        bind(self, self.asap, self.nsap)
        self.port_object = NetworkPortObject(
            f"{spec.address}/{PREFIX_LENGTH}:{spec.port}",
            objectIdentifier=("network-port", 1),
            objectName="BACNETIP",
        )
        self.add_object(device)
        self.add_object(self.port_object)  # opens the sockets

    async def bound(self) -> None:
        """Waits for the sockets. bacpypes3 itself would try for ever, without a word."""
        server = self.link_layers[self.port_object.objectIdentifier].server
        _, waiting = await asyncio.wait(server._transport_tasks, timeout=BIND_SECONDS)
        if waiting:
            for task in waiting:
                task.cancel()
            host, port = server.broadcast_address
            raise AddressTakenError(f"{host}:{port}, for broadcasts, cannot be bound")

    async def indication(self, apdu: Any) -> None:
        if self.spec.reply_delay and isinstance(apdu, ConfirmedRequestPDU):
            await asyncio.sleep(self.spec.reply_delay)
        await super().indication(apdu)

    async def do_ReadPropertyMultipleRequest(self, apdu: Any) -> None:  # noqa: N802 - bacpypes3's
        if not self.spec.supports_rpm:
            raise UnrecognizedService("read-property-multiple")
        await super().do_ReadPropertyMultipleRequest(apdu)

    def get_services_supported(self) -> Any:
        supported = super().get_services_supported()
        if not self.spec.supports_rpm:
            supported[ServicesSupported.readPropertyMultiple] = 0
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
        maxApduLengthAccepted=spec.max_apdu,
        segmentationSupported="segmented-both" if spec.segmentation else "no-segmentation",
    )


class SimulatedDevice:
    """A server whose inputs follow its plant and whose plant obeys its outputs."""

    def __init__(self, spec: DeviceSpec, clock: Clock) -> None:
        self.application = SimulatedApplication(spec)
        self.points = {point.label: point for point in spec.points}
        self.objects: dict[str, Any] = {}
        numbers: Counter[str] = Counter()
        for point in spec.points:
            numbers[point.type] += 1  # each type counts from 1
            made = make_object(point, numbers[point.type])
            self.application.add_object(made)
            self.objects[point.label] = made
        self.model = Model(spec, clock, self)

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


def check_addresses(spec: DeviceSpec) -> None:
    """Raises AddressTakenError if somebody has the device's address, or has the address of
    broadcasts for himself.

    bacpypes3 shares ports: it would serve beside another, each getting some of the requests.
    """
    check_free(spec.address, spec.port)
    if hasattr(socket, "SO_REUSEPORT"):  # else broadcasts arrive at the device's own address
        check_free(BROADCAST_ADDRESS, spec.port, shared=True)


async def serve(spec: DeviceSpec, clock: Clock, started: Callable[[], None]) -> None:
    """Is the device, for ever. Calls `started` once it answers; raises AddressTakenError."""
    check_addresses(spec)
    device = SimulatedDevice(spec, clock)
    await device.application.bound()
    started()
    await device.model.run()
