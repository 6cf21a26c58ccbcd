import pytest
from django.test import Client

from devices.models import Network, Site
from tests.factories import make_network, make_user

pytestmark = pytest.mark.django_db
GOOD = {
    "name": "Plant LAN",
    "interface": "10.20.4.2/24",
    "port": "47808",
    "targets": "10.20.4.255, 10.20.8.9:47809",
    "poll_interval": "10",
    "timeout": "3",
    "retries": "1",
}


@pytest.fixture
def administrator(client: Client) -> Client:
    client.force_login(make_user(is_superuser=True))
    return client


def test_the_form_is_for_those_with_the_right(client: Client) -> None:
    client.force_login(make_user())
    assert client.get("/networks/new").status_code == 403
    assert client.post("/networks/new", GOOD).status_code == 403
    assert not Network.objects.exists()


def test_a_network_is_added_and_searched_at_once(administrator: Client) -> None:
    assert "Add a network" in administrator.get("/networks/new").content.decode()
    assert administrator.post("/networks/new", GOOD)["Location"] == "/devices/"
    network = Network.objects.get()
    assert (network.site.name, network.name) == ("My site", "Plant LAN")
    assert network.targets == ["10.20.4.255", "10.20.8.9:47809"]
    assert network.discovery_due_at is not None


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("name", "", "This field is required"),
        ("name", "Office", "There is a network Office already"),
        ("interface", "eth0", "write 192.168.1.2/24"),
        ("port", "seventy", "Enter a whole number"),
        ("port", "40001", "uses port 40001 on 10.20.4.2 already"),
        ("targets", "broadcast", "broadcast is not a target"),
        ("poll_interval", "0", "greater than or equal to 1"),
        ("timeout", "nan", "Enter a number"),
        ("retries", "-1", "greater than or equal to 0"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field(
    administrator: Client, field: str, value: str, message: str
) -> None:
    site = Site.objects.create(name="Harbour")
    make_network(site=site, name="Office", interface="10.20.4.2/24", port=40001)
    response = administrator.post("/networks/new", {**GOOD, field: value})
    assert response.status_code == 422
    assert message in response.content.decode()
    assert Network.objects.count() == 1
