"""The settings of a T3 panel as one resource: its groups are the members."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from django.db import transaction
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from devices.api.etags import ETAG, IF_MATCH, etag_of, require_match
from devices.api.problems import Wrong
from devices.api.queries import Closed
from devices.api.refusals import by_field, refusals
from devices.api.serializers import RowSerializer, serializer_of
from devices.api.views import DetailView
from devices.domain import rows
from devices.models import Device
from devices.models.secret import EncryptedTextField
from t3000.api.panel import STANDING, PanelBase
from t3000.api.panel_users import has, mark
from t3000.models import (
    CommunicationSettings,
    DyndnsSettings,
    FeatureFlags,
    HardwareInfo,
    NetworkSettings,
    PortHealth,
    ProtocolSettings,
    TimeSettings,
    WifiSettings,
    WireguardSettings,
)
from t3000.models.panel_settings import PanelSettings

FACTS = ("hardware", "health")


@dataclass(frozen=True)
class Group:
    """A group of settings: all fields of its model are its members."""

    model: type[PanelSettings]

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        fields = self.model._meta.concrete_fields
        return tuple(one.name for one in fields if isinstance(one, EncryptedTextField))

    @cached_property
    def configured(self) -> tuple[str, ...]:
        wanted = self.model.wanted_fields()
        return (*(name for name in wanted if name not in self.secrets), *self._marks)

    @cached_property
    def read_only(self) -> tuple[str, ...]:
        fields = self.model._meta.concrete_fields
        live = (one.name for one in fields if one.name in self.model.live)
        return (*self._marks, *live, *STANDING)

    @property
    def _marks(self) -> tuple[str, ...]:
        return tuple(f"has_{name}" for name in self.secrets)

    @cached_property
    def members(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys((*self.configured, *self.read_only)))

    @cached_property
    def serializer(self) -> type[RowSerializer]:
        return serializer_of(
            self.model,
            self.members,
            read_only=self.read_only,
            write_only=self.secrets,
            base=self._base,
        )

    @property
    def _base(self) -> type[PanelBase]:
        marks: dict[str, Any] = {f"has_{name}": mark(name) for name in self.secrets}
        return type(f"{self.model.__name__}Base", (PanelBase,), marks)

    def told(self, device_id: int) -> dict[str, Any] | None:
        found = self.model._default_manager.filter(device=device_id)
        found = found.annotate(**{f"has_{name}": has(name) for name in self.secrets})
        told: dict[str, Any] | None = found.values(*self.members).first()
        return told


GROUPS = {
    "network": Group(NetworkSettings),
    "communication": Group(CommunicationSettings),
    "protocol": Group(ProtocolSettings),
    "time": Group(TimeSettings),
    "dyndns": Group(DyndnsSettings),
    "wifi": Group(WifiSettings),
    "wireguard": Group(WireguardSettings),
    "features": Group(FeatureFlags),
}
HARDWARE = tuple(
    one.name for one in HardwareInfo._meta.concrete_fields if one.name not in ("id", "device")
)
COUNTERS = ("port", "received", "sent", "collisions", "packet_errors", "timeouts", "read_at")


def _settings_serializer() -> type[Closed]:
    members: dict[str, Any] = {
        name: group.serializer(required=False, allow_null=True, partial=True)
        for name, group in GROUPS.items()
    }
    hardware = serializer_of(HardwareInfo, HARDWARE)
    health = serializer_of(PortHealth, COUNTERS)
    members["hardware"] = hardware(read_only=True, allow_null=True)
    members["health"] = health(many=True, read_only=True)
    members["__doc__"] = "The settings of a panel by group. null: nothing is known of it."
    return type("PanelSettingsSerializer", (Closed,), members)


SettingsSerializer = _settings_serializer()


class Settings(DetailView):
    """The settings of a panel. Each group says how it stands to what the panel holds; `hardware`
    and `health` are the panel's own to tell."""

    queryset = Device.objects.all()
    serializer_class = SettingsSerializer
    refusals = (409, 412)
    tag = "panels"
    conflict = "Something else was changed at the same moment; nothing is stored."
    wrong = Wrong(field="network.subnet", detail="300 is no mask; write one such as 255.255.255.0.")

    def row(self, pk: int) -> dict[str, Any]:
        super().row(pk)
        told: dict[str, Any] = {name: group.told(pk) for name, group in GROUPS.items()}
        hardware = HardwareInfo.objects.filter(device=pk)
        told["hardware"] = hardware.values(*HARDWARE).first()
        told["health"] = list(PortHealth.objects.filter(device=pk).values(*COUNTERS))
        return told

    def told(self) -> list[str]:
        return ["id"]  # of the device: whether it is there to see

    @extend_schema(parameters=[ETAG])
    def get(self, request: Request, pk: int) -> Response:
        return self._answer(pk)

    @extend_schema(parameters=[ETAG, IF_MATCH])
    def put(self, request: Request, pk: int) -> Response:
        """All groups of which something is known must be given, and each whole; a secret that is
        left out stays."""
        return self._change(request, pk, is_whole=True)

    @extend_schema(parameters=[ETAG, IF_MATCH])
    def patch(self, request: Request, pk: int) -> Response:
        """What is not given stays as it is."""
        return self._change(request, pk, is_whole=False)

    def _answer(self, pk: int) -> Response:
        told = self.row(pk)
        return Response(told, headers={"ETag": etag(told)})

    def _change(self, request: Request, pk: int, *, is_whole: bool) -> Response:
        with refusals(), transaction.atomic():
            super().row(pk)  # whoever may not see it learns nothing of what would be right
            list(Device.objects.filter(pk=pk).select_for_update())
            told = self.row(pk)
            require_match(request, lambda: etag(told))
            self._store(pk, _read(request.data, told, is_whole=is_whole))
        return self._answer(pk)

    def _store(self, pk: int, given: Mapping[str, Mapping[str, Any]]) -> None:
        wrong: dict[str, Any] = {}
        for name, values in given.items():
            model = GROUPS[name].model
            known = model._default_manager.filter(device=pk).values_list("pk", flat=True).first()
            try:
                if known is None:
                    new = [{**values, "device_id": pk}]
                    rows.create(model, new, by=self.rights, role=self.role)
                else:
                    rows.update(model, {known: values}, by=self.rights, role=self.role)
            except rows.BadRows as error:
                wrong[name] = by_field(
                    [  # the device is no member: the path names it
                        replace(one, field="") if one.field == "device" else one
                        for one in error.problems
                    ]
                )
        if wrong:
            raise ValidationError(wrong)


def etag(told: Mapping[str, Any]) -> str:
    """A digest of what is configured."""
    return etag_of(
        {
            name: told[name] and {one: told[name][one] for one in group.configured}
            for name, group in GROUPS.items()
        }
    )


def _read(data: Any, told: Mapping[str, Any], *, is_whole: bool) -> dict[str, dict[str, Any]]:
    """The groups as they were sent, by column. Raises ValidationError."""
    if not isinstance(data, dict):
        raise ValidationError({"non_field_errors": ["This is not an object."]})
    wrong: dict[str, Any] = {}
    read: dict[str, dict[str, Any]] = {}
    for name in data:
        if name not in GROUPS:
            known = ", ".join(GROUPS)
            wrong[name] = [f"There is no such member; there are: {known}."]
    for name, group in GROUPS.items():
        sent = data.get(name)
        if sent is None:
            if told[name] is not None and (is_whole or name in data):
                wrong[name] = ["This is known and stays: give it as an object."]
            continue
        try:
            is_new = told[name] is None
            read[name] = group.serializer().read(sent, is_whole=is_whole or is_new)
        except ValidationError as error:
            wrong[name] = error.detail
    if wrong:
        raise ValidationError(wrong)
    return read
