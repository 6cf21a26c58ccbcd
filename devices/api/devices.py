"""Devices and whether they answer."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import F, QuerySet
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.fields import Choice, Id, WaitSeconds, WholeNumber, YesNo
from devices.api.jobs import JobSerializer, accepted
from devices.api.once import once
from devices.api.problems import Conflict
from devices.api.queries import Query, SearchQuery
from devices.api.refusals import refusals
from devices.api.resources import Resource
from devices.api.serializers import RowSerializer
from devices.api.waiting import wait_while
from devices.domain import connecting, devices
from devices.enums import LinkState, NetworkProtocol
from devices.middleware import actor
from devices.models import Device, Job, JobNetwork
from devices.models.device import LARGEST_SERIAL
from protocols.addresses import BACNET_PORT

WAIT = 8.0  # seconds; a network asks twice within 3 s each


class DeviceBase(RowSerializer):
    state = serializers.ChoiceField(
        choices=LinkState.choices, read_only=True, help_text="Whether it answers."
    )
    since = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When the state last changed."
    )
    last_seen_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="When it last answered."
    )
    problem = serializers.CharField(read_only=True, help_text="Why the last read failed.")


class DeviceQuery(SearchQuery):
    network = Id(required=False)
    room = Id(required=False)
    floor = Id(required=False, source="room__floor")
    building = Id(required=False, source="room__floor__building")
    site = Id(required=False, source="network__site")
    parent = Id(required=False)  # type: ignore[assignment]  # a field's own attribute too
    protocol = Choice(choices=NetworkProtocol.choices, required=False, source="network__protocol")
    product = Id(required=False)
    serial_number = WholeNumber(min_value=1, max_value=LARGEST_SERIAL, required=False)
    panel_number = WholeNumber(min_value=1, max_value=254, required=False)
    state = Choice(choices=LinkState.choices, required=False)
    enabled = YesNo(required=False)


class ConnectQuery(Query):
    force = YesNo(
        default=False, help_text="Store it as it is told, without asking the device who it is."
    )
    wait = WaitSeconds(
        default=WAIT,
        help_text="Seconds to wait for the device, at most; less when many wait.",
    )


class Devices(Resource):
    """Devices, by name.

    POST connects to the device and adds it with its points: 201. Where it does not answer, or is
    another one, it is 409 with the reason; where that takes longer, 202 with a job to follow. With
    `force` it is stored without being asked, as `bulk` always does.
    """

    model = Device
    members = (
        "id",
        "network",
        "room",
        "parent",
        "name",
        "description",
        "instance",
        "address",
        "enabled",
        "serial_number",
        "product",
        "board",
        "panel_number",
        "object_instance",
        "modbus_address",
        "modbus_port",
        "bacnet_port",
        "network_number",
        "mstp_mac",
        "hardware_version",
        "command_version",
        "isp_mode",
        "subnet_port",
        "subnet_baud_rate",
        "has_zigbee",
        "has_wifi",
        "vendor_id",
        "vendor_name",
        "model_name",
        "firmware",
        "location",
        "conflict",
        "state",
        "since",
        "last_seen_at",
        "problem",
    )
    read_only = ("vendor_id", "vendor_name", "model_name", "firmware", "location", "conflict")
    volatile = frozenset({*read_only, "state", "since", "last_seen_at", "problem"})
    base = DeviceBase
    order = ("name", "instance")
    query_class = DeviceQuery
    search_in = ("name", "address", "description", "vendor_name", "model_name", "location")
    tag = "devices"
    create_query = ConnectQuery
    create_answers = {202: JobSerializer}
    conflict = (
        "Device 5 at 192.168.1.5, port 47808, is not stored: no answer. ?force=true stores it "
        "without asking it."
    )

    @classmethod
    def annotated(cls) -> QuerySet[Any]:
        rows: QuerySet[Any] = Device.objects.order_by(*cls.order, "pk").annotate(
            state=F("link__state"),
            since=F("link__since"),
            last_seen_at=F("link__last_seen_at"),
            problem=F("link__problem"),
        )
        return rows

    def create(self, values: Sequence[Mapping[str, Any]]) -> list[int]:
        return [device.pk for device in devices.add(values, by=self.rights)]

    def create_one(self, request: Request) -> Response:
        if self.query["force"]:
            return super().create_one(request)
        with refusals():
            values = self.read(request.data, is_whole=True)
            what = [request.data, "connect"]
            (job_id,) = once(request, what, lambda: [self._connect(request, values)])
        part = JobNetwork.objects.filter(job=job_id)
        wait_while(part.filter(ended_at__isnull=True).exists, self.query["wait"])
        job, end = Job.objects.select_related("sought").get(pk=job_id), part.first()
        if end is None:
            raise Conflict("The network was deleted meanwhile.")
        if end.ended_at is None:
            return accepted(job, self.rights)
        if end.problem:
            who = f"Device {job.sought.instance} at {_asked(job.sought.address)}"
            why = f"is not stored: {end.problem}. ?force=true stores it without asking it."
            raise Conflict(f"{who} {why}")
        return self.created(job.sought.device_id or 0)

    def _connect(self, request: Request, values: Mapping[str, Any]) -> int:
        return connecting.request(values, by=actor(request), rights=self.rights).pk

    def update(self, changes: Mapping[int, Mapping[str, Any]]) -> None:
        devices.change(changes, by=self.rights)

    def remove(self, ids: Sequence[int]) -> None:
        devices.remove(ids, by=self.rights)


def _asked(address: str) -> str:
    """Where it was asked: drivers leave out the usual port."""
    return address if ":" in address else f"{address}, port {BACNET_PORT},"
