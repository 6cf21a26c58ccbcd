"""What each device takes: as it told, as it was learnt, and as engineers pin it."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from devices.domain import objects, rows
from devices.domain.errors import NotPossible
from devices.domain.rights import Rights
from devices.enums import NetworkProtocol, Role
from devices.models import Device, DeviceProfile
from protocols.types import FoundDevice, Path, Profile

ROLE = Role.ENGINEER


def of(device: Device) -> Profile | None:
    """As it was last learnt; None: nobody has learnt anything yet. No query where the device was
    asked for with it."""
    row: DeviceProfile | None = getattr(device, "profile", None)
    return None if row is None else row.learnt


def take_over(device: Device, found: FoundDevice) -> None:
    """What the device was found to take, and how many objects of each type it told."""
    known: DeviceProfile | None = getattr(device, "profile", None)
    told: dict[str, Any] = {}
    if found.profile is not None and not (known and known.pinned):
        told = _columns(found.profile)
    if not found.problem and (found.profile is not None or found.objects):
        told["object_counts"] = objects.counts(found)
    if known is None and told:
        DeviceProfile.objects.add_as_found([DeviceProfile(device=device, **told)])
    elif any(getattr(known, name) != value for name, value in told.items()):
        as_known = DeviceProfile.objects.filter(pk=device.pk, pinned=bool(known and known.pinned))
        as_known.update_as_learnt(**told)


def learn(device_id: int, profile: Profile) -> None:
    """What was learnt while the device was read. What is pinned stays."""
    known, learnt = DeviceProfile.objects.filter(pk=device_id), _columns(profile)
    if not known.filter(pinned=False).update_as_learnt(**learnt) and not known.exists():
        DeviceProfile.objects.add_as_found([DeviceProfile(device_id=device_id, **learnt)])


def _columns(profile: Profile) -> dict[str, Any]:
    """Whether it is pinned is for people to say."""
    return {
        "max_apdu": profile.max_apdu,
        "segmentation": profile.segmentation,
        "services": list(profile.services),
        "has_rpm": profile.has_rpm,
        "reply_limit": profile.reply_limit,
        "window": profile.window,
        "path": profile.path,
        "limited_at": profile.limited_at,
    }


def told(device_id: int) -> DeviceProfile:
    """The row; before anything is known, as it would be."""
    known: DeviceProfile | None = DeviceProfile.objects.filter(pk=device_id).first()
    return known or DeviceProfile(device_id=device_id)


@transaction.atomic
def change(device_id: int, values: Mapping[str, Any], *, by: Rights) -> None:
    """Sets what a device takes, or pins it. Raises as rows.update, and NotPossible for a device
    that is not on BACnet/IP."""
    device = by.visible(Device.objects.select_related("network")).filter(pk=device_id).first()
    if device is None:
        raise rows.NoSuchRows([device_id])
    by.require(ROLE, device.network.site_id)
    if device.network.protocol != NetworkProtocol.BACNET:
        raise NotPossible("Only devices on BACnet/IP have a profile.")
    if DeviceProfile.objects.filter(pk=device_id).exists():
        rows.update(DeviceProfile, {device_id: values}, by=by, role=ROLE)
    else:
        rows.create(DeviceProfile, [{**values, "device_id": device_id}], by=by, role=ROLE)
    _try_more_later(DeviceProfile.objects.get(pk=device_id).learnt, device_id)


def _try_more_later(profile: Profile, device_id: int) -> None:
    """Limits that somebody set and does not pin are as those that were learnt: not for ever."""
    is_limited = not profile.has_rpm or profile.reply_limit is not None or profile.path == Path.MAIN
    if is_limited and not profile.pinned and profile.limited_at is None:
        DeviceProfile.objects.filter(pk=device_id).update_as_learnt(limited_at=timezone.now())
