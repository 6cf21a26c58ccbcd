"""A large made-up site."""

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from devices.models import Device, Room, Site
from t3000.models import Point

pytestmark = pytest.mark.django_db


def test_panels_with_256_points_each_in_rooms_of_their_own() -> None:
    output = StringIO()
    call_command("seed_site", devices=12, name="Large", stdout=output)
    assert "12 panels, 3,072 points" in output.getvalue()
    site = Site.objects.get(name="Large")
    assert Device.objects.filter(network__site=site, room__floor__building__site=site).count() == 12
    assert Room.objects.count() == 12
    assert {device.points.count() for device in Device.objects.all()} == {256}
    assert Point.objects.filter(current__value__isnull=False).count() == 3072
    assert not site.networks.get().enabled


@pytest.mark.parametrize("devices", [0, 10_001])
def test_too_few_or_too_many_are_refused(devices: int) -> None:
    with pytest.raises(CommandError, match="choose 1 to"):
        call_command("seed_site", devices=devices)


def test_a_site_is_not_seeded_twice() -> None:
    Site.objects.create(name="Large")
    with pytest.raises(CommandError, match="already"):
        call_command("seed_site", devices=1, name="Large")
