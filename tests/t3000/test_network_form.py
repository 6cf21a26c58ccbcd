import pytest
from django.test import Client

from devices.enums import Role
from devices.models import Network, Site
from tests.factories import make_device, make_network, make_site, make_user

pytestmark = pytest.mark.django_db
GOOD = {
    "name": "Plant LAN",
    "protocol": "bacnet",
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


def test_who_is_an_engineer_at_several_sites_chooses_one(client: Client) -> None:
    user, sites = make_user(role=None), [make_site() for _ in range(3)]
    for site, role in zip(sites, (Role.ENGINEER, Role.ADMINISTRATOR, Role.OPERATOR), strict=True):
        user.roles.create(site=site, role=role)
    client.force_login(user)
    page = client.get("/networks/new").content.decode()
    assert [site.name in page for site in sites] == [True, True, False]
    for wrong in ("", "none", str(sites[2].pk)):
        response = client.post("/networks/new", {**GOOD, "site": wrong})
        assert response.status_code == 422
        assert "Choose one of the sites" in response.content.decode()
    make_network(site=sites[0], name=GOOD["name"])
    assert client.post("/networks/new", {**GOOD, "site": sites[0].pk}).status_code == 422
    assert client.post("/networks/new", {**GOOD, "site": sites[1].pk}).status_code == 302
    assert Network.objects.get(site=sites[1]).name == "Plant LAN"


def test_an_engineer_of_one_site_needs_no_choice(client: Client) -> None:
    make_site()
    client.force_login(make_user(role=Role.ENGINEER, site=(own := make_site())))
    assert 'name="site"' not in client.get("/networks/new").content.decode()
    assert client.post("/networks/new", GOOD).status_code == 302
    assert Network.objects.get().site == own


def test_looking_at_the_form_makes_no_site(administrator: Client) -> None:
    administrator.get("/networks/new")
    administrator.post("/networks/new", {**GOOD, "port": "0"})
    assert not Site.objects.exists()


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
        ("name", "", "A network needs a name"),
        ("name", "Office", "There is a network Office already"),
        ("protocol", "lonworks", "Choose BACnet/IP or Modbus TCP"),
        ("interface", "eth0", "write 192.168.1.2/24"),
        ("interface", "", "such as 192.168.1.2/24"),
        ("port", "seventy", "A port is a number from 1 to 65535."),
        ("port", "70000", "A port is a number from 1 to 65535."),
        ("port", "40001", "Port 40001 on 10.20.4.2 is in use"),
        ("targets", "broadcast", "broadcast is not a target"),
        ("bbmd", "router", "router is no address of a BBMD; write 10.1.0.2"),
        ("bbmd", "10.1.0.2:0", "or 10.1.0.2:47809"),
        ("bbmd", "1" * 22, "Write an address such as 10.1.0.2"),
        ("bbmd_lifetime", "29", "seconds from 30 to 65535"),
        ("bbmd_lifetime", "soon", "seconds from 30 to 65535"),
        ("auto_discovery", "maybe", "Choose one of the two"),
        ("poll_interval", "0", "seconds from 1 to 86400"),
        ("timeout", "nan", "seconds from 0.1 to 60"),
        ("timeout", "90", "seconds from 0.1 to 60"),
        ("retries", "-1", "whole number from 0 to 10"),
        ("retries", "11", "whole number from 0 to 10"),
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


@pytest.mark.parametrize(("protocol", "port"), [("bacnet", 47808), ("modbus", 502)])
def test_the_usual_port_need_not_be_written(
    administrator: Client, protocol: str, port: int
) -> None:
    administrator.post("/networks/new", {**GOOD, "protocol": protocol, "port": ""})
    network = Network.objects.get()
    assert (network.protocol, network.port) == (protocol, port)


def test_modbus_needs_targets_and_shares_its_port(administrator: Client) -> None:
    site = Site.objects.create(name="Harbour")
    make_network(site=site, name="Office", interface="10.20.4.2/24", port=502)
    modbus = {**GOOD, "protocol": "modbus", "port": "502"}
    response = administrator.post("/networks/new", {**modbus, "targets": ""})
    assert response.status_code == 422
    assert "name the devices, such as 10.0.1.20" in response.content.decode()
    assert administrator.post("/networks/new", modbus).status_code == 302
    assert Network.objects.filter(port=502).count() == 2


def test_a_bbmd_is_of_bacnet_only(administrator: Client) -> None:
    modbus = {**GOOD, "protocol": "modbus", "bbmd": "10.1.0.2"}
    response = administrator.post("/networks/new", modbus)
    assert response.status_code == 422
    assert "Modbus TCP knows no BBMD; leave it empty." in response.content.decode()


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ({}, ("", 300, True)),
        ({"bbmd_lifetime": "", "auto_discovery": "yes"}, ("", 300, True)),
        (
            {"bbmd": "10.1.0.2:47809", "bbmd_lifetime": "60", "auto_discovery": "no"},
            ("10.1.0.2:47809", 60, False),
        ),
    ],
)
def test_how_devices_are_found(
    administrator: Client, given: dict[str, str], kept: tuple[str, int, bool]
) -> None:
    assert administrator.post("/networks/new", {**GOOD, **given}).status_code == 302
    network = Network.objects.get()
    assert (network.bbmd, network.bbmd_lifetime, network.auto_discovery) == kept


def test_an_empty_form_chooses_no_port(administrator: Client) -> None:
    page = administrator.get("/networks/new").content.decode()
    assert '<option value="modbus">Modbus TCP</option>' in page
    assert 'name="port" class="form-control" value=""' in page


EDITED = GOOD | {"bbmd": "", "bbmd_lifetime": "300", "auto_discovery": "yes"}


def test_settings_are_changed_and_devices_looked_for_anew(client: Client) -> None:
    """What the explanation of a search says is done here. Nothing else is touched."""
    network = make_network(name="Plant LAN", interface="10.1.2.3/24", poll_interval=10)
    client.force_login(make_user(role=Role.ENGINEER, site=network.site))
    path = f"/networks/{network.pk}/edit"
    assert f'href="{path}"' in client.get(f"/networks/{network.pk}/").content.decode()
    page = client.get(path).content.decode()
    assert "10.1.2.3/24" in page
    Network.objects.update(discovery_due_at=None, retries=7)  # by somebody else meanwhile
    response = client.post(path, {**EDITED, "retries": "7", "targets": ""})
    assert response.status_code == 302
    network.refresh_from_db()
    assert (network.interface, network.retries) == ("10.20.4.2/24", 7)
    assert network.discovery_due_at is not None


def test_settings_that_are_wrong_say_so(client: Client) -> None:
    network = make_network(name="Plant LAN")
    make_device(network=network)
    client.force_login(make_user(role=Role.ENGINEER, site=network.site))
    path = f"/networks/{network.pk}/edit"
    refused = client.post(path, {**EDITED, "interface": "10.1.2.3"})
    assert refused.status_code == 422
    assert "lacks the prefix length" in refused.content.decode()
    modbus = client.post(path, {**EDITED, "protocol": "modbus", "targets": "10.0.0.5"})
    assert modbus.status_code == 422
    assert "It has devices; add another network" in modbus.content.decode()


def test_settings_are_for_engineers_of_the_site(client: Client) -> None:
    network = make_network(name="Plant LAN")
    client.force_login(make_user(role=Role.OPERATOR, site=network.site))
    assert "/edit" not in client.get(f"/networks/{network.pk}/").content.decode()
    assert client.get(f"/networks/{network.pk}/edit").status_code == 403
    assert client.post(f"/networks/{network.pk}/edit", EDITED).status_code == 403
