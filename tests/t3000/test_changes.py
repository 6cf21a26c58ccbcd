"""The page of changes: what was done, in people's words, to those who may read it."""

import html
import re
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from devices.domain import audit, commands, tokens
from devices.enums import Action, Origin, Role
from devices.models import AuditEntry, Building, Network
from devices.models.acting import Actor, acting
from t3000.models import Point, Schedule, WifiSettings
from tests.factories import make_device, make_network, make_room, make_site, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def auditor(client: Client) -> Client:
    client.force_login(make_user("chief", role=Role.ADMINISTRATOR))
    return client


def lines(client: Client, **query: Any) -> list[str]:
    """Each row of the page as one line of text."""
    response = client.get("/changes/", query)
    assert response.status_code == 200
    rows = re.findall(r'<tr id="change.*?</tr>', response.content.decode(), re.DOTALL)
    return [html.unescape(" ".join(re.sub("<[^>]*>", " ", row).split())) for row in rows]


def test_a_change_is_told_in_words(auditor: Client) -> None:
    site = make_site(time_zone="Europe/Berlin")
    device = make_device(network=make_network(site=site), name="AHU-1", enabled=True)
    with acting(Actor(make_user("anna"), Origin.API, "10.0.0.7")):
        device.room = make_room(site, name="Boiler room")
        device.enabled = False
        device.save()
    (line,) = lines(auditor, who="anna", kind="device")
    assert "anna API from 10.0.0.7 Device AHU-1 changed" in line
    assert "room nothing → Boiler room" in line
    assert "enabled yes → no" in line
    (line,) = lines(auditor, device=device.pk, what="ahu")[1:]
    assert "Device AHU-1 created" in line
    assert "→" not in line


def test_choices_and_lists_are_words(auditor: Client) -> None:
    network = make_network(targets=["10.0.0.8", "10.0.0.9"])
    network.protocol = "modbus"
    network.targets = []
    network.save()
    line = lines(auditor, kind="network")[0]
    assert "protocol BACnet/IP → Modbus TCP" in line
    assert "targets 10.0.0.8, 10.0.0.9 → nothing" in line
    network.delete()
    line = lines(auditor, kind="network")[0]
    assert "deleted" in line
    assert "→" not in line
    assert not Network.objects.exists()


def test_a_command_is_told_with_its_old_value_and_its_end(auditor: Client) -> None:
    site = make_site(time_zone="Asia/Tokyo")
    device = make_device(network=make_network(site=site), name="AHU-1")
    commands.request(
        device, "analog-output,1", 55.0, by=Actor(None, Origin.EXPIRY), old_value=20.0, note="why"
    )
    (line,) = lines(auditor, kind="command")
    assert "T3000 End of an override Command AHU-1 analog-output,1 created" in line
    assert "value 20 → 55 priority 8 note why" in line


@pytest.mark.parametrize(("count", "told"), [(3, []), (4, []), (5, ["2 more"])])
def test_one_more_is_told_as_well(auditor: Client, count: int, told: list[str]) -> None:
    network = make_network()
    changed = {"name": "N", "timeout": 2.5, "retries": 2, "poll_interval": 7.0, "enabled": False}
    for name in list(changed)[:count]:
        setattr(network, name, changed[name])
    network.save()
    line = lines(auditor, kind="network")[0]
    assert line.count("→") == count
    assert re.findall(r"\d+ more", line) == told


def test_when_a_row_was_made_is_told_once(auditor: Client) -> None:
    tokens.make(make_user(), name="Energy report")
    assert "created_at" in AuditEntry.objects.get(kind="apitoken").changes
    (line,) = lines(auditor, kind="apitoken")
    assert "Energy report" in line
    assert "created at" not in line


def test_a_row_of_a_panel_is_told_with_its_label_and_its_device(auditor: Client) -> None:
    device = make_device(name="AHU-1")
    Point.objects.create(device=device, kind="input", index=0, address="input,1", label="ZNT")
    Schedule.objects.create(device=device, index=0, label="OCC")
    WifiSettings.objects.create(device=device)
    assert "Point IN1 ZNT of AHU-1 created" in lines(auditor, kind="point")[0]
    assert "Weekly schedule 1 OCC of AHU-1 created" in lines(auditor, kind="schedule")[0]
    told = lines(auditor, kind="wifisettings")[0]
    assert " Wi-Fi settings of AHU-1 created" in told
    assert told.lower().count("wi-fi settings") == 1
    assert "Point IN1 ZNT created" in lines(auditor, kind="point", device=device.pk)[0]
    assert "AHU-1 created" in lines(auditor, kind="device")[0]


def test_devices_are_named_in_as_many_queries_as_one(auditor: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            auditor.get("/changes/")
        return len(queries)

    Schedule.objects.create(device=make_device(), index=0)
    auditor.get("/changes/")
    few = asked()
    for _ in range(5):
        Schedule.objects.create(device=make_device(), index=0)
    assert asked() == few


def test_changes_of_a_site_and_of_days_on_its_clock(auditor: Client) -> None:
    here, there = make_site(name="Harbour", time_zone="Asia/Tokyo"), make_site(name="Airport")
    audit.note(Action.UPDATE, "pump", 2, there.name, {})
    evening = datetime(2026, 11, 22, 15, 30, tzinfo=UTC)  # the 23rd in Tokyo
    by = Actor(None, Origin.FIELD)
    pump = AuditEntry.by(by, name="P1", kind="pump", row_id=1, action="update", site_id=here.pk)
    pump.time = evening
    pump.save()
    assert '<option value="">All sites</option>' in auditor.get("/changes/").content.decode()
    assert re.search(r"Site Airport created\b", lines(auditor, kind="site")[0])  # not at itself
    assert len(lines(auditor, kind="pump")) == 2
    asked = {"kind": "pump", "site": here.pk}
    assert len(lines(auditor, **asked)) == 1
    assert len(lines(auditor, **asked, since="2026-11-23", until="2026-11-23")) == 1
    assert not lines(auditor, **asked, until="2026-11-22")
    assert not lines(auditor, **asked, since="2026-11-24")


def test_of_one_site_no_site_is_asked_for(client: Client) -> None:
    site = make_site(name="Harbour")
    client.force_login(make_user(role=Role.OPERATOR, site=site))
    assert 'name="site"' not in client.get("/changes/").content.decode()
    other = make_site()
    assert client.get("/changes/", {"site": other.pk}).status_code == 404


def test_what_refers_to_what_is_gone_has_its_number(auditor: Client) -> None:
    building = Building.objects.create(site=(site := make_site()), name="Tower")
    building.delete()
    number = site.pk
    site.delete()
    assert f"site no. {number}" in lines(auditor, kind="building")[0]


def test_fifty_are_on_a_page_and_older_ones_behind_a_link(auditor: Client) -> None:
    for number in range(120):
        make_site(name=f"S{number}")
    seen, page = [], auditor.get("/changes/", {"kind": "site"}).content.decode()
    while True:
        seen += re.findall(r"</span> (S\d+) <span", page)
        older = re.search(r'href="(\?[^"]*before=\d+)"', page)
        if not older:
            break
        page = auditor.get(f"/changes/{html.unescape(older[1])}").content.decode()
    assert seen == [f"S{number}" for number in reversed(range(120))]


def test_operators_read_of_their_sites_and_viewers_nothing(client: Client) -> None:
    here, there = make_site(name="Harbour"), make_site(name="Airport")
    client.force_login(make_user(role=Role.OPERATOR, site=here))
    page = client.get("/changes/").content.decode()
    assert "Harbour" in page
    assert "Airport" not in page
    device = make_device(network=make_network(site=there))
    assert client.get("/changes/", {"device": device.pk}).status_code == 404
    client.force_login(make_user(role=Role.VIEWER, site=here))
    assert client.get("/changes/").status_code == 403
    assert "/changes/" not in client.get("/").content.decode()


def test_a_device_leads_to_its_changes(auditor: Client, client: Client) -> None:
    device = make_device()
    link = f'href="/changes/?device={device.pk}"'
    assert link in auditor.get(f"/devices/{device.pk}/").content.decode()
    client.force_login(make_user(role=Role.VIEWER))
    assert link not in client.get(f"/devices/{device.pk}/").content.decode()


@pytest.mark.parametrize(
    "query",
    [
        {"device": "x"},
        {"device": "9" * 30},
        {"before": "-1"},
        {"site": "x"},
        {"since": "soon"},
        {"until": "9999-12-31"},
    ],
)
def test_what_no_link_leads_to_is_404(auditor: Client, query: dict[str, str]) -> None:
    assert auditor.get("/changes/", query).status_code == 404


def test_what_somebody_wrote_is_escaped(auditor: Client) -> None:
    make_site(name="<b>bold</b>")
    page = auditor.get("/changes/", {"who": '"><i>'}).content.decode()
    assert "<i>" not in page
    page = auditor.get("/changes/").content.decode()
    assert "<b>bold" not in page
    assert AuditEntry.objects.exists()
