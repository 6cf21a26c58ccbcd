"""Our own BACnet device on one interface: the application that every request goes through.

bacpypes3 0.0.110 waits silently and for ever for a port that is taken, and shares a port with
another process of its kind (SO_REUSEPORT), so that each gets a part of the datagrams.
`open_application` refuses both.
"""

import asyncio
import ipaddress
import socket
from collections.abc import Callable

from bacpypes3.apdu import APDU, ConfirmedRequestPDU, IAmRequest, WhoIsRequest
from bacpypes3.app import APDUFuture, Application
from bacpypes3.errors import DecodingError, ExecutionError
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address, LocalBroadcast

from protocols.errors import Unreachable
from protocols.types import NetworkSettings

# The highest instance a device may have (4194303 is the wildcard): least likely to be in use.
OWN_INSTANCE = 4194302
BIND_TIMEOUT = 5.0


class ClientApplication(Application):
    """Hands every I-Am to `on_i_am`: bacpypes3's who_is() loses answers with equal instances.

    Nobody may write to us: bacpypes3 would take over time-outs and retries from whoever asks.
    """

    on_i_am: Callable[[IAmRequest], None] | None = None
    is_closed = False

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

    def send_who_is(self, target: str | None) -> None:
        """Asks one address ("192.168.1.255:47808"), or the local broadcast when None."""
        destination = Address(target) if target else LocalBroadcast()
        self.request(WhoIsRequest(destination=destination))


async def open_application(settings: NetworkSettings) -> ClientApplication:
    """Binds the interface. Raises Unreachable with what is wrong and what would be right."""
    interface = _parse_interface(settings.interface)
    _check_free(str(interface.ip), settings.port)
    application: ClientApplication = ClientApplication.from_object_list(
        [
            DeviceObject(
                objectIdentifier=("device", OWN_INSTANCE),
                objectName="T3000 supervisor",
                description="Web supervisor",
                vendorIdentifier=148,
                vendorName="Temco Controls",
                modelName="T3000 web supervisor",
                maxApduLengthAccepted=1476,
                segmentationSupported="segmented-both",
                apduTimeout=round(settings.timeout * 1000),
                # Reads are tried again by us; a write must never be repeated by the stack.
                numberOfApduRetries=0,
            ),
            NetworkPortObject(
                f"{interface.with_prefixlen}:{settings.port}",
                objectIdentifier=("network-port", 1),
                objectName="BACnet/IP",
                networkNumber=0,
                networkNumberQuality="unknown",
            ),
        ]
    )
    try:
        async with asyncio.timeout(BIND_TIMEOUT):
            for link in application.link_layers.values():
                # No public way to learn that a socket is bound (0.0.110).
                await link.server._local_transport_ready.wait()
    except TimeoutError:
        application.close()
        raise Unreachable(
            f"{interface.ip} port {settings.port} could not be bound in {BIND_TIMEOUT:.0f} s"
        ) from None
    return application


def _parse_interface(text: str) -> ipaddress.IPv4Interface:
    try:
        return ipaddress.IPv4Interface(text)
    except ValueError:
        raise Unreachable(
            f"{text!r} is not an interface; write this machine's address with its prefix "
            "length, such as 192.168.1.2/24"
        ) from None


def _check_free(address: str, port: int) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, port))
        except OSError as error:
            raise Unreachable(
                f"UDP port {port} on {address} cannot be opened: {error.strerror}"
            ) from error
