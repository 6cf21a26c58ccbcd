"""A BACnet client for the simulated devices: bacpypes3, on a port of its own.

Its port must not be the devices': bacpypes3 takes all of loopback on its port for itself.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from bacpypes3.apdu import IAmRequest
from bacpypes3.app import Application
from bacpypes3.basetypes import HostNPort
from bacpypes3.ipv4.service import BIPForeign
from bacpypes3.local.device import DeviceObject
from bacpypes3.local.networkport import NetworkPortObject
from bacpypes3.pdu import Address
from bacpypes3.primitivedata import ObjectIdentifier
from bacpypes3.vendor import get_vendor_info


class Client(Application):
    """Remembers every I-Am: bacpypes3's who_is() loses answers with equal instances."""

    heard: list[IAmRequest]
    notifications: list[Any]

    @property
    def foreign_link(self) -> Any:
        (link,) = self.link_layers.values()
        return link if isinstance(link, BIPForeign) else None

    @property
    def found(self) -> list[tuple[int, str]]:
        """Each I-Am heard: instance and address."""
        return [(apdu.iAmDeviceIdentifier[1], str(apdu.pduSource)) for apdu in self.heard]

    async def do_IAmRequest(self, apdu: IAmRequest) -> None:  # noqa: N802 - bacpypes3's
        self.heard.append(apdu)
        await super().do_IAmRequest(apdu)

    async def do_UnconfirmedCOVNotificationRequest(self, apdu: Any) -> None:  # noqa: N802 - its
        self.notifications.append(apdu)

    def patience(self, seconds: float, retries: int = 0) -> None:
        self.device_object.apduTimeout = round(seconds * 1000)
        self.device_object.numberOfApduRetries = retries

    async def read(self, place: str, target: str, name: str, index: int | None = None) -> Any:
        return await self.read_property(place, ObjectIdentifier(target), name, index)

    async def read_many(self, place: str, wanted: dict[str, list[str]]) -> list[Any]:
        """(object, property, index, value) as they stand in the reply."""
        parameters: list[Any] = []
        for target, names in wanted.items():
            parameters += [ObjectIdentifier(target), names]
        return await self.read_property_multiple(
            Address(place), parameters, vendor_info=get_vendor_info(0)
        )

    async def write(self, place: str, target: str, value: Any, priority: int | None = 8) -> None:
        answer = await self.write_property(
            place, ObjectIdentifier(target), "present-value", value, priority=priority
        )
        if answer is not None:
            raise answer


@pytest.fixture
async def open_client(free_port: Callable[[], int]) -> AsyncIterator[Callable[..., Client]]:
    clients: list[Client] = []

    def start(port: int | None = None, *, bbmd: str = "") -> Client:
        device = DeviceObject(
            objectIdentifier=("device", 4194000),
            objectName="client",
            vendorIdentifier=999,
            apduTimeout=5000,
            numberOfApduRetries=1,
            maxApduLengthAccepted=1476,
            segmentationSupported="segmented-both",
        )
        foreign: dict[str, Any] = {}
        if bbmd:
            foreign = {
                "bacnetIPMode": "foreign",
                "fdBBMDAddress": HostNPort(bbmd),
                "fdSubscriptionLifetime": 30,
            }
        network_port = NetworkPortObject(
            f"127.0.0.1/8:{port or free_port()}",
            objectIdentifier=("network-port", 1),
            objectName="port",
            **foreign,
        )
        client = Client.from_object_list([device, network_port])
        client.heard, client.notifications = [], []
        clients.append(client)
        return client

    yield start
    for client in clients:
        if client.foreign_link is not None:
            client.foreign_link._stop_tracking_registration()
        client.close()
    await asyncio.sleep(0)  # lets the transports close
