"""What a device takes and what it lists beside points, as tabs of its page."""

from dataclasses import dataclass
from itertools import groupby
from typing import Any

from django.utils.translation import gettext as _

from devices.domain import profiles
from devices.domain.rights import Rights
from devices.enums import NetworkProtocol, Role
from devices.forms import ProfileForm
from devices.models import Device, DeviceObject, DeviceProfile
from t3000.domain.queries import milliseconds


@dataclass(frozen=True, slots=True)
class ObjectGroup:
    """Objects of one type: "Trend logs"."""

    title: str
    rows: list[DeviceObject]


def tabs(device: Device) -> list[tuple[str, str, Any]]:
    """Beside those of its points: of devices on BACnet."""
    if device.network.protocol != NetworkProtocol.BACNET:
        return []
    return [("objects", _("Objects"), device.listed.count()), ("profile", _("Profile"), "")]


def context(device: Device, tab: str, rights: Rights, form: ProfileForm | None = None) -> Any:
    return _objects(device) if tab == "objects" else _profile(device, rights, form)


def _objects(device: Device) -> dict[str, Any]:
    listed = list(device.listed.order_by("object_type", "number"))
    groups = [
        ObjectGroup(plural(kind), list(found))
        for kind, found in groupby(listed, lambda one: one.object_type)
    ]
    return {"object_groups": groups, "keys": [set() for _one in listed]}


def plural(object_type: str) -> str:
    """trend-log: Trend logs."""
    words = object_type.replace("-", " ").capitalize()
    return f"{words[:-1]}ies" if words.endswith("ry") else f"{words}s"


def _profile(device: Device, rights: Rights, form: ProfileForm | None) -> dict[str, Any]:
    row = profiles.told(device.pk)
    may_change = rights.may(Role.ENGINEER, device.network.site_id)
    known = DeviceProfile.objects.filter(pk=device.pk).exists()
    return {
        "profile": row,
        "is_known": known,
        "limited_at": milliseconds(row.limited_at) if row.limited_at else None,
        "counts": sorted(row.object_counts.items()),
        "form": (form or ProfileForm(instance=row)) if may_change else None,
    }
