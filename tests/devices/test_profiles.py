"""What devices take, learnt and pinned."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from devices.domain import link, profiles
from devices.domain.rights import Rights
from devices.domain.rows import BadRows
from devices.models import AuditEntry, Device, DeviceProfile
from protocols.types import Path, Profile
from t3000 import field
from tests.factories import NOW, make_device, make_user

pytestmark = pytest.mark.django_db
LEARNT = Profile(
    max_apdu=206,
    segmentation="no-segmentation",
    services=("read-property", "who-is"),
    has_rpm=False,
    reply_limit=128,
    window=2,
    path=Path.MAIN,
    limited_at=NOW,
)


def poll(device: Device, learnt: Profile | None = None) -> None:
    field.store_polls([link.PollResult(device.pk, NOW, 0.1, learnt=learnt)])


def test_what_was_learnt_comes_back_with_the_plan() -> None:
    device = make_device()
    assert field.plan_devices([device.pk])[0].profile is None
    poll(device, LEARNT)
    assert field.plan_devices([device.pk])[0].profile == LEARNT
    poll(device, replace(LEARNT, reply_limit=None, limited_at=NOW + timedelta(days=1)))
    plan = field.plan_devices([device.pk])[0]
    assert plan.profile is not None
    assert plan.profile.reply_limit is None
    assert not AuditEntry.objects.filter(kind="deviceprofile").exists()


def test_a_poll_that_learnt_nothing_costs_nothing(django_assert_num_queries: Any) -> None:
    devices = [make_device() for _ in range(3)]
    with django_assert_num_queries(2):
        field.plan_devices([device.pk for device in devices])
    for device in devices:
        poll(device, LEARNT)
    with django_assert_num_queries(2):
        field.plan_devices([device.pk for device in devices])


def test_what_is_pinned_is_not_learnt_over() -> None:
    device = make_device()
    poll(device, LEARNT)
    rights = Rights.of(make_user(is_superuser=True))
    profiles.change(device.pk, {"max_apdu": 480, "pinned": True}, by=rights)
    poll(device, LEARNT)
    assert DeviceProfile.objects.get().learnt == replace(LEARNT, max_apdu=480, pinned=True)
    entry = AuditEntry.objects.get(kind="deviceprofile")
    assert entry.changes == {"max_apdu": [206, 480], "pinned": [False, True]}
    assert entry.device_id == device.pk


@pytest.mark.parametrize(
    ("change", "is_limited"),
    [
        ({"has_rpm": False}, True),
        ({"reply_limit": 50}, True),
        ({"path": "main"}, True),
        ({}, False),
    ],
)
def test_limits_that_are_pinned_no_more_are_not_for_ever(
    change: dict[str, Any], is_limited: bool
) -> None:
    device = make_device()
    rights = Rights.of(make_user(is_superuser=True))
    profiles.change(device.pk, {**change, "pinned": True}, by=rights)
    assert DeviceProfile.objects.get().limited_at is None
    profiles.change(device.pk, {"pinned": False}, by=rights)
    assert (DeviceProfile.objects.get().limited_at is not None) == is_limited


def test_a_device_that_is_gone_has_no_profile() -> None:
    device = make_device()
    pk = device.pk
    device.delete()
    field.store_polls([link.PollResult(pk, NOW, 0.1, learnt=LEARNT)])
    assert not DeviceProfile.objects.exists()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"max_apdu": 49}, "greater than or equal to 50"),
        ({"max_apdu": 1477}, "less than or equal to 1476"),
        ({"reply_limit": 20}, "greater than or equal to 50"),
        ({"window": 0}, "greater than or equal to 1"),
        ({"path": "other"}, "'other' is not a valid choice"),
        ({"segmentation": "some"}, "'some' is not a valid choice"),
    ],
)
def test_what_no_device_takes_is_refused(change: dict[str, Any], told: str) -> None:
    device = make_device()
    poll(device, LEARNT)
    with pytest.raises(BadRows, match=told):
        profiles.change(device.pk, change, by=Rights.of(make_user(is_superuser=True)))
