import pytest
from django.core.exceptions import ValidationError

from tests.factories import make_network, make_site

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"interface": "eth0"}, "write 192.168.1.2/24"),
        ({"interface": "10.0.0.5"}, "lacks the prefix length; write 10.0.0.5/24"),
        ({"port": 0}, "greater than or equal to 1"),
        ({"port": 70000}, "less than or equal to 65535"),
        ({"targets": ["host"]}, "host is not a target"),
        ({"targets": ["10.0.0.1:99999"]}, "10.0.0.1:99999 is not a target"),
        ({"targets": "10.0.0.1"}, "list of addresses"),
        ({"bbmd": "10.0.0.1:99999"}, "10.0.0.1:99999 is no address of a BBMD; write 10.1.0.2"),
        ({"bbmd": "10.0.0.1: 9"}, "is no address of a BBMD"),
        ({"bbmd": "10.0.0.1", "protocol": "modbus", "targets": ["10.0.0.1"]}, "knows no BBMD"),
        ({"bbmd_lifetime": 29}, "greater than or equal to 30"),
        ({"bbmd_lifetime": 65536}, "less than or equal to 65535"),
        ({"poll_interval": 0.1}, "greater than or equal to 1"),
    ],
    ids=str,
)
def test_bad_settings_say_what_would_be_right(fields: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        make_network(**fields).full_clean()


def test_two_networks_on_one_port_are_refused() -> None:
    make_network(name="Plant", port=47808)
    rival = make_network(port=47808)
    with pytest.raises(ValidationError, match=r"Port 47808 on 127\.0\.0\.1 is in use"):
        rival.full_clean()


def test_good_settings_pass() -> None:
    make_network(targets=["10.0.0.255", "10.0.1.9:47809"]).full_clean()


def test_a_site_needs_a_time_zone_that_exists() -> None:
    with pytest.raises(ValidationError, match="write one such as Europe/Berlin"):
        make_site(time_zone="CET+1").full_clean()
