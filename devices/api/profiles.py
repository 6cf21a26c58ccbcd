"""What a device takes, and what it lists beside points."""

from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.etags import ETAG, IF_MATCH, etag_of, require_match
from devices.api.problems import Wrong
from devices.api.queries import SearchQuery
from devices.api.refusals import refusals
from devices.api.serializers import RowSerializer, serializer_of
from devices.api.views import DetailView, ListView, no_such
from devices.domain import profiles
from devices.enums import NetworkProtocol
from devices.models import Device, DeviceObject, DeviceProfile

CONFIGURED = (
    *("max_apdu", "segmentation", "has_rpm", "reply_limit", "window", "path"),
    "pinned",
)
TOLD = ("services", "limited_at", "object_counts")


class ProfileBase(RowSerializer):
    services = serializers.ListField(
        child=serializers.CharField(), read_only=True, help_text="What it says that it can do."
    )
    object_counts = serializers.DictField(
        child=serializers.IntegerField(),
        read_only=True,
        help_text="How many objects it has, by type.",
    )


ProfileSerializer = serializer_of(
    DeviceProfile, (*CONFIGURED, *TOLD), read_only=TOLD, base=ProfileBase
)


class Profile(DetailView):
    """What a BACnet device takes: as it told, as it was learnt when it refused more, or as somebody
    pinned it. Before anything is known it is what is tried first."""

    queryset = Device.objects.all()
    serializer_class = ProfileSerializer
    refusals = (412,)
    tag = "devices"
    wrong = Wrong(field="window", detail="This is too small; the smallest is 1.")

    def told(self) -> list[str]:
        return ["id"]  # of the device: whether it is there to see

    @extend_schema(parameters=[ETAG], operation_id="devices_profile")
    def get(self, request: Request, pk: int) -> Response:
        self._require(pk)
        return self._answer(pk)

    @extend_schema(parameters=[ETAG, IF_MATCH], operation_id="devices_profile_change")
    def patch(self, request: Request, pk: int) -> Response:
        """What is not given stays as it is. `pinned`: what stands there is used, and nothing is
        learnt."""
        with refusals(), transaction.atomic():
            self._require(pk)
            list(Device.objects.filter(pk=pk).select_for_update(of=("self",)))
            require_match(request, lambda: _etag(profiles.told(pk)))
            read = ProfileSerializer().read(request.data, is_whole=False)
            profiles.change(pk, read, by=self.rights)
        return self._answer(pk)

    def _require(self, pk: int) -> None:
        """Raises NotFound."""
        super().row(pk)
        if not Device.objects.filter(pk=pk, network__protocol=NetworkProtocol.BACNET).exists():
            raise NotFound(f"Device {pk} has no profile: only those on BACnet/IP have one.")

    def _answer(self, pk: int) -> Response:
        row = profiles.told(pk)
        told = {name: getattr(row, name) for name in (*CONFIGURED, *TOLD)}
        return Response(told, headers={"ETag": _etag(row)})


def _etag(row: DeviceProfile) -> str:
    return etag_of({name: getattr(row, name) for name in CONFIGURED})


class ObjectSerializer(serializers.ModelSerializer[DeviceObject]):
    """An object that is no point: a program, a schedule, a trend log."""

    class Meta:
        model = DeviceObject
        fields = ("id", "device", "object_type", "number", "name", "description")
        read_only_fields = fields


class ObjectQuery(SearchQuery):
    object_type = serializers.CharField(
        required=False, max_length=64, help_text="In the standard's words: trend-log."
    )


class ObjectList(ListView):
    """What a BACnet device lists beside its points, by type and number."""

    serializer_class = ObjectSerializer
    queryset = DeviceObject.objects.order_by("object_type", "number")
    queries = {"GET": ObjectQuery}
    search_in = ("name", "description")
    tag = "devices"
    operation = "devices_objects_list"

    def get_queryset(self) -> QuerySet[Any]:
        return super().get_queryset().filter(device=self.kwargs.get("pk"))

    def get(self, request: Request, pk: int) -> Response:  # type: ignore[override]  # of a device
        if not self.rights.visible(Device.objects.filter(pk=pk)).exists():
            raise NotFound(no_such(Device, pk))
        return super().get(request)
