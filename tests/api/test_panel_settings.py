"""Settings of a panel as one resource, and what of it has passwords: users, mails."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from devices.enums import Role
from devices.models import AuditEntry, KeyNote
from t3000.models import (
    DyndnsSettings,
    EmailAlarm,
    HardwareInfo,
    NetworkSettings,
    PanelUser,
    PortHealth,
    ProtocolSettings,
    WifiSettings,
    WireguardSettings,
)
from tests.factories import NOW, make_device, make_panel
from tests.sending import send, wrong

pytestmark = pytest.mark.django_db
API = "/api/t3000"
STATIC = {"tcp_type": 0, "ip_address": "192.168.1.20", "subnet": "255.255.255.0"}
GROUPS = {"network", "communication", "protocol", "time", "dyndns", "wifi", "wireguard", "features"}


@pytest.fixture
def administrator(program: Callable[..., Client]) -> Client:
    return program(Role.ADMINISTRATOR)


@pytest.fixture
def path() -> str:
    return f"{API}/devices/{make_panel().pk}/settings"


def change(client: Client, path: str, **groups: Any) -> Any:
    return send(client, "patch", path, groups)


def test_nothing_is_known_of_a_new_panel(engineer: Client, path: str) -> None:
    told = engineer.get(path).json()
    assert told.keys() == GROUPS | {"hardware", "health"}
    assert {name: told[name] for name in GROUPS} == dict.fromkeys(GROUPS)
    assert (told["hardware"], told["health"]) == (None, [])


def test_a_group_begins_with_the_defaults_of_the_panels(engineer: Client, path: str) -> None:
    told = change(engineer, path, network={}, communication={}, time={}, features={}).json()
    assert told["network"]["tcp_type"] == 1
    assert (told["communication"]["com0_baudrate"], told["communication"]["fix_com_config"]) == (
        9,
        1,
    )
    assert (told["time"]["sntp"], told["features"]["lcd_display"]) == (1, 255)
    assert {told[name]["state"] for name in ("network", "time")} == {"pending"}
    assert told["wifi"] is None
    assert wrong(change(engineer, path, protocol={})).keys() == {"protocol.object_instance"}


def test_settings_are_told_as_they_were_written(engineer: Client, path: str) -> None:
    body = {
        "network": {**STATIC, "gateway": "192.168.1.1"},
        "protocol": {"object_instance": 1001, "modbus_port": 1502, "network_number": 65_535},
        "time": {"time_zone": -350, "summer_time": True, "sntp": 5, "sntp_server": "ntp.site.org"},
        "features": {"lcd_type": 1, "lcd_point": "IN3", "graphics": 2},
    }
    put = send(engineer, "put", path, body)
    assert put.status_code == 200, put.content
    told = engineer.get(path).json()
    assert told == put.json()
    for name, group in body.items():
        assert {member: told[name][member] for member in group} == group
    assert AuditEntry.objects.filter(kind="networksettings", action="create").count() == 1


def test_a_put_gives_all_that_is_known(engineer: Client, path: str) -> None:
    change(engineer, path, network=STATIC, time={"time_zone": 100})
    refused = wrong(send(engineer, "put", path, {"network": STATIC, "wifi": None}))
    assert refused.keys() == {"time"}
    assert wrong(change(engineer, path, time=None)).keys() == {"time"}
    told = send(engineer, "put", path, {"network": {}, "time": {}}).json()
    assert (told["network"]["ip_address"], told["time"]["time_zone"]) == (None, 0)


def test_a_patch_leaves_the_rest(engineer: Client, path: str) -> None:
    change(engineer, path, network=STATIC, time={"time_zone": 100})
    told = change(engineer, path, network={"ip_address": "192.168.1.21"}).json()
    assert told["network"]["subnet"] == "255.255.255.0"
    assert told["network"]["ip_address"] == "192.168.1.21"
    assert told["time"]["time_zone"] == 100


@pytest.mark.parametrize(
    ("group", "members", "field", "told"),
    [
        ("network", {**STATIC, "gateway": "192.168.2.1"}, "gateway", "192.168.1.0/24"),
        ("network", {**STATIC, "subnet": "255.0.255.0"}, "subnet", "255.255.255.0"),
        ("network", {"tcp_type": 0}, "ip_address", "needs this"),
        ("network", {"ip_address": "fe80::1"}, "ip_address", "IPv4"),
        ("network", {"ip_address": "1.2.3"}, "ip_address", "write one as 192.168.1.20"),
        ("network", {"mac_address": "00:11:22:33:44:55"}, "mac_address", "read only"),
        ("communication", {"com0_baudrate": 12}, "com0_baudrate", "57600"),
        ("communication", {"com2_config": "MODBUS"}, "com2_config", "Modbus slave"),
        ("protocol", {"object_instance": 4_194_303}, "object_instance", "4194302"),
        ("protocol", {"object_instance": 1, "modbus_id": 255}, "modbus_id", "254"),
        ("protocol", {"object_instance": 1, "modbus_port": 65_536}, "modbus_port", "65535"),
        ("time", {"time_zone": 1301}, "time_zone", "1300"),
        ("time", {"dst_end_month": 2, "dst_end_day": 30}, "dst_end_day", "30"),
        ("time", {"sntp": 5}, "sntp_server", "needs"),
        ("time", {"sntp_server": "n" * 30}, "sntp_server", "29"),
        ("dyndns", {"domain": "d" * 32}, "domain", "31"),
        ("dyndns", {"password": "p" * 32}, "password", "31"),
        ("wifi", {"ip_mode": 2}, "ip_mode", "DHCP"),
        ("wifi", {"modbus_port": 502}, "modbus_port", "255"),
        ("wireguard", {"private_key": "k" * 66}, "private_key", "65"),
        ("wireguard", {"port": 0}, "port", "1"),
        ("wireguard", {"has_private_key": True}, "has_private_key", "read"),
        ("features", {"lcd_type": 1}, "lcd_point", "needs"),
        ("features", {"lcd_display": 256}, "lcd_display", "255"),
        ("features", {"panel_name": "x" * 21}, "panel_name", "20"),
        ("features", {"graphics": 1}, "graphics", "JSON"),
        ("features", [], "", "object"),
    ],
)
def test_what_a_panel_cannot_be_set_to_is_refused(
    engineer: Client, path: str, group: str, members: Any, field: str, told: str
) -> None:
    assert told in wrong(change(engineer, path, **{group: members}))[f"{group}.{field}".strip(".")]


def test_everything_wrong_is_named_and_nothing_stored(engineer: Client, path: str) -> None:
    refused = change(
        engineer,
        path,
        network={**STATIC, "gateway": "10.0.0.1"},
        time={"sntp": 5},
        wifi={"ssid": "Office"},
    )
    assert wrong(refused).keys() == {"network.gateway", "time.sntp_server"}
    assert not NetworkSettings.objects.exists()
    assert not WifiSettings.objects.exists()
    assert wrong(change(engineer, path, hardware={}, colour={})).keys() == {"hardware", "colour"}


def test_only_panels_have_settings(engineer: Client) -> None:
    path = f"{API}/devices/{make_device().pk}/settings"
    assert engineer.get(path).json()["network"] is None
    assert "T3 panels" in wrong(change(engineer, path, network={}))["network"]


def test_a_lost_update_is_refused(engineer: Client, path: str) -> None:
    first = change(engineer, path, network=STATIC)
    assert first["ETag"] == engineer.get(path)["ETag"]
    second = send(engineer, "patch", path, {"time": {}}, If_Match=first["ETag"])
    assert second.status_code == 200
    assert second["ETag"] != first["ETag"]
    lost = send(engineer, "patch", path, {"time": {"time_zone": 100}}, If_Match=first["ETag"])
    assert lost.status_code == 412
    anyway = send(engineer, "patch", path, {"time": {"time_zone": 100}}, If_Match="*")
    assert anyway.json()["time"]["time_zone"] == 100


def test_each_group_stands_by_itself(engineer: Client, path: str) -> None:
    change(engineer, path, network=STATIC, protocol={"object_instance": 7})
    row = ProtocolSettings.objects.get()
    row.take_over(row.wanted())
    row.save()
    etag = engineer.get(path)["ETag"]
    told = change(engineer, path, network={"gateway": "192.168.1.1"}).json()
    assert (told["network"]["state"], told["protocol"]["state"]) == ("pending", "in_sync")
    assert told["protocol"]["held"]["object_instance"] == 7
    row.take_over({**row.wanted(), "modbus_id": 9})
    row.save()
    assert engineer.get(path).json()["protocol"]["modbus_id"] == 9
    assert engineer.get(path)["ETag"] != etag


def test_what_the_panel_says_of_itself_is_told(engineer: Client, path: str) -> None:
    pk = int(path.split("/")[4])
    HardwareInfo.objects.create(device_id=pk, read_at=NOW, firmware_main=66, firmware_sub=2)
    PortHealth.objects.create(device_id=pk, port=2, read_at=NOW, received=7, sent=4_000_000_000)
    told = engineer.get(path).json()
    assert (told["hardware"]["firmware_main"], told["hardware"]["firmware_sub"]) == (66, 2)
    assert [(one["port"], one["sent"]) for one in told["health"]] == [(2, 4_000_000_000)]


def test_settings_cost_as_many_questions_full_as_empty(engineer: Client, path: str) -> None:
    def count() -> int:
        with CaptureQueriesContext(connection) as seen:
            engineer.get(path)
        return len(seen)

    count()  # the first use of a token is noted
    empty = count()
    change(engineer, path, network=STATIC, time={}, wifi={}, dyndns={}, wireguard={}, features={})
    assert count() == empty


def test_secrets_are_stored_and_never_told(engineer: Client, path: str) -> None:
    told = change(engineer, path, wifi={"ssid": "Office"}, dyndns={"password": "dyn-secret"})
    assert (told.json()["wifi"]["has_password"], told.json()["dyndns"]["has_password"]) == (
        False,
        True,
    )
    told = change(engineer, path, wifi={"password": "wifi-secret"})
    assert told.json()["wifi"]["has_password"] is True
    assert WifiSettings.objects.get().password.reveal() == "wifi-secret"
    put = send(engineer, "put", path, {"wifi": {"ssid": "Hall"}, "dyndns": {}})
    assert put.json()["wifi"]["has_password"] is True  # what cannot be told again stays
    assert DyndnsSettings.objects.get().password.reveal() == "dyn-secret"
    assert change(engineer, path, wifi={"password": ""}).json()["wifi"]["has_password"] is False
    everything = [told.content, put.content, *map(str, AuditEntry.objects.values_list("changes"))]
    assert "secret'" not in str(everything).replace("(secret)", "")
    assert "wifi-secret" not in str(everything)


def test_without_its_key_no_secret_is_stored_and_the_rest_is(
    engineer: Client, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    KeyNote.objects.create(pk=1, fingerprint="of another key")
    response = change(engineer, path, wifi={"ssid": "Plant", "password": "hunter2!"})
    assert response.status_code == 409
    assert "Secrets cannot be stored now" in response.json()["detail"]
    assert "T3000_ENCRYPTION_KEY" not in response.content.decode()
    assert "T3000_ENCRYPTION_KEY" in caplog.text
    assert "hunter2" not in caplog.text
    assert engineer.get(path).json()["wifi"] is None
    assert change(engineer, path, wifi={"ssid": "Plant"}).status_code == 200


def test_a_tunnel_has_two_keys_that_are_not_told(engineer: Client, path: str) -> None:
    keys = {"private_key": "k" * 65, "peer_public_key": "p" * 65}
    answer = change(engineer, path, wireguard={"enabled": True, "peer_ip": "10.0.0.1", **keys})
    told = answer.json()["wireguard"]
    assert (told["has_private_key"], told["has_preshared_key"]) == (True, False)
    assert (told["port"], told["peer_public_key"]) == (51_820, "p" * 65)
    assert b"kkk" not in answer.content
    assert WireguardSettings.objects.get().private_key.reveal() == "k" * 65


def test_a_new_password_waits_to_be_pushed(engineer: Client, path: str) -> None:
    change(engineer, path, wifi={"ssid": "Office"})
    row = WifiSettings.objects.get()
    row.take_over(row.wanted())
    row.save()
    told = change(engineer, path, wifi={"password": "wifi-secret"}).json()
    assert told["wifi"]["state"] == "pending"
    row.refresh_from_db()
    assert "wifi-secret" not in str(row.held)


def add(client: Client, resource: str, device: Any, **members: Any) -> Any:
    return send(client, "post", f"{API}/{resource}", {"device": device.pk, **members})


def test_a_user_of_a_panel(administrator: Client) -> None:
    made = add(administrator, "users", make_panel(), index=0, name="anna", password="geheim12",
               access_level=2, screen_rights=[3, 0, 1])  # fmt: skip
    row = made.json()
    assert (row["name"], row["has_password"], row["screen_rights"]) == ("anna", True, [3, 0, 1])
    assert b"geheim12" not in made.content
    assert PanelUser.objects.get().password.reveal() == "geheim12"
    listed = administrator.get(f"{API}/users").json()["results"]
    assert listed == [row]
    renamed = send(administrator, "patch", made["Location"], {"name": "anne"})
    assert renamed.json()["has_password"] is True


def test_the_next_user_of_an_emptied_place_has_no_password(administrator: Client) -> None:
    made = add(administrator, "users", make_panel(), index=0, name="anna", password="geheim12")
    row = PanelUser.objects.get()
    row.take_over(row.wanted())
    row.save()
    assert administrator.delete(made["Location"]).status_code == 204
    told = send(administrator, "patch", made["Location"], {"name": "bert"}).json()
    assert (told["name"], told["has_password"]) == ("bert", False)
    assert PanelUser.objects.get().password.reveal() == ""


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"password": "ninechars"}, "password"),
        ({"name": "n" * 16}, "name"),
        ({"access_level": 0}, "access_level"),
        ({"rights_access": 2**32}, "rights_access"),
        ({"screen_rights": [4]}, "screen_rights.0"),
        ({"program_rights": [0] * 33}, "program_rights"),
        ({"name": "", "password": "geheim"}, "name"),
        ({"has_password": True}, "has_password"),
        ({"index": 8}, "index"),
    ],
)
def test_what_a_user_of_a_panel_cannot_be(
    administrator: Client, members: dict[str, Any], field: str
) -> None:
    whole = {"index": 0, "name": "anna", **members}
    assert field in wrong(add(administrator, "users", make_panel(), **whole))


def test_two_users_of_a_panel_have_two_names(administrator: Client) -> None:
    device = make_panel()
    add(administrator, "users", device, index=0, name="anna")
    twice = add(administrator, "users", device, index=1, name="anna")
    assert wrong(twice).keys() == {"name"}
    assert add(administrator, "users", make_panel(), index=1, name="anna").status_code == 201


def test_engineers_do_not_make_users_of_a_panel(engineer: Client) -> None:
    assert add(engineer, "users", make_panel(), index=0, name="anna").status_code == 403


def test_sign_in_needs_a_user_with_full_access_first(administrator: Client) -> None:
    device = make_panel()
    path = f"{API}/devices/{device.pk}/settings"
    add(administrator, "users", device, index=0, name="viewer", access_level=1)
    refused = change(administrator, path, features={"sign_in": 2})
    assert "full access" in wrong(refused)["features.sign_in"]
    add(administrator, "users", device, index=1, name="anna", access_level=2)
    assert change(administrator, path, features={"sign_in": 2}).json()["features"]["sign_in"] == 2


def test_mails_of_a_panel(administrator: Client) -> None:
    device = make_panel()
    members = {"smtp_domain": "mail.site.org", "to1": "anna@site.org", "security": 2}
    made = add(administrator, "email-alarms", device, **members, password="geheim")
    row = made.json()
    assert {name: row[name] for name in members} == members
    assert (row["has_password"], row["smtp_port"], row["error_code"]) == (True, 25, None)
    assert EmailAlarm.objects.get().password.reveal() == "geheim"
    assert wrong(add(administrator, "email-alarms", device)).keys() == {"device"}
    assert wrong(add(administrator, "email-alarms", make_device())).keys() == {"device"}


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"to1": "anna"}, "to1"),
        ({"to2": 7}, "to2"),
        ({"email_address": "a" * 51 + "@site.org"}, "email_address"),
        ({"smtp_port": 0}, "smtp_port"),
        ({"smtp_type": 2}, "smtp_type"),
        ({"smtp_ip": "mail"}, "smtp_ip"),
        ({"password": "p" * 20}, "password"),
        ({"error_code": 2}, "error_code"),
    ],
)
def test_what_no_mail_can_be_sent_by(
    administrator: Client, members: dict[str, Any], field: str
) -> None:
    assert field in wrong(add(administrator, "email-alarms", make_panel(), **members))
