"""Objects of a device that are no points, as it lists them: nobody configures them here."""

from collections import Counter

from django.db import transaction

from devices.domain.differences import Difference
from devices.models import Device, DeviceObject
from devices.models.profile import DESCRIPTION_LENGTH, NAME_LENGTH, TYPE_LENGTH
from protocols.texts import clean
from protocols.types import FoundDevice, ObjectInfo

TEXTS = ["name", "description"]


def differences(device: Device, found: FoundDevice) -> list[Difference]:
    """What the device lists otherwise than is known; what it did not come to is not missed."""
    known = {(one.object_type, one.number): one for one in device.listed.all()}
    listed = {_key(info): _row(device, info) for info in found.objects}
    told = [
        Difference("object", str(row), "", None, row.name)
        for key, row in listed.items()
        if key not in known
    ]
    told += [
        Difference("object", str(row), name, was, now)
        for key, row in listed.items()
        if key in known
        for name in TEXTS
        if (was := getattr(known[key], name)) != (now := getattr(row, name))
    ]
    if not found.problem:
        told += [
            Difference("object", str(row), "", row.name, None)
            for key, row in known.items()
            if key not in listed
        ]
    return told


@transaction.atomic(savepoint=False)
def take_over(device: Device, found: FoundDevice) -> None:
    """Keeps the list as the device tells it. What it did not come to stays."""
    known = {(one.object_type, one.number): one for one in device.listed.all()}
    listed = {_key(info): _row(device, info) for info in found.objects}
    DeviceObject.objects.bulk_create(row for key, row in listed.items() if key not in known)
    changed = []
    for key, row in listed.items():
        if key in known and any(getattr(row, n) != getattr(known[key], n) for n in TEXTS):
            row.pk = known[key].pk
            changed.append(row)
    DeviceObject.objects.bulk_update(changed, TEXTS, batch_size=500)
    gone = [row.pk for key, row in known.items() if key not in listed]
    if gone and not found.problem:
        DeviceObject.objects.filter(pk__in=gone).delete()


def counts(found: FoundDevice) -> dict[str, int]:
    """How many objects of each type the device told."""
    addresses = [point.address for point in found.points]
    addresses += [one.address for one in found.objects]
    return dict(sorted(Counter(one.object_type for one in addresses).items()))


def _key(info: ObjectInfo) -> tuple[str, int]:
    return clean(info.address.object_type)[:TYPE_LENGTH], info.address.number


def _row(device: Device, info: ObjectInfo) -> DeviceObject:
    object_type, number = _key(info)
    return DeviceObject(
        device=device,
        object_type=object_type,
        number=number,
        name=clean(info.name)[:NAME_LENGTH],
        description=clean(info.description)[:DESCRIPTION_LENGTH],
    )
