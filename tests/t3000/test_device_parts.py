"""What a device's page tells beside its points: what it lists, and what it takes."""

from typing import Any

import pytest
from django.test import Client

from devices.domain import profiles
from devices.enums import Role
from devices.models import Device, DeviceProfile
from protocols.types import Profile
from tests.factories import NOW, make_device, make_network, make_user

pytestmark = pytest.mark.django_db
GOOD = {
    "max_apdu": "206",
    "reply_limit": "",
    "segmentation": "no-segmentation",
    "window": "2",
    "path": "main",
    "has_rpm": "on",
    "pinned": "on",
}


def client_of(device: Device, role: Role = Role.ENGINEER) -> Client:
    client = Client()
    client.force_login(make_user(role=role, site=device.network.site))
    return client


def page(client: Client, device: Device, tab: str) -> str:
    response = client.get(f"/devices/{device.pk}/{tab}/")
    assert response.status_code == 200
    return response.content.decode()


def test_other_objects_are_listed() -> None:
    device = make_device()
    client = client_of(device, Role.VIEWER)
    assert "was not found to list programs" in page(client, device, "objects")
    for number in (1, 2):
        device.listed.create(  # type: ignore[attr-defined]
            object_type="trend-log", number=number, name=f"History {number}", description="OAT"
        )
    html = page(client, device, "objects")
    assert "History 2" in html
    assert 'Objects <span class="count">2</span>' in html


def test_what_it_takes_is_told() -> None:
    device = make_device()
    client = client_of(device, Role.OPERATOR)
    html = page(client, device, "profile")
    assert "not known yet: this is tried first" in html
    assert "It has not told them yet." in html
    learnt = Profile(206, "no-segmentation", ("read-property",), False, 128, limited_at=NOW)
    profiles.learn(device.pk, learnt)
    DeviceProfile.objects.update_as_learnt(object_counts={"analog-input": 12})
    html = page(client, device, "profile")
    for words in ("206 octets", "128 octets", "Neither way", "read-property", "analog-input"):
        assert words in html
    assert "more is tried a day later" in html
    assert 'name="max_apdu"' not in html
    assert client.post(f"/devices/{device.pk}/profile", GOOD).status_code == 403


def test_an_engineer_pins_it() -> None:
    device = make_device()
    client = client_of(device)
    html = client.post(f"/devices/{device.pk}/profile", GOOD, follow=True).content.decode()
    assert "The profile is stored." in html
    assert "pinned: nothing is learnt" in html
    assert DeviceProfile.objects.get().learnt == Profile(
        max_apdu=206, segmentation="no-segmentation", window=2, path="main", pinned=True
    )  # type: ignore[arg-type]
    client.post(f"/devices/{device.pk}/profile", {**GOOD, "reply_limit": "128", "pinned": ""})
    profile = DeviceProfile.objects.get()
    assert (profile.reply_limit, profile.pinned) == (128, False)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"max_apdu": "49"}, "Write a number from 50 to 1476."),
        ({"max_apdu": ""}, "Write a number from 50 to 1476."),
        ({"reply_limit": "9999"}, "Write a number from 50 to 1476, or nothing."),
        ({"window": "17"}, "Write a number from 1 to 16."),
        ({"path": "window"}, "Choose one of the two."),
    ],
)
def test_what_is_wrong_is_told(change: dict[str, Any], message: str) -> None:
    device = make_device()
    response = client_of(device).post(f"/devices/{device.pk}/profile", {**GOOD, **change})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert not DeviceProfile.objects.exists()


def test_other_devices_have_neither() -> None:
    device = make_device(network=make_network(protocol="modbus", targets=["127.0.0.9"]))
    client = client_of(device)
    assert "/profile/" not in page(client, device, "inputs")
    for tab in ("profile", "objects"):
        assert client.get(f"/devices/{device.pk}/{tab}/").status_code == 404
    assert client.post(f"/devices/{device.pk}/profile", GOOD).status_code == 404
