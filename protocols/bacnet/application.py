"""Our own BACnet device on one interface: the application that every request goes through."""

import asyncio
import errno
import ipaddress
from collections.abc import Callable
from typing import Any

from bacpypes3.apdu import (
    APDU,
    ConfirmedRequestPDU,
    IAmRequest,
    IHaveRequest,
    UnconfirmedRequestPDU,
)
from bacpypes3.app import APDUFuture, Application
from bacpypes3.appservice import ApplicationServiceAccessPoint
from bacpypes3.comm import bind
from bacpypes3.errors import DecodingError, ExecutionError
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.netservice import NetworkServiceAccessPoint
from bacpypes3.npdu import NPDU
from bacpypes3.pdu import Address, GlobalBroadcast, IPv4Address, LocalBroadcast, RemoteBroadcast

from protocols.bacnet.advice import no_such_address, port_taken
from protocols.bacnet.foreign import Registration
from protocols.bacnet.interfaces import own_addresses
from protocols.bacnet.link import Link, UdpPort
from protocols.bacnet.routers import GLOBAL, Routers
from protocols.errors import Unreachable
from protocols.types import NetworkSettings

# The highest instance a device may have (4194303 is the wildcard): least likely to be in use.
OWN_INSTANCE = 4194302
OWN_MAX_APDU = 1476


class ClientApplication(Application):
    """Hands every I-Am and I-Have on: bacpypes3's who_is() loses answers with equal instances.

    Nobody may write to us: bacpypes3 would take over time-outs and retries from whoever asks.
    """

    on_i_am: Callable[[IAmRequest], None] | None = None
    on_i_have: Callable[[IHaveRequest], None] | None = None
    is_closed = False

    def __init__(self, settings: NetworkSettings, port: UdpPort) -> None:
        super().__init__()
        self.port = port
        self.link = Link(port)
        device = _own_device(settings)
        self.asap = ApplicationServiceAccessPoint(device, self.device_info_cache)
        self.nsap = NetworkServiceAccessPoint()
        self.ways = tuple(map(Address, settings.targets)) or (LocalBroadcast(),)
        # Sooner than the request that it delays, which bacpypes3 would end twice.
        self.routers = Routers(self.ways, wait=settings.timeout / 2)
        bind(self.routers, self.nsap)
        bind(self, self.asap, self.nsap)
        self.nsap.bind(self.link, address=IPv4Address(port.own))
        self.add_object(device)
        self._hold(_own_port(settings))
        if settings.bbmd:
            self.link.registration = Registration(
                settings.bbmd,
                lifetime=settings.bbmd_lifetime,
                timeout=settings.timeout,
                send=self.link.request,
            )

    def _hold(self, network_port: NetworkPortObject) -> None:
        """Not by add_object, which opens bacpypes3's own link for it."""
        self.objectName[network_port.objectName] = network_port
        self.objectIdentifier[network_port.objectIdentifier] = network_port
        self.link_layers[network_port.objectIdentifier] = self.link
        network_port._app = self

    @property
    def registration(self) -> Registration | None:
        """With the BBMD, if the network has one."""
        return self.link.registration

    def request(self, apdu: APDU) -> APDUFuture:
        """Raises Unreachable once it is closed: bacpypes3 would send by the socket that is gone, in
        a task of its own, whose failure only the log tells."""
        if self.is_closed:
            raise Unreachable("the network is closed")
        return super().request(apdu)

    def close(self) -> None:
        self.is_closed = True
        super().close()

    async def confirmation(self, apdu: APDU) -> None:
        """bacpypes3 makes an Error of what it cannot decode and forgets which request it answers,
        which would then wait for ever. Few wait for one device (protocols.bacnet.gates)."""
        if apdu.apduInvokeID is not None:
            await super().confirmation(apdu)
            return
        for _, future in self._requests.get(apdu.pduSource, ()):
            if not future.done():
                future.set_exception(DecodingError("an answer that cannot be decoded"))

    async def do_IAmRequest(self, apdu: IAmRequest) -> None:
        await super().do_IAmRequest(apdu)
        if self.on_i_am is not None:
            self.on_i_am(apdu)

    async def do_IHaveRequest(self, apdu: IHaveRequest) -> None:
        await super().do_IHaveRequest(apdu)
        if self.on_i_have is not None:
            self.on_i_have(apdu)

    async def do_WritePropertyRequest(self, apdu: ConfirmedRequestPDU) -> None:
        raise ExecutionError(errorClass="property", errorCode="write-access-denied")

    async def do_WritePropertyMultipleRequest(self, apdu: ConfirmedRequestPDU) -> None:
        raise ExecutionError(errorClass="property", errorCode="write-access-denied")

    def router(self, network: int) -> tuple[str, int] | None:
        """Where the router to a network is asked, if anybody has told so far."""
        for (_, reached), (router, _status) in self.nsap.router_info_cache.path_info.items():
            if reached == network:
                host, port = router.addrTuple
                return str(host), int(port)
        return None

    async def ask_all(self, question: Any, way: Address, network: int | None = None) -> None:
        """Sends an unconfirmed request by this way: to those that hear it there (None), to all
        devices of one network behind a router, or of all networks (GLOBAL). Sent when it returns.
        """
        if self.is_closed:
            raise Unreachable("the network is closed")
        unconfirmed: UnconfirmedRequestPDU = question.encode()
        npdu = NPDU(unconfirmed.encode().pduData, destination=way)
        npdu.npduHopCount = 255
        if network is not None:
            npdu.npduDADR = GlobalBroadcast() if network == GLOBAL else RemoteBroadcast(network)
        await self.nsap.local_adapter.process_npdu(npdu)


def _own_device(settings: NetworkSettings) -> DeviceObject:
    return DeviceObject(
        objectIdentifier=("device", OWN_INSTANCE),
        objectName="T3000 supervisor",
        description="Web supervisor",
        vendorIdentifier=148,
        vendorName="Temco Controls",
        modelName="T3000 web supervisor",
        maxApduLengthAccepted=OWN_MAX_APDU,
        segmentationSupported="segmented-both",
        apduTimeout=round(settings.timeout * 1000),
        # Reads are tried again by us; a write must never be repeated by the stack.
        numberOfApduRetries=0,
    )


def _own_port(settings: NetworkSettings) -> NetworkPortObject:
    return NetworkPortObject(
        f"{settings.interface}:{settings.port}",
        objectIdentifier=("network-port", 1),
        objectName="BACnet/IP",
        networkNumber=0,
        networkNumberQuality="unknown",
    )


async def open_application(settings: NetworkSettings) -> ClientApplication:
    """Binds the interface. Raises Unreachable with what is wrong and what would be right."""
    interface = _parse_interface(settings.interface)
    port = UdpPort(interface, settings.port)
    try:
        await port.open()
    except OSError as error:
        if error.errno == errno.EADDRNOTAVAIL:
            here = await asyncio.to_thread(own_addresses)
            raise Unreachable(no_such_address(interface, here)) from error
        raise Unreachable(port_taken(interface, settings.port, error)) from error
    application = ClientApplication(settings, port)
    if application.registration is not None:
        application.registration.start()
    return application


def _parse_interface(text: str) -> ipaddress.IPv4Interface:
    try:
        return ipaddress.IPv4Interface(text)
    except ValueError:
        raise Unreachable(
            f"{text!r} is not an interface; write this machine's address with its prefix "
            "length, such as 192.168.1.2/24"
        ) from None
